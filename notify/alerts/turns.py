"""Whose turn it is with an alert: one worker at a time, without a lock on its row, which a duty officer must be able to
change at any moment."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


def take(session: Session, alert_id: UUID) -> bool:
    """Have the turn until the transaction ends; False: somebody else has it."""
    return bool(session.execute(_TAKE, {"alert_id": alert_id}).scalar())


_TAKE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('turn of alert ' || CAST(:alert_id AS text), 0))")
