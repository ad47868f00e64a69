"""A week in which bureaus send more than anybody wants: nothing is left behind, and no subscription stays unheard."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import LATER, NOW, WEEK, City

MONDAY = datetime.fromisoformat("2026-11-09T00:00:00+08:00")
GATHERED = timedelta(seconds=16)
DAY = timedelta(days=1)
LIVES = {4: timedelta(hours=3), 3: timedelta(hours=10), 2: 3 * DAY, 1: WEEK}


def test_in_a_week_nothing_lapses_unseen_and_every_subscription_is_heard(city: City) -> None:
    people, chance = city.people(40), random.Random(5)
    offered: dict[tuple[UUID, UUID], datetime] = {}
    deadlines: dict[UUID, datetime] = {}
    for day in range(7):
        for hour in (7, 9, 12, 18, 18.84, 19):
            at = MONDAY + day * DAY + timedelta(hours=hour)
            loud = [(f"loud.{chance.randrange(5)}", chance.choice((2, 2, 3, 4))) for _ in range(2) if hour in (9, 12)]
            low = [(f"quiet.{day}", 1)] if hour == 9 and day < 3 else []
            for topic, priority in loud + low:
                audience = chance.sample(people, 30)
                run = city.run(audience, topic=topic, priority=priority, begun_at=at, deadline=at + LIVES[priority])
                offered |= {(city.subscription(person, topic), run): at for person in audience}
                deadlines[run] = at + LIVES[priority]
            decide_due(at + GATHERED)
            left = city.read("SELECT DISTINCT run_id FROM notify.candidate WHERE status = 'waiting'")
            assert all(deadlines[row.run_id] > at for row in left)
    became = {
        (row.subscription_id, row.run_id): row.status
        for row in city.read("SELECT subscription_id, run_id, status FROM notify.candidate")
    }
    assert set(became.values()) == {"sent", "digested", "waiting"}
    told = {subscription for (subscription, _), status in became.items() if status in ("sent", "digested")}
    assert told >= {subscription for (subscription, _), at in offered.items() if at < MONDAY + 3 * DAY}
    quiet = {city.subscriptions[pair] for pair in city.subscriptions if pair[1] in _quiet_topics(city)}
    rang = {subscription for (subscription, _), status in became.items() if status == "sent"}
    assert quiet and rang >= quiet
    assert max(row.used for row in city.read("SELECT used FROM notify.person_day")) == 3


def test_what_has_waited_comes_before_what_is_new(city: City) -> None:
    for waited in (2, 3):
        (person,) = city.people(1, daily_cap=1)
        low = city.run([person], topic="low", priority=1)
        new = city.run([person], topic="new", priority=2, interest=1.0)
        city.change("UPDATE notify.candidate SET waited = :n WHERE run_id = :run", n=waited, run=low)
        city.change("INSERT INTO notify.person_day (person_id, day, used) VALUES (:id, '2026-11-05', 0)", id=person)
        city.change("UPDATE notify.preference SET digest_at = '08:00' WHERE person_id = :id", id=person)
        decide_due(LATER)
        assert city.sent()[person] == {low}
        assert city.standing(new, person) == ("waiting", "cap")


def test_a_subscription_unheard_for_a_week_has_one_step_more_and_waits_for_the_morning(city: City) -> None:
    people = city.people(2, daily_cap=1)
    heard, unheard = (city.run(people, topic=topic, interest=n) for topic, n in (("heard", 1.0), ("unheard", 0.1)))
    urgent = city.run(people[1:], topic="urgent", priority=4)
    for topic, ago in (("heard", timedelta(days=6)), ("unheard", timedelta(days=8))):
        for person in people:
            city.change(
                "UPDATE notify.subscription SET last_sent_at = :at WHERE id = :id",
                id=city.subscription(person, topic), at=NOW - ago,
            )  # fmt: skip
    decide_due(LATER)
    assert city.sent() == {people[0]: {unheard}, people[1]: {urgent}}
    hours = {
        row.run_id: row.not_before
        for row in city.read("SELECT run_id, not_before FROM notify.candidate WHERE person_id = :id", id=people[1])
    }
    assert hours[unheard] == datetime.fromisoformat("2026-11-06T07:00:00+08:00")
    assert hours[heard] == datetime.fromisoformat("2026-11-06T18:50:00+08:00")


def test_of_what_is_left_over_the_unheard_takes_the_only_ring_of_the_morning_and_the_heard_leaves_it(
    city: City,
) -> None:
    unheard, heard = people = city.people(2, daily_cap=1)
    left = city.run(people, topic="left")
    city.change("UPDATE notify.subscription SET last_sent_at = :at WHERE person_id = :id", at=NOW - DAY, id=heard)
    city.change("UPDATE notify.candidate SET waited = 1 WHERE run_id = :run", run=left)
    decide_due(LATER)
    assert city.sent() == {unheard: {left}}
    assert city.standing(left, heard) == ("waiting", "evening")


def _quiet_topics(city: City) -> set[int]:
    return {topic_id for code, topic_id in city.topics.items() if code.startswith("quiet")}
