"""Who comes first, how often the fleets are asked, and until when somebody may think about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from accessibility.waitlist import line
from accessibility.waitlist.line import Rule

RULE = Rule(frozenset({"medical"}), timedelta(minutes=15), "a rule")


def test_an_hour_is_taipei_s_whatever_the_clock_of_the_server() -> None:
    assert line.slot_of(datetime(2026, 11, 22, 17, 59, tzinfo=UTC)) == "2026-11-23T01"


def test_purposes_of_the_rule_come_first_and_all_others_are_alike() -> None:
    assert [line.place_in_rule(each, RULE) for each in ("medical", "work", "school", "other")] == [0, 1, 1, 1]


def test_pauses_grow_and_get_short_again_as_the_hour_comes_near() -> None:
    far = timedelta(days=3)
    assert [line.pause(tries, far) for tries in range(1, 8)] == [
        timedelta(minutes=each) for each in (2, 4, 8, 15, 30, 30, 30)
    ]
    assert line.pause(9, timedelta(hours=2)) == timedelta(minutes=15)
    assert line.pause(9, timedelta(minutes=4)) == line.pause(9, -far) == timedelta(minutes=1)


@pytest.mark.parametrize(("ahead", "minutes"), [(600, 15), (30, 10), (21, 2), (-5, 2)])
def test_an_offer_is_kept_as_the_rule_says_and_not_up_to_the_ride(ahead: int, minutes: int) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert line.accept_by(now, now + timedelta(minutes=ahead), RULE) == now + timedelta(minutes=minutes)


def test_ranks_are_alike_in_three_bands() -> None:
    assert [line.band_of(rank) for rank in (1, 2, 4, 5, 99)] == [1, 2, 2, 3, 3]


def test_a_holiday_is_no_workday() -> None:
    monday = date(2026, 9, 28)
    assert line.is_workday(monday, ()) and not line.is_workday(monday, [monday])
    assert not line.is_workday(date(2026, 9, 27), ())
