"""The ride that something is said about, if it is over and not too long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.after.errors import RideNotDone, TooLongAgo
from core.errors import NotFound


def over(session: Session, rider_id: UUID, ride_id: UUID, *, within: timedelta, now: datetime) -> Any:
    """The rider's ride (id, fleet, pick_up_at, done_at, booking_id). Raises NotFound, RideNotDone, TooLongAgo."""
    row = session.execute(_RIDE, {"rider": rider_id, "ride": ride_id}).first()
    if row is None:
        raise NotFound
    if row.status != "done":
        raise RideNotDone
    if row.ended_at is not None and now - row.ended_at > within:
        raise TooLongAgo
    return row


_RIDE = text(
    """
    SELECT id, booking_id, fleet, pick_up_at, status, coalesce(done_at, ended_at) AS ended_at
      FROM accessibility.ride WHERE rider_id = :rider AND id = :ride
    """
)
