"""Taking back that a van is out or a driver away; and drivers' names."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import roster
from core.errors import NotFound


def take_back(session: Session, absence_id: UUID, now: datetime) -> None:
    """From now on it does not count any more. Raises NotFound, also for one that is over."""
    roster.take_turns(session)
    if session.execute(_TAKE_BACK, {"id": absence_id, "now": now}).first() is None:
        raise NotFound


def names_of_drivers(session: Session) -> dict[str, str]:
    """Every driver's name by number, those who have left too."""
    rows = session.execute(text("SELECT number, name FROM accessibility.van_driver"))
    return {row.number: row.name for row in rows}


_TAKE_BACK = text(
    """
    UPDATE accessibility.van_absence SET ended_at = :now
     WHERE id = :id AND ended_at IS NULL AND ends_at > :now RETURNING id
    """
)
