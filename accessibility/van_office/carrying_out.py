"""A planned change of the roster, written: shifts with their rides, who is told, and what the desk sees of it.

A trial does all of it and undoes it, so that what is shown beforehand is what happens.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.tours import Stop, StopKind, Window
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import absences, breakdowns, events, forecast, orders, plans, room, roster, writing
from accessibility.own_fleet.events import By
from accessibility.own_fleet.ports import city
from accessibility.own_fleet.promises import moment
from accessibility.van_office import checking, planning
from accessibility.van_office.changes import Done, Found, Outcome, RideMoved, RosterChange
from accessibility.van_office.errors import Fault, RosterRefused
from accessibility.van_office.planning import Altered, Plan
from accessibility.van_office.refitting import refitted
from accessibility.van_office.shifts import Shift, Wanted
from core.errors import PreconditionFailed
from core.ids import new_uuid

_VERSIONS: Final = 1_000_000_000


class _CannotBe(Exception):
    """Found out while it is written."""

    def __init__(self, altered: Altered, code: Fault) -> None:
        super().__init__(code)
        of = altered.shift.wanted
        self.found = Found(altered.pointer, code, of.vehicle, of.driver, of.day)


def try_out(session: Session, change: RosterChange, by: By, travel: Travel, now: datetime) -> Outcome:
    """What the change would do, down to the van that would take each ride; nothing of it stays, and nobody is told."""
    wanted = planning.plan(session, change, travel, now)
    recorded = list(session.info.get("recorded_events", ()))
    attempt = session.begin_nested()
    try:
        outcome = _outcome(session, wanted, by, travel, now, tells=False)
        taken = {}
        for ride in sorted(
            (each for each in outcome.rides if not each.is_same_van), key=lambda each: not each.is_aboard
        ):
            if not ride.is_held and breakdowns.seat(session, orders.by_id(session, ride.order_id), travel, now):
                taken[ride.order_id] = orders.by_id(session, ride.order_id).number
    finally:
        attempt.rollback()
        session.info["recorded_events"] = recorded
    return replace(
        outcome, rides=tuple(replace(each, takes=taken.get(each.order_id, each.takes)) for each in outcome.rides)
    )


def carry_out(
    session: Session, change: RosterChange, version: int, by: By, travel: Travel, now: datetime
) -> Outcome:  # fmt: skip
    """Do it. Rides that lose their van by it wait for another from now on: `breakdowns.find_places`, after the commit.

    Raises RosterRefused, and PreconditionFailed when it would do something else than what was looked at (`version`).
    """
    outcome = _outcome(session, planning.plan(session, change, travel, now), by, travel, now, tells=True)
    if outcome.faults:
        raise RosterRefused([_fault_on_the_wire(each) for each in outcome.faults])
    if outcome.version != version:
        raise PreconditionFailed
    return outcome


def _fault_on_the_wire(found: Found) -> dict[str, Any]:
    day = found.day.isoformat() if found.day else None
    return {
        "pointer": found.pointer, "code": found.code, "vehicle": found.vehicle, "driver": found.driver, "date": day,
    }  # fmt: skip


def _outcome(session: Session, wanted: Plan, by: By, travel: Travel, now: datetime, *, tells: bool) -> Outcome:
    more: dict[str, Any] = {"cautions": tuple(wanted.cautions), "left_out": tuple(wanted.left_out)}
    if wanted.faults:
        return Outcome(tuple(wanted.faults), **more)
    try:
        done, rides = _write(session, wanted, by, travel, now, tells=tells)
    except _CannotBe as cannot:
        return Outcome((cannot.found,), **more)
    seen = repr(([(each.before, each.after) for each in done], sorted((each.trip, each.is_same_van) for each in rides)))
    version = int.from_bytes(hashlib.sha256(seen.encode()).digest()[:6], "big") % _VERSIONS
    return Outcome((), **more, done=tuple(done), rides=tuple(rides), version=version)


def _write(
    session: Session, wanted: Plan, by: By, travel: Travel, now: datetime, *, tells: bool
) -> tuple[list[Done], list[RideMoved]]:  # fmt: skip
    staff = checking.staff(session)
    for missing in wanted.missing:
        values = {
            "id": new_uuid(), "van": missing.van_id, "driver": missing.driver_id, "from": missing.starts_at,
            "until": missing.ends_at, "reason": missing.reason, "by": by.id, "now": now,
        }  # fmt: skip
        session.execute(_MISSING, values)
    tours = {row.id: row for row in session.execute(_LOCK, {"ids": list(wanted.altered)}).all()}
    rides: list[RideMoved] = []
    done: list[Done] = []
    moved = [each for each in wanted.altered.values() if each.wanted is not None]
    for each in wanted.altered.values():
        if each.wanted is None:
            rides += _take_away(session, each.shift, tours[each.shift.id], by, now)
            done.append(Done(each.shift.wanted, None))
    # Two shifts of a van may change places: none of them has its hour meanwhile.
    session.execute(_ASIDE, {"ids": [each.shift.id for each in moved if _is_moved(each)]})
    for each in moved:
        assert each.wanted is not None
        rides += _change(session, each, each.wanted, staff, tours[each.shift.id], by, travel, now, tells=tells)
        done.append(Done(each.shift.wanted, each.wanted))
    for line in wanted.added:
        _add(session, line.wanted, staff, by, travel, now)
        done.append(Done(None, line.wanted))
    _write_weeks(session, wanted, staff)
    more = {line.wanted.day for line in wanted.added} | {
        each.wanted.day for each in moved if each.wanted and _is_moved(each)
    }
    vans = {each.after.vehicle for each in done if each.after}
    room.tell(session, sorted(more), sorted(vans), "shift", now=now)
    return done, rides


def _is_moved(altered: Altered) -> bool:
    return altered.wanted is not None and altered.wanted.hours != (altered.shift.starts_at, altered.shift.ends_at)


def _take_away(session: Session, shift: Shift, tour: Any, by: By, now: datetime) -> list[RideMoved]:
    """Whoever is in it has no van; what was driven on it already stays to be seen."""
    rides = [_put_out(session, order, shift, tour, now) for order in session.execute(_RIDES, {"tour": shift.id}).all()]
    session.execute(_OVER if shift.starts_at < now else _OFF, {"id": shift.id, "now": now})
    session.execute(_END_SESSIONS, {"tour": shift.id, "driver": None, "now": now})
    _note(session, shift.wanted, None, shift.van_id, shift.id, by, now)
    return rides


def _change(
    session: Session, altered: Altered, wanted: Wanted, staff: checking.Staff, tour: Any, by: By, travel: Travel,
    now: datetime, *, tells: bool,
) -> list[RideMoved]:  # fmt: skip
    shift, rides = altered.shift, list[RideMoved]()
    driver_id: UUID = staff.drivers[wanted.driver].id if wanted.driver != shift.wanted.driver else shift.driver_id
    if wanted.hours != (shift.starts_at, shift.ends_at) or wanted.rests != shift.wanted.rests:
        rides += _move(session, altered, wanted, tour, travel, now)
    if driver_id != shift.driver_id:
        session.execute(_DRIVER, {"id": shift.id, "driver": driver_id})
        session.execute(_END_SESSIONS, {"tour": shift.id, "driver": driver_id, "now": now})
        writing.mark_changed(session, shift.id)
        rides += _told_of_driver(session, shift, now, tells=tells)
    _note(session, shift.wanted, wanted, shift.van_id, shift.id, by, now)
    return rides


def _move(
    session: Session, altered: Altered, wanted: Wanted, tour: Any, travel: Travel, now: datetime
) -> list[RideMoved]:  # fmt: skip
    """Other hours, or other rests: the rides that still fit stay."""
    shift, (starts_at, ends_at) = altered.shift, wanted.hours
    planned = plans.as_of_now(session, shift.id, now)
    session.execute(_HOURS, {"id": shift.id, "from": starts_at, "until": ends_at, "status": tour.status})
    if planned is None:
        return []
    hours = Window(int(starts_at.timestamp()), int(ends_at.timestamp()))
    rests = _rests_left(planned.tour.stops, ends_at) if shift.starts_at <= now else _rests(wanted)
    found = refitted(planned.tour, replace(planned.tour.vehicle, shift=hours), rests, travel)
    if found is None:
        is_empty = all(stop.trip is None for stop in planned.tour.stops)
        raise _CannotBe(altered, "breaks_do_not_fit" if is_empty else "riders_aboard")
    writing.write(session, planned, found.tour, found.schedule)
    rows = session.execute(_RIDES, {"tour": shift.id}).all()
    dropped = [_put_out(session, order, shift, tour, now) for order in rows if str(order.id) in found.dropped]
    forecast.look_ahead(session, shift.id, travel, now)
    return dropped


def _rests(wanted: Wanted) -> list[Stop]:
    stops = []
    for rest in wanted.rests:
        (first, last), minutes = rest.on(wanted.day)
        stops.append(Stop(StopKind.BREAK, Window(int(first.timestamp()), int(last.timestamp())), minutes * 60))
    return sorted(stops, key=lambda stop: stop.window.earliest)


def _rests_left(stops: tuple[Stop, ...], ends_at: datetime) -> list[Stop]:
    """The rests that a shift which is under way still has room for."""
    left = []
    for stop in stops:
        if stop.kind is StopKind.BREAK:
            window = moment(stop.window.earliest), moment(stop.window.latest)
            for (first, last), _ in absences.rests_within([(window, stop.seconds // 60)], window[0], ends_at):
                left.append(replace(stop, window=Window(int(first.timestamp()), int(last.timestamp()))))
    return left


def _put_out(session: Session, order: Any, shift: Shift, tour: Any, now: datetime) -> RideMoved:
    breakdowns.put_out(session, order, tour, now)
    return RideMoved(
        order.id, order.trip, order.pick_up_at, shift.wanted.vehicle, None, is_aboard=order.state == "aboard",
        is_held=order.state == "held",
    )  # fmt: skip


def _told_of_driver(session: Session, shift: Shift, now: datetime, *, tells: bool) -> list[RideMoved]:
    told = []
    for row in session.execute(_RIDES, {"tour": shift.id}).all():
        if row.state in ("bound", "on_the_way"):
            order = orders.by_id(session, row.id)
            if tells:
                city().told(session, order.trip, orders.seen(order, orders.comes_at(session, order)), now)
            van = shift.wanted.vehicle
            told.append(RideMoved(order.id, order.trip, order.pick_up_at, van, van, is_same_van=True))
    return told


def _add(session: Session, wanted: Wanted, staff: checking.Staff, by: By, travel: Travel, now: datetime) -> None:
    van_id, driver_id = staff.vans[wanted.vehicle].id, staff.drivers[wanted.driver].id
    rests = [rest.on(wanted.day) for rest in wanted.rests]
    tour_id = roster.add_shift(session, van_id, driver_id, wanted.day, wanted.hours, rests, travel, now)
    _note(session, None, wanted, van_id, tour_id, by, now)


def _write_weeks(session: Session, wanted: Plan, staff: checking.Staff) -> None:
    for of, day in wanted.weeks_ended:
        values = {
            "vehicle": of.vehicle, "driver": of.driver, "begins": of.begins, "weekday": day.weekday(), "day": day,
        }  # fmt: skip
        session.execute(_WEEK_NEVER, values)
        session.execute(_WEEK_ENDS, values)
    for _, of, until in wanted.weeks_begun:
        breaks = [[f"{rest.begins:%H:%M}", f"{rest.latest:%H:%M}", rest.minutes] for rest in of.rests]
        values = {
            "id": new_uuid(), "van": staff.vans[of.vehicle].id, "driver": staff.drivers[of.driver].id,
            "weekday": of.day.weekday(), "begins": of.begins, "ends": of.ends,
            "breaks": str(breaks).replace("'", '"'), "from": of.day, "until": until,
        }  # fmt: skip
        session.execute(_WEEK_BEGINS, values)


def _note(
    session: Session, before: Wanted | None, after: Wanted | None, van_id: UUID, tour_id: UUID | None, by: By,
    now: datetime,
) -> None:  # fmt: skip
    of = after or before
    assert of is not None
    events.note(
        session, "shift", day=of.day, by=by, now=now, van_id=van_id, tour_id=tour_id, before=_said(before),
        after=_said(after),
    )  # fmt: skip


def _said(wanted: Wanted | None) -> str | None:
    return None if wanted is None else f"{wanted.driver} {wanted.begins:%H:%M}-{wanted.ends:%H:%M}"


_MISSING = text(
    """
    INSERT INTO accessibility.van_absence (id, van_id, driver_id, starts_at, ends_at, reason, by_id, at)
    VALUES (:id, :van, :driver, :from, :until, :reason, :by, :now)
    """
)
_LOCK = text(
    """
    SELECT t.id, t.day, t.van_id, t.status, v.latitude, v.longitude, v.seen_at
      FROM accessibility.van_tour AS t JOIN accessibility.van AS v ON v.id = t.van_id
     WHERE t.id = ANY(:ids) ORDER BY t.id FOR UPDATE OF t
    """
)
_RIDES = text(
    """
    SELECT * FROM accessibility.van_order
     WHERE tour_id = :tour AND state IN ('held', 'bound', 'on_the_way', 'at_door', 'aboard')
     ORDER BY pick_up_at, id FOR UPDATE
    """
)
_OFF = text(
    "UPDATE accessibility.van_tour SET status = 'off', version = version + 1, changed_at = clock_timestamp() "
    "WHERE id = :id"
)
_OVER = text(
    "UPDATE accessibility.van_tour SET ends_at = :now, version = version + 1, changed_at = clock_timestamp() "
    "WHERE id = :id"
)
_ASIDE = text("UPDATE accessibility.van_tour SET status = 'off' WHERE id = ANY(:ids)")
_HOURS = text(
    """
    UPDATE accessibility.van_tour
       SET starts_at = :from, ends_at = :until, status = :status, version = version + 1, changed_at = clock_timestamp()
     WHERE id = :id
    """
)
_DRIVER = text("UPDATE accessibility.van_tour SET driver_id = :driver WHERE id = :id")
_END_SESSIONS = text(
    """
    UPDATE accessibility.van_session SET ended_at = :now
     WHERE tour_id = :tour AND ended_at IS NULL AND driver_id IS DISTINCT FROM CAST(:driver AS uuid)
    """
)
_WEEK_NEVER = text(
    """
    DELETE FROM accessibility.van_roster AS r USING accessibility.van AS v, accessibility.van_driver AS d
     WHERE v.id = r.van_id AND d.id = r.driver_id AND v.number = :vehicle AND d.number = :driver
       AND r.weekday = :weekday AND r.begins = :begins AND r.valid_from >= :day
    """
)
_WEEK_ENDS = text(
    """
    UPDATE accessibility.van_roster AS r SET valid_until = CAST(:day AS date) - 1
      FROM accessibility.van AS v, accessibility.van_driver AS d
     WHERE v.id = r.van_id AND d.id = r.driver_id AND v.number = :vehicle AND d.number = :driver
       AND r.weekday = :weekday AND r.begins = :begins AND (r.valid_until IS NULL OR r.valid_until >= :day)
    """
)
_WEEK_BEGINS = text(
    """
    INSERT INTO accessibility.van_roster
           (id, van_id, driver_id, weekday, begins, ends, breaks, valid_from, valid_until)
    VALUES (:id, :van, :driver, :weekday, :begins, :ends, CAST(:breaks AS jsonb), :from, :until)
    """
)
