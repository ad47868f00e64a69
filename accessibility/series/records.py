"""Series and their days as they are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.rides import records as ride_records
from accessibility.rides.records import Ride
from accessibility.series import states
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Series:
    """Rides on the same weekdays (Monday is 1) until `ends_on`. `wish` is what `wishes.kept` made."""

    id: UUID
    rider_id: UUID
    made_by: UUID
    basis: str
    status: str
    weekdays: tuple[int, ...]
    starts_on: date
    ends_on: date
    skips_holidays: bool
    wish: Mapping[str, Any]
    hour: int
    made_at: datetime
    rides_given_up_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether its days are still asked for."""
        return self.status == states.ACTIVE


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a series. `next_at` is when there is something to do about it."""

    id: UUID
    rider_id: UUID
    series_id: UUID
    day: date
    status: str
    reason: str
    takes_a_share: bool
    wanted_at: datetime
    opens_at: datetime
    next_at: datetime | None
    request_id: UUID | None
    booking_id: UUID | None


def get(session: Session, series_id: UUID, *, rider_id: UUID | None = None, is_locked: bool = False) -> Series:
    """A series; with `rider_id` only that person's; locked where asked for. Raises NotFound."""
    row = session.execute(_LOCKED if is_locked else _GET, {"id": series_id}).first()
    if row is None or rider_id not in (None, row.rider_id):
        raise NotFound
    return _series(row)


def of_rider(session: Session, rider_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None) -> list[Series]:
    """The series of a rider, newest first."""
    at, last = before or (None, None)
    rows = session.execute(_OF_RIDER, {"rider": rider_id, "limit": limit, "at": at, "id": last})
    return [_series(row) for row in rows]


def days_of(session: Session, series: Series, *, since: date) -> list[Day]:
    """The days of a series from that one on, in their order."""
    rows = session.execute(_DAYS, {"rider": series.rider_id, "series": series.id, "since": since})
    return [_day(row) for row in rows]


def day_of(session: Session, series: Series, day: date) -> Day:
    """One day of a series, locked. Raises NotFound."""
    row = session.execute(_DAY, {"rider": series.rider_id, "series": series.id, "day": day}).first()
    if row is None:
        raise NotFound
    return _day(row)


def day_of_booking(session: Session, booking_id: UUID) -> Day | None:
    """The day whose rides were booked together so, locked; None where they are of no series."""
    row = session.execute(_DAY_OF_BOOKING, {"booking": booking_id}).first()
    return None if row is None else _day(row)


def due(session: Session, now: datetime, *, until: datetime, limit: int) -> list[Day]:
    """Days about which there is something to do, taken up: nobody else sees them before `until`."""
    return [_day(row) for row in session.execute(_DUE, {"now": now, "until": until, "limit": limit})]


def move(
    session: Session,
    day: Day,
    status: str,
    *,
    reason: str = "",
    next_at: datetime | None = None,
    request_id: UUID | None = None,
    booking_id: UUID | None = None,
) -> None:
    """Let a day go on to another state; the database refuses a move that is none."""
    session.execute(
        _MOVE,
        {"rider": day.rider_id, "id": day.id, "status": status, "reason": reason, "next_at": next_at,
         "request": request_id or day.request_id, "booking": booking_id or day.booking_id},
    )  # fmt: skip


def held(session: Session, series_id: UUID, *, rider_id: UUID, since: date) -> tuple[Series, list[Day]]:
    """A series with its days from that one on, held with their bookings until the end of the transaction: bookings
    first, as everybody does. Raises NotFound."""
    series = get(session, series_id, rider_id=rider_id)
    hold_bookings(session, days_of(session, series, since=since))
    series = get(session, series_id, is_locked=True)
    rows = session.execute(_DAYS_LOCKED, {"rider": rider_id, "series": series_id, "since": since})
    return series, [_day(row) for row in rows]


def hold_bookings(session: Session, days: Collection[Day]) -> None:
    """Nobody else changes a ride of these days until the end of the transaction."""
    session.execute(_HOLD, {"ids": [each.booking_id for each in days if each.booking_id is not None]})


def mark(session: Session, day: Day, reason: str) -> None:
    """Why a day will be given up, whose ride still has to be cancelled."""
    session.execute(_MARK, {"rider": day.rider_id, "id": day.id, "reason": reason})


def rides_of(session: Session, series: Series, *, since: date) -> list[tuple[Day, Ride]]:
    """Every ride that was taken for a day of the series from that one on, in the order of the days."""
    days = {day.booking_id: day for day in days_of(session, series, since=since) if day.booking_id}
    found = session.execute(_RIDES, {"rider": series.rider_id, "bookings": list(days)}).scalars().all()
    rides = [ride_records.ride(session, ride_id) for ride_id in found]
    return sorted(((days[each.booking_id], each) for each in rides), key=_by_day)


def _by_day(found: tuple[Day, Ride]) -> tuple[date, bool]:
    day, ride = found
    return day.day, ride.leg == "back"


def _series(row: Any) -> Series:
    return Series(
        row.id, row.rider_id, row.made_by, row.basis, row.status, tuple(row.weekdays), row.starts_on, row.ends_on,
        row.skips_holidays, row.wish, row.hour, row.made_at, row.rides_given_up_at,
    )  # fmt: skip


def _day(row: Any) -> Day:
    return Day(
        row.id, row.rider_id, row.series_id, row.day, row.status, row.reason, row.takes_a_share, row.wanted_at,
        row.opens_at, row.next_at, row.request_id, row.booking_id,
    )  # fmt: skip


_GET = text("SELECT * FROM accessibility.series WHERE id = :id")
_LOCKED = text("SELECT * FROM accessibility.series WHERE id = :id FOR UPDATE")
_OF_RIDER = text(
    """
    SELECT * FROM accessibility.series
     WHERE rider_id = :rider
       AND (CAST(:at AS timestamptz) IS NULL OR (made_at, id) < (CAST(:at AS timestamptz), CAST(:id AS uuid)))
     ORDER BY made_at DESC, id DESC LIMIT :limit
    """
)
_DAYS = text(
    "SELECT * FROM accessibility.series_day "
    "WHERE rider_id = :rider AND series_id = :series AND day >= :since ORDER BY day"
)
_DAYS_LOCKED = text(
    "SELECT * FROM accessibility.series_day "
    "WHERE rider_id = :rider AND series_id = :series AND day >= :since ORDER BY day FOR UPDATE"
)
_HOLD = text("SELECT id FROM accessibility.booking WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_MARK = text("UPDATE accessibility.series_day SET reason = :reason WHERE rider_id = :rider AND id = :id")
_RIDES = text("SELECT id FROM accessibility.ride WHERE rider_id = :rider AND booking_id = ANY(:bookings)")
_DAY = text(
    "SELECT * FROM accessibility.series_day WHERE rider_id = :rider AND series_id = :series AND day = :day FOR UPDATE"
)
_DAY_OF_BOOKING = text("SELECT * FROM accessibility.series_day WHERE booking_id = :booking FOR UPDATE")
_DUE = text(
    """
    UPDATE accessibility.series_day AS d SET next_at = :until
      FROM (SELECT rider_id, id FROM accessibility.series_day
             WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED) AS found
     WHERE d.rider_id = found.rider_id AND d.id = found.id
    RETURNING d.*
    """
)
_MOVE = text(
    """
    UPDATE accessibility.series_day
       SET status = :status, reason = :reason, next_at = :next_at, request_id = :request, booking_id = :booking
     WHERE rider_id = :rider AND id = :id
    """
)
