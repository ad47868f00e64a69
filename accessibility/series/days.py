"""On which days a series falls, when each is first asked for, and which are left out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from core.clock import TAIPEI

MOST_DAYS: Final = 366
_ONE: Final = timedelta(days=1)


def days_of(weekdays: Collection[int], first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both counted, that is one of these weekdays (Monday is 1)."""
    day = first
    while day <= last:
        if day.isoweekday() in weekdays:
            yield day
        day += _ONE


def moment(day: date, at: time) -> datetime:
    """That time of day in Taipei."""
    return datetime.combine(day, at, TAIPEI)


def most_of_an_hour(most_percent: int, rides_an_hour: int) -> int:
    """How many recurring rides an hour takes at the most (49 CFR 37.133 (b): half of what there is)."""
    return rides_an_hour * most_percent // 100
