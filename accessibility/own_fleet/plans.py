"""The tours of a day as the planner takes them: read once for each version, and kept by this process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.tours import (
    Load,
    Place,
    Stop,
    StopKind,
    Tour,
    Vehicle,
    Wheelchair,
    Window,
    dropoff_of,
    pickup_of,
)
from accessibility.own_fleet.promises import Promise, demand_from_json, trip_promised
from core import db
from core.clock import TAIPEI

_SEEN_FOR: Final = timedelta(minutes=3)
_DAYS_KEPT: Final = 40


@dataclass(frozen=True, slots=True)
class Planned:
    """A tour with what is left of it, as of one version.

    `stop_ids` are the rows of its stops between start and end. `is_under_way` says that the van has left for the first
    of them.
    """

    id: UUID
    van_id: UUID
    number: str
    version: int
    changed_at: datetime
    tour: Tour
    stop_ids: tuple[UUID, ...]
    is_under_way: bool


def of_day(session: Session, day: date, now: datetime) -> list[Planned]:
    """The open tours of a day as they stand now; vans that are broken and shifts that are over have none."""
    kept = _kept()
    heads = session.execute(_HEADS, {"day": day, "now": now}).all()
    stale = [head.id for head in heads if not _is_known(kept.get(head.id), head)]
    if stale:
        for planned in read(session, stale):
            kept[planned.id] = planned
    return [found for head in heads if (found := _now(kept[head.id], head, now)) is not None]


def locked(session: Session, tour_ids: Iterable[UUID], now: datetime) -> list[Planned]:
    """These tours, read anew and held until the end of the transaction; those that are not open are left out.

    They are taken in one order, so that two who want the same never wait for each other.
    """
    heads = session.execute(_LOCK, {"ids": list(tour_ids), "now": now}).all()
    kept, found = _kept(), []
    stale = [head.id for head in heads if not _is_known(kept.get(head.id), head)]
    anew = {planned.id: planned for planned in read(session, stale)} if stale else {}
    for head in heads:
        # What this transaction reads may never be committed, so it is not kept.
        planned = _now(anew.get(head.id) or kept[head.id], head, now)
        if planned is not None:
            found.append(planned)
    return found


def as_of_now(session: Session, tour_id: UUID, now: datetime) -> Planned | None:
    """One tour as it stands now, also where its van is broken; None once the shift is over."""
    head = session.execute(_HEAD, {"id": tour_id}).one()
    (planned,) = read(session, [tour_id])
    return _now(planned, head, now)


def hours_of(day: date, begins: time, ends: time) -> tuple[datetime, datetime]:
    """A stretch of that day in Taipei as moments."""
    return datetime.combine(day, begins, TAIPEI), datetime.combine(day, ends, TAIPEI)


def vehicle_of(row: Any) -> Vehicle:
    """The van of a tour's row on its shift."""
    depot = Place(row.depot_latitude, row.depot_longitude, row.depot_district)
    return Vehicle(
        str(row.id), depot, depot, Window(int(row.starts_at.timestamp()), int(row.ends_at.timestamp())),
        tuple(Load(*layout) for layout in row.layouts), (),
        Wheelchair(row.chair_width_mm, row.chair_length_mm, row.chair_mass_kg), frozenset(row.features),
    )  # fmt: skip


_by_database: WeakKeyDictionary[db.Database, dict[UUID, Planned]] = WeakKeyDictionary()


def _kept() -> dict[UUID, Planned]:
    kept = _by_database.setdefault(db.database(), {})
    if len(kept) > _DAYS_KEPT * 200:
        kept.clear()
    return kept


def _is_known(planned: Planned | None, head: Any) -> bool:
    return planned is not None and (planned.version, planned.changed_at) == (head.version, head.changed_at)


def _now(planned: Planned, head: Any, now: datetime) -> Planned | None:
    """The tour with a start that is not in the past, from where the van was seen last."""
    first = planned.tour.stops[0]
    moment = int(now.timestamp())
    if first.window.earliest >= moment or first.window.latest < moment:
        return planned if first.window.latest >= moment else None
    is_seen = head.seen_at is not None and head.seen_at >= now - _SEEN_FOR
    if planned.is_under_way and not is_seen:
        return planned
    place = (
        Place(head.latitude, head.longitude, first.place.district if first.place else None) if is_seen else first.place
    )
    start = replace(first, window=Window(moment, first.window.latest), place=place)
    return replace(planned, tour=replace(planned.tour, stops=(start, *planned.tour.stops[1:])))


def read(session: Session, tour_ids: Sequence[UUID]) -> list[Planned]:
    values = {"ids": list(tour_ids)}
    tours = session.execute(_TOURS, values).all()
    stops: dict[UUID, list[Any]] = {}
    for row in session.execute(_STOPS, values):
        stops.setdefault(row.tour_id, []).append(row)
    return [_planned(row, stops.get(row.id, [])) for row in tours]


def _planned(row: Any, rows: Sequence[Any]) -> Planned:
    vehicle = vehicle_of(row)
    over = [each for each in rows if each.outcome is not None]
    left = sorted((each for each in rows if each.outcome is None), key=lambda each: each.position)
    at_door = next((each for each in left if each.arrived_at is not None), None)
    boarded = {each.order_id for each in over if each.kind == "pickup" and each.outcome == "done"}
    if at_door is not None and at_door.kind == "pickup":
        boarded.add(at_door.order_id)
    trips = {each.order_id: _trip(each) for each in left if each.order_id is not None}
    load, stops, ids = Load(), [], []
    for each in left:
        if each is at_door:
            continue
        if each.kind == "break":
            window = Window(int(each.window_starts_at.timestamp()), int(each.window_ends_at.timestamp()))
            stops.append(Stop(StopKind.BREAK, window, each.seconds))
        elif each.kind == "pickup":
            stops.append(pickup_of(trips[each.order_id]))
        else:
            stops.append(dropoff_of(trips[each.order_id]))
            if each.order_id in boarded:
                load += trips[each.order_id].load
        ids.append(each.id)
    begins, where = _start(row, vehicle, over, at_door)
    start = Stop(StopKind.START, Window(min(begins, vehicle.shift.latest), vehicle.shift.latest), 0, where)
    end = Stop(StopKind.END, vehicle.shift, 0, vehicle.end)
    is_under_way = at_door is None and bool(left) and (left[0].kind == "dropoff" or left[0].state == "on_the_way")
    return Planned(
        row.id, row.van_id, row.number, row.version, row.changed_at, Tour(vehicle, (start, *stops, end), load),
        tuple(ids), is_under_way,
    )  # fmt: skip


def _start(row: Any, vehicle: Vehicle, over: Sequence[Any], at_door: Any) -> tuple[int, Place]:
    """From when and where the van goes on: after what it does now, or where it did something last."""
    last = max((each for each in over if each.kind != "break"), key=lambda each: each.left_at, default=None)
    place = vehicle.start if last is None else _where(last)
    if at_door is not None:
        free = int(at_door.arrived_at.timestamp()) + at_door.seconds
        place = place if at_door.kind == "break" else _where(at_door)
    else:
        free = max((int(each.left_at.timestamp()) for each in over), default=vehicle.shift.earliest)
    return max(free, vehicle.shift.earliest), place


def _where(row: Any) -> Place:
    return Place(**row.wish[row.kind])


def _trip(row: Any) -> Any:
    promise = Promise(**row.promise)
    if row.aboard_at is not None:
        promised = int(row.aboard_at.timestamp()) + promise.longest_ride_seconds
        promise = replace(promise, arrives_by=max(min(promise.arrives_by, promised), promise.starts))
    return trip_promised(str(row.order_id), demand_from_json(row.wish), promise)


_HEADS = text(
    """
    SELECT t.id, t.version, t.changed_at, v.latitude, v.longitude, v.seen_at
      FROM accessibility.van_tour AS t JOIN accessibility.van AS v ON v.id = t.van_id
     WHERE t.day = :day AND t.status = 'open' AND t.ends_at > :now AND v.broken_at IS NULL
     ORDER BY v.number, t.starts_at
    """
)
_HEAD = text(
    """
    SELECT v.latitude, v.longitude, v.seen_at
      FROM accessibility.van_tour AS t JOIN accessibility.van AS v ON v.id = t.van_id
     WHERE t.id = :id
    """
)
_LOCK = text(
    """
    SELECT t.id, t.version, t.changed_at, v.latitude, v.longitude, v.seen_at
      FROM accessibility.van_tour AS t JOIN accessibility.van AS v ON v.id = t.van_id
     WHERE t.id = ANY(:ids) AND t.status = 'open' AND t.ends_at > :now
     ORDER BY t.id FOR UPDATE OF t
    """
)
_TOURS = text(
    """
    SELECT t.id, t.van_id, t.version, t.changed_at, t.starts_at, t.ends_at, v.number, v.layouts, v.chair_width_mm,
           v.chair_length_mm, v.chair_mass_kg, v.features, d.latitude AS depot_latitude, d.longitude AS depot_longitude,
           d.district AS depot_district
      FROM accessibility.van_tour AS t
      JOIN accessibility.van AS v ON v.id = t.van_id
      JOIN accessibility.depot AS d ON d.id = v.depot_id
     WHERE t.id = ANY(:ids)
    """
)
_STOPS = text(
    """
    SELECT s.id, s.tour_id, s.order_id, s.kind, s.position, s.window_starts_at, s.window_ends_at, s.seconds,
           s.arrived_at, s.left_at, s.outcome, o.wish, o.promise, o.aboard_at, o.state
      FROM accessibility.van_stop AS s LEFT JOIN accessibility.van_order AS o ON o.id = s.order_id
     WHERE s.tour_id = ANY(:ids) ORDER BY s.tour_id, s.position
    """
)
