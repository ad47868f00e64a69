"""A van that cannot go on: its rides are put into other tours, or given up so that other fleets are asked.

First, in one transaction, the van is out of the plan and its rides have no place any more. Then each is looked after by
itself, so that whoever is killed in between leaves the rest to the sweep. Somebody who is aboard is fetched by another
van from where it stands, as soon as one can; where none can soon, other fleets are asked, too.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.insertion import Insertion
from accessibility.dispatch.tours import Place, Trip, Window
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import events, orders, placing, room, telegrams, writing
from accessibility.own_fleet.events import By
from accessibility.own_fleet.offering import NOTICE
from accessibility.own_fleet.ports import city
from accessibility.own_fleet.promises import Promise, demand_to_json, promise_to_json, trip_promised
from core import db

PATIENCE: Final = timedelta(minutes=3)
"""So long another van is looked for, and a dispatcher may find one, before other fleets are asked."""
_NEAR: Final = timedelta(hours=2)
_FETCHED_WITHIN_SECONDS: Final = 30 * 60
_ABOARD_AT_MOST_SECONDS: Final = 3 * 3_600
RESCUED: Final = "rescue"
BREAKDOWN: Final = "breakdown"
"""What the city is told of whoever is aboard: the van cannot go on."""


def begin(session: Session, van_id: UUID, *, reason: str, by: By, now: datetime) -> list[UUID]:
    """The van is out from now on. Answers the orders that need another."""
    session.execute(_BROKEN, {"van": van_id, "now": now, "reason": reason})
    homeless: list[UUID] = []
    for tour in session.execute(_TOURS, {"van": van_id, "until": now + timedelta(hours=24), "now": now}).all():
        events.note(
            session, "breakdown", day=tour.day, by=by, now=now, van_id=van_id, tour_id=tour.id, reason=reason
        )  # fmt: skip
        for order in session.execute(_RIDES, {"tour": tour.id}).all():
            put_out(session, order, tour, now)
            homeless.append(order.id)
        session.execute(_OUT, {"id": tour.id})
        writing.mark_changed(session, tour.id)
    return homeless


def repaired(session: Session, van_id: UUID, *, by: By, day: Any, now: datetime) -> bool:
    """The van can be planned with again. Answers whether it was broken."""
    if session.execute(_REPAIRED, {"van": van_id}).scalar() is None:
        return False
    session.execute(_IN_AGAIN, {"van": van_id, "now": now})
    row = session.execute(_ROOM, {"van": van_id, "now": now}).one()
    room.tell(session, row.days or [], [row.number], "repaired", now=now)
    events.note(session, "repaired", day=day, by=by, now=now, van_id=van_id)
    return True


def find_places(travel: Travel, now: datetime) -> dict[UUID, str | None]:
    """Look after every ride that has lost its van, each in a unit of work of its own: the van that takes it now."""
    with db.single_statements() as session:
        waiting = [row.id for row in session.execute(_HOMELESS, {"now": now}).all()]
    found: dict[UUID, str | None] = {}
    for order_id in waiting:
        with db.unit_of_work() as session:
            found[order_id] = find_place(session, order_id, travel, now)
    return found


def find_place(session: Session, order_id: UUID, travel: Travel, now: datetime) -> str | None:
    """Another van for a ride that has lost its own: its number; None while there is none."""
    order = orders.by_id(session, order_id)
    telegrams.take_turns(session, order.trip)
    order = orders.by_id(session, order_id)
    if order is None or order.tour_id is not None or order.state != "bound":
        return order.number if order else None
    if seat(session, order, travel, now) is not None:
        return _found(session, orders.by_id(session, order_id), now)
    if order.place_wanted_until <= now:
        _lost(session, order, now)
    return None


def seat(session: Session, order: Any, travel: Travel, now: datetime) -> UUID | None:
    """Put a ride that has lost its van into the tour that takes it as it was promised; nobody is told. None: none."""
    is_rescue = order.reason == RESCUED
    trip = _trip(order, is_rescue, now)
    if trip is None:
        return None
    first = _soonest if is_rescue else placing.by_detour
    return placing.place(session, order.day, trip, travel, now, first=first)


def put_out(session: Session, order: Any, tour: Any, now: datetime) -> None:
    """This order has no place in that tour any more, and wants another; `tour` says where its van stands."""
    session.execute(_DROP, {"order": order.id})
    if order.state == "held":
        ended = {"held_until": None, "ended_at": now, "ended_by": "fleet", "reason": "breakdown"}
        orders.move(session, order.id, "cancelled", now, **ended)
        return
    until = now + PATIENCE if order.pick_up_at > now + _NEAR else now
    if order.state == "aboard":
        _rescued(session, order, tour, now)
        until = now + PATIENCE
        city().told(session, order.trip, replace(orders.stated(order), reason=BREAKDOWN), now)
    if order.state != "bound":
        orders.move(session, order.id, "bound", now)
    reason = RESCUED if order.state == "aboard" else ""
    session.execute(_HOMELESS_NOW, {"id": order.id, "until": until, "reason": reason})


def _rescued(session: Session, order: Any, tour: Any, now: datetime) -> None:
    """From where the van stands, as soon as it can be; its ride may take as long as it must."""
    demand, promise = orders.demand_of(order), orders.promise_of(order)
    here = demand.pickup
    if tour.seen_at is not None:
        here = Place(tour.latitude, tour.longitude, demand.pickup.district)
    starts = int((now + NOTICE).timestamp())
    ends = starts + _FETCHED_WITHIN_SECONDS
    longest = max(promise.longest_ride_seconds, _ABOARD_AT_MOST_SECONDS)
    wider = Promise(starts, starts, ends, ends + longest, longest)
    moved = replace(demand, pickup=here, stops=(), window=Window(starts, ends), pick_up_at=starts, arrive_by=None)
    session.execute(
        _WIDEN, {"id": order.id, "wish": demand_to_json(moved), "promise": promise_to_json(wider)}
    )  # fmt: skip
    events.note(
        session, "rescue", day=order.day, by=events.THE_FLEET, now=now, van_id=tour.van_id, tour_id=tour.id,
        order_id=order.id,
    )  # fmt: skip


def _trip(order: Any, is_rescue: bool, now: datetime) -> Trip | None:
    """The ride with what is left of its promise; None once that is over."""
    promise = orders.promise_of(order)
    soonest = int((now + NOTICE).timestamp())
    if promise.ends < soonest and not is_rescue:
        return None
    starts = max(promise.starts, min(soonest, promise.ends))
    return trip_promised(str(order.id), orders.demand_of(order), replace(promise, starts=starts))


def _soonest(found: Insertion) -> float:
    return found.picked_up


def _found(session: Session, order: Any, now: datetime) -> str:
    session.execute(_AT_HOME, {"id": order.id})
    city().told(session, order.trip, orders.seen(order, orders.comes_at(session, order)), now)
    events.of_order(session, "assigned", order, by=events.THE_FLEET, now=now)
    return str(order.number)


def _lost(session: Session, order: Any, now: datetime) -> None:
    """Given up, and told: other fleets are asked for it at once."""
    ended = orders.move(
        session, order.id, "cancelled", now, place_wanted_until=None, ended_at=now, ended_by="fleet",
        reason="沒有可接手的車輛 no other van can take it",
    )  # fmt: skip
    events.of_order(session, "lost", ended, by=events.THE_FLEET, now=now)
    city().told(session, order.trip, orders.stated(ended), now)


_BROKEN = text(
    "UPDATE accessibility.van SET broken_at = coalesce(broken_at, :now), broken_why = :reason WHERE id = :van"
)
# Whoever waits for a tour's row sees there that its van is out.
_OUT = text("UPDATE accessibility.van_tour SET status = 'broken' WHERE id = :id AND status = 'open'")
_IN_AGAIN = text(
    "UPDATE accessibility.van_tour SET status = 'open' WHERE van_id = :van AND status = 'broken' AND ends_at > :now"
)
_ROOM = text(
    """
    SELECT v.number, (SELECT array_agg(DISTINCT t.day) FROM accessibility.van_tour AS t
                       WHERE t.van_id = v.id AND t.status = 'open' AND t.ends_at > :now) AS days
      FROM accessibility.van AS v WHERE v.id = :van
    """
)
_REPAIRED = text(
    "UPDATE accessibility.van SET broken_at = NULL, broken_why = '' "
    "WHERE id = :van AND broken_at IS NOT NULL RETURNING 1"
)
_TOURS = text(
    """
    SELECT t.id, t.day, t.van_id, v.latitude, v.longitude, v.seen_at
      FROM accessibility.van_tour AS t JOIN accessibility.van AS v ON v.id = t.van_id
     WHERE t.van_id = :van AND t.ends_at > :now AND t.starts_at < :until AND t.status <> 'off'
     ORDER BY t.id FOR UPDATE OF t
    """
)
_RIDES = text(
    """
    SELECT * FROM accessibility.van_order
     WHERE tour_id = :tour AND state IN ('held', 'bound', 'on_the_way', 'at_door', 'aboard')
     ORDER BY pick_up_at, id FOR UPDATE
    """
)
_DROP = text("DELETE FROM accessibility.van_stop WHERE order_id = :order AND outcome IS NULL")
_HOMELESS = text(
    """
    SELECT id FROM accessibility.van_order
     WHERE place_wanted_until IS NOT NULL AND tour_id IS NULL AND state = 'bound'
     ORDER BY reason DESC, pick_up_at, id LIMIT 200
    """
)
_HOMELESS_NOW = text(
    """
    UPDATE accessibility.van_order SET tour_id = NULL, place_wanted_until = :until, reason = :reason WHERE id = :id
    """
)
_AT_HOME = text("UPDATE accessibility.van_order SET reason = '', late_told_minutes = 0 WHERE id = :id")
_WIDEN = text(
    """
    UPDATE accessibility.van_order
       SET wish = CAST(:wish AS jsonb), told_promise = coalesce(told_promise, promise),
           promise = CAST(:promise AS jsonb)
     WHERE id = :id
    """
)
