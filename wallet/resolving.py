"""Payments whose outcome is not known: the bank is asked, under our own reference, until it says.

A debit that never reached the bank is ordered again with the same reference while the payer still waits for it: booked
or rejected, the bank's answer is then final, and a first order that arrives late finds its reference taken. After ten
minutes nobody expects a debit any more, and one that the bank has never seen is given up.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import clock, db
from core.ids import typeid
from partners import wire
from partners.bank.client import Debit
from wallet import outcomes, states
from wallet.payments import items_of, lock_payment
from wallet.ports import ports

_LEASE = timedelta(seconds=20)
_ORDER_AGAIN_WITHIN = timedelta(minutes=10)
_log = logging.getLogger("mykaohsiung.wallet")


def resolve_due(now: datetime) -> None:
    """Ask about every payment that is due; safe to run twice and in two workers at once."""
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        try:
            resolve(row)
        except Exception:
            # One payment that cannot be resolved must not keep the others waiting; it stays open and is seen.
            _log.exception("payment %s could not be resolved", typeid("pay", row.id))


def resolve(row: Any) -> None:
    """Ask the bank about one payment (id, mandate_id, total_twd, authorized_at, times_asked), and commit its answer."""
    try:
        debit = _ask(row.id, row.mandate_id, row.total_twd, row.authorized_at)
    except wire.CallFailed as failure:
        _log.info("payment %s stays unknown: %s", typeid("pay", row.id), type(failure).__name__)
        with db.unit_of_work() as session:
            outcomes.ask_again_later(session, row.id, row.times_asked, now=clock.now())
        return
    with db.unit_of_work() as session:
        if debit is not None:
            outcomes.record(session, row.id, debit, now=clock.now())
        else:
            _give_up(session, row.id)


def _ask(payment_id: UUID, mandate_id: str, total_twd: int, authorized_at: datetime) -> Debit | None:
    reference = typeid("pay", payment_id)
    debit = ports().bank.find_debit(reference)
    if debit is None and clock.now() - authorized_at < _ORDER_AGAIN_WITHIN:
        debit = ports().bank.debit(reference=reference, mandate_id=mandate_id, amount_twd=total_twd, purpose=reference)
    return debit


def _give_up(session: Any, payment_id: UUID) -> None:
    items = items_of(session, [payment_id])[payment_id]
    session.execute(_LOCK_BILLS, {"ids": [item.bill_id for item in items]})
    payment = lock_payment(session, payment_id)
    if payment.status in (states.DEBITING, states.UNKNOWN):
        outcomes.fail(session, payment, items, "not_executed", now=clock.now())


_LEASE_DUE = text(
    """
    UPDATE wallet.payment SET next_ask_at = :until
     WHERE id IN (SELECT id FROM wallet.payment WHERE next_ask_at <= :now ORDER BY next_ask_at LIMIT 50
                     FOR UPDATE SKIP LOCKED)
    RETURNING id, mandate_id, amount_twd + fee_twd AS total_twd, authorized_at, times_asked
    """
)
_LOCK_BILLS = text("SELECT 1 FROM wallet.bill WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
