"""When an automatic debit is told of and made: days and hours in Taipei."""

from __future__ import annotations

from datetime import date

import pytest
from bank_city import at

from wallet.debit_days import next_try, times_for, waking_hour

# 2026-11-16 is a Monday.
WEDNESDAY, FRIDAY, SUNDAY, MONDAY = date(2026, 11, 18), date(2026, 11, 20), date(2026, 11, 22), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("due_on", "now", "announced", "debited"),
    [
        # Long before: made on the last business day before it is due, told of the day before that.
        (FRIDAY, "2026-11-10 15:00", "2026-11-18 10:00", "2026-11-19 10:00"),
        (SUNDAY, "2026-11-10 15:00", "2026-11-19 10:00", "2026-11-20 10:00"),
        (MONDAY, "2026-11-10 15:00", "2026-11-19 10:00", "2026-11-20 10:00"),
        # New Year's Day is a holiday.
        (date(2027, 1, 2), "2026-12-01 09:00", "2026-12-30 10:00", "2026-12-31 10:00"),
        # Later than that: told of at once by day, made the day after, on the day it is due at the latest.
        (FRIDAY, "2026-11-18 15:00", "2026-11-18 15:00", "2026-11-19 10:00"),
        (FRIDAY, "2026-11-19 19:59", "2026-11-19 19:59", "2026-11-20 10:00"),
        (MONDAY, "2026-11-21 12:00", "2026-11-21 12:00", "2026-11-22 10:00"),
        # Nobody is woken for it.
        (FRIDAY, "2026-11-18 20:00", "2026-11-19 08:00", "2026-11-20 10:00"),
        (FRIDAY, "2026-11-19 03:00", "2026-11-19 08:00", "2026-11-20 10:00"),
    ],
)  # fmt: skip
def test_it_is_told_of_the_day_before_and_made_before_it_is_due(
    due_on: date, now: str, announced: str, debited: str
) -> None:
    times = times_for(due_on, at(now))
    assert times is not None
    assert (times.announce_at, times.debit_at) == (at(announced), at(debited))


@pytest.mark.parametrize("now", ["2026-11-19 20:00", "2026-11-20 08:00", "2026-11-21 08:00"])
def test_what_cannot_be_told_of_the_day_before_is_not_debited(now: str) -> None:
    assert times_for(FRIDAY, at(now)) is None


def test_a_failure_is_tried_again_the_next_day_unless_that_is_too_late() -> None:
    assert next_try(FRIDAY, at("2026-11-19 10:00")) == at("2026-11-20 10:00")
    assert next_try(FRIDAY, at("2026-11-19 23:59")) == at("2026-11-20 10:00")
    assert next_try(FRIDAY, at("2026-11-20 00:01")) is None


def test_people_are_told_between_eight_and_eight() -> None:
    for moment, told in (("07:59", "08:00"), ("08:00", "08:00"), ("19:59", "19:59")):
        assert waking_hour(at(f"2026-11-18 {moment}")) == at(f"2026-11-18 {told}")
    assert waking_hour(at("2026-11-18 20:00")) == at("2026-11-19 08:00")
