"""Shifts as the office gives them: a van and a driver on a day, from when until when, and the rests in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet import plans
from accessibility.own_fleet.absences import Stretch


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest of so many minutes that begins somewhere from `begins` to `latest`, in Taipei."""

    begins: time
    latest: time
    minutes: int

    def on(self, day: date) -> tuple[Stretch, int]:
        """The same as moments of a day."""
        return plans.hours_of(day, self.begins, self.latest), self.minutes


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shift as it should be, by the numbers that people use; hours in Taipei."""

    vehicle: str
    driver: str
    day: date
    begins: time
    ends: time
    rests: tuple[Rest, ...] = ()

    @property
    def hours(self) -> Stretch:
        """From when until when."""
        return plans.hours_of(self.day, self.begins, self.ends)


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift that is given. `has_begun`: the driver has done something on it; `rides`: so many are in it."""

    id: UUID
    van_id: UUID
    driver_id: UUID
    wanted: Wanted
    starts_at: datetime
    ends_at: datetime
    has_begun: bool
    rides: int
    is_broken: bool


def of_days(session: Session, first_day: date, last_day: date) -> list[Shift]:
    """Every shift of these days that was made, by day, van and hour."""
    rows = session.execute(_SHIFTS, {"first": first_day, "last": last_day, "ids": None}).all()
    return _read(session, rows)


def by_ids(session: Session, ids: Iterable[UUID]) -> dict[UUID, Shift]:
    """Those of these shifts that are still given."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = session.execute(_SHIFTS, {"first": None, "last": None, "ids": wanted}).all()
    return {shift.id: shift for shift in _read(session, rows)}


def _read(session: Session, rows: Sequence[Any]) -> list[Shift]:
    rests: defaultdict[UUID, list[Rest]] = defaultdict(list)
    for each in session.execute(_RESTS, {"ids": [row.id for row in rows]}):
        rests[each.tour_id].append(Rest(each.begins, each.latest, each.seconds // 60))
    return [
        Shift(
            row.id, row.van_id, row.driver_id,
            Wanted(row.vehicle, row.driver, row.day, row.begins, row.ends, tuple(rests[row.id])),
            row.starts_at, row.ends_at, row.has_begun, row.rides, row.is_broken,
        )
        for row in rows
    ]  # fmt: skip


_SHIFTS = text(
    """
    SELECT t.id, t.van_id, t.driver_id, t.day, t.starts_at, t.ends_at, v.number AS vehicle, d.number AS driver,
           CAST(t.starts_at AT TIME ZONE 'Asia/Taipei' AS time) AS begins,
           CAST(t.ends_at AT TIME ZONE 'Asia/Taipei' AS time) AS ends,
           t.status = 'broken' OR v.broken_at IS NOT NULL AND t.ends_at > v.broken_at
               AND t.starts_at < v.broken_at + interval '24 hours' AS is_broken,
           EXISTS (SELECT FROM accessibility.van_stop AS s
                    WHERE s.tour_id = t.id AND s.arrived_at IS NOT NULL) AS has_begun,
           (SELECT count(*) FROM accessibility.van_order AS o
             WHERE o.tour_id = t.id AND o.state IN ('held', 'bound', 'on_the_way', 'at_door', 'aboard')) AS rides
      FROM accessibility.van_tour AS t
      JOIN accessibility.van AS v ON v.id = t.van_id
      JOIN accessibility.van_driver AS d ON d.id = t.driver_id
     WHERE t.status <> 'off' AND (t.id = ANY(CAST(:ids AS uuid[]))
           OR t.day BETWEEN CAST(:first AS date) AND CAST(:last AS date))
     ORDER BY t.day, v.number, t.starts_at
    """
)
_RESTS = text(
    """
    SELECT tour_id, seconds, CAST(window_starts_at AT TIME ZONE 'Asia/Taipei' AS time) AS begins,
           CAST(window_ends_at AT TIME ZONE 'Asia/Taipei' AS time) AS latest
      FROM accessibility.van_stop WHERE tour_id = ANY(:ids) AND kind = 'break' ORDER BY window_starts_at, id
    """
)
