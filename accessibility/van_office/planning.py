"""A change of the roster, line by line: which shifts it takes away, changes and adds, and what is wrong with it.

Nothing is written here but the days that it is about, which are made of the repeating week where they were not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import absences, plans, roster
from accessibility.own_fleet.absences import Gaps, Stretch
from accessibility.van_office import checking, shifts
from accessibility.van_office.changes import Addition, Alteration, Copy, Found, RosterChange
from accessibility.van_office.checking import Line, Staff
from accessibility.van_office.errors import Fault
from accessibility.van_office.shifts import Rest, Shift, Wanted
from core.clock import TAIPEI, taipei_date

_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class Altered:
    """A shift as it will be: `wanted` None takes it away. `pointer`: what of the change says so; `is_cut`: because its
    van or driver is missing, so that nothing is asked of what is left."""

    shift: Shift
    wanted: Wanted | None
    pointer: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """A shift more; `is_cut`: what is left of one that was cut in two."""

    wanted: Wanted
    pointer: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A van (with the reason), or a driver, who is not there; `substitute` drives instead."""

    pointer: str
    van_id: UUID | None
    driver_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    substitute: str | None = None


@dataclass(slots=True)
class Plan:
    """What is to be done, and what stands against it. `lines`: the whole roster of those days, as it would be."""

    altered: dict[UUID, Altered] = field(default_factory=dict)
    added: list[Added] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    weeks_ended: list[tuple[Wanted, date]] = field(default_factory=list)
    weeks_begun: list[tuple[str, Wanted, date | None]] = field(default_factory=list)
    faults: list[Found] = field(default_factory=list)
    cautions: list[Found] = field(default_factory=list)
    left_out: list[Found] = field(default_factory=list)


def plan(session: Session, change: RosterChange, travel: Travel, now: datetime) -> Plan:
    """Lay out the change. The roster is this transaction's until its end (`roster.take_turns`)."""
    roster.take_turns(session)
    found, today = Plan(), taipei_date(now)
    last = taipei_date(now + roster.AHEAD)
    wanted_days = {each.shift.day for each in change.additions} | {day for each in change.copies for day in _to(each)}
    for day in sorted(day for day in wanted_days if today <= day <= last):
        roster.make_day(session, day, travel, now)
    made = {row.day for row in session.execute(_MADE, {"today": today})}
    staff = checking.staff(session)
    _note_missing(found, change, staff, now)
    ids = [each.shift_id for each in change.alterations] + [each.shift_id for each in change.removals]
    named = shifts.by_ids(session, ids)
    of_weeks = (change.additions, change.alterations, change.removals)
    weekly = any(each.is_weekly for part in of_weeks for each in part)
    days = wanted_days | {shift.wanted.day for shift in named.values()}
    days |= {day for each in found.missing for day in _days(each.starts_at, each.ends_at) if day in made}
    if weekly:
        days |= {day for day in made if day.weekday() in {each.weekday() for each in days}}
    current = _current(session, days)
    _take_away(found, change, named, current, now)
    _alter(found, change, named, current, now)
    _cut(found, current, now)
    _add(found, change, made)
    _copy(session, found, change, staff, current, travel, now)
    _judge(session, found, current, staff, travel, now)
    return found


def _note_missing(found: Plan, change: RosterChange, staff: Staff, now: datetime) -> None:
    for number, out in enumerate(change.out_of_service):
        pointer = f"/out_of_service/{number}"
        van = staff.vans.get(out.vehicle)
        if fault := _wrong_stretch(van is None, "vehicle_unknown", out.starts_at, out.ends_at, now):
            found.faults.append(Found(pointer, fault, vehicle=out.vehicle))
        elif van is not None:
            found.missing.append(Missing(pointer, van.id, None, out.starts_at, out.ends_at, out.reason))
    for number, away in enumerate(change.away):
        pointer = f"/away/{number}"
        driver = staff.drivers.get(away.driver)
        if fault := _wrong_stretch(driver is None, "driver_unknown", away.starts_at, away.ends_at, now):
            found.faults.append(Found(pointer, fault, driver=away.driver))
        elif driver is not None:
            missing = Missing(pointer, None, driver.id, away.starts_at, away.ends_at, substitute=away.substitute)
            found.missing.append(missing)


def _wrong_stretch(
    is_unknown: bool, unknown: Fault, starts_at: datetime, ends_at: datetime, now: datetime
) -> Fault | None:
    if is_unknown:
        return unknown
    if starts_at >= ends_at:
        return "ends_before_begins"
    return "day_over" if ends_at <= now else None


def _current(session: Session, days: set[date]) -> list[Shift]:
    """The shifts of these days, and of those before and after each, for the nights in between."""
    around = sorted({day + timedelta(days=by) for day in days for by in (-1, 0, 1)})
    found: list[Shift] = []
    while around:
        run = [around[0]]
        while len(run) < len(around) and around[len(run)] == run[-1] + _DAY:
            run.append(around[len(run)])
        found += shifts.of_days(session, run[0], run[-1])
        around = around[len(run) :]
    return found


def _take_away(
    found: Plan, change: RosterChange, named: dict[UUID, Shift], current: list[Shift], now: datetime
) -> None:
    for number, removal in enumerate(change.removals):
        pointer = f"/removals/{number}"
        shift = _named(found, pointer, removal.shift_id, named, now)
        if shift is None:
            continue
        for each in _and_later(shift, current) if removal.is_weekly else [shift]:
            found.altered[each.id] = Altered(each, None, pointer)
        if removal.is_weekly:
            found.weeks_ended.append((shift.wanted, shift.wanted.day))


def _alter(found: Plan, change: RosterChange, named: dict[UUID, Shift], current: list[Shift], now: datetime) -> None:
    for number, alteration in enumerate(change.alterations):
        pointer = f"/alterations/{number}"
        shift = _named(found, pointer, alteration.shift_id, named, now)
        if shift is None:
            continue
        for each in _and_later(shift, current) if alteration.is_weekly else [shift]:
            wanted = _otherwise(each.wanted, alteration)
            is_moved = (wanted.begins, wanted.rests) != (each.wanted.begins, each.wanted.rests)
            if is_moved and (each.has_begun or each.starts_at <= now):
                found.faults.append(_fault(pointer, "shift_begun", each.wanted))
            elif wanted != each.wanted:
                found.altered[each.id] = Altered(each, wanted, pointer)
        if alteration.is_weekly:
            found.weeks_ended.append((shift.wanted, shift.wanted.day))
            found.weeks_begun.append((pointer, _otherwise(shift.wanted, alteration), None))


def _named(found: Plan, pointer: str, id: UUID, named: dict[UUID, Shift], now: datetime) -> Shift | None:
    shift = named.get(id)
    if shift is None:
        found.faults.append(Found(pointer, "shift_unknown"))
    elif id in found.altered:
        found.faults.append(_fault(pointer, "twice", shift.wanted))
    elif shift.ends_at <= now:
        found.faults.append(_fault(pointer, "shift_over", shift.wanted))
    else:
        return shift
    return None


def _and_later(shift: Shift, current: list[Shift]) -> list[Shift]:
    """The same shift of this week and of those to come."""
    of = shift.wanted
    return [
        each
        for each in current
        if each.wanted.day >= of.day
        and each.wanted.day.weekday() == of.day.weekday()
        and (each.wanted.vehicle, each.wanted.driver, each.wanted.begins) == (of.vehicle, of.driver, of.begins)
    ]


def _otherwise(wanted: Wanted, alteration: Alteration) -> Wanted:
    begins, ends = alteration.begins or wanted.begins, alteration.ends or wanted.ends
    rests = wanted.rests if alteration.rests is None else alteration.rests
    return replace(wanted, driver=alteration.driver or wanted.driver, begins=begins, ends=ends, rests=rests)


def _cut(found: Plan, current: list[Shift], now: datetime) -> None:
    """Shifts of who is missing: another driver, or what is left of them."""
    for missing in found.missing:
        for shift in current:
            before = found.altered.get(shift.id)
            wanted = before.wanted if before else shift.wanted
            if wanted is None or shift.ends_at <= now or not _is_hit(missing, shift, wanted):
                continue
            if missing.substitute is not None:
                found.altered[shift.id] = Altered(shift, replace(wanted, driver=missing.substitute), missing.pointer)
            else:
                _cut_one(found, missing, shift, wanted, now)


def _is_hit(missing: Missing, shift: Shift, wanted: Wanted) -> bool:
    """Whether the shift is of who is missing then; one that was given to another driver is not."""
    starts_at, ends_at = wanted.hours
    is_theirs = missing.van_id == shift.van_id or (
        missing.driver_id == shift.driver_id and wanted.driver == shift.wanted.driver
    )
    return is_theirs and missing.starts_at < ends_at and starts_at < missing.ends_at


def _cut_one(found: Plan, missing: Missing, shift: Shift, wanted: Wanted, now: datetime) -> None:
    pieces = absences.left_of(wanted.hours, [(missing.starts_at, missing.ends_at)])
    begins = wanted.hours[0]
    is_running = shift.starts_at <= now
    if is_running and pieces and pieces[0][0] == begins and pieces[0][1] <= now:
        pieces = pieces[1:]
    # What has begun ends where the gap begins; what comes after the gap is a shift of its own.
    keeps = bool(pieces) and (pieces[0][0] == begins or not is_running)
    found.altered[shift.id] = Altered(shift, _piece(wanted, pieces[0]) if keeps else None, missing.pointer, is_cut=True)
    for piece in pieces[1:] if keeps else pieces:
        found.added.append(Added(_piece(wanted, piece), missing.pointer, is_cut=True))


def _piece(wanted: Wanted, hours: Stretch) -> Wanted:
    left = absences.rests_within([rest.on(wanted.day) for rest in wanted.rests], *hours)
    rests = tuple(Rest(_time(first), _time(last), minutes) for (first, last), minutes in left)
    return replace(wanted, begins=_time(hours[0]), ends=_time(hours[1]), rests=rests)


def _time(moment: datetime) -> time:
    return moment.astimezone(TAIPEI).time()


def _add(found: Plan, change: RosterChange, made: set[date]) -> None:
    for number, addition in enumerate(change.additions):
        pointer = f"/additions/{number}"
        found.added.append(Added(addition.shift, pointer))
        if addition.until is not None and addition.until < addition.shift.day:
            found.faults.append(_fault(pointer, "ends_before_begins", addition.shift))
            continue
        if addition.is_weekly:
            found.weeks_begun.append((pointer, addition.shift, addition.until))
            found.added += [Added(replace(addition.shift, day=day), pointer) for day in _weeks(addition, made)]


def _weeks(addition: Addition, made: set[date]) -> Iterator[date]:
    of = addition.shift.day
    for day in sorted(made):
        if day > of and day.weekday() == of.weekday() and (addition.until is None or day <= addition.until):
            yield day


def _copy(
    session: Session, found: Plan, change: RosterChange, staff: Staff, current: list[Shift], travel: Travel,
    now: datetime,
) -> None:  # fmt: skip
    busy = {(each.wanted.vehicle, each.wanted.day) for each in current}
    busy |= {(each.wanted.vehicle, each.wanted.day) for each in found.added}
    for number, copy in enumerate(change.copies):
        pointer = f"/copies/{number}"
        source = shifts.of_days(session, copy.from_day, copy.from_day + timedelta(days=copy.days - 1))
        if not source:
            found.faults.append(Found(pointer, "nothing_to_copy", day=copy.from_day))
        for each in source:
            wanted = replace(each.wanted, day=each.wanted.day + (copy.to_day - copy.from_day))
            if (wanted.vehicle, wanted.day) in busy or wanted.hours[1] <= now:
                continue
            lines = [Line(shift.wanted) for shift in current if shift.wanted.day == wanted.day]
            lines += [Line(added.wanted) for added in found.added if added.wanted.day == wanted.day]
            gaps = _gaps(session, found, {wanted.day})
            wrong = list(checking.faults_of([*lines, Line(wanted, pointer)], staff, gaps, travel, now))
            if wrong:
                found.left_out.append(wrong[0])
            else:
                found.added.append(Added(wanted, pointer))


def _judge(
    session: Session, found: Plan, current: list[Shift], staff: Staff, travel: Travel, now: datetime
) -> None:  # fmt: skip
    lines = [Line(shift.wanted) for shift in current if shift.id not in found.altered]
    lines += [Line(added.wanted, None if added.is_cut else added.pointer) for added in found.added]
    for each in found.altered.values():
        if each.wanted is not None:
            lines.append(Line(each.wanted, None if each.is_cut else each.pointer))
    gaps = _gaps(session, found, {line.shift.day for line in lines if line.pointer})
    found.faults += dict.fromkeys(checking.faults_of(lines, staff, gaps, travel, now))
    found.cautions += dict.fromkeys(checking.cautions_of(lines))
    for pointer, wanted, until in found.weeks_begun:
        if _is_taken_weekly(session, found, wanted, until):
            found.faults.append(_fault(pointer, "vehicle_busy", wanted))


def _gaps(session: Session, found: Plan, days: set[date]) -> Gaps:
    if not days:
        return Gaps({})
    starts_at, ends_at = (
        plans.hours_of(min(days), time.min, time.min)[0],
        plans.hours_of(max(days), time.max, time.max)[1],
    )
    gaps = dict(absences.between(session, starts_at, ends_at).of)
    for each in found.missing:
        id = each.van_id or each.driver_id
        assert id is not None
        gaps[id] = (*gaps.get(id, ()), (each.starts_at, each.ends_at))
    return Gaps(gaps)


def _is_taken_weekly(session: Session, found: Plan, wanted: Wanted, until: date | None) -> bool:
    """Whether the week that repeats has a shift of that van or driver then, other than those that this change ends."""
    values = {
        "vehicle": wanted.vehicle, "driver": wanted.driver, "weekday": wanted.day.weekday(), "begins": wanted.begins,
        "ends": wanted.ends, "day": wanted.day, "until": until,
    }  # fmt: skip
    ended = {(each.vehicle, each.driver, each.begins, day.weekday()) for each, day in found.weeks_ended}
    return any(
        (row.vehicle, row.driver, row.begins, wanted.day.weekday()) not in ended
        for row in session.execute(_WEEKLY, values)
    )


def _fault(pointer: str, code: Fault, of: Wanted) -> Found:
    return Found(pointer, code, of.vehicle, of.driver, of.day)


def _to(copy: Copy) -> list[date]:
    return [copy.to_day + timedelta(days=number) for number in range(copy.days)]


def _days(starts_at: datetime, ends_at: datetime) -> Iterator[date]:
    day = taipei_date(starts_at)
    last = min(taipei_date(ends_at), day + timedelta(days=800))
    while day <= last:
        yield day
        day += _DAY


_MADE = text("SELECT day FROM accessibility.van_day WHERE day >= :today")
_WEEKLY = text(
    """
    SELECT v.number AS vehicle, d.number AS driver, r.begins
      FROM accessibility.van_roster AS r
      JOIN accessibility.van AS v ON v.id = r.van_id
      JOIN accessibility.van_driver AS d ON d.id = r.driver_id
     WHERE r.weekday = :weekday AND (v.number = :vehicle OR d.number = :driver)
       AND r.begins < :ends AND r.ends > :begins AND (r.valid_until IS NULL OR r.valid_until >= :day)
       AND (CAST(:until AS date) IS NULL OR r.valid_from <= CAST(:until AS date))
    """
)
