"""Closing days, exporting them, and reopening them with two persons."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from settling_city import DAY, NOW, PAID_AT, adyen_file, kinds, open_city, pay, settled, statement, take
from signed_in_officer import SignedInOfficer, signed_in_officer

from core import db
from identity import approvals
from ledger import book as ledger
from ledger.book import Posting, account_id
from wallet import book
from wallet.reconciliation import day_close, export, in_transit
from wallet.reconciliation.day_close import ClosedDay, DayNotClosed, DayNotOver, DayNotReady


@pytest.fixture(autouse=True)
def city(client: FlaskClient) -> None:
    open_city(PAID_AT)


def close(now=NOW) -> ClosedDay:  # type: ignore[no-untyped-def]
    with db.unit_of_work() as session:
        return day_close.close(session, DAY, by_name="王承辦", now=now)


def exported() -> list[list[str]]:
    with db.unit_of_work() as session:
        content = b"".join(export.day_csv(session, DAY)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def test_a_day_that_is_not_over_is_not_closed() -> None:
    with pytest.raises(DayNotOver):
        close(PAID_AT)


def test_a_day_without_its_bank_statement_is_not_closed() -> None:
    pay("bank_of_kaohsiung", 600)
    with pytest.raises(DayNotReady) as refused:
        close()
    assert refused.value.extensions["missing_files"] == ["bank"]


def test_a_difference_that_nothing_explains_keeps_the_day_open() -> None:
    take("bank", statement([]))
    with db.unit_of_work() as session:
        stray = Posting(
            uuid4(), account_id(book.ADYEN_CLEARING), account_id(book.bureau_payable("fines")), 7, "TWD", "x"
        )
        ledger.post(session, [stray], now=NOW)
    with pytest.raises(DayNotReady) as refused:
        close()
    assert refused.value.extensions["untyped_differences"] == [
        {"account": "adyen_clearing", "balance": 7, "explained": 0}
    ]


def test_a_statement_that_does_not_begin_where_the_last_one_ended_keeps_the_day_open() -> None:
    take("bank", statement([], day=DAY - timedelta(days=1), opening=500))
    take("bank", statement([], opening=600))
    with pytest.raises(DayNotReady) as refused:
        close()
    assert refused.value.extensions["statement_gaps"][0]["expected"] == 500


def test_a_typed_break_does_not_keep_the_day_open_and_its_figures_stay() -> None:
    paid = pay("bank_of_kaohsiung", 600, fee=5)
    take("bank", statement([(paid.reference, 600, "D1")]))
    assert kinds() == ["amount"]
    first = close()
    assert first.figures["debit_total"] == first.figures["credit_total"] == 605
    assert first.figures["open_breaks"] == {"amount": 1}
    later = close(NOW + timedelta(hours=5))
    assert (later.version, later.closed_at, later.figures) == (1, first.closed_at, first.figures)


def test_money_in_flight_is_explained_item_by_item() -> None:
    pay("card", 600)
    settled_one = pay("card", 400)
    take("adyen", adyen_file([settled(settled_one)]))
    with db.unit_of_work() as session:
        found = {each.account: each for each in in_transit.accounts(session, now=NOW)}
    clearing, transit = found["adyen_clearing"], found["bank_in_transit:adyen"]
    assert (clearing.balance_twd, clearing.explained_twd, clearing.items, clearing.oldest_on) == (600, 600, 1, DAY)
    assert (transit.balance_twd, transit.explained_twd, transit.items) == (390, 390, 1)
    assert not clearing.is_overdue and not transit.is_overdue
    with db.unit_of_work() as session:
        overdue = {
            each.account for each in in_transit.accounts(session, now=NOW + timedelta(days=30)) if each.is_overdue
        }
    assert overdue == {"adyen_clearing", "bank_in_transit:adyen"}


def test_the_export_has_both_sides_of_every_transfer_its_totals_and_no_formula() -> None:
    paid = pay("bank_of_kaohsiung", 600, fee=5)
    with db.unit_of_work() as session:
        clearing, payable = account_id(book.BANK_CLEARING), account_id(book.bureau_payable("fines"))
        tricky = [
            Posting(uuid4(), *pair, 1, "TWD", "=HYPERLINK(1)", "@x")
            for pair in ((clearing, payable), (payable, clearing))
        ]
        ledger.post(session, tricky, now=PAID_AT)
    take("bank", statement([(paid.reference, 605, "D1")]))
    close()
    header, *rows, total = exported()
    assert header == list(export.HEADER)
    assert sum(int(row[2] or 0) for row in rows) == sum(int(row[3] or 0) for row in rows) == int(total[2]) == 607
    assert total[1] == "TOTAL" and total[2] == total[3]
    assert {row[1] for row in rows} == {
        "bank_clearing:bank_of_kaohsiung", "bureau_payable:parking", "bureau_payable:fines",
        "fee_payable:bank_of_kaohsiung",
    }  # fmt: skip
    assert {row[6] for row in rows} == {"booked", "'=HYPERLINK(1)"}
    assert {row[4] for row in rows} == {paid.reference, "'@x"}


def test_reopening_a_day_takes_two_persons_and_keeps_its_earlier_figures(client: FlaskClient) -> None:
    mei, lin = signed_in_officer(client), signed_in_officer(client)
    take("bank", statement([]))
    first = close()
    with db.unit_of_work() as session:
        approval_id = day_close.propose_reopening(session, DAY, reason="補登", by=mei.actor, now=NOW).id
    assert close().version == first.version
    _decide(approval_id, lin)
    with db.unit_of_work() as session:
        assert not day_close.day_of(session, DAY).is_closed
    with pytest.raises(DayNotClosed):
        exported()
    again = close()
    assert (again.version, again.is_closed) == (2, True)


def _decide(approval_id, by: SignedInOfficer) -> None:  # type: ignore[no-untyped-def]
    with db.unit_of_work() as session:
        approvals.decide(session, approval_id, by=by.actor, is_approved=True, note="", now=NOW)
