"""What the wallet does by itself about mandates and automatic debit. Each is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.outbox import Consumer
from wallet import events, mandates

CONSUMERS = (Consumer("wallet.look_again_at_mandates", events.PAYMENT_FAILED, mandates.look_again),)

# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.check_mandates": (30.0, mandates.check_due),
    "wallet.tell_of_ended_mandates": (15.0, mandates.tell_due),
}
