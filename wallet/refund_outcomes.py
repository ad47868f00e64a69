"""What became of a refund: taken, done, refused, or come back unpaid. Each may be said many times, in any order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import outbox
from core.errors import NotFound
from wallet import book, events, refund_orders, refund_rules, states, taken_back
from wallet.payments import Payment, lock_items, lock_payment
from wallet.rails.contract import Accepted, Declined, RefundOutcome, Returned
from wallet.reconciliation import breaks
from wallet.refund_orders import Attempt, Refund

# Its payment was itself taken back: nothing is owed to anybody, and no other account helps.
PAYMENT_UNDONE: Final = "payment_undone"
_OPEN = ("requested", "unknown", "pending")
_FIRST_ASK_SECONDS = 2
_LAST_ASK_SECONDS = 600
_WEBHOOK_USUALLY_BY = timedelta(seconds=30)


def record(session: Session, refund_id: UUID, outcome: RefundOutcome | None, *, tries: int, now: datetime) -> None:
    """Commit what the rail answered about a refund; None when it gave no answer: then it is asked later."""
    match outcome:
        case Returned():
            completed(session, refund_id, outcome.external_id, outcome.booked_at, now)
        case Accepted():
            _accepted(session, refund_id, outcome.external_id, tries, now)
        case Declined():
            came_back(session, refund_id, outcome.reason, now)
        case None:
            wait = timedelta(seconds=min(_FIRST_ASK_SECONDS * 2 ** min(tries, 10), _LAST_ASK_SECONDS))
            session.execute(_ASK_LATER, {"id": refund_id, "next": now + wait})


def completed(session: Session, refund_id: UUID, external_id: str | None, booked_at: datetime, now: datetime) -> bool:
    """The money is back at the payer's. True: written down now; False: known, failed meanwhile, or no such refund."""
    found = _locked(session, refund_id)
    if found is None or found[0].status not in _OPEN:
        return False
    refund, payment, attempt = found
    book.settle_refund(session, payment.reference, refund_orders.leg_of(refund, attempt), now=now)
    session.execute(_COMPLETED, {"id": refund_id, "at": booked_at})
    session.execute(_ATTEMPT_ENDED, {"id": attempt.id, "external": external_id, "reason": None, "now": now})
    note_whole(session, payment.id)
    if refund_rules.completed_reopens(session, refund.reason, payment.id, refund.bill_id):
        session.execute(_REOPEN_BILL, {"bill_id": refund.bill_id, "payment_id": payment.id, "now": now})
        taken_back.no_longer_owed(session, payment.id, refund.bill_id)
    if payment.status in (states.CHARGED_BACK, states.RETURNED) and refund.money_twd:
        gone_twice(session, payment, refund.money_twd, now)
    outbox.record(
        session,
        events.BILL_REFUNDED,
        refund_orders.facts_of(refund_orders.refund_of(session, refund_id)),
        now=now,
    )
    return True


def came_back(session: Session, refund_id: UUID, reason: str, now: datetime) -> bool:
    """The rail refuses the refund, or its money came back after it had said that it was done.

    The book is turned back, the citizen is told and may choose another proven account. True: written down now; False:
    known already, or no such refund.
    """
    found = _locked(session, refund_id)
    if found is None or found[0].status not in (*_OPEN, "completed"):
        return False
    refund, payment, attempt = found
    was_completed = refund.status == "completed"
    leg = refund_orders.leg_of(refund, attempt)
    if was_completed:
        book.take_refund_back(session, payment.reference, leg, reason="refund came back", now=now)
        session.execute(_PAYMENT_CAPTURED, {"id": payment.id})
        session.execute(_CLOSE_BILL, {"bill_id": refund.bill_id, "payment_id": payment.id, "rail": payment.rail,
                                      "at": payment.booked_at, "now": now, "code": refund.reason})  # fmt: skip
    else:
        book.release_refund(session, payment.reference, leg, now=now)
    session.execute(_FAILED, {"id": refund_id, "reason": reason, "now": now})
    session.execute(_ATTEMPT_ENDED, {"id": attempt.id, "external": None, "reason": reason, "now": now})
    if reason == PAYMENT_UNDONE:
        refund_orders.give_up_claim(session, refund, with_points=False)
    outbox.record(
        session,
        events.REFUND_FAILED,
        refund_orders.facts_of(refund_orders.refund_of(session, refund_id))
        | {"failure_code": reason, "was_completed": was_completed,
           "can_choose_account": payment.status not in (states.CHARGED_BACK, states.RETURNED)},
        now=now,
    )  # fmt: skip
    return True


def note_whole(session: Session, payment_id: UUID) -> None:
    """A payment of which everything has gone back is refunded."""
    session.execute(_PAYMENT_REFUNDED, {"id": payment_id})


def gone_twice(session: Session, payment: Payment, amount_twd: int, now: datetime) -> None:
    """So much went back to the payer and was taken back, too: somebody has to ask for it."""
    breaks.record(
        session,
        kind="duplicate",
        source=payment.rail,
        cause="refunded_and_taken_back",
        subject_kind="payment",
        subject_id=payment.id,
        our_reference=payment.reference,
        their_reference=payment.external_id or "",
        theirs_twd=-amount_twd,
        rail=payment.rail,
        now=now,
    )


def _accepted(session: Session, refund_id: UUID, external_id: str, tries: int, now: datetime) -> None:
    wait = max(_WEBHOOK_USUALLY_BY, timedelta(seconds=min(_FIRST_ASK_SECONDS * 2 ** min(tries, 12), 3600)))
    values = {"id": refund_id, "external": external_id, "next": now + wait, "now": now}
    if session.execute(_ACCEPTED, values).first() is not None:
        session.execute(_ATTEMPT_ACCEPTED, values)
        outbox.record(
            session,
            events.REFUND_ACCEPTED,
            refund_orders.facts_of(refund_orders.refund_of(session, refund_id)),
            now=now,
        )
    else:
        session.execute(_STILL_PENDING, values)


def _locked(session: Session, refund_id: UUID) -> tuple[Refund, Payment, Attempt] | None:
    """Bills, payment and refund locked in the order in which everybody locks them; its last attempt beside it."""
    try:
        payment_id = refund_orders.refund_of(session, refund_id).payment_id
    except NotFound:
        return None
    lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    refund = refund_orders.lock(session, refund_id)
    attempts = refund_orders.attempts_of(session, refund_id)
    return None if not attempts else (refund, payment, attempts[-1])


assert set(_OPEN) == set(states.REFUND.sources_of("completed"))

_ASK_LATER = text(
    "UPDATE wallet.refund SET next_try_at = :next, "
    "status = CASE status WHEN 'requested' THEN 'unknown' ELSE status END "
    "WHERE id = :id AND status IN ('requested', 'unknown', 'pending')"
)
_ACCEPTED = text(
    "UPDATE wallet.refund SET status = 'pending', accepted_at = :now, next_try_at = :next "
    "WHERE id = :id AND status IN ('requested', 'unknown') RETURNING id"
)
_STILL_PENDING = text("UPDATE wallet.refund SET next_try_at = :next WHERE id = :id AND status = 'pending'")
_COMPLETED = text(
    "UPDATE wallet.refund SET status = 'completed', completed_at = :at, next_try_at = NULL, failure_code = NULL "
    "WHERE id = :id"
)
_FAILED = text(
    "UPDATE wallet.refund SET status = 'failed', failure_code = :reason, failed_at = :now, completed_at = NULL, "
    "next_try_at = NULL WHERE id = :id"
)
_ATTEMPT_ACCEPTED = text(
    "UPDATE wallet.refund_attempt AS a SET external_id = :external FROM wallet.refund AS r "
    "WHERE r.id = :id AND a.refund_id = r.id AND a.number = r.attempt"
)
_ATTEMPT_ENDED = text(
    "UPDATE wallet.refund_attempt SET ended_at = :now, failure_code = :reason, "
    "external_id = coalesce(:external, external_id) WHERE id = :id"
)
# All of it has gone back. What was paid again elsewhere is the other payment's money: this one stands.
_PAYMENT_REFUNDED = text(
    """
    UPDATE wallet.payment SET status = 'refunded'
     WHERE id = :id AND status = 'captured'
       AND NOT EXISTS (SELECT 1 FROM wallet.payment_item i
                        WHERE i.payment_id = :id
                          AND i.amount_twd > coalesce((SELECT sum(r.amount_twd) FROM wallet.refund r
                                                        WHERE r.payment_id = i.payment_id AND r.bill_id = i.bill_id
                                                          AND r.status = 'completed'
                                                          AND r.reason <> 'paid_elsewhere_again'), 0))
    """
)
_PAYMENT_CAPTURED = text("UPDATE wallet.payment SET status = 'captured' WHERE id = :id AND status = 'refunded'")
_REOPEN_BILL = text(
    """
    UPDATE wallet.bill SET status = 'unpaid', paid_by_payment = NULL, paid_channel = NULL, paid_at = NULL,
           updated_at = :now
     WHERE id = :bill_id AND paid_by_payment = :payment_id
    """
)
_CLOSE_BILL = text(
    """
    UPDATE wallet.bill SET status = 'paid', paid_by_payment = :payment_id, paid_channel = :rail, paid_at = :at,
           updated_at = :now
     WHERE id = :bill_id AND status = 'unpaid' AND claimed_by IS NULL
       AND EXISTS (SELECT FROM wallet.refund_reason WHERE code = :code AND reopens_bill)
    """
)
