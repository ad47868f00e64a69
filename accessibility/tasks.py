"""What this domain does in the worker: with events, and from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from core.outbox import Consumer

CONSUMERS: Final[tuple[Consumer, ...]] = ()

SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {}
