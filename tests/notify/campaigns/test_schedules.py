"""When a campaign is sent again: a table of cases, by Taipei's calendar."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.clock import TAIPEI
from notify.campaigns import schedules
from notify.campaigns.errors import CampaignRefused
from notify.campaigns.schedules import At, Now, OnEvent, Recurring, Schedule

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=TAIPEI)


def _days(schedule: Schedule, after: datetime, most: int = 6) -> list[str]:
    found: list[str] = []
    moment: datetime | None = after
    while len(found) < most and moment is not None:
        moment = schedules.next_after(schedule, moment)
        if moment is not None:
            found.append(f"{moment.astimezone(TAIPEI):%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (Recurring("day", time(8, 0), date(2026, 11, 23)), NOON, ["11-22 08:00", "11-23 08:00"]),
        (Recurring("day", time(12, 0), date(2026, 11, 22)), NOON, ["11-22 12:00"]),
        (Recurring("day", time(12, 1), date(2026, 11, 22)), NOON, ["11-21 12:01", "11-22 12:01"]),
        (Recurring("week", time(9, 0), date(2026, 12, 1), (1, 6)), NOON, ["11-23 09:00", "11-28 09:00", "11-30 09:00"]),
        (Recurring("month", time(9, 0), date(2027, 3, 31), day=31), NOON,
         ["11-30 09:00", "12-31 09:00", "01-31 09:00", "02-28 09:00", "03-31 09:00"]),
        (Recurring("month", time(9, 0), date(2027, 4, 1), day=29), NOON,
         ["11-29 09:00", "12-29 09:00", "01-29 09:00", "02-28 09:00", "03-29 09:00"]),
        (Recurring("month", time(9, 0), date(2028, 3, 1), day=30), datetime(2028, 1, 30, 9, 0, tzinfo=TAIPEI),
         ["02-29 09:00"]),
        # Midnight in Taipei is the afternoon before in UTC.
        (Recurring("month", time(0, 0), date(2027, 1, 31), day=1), datetime(2026, 11, 30, 15, 59, tzinfo=UTC),
         ["12-01 00:00", "01-01 00:00"]),
        (Recurring("day", time(9, 0), date(2026, 11, 20)), NOON, []),
        (OnEvent("bill_due", 3, time(9, 0), date(2026, 11, 23)), NOON, ["11-22 09:00", "11-23 09:00"]),
        (Now(), NOON, []),
        (At(NOON + timedelta(hours=1)), NOON, []),
    ],
)  # fmt: skip
def test_the_times_that_come_next(schedule: Schedule, after: datetime, expected: list[str]) -> None:
    assert _days(schedule, after) == expected
    assert _days(schedule, after.astimezone(UTC)) == expected


def test_a_sending_is_worth_it_until_its_deadline_the_next_one_or_a_week() -> None:
    daily = Recurring("day", time(12, 0), date(2026, 11, 23))
    soon = NOON + timedelta(hours=3)
    for schedule, deadline, until in (
        (Now(), None, NOON + timedelta(days=7)),
        (Now(), soon, soon),
        (daily, None, NOON + timedelta(days=1)),
        (daily, soon, soon),
        (OnEvent("bill_due", 3), None, NOON + timedelta(days=3)),
        (OnEvent("bill_due", 0), None, NOON + timedelta(days=1)),
    ):
        assert schedules.worth_until(schedule, deadline, NOON) == until


def test_a_day_always_has_as_many_hours_in_taipei() -> None:
    schedule = Recurring("day", time(8, 0), date(2027, 11, 20))
    moments = [NOON]
    while (following := schedules.next_after(schedule, moments[-1])) is not None:
        moments.append(following)
    assert {later - earlier for earlier, later in itertools.pairwise(moments[1:])} == {timedelta(days=1)}


def test_the_first_time_is_at_approval_or_when_it_was_asked_for() -> None:
    assert schedules.first_after(Now(), NOON) == NOON
    assert schedules.first_after(At(NOON + timedelta(hours=1)), NOON) == NOON + timedelta(hours=1)
    assert schedules.first_after(At(NOON), NOON) is None
    assert schedules.first_after(OnEvent("bill_due", 3), NOON) == datetime(2026, 11, 22, 9, 0, tzinfo=TAIPEI)


@pytest.mark.parametrize(
    ("document", "member"),
    [
        ({"kind": "at"}, "at"),
        ({"kind": "at", "at": "2026-11-21T13:00:00"}, "at"),
        ({"kind": "at", "at": "2026-11-21T11:59:00+08:00"}, "at"),
        ({"kind": "at", "at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"kind": "recurring", "every": "year", "at": "09:00", "until": "2026-12-01"}, "every"),
        ({"kind": "recurring", "every": "week", "at": "09:00", "until": "2026-12-01"}, "weekdays"),
        ({"kind": "recurring", "every": "month", "at": "09:00", "until": "2026-12-01"}, "day"),
        ({"kind": "recurring", "every": "day", "at": "24:00", "until": "2026-12-01"}, "at"),
        ({"kind": "recurring", "every": "day", "at": "9:00", "until": "2026-12-01"}, "at"),
        ({"kind": "recurring", "every": "day", "at": "09:00"}, "until"),
        ({"kind": "recurring", "every": "day", "at": "09:00", "until": "2026-11-20"}, "until"),
        ({"kind": "recurring", "every": "day", "at": "09:00", "until": "2028-01-01"}, "until"),
        ({"kind": "event", "event": "birthday", "days_before": 3}, "event"),
        ({"kind": "event", "event": "bill_due"}, "days_before"),
    ],
)
def test_a_schedule_that_says_too_little_or_too_much_is_refused(document: dict[str, object], member: str) -> None:
    with pytest.raises(CampaignRefused) as refused:
        schedules.read_schedule(document, now=NOON)
    assert [error.pointer for error in refused.value.errors] == [f"/schedule/{member}"]


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "now"},
        {"kind": "at", "at": "2026-11-22T09:00:00+08:00"},
        {"kind": "recurring", "every": "week", "weekdays": [5, 1, 5], "at": "09:00", "until": "2026-12-31"},
        {"kind": "recurring", "every": "month", "day": 31, "at": "23:59", "until": "2027-11-01"},
        {"kind": "event", "event": "bill_due", "days_before": 3},
    ],
)
def test_what_is_stored_reads_back_as_it_was(document: dict[str, object]) -> None:
    schedule = schedules.read_schedule(document, now=NOON)
    assert schedules.stored(schedules.as_document(schedule)) == schedule
