"""How long one pass of a sweep goes on where there is always more to do: it makes room, and comes again soon."""

from __future__ import annotations

import time

PASS_SECONDS = 5.0


def ends_at() -> float:
    """When a pass that begins now makes room for others, on the clock of `time.monotonic`."""
    return time.monotonic() + PASS_SECONDS


def is_over(at: float) -> bool:
    """Whether a pass that was to end `at` is over."""
    return time.monotonic() >= at
