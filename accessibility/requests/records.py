"""Requests as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.places.place import Place
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class RideRequest:
    """A request for one leg. `wanted_at` is when to be picked up, or to be there; None: when its rider says so."""

    id: UUID
    rider_id: UUID
    asked_by: UUID
    basis: str
    booking_id: UUID
    leg: str
    status: str
    pickup: Place
    dropoff: Place
    stops: tuple[Place, ...]
    time_kind: str
    wanted_at: datetime | None
    window_starts_at: datetime | None
    window_ends_at: datetime | None
    purpose: str
    companions: int
    has_dog: bool
    is_shared: bool
    functions: tuple[str, ...]
    chair: dict[str, Any] | None
    notes: str
    series_id: UUID | None
    asked_at: datetime
    answers_by: datetime | None
    answered_at: datetime | None

    @property
    def way(self) -> tuple[Place, ...]:
        """Every place of it in its order."""
        return (self.pickup, *self.stops, self.dropoff)


def get(session: Session, request_id: UUID, *, rider_id: UUID | None = None) -> RideRequest:
    """A request; with `rider_id` only that person's. Raises NotFound."""
    row = session.execute(_GET, {"id": request_id}).first()
    if row is None or rider_id not in (None, row.rider_id):
        raise NotFound
    return of_row(row)


def locked(session: Session, request_id: UUID) -> RideRequest:
    """A request, locked until the transaction ends. Raises NotFound."""
    row = session.execute(_LOCKED, {"id": request_id}).first()
    if row is None:
        raise NotFound
    return of_row(row)


def of_booking(session: Session, booking_id: UUID, *, rider_id: UUID | None = None) -> list[RideRequest]:
    """The legs that were asked for together, the way there first; with `rider_id` only that person's."""
    rows = session.execute(_OF_BOOKING, {"booking": booking_id}).all()
    return [of_row(row) for row in rows if rider_id in (None, row.rider_id)]


def of_rider(
    session: Session, rider_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None
) -> list[RideRequest]:
    """The requests of a rider, newest first."""
    at, last = before or (None, None)
    rows = session.execute(_OF_RIDER, {"rider": rider_id, "limit": limit, "at": at, "id": last}).all()
    return [of_row(row) for row in rows]


def move(session: Session, request: RideRequest, status: str, *, answers_by: datetime | None = None) -> None:
    """Let a request go on to another state; the database refuses a move that is none."""
    session.execute(_MOVE, {"rider": request.rider_id, "id": request.id, "status": status, "by": answers_by})


def wanted_otherwise(
    session: Session, rider_id: UUID, request_id: UUID, *, pick_up_at: datetime, moved: timedelta, companions: int
) -> None:
    """Its ride is at another time now, by so much (`moved`), or with other companions: whoever is asked for it from now
    on is asked for that."""
    session.execute(
        _OTHERWISE,
        {"rider": rider_id, "id": request_id, "at": pick_up_at, "moved": moved, "companions": companions},
    )  # fmt: skip


def of_row(row: Any) -> RideRequest:
    """A request of a row of the table."""
    return RideRequest(
        row.id, row.rider_id, row.asked_by, row.basis, row.booking_id, row.leg, row.status,
        Place.from_json(row.pickup), Place.from_json(row.dropoff), tuple(Place.from_json(each) for each in row.stops),
        row.time_kind, row.wanted_at, row.window_starts_at, row.window_ends_at, row.purpose, row.companions,
        row.has_dog, row.is_shared, tuple(row.functions), row.chair, row.notes, row.series_id, row.asked_at,
        row.answers_by, row.answered_at,
    )  # fmt: skip


_GET = text("SELECT * FROM accessibility.ride_request WHERE id = :id")
_LOCKED = text("SELECT * FROM accessibility.ride_request WHERE id = :id FOR UPDATE")
_OF_BOOKING = text("SELECT * FROM accessibility.ride_request WHERE booking_id = :booking ORDER BY leg DESC, id")
_OF_RIDER = text(
    """
    SELECT * FROM accessibility.ride_request
     WHERE rider_id = :rider
       AND (CAST(:at AS timestamptz) IS NULL OR (asked_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY asked_at DESC, id DESC LIMIT :limit
    """
)
_MOVE = text(
    "UPDATE accessibility.ride_request SET status = :status, answers_by = :by WHERE rider_id = :rider AND id = :id"
)
_OTHERWISE = text(
    """
    UPDATE accessibility.ride_request AS q
       SET wanted_at = CASE WHEN time_kind = 'will_call' THEN NULL ELSE wanted_at + by.so_much END,
           window_starts_at = window_starts_at + by.so_much, window_ends_at = window_ends_at + by.so_much,
           time_kind = CASE WHEN time_kind = 'asap' AND by.so_much <> interval '0' THEN 'pick_up_at' ELSE time_kind END,
           companions = :companions
      FROM (SELECT CASE WHEN time_kind IN ('pick_up_at', 'asap') AND CAST(:moved AS interval) <> interval '0'
                        THEN CAST(:at AS timestamptz) - wanted_at ELSE CAST(:moved AS interval) END AS so_much
              FROM accessibility.ride_request WHERE rider_id = :rider AND id = :id) AS by
     WHERE q.rider_id = :rider AND q.id = :id
    """
)
