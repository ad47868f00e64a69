"""Business days: weekends, holidays, Saturdays that are worked, typhoon days, and ROC dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.ach.calendar import (
    business_day_from,
    from_roc_digits,
    is_business_day,
    last_announced_year,
    next_business_day,
    previous_business_day,
    roc_digits,
)

DAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))
TYPHOONS = st.frozensets(st.dates(date(2024, 1, 1), date(2040, 12, 31)), max_size=12)


@pytest.mark.parametrize(
    ("after", "following", "why"),
    [
        ("2026-11-20", "2026-11-23", "a weekend"),
        ("2026-02-13", "2026-02-23", "the lunar new year of ROC 115, nine days"),
        ("2026-04-02", "2026-04-07", "children's day and tomb sweeping, each with its day in lieu"),
        ("2026-10-08", "2026-10-12", "the national day on a Saturday: the Friday is free"),
        ("2026-12-24", "2026-12-28", "constitution day"),
        ("2026-12-31", "2027-01-04", "new year, from ROC 115 into 116"),
        ("2025-02-07", "2025-02-08", "a Saturday that is worked"),
        ("2025-02-08", "2025-02-10", "the Sunday behind it is free"),
        ("2024-02-28", "2024-02-29", "29 February of a leap year"),
        ("2025-02-27", "2025-03-03", "a year without 29 February"),
    ],
)
def test_the_next_business_day(after: str, following: str, why: str) -> None:
    assert next_business_day(date.fromisoformat(after)) == date.fromisoformat(following), why


def test_a_typhoon_day_moves_it() -> None:
    thursday, friday, monday = date(2026, 7, 30), date(2026, 7, 31), date(2026, 8, 3)
    assert next_business_day(thursday) == friday
    assert next_business_day(thursday, {friday}) == monday
    assert next_business_day(thursday, {friday, monday}) == monday + timedelta(days=1)
    assert business_day_from(friday, {friday}) == monday


@given(day=DAYS, closed=TYPHOONS)
def test_it_is_a_business_day_and_none_lies_between(day: date, closed: frozenset[date]) -> None:
    following = next_business_day(day, closed)
    assert following > day
    assert is_business_day(following, closed)
    between = [day + timedelta(days=ahead) for ahead in range(1, (following - day).days)]
    assert not any(is_business_day(each, closed) for each in between)


@given(day=DAYS, closed=TYPHOONS)
def test_there_and_back_is_the_same_day(day: date, closed: frozenset[date]) -> None:
    business_day = business_day_from(day, closed)
    assert previous_business_day(next_business_day(business_day, closed), closed) == business_day


@given(day=DAYS, closed=TYPHOONS, more=DAYS)
def test_a_day_more_that_is_closed_never_brings_it_nearer(day: date, closed: frozenset[date], more: date) -> None:
    assert next_business_day(day, closed | {more}) >= next_business_day(day, closed)


@given(day=DAYS)
def test_there_is_no_business_day_on_a_sunday(day: date) -> None:
    assert next_business_day(day).isoweekday() != 7


def test_a_calendar_that_ends_tomorrow_says_so() -> None:
    assert last_announced_year() >= 2027
    assert not is_business_day(date(2031, 1, 1))


def test_what_has_no_business_day_is_an_error_and_no_endless_loop() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=number) for number in range(200)}
    with pytest.raises(ValueError, match="no business day"):
        next_business_day(date(2026, 1, 2), closed)


@given(st.dates(date(1912, 1, 1), date(9999, 12, 31)))
def test_roc_digits_name_the_same_day_again(day: date) -> None:
    assert from_roc_digits(roc_digits(day)) == day
    assert len(roc_digits(day)) == 8


@pytest.mark.parametrize(
    ("digits", "day"),
    [("01151105", "2026-11-05"), ("01000101", "2011-01-01"), ("00991231", "2010-12-31"), ("01170229", "2028-02-29")],
)
def test_roc_digits_before_and_after_the_year_100(digits: str, day: str) -> None:
    assert from_roc_digits(digits) == date.fromisoformat(day)
    assert roc_digits(date.fromisoformat(day)) == digits


@pytest.mark.parametrize("digits", ["01150229", "00000101", "1151105", "01151301", "０１１５１１０５", "0115-1-5", ""])
def test_days_that_no_calendar_has_are_refused(digits: str) -> None:
    with pytest.raises(ValueError):
        from_roc_digits(digits)
