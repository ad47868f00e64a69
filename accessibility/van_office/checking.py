"""Whether a roster can be so: who is busy, away, out of service, not licensed; and what the law of work says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.timing import scheduled
from accessibility.dispatch.tours import Load, Place, Vehicle, Window
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import roster
from accessibility.own_fleet.absences import Gaps
from accessibility.van_office.changes import Found
from accessibility.van_office.errors import Fault
from accessibility.van_office.shifts import Wanted
from core.clock import taipei_date

_AT_WORK: Final = timedelta(hours=4)
_REST: Final = timedelta(minutes=30)
_DAY: Final = timedelta(hours=12)
_NIGHT: Final = timedelta(hours=11)
_NOWHERE: Final = Place(22.6273, 120.3014)


@dataclass(frozen=True, slots=True)
class Line:
    """A shift as it would be. `pointer`: what of the change wants it so; None: it is so already."""

    shift: Wanted
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """Vans and drivers who are there, by number: rows of id, and licence_until of drivers."""

    vans: Mapping[str, Any]
    drivers: Mapping[str, Any]


def staff(session: Session) -> Staff:
    """Every van that is not retired and every driver who has not left."""
    vans = {row.number: row for row in session.execute(_VANS)}
    return Staff(vans, {row.number: row for row in session.execute(_DRIVERS)})


def faults_of(lines: Sequence[Line], staff: Staff, gaps: Gaps, travel: Travel, now: datetime) -> Iterator[Found]:
    """What is wrong with the lines that somebody wants; those that are so already are taken as they are."""
    of_van, of_driver = _by(lines, "vehicle"), _by(lines, "driver")
    for number, line in enumerate(lines):
        if line.pointer is None:
            continue
        shift = line.shift
        faults: list[Fault] = list(_alone(shift, staff, gaps, travel, now))
        if "ends_before_begins" not in faults:
            if _overlaps(lines, number, of_van[shift.vehicle, shift.day]):
                faults.append("vehicle_busy")
            if _overlaps(lines, number, of_driver[shift.driver, shift.day]):
                faults.append("driver_busy")
        for fault in faults:
            yield Found(line.pointer, fault, shift.vehicle, shift.driver, shift.day)


def cautions_of(lines: Sequence[Line]) -> Iterator[Found]:
    """What the law of work says against the lines that somebody wants; it is for the dispatcher to know."""
    of_driver: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        of_driver[line.shift.driver].append(line)
    for line in lines:
        if line.pointer is None:
            continue
        shift = line.shift
        (starts_at, ends_at), others = shift.hours, [each.shift for each in of_driver[shift.driver]]
        today = [each.hours for each in others if each.day == shift.day]
        rested = sum((timedelta(minutes=rest.minutes) for rest in shift.rests), timedelta())
        if ends_at - starts_at > _AT_WORK and rested < _REST:
            yield Found(line.pointer, "no_rest", shift.vehicle, shift.driver, shift.day)
        if sum((until - since for since, until in today), timedelta()) - rested > _DAY:
            yield Found(line.pointer, "long_day", shift.vehicle, shift.driver, shift.day)
        nights = (
            (ends_at, each.hours[0]) if each.day > shift.day else (each.hours[1], starts_at)
            for each in others
            if abs((each.day - shift.day).days) == 1
        )
        if any(until - since < _NIGHT for since, until in nights):
            yield Found(line.pointer, "short_night", shift.vehicle, shift.driver, shift.day)


def _alone(shift: Wanted, staff: Staff, gaps: Gaps, travel: Travel, now: datetime) -> Iterator[Fault]:
    starts_at, ends_at = shift.hours
    van, driver = staff.vans.get(shift.vehicle), staff.drivers.get(shift.driver)
    if van is None:
        yield "vehicle_unknown"
    elif gaps.overlap(van.id, starts_at, ends_at):
        yield "vehicle_out"
    if driver is None:
        yield "driver_unknown"
    else:
        if gaps.overlap(driver.id, starts_at, ends_at):
            yield "driver_away"
        if driver.licence_until is not None and driver.licence_until < shift.day:
            yield "licence_over"
    if starts_at >= ends_at:
        yield "ends_before_begins"
        return
    if ends_at <= now:
        yield "day_over"
    if shift.day > taipei_date(now + roster.AHEAD):
        yield "too_far"
    if not _rests_fit(shift, travel):
        yield "breaks_do_not_fit"


def _rests_fit(shift: Wanted, travel: Travel) -> bool:
    starts_at, ends_at = shift.hours
    rests = [each.on(shift.day) for each in shift.rests]
    if any(first > last or first < starts_at or last >= ends_at for (first, last), _ in rests):
        return False
    hours = Window(int(starts_at.timestamp()), int(ends_at.timestamp()))
    vehicle = Vehicle("rests", _NOWHERE, _NOWHERE, hours, (Load(0, 1),))
    return scheduled(roster.with_rests(vehicle, rests), travel) is not None


def _by(lines: Sequence[Line], member: str) -> defaultdict[tuple[str, date], list[int]]:
    found: defaultdict[tuple[str, date], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        found[getattr(line.shift, member), line.shift.day].append(number)
    return found


def _overlaps(lines: Sequence[Line], number: int, others: Sequence[int]) -> bool:
    starts_at, ends_at = lines[number].shift.hours
    return any(
        lines[other].shift.hours[0] < ends_at and starts_at < lines[other].shift.hours[1]
        for other in others
        if other != number
    )


_VANS = text("SELECT id, number FROM accessibility.van WHERE retired_at IS NULL")
_DRIVERS = text("SELECT id, number, licence_until FROM accessibility.van_driver WHERE left_at IS NULL")
