"""What drivers reported and nobody has taken care of yet: the desk sees it at once, and writes down what it did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from identity.actors import Actor

_SHOWN_FOR: Final = timedelta(hours=24)
_MOST: Final = 100


def open_now(session: Session, now: datetime) -> list[Any]:
    """Incidents of the last day that nobody has taken care of, the newest first, with whom to ring."""
    values = {"since": now - _SHOWN_FOR, "most": _MOST}
    return list(session.execute(_INCIDENTS, values).all())


def handle(session: Session, officer: Actor, event_id: UUID, note: str, now: datetime) -> None:
    """This one is taken care of. Done twice, the first stays. Raises NotFound."""
    if session.execute(_IS_INCIDENT, {"id": event_id}).scalar() is None:
        raise NotFound
    session.execute(_HANDLE, {"id": event_id, "now": now, "officer": officer.id, "note": note})


_INCIDENTS = text(
    """
    SELECT e.id, e.at, e.data ->> 'incident' AS kind, e.reason AS note, v.number, v.latitude, v.longitude, v.seen_at,
           d.name AS driver_name, d.phone AS driver_phone
      FROM accessibility.van_event AS e
      JOIN accessibility.van AS v ON v.id = e.van_id
      JOIN accessibility.van_tour AS t ON t.id = e.tour_id
      JOIN accessibility.van_driver AS d ON d.id = t.driver_id
     WHERE e.kind = 'incident' AND e.at > :since
       AND NOT EXISTS (SELECT FROM accessibility.van_incident_handled AS h WHERE h.event_id = e.id)
     ORDER BY e.at DESC, e.id DESC LIMIT :most
    """
)
_IS_INCIDENT = text("SELECT 1 FROM accessibility.van_event WHERE id = :id AND kind = 'incident'")
_HANDLE = text(
    """
    INSERT INTO accessibility.van_incident_handled (event_id, at, officer_id, note)
    VALUES (:id, :now, :officer, :note) ON CONFLICT DO NOTHING
    """
)
