"""What the demo city's people subscribed to, let be used and were offered: live, asked about and ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from notify.topics import facts, judging, life_events, places, standing, subscriptions
from notify.topics.sends import count_sends

_LINGYA, _ZUOYING, _SANMIN, _FENGSHAN, _GUSHAN = "64000080", "64000030", "64000050", "64000120", "64000020"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A subscription: begun so many days ago, sent so many messages on the days named after that. `judged_after` are
    the days on which it is looked at, `stopped_after` the day on which the person stopped it."""

    topic: str
    days_ago: int
    subject: str = ""
    sent_after: tuple[int, ...] = ()
    judged_after: tuple[int, ...] = ()
    stopped_after: int | None = None


@dataclass(frozen=True, slots=True)
class _DemoPerson:
    """What one of the demo people does."""

    taken: tuple[_Taken, ...]
    places: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# In the order of `mobile_mock.demo_people.DEMO_PEOPLE`.
_PEOPLE = (
    _DemoPerson(
        taken=(
            _Taken("traffic.jams", 80, sent_after=(3, 5, 8, 9, 12, 15, 19, 22, 26, 28), judged_after=(29, 45)),
            _Taken("parking.due", 60, sent_after=(20, 41)),
            _Taken("culture.events", 40, sent_after=(6, 20, 33)),
            _Taken("roadworks.near", 12, f"district:{_LINGYA}", sent_after=(2,)),
        ),
        places={"home": _LINGYA, "work": _ZUOYING},
        facts={"has_car": (), "commutes_on": ("freeway-10", "bo-ai-road")},
    ),
    _DemoPerson(
        taken=(
            _Taken("culture.events", 30, sent_after=(4,), stopped_after=6),
            _Taken("traffic.jams", 25, sent_after=(2, 7, 15)),
            _Taken("fines.due", 20),
        ),
        places={"home": _SANMIN},
        facts={"has_car": ()},
    ),
    _DemoPerson(
        taken=(
            _Taken("roadworks.near", 110, f"district:{_GUSHAN}", sent_after=(8, 60), judged_after=(91,)),
            _Taken("culture.events", 70, sent_after=(5, 15, 25, 40, 50, 66), judged_after=(67,)),
            _Taken("access.news", 35, sent_after=(10, 31)),
        ),
        places={"home": _GUSHAN},
        facts={"rider": ()},
    ),
    _DemoPerson(
        taken=(
            _Taken("newborn", 50, sent_after=(1, 8, 30)),
            _Taken("school.news", 45, sent_after=(12,), stopped_after=13),
            _Taken("roadworks.near", 5, f"district:{_FENGSHAN}"),
        ),
        places={"home": _FENGSHAN},
    ),
)


def load(session: Session, person_ids: list[UUID], national_ids: list[str], now: datetime) -> None:
    """Let the demo people's last months happen, and one of them marry."""
    for person_id, person in zip(person_ids, _PEOPLE, strict=True):
        places.put(session, person_id, person.places, now - timedelta(days=120))
        for name, values in person.facts.items():
            facts.allow(session, person_id, name, values, now - timedelta(days=90))
        for taken in person.taken:
            _take(session, person_id, taken, now - timedelta(days=taken.days_ago))
    wedding = {"kind": "marriage_registered", "reference": "demo-1", "at": now - timedelta(days=3),
               "national_id": national_ids[0], "subject": None, "name": None, "district": None}  # fmt: skip
    life_events.receive(session, bureau="civil_affairs", report=wedding, now=now - timedelta(days=2))


def _take(session: Session, person_id: UUID, taken: _Taken, began_at: datetime) -> None:
    mine, _ = subscriptions.begin(
        session, person_id=person_id, topic_code=taken.topic, subject=taken.subject, now=began_at
    )
    for day in sorted({*taken.sent_after, *taken.judged_after}):
        at = began_at + timedelta(days=day)
        if day in taken.sent_after:
            count_sends(session, [mine.id], now=at)
        if day in taken.judged_after:
            judging.judge(session, [standing.locked(session, person_id, mine.id)], at)
    if taken.stopped_after is not None:
        at = began_at + timedelta(days=taken.stopped_after)
        subscriptions.end(session, person_id=person_id, subscription_id=mine.id, now=at)
