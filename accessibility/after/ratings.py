"""What a rider thought of a ride: one to five, and words if they like. It may be changed while it may be given.

Fleets see their average over many riders; who said what, nobody who plans or drives does. There are no tips.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.after import rides
from core import crypto

WITHIN: Final = timedelta(days=30)
SMALLEST: Final = 5
_TABLE: Final = "accessibility.ride_rating"
_ROWS: Final = UUID("8a2d7f1c-6a55-5e1f-9b3e-726174696e67")


@dataclass(frozen=True, slots=True)
class Rating:
    """One rider's word about one ride."""

    ride_id: UUID
    fleet: str
    stars: int
    words: str
    rated_at: datetime


def rate(session: Session, rider_id: UUID, ride_id: UUID, *, stars: int, words: str, now: datetime) -> Rating:
    """Say how it was; again changes it. Raises NotFound, RideNotDone, TooLongAgo."""
    ride = rides.over(session, rider_id, ride_id, within=WITHIN, now=now)
    sealed = crypto.seal(words, table=_TABLE, column="words_sealed", row_id=_row(ride_id)) if words else None
    session.execute(
        _WRITE,
        {"rider": rider_id, "ride": ride_id, "fleet": ride.fleet, "stars": stars, "words": sealed, "now": now},
    )
    return Rating(ride_id, ride.fleet, stars, words, now)


def of_ride(session: Session, rider_id: UUID, ride_id: UUID) -> Rating | None:
    """What the rider said, or None."""
    row = session.execute(_ONE, {"rider": rider_id, "ride": ride_id}).first()
    return None if row is None else _rating(row)


def of_rider(session: Session, rider_id: UUID) -> list[Rating]:
    """Everything that this rider said, newest first."""
    return [_rating(row) for row in session.execute(_OF_RIDER, {"rider": rider_id}).all()]


def by_fleet(session: Session, *, since: datetime) -> list[tuple[str, int, float | None]]:
    """For each fleet how many riders said something, and the mean of what they said; None for fewer than five."""
    rows = session.execute(_BY_FLEET, {"since": since}).all()
    return [(row.fleet, row.riders, float(row.mean) if row.riders >= SMALLEST else None) for row in rows]


def _row(ride_id: UUID) -> UUID:
    return uuid5(_ROWS, str(ride_id))


def _rating(row: Any) -> Rating:
    words = ""
    if row.words_sealed is not None:
        words = crypto.open_sealed(
            row.words_sealed, table=_TABLE, column="words_sealed", row_id=_row(row.ride_id)
        ).decode()
    return Rating(row.ride_id, row.fleet, row.stars, words, row.rated_at)


_WRITE = text(
    """
    INSERT INTO accessibility.ride_rating (rider_id, ride_id, fleet, stars, words_sealed, rated_at)
    VALUES (:rider, :ride, :fleet, :stars, :words, :now)
    ON CONFLICT (rider_id, ride_id) DO UPDATE
        SET stars = excluded.stars, words_sealed = excluded.words_sealed, rated_at = excluded.rated_at
    """
)
_ONE = text("SELECT * FROM accessibility.ride_rating WHERE rider_id = :rider AND ride_id = :ride")
_OF_RIDER = text(
    "SELECT * FROM accessibility.ride_rating WHERE rider_id = :rider ORDER BY rated_at DESC, ride_id LIMIT 200"
)
_BY_FLEET = text(
    """
    SELECT fleet, count(*) AS riders, avg(mean) AS mean
      FROM (SELECT fleet, rider_id, avg(stars) AS mean FROM accessibility.ride_rating WHERE rated_at >= :since
             GROUP BY fleet, rider_id) AS of_rider
     GROUP BY fleet ORDER BY fleet
    """
)
