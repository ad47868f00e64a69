"""A way back that was bound for a time at which its rider will not be there yet: nobody is waited for, nor said to have
missed a vehicle, where they have not been brought."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides import legs, states, telling
from accessibility.rides.records import Booking, Ride


def put_off(session: Session, booking: Booking, out: Ride, arrives_at: datetime, now: datetime) -> None:
    """The way there will be over then: a way back that was to begin before lets its vehicle go, and waits until its
    rider says that they are ready."""
    if out.leg != "out":
        return
    for back in booking.rides:
        order = booking.live_order(back)
        is_bound = back.status in states.COMING and order is not None and order.status == states.BOUND
        if back.leg == "back" and is_bound and back.window_ends_at is not None and back.window_ends_at < arrives_at:
            assert order is not None
            legs.give_back(session, order, "way_there_late")
            wait_for_call(session, back, now)


def is_rider_still_out(booking: Booking, back: Ride) -> bool:
    """Whether the way there of this way back is not over: then its rider cannot be where it begins."""
    return back.leg == "back" and any(
        each.leg == "out" and each.done_at is None
        and each.status in (*states.COMING, states.ABOARD, states.RESEEKING, states.HOLDING)
        for each in booking.rides
    )  # fmt: skip


def wait_for_call(session: Session, ride: Ride, now: datetime) -> None:
    """A bound way back has no vehicle any more, and is called when its rider is ready. They are told."""
    session.execute(_WAITS, {"rider": ride.rider_id, "id": ride.id})
    session.execute(_CALLED, {"rider": ride.rider_id, "id": ride.request_id})
    legs.forget_position(session, ride)
    telling.happened(session, ride, "put_off", source="city", now=now)
    telling.publish(session, events.RETURN_PUT_OFF, ride, now=now)


_WAITS = text(
    """
    UPDATE accessibility.ride
       SET status = 'will_call', reason = '', fleet = NULL, offer_id = NULL, pick_up_at = NULL,
           window_starts_at = NULL, window_ends_at = NULL, arrives_at = NULL, ride_minutes_at_most = NULL,
           vehicle = NULL, driver = NULL, eta_at = NULL, late_minutes_told = 0, candidates = NULL, seek_round = 0,
           change = NULL, agreed = NULL, fare_twd = NULL, rider_pays_twd = NULL, on_the_way_at = NULL,
           at_door_at = NULL, is_replacement = false
     WHERE rider_id = :rider AND id = :id
    """
)
_CALLED = text(
    """
    UPDATE accessibility.ride_request SET time_kind = 'will_call', wanted_at = NULL
     WHERE rider_id = :rider AND id = :id
    """
)
