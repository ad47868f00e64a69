"""What the cap does in the worker: decide on whatever is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from notify.cap.decisions import decide_due

# name: (seconds between two runs, what is run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], object]]] = {"notify.decide_due": (2.0, decide_due)}
