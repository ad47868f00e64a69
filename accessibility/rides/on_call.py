"""Being ready for the way back, being at the door, and a vehicle that never came: what the rider says on the day."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import records as requests
from accessibility.rides import legs, records, states, telling
from accessibility.rides.errors import NotOnCall, NotYetMissing, NoVehicleAwaited
from accessibility.rides.records import Ride
from core.clock import on_the_wire

_READY_WITHIN = timedelta(minutes=90)
_AT_DOOR_BEFORE = timedelta(minutes=30)
_SAID_FOR = timedelta(minutes=5)


def ready(session: Session, ride_id: UUID, *, rider_id: UUID, now: datetime) -> Ride:
    """The rider is ready to go back: `saga.drive` asks every fleet and takes the best by their own order. Where nobody
    is free the ride waits again, and is asked for again. Raises NotFound, NotOnCall."""
    wanted = records.ride(session, ride_id, rider_id=rider_id)
    booking = records.locked(session, wanted.booking_id)
    ride = booking.ride(ride_id)
    if ride.status in (states.HOLDING, states.BOUND) and ride.is_on_call:
        return ride
    if ride.status != states.WILL_CALL:
        raise NotOnCall
    if ride.seek_round == 0:
        telling.happened(session, ride, "ready", source="rider", now=now)
    requests.locked(session, ride.request_id)
    values = {"rider": rider_id, "id": ride.request_id, "now": now, "until": now + _READY_WITHIN}
    session.execute(_ASKED_NOW, values)
    session.execute(_READY, {"rider": rider_id, "id": ride_id})
    session.execute(_SOON, {"id": booking.id, "now": now})
    return records.ride(session, ride_id)


def at_door(session: Session, ride_id: UUID, *, rider_id: UUID, now: datetime) -> Ride:
    """The rider is at the door: it stands in the ride's history, for whoever asks later who was where; said again
    within minutes, it stands there once. Raises NotFound, NoVehicleAwaited."""
    wanted = records.ride(session, ride_id, rider_id=rider_id)
    ride = records.locked(session, wanted.booking_id).ride(ride_id)
    if ride.status not in states.COMING:
        raise NoVehicleAwaited(from_at=None)
    from_at = at_door_from(ride)
    if from_at is not None and now < from_at:
        raise NoVehicleAwaited(from_at=on_the_wire(from_at))
    said = [each.at for each in telling.history(session, ride_id) if each.kind == "rider_at_door"]
    if not said or max(said) < now - _SAID_FOR:
        telling.happened(session, ride, "rider_at_door", source="rider", now=now)
        # Its fleet is told with the next question how it stands, which is now.
        session.execute(_ASKED_AFTER, {"rider": rider_id, "ride": ride.id, "now": now})
        session.execute(_SOON, {"id": ride.booking_id, "now": now})
    return ride


def at_door_since(session: Session, ride: Ride, now: datetime) -> datetime | None:
    """Since when the rider of a vehicle that is still to come says that they are at the door; None: they do not."""
    from_at = at_door_from(ride)
    if ride.status not in states.COMING or (from_at is not None and now < from_at):
        return None
    said: datetime | None = session.execute(_SAID_AT, {"ride": ride.id}).scalar()
    return said


def at_door_from(ride: Ride) -> datetime | None:
    """From when a rider may say that they are at the door: half an hour before the promised time."""
    begins = ride.window_starts_at or ride.pick_up_at
    return None if begins is None else begins - _AT_DOOR_BEFORE


def vehicle_missing(session: Session, ride_id: UUID, *, rider_id: UUID, now: datetime) -> Ride:
    """The promised time is over and no vehicle is there: its fleet is left, and every other is asked.

    Raises NotFound, NotYetMissing.
    """
    wanted = records.ride(session, ride_id, rider_id=rider_id)
    booking = records.locked(session, wanted.booking_id)
    ride = booking.ride(ride_id)
    if ride.status == states.RESEEKING:
        return ride
    if ride.status not in states.COMING or ride.window_ends_at is None:
        raise NotYetMissing(from_at=None)
    if now < ride.window_ends_at:
        raise NotYetMissing(from_at=on_the_wire(ride.window_ends_at))
    telling.happened(session, ride, "vehicle_missing", source="rider", now=now)
    telling.publish(session, events.RIDE_NO_SHOW, ride, now=now, by="fleet")
    order = booking.live_order(ride)
    if order is not None:
        if order.status == states.CANCELLING:
            raise NotYetMissing(from_at=None)
        legs.give_back(session, order, "vehicle_missing")
    legs.reseek(session, booking, ride, "vehicle_missing", source="rider", now=now)
    session.execute(_SOON, {"id": booking.id, "now": now})
    return records.ride(session, ride_id)


_ASKED_NOW = text(
    """
    UPDATE accessibility.ride_request
       SET window_starts_at = :now, window_ends_at = :until, answers_by = NULL WHERE rider_id = :rider AND id = :id
    """
)
_READY = text(
    "UPDATE accessibility.ride SET status = 'holding', candidates = NULL WHERE rider_id = :rider AND id = :id"
)
_SAID_AT = text("SELECT min(at) FROM accessibility.ride_event WHERE ride_id = :ride AND kind = 'rider_at_door'")
_ASKED_AFTER = text(
    """
    UPDATE accessibility.fleet_order SET next_at = least(next_at, CAST(:now AS timestamptz))
     WHERE rider_id = :rider AND ride_id = :ride AND status = 'bound' AND customer_told_at IS NOT NULL
    """
)
_SOON = text("UPDATE accessibility.booking SET next_at = :now WHERE id = :id")
