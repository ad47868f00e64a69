"""How a ride that is over was shared: with nobody, with somebody for a part of the way, or for all of it.

On it depends which share of the day fare its rider pays (`accessibility.fare_rule`, kind `price`, subject `rehabus`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

ONE_BY_ONE: Final = timedelta(minutes=5)
"""So long alone in the van is all the way still: who shares a door boards one by one. Assumed, and not confirmed."""


def of_trip(session: Session, trip: str) -> Literal["no", "part", "whole"] | None:
    """How the ride under this reference was shared; None where it was not driven by a van of the city."""
    rows = session.execute(_WITH, {"trip": trip}).all()
    if not rows:
        return None
    begun, ended = rows[0].aboard_at, rows[0].ended_at
    stays = [(max(row.other_from, begun), min(row.other_until, ended)) for row in rows if row.other_from is not None]
    if not stays:
        return "no"
    return "whole" if _alone(begun, ended, stays) <= min(ONE_BY_ONE, (ended - begun) / 2) else "part"


def _alone(begun: datetime, ended: datetime, stays: list[tuple[datetime, datetime]]) -> timedelta:
    alone, reached = timedelta(0), begun
    for since, until in sorted(stays):
        alone += max(since - reached, timedelta(0))
        reached = max(reached, until)
    return alone + max(ended - reached, timedelta(0))


_WITH = text(
    """
    SELECT o.aboard_at, o.ended_at, c.aboard_at AS other_from, coalesce(c.ended_at, o.ended_at) AS other_until
      FROM accessibility.van_order AS o
      LEFT JOIN accessibility.van_order AS c ON c.day = o.day AND c.tour_id = o.tour_id AND c.id <> o.id
       AND c.state IN ('aboard', 'done') AND c.aboard_at < o.ended_at
       AND coalesce(c.ended_at, o.ended_at) > o.aboard_at
     WHERE o.trip = :trip AND o.state = 'done' AND o.aboard_at < o.ended_at
    """
)
