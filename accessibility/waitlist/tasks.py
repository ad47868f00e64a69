"""What this room does in the worker: looking for those who wait, and hearing what changes their chances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility import events
from accessibility.rides import records
from accessibility.waitlist import answering, line, offering, states, waits
from core.outbox import Consumer, Event

_HOURS_AROUND: Final = 2


def wait_for_lost(session: Session, event: Event, now: datetime) -> None:
    """A ride was lost: its rider waits for another without having to ask."""
    ride = records.ride(session, UUID(event.payload["ride_id"]))
    waits.join_after_loss(session, ride.rider_id, ride.request_id, now=now)


def look_again(session: Session, event: Event, now: datetime) -> None:
    """A ride is given up: who waits for an hour near it is asked for at once."""
    if event.payload["pick_up_at"] is not None:
        at = datetime.fromisoformat(event.payload["pick_up_at"])
        hours = range(-_HOURS_AROUND, _HOURS_AROUND + 1)
        waits.look_again(session, [line.slot_of(at + timedelta(hours=each)) for each in hours], at=now)


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
    Consumer("accessibility.wait_settled", events.RIDE_BOUND, settle),
    Consumer("accessibility.wait_not_settled", events.RIDE_NOT_BOUND, settle),
)

# name: (seconds between two runs, what is run)
SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.look_for_waiting": (5.0, offering.look),
    "accessibility.close_waits": (5.0, offering.close),
}
