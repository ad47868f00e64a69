"""When an automatic debit is told of, and when it is made: a table of days and hours, in Taipei.

It is made on the last business day before the bill is due, at ten, so that a failure can be tried once more and people
can still pay another way; it is told of the day before at ten. What comes later than that is told of at the next hour
at which people may be disturbed, and made at ten the day after, on the day it is due at the latest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.clock import TAIPEI
from partners.ach.calendar import previous_business_day

DEBIT_HOUR = time(10)
QUIET_UNTIL = time(8)
QUIET_FROM = time(20)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """When it is told of and when it is made."""

    announce_at: datetime
    debit_at: datetime


def times_for(due_on: date, now: datetime) -> Times | None:
    """When to tell of and make the debit of a bill that is due on `due_on`; None when there is no time left to."""
    debit_on = previous_business_day(due_on)
    announce_at = max(_at(debit_on - _DAY, DEBIT_HOUR), waking_hour(now))
    # Told late, it is made on the day after the telling, whatever day of the week that is.
    debit_on = max(debit_on, announce_at.astimezone(TAIPEI).date() + _DAY)
    return Times(announce_at, _at(debit_on, DEBIT_HOUR)) if debit_on <= due_on else None


def next_try(due_on: date, now: datetime) -> datetime | None:
    """When a debit that failed is tried once more: the next day at ten; None when that is after the day it is due."""
    on = now.astimezone(TAIPEI).date() + _DAY
    return _at(on, DEBIT_HOUR) if on <= due_on else None


def waking_hour(now: datetime) -> datetime:
    """`now`, or the morning after it when people sleep."""
    local = now.astimezone(TAIPEI)
    if local.time() < QUIET_UNTIL:
        return _at(local.date(), QUIET_UNTIL)
    if local.time() >= QUIET_FROM:
        return _at(local.date() + _DAY, QUIET_UNTIL)
    return now


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, TAIPEI)
