"""What the wallet does by itself about mandates and automatic debit. Each is safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core import db
from core.outbox import Consumer
from wallet import automatic_debits, automatic_payments, events, mandates

CONSUMERS = (
    Consumer("wallet.look_again_at_mandates", events.PAYMENT_FAILED, mandates.look_again),
    Consumer("wallet.stop_automatic_debit", events.BANK_LINK_ENDED, automatic_debits.stop_with_its_account),
)


def expire_proposals(now: datetime) -> None:
    """End standing instructions that nobody signed in time."""
    with db.unit_of_work() as session:
        automatic_debits.expire_abandoned(session, now=now)


# name → (every so many seconds, what to run)
SWEEPS: dict[str, tuple[float, Callable[[datetime], None]]] = {
    "wallet.check_mandates": (30.0, mandates.check_due),
    "wallet.tell_of_ended_mandates": (15.0, mandates.tell_due),
    "wallet.plan_automatic_debits": (20.0, automatic_payments.plan_due),
    "wallet.make_automatic_debits": (5.0, automatic_payments.debit_due),
    "wallet.conclude_automatic_debits": (10.0, automatic_payments.conclude_due),
    "wallet.expire_automatic_debit_proposals": (60.0, expire_proposals),
}
