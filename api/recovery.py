"""Settling for the senders of pushes that were killed on this machine: whoever runs there does it, whatever it is for.

A worker sends, too (`notify.tasks.push_at_once`), and may be alone on its machine. What a machine that is gone had in
hand is sent again by any other once its leases have run out.
"""

from __future__ import annotations

import logging
import threading

from core import clock, db
from notify import deliveries

_log = logging.getLogger("mykaohsiung.pusher")

EVERY_SECONDS = 2.0


def recovered() -> bool:
    """Settle what their journals say. Whether that could be done: the database may be away."""
    try:
        deliveries.recover(clock.now())
    except Exception as error:
        report("settling for a killed sender", error)
        return False
    return True


def go_on_recovering(stopping: threading.Event) -> None:
    """Settle at once, and from then on every `EVERY_SECONDS` until it is to stop."""
    recovered()
    while not stopping.wait(EVERY_SECONDS):
        recovered()


def report(what: str, error: Exception) -> None:
    """Log that it failed; shortly where only the database is away."""
    if db.is_outage(error):
        _log.warning("%s waits for the database", what)
    else:
        _log.exception("%s failed", what)
