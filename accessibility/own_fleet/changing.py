"""A ride that is given up, or wanted otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.dispatch.tours import Window
from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import events, offering, orders, placing, tariff
from accessibility.own_fleet.ports import city
from accessibility.own_fleet.promises import demand_to_json, moment, place_of, promise_to_json, trip_promised
from accessibility.own_fleet.telegrams import NotDone
from core.clock import taipei_date
from partners.fleets.contents import Amend, Cancel, FleetOrder, FleetStatus

_AROUND_SECONDS: Final = 900


def cancel(session: Session, trip: str, wanted: Cancel, travel: Travel, now: datetime) -> FleetStatus:
    """Give it up; without `fleet_order` the reference is shut. Raises NotDone."""
    found = orders.of_trip(session, trip)
    if wanted.fleet_order is not None:
        found = [order for order in found if order.fleet_order == wanted.fleet_order]
        if not found:
            raise NotDone("order_unknown", "沒有這筆訂單 No such order", "/more/fleet_order")
    if any(order.state == "aboard" for order in found):
        raise NotDone("too_late", "乘客已上車 They are aboard already")
    if wanted.fleet_order is None:
        orders.shut(session, trip, now)
    ended = [_cancelled(session, order, wanted.reason, travel, now) for order in found]
    return orders.stated(ended[0]) if ended else FleetStatus("cancelled", now, reason=wanted.reason, by="city")


def amend(session: Session, trip: str, wanted: Amend, travel: Travel, now: datetime) -> FleetOrder:
    """Change what is given: it is taken out of the plan and put in again with a new promise, or stays as it was.

    Raises NotDone.
    """
    order = next((each for each in orders.of_trip(session, trip) if each.fleet_order == wanted.fleet_order), None)
    if order is None:
        raise NotDone("order_unknown", "沒有這筆訂單 No such order", "/more/fleet_order")
    if order.state not in ("held", "bound"):
        raise NotDone("too_late", "已無法變更 It can no longer be changed", "/more/fleet_order")
    pick_up_at = wanted.pick_up_at or order.pick_up_at
    soonest = int((now + offering.NOTICE).timestamp())
    if pick_up_at <= now:
        raise NotDone("too_late", "時間已過 That is over", "/more/pick_up_at")
    demand = _amended(order, wanted, int(pick_up_at.timestamp()), soonest)
    placing.take_out(session, order.id, order.tour_id, travel, now)
    found = offering.best(offering.plan_around(session, demand, travel, now), demand, travel)
    if found is None:
        raise NotDone("no_vehicle", "該時段沒有車輛 No vehicle then")
    promise = found[1]
    way = (demand.pickup, *demand.stops, demand.dropoff)
    values = {
        "id": order.id, "wish": demand_to_json(demand), "promise": promise_to_json(promise),
        "pick_up_at": datetime.fromtimestamp(promise.pick_up_at, now.tzinfo), "day": taipei_date(pick_up_at),
        "price_twd": tariff.day_fare_twd(session, way, moment(promise.pick_up_at)), "now": now,
    }  # fmt: skip
    session.execute(_AMEND, values)
    placed = placing.place(
        session, values["day"], trip_promised(str(order.id), demand, promise), travel, now
    )  # fmt: skip
    if placed is None:
        raise NotDone("no_vehicle", "該時段沒有車輛 No vehicle then")
    changed = orders.by_id(session, order.id)
    events.of_order(session, "amended", changed, by=events.THE_CITY, now=now)
    if changed.state == "bound":
        city().told(session, trip, orders.seen(changed, changed.pick_up_at), now)
    return orders.confirmed(changed)


def _amended(order: Any, wanted: Amend, pick_up_at: int, soonest: int) -> Any:
    demand = orders.demand_of(order)
    earliest = max(pick_up_at - _AROUND_SECONDS, soonest)
    arrive_by = demand.arrive_by if demand.arrive_by is not None and demand.arrive_by > pick_up_at else None
    if wanted.pick_up_at is None:
        window = demand.window
    else:
        window = Window(earliest, max(pick_up_at + _AROUND_SECONDS, earliest))
    return replace(
        demand,
        window=window,
        pick_up_at=pick_up_at,
        arrive_by=arrive_by,
        pickup=place_of(wanted.pickup) if wanted.pickup else demand.pickup,
        dropoff=place_of(wanted.dropoff) if wanted.dropoff else demand.dropoff,
        companions=demand.companions if wanted.companions is None else wanted.companions,
    )


def _cancelled(session: Session, order: Any, reason: str, travel: Travel, now: datetime) -> Any:
    if order.state not in orders.LIVE:
        return order
    placing.take_out(session, order.id, order.tour_id, travel, now)
    moved = orders.move(
        session, order.id, "cancelled", now, held_until=None, place_wanted_until=None, ended_at=now, ended_by="city",
        reason=reason,
    )  # fmt: skip
    kind: events.Kind = "released" if order.state == "held" else "cancelled"
    events.of_order(session, kind, moved, by=events.THE_CITY, now=now, reason=reason)
    return moved


_AMEND = text(
    """
    UPDATE accessibility.van_order
       SET wish = CAST(:wish AS jsonb), promise = CAST(:promise AS jsonb), pick_up_at = :pick_up_at, day = :day,
           price_twd = :price_twd, changed_at = :now, late_told_minutes = 0
     WHERE id = :id
    """
)
