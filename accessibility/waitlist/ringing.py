"""How often operators on the telephone are rung again for those who wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.waitlist import waits
from accessibility.waitlist.waits import Wait

RUNG_AGAIN: Final = timedelta(hours=1)
RUNG_FOR: Final = 3
"""So many of each line, the first ones, have operators rung again for them: people can be asked only so often."""


def to_ring_again(session: Session, wait: Wait, now: datetime) -> list[str]:
    """Which fleets without a machine are rung again for this one now: for the first of each line, an hour after they
    were asked last, or at once where they take bookings since then."""
    if waits.rank_of(session, wait, now)[0] > RUNG_FOR:
        return []
    values = {"request": wait.request_ids[0], "before": now - RUNG_AGAIN, "now": now}
    return list(session.execute(_TO_RING, values).scalars())


_TO_RING = text(
    """
    SELECT f.code FROM accessibility.fleet AS f
      LEFT JOIN LATERAL (SELECT a.status, a.reason, a.asked_at, a.next_at FROM accessibility.ask AS a
                          WHERE a.request_id = :request AND a.fleet = f.code ORDER BY a.round DESC LIMIT 1) AS last
             ON true
     WHERE f.kind = 'telephone' AND (last.asked_at IS NULL
           OR last.status <> 'by_telephone' AND last.asked_at <= :before
           OR last.reason = 'too_early' AND last.next_at <= :now)
     ORDER BY f.code
    """
)
