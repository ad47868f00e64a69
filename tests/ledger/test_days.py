"""Sums of days: exact at any moment, whoever commits late and whatever day a transfer says it is of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core.db import Database
from ledger import audit, book, days, tasks
from ledger.book import Posting, Settlement

Make = Callable[..., Posting]
# The last second of 5 November in Taipei.
LATE = datetime(2026, 11, 5, 15, 59, 59, tzinfo=UTC)
FIFTH, SIXTH = date(2026, 11, 5), date(2026, 11, 6)


def seen(database: Database, until: date, asset: str = "PT") -> dict[str, int]:
    with database.unit_of_work() as session:
        return days.group_balances(session, asset, until=until)


def test_a_day_ends_at_midnight_in_taipei_counted_or_not(
    database: Database, accounts: dict[str, UUID], earn: Make, pay: Make
) -> None:
    with database.unit_of_work() as session:
        book.post(session, [earn(30)], now=LATE)
        book.post(session, [earn(4, "ming"), pay(9)], now=LATE + timedelta(seconds=1))
        held = earn(100)
        book.hold(session, [held], now=LATE)
    with database.unit_of_work() as session:
        book.settle(session, [Settlement(held.id, amount=60)], now=LATE + timedelta(days=1))
    expected = [
        (FIFTH, {"pt:campaign": -30, "pt:mei": 30}),
        (SIXTH, {"pt:campaign": -94, "pt:mei": 90, "pt:ming": 4}),
    ]
    for _ in range(2):
        for day, sums in expected:
            assert seen(database, day) == sums
        assert seen(database, SIXTH, "TWD") == {"twd:bank": -9, "twd:payable": 9}
        with database.unit_of_work() as session:
            assert days.group_turnovers(session, "PT", first=SIXTH, last=SIXTH) == {
                "pt:campaign": -64, "pt:mei": 60, "pt:ming": 4,
            }  # fmt: skip
        tasks.sum_up_days()
    with database.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM ledger.day_turnover")).scalar_one() == 7
    assert tasks.sum_up_days() == 0


def test_whoever_commits_late_is_counted_later_and_seen_at_once(
    database: Database, accounts: dict[str, UUID], earn: Make
) -> None:
    with database.unit_of_work() as slow:
        book.post(slow, [earn(7)], now=LATE)
        with database.unit_of_work() as quick:
            book.post(quick, [earn(20, "ming")], now=LATE + timedelta(days=3))
        assert tasks.sum_up_days() == 0
        assert seen(database, SIXTH) == {}
    assert seen(database, FIFTH) == {"pt:campaign": -7, "pt:mei": 7}
    assert tasks.sum_up_days() == 2
    with database.unit_of_work() as session:
        book.post(session, [earn(1)], now=LATE - timedelta(days=400))
    for _ in range(2):
        assert seen(database, FIFTH) == {"pt:campaign": -8, "pt:mei": 8}
        assert seen(database, FIFTH + timedelta(days=9)) == {"pt:campaign": -28, "pt:mei": 8, "pt:ming": 20}
        tasks.sum_up_days()


@pytest.mark.parametrize(("most", "expected"), [(7, [6, 6, 3, 0]), (2, [3, 3, 3, 3, 3, 0]), (3, [3, 3, 3, 3, 3, 0])])
def test_many_are_counted_by_whole_transactions(
    database: Database, accounts: dict[str, UUID], earn: Make, most: int, expected: list[int]
) -> None:
    for _ in range(5):
        with database.unit_of_work() as session:
            for _ in range(3):
                book.post(session, [earn(1)], now=LATE)
    counted = []
    for _ in expected:
        with database.unit_of_work() as session:
            counted.append(days.sum_up(session, most=most))
        assert seen(database, FIFTH) == {"pt:campaign": -15, "pt:mei": 15}
    assert counted == expected


def test_a_day_whose_sums_are_not_its_transfers_is_named(
    database: Database, accounts: dict[str, UUID], earn: Make
) -> None:
    with database.unit_of_work() as session:
        book.post(session, [earn(30)], now=LATE)
        book.post(session, [earn(4, "ming")], now=LATE + timedelta(seconds=1))
    tasks.sum_up_days()
    with database.unit_of_work() as session:
        book.post(session, [earn(5)], now=LATE)
    with database.unit_of_work() as session:
        assert audit.day_disagreements(session) == []
        session.execute(text("UPDATE ledger.day_turnover SET credits = credits + 1 WHERE accounts = 'pt:mei'"))
        session.execute(text("DELETE FROM ledger.day_turnover WHERE accounts = 'pt:ming'"))
        assert [
            (each.day, each.accounts, each.counted, each.replayed) for each in audit.day_disagreements(session)
        ] == [
            (FIFTH, "pt:mei", (0, 31), (0, 30)),
            (SIXTH, "pt:ming", (0, 0), (0, 4)),
        ]
        session.rollback()
