"""In any week, what sends every day rings at least once, however loud the rest is, also with a single ring a day.

Each morning leaves one ring for the day, or where there is only one, none: so many leftovers that were not heard yet
ring then. Lived through in the reckoning of `oracle.py` alone, which `test_race.py` holds to the program: so it takes
no time.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.notify.cap.oracle import GATHERS, Candidate, Person, Run, Subscription, World

MONDAY = datetime.fromisoformat("2026-11-09T00:00:00+08:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = 7 * DAY


@settings(max_examples=20, deadline=None, derandomize=True)
@given(cap=st.integers(1, 5), urgent=st.integers(0, 6), priority=st.integers(1, 2), data=st.data())
def test_what_sends_every_day_rings_in_a_week_however_loud_the_others_are(
    cap: int, urgent: int, priority: int, data: st.DataObject
) -> None:
    mornings = 6 * max(cap - 1, 1)
    size = data.draw(st.sampled_from((mornings, 1)) | st.integers(1, mornings), label="subscriptions that send daily")
    hours = data.draw(st.lists(st.integers(8, 20), min_size=size, max_size=size), label="at which hour")
    likes = data.draw(st.lists(st.integers(1, 8), min_size=size, max_size=size), label="how much they are opened")
    alarm = data.draw(st.integers(8, 20), label="when the urgent come")
    world, heard, loud = World(), [Subscription() for _ in range(size)], Subscription(rang_at=MONDAY)
    person = Person(UUID(int=0), cap, time(22), time(7), ZoneInfo("Asia/Taipei"), time(19))
    number = 0
    for day in range(7):
        for half in range(14, 48):
            now = MONDAY + day * DAY + half * HOUR / 2
            due = [(each, priority, like, WEEK) for each, hour, like in zip(heard, hours, likes, strict=True)
                   if half == 2 * hour]  # fmt: skip
            due += [(loud, 4, 8, 3 * HOUR)] * (urgent if half == 2 * alarm else 0)
            for subscription, steps, like, life in due:
                number += 1
                run = Run(UUID(int=number), steps, now, now + life)
                world.candidates.append(Candidate(run, person, subscription, like / 8, person.awake_at(now)))
            world.decide(now + GATHERS)
            for minutes in (5, 20):
                world.decide(now + GATHERS + timedelta(minutes=minutes))
    assert all(subscription.rang_at is not None for subscription in heard)
    assert max(person.used.values()) <= cap
