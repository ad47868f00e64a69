"""The week that repeats, and the shifts of a day that are made of it: once for each day, when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.timing import scheduled
from accessibility.dispatch.tours import Break, Tour, Vehicle, Window, empty_tour
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import absences, plans, writing
from accessibility.own_fleet.absences import Stretch
from core.ids import new_uuid

AHEAD: Final = timedelta(days=31)


def make_day(session: Session, day: date, travel: Travel, now: datetime) -> bool:
    """Make the shifts of that day, unless they were made. Answers whether they were made now."""
    if session.execute(_FIND, {"day": day}).scalar() is not None:
        return False
    take_turns(session)
    if session.execute(_CLAIM, {"day": day, "now": now}).scalar() is None:
        return False
    starts_at, ends_at = plans.hours_of(day, time.min, time.max)
    gaps = absences.between(session, starts_at, ends_at)
    for row in session.execute(_ROSTER, {"day": day, "weekday": day.weekday()}).all():
        breaks = [_rest(day, each) for each in row.breaks]
        hours = plans.hours_of(day, row.begins, row.ends)
        for begins, ends in gaps.without(*hours, row.van_id, row.driver_id):
            rests = absences.rests_within(breaks, begins, ends)
            add_shift(session, row.van_id, row.driver_id, day, (begins, ends), rests, travel, now)
    return True


def take_turns(session: Session) -> None:
    """One after the other, until the end of the transaction: a day is made of the week, or the roster is changed."""
    session.execute(_TURN)


def add_shift(
    session: Session, van_id: UUID, driver_id: UUID, day: date, hours: Stretch, breaks: Sequence[tuple[Stretch, int]],
    travel: Travel, now: datetime,
) -> UUID | None:  # fmt: skip
    """Make one shift, with rests that begin within a stretch each and last so many minutes. Answers its tour; None
    where the van has one that begins then."""
    tour_id = new_uuid()
    values = {
        "id": tour_id, "van_id": van_id, "driver_id": driver_id, "day": day, "starts_at": hours[0],
        "ends_at": hours[1], "now": now,
    }  # fmt: skip
    if session.execute(_TOUR, values).scalar() is None:
        return None
    if breaks:
        (planned,) = plans.read(session, [tour_id])
        changed = with_rests(planned.tour.vehicle, breaks)
        schedule = scheduled(changed, travel)
        if schedule is None:
            raise ValueError("the breaks of a roster do not fit its shift")
        writing.write(session, planned, changed, schedule)
    return tour_id


def with_rests(vehicle: Vehicle, breaks: Sequence[tuple[Stretch, int]]) -> Tour:
    """The tour of a van that has nothing but its rests."""
    rests = (
        Break(Window(int(first.timestamp()), int(last.timestamp())), minutes * 60) for (first, last), minutes in breaks
    )
    return empty_tour(replace(vehicle, breaks=tuple(rests)))


def _rest(day: date, written: tuple[str, str, int]) -> tuple[Stretch, int]:
    begins, ends, minutes = written
    return plans.hours_of(day, time.fromisoformat(begins), time.fromisoformat(ends)), minutes


_FIND = text("SELECT 1 FROM accessibility.van_day WHERE day = :day")
_CLAIM = text("INSERT INTO accessibility.van_day (day, made_at) VALUES (:day, :now) ON CONFLICT DO NOTHING RETURNING 1")
_ROSTER = text(
    """
    SELECT r.van_id, r.driver_id, r.begins, r.ends, r.breaks
      FROM accessibility.van_roster AS r
      JOIN accessibility.van AS v ON v.id = r.van_id AND v.retired_at IS NULL
      JOIN accessibility.van_driver AS d ON d.id = r.driver_id AND d.left_at IS NULL
       AND (d.licence_until IS NULL OR d.licence_until >= :day)
     WHERE r.weekday = :weekday AND r.valid_from <= :day AND (r.valid_until IS NULL OR r.valid_until >= :day)
     ORDER BY v.number, r.begins
    """
)
_TURN = text("SELECT pg_advisory_xact_lock(hashtext('accessibility.van_roster'))")
_TOUR = text(
    """
    INSERT INTO accessibility.van_tour (id, van_id, driver_id, day, starts_at, ends_at, changed_at)
    VALUES (:id, :van_id, :driver_id, :day, :starts_at, :ends_at, :now) ON CONFLICT DO NOTHING RETURNING 1
    """
)
