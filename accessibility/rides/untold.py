"""Rides of which their fleet says nothing any more, or what cannot be. Each comes to rest, and nobody pays for what
nobody has witnessed: done, at no charge. What was never let go is taken for gone a day later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides import legs, outcomes, states, telling
from accessibility.rides.records import Booking, Order, Ride
from core.clock import on_the_wire

NOT_TOLD_FOR: Final = timedelta(hours=6)
"""So long after it was to be over, a ride is closed of which its fleet has not said how it went."""
GONE_AFTER: Final = timedelta(hours=24)
"""So long after the time of an order a fleet that never answers is asked no more to let it go."""
STILL_WAITS: Final = timedelta(hours=1)
"""So long after the promised time whoever was let down may still be there, and others are asked for them."""


def put_to_rest(session: Session, booking: Booking, now: datetime) -> bool:
    """Close what will not close by itself. Answers whether something changed (then the booking must be read anew)."""
    for order in booking.orders:
        if order.status == states.BOUND and not order.is_by_telephone:
            ride = booking.ride(order.ride_id)
            if not ride.has_ended and now >= to_be_over(ride, order) + NOT_TOLD_FOR:
                close(session, order, ride, now)
                return True
        elif now < order.pick_up_at + GONE_AFTER:
            continue
        elif order.status == states.CANCELLING:
            outcomes.cancelled(session, booking, order.id, 0, now)
            return True
        elif order.status == states.RELEASING:
            legs.end_order(session, order, states.RELEASED, "never_heard", now=now)
            return True
    for second in booking.seconds:
        if now >= booking.order(second.order_id).pick_up_at + GONE_AFTER:
            outcomes.second_released(session, booking, second, now)
            return True
    return False


def close(session: Session, order: Order, ride: Ride, now: datetime) -> None:
    """Nobody says how this ride went: it is done, and costs nothing. What may still stand at the fleet is given
    back where nobody was ever said to be aboard."""
    there_at = max(min(to_be_over(ride, order), now), ride.aboard_at or order.pick_up_at)
    if ride.status in states.COMING:
        legs.give_back(session, order, "not_told")
    else:
        legs.end_order(session, order, states.DONE, "not_told", now=now)
    session.execute(_DONE, {"rider": ride.rider_id, "id": ride.id, "at": there_at, "now": now})
    legs.forget_position(session, ride)
    telling.happened(session, ride, "not_told", source="city", now=now)
    telling.happened(session, ride, "done", source="city", now=now, at=there_at, fare_twd=0)
    telling.publish(session, events.RIDE_DONE, ride, now=now, fare_twd=0, done_at=on_the_wire(there_at))


def is_long_over(ride: Ride, order: Order, now: datetime) -> bool:
    """Whether it is too late to look for another vehicle: nobody is there any more."""
    if ride.status == states.ABOARD:
        return now >= to_be_over(ride, order) + STILL_WAITS
    return ride.window_ends_at is not None and now >= ride.window_ends_at + STILL_WAITS


def never_came(session: Session, order: Order, ride: Ride, now: datetime) -> None:
    """Its fleet says only long afterwards that it did not come: that is the fleet's fault, and no other is sent."""
    legs.give_back(session, order, "vehicle_missing")
    legs.end_ride(session, ride, states.NO_SHOW, by="fleet", reason="vehicle_missing", now=now)
    telling.happened(session, ride, "never_came", source=order.fleet, now=now)
    telling.publish(session, events.RIDE_NO_SHOW, ride, now=now, by="fleet", is_over=True)


def to_be_over(ride: Ride, order: Order) -> datetime:
    """When this ride is to be over, as it was promised, or as late as it began."""
    promised = ride.arrives_at or (ride.window_ends_at or order.pick_up_at) + STILL_WAITS
    return promised if ride.aboard_at is None else max(promised, ride.aboard_at + STILL_WAITS)


_DONE = text(
    """
    UPDATE accessibility.ride
       SET status = 'done', fare_twd = 0, done_at = :at, ended_at = :now, end_reason = '', change = NULL,
           cancel_asked_at = NULL, eta_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
