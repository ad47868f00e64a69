"""Expiry: at the exact moment, once, told in the history, and final."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from core import db
from core.ids import new_uuid
from ledger import book
from points import history, tender
from points.entries import account_code
from points.expiry import expire_lots
from tests.points.conftest import budget_left, in_the_book, pay, refund

END = datetime(2027, 11, 30, 16, tzinfo=UTC)


def _balance(person_id: UUID, now: datetime) -> int:
    with db.unit_of_work() as session:
        return history.standing(session, person_id=person_id, now=now).balance


def test_points_count_until_the_last_moment_of_the_month_and_not_after_it(campaign: UUID) -> None:
    person = new_uuid()
    pay(person)
    before = END - timedelta(microseconds=1)
    assert expire_lots(before) == 0
    assert (_balance(person, before), _balance(person, END)) == (22, 0)
    assert in_the_book(person) == 22
    assert expire_lots(END) == 1
    assert in_the_book(person) == 0


def test_expiring_twice_and_from_several_workers_is_expiring_once(campaign: UUID) -> None:
    people = [new_uuid() for _ in range(8)]
    for person in people * 3:
        pay(person)
    with ThreadPoolExecutor(6) as workers:
        assert sum(workers.map(lambda _: expire_lots(END), range(6))) == 24
    assert expire_lots(END) == 0
    assert [in_the_book(person) for person in people] == [0] * 8
    with db.unit_of_work() as session:
        assert book.balance(session, book.account_id("points:expired")).posted == 24 * 22
        page, _ = history.entries(session, person_id=people[0], limit=10, cursor=None)
    assert [entry.kind for entry in page] == ["expire"] * 3 + ["earn"] * 3
    assert page[0].reason.zh == "銀行繳費集點：22 點到期"


def test_what_has_expired_cannot_be_taken_back_a_second_time(campaign: UUID) -> None:
    person = new_uuid()
    paid = pay(person)
    expire_lots(END)
    refund(paid, 1260)
    assert in_the_book(person) == 0
    assert budget_left() == 100_000 - 22


def test_a_hold_that_ends_after_midnight_brings_back_its_own_points_and_not_those_that_lapsed(campaign: UUID) -> None:
    person, payment_id = new_uuid(), new_uuid()
    pay(person)
    with db.unit_of_work() as session:
        before = END - timedelta(seconds=1)
        tender.hold(session, person_id=person, payment_id=payment_id, points=10, now=before)
    with db.unit_of_work() as session:
        tender.release(session, payment_id=payment_id, now=END)
    assert _balance(person, END) == 10
    assert expire_lots(END) == 0


def test_a_sweep_passes_by_a_lot_that_somebody_works_on_and_gives_way_at_a_locked_balance(campaign: UUID) -> None:
    held, free = new_uuid(), new_uuid()
    for person in (held, free):
        pay(person)
    with db.unit_of_work() as session:
        session.execute(_LOCK_LOT, {"person_id": held})
        assert expire_lots(END) == 1
    assert (in_the_book(held), in_the_book(free)) == (22, 0)
    with db.unit_of_work() as session:
        session.execute(_LOCK_BALANCE, {"account": book.account_id(account_code(held))})
        assert expire_lots(END) == 0
    assert expire_lots(END) == 1


_LOCK_LOT = text("SELECT FROM points.lot WHERE person_id = :person_id FOR UPDATE")
_LOCK_BALANCE = text("SELECT FROM ledger.balance WHERE account_id = :account FOR UPDATE")
