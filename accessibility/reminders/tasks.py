"""What this room does in the worker, from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from accessibility.reminders import evening, rescues, returns

# name: (seconds between two runs, what is run)
SWEEPS: Final[Mapping[str, tuple[float, Callable[[datetime], object]]]] = {
    "accessibility.remind_in_the_evening": (60.0, evening.remind),
    "accessibility.remind_of_returns": (60.0, returns.remind),
    "accessibility.seek_returns": (10.0, returns.seek),
    "accessibility.ring_stranded": (10.0, rescues.ring),
}
