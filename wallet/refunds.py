"""Money that goes back: asked of the bank under our own reference until it has answered, free for the citizen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db, outbox
from core.clock import on_the_wire
from core.ids import new_uuid, typeid
from partners import wire
from wallet import book, events
from wallet.payments import Item, Payment
from wallet.ports import ports

PAID_ELSEWHERE_FIRST: Final = "paid_elsewhere_first"
PAID_ELSEWHERE_AGAIN: Final = "paid_elsewhere_again"
PAID_AGAIN_MEANWHILE: Final = "paid_again_meanwhile"
_LEASE = timedelta(seconds=20)
_LAST_RETRY_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Refund:
    """One bill's money on its way back. Money in NT$; `fee_twd` is the service fee that comes back with it."""

    id: UUID
    payment_id: UUID
    bill_id: UUID
    person_id: UUID
    reason: str
    amount_twd: int
    fee_twd: int
    status: str
    created_at: datetime
    completed_at: datetime | None
    failure_code: str | None


def request(
    session: Session,
    payment: Payment,
    item: Item,
    *,
    external_payment_id: UUID | None,
    reason: str,
    amount_twd: int,
    fee_twd: int,
    now: datetime,
) -> None:
    """Write down that this bill's money goes back; the sweep asks the bank. A second request changes nothing."""
    hold_id, fee_hold_id = new_uuid(), new_uuid() if fee_twd else None
    made = session.execute(
        _INSERT,
        {"id": new_uuid(), "payment_id": payment.id, "bill_id": item.bill_id, "person_id": payment.person_id,
         "external": external_payment_id, "reason": reason, "amount": amount_twd, "fee": fee_twd, "hold": hold_id,
         "fee_hold": fee_hold_id, "now": now},
    )  # fmt: skip
    if made.rowcount == 1:  # type: ignore[attr-defined]
        leg = book.Leg(item.bureau, amount_twd, fee_twd, hold_id, fee_hold_id)
        clearing = ports().rails[payment.rail].clearing
        book.hold_refund(session, payment.reference, leg, clearing=clearing, rail=payment.rail, now=now)


def exists(session: Session, payment_id: UUID, bill_id: UUID) -> bool:
    """Whether this bill of this payment is already going back."""
    return session.execute(_EXISTS, {"payment_id": payment_id, "bill_id": bill_id}).scalar() is not None


def refunds_of(session: Session, payment_id: UUID) -> list[Refund]:
    """The refunds of a payment, oldest first."""
    return [Refund(**row._mapping) for row in session.execute(_OF_PAYMENT, {"payment_id": payment_id})]


def send_due(now: datetime) -> None:
    """Ask the bank for every refund that is due; safe to run twice, for the reference is the bank's idempotency key."""
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        _send(row, now)


def _send(row: Any, now: datetime) -> None:
    reference, payment_reference = typeid("ref", row.id), typeid("pay", row.payment_id)
    try:
        answer = ports().bank.refund(
            reference=reference, debit_reference=payment_reference, amount_twd=row.amount_twd + row.fee_twd
        )
    except wire.CallFailed:
        wait = min(2 * 2 ** min(row.tries, 10), _LAST_RETRY_SECONDS)
        with db.unit_of_work() as session:
            session.execute(_TRY_LATER, {"id": row.id, "next": now + timedelta(seconds=wait)})
        return
    with db.unit_of_work() as session:
        if answer.status == "booked":
            _complete(session, row.id, answer.booked_at, now)
        else:
            _fail(session, row.id, answer.reason or "rejected", now)


def _complete(session: Session, refund_id: UUID, booked_at: datetime, now: datetime) -> None:
    row = session.execute(_COMPLETE, {"id": refund_id, "at": booked_at}).first()
    if row is None:
        return
    item = session.execute(_ITEM, {"payment_id": row.payment_id, "bill_id": row.bill_id}).one()
    leg = book.Leg(item.bureau, row.amount_twd, row.fee_twd, row.hold_id, row.fee_hold_id)
    book.settle_refund(session, typeid("pay", row.payment_id), leg, now=now)
    session.execute(_PAYMENT_REFUNDED, {"id": row.payment_id})
    outbox.record(
        session,
        events.BILL_REFUNDED,
        {"payment_id": str(row.payment_id), "person_id": str(row.person_id), "refund_id": str(row.id),
         "bill_id": str(row.bill_id), "number": item.number, "amount_twd": row.amount_twd, "fee_twd": row.fee_twd,
         "reason": row.reason, "channel": item.channel, "account": item.account_masked,
         "completed_at": on_the_wire(booked_at)},
        now=now,
    )  # fmt: skip


def _fail(session: Session, refund_id: UUID, reason: str, now: datetime) -> None:
    row = session.execute(_FAIL, {"id": refund_id, "reason": reason}).first()
    if row is not None:
        item = session.execute(_ITEM, {"payment_id": row.payment_id, "bill_id": row.bill_id}).one()
        leg = book.Leg(item.bureau, row.amount_twd, row.fee_twd, row.hold_id, row.fee_hold_id)
        book.release_refund(session, typeid("pay", row.payment_id), leg, now=now)


_INSERT = text(
    """
    INSERT INTO wallet.refund (id, payment_id, bill_id, person_id, external_payment_id, reason, amount_twd, fee_twd,
                               status, hold_id, fee_hold_id, created_at, next_try_at)
    VALUES (:id, :payment_id, :bill_id, :person_id, :external, :reason, :amount, :fee, 'requested', :hold, :fee_hold,
            :now, :now)
    ON CONFLICT (payment_id, bill_id) DO NOTHING
    """
)
_EXISTS = text("SELECT 1 FROM wallet.refund WHERE payment_id = :payment_id AND bill_id = :bill_id")
_OF_PAYMENT = text(
    "SELECT id, payment_id, bill_id, person_id, reason, amount_twd, fee_twd, status, created_at, completed_at, "
    "failure_code FROM wallet.refund WHERE payment_id = :payment_id ORDER BY id"
)
_LEASE_DUE = text(
    """
    UPDATE wallet.refund SET next_try_at = :until, tries = tries + 1
     WHERE id IN (SELECT id FROM wallet.refund WHERE next_try_at <= :now ORDER BY next_try_at LIMIT 50
                     FOR UPDATE SKIP LOCKED)
    RETURNING id, payment_id, amount_twd, fee_twd, tries
    """
)
_TRY_LATER = text(
    "UPDATE wallet.refund SET status = 'unknown', next_try_at = :next "
    "WHERE id = :id AND status IN ('requested', 'unknown')"
)
_COMPLETE = text(
    "UPDATE wallet.refund SET status = 'completed', completed_at = :at, next_try_at = NULL "
    "WHERE id = :id AND status IN ('requested', 'unknown') "
    "RETURNING id, payment_id, bill_id, person_id, reason, amount_twd, fee_twd, hold_id, fee_hold_id"
)
_FAIL = text(
    "UPDATE wallet.refund SET status = 'failed', failure_code = :reason, next_try_at = NULL "
    "WHERE id = :id AND status IN ('requested', 'unknown') "
    "RETURNING id, payment_id, bill_id, amount_twd, fee_twd, hold_id, fee_hold_id"
)
_ITEM = text(
    """
    SELECT i.bureau, i.number, p.account_masked, e.channel
      FROM wallet.payment_item i
      JOIN wallet.payment p ON p.id = i.payment_id
      LEFT JOIN wallet.refund r ON r.payment_id = i.payment_id AND r.bill_id = i.bill_id
      LEFT JOIN wallet.external_payment e ON e.id = r.external_payment_id
     WHERE i.payment_id = :payment_id AND i.bill_id = :bill_id
    """
)
_PAYMENT_REFUNDED = text(
    """
    UPDATE wallet.payment SET status = 'refunded'
     WHERE id = :id AND status = 'captured'
       AND NOT EXISTS (SELECT 1 FROM wallet.payment_item i
                        WHERE i.payment_id = :id
                          AND NOT EXISTS (SELECT 1 FROM wallet.refund r
                                           WHERE r.payment_id = i.payment_id AND r.bill_id = i.bill_id
                                             AND r.status = 'completed' AND r.reason = 'paid_elsewhere_first'))
    """
)
