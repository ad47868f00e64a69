"""What this room does in the worker: asking for the days that are due, and hearing what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from accessibility import events
from accessibility.series import asking, leaving
from core.outbox import Consumer

_HEARD: Final = (
    events.RIDE_BOUND, events.RIDE_REPLACED, events.RIDE_NOT_BOUND, events.RIDE_LOST, events.RIDE_CANCELLED,
    events.WAITLIST_ENDED,
)  # fmt: skip
CONSUMERS: Final = tuple(
    Consumer(f"accessibility.series_{kind.removeprefix('accessibility.')}", kind, leaving.heard) for kind in _HEARD
)

# name: (seconds between two runs, what is run)
SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.ask_for_series": (15.0, asking.ask_due),
    "accessibility.close_series": (600.0, asking.close_over),
}
