"""On which days a series falls, and its states as the database holds them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sqlalchemy import text

from accessibility.series import days, states
from core import db


def test_days_are_those_of_the_weekdays_from_the_first_to_the_last() -> None:
    found = list(days.days_of([1, 3, 5], date(2026, 11, 23), date(2026, 12, 2)))
    assert found == [date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 2)]
    assert list(days.days_of([7], date(2026, 11, 23), date(2026, 11, 28))) == []


def test_a_time_of_day_is_taipei_s() -> None:
    assert days.moment(date(2026, 11, 23), time(7, 30)) == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def test_half_of_an_hour_is_rounded_down() -> None:
    assert [days.most_of_an_hour(50, each) for each in (170, 3, 1)] == [85, 1, 0]


def test_the_database_holds_the_same_moves(database: db.Database) -> None:
    with db.unit_of_work() as session:
        for machine, moves in (("series", states.SERIES_MOVES), ("series_day", states.DAY_MOVES)):
            rows = session.execute(
                text("SELECT source, target FROM accessibility.move WHERE machine = :machine"), {"machine": machine}
            ).all()
            assert {tuple(row) for row in rows} == {(move.source, move.target) for move in moves}
