"""What a fleet tells of a ride on its day, in whatever order it comes, perhaps twice, perhaps never.

A state is only ever taken further: what comes late about an earlier one changes nothing. What was never told is found
when the fleet is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides import legs, outcomes, records, states, telling
from accessibility.rides.records import Booking, Order, Ride
from core.clock import on_the_wire
from partners.fleets.contents import (
    FleetOrder,
    FleetStatus,
    TaskConfirmed,
    TripDone,
    TripEvent,
    VehicleAt,
    VehicleSeen,
)

_RANK: Final = {
    states.BOUND: 0, states.ON_THE_WAY: 1, states.AT_DOOR: 2, states.ABOARD: 3, states.DONE: 4,
}  # fmt: skip
_TOLD_LATER_AGAIN: Final = 5
_CHECK_SOONEST: Final = timedelta(minutes=2)
_CHECK_LATEST: Final = timedelta(hours=6)
_LATE_THERE_FROM: Final = 2
_SILENCE_BEFORE_END: Final = timedelta(minutes=5)
_SILENCE_ADDS: Final = timedelta(minutes=10)
_FARE_WITHIN: Final = timedelta(minutes=10)


def apply(session: Session, booking: Booking, order_id: UUID, event: TripEvent, now: datetime) -> None:
    """One thing that the fleet of this order has told."""
    order = booking.order(order_id)
    if isinstance(event, FleetOrder):
        _order_told(session, booking, order, event, now)
        return
    if isinstance(event, FleetStatus):
        for other in event.others:
            outcomes.second_found(session, order, other, now)
    if order.status == states.BINDING and _says_bound(event):
        # Its yes is still on its way, and this proves it.
        outcomes.bound(session, booking, order_id, now, fleet_order=event.fleet_order)
        booking = records.locked(session, booking.id)
        order = booking.order(order_id)
    if event.fleet_order is not None and order.fleet_order not in (None, event.fleet_order):
        return
    match event:
        case FleetStatus():
            state_told(session, booking, order_id, event, now)
        case VehicleSeen():
            _vehicle(session, booking, order, event, now)
        case VehicleAt():
            _seen(session, booking, order, event, now)
        case TaskConfirmed():
            _task(session, booking, order, event, now)
        case TripDone():
            _done(session, booking, order, now, fare_twd=event.fare_twd, at=event.dropped_off_at,
                  aboard_at=event.picked_up_at)  # fmt: skip


def state_told(session: Session, booking: Booking, order_id: UUID, said: FleetStatus, now: datetime) -> None:
    """How the fleet says that an order stands."""
    order = booking.order(order_id)
    ride = booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING):
        return
    match said.state:
        case "on_the_way" | "at_door" | "aboard":
            _further(session, ride, order, said.state, said.at, now)
        case "done":
            _got_off(session, ride, order, said.at, now)
        case "no_show":
            _no_show(session, ride, order, said.reason, now)
        case "cancelled" | "lapsed" | "unknown" | "asked":
            _gone(session, booking, ride, order, said, now)


def checked(session: Session, booking: Booking, order_id: UUID, said: FleetStatus, now: datetime) -> None:
    """What a fleet answers that was asked from time to time; and when to ask again."""
    state_told(session, booking, order_id, said, now)
    after = records.locked(session, booking.id)
    order = after.order(order_id)
    if order.status in (states.BOUND, states.CANCELLING):
        ride = after.ride(order.ride_id)
        if ride.done_at is not None and now - ride.done_at >= _FARE_WITHIN:
            # It never told the fare: what was agreed counts.
            _done(session, after, order, now, fare_twd=order.price_twd, at=ride.done_at, aboard_at=ride.aboard_at)
            return
        wait = min(max(abs(order.pick_up_at - now) / 4, _CHECK_SOONEST), _CHECK_LATEST)
        if order.kind == "own":
            # The city's own vans tell in the transaction in which it happens: nothing of it is lost on the way.
            wait = _CHECK_LATEST
        elif ride.status == states.BOUND:
            _warn_of_silence(session, ride, order, now)
        outcomes.at(session, order, now + wait)


def _says_bound(event: TripEvent) -> bool:
    if isinstance(event, FleetStatus):
        return event.state in _RANK
    return isinstance(event, VehicleSeen | VehicleAt | TaskConfirmed | TripDone)


def _order_told(session: Session, booking: Booking, order: Order, said: FleetOrder, now: datetime) -> None:
    if said.state != "bound":
        return
    is_ours = order.fleet_order in (None, said.fleet_order)
    if order.status == states.BINDING and is_ours:
        outcomes.bound(
            session, booking, order.id, now, fleet_order=said.fleet_order, pick_up_at=said.pick_up_at,
            price_twd=said.price_twd,
        )  # fmt: skip
    elif not is_ours or order.status in (states.RELEASED, states.REFUSED, states.LAPSED):
        outcomes.second_found(session, order, said.fleet_order, now)


def _further(session: Session, ride: Ride, order: Order, state: str, at: datetime, now: datetime) -> None:
    if ride.status not in _RANK or _RANK[ride.status] >= _RANK[state] or ride.done_at is not None:
        return
    session.execute(_FURTHER, {"rider": ride.rider_id, "id": ride.id, "status": state, "at": at})
    telling.happened(session, ride, state, source=order.fleet, now=now, at=at)
    eta = on_the_wire(ride.eta_at or ride.pick_up_at or at)
    if state == states.ON_THE_WAY:
        telling.publish(session, events.RIDE_ON_THE_WAY, ride, now=now, eta=eta)
    else:
        kind = {states.AT_DOOR: events.RIDE_AT_DOOR, states.ABOARD: events.RIDE_ABOARD}[state]
        telling.publish(session, kind, ride, now=now)


def _got_off(session: Session, ride: Ride, order: Order, at: datetime, now: datetime) -> None:
    """They are there; what it costs comes with another telegram, perhaps later."""
    if ride.status in _RANK and ride.status != states.DONE and ride.done_at is None:
        session.execute(_GOT_OFF, {"rider": ride.rider_id, "id": ride.id, "at": at})
        legs.forget_position(session, ride)
        outcomes.at(session, order, now + _FARE_WITHIN)


def _done(
    session: Session,
    booking: Booking,
    order: Order,
    now: datetime,
    *,
    fare_twd: int,
    at: datetime,
    aboard_at: datetime | None,
) -> None:
    ride = booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING, states.RELEASING):
        return
    legs.end_order(session, order, states.DONE, now=now)
    if ride.status not in _RANK or ride.status == states.DONE:
        return
    session.execute(
        _DONE,
        {"rider": ride.rider_id, "id": ride.id, "fare": fare_twd, "at": at, "aboard": aboard_at, "now": now},
    )  # fmt: skip
    legs.forget_position(session, ride)
    telling.happened(session, ride, "done", source=order.fleet, now=now, at=at, fare_twd=fare_twd)
    telling.publish(session, events.RIDE_DONE, ride, now=now, fare_twd=fare_twd, done_at=on_the_wire(at))


def _no_show(session: Session, ride: Ride, order: Order, reason: str, now: datetime) -> None:
    """The fleet says that nobody came to its vehicle."""
    if ride.status not in states.COMING:
        return
    legs.end_order(session, order, states.NO_SHOW, reason, now=now)
    legs.end_ride(session, ride, states.NO_SHOW, by="rider", reason=reason, now=now)
    telling.happened(session, ride, "no_show", source=order.fleet, now=now, reason=reason)
    telling.publish(session, events.RIDE_NO_SHOW, ride, now=now, by="rider", reason=reason)


def _gone(
    session: Session, booking: Booking, ride: Ride, order: Order, said: FleetStatus, now: datetime
) -> None:  # fmt: skip
    """It is no longer there: at our own wish, or because the fleet let its rider down."""
    if order.status == states.CANCELLING or said.by == "city":
        if order.status == states.CANCELLING:
            outcomes.cancelled(session, booking, order.id, said.fee_twd, now)
        return
    legs.end_order(session, order, states.CANCELLED, said.reason, now=now)
    if ride.status in (*states.COMING, states.ABOARD) and ride.done_at is None:
        legs.reseek(session, booking, ride, "fleet_cancelled", source=order.fleet, now=now)


def _vehicle(session: Session, booking: Booking, order: Order, seen: VehicleSeen, now: datetime) -> None:
    ride = booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING) or ride.has_ended:
        return
    vehicle = {
        "number": seen.vehicle_number, "model": seen.vehicle.model, "has_lift": seen.vehicle.has_lift,
        "has_ramp": seen.vehicle.has_ramp,
    }  # fmt: skip
    driver = {"name": seen.driver_name, "phone": seen.driver_phone}
    is_same = ride.vehicle == vehicle and ride.driver == driver
    session.execute(
        _VEHICLE,
        {"rider": ride.rider_id, "id": ride.id, "vehicle": orjson.dumps(vehicle).decode(),
         "driver": orjson.dumps(driver).decode()},
    )  # fmt: skip
    if not is_same:
        telling.happened(session, ride, "vehicle", source=order.fleet, now=now, number=seen.vehicle_number)
    if ride.status in (states.BOUND, states.ON_THE_WAY):
        _warn(session, ride, order, seen.available_at, now)


def _seen(session: Session, booking: Booking, order: Order, seen: VehicleAt, now: datetime) -> None:
    ride = booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING) or ride.done_at is not None:
        return
    if ride.status in states.UNDER_WAY:
        session.execute(
            _POSITION,
            {"ride": ride.id, "rider": ride.rider_id, "latitude": seen.latitude, "longitude": seen.longitude,
             "at": seen.at, "eta": seen.arrives_at},
        )  # fmt: skip
    if seen.arrives_at is not None and ride.status in (states.BOUND, states.ON_THE_WAY):
        session.execute(_ETA, {"rider": ride.rider_id, "id": ride.id, "eta": seen.arrives_at})
        _warn(session, ride, order, seen.arrives_at, now)
    elif seen.arrives_at is not None and ride.status == states.ABOARD:
        _warn_aboard(session, ride, order, seen.arrives_at, now)


def _warn_of_silence(session: Session, ride: Ride, order: Order, now: datetime) -> None:
    """The promised time is nearly over and nothing has set out: whoever waits hears of it from the city."""
    if ride.window_ends_at is not None and now >= ride.window_ends_at - _SILENCE_BEFORE_END:
        _warn(session, ride, order, max(ride.window_ends_at, now) + _SILENCE_ADDS, now)


def _warn_aboard(session: Session, ride: Ride, order: Order, eta: datetime, now: datetime) -> None:
    """Who is aboard hears of it before they are there later, or have sat longer, than they were promised."""
    limits = [] if ride.arrives_at is None else [ride.arrives_at]
    if ride.ride_minutes_at_most is not None and ride.aboard_at is not None:
        limits.append(ride.aboard_at + timedelta(minutes=ride.ride_minutes_at_most))
    if not limits:
        return
    minutes = ceil((eta - min(limits)).total_seconds() / 60)
    is_news = ride.late_minutes_told == 0 or minutes >= ride.late_minutes_told + _TOLD_LATER_AGAIN
    if minutes >= _LATE_THERE_FROM and is_news:
        session.execute(_LATE, {"rider": ride.rider_id, "id": ride.id, "minutes": minutes, "eta": eta})
        at = on_the_wire(eta)
        telling.happened(session, ride, "arrives_late", source=order.fleet, now=now, minutes=minutes, eta=at)
        telling.publish(session, events.RIDE_ARRIVES_LATE, ride, now=now, minutes=minutes, eta=at)


def _warn(session: Session, ride: Ride, order: Order, eta: datetime, now: datetime) -> None:
    """Before it is late its rider is told; again only when it gets much later."""
    if ride.window_ends_at is None:
        return
    minutes = ceil((eta - ride.window_ends_at).total_seconds() / 60)
    if minutes > 0 and (ride.late_minutes_told == 0 or minutes >= ride.late_minutes_told + _TOLD_LATER_AGAIN):
        session.execute(_LATE, {"rider": ride.rider_id, "id": ride.id, "minutes": minutes, "eta": eta})
        telling.happened(session, ride, "late", source=order.fleet, now=now, minutes=minutes, eta=on_the_wire(eta))
        telling.publish(session, events.RIDE_LATE, ride, now=now, minutes=minutes, eta=on_the_wire(eta))


def _task(session: Session, booking: Booking, order: Order, said: TaskConfirmed, now: datetime) -> None:
    ride = booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING):
        return
    if said.result == "performed":
        _further(session, ride, order, states.ABOARD, said.at, now)
    elif said.result == "no show":
        _no_show(session, ride, order, said.reason, now)


_FURTHER = text(
    """
    UPDATE accessibility.ride
       SET status = CAST(:status AS text),
           on_the_way_at = CASE WHEN :status = 'on_the_way' THEN CAST(:at AS timestamptz) ELSE on_the_way_at END,
           at_door_at = CASE WHEN :status = 'at_door' THEN CAST(:at AS timestamptz) ELSE at_door_at END,
           aboard_at = CASE WHEN :status = 'aboard' THEN CAST(:at AS timestamptz) ELSE aboard_at END
     WHERE rider_id = :rider AND id = :id
    """
)
_GOT_OFF = text("UPDATE accessibility.ride SET done_at = :at WHERE rider_id = :rider AND id = :id")
_DONE = text(
    """
    UPDATE accessibility.ride
       SET status = 'done', fare_twd = :fare, done_at = :at, aboard_at = coalesce(aboard_at, :aboard), ended_at = :now,
           end_reason = '', change = NULL, cancel_asked_at = NULL, eta_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
_VEHICLE = text(
    """
    UPDATE accessibility.ride SET vehicle = CAST(:vehicle AS jsonb), driver = CAST(:driver AS jsonb)
     WHERE rider_id = :rider AND id = :id
    """
)
_POSITION = text(
    """
    INSERT INTO accessibility.position AS p (ride_id, rider_id, latitude, longitude, seen_at, eta)
    VALUES (:ride, :rider, :latitude, :longitude, :at, :eta)
    ON CONFLICT (ride_id) DO UPDATE
       SET latitude = excluded.latitude, longitude = excluded.longitude, seen_at = excluded.seen_at, eta = excluded.eta
     WHERE p.seen_at < excluded.seen_at
    """
)
_ETA = text("UPDATE accessibility.ride SET eta_at = :eta WHERE rider_id = :rider AND id = :id")
_LATE = text(
    "UPDATE accessibility.ride SET late_minutes_told = :minutes, eta_at = :eta WHERE rider_id = :rider AND id = :id"
)
