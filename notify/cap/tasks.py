"""What the cap does in the worker: decide on whatever is due, and write the evening's digests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from notify.cap import digests
from notify.cap.decisions import decide_due

# name: (seconds between two runs, what is run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], object]]] = {
    "notify.decide_due": (2.0, decide_due),
    "notify.send_digests": (20.0, digests.send_due),
}
