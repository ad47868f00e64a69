"""What a citizen allows to be used for choosing who is told. What is taken back is deleted, at once.

Health and disability are sensitive (Personal Data Protection Act, article 6): they narrow only the audiences of topics
for which a second person has approved it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidRequest, NotFound
from core.text import Text
from identity import people
from notify.campaigns import consents


@dataclass(frozen=True, slots=True)
class FactKind:
    """A fact that may be allowed. `choices` are the values that a person may name, by their codes; a fact without any
    is simply true. `vehicles` are the kinds of vehicle from which it is derived instead of being told."""

    label: Text
    used_for: Text
    is_sensitive: bool = False
    choices: Mapping[str, Text] = field(default_factory=dict)
    vehicles: frozenset[str] = frozenset()

    @property
    def is_derived(self) -> bool:
        """Whether the city knows it already and needs only the permission."""
        return bool(self.vehicles)


FACTS: Final[dict[str, FactKind]] = {
    "has_car": FactKind(
        Text("我有汽車", "I have a car"),
        Text("只把開車的人需要的訊息送給您。", "For messages that only drivers need."),
        vehicles=frozenset({"car", "large"}),
    ),
    "has_motorcycle": FactKind(
        Text("我有機車", "I have a motorcycle"),
        Text("只把騎車的人需要的訊息送給您。", "For messages that only riders of motorcycles need."),
        vehicles=frozenset({"motorcycle"}),
    ),
    "commutes_on": FactKind(
        Text("我常走的路線", "The routes that I take"),
        Text("只在您走的路線有狀況時告訴您。", "For messages about just these routes."),
        choices={
            "metro-red": Text("捷運紅線", "Metro, red line"),
            "metro-orange": Text("捷運橘線", "Metro, orange line"),
            "light-rail": Text("環狀輕軌", "Circular light rail"),
            "tra": Text("臺鐵", "Railway (TRA)"),
            "freeway-1": Text("國道 1 號", "Freeway 1"),
            "freeway-10": Text("國道 10 號", "Freeway 10"),
            "expressway-88": Text("快速公路台 88 線", "Expressway 88"),
            "provincial-17": Text("台 17 線", "Provincial highway 17"),
            "zhongshan-road": Text("中山路", "Zhongshan Road"),
            "bo-ai-road": Text("博愛路", "Bo'ai Road"),
            "cross-harbour": Text("過港隧道", "Cross-harbour tunnel"),
            "cijin-ferry": Text("旗津渡輪", "Cijin ferry"),
        },
    ),
    "rider": FactKind(
        Text("我使用復康巴士", "I use the accessible buses"),
        Text("只把無障礙服務的消息送給您。這是敏感資料。", "For news of accessible services. This is sensitive."),
        is_sensitive=True,
    ),
}
SENSITIVE: Final = frozenset(name for name, kind in FACTS.items() if kind.is_sensitive)


@dataclass(frozen=True, slots=True)
class AllowedFact:
    """A fact as a person left it: allowed since when, and what is known by it now."""

    name: str
    allowed_at: datetime | None
    values: tuple[str, ...]


def facts_of(session: Session, person_id: UUID) -> list[AllowedFact]:
    """Every fact that could be allowed, and what this person allowed."""
    known = {row.name: row for row in session.execute(_OF, {"person_id": person_id})}
    return [
        AllowedFact(name, known[name].allowed_at, tuple(known[name].values))
        if name in known
        else AllowedFact(name, None, ())
        for name in FACTS
    ]


def allow(session: Session, person_id: UUID, name: str, values: Sequence[str], now: datetime) -> AllowedFact:
    """From now on this fact may be used, with these values in place of what was said before.

    Raises NotFound for a fact that there is not, InvalidRequest for values that it does not take.
    """
    kind = _kind(name)
    if not set(values) <= kind.choices.keys() or (kind.choices and not values):
        raise InvalidRequest(errors=[FieldError("/values", "not what this fact takes: see its choices")])
    session.execute(_ALLOW, {"person_id": person_id, "name": name, "now": now})
    if kind.is_derived:
        derive(session, person_id, now)
    else:
        _write(session, person_id, name, sorted(set(values)) or [""], "citizen", now)
    consents.count(session, consents.withdraw(session, person_id, now))
    return next(fact for fact in facts_of(session, person_id) if fact.name == name)


def take_back(session: Session, person_id: UUID, name: str, now: datetime) -> None:
    """This fact may not be used any more, and is deleted; what waits for them because of it is withdrawn. Raises
    NotFound for a fact that there is not."""
    _kind(name)
    for statement in (_FORGET, _FORBID):
        session.execute(statement, {"person_id": person_id, "name": name})
    consents.count(session, consents.withdraw(session, person_id, now))


def derive(session: Session, person_id: UUID, now: datetime) -> None:
    """Bring what the city knows of the person's vehicles to what the person allowed to be used of it."""
    allowed = set(session.execute(_ALLOWED, {"person_id": person_id}).scalars())
    held = {vehicle for _, vehicle in people.vehicles_of(session, person_id)}
    for name, kind in FACTS.items():
        if kind.is_derived and name in allowed:
            _write(session, person_id, name, [""] if held & kind.vehicles else [], "identity", now)


def _kind(name: str) -> FactKind:
    if name not in FACTS:
        raise NotFound
    return FACTS[name]


def _write(session: Session, person_id: UUID, name: str, values: Sequence[str], source: str, now: datetime) -> None:
    about = {"person_id": person_id, "name": name}
    session.execute(_FORGET, about)
    session.execute(_WRITE, about | {"values": list(values), "source": source, "now": now})


_OF = text(
    """
    SELECT p.name, p.allowed_at,
           array(SELECT f.value FROM notify.fact f WHERE f.person_id = p.person_id AND f.name = p.name
                  ORDER BY f.value) AS values
      FROM notify.fact_permission p WHERE p.person_id = :person_id
    """
)
_ALLOW = text(
    "INSERT INTO notify.fact_permission (person_id, name, allowed_at) VALUES (:person_id, :name, :now) "
    "ON CONFLICT (person_id, name) DO UPDATE SET allowed_at = excluded.allowed_at"
)
_ALLOWED = text("SELECT name FROM notify.fact_permission WHERE person_id = :person_id FOR SHARE")
_FORBID = text("DELETE FROM notify.fact_permission WHERE person_id = :person_id AND name = :name")
_FORGET = text("DELETE FROM notify.fact WHERE person_id = :person_id AND name = :name")
_WRITE = text(
    """
    INSERT INTO notify.fact (person_id, name, value, source, allowed_at)
    SELECT :person_id, :name, value, :source, :now FROM unnest(CAST(:values AS text[])) AS value
    """
)
