"""What reconciliation does outside a request: fetches files, looks for what is late, and listens for what disagrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.outbox import Consumer
from wallet import events
from wallet.reconciliation import adjustments, day_close, fetching, late

CONSUMERS = (
    Consumer("wallet.reconciliation.disagreements", events.PAYMENT_DISAGREES, late.note_disagreement),
    Consumer("wallet.reconciliation.late_returns", events.PAYMENT_UNDONE, late.note_late_return),
)

# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.reconciliation.fetch_files": (60.0, fetching.fetch_files),
    "wallet.reconciliation.catch_up": (60.0, late.catch_up),
    "wallet.reconciliation.look_for_missing": (900.0, late.look_for_missing),
}


def register_approvals() -> None:
    """What here takes two persons."""
    adjustments.register()
    day_close.register()
