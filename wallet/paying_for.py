"""Bills of one person, seen and paid by another who acts for them.

The bills are the principal's, the money is the agent's: the agent's own account is debited on the agent's own passkey,
and receipt and refunds are the agent's. What may be seen and paid is asked of `identity.acting` each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.ids import typeid
from identity import acting, security_notices
from identity.actors import Actor
from identity.delegation_errors import NotDelegated
from identity.delegation_rules import BILLS_READ, PAYMENTS_PAY
from wallet.bills import Bill, Owner, owner_of
from wallet.payments import Payment

READING = (BILLS_READ, PAYMENTS_PAY)
"""Whoever may pay a bill may see it."""


class NotDelegatedAndGivenUp(NotDelegated):
    """The same refusal at the moment of paying; that the payment was given up stays."""

    keeps = True


def owner_seen_by(session: Session, actor: Actor, *, what: str, reference: str = "", now: datetime) -> Owner:
    """Whose bills this caller may see, and of which vehicles; seeing somebody else's is written down for them.

    Raises NotDelegated.
    """
    person_id = acting.subject(actor)
    plates = acting.require(session, actor, person_id, *READING, what=what, reference=reference, now=now)
    owner = owner_of(session, person_id)
    return owner if plates is None else replace(owner, only_plates=tuple(sorted(plates)))


def check_beginning(
    session: Session, actor: Actor, bills: Sequence[Bill], total_twd: int, *, payment_id: UUID, now: datetime
) -> None:
    """Whether the caller may pay these bills of the person they act for, NT$ `total_twd` with the fee.

    Raises NotDelegated.
    """
    acting.require(
        session,
        actor,
        acting.subject(actor),
        PAYMENTS_PAY,
        what="done_pay_begun",
        reference=typeid("pay", payment_id),
        plates=tuple(bill.plate for bill in bills),
        amount_twd=total_twd,
        month_twd=_confirmed_this_month_twd(session, actor, now),
        now=now,
    )


def check_confirming(session: Session, actor: Actor, payment: Payment, plates: Sequence[str], *, now: datetime) -> None:
    """The same at the moment of paying, with the delegation held as it is until the payment is written down: of two
    payments at once the second counts the first. Raises NotDelegated."""
    if payment.delegation_id != actor.delegation_id or payment.on_behalf_of != actor.on_behalf_of:
        raise NotDelegated(reason="other_person")
    if payment.on_behalf_of is None:
        return
    acting.hold(session, actor)
    acting.require(
        session,
        actor,
        payment.on_behalf_of,
        PAYMENTS_PAY,
        what="done_pay_confirmed",
        reference=payment.reference,
        plates=tuple(plates),
        amount_twd=payment.total_twd,
        month_twd=_confirmed_this_month_twd(session, actor, now),
        now=now,
    )


def tell_principal(session: Session, payment: Payment, *, bills: int, now: datetime) -> None:
    """Tell the person whose bills are being paid."""
    if payment.on_behalf_of is not None:
        values = {"count": str(bills), "amount": f"{payment.total_twd:,}"}
        security_notices.tell(session, payment.on_behalf_of, "delegate_paid", values=values, now=now)


def _confirmed_this_month_twd(session: Session, actor: Actor, now: datetime) -> int:
    first = datetime.combine(taipei_date(now).replace(day=1), time(), tzinfo=TAIPEI)
    values = {"delegation_id": actor.delegation_id, "first": first}
    return int(session.execute(_CONFIRMED, values).scalar_one())


# What was refunded later still counts: the limit is on what is taken in hand, and giving back must not widen it.
_CONFIRMED = text(
    "SELECT coalesce(sum(amount_twd + fee_twd), 0)::bigint FROM wallet.payment "
    "WHERE delegation_id = :delegation_id AND authorized_at >= :first AND status <> 'failed'"
)
