"""The week that repeats, and the shifts of a day that are made of it: once for each day, when it is first asked for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.timing import scheduled
from accessibility.dispatch.tours import Break, Stop, StopKind, Tour, Vehicle, Window, empty_tour
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import plans, writing
from core.ids import new_uuid

AHEAD = timedelta(days=31)


def make_day(session: Session, day: date, travel: Travel, now: datetime) -> bool:
    """Make the shifts of that day, unless they were made. Answers whether they were made now."""
    if session.execute(_FIND, {"day": day}).scalar() is not None:
        return False
    if session.execute(_CLAIM, {"day": day, "now": now}).scalar() is None:
        return False
    rows = session.execute(_ROSTER, {"day": day, "weekday": day.weekday()}).all()
    for row in rows:
        _make_tour(session, day, row, travel, now)
    return True


def add_shift(session: Session, roster_id: Any, day: date, travel: Travel, now: datetime) -> None:
    """Make one shift more of that line of the roster, where the day has been made already."""
    row = session.execute(_LINE, {"id": roster_id}).one()
    _make_tour(session, day, row, travel, now)


def _make_tour(session: Session, day: date, row: Any, travel: Travel, now: datetime) -> None:
    starts_at, ends_at = plans.hours_of(day, row.begins, row.ends)
    tour_id = new_uuid()
    values = {
        "id": tour_id, "van_id": row.van_id, "driver_id": row.driver_id, "day": day, "starts_at": starts_at,
        "ends_at": ends_at, "now": now,
    }  # fmt: skip
    if session.execute(_TOUR, values).scalar() is None:
        return
    breaks = tuple(_rest(day, each) for each in row.breaks)
    if not breaks:
        return
    (planned,) = plans.read(session, [tour_id])
    vehicle: Vehicle = planned.tour.vehicle
    stops = (Stop(StopKind.BREAK, each.window, each.seconds) for each in breaks)
    first, *others = empty_tour(vehicle).stops
    changed = Tour(vehicle, (first, *sorted(stops, key=lambda stop: stop.window.earliest), *others))
    schedule = scheduled(changed, travel)
    if schedule is None:
        raise ValueError("the breaks of a roster do not fit its shift")
    writing.write(session, planned, changed, schedule)


def _rest(day: date, written: tuple[str, str, int]) -> Break:
    begins, ends, minutes = written
    first, last = plans.hours_of(day, time.fromisoformat(begins), time.fromisoformat(ends))
    return Break(Window(int(first.timestamp()), int(last.timestamp())), minutes * 60)


_FIND = text("SELECT 1 FROM accessibility.van_day WHERE day = :day")
_CLAIM = text("INSERT INTO accessibility.van_day (day, made_at) VALUES (:day, :now) ON CONFLICT DO NOTHING RETURNING 1")
_ROSTER = text(
    """
    SELECT r.van_id, r.driver_id, r.begins, r.ends, r.breaks
      FROM accessibility.van_roster AS r
      JOIN accessibility.van AS v ON v.id = r.van_id AND v.retired_at IS NULL
      JOIN accessibility.van_driver AS d ON d.id = r.driver_id AND d.left_at IS NULL
     WHERE r.weekday = :weekday AND r.valid_from <= :day AND (r.valid_until IS NULL OR r.valid_until >= :day)
     ORDER BY v.number, r.begins
    """
)
_LINE = text("SELECT van_id, driver_id, begins, ends, breaks FROM accessibility.van_roster WHERE id = :id")
_TOUR = text(
    """
    INSERT INTO accessibility.van_tour (id, van_id, driver_id, day, starts_at, ends_at, changed_at)
    VALUES (:id, :van_id, :driver_id, :day, :starts_at, :ends_at, :now) ON CONFLICT DO NOTHING RETURNING 1
    """
)
