"""When an event is worth more, by the clock and calendar of Taipei, and what caps leave of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from core import db
from core.ids import new_uuid
from points.earning import rules, wording
from points.earning.rules import Caps, Condition, Granted, Window
from points.lots import points_for_payment
from tests.points.conftest import opened, pay, refund, terms

WEEKEND = Window(200, week_days=(6, 7))
EVENING = Window(150, from_time=time(22, 0))
FESTIVAL = Window(300, from_day=date(2026, 11, 7), until_day=date(2026, 11, 8), from_time=time(8), until_time=time(10))


@pytest.mark.parametrize(
    ("moment", "percent"),
    [
        # Saturday begins in Taipei while it is Friday afternoon in UTC.
        ("2026-11-06T15:59:59.999999+00:00", 150),
        ("2026-11-06T16:00:00+00:00", 200),
        ("2026-11-08T15:59:59.999999+00:00", 200),
        ("2026-11-08T16:00:00+00:00", 100),
        ("2026-11-05T13:59:59+00:00", 100),
        ("2026-11-05T14:00:00+00:00", 150),
        ("2026-11-05T15:59:59.999999+00:00", 150),
        ("2026-11-05T16:00:00+00:00", 100),
        # The best window counts alone.
        ("2026-11-07T00:00:00+00:00", 300),
        ("2026-11-07T01:59:59+00:00", 300),
        ("2026-11-07T02:00:00+00:00", 200),
        ("2026-11-09T00:30:00+00:00", 100),
    ],
)
def test_windows_hold_from_their_first_moment_in_taipei_to_their_last(moment: str, percent: int) -> None:
    assert rules.percent_at((WEEKEND, EVENING, FESTIVAL), datetime.fromisoformat(moment)) == percent


NIGHT = Window(200, week_days=(5, 6), from_time=time(22), until_time=time(2))
LAST_NIGHT = Window(
    300, from_day=date(2026, 12, 31), until_day=date(2026, 12, 31), from_time=time(23), until_time=time(1)
)


@pytest.mark.parametrize(
    ("moment", "percent"),
    [
        # 2026-11-06 is a Friday.
        ("2026-11-06T21:59:59+08:00", 100),
        ("2026-11-06T22:00:00+08:00", 200),
        ("2026-11-07T00:00:00+08:00", 200),
        ("2026-11-07T01:59:59.999999+08:00", 200),
        ("2026-11-07T02:00:00+08:00", 100),
        ("2026-11-08T01:00:00+08:00", 200),
        # Sunday's night does not count, nor the small hours of Friday, which are Thursday's night.
        ("2026-11-08T22:30:00+08:00", 100),
        ("2026-11-09T01:00:00+08:00", 100),
        ("2026-11-06T01:00:00+08:00", 100),
        ("2026-12-31T22:59:59+08:00", 100),
        ("2026-12-31T23:00:00+08:00", 300),
        ("2027-01-01T00:59:59+08:00", 300),
        ("2027-01-01T01:00:00+08:00", 100),
        ("2027-01-01T23:30:00+08:00", 200),
        ("2026-12-31T00:30:00+08:00", 100),
    ],
)
def test_a_window_past_midnight_belongs_to_the_day_on_which_it_began(moment: str, percent: int) -> None:
    assert rules.percent_at((NIGHT, LAST_NIGHT), datetime.fromisoformat(moment)) == percent


def test_a_window_past_midnight_is_told_as_such() -> None:
    said = wording.window(NIGHT)
    assert said.zh == "週五六 22:00–隔天 02:00 2 倍"
    assert said.en == "2 times as many Fri, Sat 22:00–02:00 the next day"


def test_fractions_of_a_point_are_cut() -> None:
    evening = datetime(2026, 11, 5, 14, 30, tzinfo=UTC)
    assert terms(points_per_payment=5, windows=(EVENING,)).points_for(99, evening) == 7


@pytest.mark.parametrize(
    ("caps", "granted", "left"),
    [
        (Caps(), Granted(900, 900, 9), (10, None)),
        (Caps(day=12), Granted(5, 50, 2), (7, None)),
        (Caps(day=5), Granted(5, 50, 2), (0, "daily_cap")),
        (Caps(in_all=50), Granted(0, 50, 2), (0, "person_cap")),
        (Caps(day=20, in_all=53), Granted(1, 50, 2), (3, None)),
        (Caps(times=2), Granted(0, 1, 2), (0, "times_cap")),
    ],
)
def test_the_tightest_cap_decides(caps: Caps, granted: Granted, left: tuple[int, str | None]) -> None:
    assert rules.cut(10, caps, granted) == left


@pytest.mark.parametrize(
    ("condition", "facts", "is_met"),
    [
        (Condition("due_before", equal=True), {"due_before": True}, True),
        (Condition("due_before", equal=True), {"due_before": None}, False),
        (Condition("due_before", equal=True), {}, False),
        (Condition("due_before", equal=False), {"due_before": False}, True),
        (Condition("kinds", of=("fine",)), {"kinds": ["parking", "fine"]}, True),
        (Condition("kinds", of=("fine",)), {"kinds": ["parking"]}, False),
        (Condition("operator", of=("KRTC", "KLRT")), {"operator": "KLRT"}, True),
        (Condition("hours", least=2), {"hours": 2}, True),
        (Condition("hours", least=2), {"hours": 1}, False),
    ],
)
def test_a_condition_asks_for_what_the_event_carries(condition: Condition, facts: dict[str, Any], is_met: bool) -> None:
    assert condition.is_met(facts) is is_met


def test_a_payment_refunded_in_part_keeps_its_own_hour_s_multiple(database: db.Database) -> None:
    opened(terms(windows=(WEEKEND,), conditions=(Condition("due_before", equal=True),)))
    person = new_uuid()
    paid = pay(person, captured_at="2026-11-06T16:00:00+00:00")
    assert _earned(paid) == 44
    refund(paid, 600)
    assert _earned(paid) == 32
    assert _earned(pay(person, due_before=False)) is None


def _earned(paid: dict[str, Any]) -> int | None:
    with db.unit_of_work() as session:
        return points_for_payment(session, UUID(paid["payment_id"]))
