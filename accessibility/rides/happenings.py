"""What a fleet tells of a ride on its day, in whatever order it comes, perhaps twice, perhaps never.

A state is only ever taken further: what comes late about an earlier one changes nothing. What was never told is found
when the fleet is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides import lateness, legs, outcomes, records, states, telling, untold, way_back, whereabouts
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

BROKEN_DOWN: Final = "breakdown"
"""The reason that a fleet gives where it says of an order again that its rider is aboard: the vehicle cannot go on."""
_RANK: Final = {
    states.BOUND: 0, states.ON_THE_WAY: 1, states.AT_DOOR: 2, states.ABOARD: 3, states.DONE: 4,
}  # fmt: skip
_CHECK_SOONEST: Final = timedelta(minutes=2)
_CHECK_LATEST: Final = timedelta(hours=6)
_FARE_WITHIN: Final = timedelta(minutes=10)
_BELIEVED: Final = timedelta(minutes=5)


def apply(session: Session, booking: Booking, order_id: UUID, event: TripEvent, now: datetime) -> None:
    """One thing that the fleet of this order has told."""
    order = booking.order(order_id)
    if isinstance(event, FleetOrder):
        _order_told(session, booking, order, event, now)
        return
    if isinstance(event, FleetStatus):
        others_told(session, order, event, now)
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
            done(session, booking, order, now, fare_twd=event.fare_twd, at=event.dropped_off_at,
                  aboard_at=event.picked_up_at)  # fmt: skip


def others_told(session: Session, order: Order, said: FleetStatus, now: datetime) -> None:
    """What a fleet says that it has beside the order that counts is given back, in whatever order it names them."""
    for number in (said.fleet_order, *said.others):
        is_named = number != said.fleet_order or order.fleet_order in said.others
        if number is not None and number != order.fleet_order and is_named:
            outcomes.second_found(session, order, number, now)


def state_told(session: Session, booking: Booking, order_id: UUID, said: FleetStatus, now: datetime) -> None:
    """How the fleet says that an order stands."""
    if said.state in (states.ABOARD, states.DONE):
        booking = came_after_all(session, booking, order_id, said.at, now)
    order = booking.order(order_id)
    ride = booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING):
        return
    match said.state:
        case "aboard" if said.reason == BROKEN_DOWN and ride.status == states.ABOARD:
            _broken_down(session, ride, order, now)
        case "on_the_way" | "at_door" | "aboard":
            _further(session, ride, order, said.state, said.at, now)
        case "done":
            _got_off(session, ride, order, said.at, now)
        case "no_show":
            _no_show(session, booking, ride, order, said.reason, said.at, now)
        case "cancelled" | "lapsed" | "unknown" | "asked":
            _gone(session, booking, ride, order, said, now)


def came_after_all(session: Session, booking: Booking, order_id: UUID, at: datetime, now: datetime) -> Booking:
    """A vehicle that was given up, because it had not come, has its rider aboard: their ride is with it, and whoever
    was to come instead is given back. Not where the ride is over: then it is asked for again until it ends there."""
    order = booking.order(order_id)
    ride = booking.ride(order.ride_id)
    other = booking.live_order(ride)
    is_waiting = ride.status == states.RESEEKING or ride.status in states.COMING
    if order.status != states.RELEASING or not is_waiting or (other and other.status == states.CANCELLING):
        return booking
    if other is not None:
        legs.give_back(session, other, "came_after_all")
    legs.take_back(session, order, ride, at, now=now)
    after = records.locked(session, booking.id)
    mine = after.ride(ride.id)
    telling.happened(session, mine, "aboard", source=order.fleet, now=now, at=at)
    telling.publish(session, events.RIDE_ABOARD, mine, now=now)
    return after


def checked(session: Session, booking: Booking, order_id: UUID, said: FleetStatus, now: datetime) -> None:
    """What a fleet answers that was asked from time to time; and when to ask again."""
    is_with_other = _is_with_other(booking.order(order_id), said)
    if is_with_other:
        outcomes.is_other(session, booking.order(order_id), said.fleet_order or "")
        booking = records.locked(session, booking.id)
    state_told(session, booking, order_id, said, now)
    after = records.locked(session, booking.id)
    order = after.order(order_id)
    if order.status in (states.BOUND, states.CANCELLING):
        ride = after.ride(order.ride_id)
        if ride.done_at is not None and now - ride.done_at >= _FARE_WITHIN:
            # It never told the fare: what was agreed counts.
            done(session, after, order, now, fare_twd=order.price_twd, at=ride.done_at, aboard_at=ride.aboard_at)
            return
        if order.customer_told_at is None:
            outcomes.later(session, order, now)
            return
        if ride.done_at is not None:
            outcomes.at(session, order, ride.done_at + _FARE_WITHIN)
            return
        wait = min(max(abs(order.pick_up_at - now) / 4, _CHECK_SOONEST), _CHECK_LATEST)
        if order.kind == "own":
            # The city's own vans tell in the transaction in which it happens: nothing of it is lost on the way.
            wait = _CHECK_LATEST
        elif is_with_other:
            wait = _CHECK_SOONEST
        else:
            wait = min(wait, max(lateness.warn_of_silence(session, ride, order, now) - now, _CHECK_SOONEST))
        outcomes.at(session, order, now + wait)


def _is_with_other(order: Order, said: FleetStatus) -> bool:
    """Whether of two vehicles that the fleet had bound the one that counted is gone, and the other stands."""
    numbers = (said.fleet_order, *said.others)
    return said.state in _RANK and said.fleet_order is not None and order.fleet_order not in (None, *numbers)


def not_heard(session: Session, booking: Booking, order_id: UUID, now: datetime) -> None:
    """A fleet that was asked how an order stands did not answer."""
    outcomes.not_known(session, booking, order_id, now)
    order = booking.order(order_id)
    if order.status == states.BOUND:
        lateness.warn_of_silence(session, booking.ride(order.ride_id), order, now)


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
    if state == states.AT_DOOR and not now - _BELIEVED <= at <= now:
        # From when it waited at the door may count against its rider: nobody says so only afterwards.
        at = now
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


def done(
    session: Session,
    booking: Booking,
    order: Order,
    now: datetime,
    *,
    fare_twd: int,
    at: datetime,
    aboard_at: datetime | None,
    source: str = "",
) -> None:
    """It is driven, and this is what it costs. `source`: who says so, its fleet if nobody is named."""
    booking = came_after_all(session, booking, order.id, aboard_at or at, now)
    order, ride = booking.order(order.id), booking.ride(order.ride_id)
    if order.status == states.DONE and ride.offer_id == order.offer_id:
        _restated(session, ride, order, fare_twd, now)
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
    telling.happened(session, ride, "done", source=source or order.fleet, now=now, at=at, fare_twd=fare_twd)
    telling.publish(session, events.RIDE_DONE, ride, now=now, fare_twd=fare_twd, done_at=on_the_wire(at))


def _restated(session: Session, ride: Ride, order: Order, fare_twd: int, now: datetime) -> None:
    """The fleet says again what a ride cost that is over. It never costs more than was said first."""
    if ride.status == states.DONE and ride.fare_twd is not None and fare_twd < ride.fare_twd:
        session.execute(_FARE, {"rider": ride.rider_id, "id": ride.id, "fare": fare_twd})
        telling.happened(session, ride, "fare_stated", source=order.fleet, now=now, fare_twd=fare_twd)
        telling.publish(session, events.RIDE_FARE_STATED, ride, now=now, fare_twd=fare_twd)


def _no_show(
    session: Session, booking: Booking, ride: Ride, order: Order, reason: str, at: datetime, now: datetime
) -> None:
    """The fleet says that nobody came to its vehicle. Of whom it said before that they are aboard, that cannot be: it
    is over, and nobody has witnessed that they were driven."""
    if ride.status == states.ABOARD and ride.done_at is None and (ride.aboard_at is None or at >= ride.aboard_at):
        untold.close(session, order, ride, now)
    if ride.status not in states.COMING:
        return
    if way_back.is_rider_still_out(booking, ride):
        legs.end_order(session, order, states.NO_SHOW, reason, now=now)
        way_back.wait_for_call(session, ride, now)
        return
    metres = whereabouts.metres_from_door(session, ride)
    legs.end_order(session, order, states.NO_SHOW, reason, now=now)
    legs.end_ride(session, ride, states.NO_SHOW, by="rider", reason=reason, now=now)
    telling.happened(session, ride, "no_show", source=order.fleet, now=now, reason=reason)
    telling.publish(session, events.RIDE_NO_SHOW, ride, now=now, by="rider", reason=reason, metres=metres)


def _gone(
    session: Session, booking: Booking, ride: Ride, order: Order, said: FleetStatus, now: datetime
) -> None:  # fmt: skip
    """It is no longer there: at our own wish, or because the fleet let its rider down."""
    if order.status == states.CANCELLING:
        outcomes.cancelled(session, booking, order.id, said.fee_twd, now)
        return
    is_under_way = ride.status in (*states.COMING, states.ABOARD)
    if is_under_way and ride.done_at is not None:
        # They are there: what was agreed counts.
        done(session, booking, order, now, fare_twd=order.price_twd, at=ride.done_at, aboard_at=ride.aboard_at)
        return
    if is_under_way and untold.is_long_over(ride, order, now):
        end = untold.close if ride.status == states.ABOARD else untold.never_came
        end(session, order, ride, now)
        return
    if order.kind != "taxi":
        legs.end_order(session, order, states.CANCELLED, said.reason, now=now)
    else:
        # The reference is shut, too: a second vehicle that the fleet bound beside it does not come.
        legs.give_back(session, order, "fleet_cancelled")
    if is_under_way:
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
        lateness.warn(session, ride, order, seen.available_at, now)
        way_back.put_off(session, booking, ride, seen.available_at + lateness.longest_way(ride), now)
    elif ride.status == states.ABOARD and ride.vehicle is not None and ride.vehicle["number"] != vehicle["number"]:
        _broken_down(session, ride, order, now, eta=seen.available_at)


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
    if seen.arrives_at is not None:
        lateness.expected(session, booking, order, seen.arrives_at, now)


def _task(session: Session, booking: Booking, order: Order, said: TaskConfirmed, now: datetime) -> None:
    if said.result == "performed":
        booking = came_after_all(session, booking, order.id, said.at, now)
    order, ride = booking.order(order.id), booking.ride(order.ride_id)
    if order.status not in (states.BOUND, states.CANCELLING):
        return
    if said.result == "performed":
        _further(session, ride, order, states.ABOARD, said.at, now)
    elif said.result == "no show":
        _no_show(session, booking, ride, order, said.reason, said.at, now)


def _broken_down(session: Session, ride: Ride, order: Order, now: datetime, eta: datetime | None = None) -> None:
    """Who sits in a vehicle that cannot go on hears of it at once, and again when another of its fleet comes."""
    at = None if eta is None else on_the_wire(eta)
    telling.happened(session, ride, "broken_down", source=order.fleet, now=now, eta=at)
    telling.publish(session, events.RIDE_BROKEN_DOWN, ride, now=now, eta=at)


_FURTHER = text(
    """
    UPDATE accessibility.ride
       SET status = CAST(:status AS text),
           on_the_way_at = CASE WHEN :status = 'on_the_way' THEN CAST(:at AS timestamptz) ELSE on_the_way_at END,
           at_door_at = CASE WHEN :status = 'at_door' THEN CAST(:at AS timestamptz) ELSE at_door_at END,
           aboard_at = CASE WHEN :status = 'aboard' THEN CAST(:at AS timestamptz) ELSE aboard_at END,
           late_minutes_told = CASE WHEN :status = 'aboard' THEN 0 ELSE late_minutes_told END,
           eta_at = CASE WHEN :status = 'aboard' THEN NULL ELSE eta_at END
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
_FARE = text("UPDATE accessibility.ride SET fare_twd = :fare WHERE rider_id = :rider AND id = :id")
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
