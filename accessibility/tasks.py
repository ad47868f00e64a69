"""What this domain does in the worker: with events, and from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from accessibility import kept
from accessibility.calls import tasks as calls
from accessibility.conduct import tasks as conduct
from accessibility.fares import tasks as fares
from accessibility.own_fleet import tasks as own_fleet
from accessibility.reminders import tasks as reminders
from accessibility.requests import asking
from accessibility.rides import kept as rides_kept
from accessibility.rides import saga as rides_saga
from accessibility.series import tasks as series
from accessibility.waitlist import tasks as waitlist
from core.outbox import Consumer

CONSUMERS: Final[tuple[Consumer, ...]] = (
    *fares.CONSUMERS,
    *conduct.CONSUMERS,
    *waitlist.CONSUMERS,
    *series.CONSUMERS,
    *calls.CONSUMERS,
)  # fmt: skip

SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.forget": (60.0, kept.forget),
    "accessibility.forget_positions": (600.0, rides_kept.forget_positions),
    "accessibility.close_requests": (5.0, asking.close_overdue),
    "accessibility.drive_rides": (1.0, rides_saga.drive_due),
    **own_fleet.SWEEPS,
    **waitlist.SWEEPS,
    **series.SWEEPS,
    **reminders.SWEEPS,
    **calls.SWEEPS,
}
