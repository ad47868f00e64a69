"""The payer's word: an assertion over exactly this instruction starts the debit, in three steps.

(1) The intent is committed with our reference and the holds in the book. (2) The rail is called with no transaction
open. (3) The outcome is committed. No answer is no failure: the payment becomes `unknown` and is resolved by asking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from identity import passkeys
from identity.actors import Actor
from identity.delegation_errors import NotDelegated
from identity.errors import AssertionRefused, AssertionRefusedAndNoted
from partners import wire
from wallet import book, states
from wallet.errors import PaymentChanged, PaymentNotAwaiting
from wallet.paying_for import NotDelegatedAndGivenUp, check_confirming, tell_principal
from wallet.payments import Item, LockedItem, Payment, give_up, lock_items, lock_payment
from wallet.ports import ports
from wallet.rails.contract import Outcome

# A debit call gives up before this, so whoever asks later asks about a call that has ended.
_ASK_AFTER = timedelta(seconds=15)


def accept(
    session: Session,
    *,
    person_id: UUID,
    payment_id: UUID,
    credential: Mapping[str, Any],
    actor: Actor | None = None,
    now: datetime,
) -> tuple[Payment, list[Item]]:
    """Step one: weigh the assertion and commit the intent.

    The payment is given up, and its bills freed, when the assertion is refused or a bill has changed since the
    instruction was shown: a challenge is used once; and when the `actor` who confirms it may no longer pay these bills
    for somebody. Raises NotFound, PaymentNotAwaiting, PaymentChanged, AssertionRefused, NotDelegated.
    """
    locked = lock_items(session, payment_id)
    items = [each.item for each in locked]
    payment = lock_payment(session, payment_id, person_id=person_id)
    if payment.status != states.AWAITING or payment.expires_at <= now:
        raise PaymentNotAwaiting(payment_status=states.EXPIRED if payment.status == states.AWAITING else payment.status)
    if actor is not None:
        try:
            check_confirming(session, actor, payment, [each.plate for each in locked], now=now)
        except NotDelegated as refused:
            give_up(session, [payment_id], states.CANCELLED, now=now)
            raise NotDelegatedAndGivenUp(**refused.extensions) from refused
    try:
        verified = passkeys.verify_assertion(
            session, person_id=person_id, credential=dict(credential), challenge=payment.challenge, now=now
        )
    except AssertionRefused as refused:
        give_up(session, [payment_id], states.CANCELLED, now=now)
        raise AssertionRefusedAndNoted from refused
    payment = replace(payment, status=states.DEBITING, authorized_at=now)
    is_as_instructed = all(_is_as_instructed(each, payment_id) for each in locked)
    if not is_as_instructed or not begin_debit(session, payment, items, passkey_id=verified.passkey_id, now=now):
        give_up(session, [payment_id], states.CANCELLED, now=now)
        raise PaymentChanged
    tell_principal(session, payment, bills=len(items), now=now)
    return payment, items


def order_debit(payment: Payment, *, wallet_token: str | None = None) -> Outcome | None:
    """Step two: order the debit at the rail; no transaction may be open. None when its outcome is not known."""
    try:
        return ports().rails[payment.rail].start(payment.order(wallet_token=wallet_token))
    except wire.CallFailed:
        # Even a refusal of the message leaves the truth with the rail, so the rail is asked.
        return None


def finish_debit(payment: Payment, result: Mapping[str, str]) -> Outcome | None:
    """The payer is back with this: hand it to the rail; no transaction may be open. None: the outcome is not known."""
    try:
        return ports().rails[payment.rail].complete(payment.order(), result)
    except wire.CallFailed:
        return None


def begin_debit(
    session: Session, payment: Payment, items: Sequence[Item], *, passkey_id: UUID | None, now: datetime
) -> bool:
    """Commit the intent of a payment whose word is given: the instrument is weighed once more, money and points are
    held. False, with nothing written, where the instrument can no longer be debited. Raises what the points room
    refuses."""
    if payment.instrument_kind == "card" and not ports().rails[payment.rail].is_usable(
        session, payment.person_id, payment.instrument
    ):
        return False
    began = session.execute(
        _DEBITING,
        {"id": payment.id, "person_id": payment.person_id, "link": payment.bank_link_id, "status": states.DEBITING,
         "now": now, "passkey": passkey_id, "ask": now + _ASK_AFTER},
    ).first()  # fmt: skip
    if not began:
        return False
    if payment.points_pt:
        ports().tender.hold(
            session, person_id=payment.person_id, payment_id=payment.id, points=payment.points_pt, now=now
        )
    clearing = ports().rails[payment.rail].clearing
    book.hold(session, payment.reference, items, clearing=clearing, rail=payment.rail, now=now)
    return True


def _is_as_instructed(each: LockedItem, payment_id: UUID) -> bool:
    return (
        each.bill_status == "unpaid"
        and each.bill_claimed_by == payment_id
        and each.bill_amount_twd == each.item.amount_twd
    )


# The account must still be linked at the moment of the debit, so both are one statement.
_DEBITING = text(
    """
    UPDATE wallet.payment SET status = :status, authorized_at = :now, passkey_id = :passkey, next_ask_at = :ask
     WHERE id = :id AND (instrument_kind <> 'bank_link'
                         OR EXISTS (SELECT 1 FROM wallet.bank_link l
                                     WHERE l.person_id = :person_id AND l.id = :link AND l.status = 'active'))
    RETURNING id
    """
)
