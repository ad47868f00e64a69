"""What this room does in the worker: looking for those who wait, and hearing what changes their chances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility import events
from accessibility.requests import telephone
from accessibility.rides import records
from accessibility.waitlist import answering, keeping, line, offering, states, waits
from core.outbox import Consumer, Event

_HOURS_AROUND: Final = 2
_AT_ONCE: Final = timedelta(seconds=20)
"""However much comes free at once, an hour is looked at no sooner than so long after the last time: every look asks all
fleets for up to ten people."""


def wait_for_lost(session: Session, event: Event, now: datetime) -> None:
    """A ride was lost: its rider waits for another without having to ask."""
    ride = records.ride(session, UUID(event.payload["ride_id"]))
    waits.join_after_loss(session, ride.rider_id, ride.request_id, now=now)


def look_again(session: Session, event: Event, now: datetime) -> None:
    """A ride is given up, or moved, or nobody came to it: who waits for an hour near the one that it left is asked for
    at once."""
    left = event.payload.get("was_at") or event.payload["pick_up_at"]
    if left is not None:
        at = datetime.fromisoformat(left)
        hours = range(-_HOURS_AROUND, _HOURS_AROUND + 1)
        slots = [line.slot_of(at + timedelta(hours=each)) for each in hours]
        waits.look_again(session, slots, at=now, pause=_AT_ONCE)


def look_again_other_leg(session: Session, event: Event, now: datetime) -> None:
    """One way was held and is given back, because the other could not be had: its place is for others."""
    if event.payload["reason"] == "other_leg":
        look_again(session, event, now)


def look_on_days(session: Session, event: Event, now: datetime) -> None:
    """The city's own vans have more room on these days, whichever way it came: whoever waits on them is asked for at
    once."""
    waits.look_on_days(session, event.payload["days"], at=now, pause=_AT_ONCE)


def settle(session: Session, event: Event, now: datetime) -> None:
    """A ride is bound, or is not: whoever waited for it waits no more, or waits on."""
    wait = waits.of_booking(session, UUID(event.payload["booking_id"]))
    if wait is None:
        return
    if wait.status == states.ACCEPTING:
        answering.settle(session, wait.id, now=now)
    elif event.kind == events.RIDE_BOUND:
        ride = records.ride(session, UUID(event.payload["ride_id"]))
        if ride.request_id in wait.request_ids:
            waits.end(session, wait, "booked", now=now)


CONSUMERS: Final = (
    Consumer("accessibility.wait_for_lost", events.RIDE_LOST, wait_for_lost),
    Consumer("accessibility.look_again_cancelled", events.RIDE_CANCELLED, look_again),
    Consumer("accessibility.look_again_changed", events.RIDE_CHANGED, look_again),
    Consumer("accessibility.look_again_no_show", events.RIDE_NO_SHOW, look_again),
    Consumer("accessibility.look_again_other_leg", events.RIDE_NOT_BOUND, look_again_other_leg),
    Consumer("accessibility.look_again_more_room", events.OWN_FLEET_ROOM, look_on_days),
    Consumer("accessibility.wait_settled", events.RIDE_BOUND, settle),
    Consumer("accessibility.wait_not_settled", events.RIDE_NOT_BOUND, settle),
)

# name: (seconds between two runs, what is run)
SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.offer_kept_by_telephone": (5.0, keeping.offer_kept),
    "accessibility.look_for_waiting": (5.0, offering.look),
    "accessibility.ring_off": (15.0, telephone.ring_off),
    "accessibility.close_waits": (5.0, offering.close),
}
