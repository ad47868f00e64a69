"""A rider's favourite places: named by them, to the door, with what a driver must know to find it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.places.place import Place
from core.errors import Conflict, NotFound, PreconditionFailed
from core.ids import new_uuid
from core.text import Text

MOST: Final = 50


class TooManyFavourites(Conflict):
    slug = "too-many-favourite-places"
    title = Text("常用地點已滿", "The list of favourite places is full")
    explanation = Text(
        "最多 50 個常用地點。請先刪掉不用的。", "There is room for 50 places. Please delete one that you do not use."
    )


@dataclass(frozen=True, slots=True)
class Favourite:
    """A place that a rider saved under a name of theirs."""

    id: UUID
    rider_id: UUID
    name: str
    place: Place
    version: int


def of_rider(session: Session, rider_id: UUID) -> list[Favourite]:
    """All of them, in the order in which they were saved; there are at most `MOST`."""
    return [_favourite(row) for row in session.execute(_OF_RIDER, {"rider": rider_id}).all()]


def get(session: Session, rider_id: UUID, favourite_id: UUID) -> Favourite:
    """One of this rider's. Raises NotFound."""
    row = session.execute(_ONE, {"rider": rider_id, "id": favourite_id}).one_or_none()
    if row is None:
        raise NotFound
    return _favourite(row)


def save(session: Session, rider_id: UUID, name: str, place: Place, *, now: datetime) -> Favourite:
    """Keep a place under a name. Raises TooManyFavourites."""
    session.execute(_ONE_AT_A_TIME, {"rider": str(rider_id)})
    if session.execute(_COUNT, {"rider": rider_id}).scalar_one() >= MOST:
        raise TooManyFavourites
    new = {"rider": rider_id, "id": new_uuid(), "name": name, "place": orjson.dumps(place.as_json()).decode()}
    return _favourite(session.execute(_ADD, {**new, "now": now}).one())


def change(session: Session, rider_id: UUID, favourite_id: UUID, *, name: str, place: Place, version: int) -> Favourite:
    """Another name or place, by somebody who has read that version. Raises NotFound, PreconditionFailed."""
    new = {"rider": rider_id, "id": favourite_id, "name": name, "place": orjson.dumps(place.as_json()).decode()}
    row = session.execute(_CHANGE, {**new, "version": version}).one_or_none()
    if row is None:
        get(session, rider_id, favourite_id)
        raise PreconditionFailed
    return _favourite(row)


def remove(session: Session, rider_id: UUID, favourite_id: UUID) -> None:
    """Forget a place. Raises NotFound."""
    if session.execute(_REMOVE, {"rider": rider_id, "id": favourite_id}).first() is None:
        raise NotFound


def _favourite(row: Any) -> Favourite:
    return Favourite(row.id, row.rider_id, row.name, Place.from_json(row.place), row.version)


_OF_RIDER = text("SELECT * FROM accessibility.favourite_place WHERE rider_id = :rider ORDER BY saved_at, id")
_ONE = text("SELECT * FROM accessibility.favourite_place WHERE rider_id = :rider AND id = :id")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('favourite_place ' || :rider, 0))")
_COUNT = text("SELECT count(*) FROM accessibility.favourite_place WHERE rider_id = :rider")
_ADD = text(
    """
    INSERT INTO accessibility.favourite_place (rider_id, id, name, version, place, saved_at)
    VALUES (:rider, :id, :name, 1, CAST(:place AS jsonb), :now) RETURNING *
    """
)
_CHANGE = text(
    """
    UPDATE accessibility.favourite_place
       SET name = :name, place = CAST(:place AS jsonb), version = version + 1
     WHERE rider_id = :rider AND id = :id AND version = :version RETURNING *
    """
)
_REMOVE = text("DELETE FROM accessibility.favourite_place WHERE rider_id = :rider AND id = :id RETURNING id")
