"""What the wallet does outside a request: consumers of events, and sweeps of what is due. Each is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from core import db
from core.outbox import Consumer
from wallet import (
    ach_tasks,
    adyen_tasks,
    bank_tasks,
    bill_batches,
    bureau_notices,
    events,
    instalment_requests,
    instalments,
    kept,
    notice_sending,
    payments,
    refunds,
    resolving,
    savings,
    store_tasks,
)
from wallet.reconciliation import tasks as reconciliation_tasks

_NOTICES = bureau_notices.CONSUMER
_SEND = notice_sending.send_for_event
CONSUMERS = (
    Consumer(_NOTICES, events.PAYMENT_CAPTURED, bureau_notices.write_paid, _SEND),
    Consumer(f"{_NOTICES}.withdrawn", events.PAYMENT_UNDONE, bureau_notices.write_withdrawn, _SEND),
    Consumer(f"{_NOTICES}.restored", events.PAYMENT_RESTORED, bureau_notices.write_restored, _SEND),
    Consumer(f"{_NOTICES}.refunded", events.BILL_REFUNDED, bureau_notices.write_refunded, _SEND),
    Consumer(f"{_NOTICES}.refund_failed", events.REFUND_FAILED, bureau_notices.write_refund_failed, _SEND),
    *bank_tasks.CONSUMERS,
    *store_tasks.CONSUMERS,
    *reconciliation_tasks.CONSUMERS,
    *adyen_tasks.CONSUMERS,
)


def expire_abandoned_payments(now: datetime) -> None:
    """Free the bills of payments that nobody confirmed in time."""
    with db.unit_of_work() as session:
        payments.expire_abandoned(session, now=now)


def refresh_savings(now: datetime) -> None:
    """Rebuild what the public page shows of this month and the last; once a day, of every month."""
    with db.unit_of_work() as session:
        savings.refresh(session, now=now)


def settle_instalment_plans(now: datetime) -> None:
    """Complete, reopen or end plans as their parts are paid, given back or missed."""
    with db.unit_of_work() as session:
        instalments.settle_plans(session, now=now)


def forget_refusals(now: datetime) -> None:
    """Delete the refused lines of old batches."""
    with db.unit_of_work() as session:
        bill_batches.forget_refusals(session, now=now)


# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.resolve_due": (2.0, resolving.resolve_due),
    "wallet.send_due_refunds": (2.0, refunds.send_due),
    "wallet.send_due_notices.parking": (3.0, partial(notice_sending.send_due, "parking")),
    "wallet.send_due_notices.fines": (3.0, partial(notice_sending.send_due, "fines")),
    "wallet.send_due_instalment_requests": (5.0, instalment_requests.send_due),
    "wallet.refresh_savings": (60.0, refresh_savings),
    "wallet.settle_instalment_plans": (15.0, settle_instalment_plans),
    "wallet.expire_abandoned_payments": (15.0, expire_abandoned_payments),
    "wallet.forget_refusals": (3600.0, forget_refusals),
    "wallet.forget_at_night": (600.0, kept.forget),
    **bank_tasks.SWEEPS,
    **reconciliation_tasks.SWEEPS,
    **ach_tasks.SWEEPS,
    **store_tasks.SWEEPS,
    **adyen_tasks.SWEEPS,
}
