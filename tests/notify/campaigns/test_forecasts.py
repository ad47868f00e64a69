"""What an estimate says, and what the cap then does, on the same people who do nothing in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from core import db
from core.ids import parse_typeid
from notify.campaigns import campaigns, forecasts
from notify.campaigns.campaigns import Campaign
from notify.cap.decisions import decide_due
from tests.notify.campaigns.conftest import Desk
from tests.notify.cap.conftest import City
from tests.notify.cap.oracle import BEFORE_DIGEST, GATHERS, Person

PEOPLE, RIVALS, OTHER_TOPICS = 6, 8, 4
# Of a Thursday in Taipei: morning, just before the evening and after it, as people fall asleep, and in the night.
MOMENTS = ("10:00:00", "18:40:00", "18:55:00", "21:59:50", "23:30:00", "03:00:00")
LIVES = tuple(timedelta(hours=hours) for hours in (0.001, 2, 8, 9, 13, 21, 33, 168))
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Chosen:
    """One person: what they chose, how the day has been, and how they take to our topic, last rung so many days ago."""

    cap: int
    night: tuple[int, int]
    zone: str
    digest_at: time
    used: int
    phones: int
    opened: int
    days_silent: int | None


@dataclass(frozen=True)
class Rival:
    """A campaign that waits for some of them (0: not for this one), due now, this evening or tomorrow."""

    topic: int
    priority: int
    life: timedelta
    waited: int
    due: str
    interests: tuple[int, ...]


@dataclass(frozen=True)
class Night:
    """Everything at one moment, and the campaign that is asked about."""

    moment: str
    people: tuple[Chosen, ...]
    rivals: tuple[Rival, ...]
    priority: int
    life: timedelta


def _tuples(each: st.SearchStrategy[Any], size: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, min_size=size, max_size=size).map(tuple)


_CHOSEN = st.builds(
    Chosen,
    cap=st.sampled_from((3, 2, 3, 1, 0)),
    night=st.sampled_from(((22, 7), (0, 0), (22, 7), (9, 12), (1, 9))),
    zone=st.sampled_from(("Asia/Taipei", "Asia/Taipei", "Asia/Tokyo", "America/New_York")),
    digest_at=st.sampled_from((time(19), time(19), time(12, 30), time(6, 30), time(23))),
    used=st.sampled_from((1, 2, 0, 3)),
    phones=st.integers(0, 1),
    opened=st.integers(0, 3),
    days_silent=st.sampled_from((None, 3, 8)),
)
_RIVAL = st.builds(
    Rival,
    topic=st.integers(0, OTHER_TOPICS - 1),
    priority=st.sampled_from((1, 2, 1, 3, 4)),
    life=st.sampled_from(LIVES[1:]),
    waited=st.sampled_from((0, 0, 1, 2)),
    due=st.sampled_from(("now", "now", "evening", "tomorrow")),
    interests=_tuples(st.sampled_from((0, 0, 0, 0, 1, 4)), PEOPLE),
)
_NIGHT = st.builds(
    Night,
    moment=st.sampled_from((*MOMENTS, *MOMENTS[:2])),
    people=_tuples(_CHOSEN, PEOPLE),
    rivals=_tuples(_RIVAL, RIVALS),
    priority=st.sampled_from((2, 1, 3)),
    life=st.sampled_from(LIVES),
)


@pytest.fixture
def city(desk: Desk) -> City:
    return City(topics={"works": desk.topic_id})


@pytest.fixture
def campaign(desk: Desk) -> Campaign:
    campaign_id = parse_typeid("cmp", desk.written()["id"])
    with db.unit_of_work() as session:
        return campaigns.get(session, by=desk.editor.actor, campaign_id=campaign_id)


# The day's last ring is kept from both until the evening, and then it is ours.
_DAY = Night(
    MOMENTS[0],
    (Chosen(2, (0, 0), "Asia/Taipei", time(19), used=1, phones=1, opened=1, days_silent=3),) * PEOPLE,
    (Rival(0, 1, LIVES[-1], 0, "now", (1,) * PEOPLE),),
    priority=2,
    life=LIVES[-1],
)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(night=_NIGHT)
@example(night=_DAY)
def test_what_was_forecast_is_what_the_cap_does(city: City, campaign: Campaign, night: Night) -> None:
    now = datetime.fromisoformat(f"2026-11-05T{night.moment}+08:00")
    city.change(_FORGET)
    city.change("UPDATE notify.subscription SET status = 'ended', ended_at = now(), ended_how = 'citizen' "
                "WHERE status = 'live'")  # fmt: skip
    people = [_person(city, chosen, now) for chosen in night.people]
    for rival in night.rivals:
        _wait(city, rival, people, now)
    asked = replace(campaign, priority=night.priority, deadline=now + night.life)
    with db.unit_of_work() as session:
        foretold = forecasts.counted(session, asked, at=now, now=now)
    ours = city.run(
        [person.id for person in people], topic="works", priority=night.priority, begun_at=now,
        deadline=now + night.life,
        interest={p.id: (c.opened + 1) / 5 for p, c in zip(people, night.people, strict=True)},
    )  # fmt: skip
    for person in people:
        city.change("UPDATE notify.candidate SET not_before = :at WHERE run_id = :run AND person_id = :id",
                    at=person.awake_at(now), run=ours, id=person.id)  # fmt: skip
    became = _live_on(city, ours, now)
    has_phone = {person.id for person, chosen in zip(people, night.people, strict=True) if chosen.phones}
    of = Counter(became.values())
    assert foretold == {
        "audience": PEOPLE, "reachable": len(has_phone), "unreachable": PEOPLE - len(has_phone),
        "asleep_now": sum(person.sleeps(now) for person in people), "expired": of["expired"],
        "capped": of["waiting"] + of["digested"], "would_wait": of["waiting"], "would_digest": of["digested"],
        "would_send_today": sum(status == "sent" and person in has_phone for person, status in became.items()),
    }  # fmt: skip


def _person(city: City, chosen: Chosen, now: datetime) -> Person:
    night = time(chosen.night[0]), time(chosen.night[1])
    (person_id,) = city.people(
        1, phones=chosen.phones, daily_cap=chosen.cap, quiet_from=night[0], quiet_until=night[1],
        timezone=chosen.zone, digest_at=chosen.digest_at,
    )  # fmt: skip
    person = Person(person_id, chosen.cap, *night, ZoneInfo(chosen.zone), chosen.digest_at)
    city.change(
        """
        WITH day AS (INSERT INTO notify.person_day (person_id, day, used) VALUES (:id, :day, :used)),
             liked AS (INSERT INTO notify.interest (person_id, topic_id, sent, opened) VALUES (:id, :topic, 3, :opened))
        INSERT INTO notify.subscription (id, person_id, topic_id, began_at, began_how, last_sent_at)
        VALUES (:id, :id, :topic, :now, 'citizen', :rang_at)
        """,
        id=person_id, day=person.today(now), used=chosen.used, topic=city.topics["works"], opened=chosen.opened,
        now=now - 30 * HOUR, rang_at=None if chosen.days_silent is None else now - 24 * HOUR * chosen.days_silent,
    )  # fmt: skip
    city.subscriptions[person_id, city.topics["works"]] = person_id
    return person


def _wait(city: City, rival: Rival, people: list[Person], now: datetime) -> None:
    meant = {person: level / 4 for person, level in zip(people, rival.interests, strict=True) if level}
    run = city.run(
        [person.id for person in meant], topic=f"other.{rival.topic}", priority=rival.priority, begun_at=now - HOUR,
        deadline=now + rival.life, interest={person.id: interest for person, interest in meant.items()},
    )  # fmt: skip
    for person in meant:
        evening = person.at(person.today(now), person.digest_at) - BEFORE_DIGEST
        due = {"now": now - HOUR, "tomorrow": person.wakes_tomorrow(now)}
        due["evening"] = evening if evening > now and not person.sleeps(evening) else due["tomorrow"]
        city.change(
            "UPDATE notify.candidate SET not_before = :at, waited = :waited WHERE run_id = :run AND person_id = :id",
            at=due[rival.due], waited=rival.waited, run=run, id=person.id,
        )  # fmt: skip


def _live_on(city: City, run: UUID, now: datetime) -> Mapping[UUID, str]:
    """Decide whenever something of the run is due, until it has rung, lies in the inbox, or waits for another day."""
    became: dict[UUID, str] = {}
    ahead = [now]
    while ahead:
        decide_due(min(ahead) + GATHERS)
        rows = city.read("SELECT person_id, status, reason, not_before FROM notify.candidate WHERE run_id = :r", r=run)
        ahead = [row.not_before for row in rows if row.status == "waiting" and row.reason != "cap"]
        for row in rows:
            if row.status != "waiting" or row.reason == "cap":
                became.setdefault(row.person_id, row.status)
    return became


_FORGET = """
    TRUNCATE notify.run, notify.candidate, notify.run_tally, notify.message, notify.delivery, notify.digest_line,
             notify.person_day, notify.interest CASCADE
"""
