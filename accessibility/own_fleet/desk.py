"""The dispatch desk: who has no van, what it would mean to give a trip to one, giving it, and a day once more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch import insertion, timing
from accessibility.dispatch.tours import StopKind, Tour, Trip
from accessibility.own_fleet import breakdowns, events, orders, overriding, placing, plans, room, telegrams, writing
from accessibility.own_fleet.errors import DoesNotFit, ReasonNeeded, StopNotNow, WouldBreakPromise
from accessibility.own_fleet.events import By
from accessibility.own_fleet.overriding import Broken, WhatIf
from accessibility.own_fleet.plans import Planned
from accessibility.own_fleet.ports import city, travel
from accessibility.own_fleet.promises import promise_to_json, trip_promised
from core.errors import NotFound, PreconditionFailed
from core.text import Language
from identity.access_log import record_accesses
from identity.actors import Actor

_MOVABLE: Final = ("held", "bound", "on_the_way")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Why something is assigned, and whether also in spite of a promise."""

    reason: str = ""
    is_override: bool = False


@dataclass(frozen=True, slots=True)
class Considered:
    """A trip, the tour that might take it as it is now, and what that would mean."""

    order: Any
    planned: Planned
    found: WhatIf


def unassigned(session: Session) -> list[Any]:
    """Rides that have lost their van, and have no other yet: the nearest first."""
    return list(session.execute(_UNASSIGNED, {"state": "bound"}).all())


def trip(session: Session, officer: Actor, trip: str, now: datetime) -> Any:
    """One trip with who rides: written down as read. Raises NotFound."""
    found = orders.of_trip(session, trip)
    if not found:
        raise NotFound
    riders = city().riders_of(session, [trip]) if found[0].customer is not None else {}
    record_accesses(
        session, actor=officer, person_ids=set(riders.values()), what="ride", purpose="ride_dispatched", now=now,
        reference=trip,
    )  # fmt: skip
    return found[0]


def consider(session: Session, trip: str, number: str, now: datetime, *, is_locked: bool = False) -> Considered:
    """What it would mean to give the trip to that van. Raises NotFound, StopNotNow once somebody is at the door."""
    order = _movable(session, trip)
    tour_ids = [row.id for row in session.execute(_TOURS_OF, {"number": number, "day": order.day, "now": now}).all()]
    if not tour_ids:
        raise NotFound
    if is_locked:
        plan = {each.id: each for each in plans.locked(session, [*tour_ids, *filter(None, [order.tour_id])], now)}
    else:
        plan = {each.id: each for each in plans.of_day(session, order.day, now)}
    wanted = trip_promised(str(order.id), orders.demand_of(order), orders.promise_of(order))
    considered = [
        Considered(order, plan[id], overriding.what_if(_without(plan[id].tour, order), wanted, travel()))
        for id in tour_ids
        if id in plan
    ]
    if not considered:
        raise NotFound
    return min(considered, key=_by_harm)


def assign(
    session: Session, officer: Actor, trip: str, number: str, version: int, wanted: Wanted, now: datetime
) -> tuple[Any, tuple[Broken, ...]]:
    """Give the trip to that van: as promised, or in spite of a promise with a reason. Answers order and what breaks.

    Raises NotFound, StopNotNow, PreconditionFailed, DoesNotFit, WouldBreakPromise, ReasonNeeded.
    """
    telegrams.take_turns(session, trip)
    considered = consider(session, trip, number, now, is_locked=True)
    order, planned, found = considered.order, considered.planned, considered.found
    if planned.version != version:
        raise PreconditionFailed
    if found.tour is None or found.schedule is None:
        raise DoesNotFit
    if found.broken and not wanted.is_override:
        raise WouldBreakPromise(broken=broken_shown(session, found.broken, "zh-TW"))
    if found.broken and not wanted.reason.strip():
        raise ReasonNeeded
    by = By("officer", officer.id)
    if found.broken:
        _widen(session, found.tour)
        events.note(
            session, "override", day=order.day, by=by, now=now, van_id=planned.van_id, tour_id=planned.id,
            order_id=order.id, reason=wanted.reason,
            broken=[[each.trip_id, each.promise, each.minutes] for each in found.broken],
        )  # fmt: skip
    if order.tour_id is not None and order.tour_id != planned.id:
        session.execute(_DROP, {"tour": order.tour_id, "order": order.id})
        placing.retimed(session, order.tour_id, travel(), now)
        room.tell(session, [order.day], [order.number], "moved", now=now)
    writing.write(session, planned, found.tour, found.schedule)
    placing.assign(session, order.id, planned.id)
    if order.state == "on_the_way":
        orders.move(session, order.id, "bound", now)
    session.execute(_AT_HOME, {"id": order.id})
    moved = orders.by_id(session, order.id)
    events.of_order(session, "assigned", moved, by=by, now=now, reason=wanted.reason)
    for told in {moved.id, *(UUID(each.trip_id) for each in found.broken if each.trip_id)}:
        _tell(session, told, now)
    return moved, found.broken


def take_out(session: Session, officer: Actor, trip: str, version: int, *, reason: str, now: datetime) -> Any:
    """Take the trip out of its van: another is looked for, as after a breakdown. Raises as `assign`."""
    telegrams.take_turns(session, trip)
    order = _movable(session, trip)
    if order.tour_id is None:
        return order
    if order.state == "held":
        raise StopNotNow(order.state)
    (locked,) = session.execute(_LOCK, {"id": order.tour_id}).all()
    if locked.version != version:
        raise PreconditionFailed
    placing.take_out(session, order.id, order.tour_id, travel(), now)
    room.tell(session, [order.day], [order.number], "moved", now=now)
    events.of_order(session, "unassigned", order, by=By("officer", officer.id), now=now, reason=reason)
    if order.state == "on_the_way":
        orders.move(session, order.id, "bound", now)
    session.execute(_HOMELESS, {"id": order.id, "until": max(now + breakdowns.PATIENCE, now)})
    return orders.by_id(session, order.id)


def van_named(session: Session, number: str) -> UUID:
    """A van by its number. Raises NotFound."""
    found: UUID | None = session.execute(_VAN, {"number": number}).scalar()
    if found is None:
        raise NotFound
    return found


def replay(session: Session, day: date, number: str | None) -> list[Any]:
    """What happened on that day, in its order; `number`: to that van alone."""
    return list(session.execute(_REPLAY, {"day": day, "number": number}).all())


def later(considered: Considered) -> list[tuple[Trip, StopKind, int | None, int]]:
    """Whose time would change, and how: (trip, where, was, would be)."""
    before = _times(considered.planned.tour)
    found = considered.found
    assert found.tour is not None and found.schedule is not None
    moved = []
    for stop, at in zip(found.tour.stops, found.schedule.begins, strict=True):
        if stop.trip is not None:
            was = before.get((stop.trip.id, stop.kind))
            if was is None or abs(at - was) >= 60:
                moved.append((stop.trip, stop.kind, was, at))
    return moved


def broken_shown(session: Session, broken: tuple[Broken, ...], language: Language) -> list[dict[str, Any]]:
    """What would not be kept, with the trips' references and in words."""
    trips = trips_of(session, [UUID(each.trip_id) for each in broken if each.trip_id])
    return [
        {
            "trip": trips.get(each.trip_id or ""),
            "promise": each.promise,
            "minutes": each.minutes,
            "words": overriding.WORDS[each.promise].in_language(language).replace("{minutes}", str(each.minutes)),
        }
        for each in broken
    ]


def trips_of(session: Session, order_ids: list[UUID]) -> dict[str, str]:
    """The references of orders, by the orders' ids as text."""
    return {str(row.id): row.trip for row in session.execute(_TRIPS, {"ids": order_ids}).all()}


def _movable(session: Session, trip: str) -> Any:
    found = orders.of_trip(session, trip)
    if not found:
        raise NotFound
    if found[0].state not in _MOVABLE or (found[0].aboard_at is not None and found[0].tour_id is not None):
        raise StopNotNow(found[0].state)
    return found[0]


def _without(tour: Tour, order: Any) -> Tour:
    return insertion.without(tour, str(order.id))


def _by_harm(considered: Considered) -> tuple[bool, int, int]:
    found = considered.found
    return found.tour is None, sum(each.minutes for each in found.broken), found.added_seconds


def _times(tour: Tour) -> dict[tuple[str, StopKind], int]:
    schedule = timing.scheduled(tour, travel())
    begins = schedule.begins if schedule else tuple(0 for _ in tour.stops)
    return {
        (stop.trip.id, stop.kind): at
        for stop, at in zip(tour.stops, begins, strict=True)
        if stop.trip is not None and at
    }


def _widen(session: Session, tour: Tour) -> None:
    """The limits of those whose promise is broken; what they were told is kept beside."""
    for wanted in tour.trips():
        order = orders.by_id(session, UUID(wanted.id))
        promise = orders.promise_of(order)
        wider = replace(
            promise,
            ends=max(promise.ends, wanted.pickup_window.latest),
            arrives_by=max(promise.arrives_by, wanted.dropoff_window.latest),
            longest_ride_seconds=max(promise.longest_ride_seconds, wanted.longest_ride_seconds),
        )
        if wider != promise:
            session.execute(_WIDEN, {"id": order.id, "promise": promise_to_json(wider)})


def _tell(session: Session, order_id: UUID, now: datetime) -> None:
    order = orders.by_id(session, order_id)
    if order.state in ("bound", "on_the_way"):
        city().told(session, order.trip, orders.seen(order, orders.comes_at(session, order)), now)


def position_of(event: Any) -> tuple[float | None, float | None]:
    """Where it happened, if that is known."""
    data = event.data if isinstance(event.data, dict) else orjson.loads(event.data)
    return data.get("latitude"), data.get("longitude")


_UNASSIGNED = text(
    """
    SELECT id, trip, state, wish, promise, told_promise, pick_up_at, place_wanted_until, reason
      FROM accessibility.van_order
     WHERE place_wanted_until IS NOT NULL AND tour_id IS NULL AND state = :state
     ORDER BY reason DESC, pick_up_at, id
    """
)
_TOURS_OF = text(
    """
    SELECT t.id FROM accessibility.van_tour AS t JOIN accessibility.van AS v ON v.id = t.van_id
     WHERE v.number = :number AND t.day = :day AND t.status = 'open' AND t.ends_at > :now AND v.broken_at IS NULL
     ORDER BY t.id
    """
)
_LOCK = text("SELECT version FROM accessibility.van_tour WHERE id = :id FOR UPDATE")
_DROP = text("DELETE FROM accessibility.van_stop WHERE tour_id = :tour AND order_id = :order AND outcome IS NULL")
_AT_HOME = text(
    "UPDATE accessibility.van_order SET reason = '', late_told_minutes = 0, place_wanted_until = NULL WHERE id = :id"
)
_HOMELESS = text("UPDATE accessibility.van_order SET tour_id = NULL, place_wanted_until = :until WHERE id = :id")
_WIDEN = text(
    """
    UPDATE accessibility.van_order
       SET told_promise = coalesce(told_promise, promise), promise = CAST(:promise AS jsonb)
     WHERE id = :id
    """
)
_VAN = text("SELECT id FROM accessibility.van WHERE number = :number AND retired_at IS NULL")
_TRIPS = text("SELECT id, trip FROM accessibility.van_order WHERE id = ANY(:ids)")
_REPLAY = text(
    """
    SELECT e.at, e.kind, e.by_kind, e.reason, e.data, v.number, o.trip
      FROM accessibility.van_event AS e
      LEFT JOIN accessibility.van AS v ON v.id = e.van_id
      LEFT JOIN accessibility.van_order AS o ON o.id = e.order_id
     WHERE e.day = :day AND (CAST(:number AS text) IS NULL OR v.number = :number) ORDER BY e.at, e.id
    """
)
