"""Who is told before it is late: at the door, aboard, and where their fleet says nothing at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides import states, telling, way_back
from accessibility.rides.records import Booking, Order, Ride
from core.clock import on_the_wire

_TOLD_AGAIN: Final = 5
_GUESSED_AGAIN: Final = 15
_LATE_THERE_FROM: Final = 2
_SILENCE_BEFORE_END: Final = timedelta(minutes=5)
_SILENCE_ADDS: Final = timedelta(minutes=10)
_LOOKED_AT_AGAIN: Final = timedelta(hours=6)


def expected(session: Session, booking: Booking, order: Order, at: datetime, now: datetime) -> None:
    """When the fleet expects its vehicle at the door, or whoever is aboard to be there."""
    ride = booking.ride(order.ride_id)
    if ride.status in (states.BOUND, states.ON_THE_WAY):
        session.execute(_ETA, {"rider": ride.rider_id, "id": ride.id, "eta": at})
        warn(session, ride, order, at, now)
        way_back.put_off(session, booking, ride, at + longest_way(ride), now)
    elif ride.status == states.ABOARD:
        _warn_aboard(session, ride, order, at, now)
        way_back.put_off(session, booking, ride, at, now)


def warn_of_silence(session: Session, ride: Ride, order: Order, now: datetime) -> datetime:
    """The promised time is nearly over, and nothing was heard that would keep it: who waits, or sits in it, hears of it
    from the city. A fleet that was rung has said a time before it sets out. Answers when to look again at the latest.
    """
    if ride.done_at is not None:
        return now + _LOOKED_AT_AGAIN
    limit = ride.window_ends_at if ride.status in states.COMING else _there_by(ride)
    if limit is None or ride.status == states.AT_DOOR or order.status != states.BOUND:
        return now + _LOOKED_AT_AGAIN
    has_said = ride.status != states.BOUND or order.is_by_telephone
    is_expected = has_said and ride.eta_at is not None and now < ride.eta_at
    if now >= limit - _SILENCE_BEFORE_END and not is_expected:
        tell = _warn_aboard if ride.status == states.ABOARD else warn
        tell(session, ride, order, max(limit, now) + _SILENCE_ADDS, now, is_guess=True)
    return max(limit - _SILENCE_BEFORE_END, ride.eta_at or now, now)


def _there_by(ride: Ride) -> datetime | None:
    """When who is aboard is to be there, and has sat no longer than they were promised."""
    limits = [] if ride.arrives_at is None else [ride.arrives_at]
    if ride.ride_minutes_at_most is not None and ride.aboard_at is not None:
        limits.append(ride.aboard_at + timedelta(minutes=ride.ride_minutes_at_most))
    return min(limits, default=None)


def _warn_aboard(
    session: Session, ride: Ride, order: Order, eta: datetime, now: datetime, *, is_guess: bool = False
) -> None:
    """Who is aboard hears of it before they are there later, or have sat longer, than they were promised."""
    limit = _there_by(ride)
    if limit is None:
        return
    minutes = ceil((eta - limit).total_seconds() / 60)
    if minutes >= _LATE_THERE_FROM and _is_later(ride, minutes, is_guess):
        _late(session, ride, order, events.RIDE_ARRIVES_LATE, minutes, eta, now, is_guess)


def warn(session: Session, ride: Ride, order: Order, eta: datetime, now: datetime, *, is_guess: bool = False) -> None:
    """Before it is late its rider is told; again only when it gets much later, or comes much earlier after all."""
    if ride.window_ends_at is None:
        return
    minutes = ceil((eta - ride.window_ends_at).total_seconds() / 60)
    told = ride.late_minutes_told
    is_earlier = told > 0 and not is_guess and minutes <= told - _TOLD_AGAIN
    if minutes > 0 and (is_earlier or _is_later(ride, minutes, is_guess)):
        _late(session, ride, order, events.RIDE_LATE, minutes, eta, now, is_guess)
    elif is_earlier:
        session.execute(_LATE, {"rider": ride.rider_id, "id": ride.id, "minutes": 0, "eta": eta})
        telling.happened(session, ride, "in_time", source=order.fleet, now=now, eta=on_the_wire(eta))
        telling.publish(session, events.RIDE_IN_TIME, ride, now=now, eta=on_the_wire(eta))


def _is_later(ride: Ride, minutes: int, is_guess: bool) -> bool:
    """Whether that is news: nothing was told, or it is much later than what was."""
    told = ride.late_minutes_told
    return told == 0 or minutes >= told + (_GUESSED_AGAIN if is_guess else _TOLD_AGAIN)


def _late(
    session: Session, ride: Ride, order: Order, kind: str, minutes: int, eta: datetime, now: datetime, is_guess: bool
) -> None:
    session.execute(_LATE, {"rider": ride.rider_id, "id": ride.id, "minutes": minutes, "eta": eta})
    facts: dict[str, Any] = {"minutes": minutes, "eta": on_the_wire(eta), "is_guess": is_guess}
    name = kind.removeprefix("accessibility.ride_")
    telling.happened(session, ride, name, source="city" if is_guess else order.fleet, now=now, **facts)
    telling.publish(session, kind, ride, now=now, **facts)


def longest_way(ride: Ride) -> timedelta:
    """How long the ride was promised to take at most, once it has begun as late as it may."""
    if ride.arrives_at is None or ride.window_ends_at is None:
        return timedelta()
    return max(ride.arrives_at - ride.window_ends_at, timedelta())


_ETA = text("UPDATE accessibility.ride SET eta_at = :eta WHERE rider_id = :rider AND id = :id")
_LATE = text(
    "UPDATE accessibility.ride SET late_minutes_told = :minutes, eta_at = :eta WHERE rider_id = :rider AND id = :id"
)
