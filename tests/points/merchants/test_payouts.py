"""Merchants are paid once, whatever the bank answers, and its statement agrees with ours to the dollar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from core.ids import new_uuid, typeid
from partners.bank.pain002 import Report
from points.merchants import accounts, bank_days, payouts, settlements
from points.merchants.errors import SettlementNotStopped
from tests.points.conftest import opened, pay, terms
from tests.points.merchants.city import balance, merchant, put_the_bank_behind, redeem

PAID_FROM = "9017-9000-0002"
ACCOUNT = "600100200300"


@pytest.fixture
def now() -> datetime:
    """The bank books with its own clock, so these tests live today; what is settled was redeemed last week."""
    return clock.now()


@pytest.fixture
def person(database: db.Database, now: datetime) -> UUID:
    """Somebody with 1,010 points that were earned ten days ago."""
    opened(terms(valid_from=now - timedelta(days=99), valid_until=now + timedelta(days=99)))
    person_id = new_uuid()
    pay(person_id, amount_twd=100_000, captured_at=(now - timedelta(days=10)).isoformat())
    return person_id


def last_week(now: datetime) -> datetime:
    return now - timedelta(days=now.astimezone(clock.TAIPEI).weekday() + 2)


def settled_shop(person_id: UUID, points: int, now: datetime, **changed: Any) -> UUID:
    shop = merchant(**changed)
    redeem(shop, person_id, points, last_week(now))
    assert settlements.settle_due(now) == 1
    return shop


def of(shop: UUID) -> Any:
    with db.unit_of_work() as session:
        return session.execute(text("SELECT * FROM points.settlement WHERE merchant_id = :id"), {"id": shop}).one()


def rows(table: str) -> list[Any]:
    with db.unit_of_work() as session:
        return session.execute(text(f"SELECT * FROM points.{table} ORDER BY 1")).all()


def differences() -> list[tuple[str, int]]:
    with db.unit_of_work() as session:
        found = session.execute(
            text("SELECT kind, amount_twd FROM points.payout_difference WHERE closed_at IS NULL ORDER BY opened_at, id")
        )
        return [tuple(row) for row in found]


def later(now: datetime, minutes: int = 2) -> datetime:
    return now + timedelta(minutes=minutes)


def test_a_merchant_gets_its_week(person: UUID, bank: SandboxBooks, now: datetime) -> None:
    shop = settled_shop(person, 260, now)
    payouts.send_due(now)
    assert (of(shop).status, of(shop).paid_on) == ("paid", taipei_date(now))
    (paid,) = bank.read("bank/payouts")
    assert (paid["account_no"], paid["amount_twd"], paid["payee"]) == (ACCOUNT, 260, "鹽埕小吃")
    assert "高雄點數結算" in paid["remark"]
    assert balance(accounts.payable_code(shop)) == 0 and balance(accounts.BANK) == -260
    (told,) = [row for row in outbox() if row.kind == "points.settlement_paid"]
    assert (told.payload["amount_twd"], told.payload["account"]) == (260, "***0300")


def outbox() -> list[Any]:
    with db.unit_of_work() as session:
        return session.execute(text("SELECT kind, payload FROM core.outbox WHERE kind LIKE 'points.%'")).all()


def test_sending_again_and_at_once_pays_once(person: UUID, bank: SandboxBooks, now: datetime) -> None:
    settled_shop(person, 100, now)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: payouts.send_due(now), range(4)))
    payouts.send_due(later(now))
    assert bank.balance(PAID_FROM) == -100 and len(bank.read("bank/payouts")) == 1


@pytest.mark.parametrize("mode", ["timeout_after", "error_500_after", "bad_signature"])
def test_an_answer_that_is_lost_is_asked_for_and_nothing_is_paid_twice(
    person: UUID, bank: SandboxBooks, now: datetime, mode: str
) -> None:
    put_the_bank_behind(bank, patience_seconds=0.5)
    shop = settled_shop(person, 100, now)
    bank.set_switch("bank", "payout_file", mode, count=1, **({"seconds": 1.0} if mode == "timeout_after" else {}))
    payouts.send_due(now)
    assert of(shop).status == "ordered" and bank.balance(PAID_FROM) == -100
    payouts.send_due(later(now, 0))
    assert of(shop).status == "ordered", "it is asked for after a minute, not before"
    payouts.send_due(later(now))
    assert of(shop).status == "paid" and bank.balance(PAID_FROM) == -100
    (file,) = bank.read("bank/payout-files")
    assert file["times_sent"] == 1, "what the bank has is asked for, not sent again"


@pytest.mark.parametrize("mode", ["timeout_before", "error_500", "maintenance"])
def test_a_file_that_never_arrived_is_sent_again_as_the_same_file(
    person: UUID, bank: SandboxBooks, now: datetime, mode: str
) -> None:
    put_the_bank_behind(bank, patience_seconds=0.5)
    shop = settled_shop(person, 100, now)
    bank.set_switch("bank", "payout_file", mode, count=1, **({"seconds": 1.0} if mode == "timeout_before" else {}))
    payouts.send_due(now)
    assert of(shop).status == "ordered" and bank.read("bank/payout-files") == []
    payouts.send_due(later(now))
    assert of(shop).status == "paid"
    assert [file["message_id"] for file in bank.read("bank/payout-files")] == [
        typeid("pbt", batch.id) for batch in rows("payout_batch")
    ]


def test_while_the_bank_is_silent_nobody_knows_and_nothing_is_guessed(
    person: UUID, bank: SandboxBooks, now: datetime
) -> None:
    put_the_bank_behind(bank, patience_seconds=0.3)
    shop = settled_shop(person, 100, now)
    bank.set_switch("bank", "payout_file", "error_500_after")
    bank.set_switch("bank", "payout_report", "error_500")
    for minutes in (0, 2, 10, 40):
        payouts.send_due(later(now, minutes))
    assert of(shop).status == "ordered" and balance(accounts.BANK) == 0
    bank.clear_switches()
    payouts.send_due(later(now, 200))
    assert of(shop).status == "paid" and bank.balance(PAID_FROM) == -100


def test_a_closed_account_makes_the_amount_wait_and_a_new_one_gets_it(
    person: UUID, bank: SandboxBooks, now: datetime
) -> None:
    bank.put("bank/payees", bank_code="016", account_no=ACCOUNT, status="closed")
    shop = settled_shop(person, 100, now)
    payouts.send_due(now)
    assert (of(shop).status, of(shop).reason) == ("waiting", "AC04")
    (told,) = [row.payload for row in outbox() if row.kind == "points.settlement_not_paid"]
    assert told["reason"] == "AC04"
    payouts.send_due(later(now))
    assert len(bank.read("bank/payouts")) == 1, "nothing is sent to an account that the bank refused"
    with db.unit_of_work() as session:
        session.execute(text("UPDATE points.merchant SET bank_account = '77788899900', bank_refused = NULL"))
        assert settlements.order_waiting(session, shop, now=now) == 1
    payouts.send_due(later(now))
    assert of(shop).status == "paid" and bank.balance(PAID_FROM) == -100
    assert [(row["account_no"], row["status"]) for row in bank.read("bank/payouts")] == [
        (ACCOUNT, "rejected"),
        ("77788899900", "booked"),
    ]


def test_a_week_after_a_refused_account_waits_too(person: UUID, bank: SandboxBooks, now: datetime) -> None:
    bank.put("bank/payees", bank_code="016", account_no=ACCOUNT, status="closed")
    shop = settled_shop(person, 100, now)
    payouts.send_due(now)
    redeem(shop, person, 20, now)
    settlements.settle_due(now + timedelta(days=7))
    assert [row.status for row in rows("settlement")] == ["waiting", "waiting"]


def test_one_refused_account_keeps_no_other_merchant_from_its_money(
    person: UUID, bank: SandboxBooks, now: datetime
) -> None:
    bank.put("bank/payees", bank_code="016", account_no="111111", status="closed")
    shops = [merchant(account="111111"), merchant(account="222222")]
    for shop in shops:
        redeem(shop, person, 50, last_week(now))
    settlements.settle_due(now)
    payouts.send_due(now)
    assert [of(shop).status for shop in shops] == ["waiting", "paid"]
    assert len(rows("payout_batch")) == 1


def test_a_file_refused_whole_stops_until_a_desk_sends_it_again(
    person: UUID, bank: SandboxBooks, now: datetime
) -> None:
    shop = settled_shop(person, 100, now)
    bank.set_switch("bank", "payout_file", "file_refused", count=1)
    payouts.send_due(now)
    payouts.send_due(later(now))
    assert (of(shop).status, of(shop).reason) == ("stopped", "FF01")
    assert differences() == [("stopped", 100)] and bank.read("bank/payouts") == []
    with db.unit_of_work() as session:
        settlements.send_again(session, of(shop).id, now=now)
    payouts.send_due(later(now))
    assert of(shop).status == "paid" and bank.balance(PAID_FROM) == -100
    with pytest.raises(SettlementNotStopped), db.unit_of_work() as session:
        settlements.send_again(session, of(shop).id, now=now)


def test_the_database_orders_one_payment_for_one_settlement(person: UUID, bank: SandboxBooks, now: datetime) -> None:
    shop = settled_shop(person, 100, now)
    again = payouts.Order("settlement", of(shop).id, "x", "016", ACCOUNT, 100, "", accounts.payable_code(shop))
    with pytest.raises(Exception, match="payout_once"), db.unit_of_work() as session:
        payouts.order(session, again, now=now)


@pytest.fixture
def paid(person: UUID, bank: SandboxBooks, now: datetime) -> list[UUID]:
    """Three merchants that were paid 10, 20 and 30 today."""
    shops = [merchant(account=f"55500{number}") for number in range(3)]
    for number, shop in enumerate(shops, start=1):
        redeem(shop, person, 10 * number, last_week(now))
    settlements.settle_due(now)
    payouts.send_due(now)
    return shops


def test_the_statement_agrees_to_the_dollar(paid: list[UUID], bank: SandboxBooks, now: datetime) -> None:
    bank_days.fetch_days(now)
    assert rows("payout_statement") == [], "a day that is not over is not taken"
    for _ in range(2):
        bank_days.fetch_days(now + timedelta(days=1))
    (day,) = rows("payout_statement")
    assert (day.day, day.lines, day.matched_twd, day.opening_twd - day.closing_twd) == (taipei_date(now), 3, 60, 60)
    assert differences() == [] and all(row.statement_day == day.day for row in rows("payout"))


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        ("missing_entry", [("missing", 10)]),
        ("duplicate_entry", [("again", 10)]),
        ("one_dollar_off", [("amount", 1)]),
        ("extra_entry", [("unknown", 777)]),
    ],
)
def test_what_the_statement_says_otherwise_is_a_difference(
    paid: list[UUID], bank: SandboxBooks, now: datetime, mode: str, found: list[tuple[str, int]]
) -> None:
    bank.set_switch("bank", "payout_statement", mode)
    bank_days.fetch_days(now + timedelta(days=1))
    assert differences() == found
    bank_days.fetch_days(now + timedelta(days=1))
    assert differences() == found


@pytest.mark.parametrize("mode", ["wrong_totals", "truncated_xml"])
def test_a_statement_that_does_not_hold_changes_nothing_until_a_good_one_comes(
    paid: list[UUID], bank: SandboxBooks, now: datetime, mode: str
) -> None:
    bank.set_switch("bank", "payout_statement", mode, count=2)
    for _ in range(2):
        bank_days.fetch_days(now + timedelta(days=1))
        assert differences() == [("refused", 0)] and rows("payout_statement") == []
    bank_days.fetch_days(now + timedelta(days=1))
    assert differences() == [] and len(rows("payout_statement")) == 1


def test_what_the_statement_shows_has_been_paid_also_where_no_answer_ever_came(
    person: UUID, bank: SandboxBooks, now: datetime
) -> None:
    shop = settled_shop(person, 100, now)
    bank.set_switch("bank", "payout_file", "error_500_after")
    bank.set_switch("bank", "payout_report", "error_500")
    payouts.send_due(now)
    bank_days.fetch_days(now + timedelta(days=1))
    assert of(shop).status == "paid" and differences() == []
    bank.clear_switches()
    payouts.send_due(now + timedelta(days=1))
    assert [row.status for row in rows("payout_batch")] == ["answered"]
    assert balance(accounts.BANK) == -100 == bank.balance(PAID_FROM)
    assert len([row for row in outbox() if row.kind == "points.settlement_paid"]) == 1


def test_a_report_that_leaves_a_payment_out_says_nothing_of_it(person: UUID, bank: SandboxBooks, now: datetime) -> None:
    shop = settled_shop(person, 100, now)
    bank.set_switch("bank", "payout_file", "error_500_after", count=1)
    payouts.send_due(now)
    (batch,) = rows("payout_batch")
    silent = Report(typeid("pbt", batch.id), now, "", ())
    for done in (True, False):
        with db.unit_of_work() as session:
            assert payouts.take_report(session, batch.id, silent, now=now) is done
    assert of(shop).status == "ordered" and differences() == [("stopped", 100)]
    bank_days.fetch_days(now + timedelta(days=1))
    assert of(shop).status == "paid"


def test_a_remark_and_a_name_with_signs_of_xml_arrive_as_they_are(
    person: UUID, bank: SandboxBooks, now: datetime
) -> None:
    settled_shop(person, 100, now, name="<A&B> 小吃 “行”")
    payouts.send_due(now)
    (paid,) = bank.read("bank/payouts")
    assert paid["payee"] == "<A&B> 小吃 “行”"
