"""What waits for the desk because a limit would be exceeded: one officer looks, and releases or refuses it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from identity.actors import Actor
from points import limits, tender
from points.till import redemptions
from points.till.errors import NotNow


def release(session: Session, redemption_id: UUID, *, officer: Actor, now: datetime) -> None:
    """Let the points go to the merchant after all; it counts against the limits. Again does nothing.

    Raises NotNow, NotFound.
    """
    row = _held(session, redemption_id, "done", now)
    if row is not None:
        limits.count(session, redemptions.subjects(row), row.points, now)
        tender.spend(session, payment_id=redemption_id, now=now)
        redemptions.move(session, row, "done", reason=row.reason, by=officer.id, now=now)


def refuse(session: Session, redemption_id: UUID, *, officer: Actor, now: datetime) -> None:
    """Give the points back to the person. Again does nothing. Raises NotNow, NotFound."""
    row = _held(session, redemption_id, "refused", now)
    if row is not None:
        redemptions.let_go(session, row, "refused", reason="desk", by=officer.id, now=now)


def _held(session: Session, redemption_id: UUID, wanted: str, now: datetime) -> Any:
    row = redemptions.locked(session, redemption_id)
    if row.status == wanted and row.decided_by is not None:
        return None
    if row.status != "held":
        raise NotNow(status=row.status)
    if row.answer_by <= now:
        raise NotNow(status="expired")
    return row
