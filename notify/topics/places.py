"""The districts in which a person lives, works and learns, as far as they chose to say so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.campaigns import consents
from notify.topics import judging
from notify.topics.endings import Moved

KINDS: Final = ("home", "work", "school")


def places_of(session: Session, person_id: UUID) -> dict[str, str | None]:
    """The person's district of each kind of place, or None."""
    known = {row.kind: row.district for row in session.execute(_OF, {"person_id": person_id})}
    return {kind: known.get(kind) for kind in KINDS}


def put(session: Session, person_id: UUID, wanted: Mapping[str, str | None], now: datetime) -> dict[str, str | None]:
    """Write down the person's places as they now say they are; what they leave out is deleted. Subscriptions about a
    district in which none of their places is any more end, and what waits for them because of one is withdrawn."""
    session.execute(_TURN, {"key": f"notify.places {person_id}"})
    before = {district for district in places_of(session, person_id).values() if district}
    for kind in KINDS:
        district = wanted.get(kind)
        values = {"person_id": person_id, "kind": kind}
        if district is None:
            session.execute(_FORGET, values)
        else:
            session.execute(_PUT, values | {"district": district, "now": now})
    withdrawn = consents.withdraw(session, person_id, now)
    left = frozenset(before - {district for district in wanted.values() if district})
    if left:
        affected = judging.in_districts(session, person_id, left)
        judging.judge(session, affected, now, Moved(left, "places"))
    consents.count(session, withdrawn)
    return places_of(session, person_id)


def move_home(session: Session, person_id: UUID, district: str, now: datetime) -> None:
    """The household register tells that the person has moved: only where they had said where they live."""
    known = places_of(session, person_id)
    if known["home"] is not None:
        put(session, person_id, known | {"home": district}, now)


_OF = text("SELECT kind, district FROM notify.place WHERE person_id = :person_id")
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_FORGET = text("DELETE FROM notify.place WHERE person_id = :person_id AND kind = :kind")
_PUT = text(
    """
    INSERT INTO notify.place (person_id, kind, district, agreed_at) VALUES (:person_id, :kind, :district, :now)
    ON CONFLICT (person_id, kind) DO UPDATE SET district = excluded.district, agreed_at = excluded.agreed_at
     WHERE notify.place.district <> excluded.district
    """
)
