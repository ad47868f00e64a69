"""What became of a debit: captured, failed, or not known yet. Each may be said many times and takes effect once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire, taipei_date
from partners.bank.client import Debit
from wallet import book, double_payments, events, receipts, states
from wallet.payments import Item, LockedItem, Payment, lock_items, lock_payment

_FIRST_ASK_SECONDS = 2
_LAST_ASK_SECONDS = 300


def record(session: Session, payment_id: UUID, debit: Debit | None, *, now: datetime) -> Payment:
    """Commit what the bank said about a payment's debit; None when it gave no answer.

    What comes again, or too late, changes nothing. Answers the payment as it stands then.
    """
    locked = lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    if payment.status not in (states.DEBITING, states.UNKNOWN):
        return payment
    if debit is None:
        session.execute(_UNKNOWN, {"id": payment_id, "next": now + timedelta(seconds=_FIRST_ASK_SECONDS)})
        return replace(payment, status=states.UNKNOWN)
    if debit.status == "booked":
        _capture(session, payment, locked, debit, now)
        return replace(payment, status=states.CAPTURED, booked_at=debit.booked_at, ended_at=now)
    reason = debit.reason or "rejected"
    fail(session, payment, [each.item for each in locked], reason, now=now)
    return replace(payment, status=states.FAILED, failure_code=reason, ended_at=now)


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


def _capture(session: Session, payment: Payment, locked: Sequence[LockedItem], debit: Debit, now: datetime) -> None:
    # The bank booked something else than was ordered: nothing is written, the payment stays open, people look at it.
    assert debit.amount_twd == payment.total_twd, "the bank's amount is not the ordered one"
    items = [each.item for each in locked]
    book.settle(session, payment.reference, items, now=now)
    returned = double_payments.found_at_capture(session, payment, items, debit.booked_at, now=now)
    facts = _facts(payment, locked, returned, debit.booked_at)
    values = {
        "id": payment.id,
        "debit_id": debit.debit_id,
        "booked": debit.booked_at,
        "now": now,
        "rail": payment.rail,
        "standing": [item.bill_id for item in items if item.bill_id not in returned],
    }
    values |= receipts.values_for(payment.id, now=now)
    values |= outbox.values_for(session, events.PAYMENT_CAPTURED, facts, now=now)
    session.execute(_CAPTURED, values)


def _facts(payment: Payment, locked: Sequence[LockedItem], returned: set[UUID], booked_at: datetime) -> dict[str, Any]:
    items = [each.item for each in locked]
    return {
        "payment_id": str(payment.id),
        "person_id": str(payment.person_id),
        "rail": payment.rail,
        "amount_twd": payment.amount_twd,
        "fee_twd": payment.fee_twd,
        "total_twd": payment.total_twd,
        "captured_at": on_the_wire(booked_at),
        "due_before": all(each.bill_due_on >= taipei_date(booked_at) for each in locked),
        "kinds": sorted({item.kind for item in items}),
        "bill_ids": [str(item.bill_id) for item in items],
        "bills": [
            {"bill_id": str(item.bill_id), "bureau": item.bureau, "number": item.number, "kind": item.kind,
             "amount_twd": item.amount_twd, "stands": item.bill_id not in returned}
            for item in items
        ],
    }  # fmt: skip


_UNKNOWN = text(
    "UPDATE wallet.payment SET status = 'unknown', next_ask_at = :next WHERE id = :id AND status = 'debiting'"
)
# One statement for what becomes true together: payment, bills, receipt, and the fact that leaves.
_CAPTURED = text(
    f"""
    WITH payment AS (
        UPDATE wallet.payment SET status = 'captured', debit_id = :debit_id, booked_at = :booked, ended_at = :now,
               next_ask_at = NULL
         WHERE id = :id
    ), bill AS (
        UPDATE wallet.bill SET status = 'paid', claimed_by = NULL, paid_by_payment = :id, paid_channel = :rail,
               paid_at = :booked, updated_at = :now
         WHERE id = ANY(:standing)
    ), receipt AS ({receipts.INSERT}), fact AS ({outbox.INSERT})
    SELECT 1
    """  # noqa: S608
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
