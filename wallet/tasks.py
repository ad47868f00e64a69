"""What the wallet does outside a request: consumers of events, and sweeps of what is due. Each is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core import db
from core.outbox import Consumer
from wallet import bill_batches, bureau_notices, events, payments, refunds, resolving

CONSUMERS = (
    Consumer(
        "wallet.bureau_notices",
        events.PAYMENT_CAPTURED,
        bureau_notices.write_for_payment,
        bureau_notices.send_for_payment,
    ),
)


def expire_abandoned_payments(now: datetime) -> None:
    """Free the bills of payments that nobody confirmed in time."""
    with db.unit_of_work() as session:
        payments.expire_abandoned(session, now=now)


def forget_refusals(now: datetime) -> None:
    """Delete the refused lines of old batches."""
    with db.unit_of_work() as session:
        bill_batches.forget_refusals(session, now=now)


# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.resolve_due": (2.0, resolving.resolve_due),
    "wallet.send_due_refunds": (2.0, refunds.send_due),
    "wallet.send_due_notices": (3.0, bureau_notices.send_due),
    "wallet.expire_abandoned_payments": (15.0, expire_abandoned_payments),
    "wallet.forget_refusals": (3600.0, forget_refusals),
}
