"""On the evening before: every bound ride of the next day, told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from accessibility import events
from core import db, outbox
from core.clock import TAIPEI, on_the_wire

HOURS: Final = range(18, 21)
"""In Taipei; before that many still book, after that people sleep."""
_MOST: Final = 500


def remind(now: datetime) -> int:
    """The sweep: in the evening, remind of the rides of tomorrow that nobody was reminded of. Answers how many."""
    local = now.astimezone(TAIPEI)
    if local.hour not in HOURS:
        return 0
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"now": now, "first": midnight + timedelta(days=1), "last": midnight + timedelta(days=2), "limit": _MOST}
    with db.unit_of_work() as session:
        rows = session.execute(_REMIND, values).all()
        told = [
            {"ride_id": str(row.id), "rider_id": str(row.rider_id), "booking_id": str(row.booking_id),
             "fleet": row.fleet, "pick_up_at": on_the_wire(row.pick_up_at), "leg": row.leg}
            for row in rows
        ]  # fmt: skip
        outbox.record_all(session, events.RIDE_TOMORROW, told, now=now)
    return len(rows)


# What was booked this evening its rider knows.
_REMIND = text(
    """
    WITH due AS (
        SELECT r.* FROM accessibility.ride AS r
         WHERE r.ended_at IS NULL AND r.status = 'bound' AND r.pick_up_at >= :first AND r.pick_up_at < :last
           AND r.bound_at < CAST(:now AS timestamptz) - interval '2 hours'
           AND NOT EXISTS (SELECT FROM accessibility.ride_reminder AS d WHERE d.ride_id = r.id AND d.kind = 'evening')
         ORDER BY r.pick_up_at LIMIT :limit),
    reminded AS (
        INSERT INTO accessibility.ride_reminder (ride_id, kind, rider_id, at)
        SELECT id, 'evening', rider_id, :now FROM due ON CONFLICT DO NOTHING RETURNING ride_id)
    SELECT due.id, due.rider_id, due.booking_id, due.fleet, due.pick_up_at, due.leg
      FROM due JOIN reminded ON reminded.ride_id = due.id
    """
)
