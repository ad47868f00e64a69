"""Waiting for what happens a moment later in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_until(what: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """The first true answer of `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not become true in time")
