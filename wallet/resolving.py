"""Payments whose outcome is not known: the rail is asked, under our own reference, until it says.

A debit that never reached the rail is ordered again with the same reference while the payer still waits for it: booked
or rejected, the answer is then final, and a first order that arrives late finds its reference taken. After ten minutes
nobody expects a debit any more, and one that the rail has never seen is given up. A payer who was sent to the card's
bank or the wallet and did not come back is waited for until that page has lapsed.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.ids import typeid
from partners import wire
from wallet import outcomes, states
from wallet.payments import COLUMNS, Payment, items_of, lock_payment, payment_from
from wallet.ports import ports
from wallet.rails.contract import Outcome, PayerActs

_LEASE = timedelta(seconds=20)
_ORDER_AGAIN_WITHIN = timedelta(minutes=10)
_log = logging.getLogger("mykaohsiung.wallet")


def resolve_due(now: datetime) -> None:
    """Ask about every payment that is due; safe to run twice and in two workers at once."""
    with db.unit_of_work() as session:
        due = session.execute(_LEASE_DUE, {"now": now, "until": now + _LEASE}).all()
    for row in due:
        values = dict(row._mapping)
        times_asked = values.pop("times_asked")
        try:
            resolve(payment_from(values), times_asked)
        except Exception:
            # One payment that cannot be resolved must not keep the others waiting; it stays open and is seen.
            _log.exception("payment %s could not be resolved", typeid("pay", row.id))


def resolve(payment: Payment, times_asked: int) -> None:
    """Ask the rail about one payment, and commit its answer."""
    try:
        outcome = _ask(payment)
    except wire.CallFailed as failure:
        _log.info("payment %s stays unknown: %s", payment.reference, type(failure).__name__)
        with db.unit_of_work() as session:
            outcomes.ask_again_later(session, payment.id, times_asked, now=clock.now())
        return
    now = clock.now()
    has_lapsed = isinstance(outcome, PayerActs) and outcome.expires_at <= now
    with db.unit_of_work() as session:
        if outcome is not None and not has_lapsed:
            outcomes.record(session, payment.id, outcome, now=now)
        else:
            _give_up(session, payment.id, "not_confirmed" if has_lapsed else "not_executed", now)


def _ask(payment: Payment) -> Outcome | None:
    assert payment.authorized_at is not None
    rail = ports().rails[payment.rail]
    outcome = rail.find(payment.order())
    if outcome is None and clock.now() - payment.authorized_at < _ORDER_AGAIN_WITHIN:
        outcome = rail.start(payment.order())
    return outcome


def _give_up(session: Session, payment_id: UUID, reason: str, now: datetime) -> None:
    items = items_of(session, [payment_id])[payment_id]
    session.execute(_LOCK_BILLS, {"ids": [item.bill_id for item in items]})
    payment = lock_payment(session, payment_id)
    if payment.status in states.AT_THE_RAIL:
        outcomes.fail(session, payment, items, reason, now=now)


_LEASE_DUE = text(
    f"""
    UPDATE wallet.payment SET next_ask_at = :until
     WHERE id IN (SELECT id FROM wallet.payment WHERE next_ask_at <= :now ORDER BY next_ask_at LIMIT 50
                     FOR UPDATE SKIP LOCKED)
    RETURNING {COLUMNS}, times_asked
    """  # noqa: S608
)
_LOCK_BILLS = text("SELECT 1 FROM wallet.bill WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
