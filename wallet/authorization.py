"""The payer's word: an assertion over exactly this instruction starts the debit, in three steps.

(1) The intent is committed with our reference and the holds in the book. (2) The bank is called with no transaction
open. (3) The outcome is committed. No answer is no failure: the payment becomes `unknown` and is resolved by asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from identity import passkeys
from identity.errors import AssertionRefused, AssertionRefusedAndNoted
from partners import wire
from partners.bank.client import Debit
from wallet import book, states
from wallet.errors import PaymentChanged, PaymentNotAwaiting
from wallet.payments import Item, Payment, give_up, items_of, lock_payment, payment_of
from wallet.ports import ports

# A debit call gives up before this, so whoever asks later asks about a call that has ended.
_ASK_AFTER = timedelta(seconds=15)


def accept(
    session: Session, *, person_id: UUID, payment_id: UUID, credential: Mapping[str, Any], now: datetime
) -> tuple[Payment, list[Item]]:
    """Step one: weigh the assertion and commit the intent.

    The payment is given up, and its bills freed, when the assertion is refused or a bill has changed since the
    instruction was shown: a challenge is used once. Raises NotFound, PaymentNotAwaiting, PaymentChanged,
    AssertionRefused.
    """
    payment_of(session, person_id, payment_id)
    items = items_of(session, [payment_id])[payment_id]
    bills = session.execute(_BILLS, {"ids": [item.bill_id for item in items]}).all()
    payment = lock_payment(session, payment_id)
    if payment.status != states.AWAITING or payment.expires_at <= now:
        raise PaymentNotAwaiting(payment_status=states.EXPIRED if payment.status == states.AWAITING else payment.status)
    try:
        verified = passkeys.verify_assertion(
            session, person_id=person_id, credential=dict(credential), challenge=payment.challenge, now=now
        )
    except AssertionRefused as refused:
        give_up(session, [payment_id], states.CANCELLED, now=now)
        raise AssertionRefusedAndNoted from refused
    as_instructed = {item.bill_id: item.amount_twd for item in items}
    as_it_is = {bill.id: bill.amount_twd for bill in bills if bill.status == "unpaid" and bill.claimed_by == payment_id}
    link_is_active = session.execute(_LINK, {"person_id": person_id, "id": payment.bank_link_id}).scalar() == "active"
    if as_instructed != as_it_is or not link_is_active:
        give_up(session, [payment_id], states.CANCELLED, now=now)
        raise PaymentChanged
    session.execute(
        _DEBITING,
        {"id": payment_id, "status": states.DEBITING, "now": now, "passkey": verified.passkey_id,
         "ask": now + _ASK_AFTER},
    )  # fmt: skip
    book.hold(session, payment.reference, items, now=now)
    return payment, items


def order_debit(payment: Payment) -> Debit | None:
    """Step two: order the debit at the bank; no transaction may be open. None when its outcome is not known."""
    try:
        return ports().bank.debit(
            reference=payment.reference,
            mandate_id=payment.mandate_id,
            amount_twd=payment.total_twd,
            purpose=payment.reference,
        )
    except wire.CallFailed:
        # Even a refusal of the message leaves the truth with the bank, so the bank is asked.
        return None


_BILLS = text("SELECT id, amount_twd, status, claimed_by FROM wallet.bill WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_LINK = text("SELECT status FROM wallet.bank_link WHERE person_id = :person_id AND id = :id")
_DEBITING = text(
    "UPDATE wallet.payment SET status = :status, authorized_at = :now, passkey_id = :passkey, next_ask_at = :ask "
    "WHERE id = :id"
)
