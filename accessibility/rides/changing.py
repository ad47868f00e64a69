"""Changing a bound ride: the fleet is asked; refused, it stays as it was. One change at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.requests.errors import PickUpInThePast
from accessibility.rides import records, states, telling
from accessibility.rides.errors import ChangeUnderWay, NotChangeable
from accessibility.rides.records import Ride
from core.clock import on_the_wire
from core.ids import new_uuid


def change(
    session: Session,
    ride_id: UUID,
    *,
    rider_id: UUID,
    pick_up_at: datetime | None,
    companions: int | None,
    notes: str | None,
    now: datetime,
) -> Ride:
    """Commit what is to be otherwise; `saga.drive` asks the fleet. What only the driver must know needs nobody's yes.

    Raises NotFound, NotChangeable, ChangeUnderWay, requests.errors.PickUpInThePast.
    """
    wanted = records.ride(session, ride_id, rider_id=rider_id)
    booking = records.locked(session, wanted.booking_id)
    ride = booking.ride(ride_id)
    if ride.status != states.BOUND or ride.cancel_asked_at is not None:
        raise NotChangeable(reason=ride.status)
    if ride.change is not None:
        raise ChangeUnderWay
    if pick_up_at is not None and pick_up_at <= now:
        raise PickUpInThePast
    telling.happened(session, ride, "change_asked", source="rider", now=now)
    if pick_up_at is None and companions is None:
        session.execute(_NOTES, {"rider": rider_id, "id": ride_id, "notes": ride.notes if notes is None else notes})
        session.execute(_TELL_AGAIN, {"rider": rider_id, "ride": ride_id, "telegram": new_uuid()})
    else:
        asked: dict[str, Any] = {"telegram_id": str(new_uuid()), "next_at": on_the_wire(now)}
        if pick_up_at is not None:
            asked["pick_up_at"] = on_the_wire(pick_up_at)
        if companions is not None:
            asked["companions"] = companions
        if notes is not None:
            asked["notes"] = notes
        session.execute(_ASKED, {"rider": rider_id, "id": ride_id, "change": orjson.dumps(asked).decode()})
    session.execute(_SOON, {"id": booking.id, "now": now})
    return records.ride(session, ride_id)


def refused_because(session: Session, before: Ride) -> str | None:
    """Why the fleet did not agree to the change that was asked for last; None: it did, or has not answered."""
    row = session.execute(_LAST, {"ride": before.id}).first()
    return row.data["reason"] if row is not None and row.kind == "change_refused" else None


_LAST = text(
    """
    SELECT kind, data FROM accessibility.ride_event
     WHERE ride_id = :ride AND kind IN ('change_asked', 'changed', 'change_refused') ORDER BY id DESC LIMIT 1
    """
)
_ASKED = text("UPDATE accessibility.ride SET change = CAST(:change AS jsonb) WHERE rider_id = :rider AND id = :id")
_NOTES = text("UPDATE accessibility.ride SET notes = :notes WHERE rider_id = :rider AND id = :id")
_TELL_AGAIN = text(
    """
    UPDATE accessibility.fleet_order
       SET customer_telegram_id = :telegram, customer_told_at = NULL, next_at = NULL, tries = 0
     WHERE rider_id = :rider AND ride_id = :ride AND status = 'bound'
    """
)
_SOON = text("UPDATE accessibility.booking SET next_at = :now WHERE id = :id")
