"""Who was refused by which fleet: written down from the facts, for the report and for the rider's own eyes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.outbox import Event


def note(session: Session, event: Event, now: datetime) -> None:
    """accessibility.ride_refused: a fleet said no to a rider."""
    told = event.payload
    session.execute(
        _INSERT,
        {"rider": UUID(told["rider_id"]), "id": event.id, "request": UUID(told["request_id"]), "fleet": told["fleet"],
         "reason": told["reason"], "at": event.recorded_at},
    )  # fmt: skip


_INSERT = text(
    """
    INSERT INTO accessibility.refusal (rider_id, id, request_id, fleet, reason, at)
    VALUES (:rider, :id, :request, :fleet, :reason, :at) ON CONFLICT DO NOTHING
    """
)
