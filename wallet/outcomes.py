"""What became of a debit: captured, provisional, failed, waiting for the payer, or not known yet.

Each may be said many times, by an answer, a webhook, a sweep or a file, and takes effect once.
"""

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
from wallet import book, double_payments, events, receipts, refunds, states
from wallet.payments import Item, LockedItem, Payment, give_up, lock_items, lock_payment
from wallet.ports import ports
from wallet.rails.contract import Booked, Outcome, PayerActs, Provisional, Rejected

_FIRST_ASK_SECONDS = 2
_LAST_ASK_SECONDS = 300
_ASK_WHILE_PAYER_ACTS = timedelta(seconds=20)
_ENDED_UNPAID = (states.FAILED, states.CANCELLED, states.EXPIRED)


def record(session: Session, payment_id: UUID, outcome: Outcome | None, *, now: datetime) -> Payment:
    """Commit what the rail said about a payment's debit; None when it gave no answer.

    What comes again changes nothing. Money that comes for a payment that ended without it, or in another amount, moves
    no state: it is told to whoever explains differences. Answers the payment as it stands then.
    """
    locked = lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    if payment.status not in states.AT_THE_RAIL:
        if isinstance(outcome, Booked | Provisional) and payment.status in _ENDED_UNPAID:
            _disagrees(session, payment, "missing_ours", outcome.amount_twd, now)
        return payment
    match outcome:
        case None:
            return _unknown(session, payment, now)
        case PayerActs():
            return _payer_acts(session, payment, outcome, now)
        case Rejected():
            fail(session, payment, [each.item for each in locked], outcome.reason, now=now)
            return replace(payment, status=states.FAILED, failure_code=outcome.reason, ended_at=now)
        case Booked() | Provisional():
            if outcome.amount_twd != payment.money_twd:
                # Something else was booked than was ordered: the payment stays open, and people look at it.
                _disagrees(session, payment, "amount", outcome.amount_twd, now)
                ask_again_later(session, payment.id, 10, now=now)
                return payment
            return _capture(session, payment, locked, outcome, now)


def booked_after_all(
    session: Session, payment: Payment, locked: Sequence[LockedItem], booked: Booked, *, now: datetime
) -> Payment:
    """A payment that had ended without money turns out to have been booked: everything follows as at a capture.

    Its parts are held in the book anew; the transaction names the decision of two persons that the correction needs. A
    bill that was paid otherwise meanwhile is paid twice now: its part goes back to the payer.
    """
    waiting = [each.bill_claimed_by for each in locked if each.bill_claimed_by is not None]
    freed = set(give_up(session, waiting, states.CANCELLED, now=now)) if waiting else set()
    too_much = [
        each.item
        for each in locked
        if each.bill_status != "unpaid" or (each.bill_claimed_by is not None and each.bill_claimed_by not in freed)
    ]
    captured = _capture(session, payment, locked, booked, now, too_much=too_much)
    session.execute(_NO_FAILURE, {"id": payment.id})
    return replace(captured, failure_code=None)


def became_final(session: Session, payment_id: UUID, *, now: datetime) -> Payment:
    """The window in which a provisional payment could be returned has passed. Again, or too late: nothing happens."""
    payment = lock_payment(session, payment_id)
    if payment.status != states.PROVISIONAL:
        return payment
    session.execute(_FINAL, {"id": payment_id, "now": now})
    return replace(payment, status=states.CAPTURED, ended_at=now)


def fail(session: Session, payment: Payment, items: Sequence[Item], reason: str, *, now: datetime) -> None:
    """The debit did not happen and will not: holds are released and the bills are free again."""
    clearing = ports().rails[payment.rail].clearing
    book.release(session, payment.reference, items, clearing=clearing, rail=payment.rail, now=now)
    if payment.points_pt:
        ports().tender.release(session, payment_id=payment.id, now=now)
    session.execute(_FAILED, {"id": payment.id, "reason": reason, "now": now})
    session.execute(_FREE, {"id": payment.id})
    double_payments.mark_paid_elsewhere(session, [item.bill_id for item in items], now=now)
    outbox.record(
        session,
        events.PAYMENT_FAILED,
        {"payment_id": str(payment.id), "person_id": str(payment.person_id), "reason_code": reason,
         "total_twd": payment.total_twd, "initiated_by": payment.initiated_by},
        now=now,
    )  # fmt: skip


def ask_again_later(session: Session, payment_id: UUID, times_asked: int, *, now: datetime) -> None:
    """The rail could not be asked: wait twice as long each time, five minutes at the most. Nothing is decided."""
    wait = min(_FIRST_ASK_SECONDS * 2 ** min(times_asked, 10), _LAST_ASK_SECONDS)
    session.execute(_ASK_LATER, {"id": payment_id, "next": now + timedelta(seconds=wait)})


def payer_came_back(session: Session, payment: Payment, *, now: datetime) -> Payment:
    """The payer is back from the card's bank or the wallet, and the rail is about to be asked. Locked by the caller."""
    session.execute(_BACK, {"id": payment.id, "next": now + timedelta(seconds=15)})
    return replace(payment, status=states.DEBITING)


def _unknown(session: Session, payment: Payment, now: datetime) -> Payment:
    session.execute(_UNKNOWN, {"id": payment.id, "next": now + timedelta(seconds=_FIRST_ASK_SECONDS)})
    return replace(payment, status=states.UNKNOWN)


def _payer_acts(session: Session, payment: Payment, asked: PayerActs, now: datetime) -> Payment:
    session.execute(
        _PAYER_ACTS,
        {"id": payment.id, "url": asked.url, "expires": asked.expires_at, "external": asked.external_id,
         "next": min(now + _ASK_WHILE_PAYER_ACTS, max(asked.expires_at, now + timedelta(seconds=1)))},
    )  # fmt: skip
    return replace(
        payment,
        status=states.ACTION_REQUIRED,
        action_url=asked.url,
        action_expires_at=asked.expires_at,
        external_id=asked.external_id or payment.external_id,
    )


def _capture(
    session: Session,
    payment: Payment,
    locked: Sequence[LockedItem],
    outcome: Booked | Provisional,
    now: datetime,
    *,
    too_much: Sequence[Item] = (),
) -> Payment:
    is_final = isinstance(outcome, Booked)
    paid_at = outcome.booked_at if isinstance(outcome, Booked) else outcome.submitted_at
    final_on = None if isinstance(outcome, Booked) else outcome.final_on
    status = states.CAPTURED if is_final else states.PROVISIONAL
    items = [each.item for each in locked]
    clearing = ports().rails[payment.rail].clearing
    book.settle(session, payment.reference, items, clearing=clearing, rail=payment.rail, now=now)
    if payment.points_pt:
        ports().tender.spend(session, payment_id=payment.id, now=now)
    captured = replace(
        payment,
        status=status,
        booked_at=paid_at,
        ended_at=now if is_final else None,
        external_id=outcome.external_id,
        final_on=final_on,
    )
    returned = double_payments.found_at_capture(
        session, captured, [item for item in items if item not in too_much], paid_at, now=now
    )
    for item in too_much:
        refunds.request(
            session, captured, item, external_payment_id=None, reason=refunds.PAID_AGAIN_MEANWHILE,
            amount_twd=item.amount_twd, fee_twd=item.fee_twd, now=now,
        )  # fmt: skip
        returned.add(item.bill_id)
    facts = _facts(captured, locked, returned, paid_at)
    values = {
        "id": payment.id,
        "status": status,
        "external": outcome.external_id,
        "booked": paid_at,
        "final_on": final_on,
        "ended": captured.ended_at,
        "now": now,
        "rail": payment.rail,
        "standing": [item.bill_id for item in items if item.bill_id not in returned],
    }
    values |= receipts.values_for(payment.id, now=now)
    values |= outbox.values_for(session, events.PAYMENT_CAPTURED, facts, now=now)
    session.execute(_CAPTURED, values)
    return captured


def _facts(payment: Payment, locked: Sequence[LockedItem], returned: set[UUID], booked_at: datetime) -> dict[str, Any]:
    items = [each.item for each in locked]
    return {
        "payment_id": str(payment.id),
        "person_id": str(payment.person_id),
        "rail": payment.rail,
        "amount_twd": payment.amount_twd,
        "fee_twd": payment.fee_twd,
        "total_twd": payment.total_twd,
        "points_pt": payment.points_pt,
        "final_on": payment.final_on.isoformat() if payment.final_on else None,
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


def _disagrees(session: Session, payment: Payment, kind: str, theirs_twd: int, now: datetime) -> None:
    outbox.record(
        session,
        events.PAYMENT_DISAGREES,
        {"payment_id": str(payment.id), "kind": kind, "rail": payment.rail, "ours_twd": payment.money_twd,
         "theirs_twd": theirs_twd, "status": payment.status},
        now=now,
    )  # fmt: skip


_NO_FAILURE = text("UPDATE wallet.payment SET failure_code = NULL WHERE id = :id")
_UNKNOWN = text(
    "UPDATE wallet.payment SET status = 'unknown', next_ask_at = :next "
    "WHERE id = :id AND status IN ('debiting', 'action_required')"
)
_PAYER_ACTS = text(
    "UPDATE wallet.payment SET status = 'action_required', action_url = :url, action_expires_at = :expires, "
    "external_id = COALESCE(:external, external_id), next_ask_at = :next WHERE id = :id"
)
_BACK = text("UPDATE wallet.payment SET status = 'debiting', next_ask_at = :next WHERE id = :id")
_FINAL = text("UPDATE wallet.payment SET status = 'captured', ended_at = :now WHERE id = :id")
# One statement for what becomes true together: payment, bills, receipt, and the fact that leaves.
_CAPTURED = text(
    f"""
    WITH payment AS (
        UPDATE wallet.payment SET status = :status, external_id = :external, booked_at = :booked, ended_at = :ended,
               final_on = :final_on, action_url = NULL, next_ask_at = NULL
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
    "UPDATE wallet.payment SET status = 'failed', failure_code = :reason, ended_at = :now, action_url = NULL, "
    "next_ask_at = NULL WHERE id = :id"
)
_FREE = text("UPDATE wallet.bill SET claimed_by = NULL WHERE claimed_by = :id")
_ASK_LATER = text(
    "UPDATE wallet.payment SET next_ask_at = :next, times_asked = times_asked + 1, "
    "status = CASE status WHEN 'debiting' THEN 'unknown' ELSE status END "
    "WHERE id = :id AND status IN ('debiting', 'action_required', 'unknown')"
)
