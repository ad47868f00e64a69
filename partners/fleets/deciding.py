"""What a fleet of the sandbox answers to each telegram: offers, holds, bindings, changes, by its book and temper."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import orjson

from core.clock import on_the_wire
from partners.desk.books import Row
from partners.desk.switches import Mode
from partners.fleets import books
from partners.fleets.contents import (
    Amend,
    Cancel,
    Content,
    CustomerTold,
    FleetError,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    OrderWanted,
    StatusAsked,
    TripScheduled,
    Wish,
)
from partners.fleets.houses import House, meter_twd, metres, ride_time

_OFFER_SECONDS: Final = 600
_LEAD: Final = timedelta(minutes=15)
_LATE_FEE_FROM: Final = timedelta(hours=1)


def answer_to(
    writing: sqlite3.Connection, house: House, trip: str, said: Content, at: datetime, mode: Mode | None
) -> Content:
    """The answer, with what it changes in the fleet's book."""
    books.let_lapse(writing, at)
    if not house.has_machine:
        return FleetError("no_machine", "本車行僅接受電話訂車 This fleet takes orders by telephone only")
    name = mode.name if mode else ""
    if name == "refuses" and isinstance(said, Wish):
        return NoOffer("fleet_refuses")
    if name == "refuses":
        return FleetError("no_vehicle", "沒有車輛 No vehicle")
    match said:
        case Wish():
            return _offer(writing, house, trip, said, at)
        case OrderWanted(phase="hold"):
            seconds = mode["seconds"] if mode and name == "expires_soon" else house.hold_seconds
            return _hold(writing, house, trip, said, at, seconds)
        case OrderWanted():
            return _bind(writing, house, trip, said, at, lets_go=name == "lapses")
        case CustomerTold():
            return _told(writing, house, trip, said, at)
        case Cancel():
            return _cancel(writing, house, trip, said, at)
        case Amend():
            return _amend(writing, house, trip, said, at)
        case StatusAsked():
            return status(writing, house, trip, at)
    return FleetError("kind_not_here", "a fleet is not asked this")


def confirmed(order: Row) -> FleetOrder:
    """An order that is held or bound, as the fleet confirms it."""
    is_held = order["state"] == "held"
    return FleetOrder(
        "held" if is_held else "bound", order["fleet_order"], books.place_of(order["pickup"]),
        books.place_of(order["dropoff"]), datetime.fromisoformat(order["pick_up_at"]), order["price_twd"], True,
        datetime.fromisoformat(order["lapses_at"]) if is_held else None, order["vehicle"],
    )  # fmt: skip


def stated(order: Row, others: tuple[str, ...] = ()) -> FleetStatus:
    """How an order stands."""
    return FleetStatus(
        order["state"], datetime.fromisoformat(order["changed_at"]), order["fleet_order"],
        order["reason"] if order["ended_by"] else "", order["ended_by"], order["fee_twd"], others,
    )  # fmt: skip


def bind(writing: sqlite3.Connection, order: Row, at: datetime) -> Row:
    """Binds what is held; the ride begins by itself a quarter of an hour before its time."""
    sets_off_at = datetime.fromisoformat(order["pick_up_at"]) - _LEAD
    return books.change(
        writing, order, at, state="bound", lapses_at=None, next_state="on_the_way", next_at=on_the_wire(sets_off_at)
    )


def status(writing: sqlite3.Connection, house: House, trip: str, at: datetime) -> FleetStatus:
    """How it stands under our reference: the live order that was bound first, else what ended last."""
    orders = books.orders_of(writing, house, trip)
    live = [order for order in orders if order["state"] in books.LIVE]
    if live:
        return stated(live[0], tuple(order["fleet_order"] for order in live[1:]))
    if orders:
        return stated(orders[-1])
    if books.is_shut(writing, house, trip):
        return FleetStatus("cancelled", at, by="city")
    return FleetStatus("asked" if books.was_asked(writing, house, trip) else "unknown", at)


def _offer(writing: sqlite3.Connection, house: House, trip: str, wish: Wish, at: datetime) -> FleetOffer | NoOffer:
    if wish.pick_up_at < at + timedelta(minutes=0 if wish.is_asap else house.closes_minutes):
        return NoOffer("too_late")
    opens = timedelta(days=house.opens_days)
    if wish.pick_up_at > at + opens:
        return NoOffer("too_early", wish.pick_up_at - opens)
    places = (wish.pickup, *wish.stops, wish.dropoff)
    if house.districts is not None and any(place.district not in house.districts for place in places):
        return NoOffer("outside_area")
    if _luck(house, trip) < house.refuses_share:
        return NoOffer("fleet_refuses")
    needs = _needs(wish)
    if not books.fitting(house, needs):
        return NoOffer("too_large")
    way = sum(metres(one, other) for one, other in pairwise(places))
    pick_up_at = min(wish.pick_up_at + timedelta(minutes=house.minutes_late), wish.window_ends_at)
    if wish.arrive_by is not None:
        pick_up_at = min(pick_up_at, wish.arrive_by - ride_time(way))
    arrives_at = pick_up_at + ride_time(way)
    if pick_up_at < max(wish.window_starts_at, at):
        return NoOffer("too_late")
    vehicle = books.free_vehicle(writing, house, needs, pick_up_at, arrives_at)
    if vehicle is None:
        return NoOffer("no_vehicle", books.free_again_at(writing, house, pick_up_at))
    offer = FleetOffer(
        f"of_{secrets.token_hex(8)}", pick_up_at, pick_up_at - timedelta(minutes=5), pick_up_at + timedelta(minutes=10),
        arrives_at, meter_twd(house, way, pick_up_at), True, vehicle.kind, at + timedelta(seconds=_OFFER_SECONDS),
        house.confidence,
    )  # fmt: skip
    books.insert(
        writing, "fleet_offer",
        fleet=house.key, offer=offer.offer, trip=trip, needs=orjson.dumps(needs).decode(),
        pickup=books.place_text(wish.pickup), dropoff=books.place_text(wish.dropoff),
        pick_up_at=on_the_wire(pick_up_at), arrives_at=on_the_wire(arrives_at), price_twd=offer.price_twd,
        lapses_at=on_the_wire(offer.lapses_at),
    )  # fmt: skip
    return offer


def _hold(
    writing: sqlite3.Connection, house: House, trip: str, wanted: OrderWanted, at: datetime, seconds: float
) -> FleetOrder | FleetError:
    if books.is_shut(writing, house, trip):
        return FleetError("reference_shut", "此趟次已取消 This reference was given up")
    if any(order["state"] in books.LIVE for order in books.orders_of(writing, house, trip)):
        return FleetError("already_held", "此趟次已有訂單 There is an order under this reference")
    offer = books.offer_named(writing, house, wanted.offer, trip)
    if offer is None:
        return FleetError("offer_unknown", "沒有這個報價 No such offer", "/more/offer")
    if offer["lapses_at"] <= on_the_wire(at):
        return FleetError("offer_lapsed", "報價已失效 The offer has lapsed", "/more/offer")
    pick_up_at, arrives_at = (datetime.fromisoformat(offer[name]) for name in ("pick_up_at", "arrives_at"))
    if wanted.pick_up_at != pick_up_at:
        return FleetError("differs_from_offer", "與報價不同 It differs from the offer", "/tds/pickupTime")
    vehicle = books.free_vehicle(writing, house, orjson.loads(offer["needs"]), pick_up_at, arrives_at)
    if vehicle is None:
        return FleetError("no_vehicle", "車輛已被訂走 The vehicle has gone to somebody else")
    order = new_order(
        writing, house, offer, vehicle.number, at, state="held", lapses_at=on_the_wire(at + timedelta(seconds=seconds))
    )
    return confirmed(order)


def new_order(
    writing: sqlite3.Connection, house: House, like: Row, vehicle: str, at: datetime, **values: object
) -> Row:
    """A new order with trip, places and times of `like`, an offer or another order."""
    number = f"{house.key[0].upper()}{secrets.token_hex(5)}"
    same = ("offer", "trip", "needs", "pickup", "dropoff", "pick_up_at", "arrives_at", "price_twd")
    books.insert(
        writing, "fleet_order",
        **{name: like[name] for name in same}, **values, fleet=house.key, fleet_order=number, vehicle=vehicle,
        changed_at=on_the_wire(at),
    )  # fmt: skip
    found = books.order_named(writing, house, number)
    assert found is not None
    return found


def _bind(
    writing: sqlite3.Connection, house: House, trip: str, wanted: OrderWanted, at: datetime, *, lets_go: bool
) -> FleetOrder | FleetError:
    order = books.order_named(writing, house, wanted.fleet_order or "")
    if order is None or order["trip"] != trip:
        return FleetError("order_unknown", "沒有這筆訂單 No such order", "/more/fleet_order")
    if order["state"] == "held" and lets_go:
        order = books.change(writing, order, at, state="lapsed")
    if order["state"] == "lapsed":
        return FleetError("hold_lapsed", "保留時間已過 The hold has lapsed", "/more/fleet_order")
    if order["state"] == "held":
        order = bind(writing, order, at)
    if order["state"] not in books.BOUND:
        return FleetError("order_over", "這筆訂單已結束 It is over", "/more/fleet_order")
    return confirmed(order)


def _told(writing: sqlite3.Connection, house: House, trip: str, told: CustomerTold, at: datetime) -> Content:
    bound = [order for order in books.orders_of(writing, house, trip) if order["state"] in books.BOUND]
    if not bound:
        return FleetError("not_bound", "尚未確認訂車，請勿提供個資 Nothing is bound: keep this to yourself")
    for order in bound:
        books.change(writing, order, at, customer=orjson.dumps(asdict(told)).decode())
    return TripScheduled(bound[0]["fleet_order"], True)


def _cancel(writing: sqlite3.Connection, house: House, trip: str, cancel: Cancel, at: datetime) -> Content:
    orders = books.orders_of(writing, house, trip)
    if cancel.fleet_order is not None:
        orders = [order for order in orders if order["fleet_order"] == cancel.fleet_order]
        if not orders:
            return FleetError("order_unknown", "沒有這筆訂單 No such order", "/more/fleet_order")
    if any(order["state"] == "aboard" for order in orders):
        return FleetError("too_late", "乘客已上車 They are aboard already")
    if cancel.fleet_order is None:
        books.shut(writing, house, trip)
    ended: list[Row] = []
    for order in orders:
        if order["state"] in books.LIVE:
            is_late = datetime.fromisoformat(order["pick_up_at"]) - at < _LATE_FEE_FROM
            is_charged = order["state"] != "held" and is_late and cancel.reason in ("rider", "rider_unwell", "other")
            order = books.change(
                writing, order, at, state="cancelled", reason=cancel.reason, ended_by="city", next_state=None,
                next_at=None, lapses_at=None, fee_twd=house.late_fee_twd if is_charged else 0,
            )  # fmt: skip
        ended.append(order)
    return stated(ended[-1]) if ended else FleetStatus("cancelled", at, reason=cancel.reason, by="city")


def _amend(writing: sqlite3.Connection, house: House, trip: str, amend: Amend, at: datetime) -> FleetOrder | FleetError:
    order = books.order_named(writing, house, amend.fleet_order)
    if order is None or order["trip"] != trip:
        return FleetError("order_unknown", "沒有這筆訂單 No such order", "/more/fleet_order")
    if order["state"] not in ("held", "bound"):
        return FleetError("too_late", "已無法變更 It can no longer be changed", "/more/fleet_order")
    pickup, dropoff = amend.pickup or books.place_of(order["pickup"]), amend.dropoff or books.place_of(order["dropoff"])
    pick_up_at = amend.pick_up_at or datetime.fromisoformat(order["pick_up_at"])
    if pick_up_at <= at:
        return FleetError("too_late", "時間已過 That is over", "/more/pick_up_at")
    needs: dict[str, Any] = orjson.loads(order["needs"])
    if amend.companions is not None:
        needs |= {"seats": needs["seats"] - needs["companions"] + amend.companions, "companions": amend.companions}
    way = metres(pickup, dropoff)
    arrives_at = pick_up_at + ride_time(way)
    vehicle = books.free_vehicle(writing, house, needs, pick_up_at, arrives_at, but=order["fleet_order"])
    if vehicle is None:
        return FleetError("no_vehicle", "該時段沒有車輛 No vehicle then")
    order = books.change(
        writing, order, at, vehicle=vehicle.number, needs=orjson.dumps(needs).decode(),
        pickup=books.place_text(pickup), dropoff=books.place_text(dropoff), pick_up_at=on_the_wire(pick_up_at),
        arrives_at=on_the_wire(arrives_at), price_twd=meter_twd(house, way, pick_up_at),
    )  # fmt: skip
    return confirmed(bind(writing, order, at) if order["state"] == "bound" else order)


def _needs(wish: Wish) -> dict[str, Any]:
    """The room somebody needs. A service animal is never a reason to refuse."""
    needs_chair = "W" in wish.functions
    seats = wish.companions + (0 if needs_chair and "WT" not in wish.functions else 1)
    chair = None if wish.chair is None else asdict(wish.chair)
    return {"chair": chair, "needs_chair": needs_chair, "seats": seats, "companions": wish.companions}


def _luck(house: House, trip: str) -> float:
    """A number from 0 to 1 that is always the same for this trip at this fleet."""
    return int.from_bytes(hashlib.sha256(f"{house.key} {trip}".encode()).digest()[:4], "big") / 2**32
