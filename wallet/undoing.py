"""Money that counted as paid and did not come after all, or was taken back: everything downstream is undone with it.

A debit at another bank is returned, a capture fails, a cardholder disputes: the book is turned back, the bills are owed
again, and the fact leaves so that bureau, points and citizen hear of it. A dispute that is won puts all of it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.clock import on_the_wire
from wallet import book, double_payments, events, refunds, states, taken_back
from wallet.payments import Item, LockedItem, Payment, give_up, lock_items, lock_payment
from wallet.ports import ports
from wallet.taken_back import How


def undo(
    session: Session, payment_id: UUID, how: How, *, reason: str, now: datetime, is_correction: bool = False
) -> bool:
    """The money of a payment that counts as paid is gone. True: undone now; False: it does not count as paid.

    What has gone back to the payer before is left out: it can be taken from the city once only. A correction says that
    it never came at all: the payment has failed.
    """
    locked = lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    if payment.status not in states.COUNTS_AS_PAID:
        return False
    if not is_correction and not states.PAYMENT.may_move(payment.status, how):
        return False
    items = taken_back.left_of(session, payment, [each.item for each in locked])
    reopened = [row.id for row in session.execute(_REOPEN, {"id": payment_id, "now": now})]
    cause = taken_back.write(session, payment_id, "never_came" if is_correction else how, items, owed=reopened, now=now)
    clearing = ports().rails[payment.rail].clearing
    book.take_out(session, payment.reference, items, clearing=clearing, rail=payment.rail, cause=cause, now=now)
    points = sum(item.points_pt for item in items)
    if points:
        cause_id = uuid5(payment_id, cause)
        ports().tender.give_back(session, payment_id=payment_id, points=points, cause_id=cause_id, now=now)
    status = states.FAILED if is_correction else how
    session.execute(_UNDONE, {"id": payment_id, "status": status, "reason": reason, "now": now})
    double_payments.mark_paid_elsewhere(session, reopened, now=now)
    outbox.record(
        session,
        events.PAYMENT_UNDONE,
        _facts(payment, items) | {"how": how, "reason": reason, "undone_at": on_the_wire(now)},
        now=now,
    )
    return True


def redo(session: Session, payment_id: UUID, *, reason: str, now: datetime) -> bool:
    """The money that a dispute had taken has come again. True: restored now; False: it was not taken.

    Exactly what was taken comes again, whatever went back to the payer in between. A bill that was paid otherwise
    meanwhile is paid twice now: its part goes back to the payer.
    """
    locked = lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    if payment.status != states.CHARGED_BACK:
        return False
    items, owed, cause = taken_back.restore(session, payment_id, [each.item for each in locked], now=now)
    clearing = ports().rails[payment.rail].clearing
    book.put_back(session, payment.reference, items, clearing=clearing, rail=payment.rail, cause=cause, now=now)
    points = sum(item.points_pt for item in items)
    if points:
        cause_id = uuid5(payment_id, cause)
        ports().tender.take_again(session, payment_id=payment_id, points=points, cause_id=cause_id, now=now)
    session.execute(_RESTORED, {"id": payment_id})
    _close(session, payment, locked, owed, now)
    refunds.note_whole(session, payment_id)
    outbox.record(
        session,
        events.PAYMENT_RESTORED,
        _facts(payment, items) | {"how": "restored", "reason": reason, "restored_at": on_the_wire(now)},
        now=now,
    )
    return True


def _close(session: Session, payment: Payment, locked: Sequence[LockedItem], owed: set[UUID], now: datetime) -> None:
    waiting = [each.bill_claimed_by for each in locked if each.bill_claimed_by is not None]
    freed = set(give_up(session, waiting, states.CANCELLED, now=now)) if waiting else set()
    for each in locked:
        is_free = each.bill_claimed_by is None or each.bill_claimed_by in freed
        if each.item.bill_id in owed and each.bill_status == "unpaid" and is_free:
            session.execute(
                _CLOSE, {"bill_id": each.item.bill_id, "id": payment.id, "rail": payment.rail,
                         "at": payment.booked_at, "now": now}
            )  # fmt: skip
        else:
            refunds.request(
                session, replace(payment, status=states.CAPTURED), each.item, external_payment_id=None,
                reason=refunds.PAID_AGAIN_MEANWHILE, amount_twd=each.item.amount_twd, fee_twd=each.item.fee_twd,
                now=now,
            )  # fmt: skip


def _facts(payment: Payment, items: Sequence[Item]) -> dict[str, Any]:
    return {
        "payment_id": str(payment.id),
        "person_id": str(payment.person_id),
        "rail": payment.rail,
        "total_twd": payment.total_twd,
        "points_pt": payment.points_pt,
        "bills": [
            {"bill_id": str(item.bill_id), "bureau": item.bureau, "number": item.number, "kind": item.kind,
             "amount_twd": item.amount_twd}
            for item in items
        ],
    }  # fmt: skip


_UNDONE = text(
    "UPDATE wallet.payment SET status = :status, undone_at = :now, undone_reason = :reason, next_ask_at = NULL, "
    "ended_at = :now WHERE id = :id"
)
_RESTORED = text("UPDATE wallet.payment SET status = 'captured', undone_at = NULL, undone_reason = NULL WHERE id = :id")
_REOPEN = text(
    """
    UPDATE wallet.bill SET status = 'unpaid', paid_by_payment = NULL, paid_channel = NULL, paid_at = NULL,
           claimed_by = NULL, updated_at = :now
     WHERE id IN (SELECT bill_id FROM wallet.payment_item WHERE payment_id = :id) AND paid_by_payment = :id
    RETURNING id
    """
)
_CLOSE = text(
    "UPDATE wallet.bill SET status = 'paid', claimed_by = NULL, paid_by_payment = :id, paid_channel = :rail, "
    "paid_at = :at, updated_at = :now WHERE id = :bill_id"
)
