"""What this room does in the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility import events
from accessibility.calls import calls
from core.outbox import Consumer, Event


def give_up(session: Session, event: Event, now: datetime) -> None:
    """It has gone on, or is over: nobody rings its rider any more about how it went before."""
    calls.give_up(session, UUID(event.payload["ride_id"]), before=event.recorded_at, now=now)


CONSUMERS: Final = (
    Consumer("accessibility.calls_of_done", events.RIDE_DONE, give_up),
    Consumer("accessibility.calls_of_cancelled", events.RIDE_CANCELLED, give_up),
    Consumer("accessibility.calls_of_reseeking", events.RIDE_RESEEKING, give_up),
    Consumer("accessibility.calls_of_replaced", events.RIDE_REPLACED, give_up),
    Consumer("accessibility.calls_of_late", events.RIDE_LATE, give_up),
    Consumer("accessibility.calls_of_in_time", events.RIDE_IN_TIME, give_up),
    Consumer("accessibility.calls_of_at_door", events.RIDE_AT_DOOR, give_up),
    Consumer("accessibility.calls_of_aboard", events.RIDE_ABOARD, give_up),
    Consumer("accessibility.calls_of_no_show", events.RIDE_NO_SHOW, give_up),
)

# name: (seconds between two runs, what is run)
SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.close_calls": (30.0, calls.close_overdue),
    "accessibility.close_unwanted_calls": (15.0, calls.close_unwanted),
}
