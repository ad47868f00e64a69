"""Where a device is, coarsely and only where its owner wants it: for emergencies and for messages about a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import district_shapes
from core.errors import NotFound
from notify.campaigns import consents

# 0.001 degree is about a hundred metres.
DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Position:
    """What is kept: rounded degrees, the district, and since when."""

    latitude: float
    longitude: float
    district: str | None
    at: datetime


def put(
    session: Session, *, person_id: UUID, device_id: UUID, latitude: float, longitude: float, now: datetime
) -> Position:
    """Keep where a device is, rounded; the one before is forgotten. Raises NotFound unless it is the person's."""
    position = Position(
        round(latitude, DECIMALS),
        round(longitude, DECIMALS),
        district_shapes.district_at(latitude=latitude, longitude=longitude),
        now,
    )
    values = {
        "id": device_id, "person_id": person_id, "latitude": position.latitude, "longitude": position.longitude,
        "district": position.district, "now": now,
    }  # fmt: skip
    if session.execute(_PUT, values).scalar() is None:
        raise NotFound
    return position


def forget(session: Session, *, person_id: UUID, device_id: UUID, now: datetime) -> None:
    """Forget where a device is, and its district; what waits for the person because of it is withdrawn. Raises NotFound
    unless it is the person's."""
    if session.execute(_FORGET, {"id": device_id, "person_id": person_id}).scalar() is None:
        raise NotFound
    consents.count(session, consents.withdraw(session, person_id, now))


def of_person(session: Session, person_id: UUID) -> dict[UUID, Position]:
    """Where the person's devices are, as far as it is kept, by device."""
    rows = session.execute(_OF_PERSON, {"person_id": person_id})
    return {row.id: Position(row.latitude, row.longitude, row.district, row.position_at) for row in rows}


_PUT = text(
    """
    UPDATE notify.device SET position = point(:longitude, :latitude), position_at = :now, district = :district
     WHERE id = :id AND person_id = :person_id AND gone_at IS NULL
    RETURNING id
    """
)
_FORGET = text(
    """
    UPDATE notify.device SET position = NULL, position_at = NULL, district = NULL
     WHERE id = :id AND person_id = :person_id AND gone_at IS NULL
    RETURNING id
    """
)
_OF_PERSON = text(
    """
    SELECT id, position[1] AS latitude, position[0] AS longitude, district, position_at FROM notify.device
     WHERE person_id = :person_id AND gone_at IS NULL AND position IS NOT NULL
    """
)
