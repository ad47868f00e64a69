"""What alerts do in the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from notify.alerts import polling, repeats, sending

# name: (seconds between two runs, what is run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], object]]] = {
    "notify.send_alerts": (1.0, sending.send_due),
    "notify.repeat_alerts": (10.0, repeats.repeat_due),
    "notify.poll_alerts": (2.0, polling.poll_due),
}
