"""Expiry: at the exact moment, once, told in the history, and final."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core import db
from core.ids import new_uuid
from ledger import book
from points import history, tender, texts
from points.entries import account_code
from points.expiry import expire_lots, expire_some
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


def test_at_midnight_every_point_is_used_or_lapses_and_none_does_both(campaign: UUID) -> None:
    people = [new_uuid() for _ in range(6)]
    for person in people * 2:
        pay(person)
    start = threading.Barrier(9)
    used: Counter[str] = Counter()

    def use(person_id: UUID, number: int) -> None:
        """At once and set aside, just before and at the end; what was set aside is settled or released after it, and
        what is released can be used again."""
        chance = random.Random(number)
        for turn in range(8):
            use_id, points = new_uuid(), chance.randint(1, 9)
            now, is_held = chance.choice((END - timedelta(microseconds=1), END)), chance.random() < 0.5
            if turn == 0:
                now, is_held = END - timedelta(microseconds=1), True
            what = tender.For("redemption", use_id, "points:merchant:midnight", texts.SPENT)
            take = tender.hold_for if is_held else tender.spend_for
            try:
                with db.unit_of_work() as session:
                    take(session, what, person_id=person_id, points=points, now=now)
            except tender.NotEnoughPoints:
                used["refused"] += 1
                continue
            if turn == 0:
                start.wait()
            is_released = is_held and chance.random() < 0.5
            if is_held:
                with db.unit_of_work() as session:
                    (tender.release if is_released else tender.spend)(session, payment_id=use_id, now=END)
            used["released" if is_released else "spent"] += points

    def act(number: int) -> int:
        if number < 3:
            start.wait()
            return sum(expire_lots(END, batch=1) for _ in range(5))
        use(people[number - 3], number)
        return 0

    with ThreadPoolExecutor(9) as workers:
        list(workers.map(act, range(9)))
    later = END + tender.GRACE
    expire_lots(later)
    assert used["refused"] > 0
    with db.unit_of_work() as session:
        spent = book.balance(session, book.account_id("points:merchant:midnight")).posted if used["spent"] else 0
        lapsed = book.balance(session, book.account_id("points:expired")).posted
        told = session.execute(_LAPSED).scalar_one()
        assert book.balance(session, book.account_id("points:tender_held")).posted == 0
    assert spent == used["spent"]
    assert lapsed == told == 6 * 44 - used["spent"]
    assert [in_the_book(person) for person in people] == [0] * 6


@pytest.mark.parametrize("statements", range(5))
def test_a_sweep_cut_off_after_any_statement_has_done_nothing(campaign: UUID, statements: int) -> None:
    person = new_uuid()
    for _ in range(3):
        pay(person)
    with pytest.raises(OperationalError), db.unit_of_work() as session:
        done, execute = 0, session.execute

        def cut_off() -> None:
            pid = execute(text("SELECT pg_backend_pid()")).scalar_one()
            with db.unit_of_work() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

        def counted(statement: Any, values: Any = None) -> Any:
            nonlocal done
            if done == statements:
                cut_off()
            done += 1
            return execute(statement, values)

        session.execute = counted  # type: ignore[assignment,method-assign]
        assert expire_some(session, END).lots == 3
        assert (done, statements) == (4, 4)
        cut_off()
    assert (in_the_book(person), _balance(person, END - timedelta(seconds=1))) == (66, 66)
    assert expire_lots(END) == 3


def test_what_a_person_loses_at_one_end_is_one_transfer_told_lot_by_lot(campaign: UUID) -> None:
    person, other = new_uuid(), new_uuid()
    for each in (person, person, other):
        pay(each)
    pay(person, captured_at="2026-12-05T06:03:20+00:00")
    with db.unit_of_work() as session:
        assert expire_some(session, END + timedelta(days=40), most=3).lots == 3
    assert expire_lots(END + timedelta(days=40)) == 1
    with db.unit_of_work() as session:
        rows = session.execute(_TRANSFERS).all()
    assert sorted((row.amount, row.entries, int(row.told)) for row in rows) == [(22, 1, 22), (22, 1, 22), (44, 2, 44)]


_LOCK_LOT = text("SELECT FROM points.lot WHERE person_id = :person_id FOR UPDATE")
_LOCK_BALANCE = text("SELECT FROM ledger.balance WHERE account_id = :account FOR UPDATE")
_LAPSED = text("SELECT -sum(amount) FROM points.entry WHERE kind = 'expire'")
_TRANSFERS = text(
    """
    SELECT t.amount, count(*) AS entries, -sum(e.amount) AS told
      FROM ledger.transfer AS t JOIN points.entry AS e ON e.transfer_id = t.id
     WHERE t.reason = 'points expire' GROUP BY t.id, t.amount
    """
)
