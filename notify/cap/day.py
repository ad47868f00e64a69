"""How a person's day stands: how often it has rung, how often it may, and how much waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.cap.preferences import preferences_of


@dataclass(frozen=True, slots=True)
class Day:
    """A day on the person's own calendar. `waiting` counts the messages of campaigns that wait for their turn."""

    day: date
    used: int
    cap: int
    waiting: int


def day_of(session: Session, person_id: UUID, now: datetime) -> Day:
    """The person's present day."""
    chosen = preferences_of(session, person_id)
    today = now.astimezone(ZoneInfo(chosen.timezone)).date()
    row = session.execute(_DAY, {"person_id": person_id, "day": today}).one()
    return Day(today, row.used, chosen.daily_cap, row.waiting)


_DAY = text(
    """
    SELECT coalesce((SELECT used FROM notify.person_day WHERE person_id = :person_id AND day = :day), 0) AS used,
           (SELECT count(*) FROM notify.candidate c JOIN notify.run r ON r.id = c.run_id AND r.status = 'deciding'
             WHERE c.person_id = :person_id AND c.status = 'waiting') AS waiting
    """
)
