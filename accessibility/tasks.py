"""What this domain does in the worker: with events, and from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from accessibility import kept
from accessibility.conduct import tasks as conduct
from accessibility.fares import tasks as fares
from accessibility.own_fleet import tasks as own_fleet
from accessibility.requests import asking
from core.outbox import Consumer

CONSUMERS: Final[tuple[Consumer, ...]] = (
    *fares.CONSUMERS,
    *conduct.CONSUMERS,
)  # fmt: skip

SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.forget": (60.0, kept.forget),
    "accessibility.close_requests": (5.0, asking.close_overdue),
    **own_fleet.SWEEPS,
}
