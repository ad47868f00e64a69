"""What became of a debit: captured, failed, or not known yet. Each may be said many times and takes effect once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire
from core.errors import Unavailable
from partners.bank.client import Debit
from wallet import book, double_payments, events, receipts, states
from wallet.payments import Item, Payment, items_of, lock_payment

_FIRST_ASK_SECONDS = 2
_LAST_ASK_SECONDS = 300


def record(session: Session, payment_id: UUID, debit: Debit | None, *, now: datetime) -> Payment:
    """Commit what the bank said about a payment's debit; None when it gave no answer.

    What comes again, or too late, changes nothing. Answers the payment as it stands then.
    """
    items = items_of(session, [payment_id])[payment_id]
    bills = {row.id: row for row in session.execute(_LOCK_BILLS, {"ids": [item.bill_id for item in items]})}
    payment = lock_payment(session, payment_id)
    if payment.status not in (states.DEBITING, states.UNKNOWN):
        return payment
    if debit is None:
        session.execute(_UNKNOWN, {"id": payment_id, "next": now + timedelta(seconds=_FIRST_ASK_SECONDS)})
    elif debit.status == "booked":
        _capture(session, payment, items, bills, debit, now)
    else:
        fail(session, payment, items, debit.reason or "rejected", now=now)
    return lock_payment(session, payment_id)


def fail(session: Session, payment: Payment, items: Sequence[Item], reason: str, *, now: datetime) -> None:
    """The debit did not happen and will not: holds are released and the bills are free again."""
    book.release(session, payment.reference, items, now=now)
    session.execute(_FAILED, {"id": payment.id, "reason": reason, "now": now})
    session.execute(_FREE, {"id": payment.id})
    double_payments.mark_paid_elsewhere(session, [item.bill_id for item in items], now=now)
    outbox.record(
        session,
        events.PAYMENT_FAILED,
        {"payment_id": str(payment.id), "person_id": str(payment.person_id), "reason_code": reason,
         "total_twd": payment.total_twd},
        now=now,
    )  # fmt: skip


def ask_again_later(session: Session, payment_id: UUID, times_asked: int, *, now: datetime) -> None:
    """The bank could not be asked: wait twice as long each time, five minutes at the most. It stays unknown."""
    wait = min(_FIRST_ASK_SECONDS * 2 ** min(times_asked, 10), _LAST_ASK_SECONDS)
    session.execute(_ASK_LATER, {"id": payment_id, "next": now + timedelta(seconds=wait)})


def _capture(
    session: Session, payment: Payment, items: Sequence[Item], bills: dict[UUID, Any], debit: Debit, now: datetime
) -> None:
    if debit.amount_twd != payment.total_twd:
        raise Unavailable
    book.settle(session, payment.reference, items, now=now)
    session.execute(_CAPTURED, {"id": payment.id, "debit_id": debit.debit_id, "booked": debit.booked_at, "now": now})
    receipts.issue(session, payment.id, now=now)
    returned = double_payments.found_at_capture(session, payment, items, bills, debit.booked_at, now=now)
    outbox.record(session, events.PAYMENT_CAPTURED, _facts(payment, items, bills, returned, debit.booked_at), now=now)


def _facts(
    payment: Payment, items: Sequence[Item], bills: dict[UUID, Any], returned: set[UUID], booked_at: datetime
) -> dict[str, Any]:
    return {
        "payment_id": str(payment.id),
        "person_id": str(payment.person_id),
        "rail": payment.rail,
        "amount_twd": payment.amount_twd,
        "fee_twd": payment.fee_twd,
        "total_twd": payment.total_twd,
        "captured_at": on_the_wire(booked_at),
        "due_before": all(bills[item.bill_id].due_on >= booked_at.date() for item in items),
        "kinds": sorted({item.kind for item in items}),
        "bill_ids": [str(item.bill_id) for item in items],
        "bills": [
            {"bill_id": str(item.bill_id), "bureau": item.bureau, "number": item.number, "kind": item.kind,
             "amount_twd": item.amount_twd, "stands": item.bill_id not in returned}
            for item in items
        ],
    }  # fmt: skip


_LOCK_BILLS = text(
    "SELECT id, status, claimed_by, paid_channel, paid_at, due_on FROM wallet.bill "
    "WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
)
_UNKNOWN = text(
    "UPDATE wallet.payment SET status = 'unknown', next_ask_at = :next WHERE id = :id AND status = 'debiting'"
)
_CAPTURED = text(
    "UPDATE wallet.payment SET status = 'captured', debit_id = :debit_id, booked_at = :booked, ended_at = :now, "
    "next_ask_at = NULL WHERE id = :id"
)
_FAILED = text(
    "UPDATE wallet.payment SET status = 'failed', failure_code = :reason, ended_at = :now, next_ask_at = NULL "
    "WHERE id = :id"
)
_FREE = text("UPDATE wallet.bill SET claimed_by = NULL WHERE claimed_by = :id")
_ASK_LATER = text(
    "UPDATE wallet.payment SET status = 'unknown', next_ask_at = :next, times_asked = times_asked + 1 "
    "WHERE id = :id AND status IN ('debiting', 'unknown')"
)
