"""From an offer to a ride in a tour: held for a while, bound for good, and then who rides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import events, offering, orders, placing, telegrams
from accessibility.own_fleet.ports import city
from accessibility.own_fleet.promises import Promise, demand_from_json, trip_promised
from accessibility.own_fleet.telegrams import NotDone
from core import db
from core.clock import taipei_date
from core.ids import new_uuid
from partners.fleets.contents import CustomerTold, FleetOrder, OrderWanted, TripScheduled

HELD_FOR: Final = timedelta(minutes=3)


def hold(session: Session, trip: str, wanted: OrderWanted, travel: Travel, now: datetime) -> FleetOrder:
    """Hold what was offered. Raises NotDone."""
    if orders.is_shut(session, trip):
        raise NotDone("reference_shut", "此趟次已取消 This reference was given up")
    if any(order.state in orders.LIVE for order in orders.of_trip(session, trip)):
        raise NotDone("already_held", "此趟次已有訂單 There is an order under this reference")
    offer = offering.named(session, wanted.offer, trip)
    if offer is None:
        raise NotDone("offer_unknown", "沒有這個報價 No such offer", "/more/offer")
    if offer.lapses_at <= now:
        raise NotDone("offer_lapsed", "報價已失效 The offer has lapsed", "/more/offer")
    promise = Promise(**offer.promise)
    if int(wanted.pick_up_at.timestamp()) != promise.pick_up_at:
        raise NotDone("differs_from_offer", "與報價不同 It differs from the offer", "/tds/pickupTime")
    demand, order_id, day = demand_from_json(offer.wish), new_uuid(), taipei_date(wanted.pick_up_at)
    orders.new_order(
        session, id=order_id, trip=trip, day=day, demand=demand, promise=promise, price_twd=offer.price_twd,
        held_until=now + HELD_FOR, now=now,
    )  # fmt: skip
    wanted_trip = trip_promised(str(order_id), demand, promise)
    placed = placing.place(session, day, wanted_trip, travel, now, only=offer.tour_id)
    if placed is None and placing.place(session, day, wanted_trip, travel, now, but=(offer.tour_id,)) is None:
        raise NotDone("no_vehicle", "車輛已被訂走 The place has gone to somebody else")
    return orders.confirmed(_noted(session, orders.by_id(session, order_id), "held", now))


def bind(session: Session, trip: str, fleet_order: str, now: datetime) -> FleetOrder:
    """Bind what is held. Raises NotDone."""
    order = next((each for each in orders.of_trip(session, trip) if each.fleet_order == fleet_order), None)
    if order is None:
        raise NotDone("order_unknown", "沒有這筆訂單 No such order", "/more/fleet_order")
    if order.state == "lapsed" or (order.state == "held" and order.held_until <= now):
        raise NotDone("hold_lapsed", "保留時間已過 The hold has lapsed", "/more/fleet_order")
    if order.state == "held":
        order = orders.move(session, order.id, "bound", now, held_until=None, bound_at=now)
        _noted(session, order, "bound", now)
        city().told(session, trip, orders.seen(order, order.pick_up_at), now)
    if order.state not in orders.BOUND:
        raise NotDone("order_over", "這筆訂單已結束 It is over", "/more/fleet_order")
    return orders.confirmed(order)


def told(session: Session, trip: str, customer: CustomerTold) -> TripScheduled:
    """Keep who rides. Raises NotDone while nothing is bound."""
    bound = [order for order in orders.of_trip(session, trip) if order.state in orders.BOUND]
    if not bound:
        raise NotDone("not_bound", "尚未確認訂車，請勿提供個資 Nothing is bound: keep this to yourself")
    for order in bound:
        orders.tell_customer(session, order.id, customer)
    return TripScheduled(bound[0].fleet_order, True)


def let_lapse(travel: Travel, now: datetime) -> int:
    """Take what is held no longer out of its tour, each in a unit of work of its own. Answers how many those were."""
    with db.single_statements() as session:
        due = session.execute(_LAPSED, {"now": now}).all()
    gone = 0
    for row in due:
        with db.unit_of_work() as session:
            gone += _lapse(session, row.trip, row.id, travel, now)
    return gone


def _lapse(session: Session, trip: str, order_id: UUID, travel: Travel, now: datetime) -> bool:
    telegrams.take_turns(session, trip)
    order = orders.by_id(session, order_id)
    if order.state != "held" or order.held_until > now:
        return False
    placing.take_out(session, order.id, order.tour_id, travel, now)
    _noted(session, orders.move(session, order.id, "lapsed", now, ended_at=now, ended_by="fleet"), "lapsed", now)
    return True


def _noted(session: Session, order: object, kind: events.Kind, now: datetime) -> object:
    events.of_order(session, kind, order, by=events.THE_CITY, now=now)
    return order


_LAPSED = text(
    """
    SELECT id, trip FROM accessibility.van_order
     WHERE state = 'held' AND held_until <= :now ORDER BY held_until, id LIMIT 200
    """
)
