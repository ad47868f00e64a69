"""Refunds that are due: the rail is asked, under the attempt's own reference, until it has said what became of each."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from core import clock, db
from core.ids import typeid
from partners import wire
from partners.bank.client import Credit
from wallet import bank_links, refund_orders, refund_outcomes, states
from wallet.payments import Payment, authorized_payment
from wallet.ports import ports
from wallet.rails.contract import Declined, RefundOrder, RefundOutcome, Returned
from wallet.refund_orders import Attempt, Refund

_LEASE = timedelta(seconds=20)
_LOOK_AGAIN_AT_PROVISIONAL = timedelta(hours=1)
_REFUNDABLE = (states.CAPTURED, states.REFUNDED)
_log = logging.getLogger("mykaohsiung.wallet")


def send_due(now: datetime) -> None:
    """Ask about every refund that is due; safe to run twice and in two workers at once."""
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        try:
            send(row.id)
        except Exception:
            # One refund that cannot be sent must not keep the others waiting; it stays open and is seen.
            _log.exception("refund %s could not be sent", typeid("ref", row.id))


def send(refund_id: UUID) -> None:
    """Ask the rail for one refund, or what became of it, and commit the answer."""
    job = _load(refund_id)
    if job is None:
        return
    outcome = _outcome_without_the_rail(job)
    if outcome is None:
        try:
            outcome = _ask(job)
        except wire.CallFailed as failure:
            _log.info("refund %s stays open: %s", typeid("ref", refund_id), type(failure).__name__)
    with db.unit_of_work() as session:
        refund_outcomes.record(session, refund_id, outcome, tries=job.tries, now=clock.now())


@dataclass(frozen=True, slots=True)
class _Job:
    refund: Refund
    attempt: Attempt
    payment: Payment
    mandate_id: str | None
    tries: int


def _load(refund_id: UUID) -> _Job | None:
    with db.unit_of_work() as session:
        refund = refund_orders.refund_of(session, refund_id)
        payment = authorized_payment(session, refund.payment_id)
        assert payment is not None, "what was never authorized cannot go back"
        if payment.status == states.PROVISIONAL:
            # It may still be returned, and must not go back twice.
            session.execute(_LATER, {"id": refund_id, "next": clock.now() + _LOOK_AGAIN_AT_PROVISIONAL})
            return None
        attempt = refund_orders.attempts_of(session, refund_id)[-1]
        mandate = None
        if attempt.bank_link_id is not None:
            link = bank_links.link_of(session, person_id=refund.person_id, link_id=attempt.bank_link_id)
            mandate = link.mandate_id
        tries = int(session.execute(_TRIES, {"id": refund_id}).scalar_one())
    return _Job(refund, attempt, payment, mandate, tries)


def _outcome_without_the_rail(job: _Job) -> RefundOutcome | None:
    if job.refund.money_twd == 0:
        return Returned(typeid("ref", job.attempt.id), 0, clock.now())
    if job.payment.status not in _REFUNDABLE and job.refund.status == "requested":
        return Declined(refund_outcomes.PAYMENT_UNDONE)
    return None


def _ask(job: _Job) -> RefundOutcome | None:
    if job.mandate_id is not None:
        return _ask_the_bank(job, job.mandate_id)
    rail, order = ports().rails[job.payment.rail], _order(job)
    was_sent = job.refund.status != "requested"
    found = rail.find_refund(order) if was_sent else None
    if found is not None or job.refund.status == "pending":
        return found
    return rail.refund(order)


def _ask_the_bank(job: _Job, mandate_id: str) -> RefundOutcome:
    reference = typeid("ref", job.attempt.id)
    is_at_the_bank = job.payment.rail == bank_links.BANK_OF_KAOHSIUNG
    credit = ports().bank.find_credit(reference) or ports().bank.refund_to(
        reference=reference,
        mandate_id=mandate_id,
        amount_twd=job.refund.money_twd,
        purpose=job.payment.reference,
        debit_reference=job.payment.reference if is_at_the_bank else None,
    )
    return _credited(credit)


def _credited(credit: Credit) -> RefundOutcome:
    if credit.status == "booked":
        return Returned(credit.credit_id, credit.amount_twd, credit.booked_at)
    return Declined(credit.reason or "rejected", credit.credit_id)


def _order(job: _Job) -> RefundOrder:
    return RefundOrder(
        refund_id=job.refund.id,
        reference=typeid("ref", job.attempt.id),
        payment_reference=job.payment.reference,
        payment_external_id=job.payment.external_id or "",
        rail=job.payment.rail,
        amount_twd=job.refund.money_twd,
        instrument=job.payment.instrument,
        reason=job.refund.reason,
    )


_LEASE_DUE = text(
    """
    UPDATE wallet.refund SET next_try_at = :until, tries = tries + 1
     WHERE id IN (SELECT id FROM wallet.refund WHERE next_try_at <= :now ORDER BY next_try_at LIMIT 50
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
_LATER = text("UPDATE wallet.refund SET next_try_at = :next WHERE id = :id AND status IN ('requested', 'unknown')")
_TRIES = text("SELECT tries FROM wallet.refund WHERE id = :id")
