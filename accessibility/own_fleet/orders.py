"""Orders of rides: their rows, their states, and how they are confirmed to who ordered them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility.own_fleet.promises import (
    Demand,
    Promise,
    demand_from_json,
    demand_to_json,
    promise_to_json,
    rough_of,
)
from core import crypto
from partners.fleets.contents import CustomerTold, Door, FleetOrder, FleetStatus, VehicleKind, VehicleSeen

LIVE: Final = ("held", "bound", "on_the_way", "at_door", "aboard")
BOUND: Final = ("bound", "on_the_way", "at_door", "aboard")


def new_order(
    session: Session, *, id: UUID, trip: str, day: date, demand: Demand, promise: Promise, price_twd: int,
    held_until: datetime, now: datetime,
) -> None:  # fmt: skip
    """Write down a ride that is held for who asked; it has no place in a tour yet."""
    values = {
        "id": id, "trip": trip, "number": f"R{secrets.token_hex(5)}", "day": day,
        "wish": demand_to_json(demand), "promise": promise_to_json(promise),
        "pick_up_at": datetime.fromtimestamp(promise.pick_up_at, now.tzinfo), "price_twd": price_twd,
        "held_until": held_until, "now": now,
    }  # fmt: skip
    session.execute(_INSERT, values)


def by_id(session: Session, order_id: UUID) -> Any:
    """One order with its tour, van and driver, or None."""
    return session.execute(_BY_ID, {"id": order_id}).one_or_none()


def of_trip(session: Session, trip: str) -> list[Any]:
    """Every order under this reference, the live one first, then what ended last."""
    return list(session.execute(_OF_TRIP, {"trip": trip, "live": list(LIVE)}).all())


def move(session: Session, order_id: UUID, state: str, now: datetime, **changed: Any) -> Any:
    """The order is in another state, with other values of these columns. Answers it."""
    assert changed.keys() <= _MAY_CHANGE, changed
    values = {"id": order_id, "state": state, "now": now, **changed}
    session.execute(_move_of(tuple(sorted(changed))), values)
    return by_id(session, order_id)


def shut(session: Session, trip: str, now: datetime) -> None:
    """Nothing will be held under this reference any more."""
    session.execute(_SHUT, {"trip": trip, "now": now})


def is_shut(session: Session, trip: str) -> bool:
    """Whether the reference was given up."""
    return session.execute(_IS_SHUT, {"trip": trip}).scalar() is not None


def was_asked(session: Session, trip: str) -> bool:
    """Whether anything was ever offered under the reference."""
    return session.execute(_WAS_ASKED, {"trip": trip}).scalar() is not None


def demand_of(order: Any) -> Demand:
    """What was wanted."""
    return demand_from_json(order.wish)


def promise_of(order: Any) -> Promise:
    """What was promised."""
    return Promise(**order.promise)


def confirmed(order: Any) -> FleetOrder:
    """An order that is held or bound, as it is confirmed."""
    demand, is_held = demand_of(order), order.state == "held"
    return FleetOrder(
        "held" if is_held else "bound", order.fleet_order, rough_of(demand.pickup), rough_of(demand.dropoff),
        order.pick_up_at, order.price_twd, False, order.held_until if is_held else None, order.number,
    )  # fmt: skip


def status(session: Session, trip: str, now: datetime) -> FleetStatus:
    """How it stands under this reference."""
    found = of_trip(session, trip)
    if found:
        return stated(found[0])
    if is_shut(session, trip):
        return FleetStatus("cancelled", now, by="city")
    return FleetStatus("asked" if was_asked(session, trip) else "unknown", now)


def stated(order: Any) -> FleetStatus:
    """How an order stands."""
    return FleetStatus(
        order.state, order.changed_at, order.fleet_order, order.reason if order.ended_by else "", order.ended_by
    )


def seen(order: Any, available_at: datetime) -> VehicleSeen:
    """Which van comes, who drives it, and when it is there."""
    return VehicleSeen(
        order.fleet_order, order.number, order.driver_name, vehicle_kind(order), available_at, order.driver_phone
    )


def comes_at(session: Session, order: Any) -> datetime:
    """When the van of an order is expected where it begins."""
    found: datetime | None = session.execute(_COMES_AT, {"id": order.id}).scalar()
    return order.pick_up_at if found is None else found


def vehicle_kind(van: Any) -> VehicleKind:
    """A van as it is offered: the most wheelchairs that it takes, and the most seats."""
    return VehicleKind(
        van.model, max(layout[0] for layout in van.layouts), max(layout[1] for layout in van.layouts),
        van.chair_width_mm // 10, van.chair_length_mm // 10, van.chair_mass_kg, van.has_lift, van.has_ramp,
    )  # fmt: skip


def tell_customer(session: Session, order_id: UUID, told: CustomerTold) -> None:
    """Keep who rides, sealed for this order alone."""
    sealed = crypto.seal(orjson.dumps(asdict(told)), table="van_order", column="customer", row_id=order_id)
    session.execute(_CUSTOMER, {"id": order_id, "customer": sealed})


def rider_at_door(session: Session, trip: str, since: datetime) -> None:
    """Keep since when the rider of this trip waits at the door, while the van has still to come."""
    session.execute(_AT_DOOR, {"trip": trip, "since": since})


def customer_of(order_id: UUID, sealed: bytes | None) -> CustomerTold | None:
    """Who rides, where it was told."""
    if sealed is None:
        return None
    opened = crypto.open_sealed(sealed, table="van_order", column="customer", row_id=order_id)
    told: Mapping[str, Any] = orjson.loads(opened)
    doors = {name: Door(**told[name]) for name in ("pickup", "dropoff")}
    return CustomerTold(**{**told, **doors})


_MAY_CHANGE: Final = frozenset(
    ("tour_id", "held_until", "bound_at", "customer", "place_wanted_until", "late_told_minutes", "aboard_at",
     "ended_at", "ended_by", "reason")
)  # fmt: skip
_ORDER = """
    SELECT o.id, o.trip, o.fleet_order, o.state, o.day, o.tour_id, o.wish, o.promise, o.pick_up_at, o.price_twd,
           o.changed_at, o.held_until, o.bound_at, o.customer, o.place_wanted_until, o.late_told_minutes, o.aboard_at,
           o.ended_at, o.ended_by, o.reason, o.told_promise, o.shown_in, v.latitude, v.longitude, v.seen_at,
           t.van_id, t.version AS tour_version, v.number, v.model, v.layouts,
           v.chair_width_mm, v.chair_length_mm, v.chair_mass_kg, v.has_lift, v.has_ramp,
           d.name AS driver_name, d.phone AS driver_phone
      FROM accessibility.van_order AS o
      LEFT JOIN accessibility.van_tour AS t ON t.id = o.tour_id
      LEFT JOIN accessibility.van AS v ON v.id = t.van_id
      LEFT JOIN accessibility.van_driver AS d ON d.id = t.driver_id
"""
_BY_ID = text(f"{_ORDER} WHERE o.id = :id")
_OF_TRIP = text(f"{_ORDER} WHERE o.trip = :trip ORDER BY o.state = ANY(:live) DESC, o.created_at DESC, o.id DESC")
_INSERT = text(
    """
    INSERT INTO accessibility.van_order
           (id, trip, fleet_order, state, day, wish, promise, pick_up_at, price_twd, created_at, changed_at,
            held_until)
    VALUES (:id, :trip, :number, 'held', :day, CAST(:wish AS jsonb), CAST(:promise AS jsonb), :pick_up_at,
            :price_twd, :now, :now, :held_until)
    """
)
_COMES_AT = text(
    "SELECT expected_at FROM accessibility.van_stop WHERE order_id = :id AND kind = 'pickup' AND outcome IS NULL"
)
_SHUT = text("INSERT INTO accessibility.van_shut (trip, shut_at) VALUES (:trip, :now) ON CONFLICT DO NOTHING")
_IS_SHUT = text("SELECT 1 FROM accessibility.van_shut WHERE trip = :trip")
_WAS_ASKED = text("SELECT 1 FROM accessibility.van_offer WHERE trip = :trip LIMIT 1")
_CUSTOMER = text("UPDATE accessibility.van_order SET customer = :customer WHERE id = :id")
_AT_DOOR = text(
    """
    UPDATE accessibility.van_order SET rider_at_door_at = :since
     WHERE trip = :trip AND state IN ('bound', 'on_the_way', 'at_door')
    """
)
_moves: dict[tuple[str, ...], Any] = {}


def _move_of(columns: tuple[str, ...]) -> Any:
    """One statement for each set of columns, so that it is prepared once."""
    if columns not in _moves:
        more = "".join(f", {name} = :{name}" for name in columns)
        _moves[columns] = text(
            f"UPDATE accessibility.van_order SET state = :state, changed_at = :now{more} WHERE id = :id"  # noqa: S608
        )
    return _moves[columns]
