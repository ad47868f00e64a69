"""What fleets tell unasked: each telegram once, whichever way and how often it comes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.fleets.errors import FleetTelegramWrong
from accessibility.rides import happenings, records, states
from core.errors import FieldError, NotFound
from partners.fleets.contents import TripEvent


def heard(
    session: Session, *, fleet: str, trip: str, telegram_id: UUID, event: TripEvent, now: datetime,
    said_sha256: bytes | None = None,
) -> UUID | None:  # fmt: skip
    """Take what a fleet tells of a trip of ours; the same telegram again changes nothing. Answers the booking about
    which there may now be something to do (`saga.drive`), or None. `said_sha256`: a digest of what it says.

    Raises NotFound for a trip that this fleet was never given, FleetTelegramWrong for an id that stood for other words.
    """
    booking_id = records.booking_of_trip(session, fleet, trip)
    if booking_id is None:
        raise NotFound
    booking = records.locked(session, booking_id)
    values = {
        "fleet": fleet, "id": telegram_id, "trip": trip, "kind": type(event).__name__, "now": now, "said": said_sha256,
    }  # fmt: skip
    if session.execute(_HEARD, values).first() is None:
        before: bytes | None = session.execute(_SAID_BEFORE, values).scalar()
        if before is not None and said_sha256 is not None and before != said_sha256:
            raise FleetTelegramWrong(errors=[FieldError("/id", "id_reused")], reason="id_reused")
        return None
    order = next(each for each in booking.orders if each.trip == trip)
    happenings.apply(session, booking, order.id, event, now)
    session.execute(_SOON, {"id": booking_id, "now": now})
    return booking_id


def code_of(session: Session, trip: str) -> str | None:
    """The four digits that the rider of this trip says to the driver; None: it is not theirs to drive now."""
    found: str | None = session.execute(_CODE, {"trip": trip, "live": [states.BOUND, states.CANCELLING]}).scalar()
    return found


def rider_of(session: Session, trip: str) -> UUID | None:
    """Whose trip this is."""
    found: UUID | None = session.execute(_RIDER, {"trip": trip}).scalar()
    return found


_HEARD = text(
    """
    INSERT INTO accessibility.fleet_telegram (fleet, id, trip, kind, heard_at, said_sha256)
    VALUES (:fleet, :id, :trip, :kind, :now, :said) ON CONFLICT DO NOTHING RETURNING id
    """
)
_SAID_BEFORE = text("SELECT said_sha256 FROM accessibility.fleet_telegram WHERE fleet = :fleet AND id = :id")
_SOON = text("UPDATE accessibility.booking SET next_at = least(next_at, CAST(:now AS timestamptz)) WHERE id = :id")
_CODE = text(
    """
    SELECT r.code FROM accessibility.fleet_order AS o
      JOIN accessibility.ride AS r ON r.rider_id = o.rider_id AND r.id = o.ride_id
     WHERE o.trip = :trip AND o.status = ANY(:live)
    """
)
_RIDER = text("SELECT rider_id FROM accessibility.fleet_order WHERE trip = :trip")
