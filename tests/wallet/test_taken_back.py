"""Money that is taken back while some of it is on its way back already: it leaves the city once, or people are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bank_city import BankCustomer, uuid_of
from paying_city import paid_elsewhere_file
from sandbox_process import SandboxBooks

from core import clock, db
from ledger import book
from tests.wallet.money_back import (
    ask,
    bring_points,
    bureaus_behind,
    in_the_book,
    paid,
    refund_uuid,
    sent,
    shown,
    split,
    status_of,
    withdraw,
)
from wallet import bill_batches, disputes, refund_outcomes
from wallet.book import POINTS_FUNDING
from wallet.disputes import Notice
from wallet.double_payments import reported_elsewhere
from wallet.rails.contract import Accepted, Declined, Returned
from wallet.reconciliation import in_transit
from wallet.reconciliation.breaks import Break, Filter, breaks
from wallet.undoing import redo, undo

__all__ = ["bureaus_behind"]


@pytest.fixture
def payer(customer: BankCustomer, bureaus_behind: SandboxBooks) -> BankCustomer:
    return customer


@pytest.fixture
def saver(payer: BankCustomer) -> BankCustomer:
    """Somebody with 40 points."""
    paid(payer, 3000)
    bring_points()
    return payer


def take(payment: dict[str, Any], how: Any = "charged_back") -> None:
    with db.unit_of_work() as session:
        assert undo(session, uuid_of("pay", payment["id"]), how, reason="fraud", now=clock.now())


def give(payment: dict[str, Any]) -> None:
    with db.unit_of_work() as session:
        assert redo(session, uuid_of("pay", payment["id"]), reason="won", now=clock.now())


def answer(refund: dict[str, Any], outcome: Returned | Accepted | Declined) -> None:
    with db.unit_of_work() as session:
        refund_outcomes.record(session, refund_uuid(refund), outcome, tries=1, now=clock.now())


def points(customer: BankCustomer) -> int:
    return int(customer.got("GET", "/v1/points")["balance"])


def funded_by_the_city() -> int:
    with db.unit_of_work() as session:
        return book.balance(session, book.account_id(POINTS_FUNDING)).posted


def open_breaks() -> list[Break]:
    with db.unit_of_work() as session:
        return breaks(session, Filter(status="open"), limit=20, before=None)


def test_points_that_a_waiting_refund_has_given_back_come_back_once(saver: BankCustomer) -> None:
    before = in_the_book()
    payment = split(saver, 60, points=35)
    withdraw(saver.books, payment)
    refund = ask(saver, payment, "bill_withdrawn").json
    assert points(saver) == 40
    take(payment, "returned")
    assert (points(saver), funded_by_the_city()) == (40, 0)
    sent(refund)
    assert shown(saver, refund)["failure"]["code"] == "payment_undone"
    assert in_the_book() == before


def test_points_that_were_given_back_and_used_are_not_given_back_again(saver: BankCustomer) -> None:
    payment = split(saver, 60, points=35)
    take(payment)
    elsewhere = split(saver, 50, points=40)
    give(payment)
    assert points(saver) == 0
    take(payment)
    assert points(saver) == 0
    take(elsewhere)
    assert (points(saver), funded_by_the_city()) == (40, 0)


def test_a_refund_that_arrives_after_a_chargeback_is_in_the_book_and_told(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    answer(refund, Accepted("R1"))
    take(payment)
    answer(refund, Returned("R1", 600, clock.now()))
    assert in_the_book() == {"clearing": -600, "parking": -600, "held": 0}
    assert shown(payer, refund)["status"] == "completed"
    (found,) = open_breaks()
    assert (found.kind, found.cause, found.theirs_twd) == ("duplicate", "refunded_and_taken_back", -600)


def test_a_dispute_that_is_won_brings_what_it_took_whatever_arrived_in_between(payer: BankCustomer) -> None:
    payment = paid(payer, 600, 200)
    withdraw(payer.books, payment)
    early, late = ask(payer, payment, "bill_withdrawn", 50).json, ask(payer, payment, "bill_withdrawn", 100).json
    answer(early, Returned("R1", 50, clock.now()))
    answer(late, Accepted("R2"))
    take(payment)
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 100}
    answer(late, Returned("R2", 100, clock.now()))
    give(payment)
    assert in_the_book() == {"clearing": 650, "parking": 650, "held": 0}
    assert (status_of(payer, payment), payer.unpaid()) == ("captured", [])


def test_a_payment_whose_last_part_went_back_while_it_was_taken_is_refunded_when_it_comes_again(
    payer: BankCustomer,
) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    answer(refund, Accepted("R1"))
    take(payment)
    answer(refund, Returned("R1", 600, clock.now()))
    give(payment)
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    assert status_of(payer, payment) == "refunded"


def test_what_is_taken_after_a_part_went_back_is_explained_and_matches_its_line(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    answer(ask(payer, payment, "bill_withdrawn", 200).json, Returned("R1", 200, clock.now()))
    take(payment)
    assert unexplained() == []
    give(payment)
    assert unexplained() == []


def unexplained() -> list[in_transit.InTransit]:
    with db.unit_of_work() as session:
        return in_transit.unexplained(session, now=clock.now())


def test_a_chargeback_of_what_was_refunded_before_is_told_at_once(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    sent(ask(payer, payment, "bill_withdrawn").json)
    notice = Notice(
        payment_id=uuid_of("pay", payment["id"]), kind="CHARGEBACK", reference="D1", reason="fraud",
        reason_code="10.4", amount_twd=600, happened_at=clock.now(),
    )  # fmt: skip
    for _ in range(2):
        with db.unit_of_work() as session:
            assert disputes.take_notice(session, notice, clock.now())
    (found,) = open_breaks()
    assert (found.cause, found.theirs_twd) == ("refunded_and_taken_back", -600)
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_bill_is_not_paid_by_money_that_went_back_to_its_payer(payer: BankCustomer, is_sent: bool) -> None:
    payment = paid(payer, 600)
    report = [(payment["bills"][0]["number"], 600, clock.now() + timedelta(minutes=1))]
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [paid_elsewhere_file(report)], source="paid-elsewhere", sender=None, now=clock.now(),
            on_reported_elsewhere=reported_elsewhere,
        )  # fmt: skip
    (refund,) = payer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    if is_sent:
        sent(refund)
    take(payment)
    if not is_sent:
        sent(refund)
    assert [bill["amount"] for bill in payer.unpaid()] == ([600] if is_sent else [])
    assert in_the_book() == {"clearing": -600 if is_sent else 0, "parking": 0 if is_sent else 600, "held": 0}
