"""The day of a ride whose fleet has no machine: somebody rings and asks whether its vehicle is on its way, and when it
is to be over, how it went. What is said happens as if a telegram had told it.

Where nobody ever says how it went, the ride is closed as done and costs nothing: nobody has witnessed that it was
driven, and a fare only ever becomes less afterwards (docs/rides.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.calls import calls
from accessibility.calls.calls import Question
from accessibility.places import area
from accessibility.requests import records as requests
from accessibility.rides import happenings, lateness, legs, outcomes, records, states, telling
from accessibility.rides.records import Booking, Order, Ride
from core.clock import TAIPEI, on_the_wire
from core.text import Text
from partners.fleets.contents import FleetStatus

UNDER_WAY_BEFORE: Final = timedelta(minutes=10)
"""So long before the promised window its fleet is asked whether the vehicle is on its way."""
DRIVEN_AFTER: Final = timedelta(minutes=15)
"""So long after the ride was to be over its fleet is asked how it went."""
UNTOLD_AFTER: Final = timedelta(hours=24)
"""So long after that first question a ride is closed of which nobody says anything: a company that is shut for the
night, and for a Sunday morning, has been rung since it opened."""
STILL_WAITS: Final = timedelta(hours=1)
"""So long after the window whoever was let down may still be waiting, and other fleets are asked for them."""
_UNDER_WAY: Final[Question] = "under_way"
_DRIVEN: Final[Question] = "driven"
_AGAIN_AFTER: Final = timedelta(minutes=10)
_BEFORE_ITS_TIME: Final = timedelta(minutes=5)
_AFTER_ITS_TIME: Final = timedelta(minutes=10)
_LEAST_OPEN: Final = timedelta(minutes=5)
_LOOK_LEAST: Final = timedelta(minutes=2)
_LOOK_MOST: Final = timedelta(hours=6)
_SAY: Final[Mapping[str, Text]] = {
    "under_way": Text(
        "{when} 從{origin}到{goal}那趟車出發了嗎？大約再幾分鐘到門口？",
        "The ride at {when} from {origin} to {goal}: is the vehicle on its way? In how many minutes is it at the door?",
    ),
    "driven": Text(
        "{when} 從{origin}到{goal}那趟車載到了嗎？車資多少？沒載到的話，是沒等到乘客，還是車沒有去？",
        "The ride at {when} from {origin} to {goal}: was it driven, and for how much? If not: did nobody come to the "
        "vehicle, or did the vehicle not go?",
    ),
}


def look(session: Session, booking: Booking, order: Order, now: datetime) -> datetime:
    """Have somebody ring about a bound ride where it is time to, warn its rider of silence, and close what nobody ever
    says anything about. Answers when to look again."""
    ride = booking.ride(order.ride_id)
    if order.status != states.BOUND or ride.window_ends_at is None or ride.has_ended:
        return now + _LOOK_MOST
    driven_from = _driven_from(session, order, ride)
    if now >= driven_from + UNTOLD_AFTER:
        _close_untold(session, booking, order, ride, now)
        return now + _LOOK_MOST
    if now >= driven_from:
        if not calls.asked_of(session, order.id, _DRIVEN).is_open:
            _ring(session, order, ride, _DRIVEN, now, until=driven_from + UNTOLD_AFTER, now=now)
        return driven_from + UNTOLD_AFTER
    again = [driven_from]
    if ride.status == states.BOUND:
        again.append(max(lateness.warn_of_silence(session, ride, order, now), now + _LOOK_LEAST))
        asked = calls.asked_of(session, order.id, _UNDER_WAY)
        due_at = _under_way_from(ride)
        if asked.last_over_at is not None:
            due_at = max(due_at, asked.last_over_at + _AGAIN_AFTER)
        if not asked.is_open and now >= due_at:
            _ring(session, order, ride, _UNDER_WAY, now, until=driven_from, now=now)
        elif not asked.is_open:
            again.append(due_at)
    return min(again)


def answered(
    session: Session,
    booking: Booking,
    order: Order,
    question: Question,
    said: str,
    given: Mapping[str, Any],
    now: datetime,
) -> None:
    """What a fleet has said of a ride on its day, or that nobody reached it."""
    if order.status == states.BOUND:
        {_UNDER_WAY: _under_way, _DRIVEN: _driven}[question](session, booking, order, said, given, now)
        after = records.locked(session, booking.id).order(order.id)
        if after.status == states.BOUND:
            outcomes.at(session, after, now)


def vehicle_said(session: Session, order: Order, given: Mapping[str, Any]) -> None:
    """Which vehicle comes, and who drives it, as far as the fleet has said so."""
    if given.get("vehicle") or given.get("driver"):
        vehicle = {"number": given.get("vehicle", ""), "model": "", "has_lift": False, "has_ramp": True}
        driver = {"name": given.get("driver", ""), "phone": None}
        session.execute(
            _VEHICLE,
            {"rider": order.rider_id, "ride": order.ride_id, "vehicle": orjson.dumps(vehicle).decode(),
             "driver": orjson.dumps(driver).decode()},
        )  # fmt: skip


def _under_way(
    session: Session, booking: Booking, order: Order, said: str, given: Mapping[str, Any], now: datetime
) -> None:
    if said == "no":
        happenings.state_told(session, booking, order.id, _stands("cancelled", order, now), now)
    if said not in ("yes", "later"):
        return
    vehicle_said(session, order, given)
    eta = now + timedelta(minutes=given["minutes"]) if "minutes" in given else None
    if eta is not None:
        lateness.expected(session, records.locked(session, booking.id), order, eta, now)
    after = records.locked(session, booking.id)
    if said == "yes":
        happenings.state_told(session, after, order.id, _stands("on_the_way", order, now), now)
    elif eta is not None:
        ride = after.ride(order.ride_id)
        due_at = max(eta - _BEFORE_ITS_TIME, now + _LEAST_OPEN)
        _ring(session, order, ride, _UNDER_WAY, due_at, until=_driven_from(session, order, ride), now=now)


def _driven(
    session: Session, booking: Booking, order: Order, said: str, given: Mapping[str, Any], now: datetime
) -> None:
    ride = booking.ride(order.ride_id)
    match said:
        case "yes":
            fare_twd = given.get("price_twd", order.price_twd)
            happenings.done(
                session, booking, order, now, fare_twd=fare_twd, at=_there_at(session, order, ride, now), aboard_at=None
            )
        case "later":
            there_at = now + timedelta(minutes=given["minutes"])
            happenings.state_told(session, booking, order.id, _stands("aboard", order, now), now)
            after = records.locked(session, booking.id)
            lateness.expected(session, after, order, there_at, now)
            due_at = there_at + _AFTER_ITS_TIME
            ride = after.ride(ride.id)
            _ring(
                session, order, ride, _DRIVEN, due_at, until=_driven_from(session, order, ride) + UNTOLD_AFTER, now=now
            )
        case "nobody_came":
            happenings.state_told(session, booking, order.id, _stands("no_show", order, now), now)
        case "no":
            _never_came(session, booking, order, ride, now)


def _never_came(session: Session, booking: Booking, order: Order, ride: Ride, now: datetime) -> None:
    """The fleet's own fault. Another is asked only while somebody may still be waiting: nobody sends a taxi for a ride
    of the day before."""
    if ride.status not in states.COMING or ride.window_ends_at is None:
        return
    is_over = now >= ride.window_ends_at + STILL_WAITS
    telling.happened(session, ride, "never_came", source=order.fleet, now=now)
    telling.publish(session, events.RIDE_NO_SHOW, ride, now=now, by="fleet", is_over=is_over)
    legs.end_order(session, order, states.CANCELLED, "vehicle_missing", now=now)
    if is_over:
        legs.end_ride(session, ride, states.NO_SHOW, by="fleet", reason="vehicle_missing", now=now)
    else:
        legs.reseek(session, booking, ride, "vehicle_missing", source=order.fleet, now=now)


def _close_untold(session: Session, booking: Booking, order: Order, ride: Ride, now: datetime) -> None:
    telling.happened(session, ride, "not_told", source="city", now=now)
    calls.take_away(session, order.id, now)
    happenings.done(
        session, booking, order, now, fare_twd=0, at=_there_at(session, order, ride, now), aboard_at=None, source="city"
    )  # fmt: skip


def _under_way_from(ride: Ride) -> datetime:
    """When to ask whether it is on its way: not of somebody who has promised it a moment ago."""
    begins = ride.window_starts_at or ride.pick_up_at
    assert begins is not None
    just_bound = begins if ride.bound_at is None else ride.bound_at + _AGAIN_AFTER
    return max(begins - UNDER_WAY_BEFORE, just_bound)


def _driven_from(session: Session, order: Order, ride: Ride) -> datetime:
    return _to_be_over(session, order, ride) + DRIVEN_AFTER


def _to_be_over(session: Session, order: Order, ride: Ride) -> datetime:
    """When this ride is to be over, by what was promised and what its fleet has said since. What the city fears where
    it hears nothing (`ride.eta_at`) puts off nothing."""
    assert ride.window_ends_at is not None
    promised = ride.arrives_at or ride.window_ends_at + STILL_WAITS
    at_door, there = (calls.asked_of(session, order.id, each).said_for for each in (_UNDER_WAY, _DRIVEN))
    return max(promised, promised if at_door is None else at_door + lateness.longest_way(ride), there or promised)


def _there_at(session: Session, order: Order, ride: Ride, now: datetime) -> datetime:
    """When they will have been there: nobody has said it to the minute."""
    there_at = min(_to_be_over(session, order, ride), now)
    return there_at if ride.aboard_at is None else max(there_at, ride.aboard_at)


def _stands(state: Any, order: Order, now: datetime) -> FleetStatus:
    return FleetStatus(state, now, order.fleet_order, by="fleet")


def _ring(
    session: Session, order: Order, ride: Ride, question: Question, due_at: datetime, *, until: datetime, now: datetime
) -> None:
    """Have somebody ring, without a name: the fleet was told who rides when it bound the ride."""
    request = requests.get(session, ride.request_id)
    words = _SAY[question].format(
        when=f"{order.pick_up_at.astimezone(TAIPEI):%m/%d %H:%M}", origin=area.name_of(request.pickup.district),
        goal=area.name_of(request.dropoff.district),
    )  # fmt: skip
    facts = {"trip": order.trip, "pick_up_at": on_the_wire(order.pick_up_at), "agreed_twd": order.price_twd}
    if ride.status == states.ABOARD:
        facts["is_aboard"] = True
    calls.ring_fleet(
        session, question=question, fleet=order.fleet, rider_id=order.rider_id, words=words, facts=facts,
        due_at=due_at, until=max(until, due_at + _LEAST_OPEN), now=now, ride_id=order.ride_id, order_id=order.id,
    )  # fmt: skip


_VEHICLE = text(
    """
    UPDATE accessibility.ride SET vehicle = CAST(:vehicle AS jsonb), driver = CAST(:driver AS jsonb)
     WHERE rider_id = :rider AND id = :ride
    """
)
