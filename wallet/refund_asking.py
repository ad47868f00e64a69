"""Refunds that somebody asks for: a citizen with a reason that can be proven, an officer alone or with a second one.

What goes back by itself is asked for in `double_payments.py` and `undoing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidRequest, NotFound
from core.ids import new_uuid, parse_typeid, typeid
from core.text import Text
from identity import approvals
from identity.actors import Actor
from identity.approvals import Shown
from identity.officer_models import Approval
from partners.bureaus.client import Notice
from wallet import bank_links, refund_orders, refund_outcomes, refund_rules, refund_texts, states
from wallet.errors import PaymentNotRefundable, RefundExceedsPayment, RefundNotFailed
from wallet.payments import Item, Payment, items_of, lock_items, lock_payment, payment_of
from wallet.refund_orders import Refund, Wanted
from wallet.refund_rules import Reason

APPROVAL: Final = "wallet.refund"
_REFUNDABLE = (states.CAPTURED, states.PROVISIONAL, states.REFUNDED)


def look(session: Session, *, person_id: UUID, payment_id: UUID, bill_id: UUID, reason: str) -> tuple[Reason, Item]:
    """What a citizen asks about, before the bureau is asked. Raises NotFound, InvalidRequest."""
    payment = payment_of(session, person_id, payment_id)
    item = _item(items_of(session, [payment.id])[payment.id], bill_id)
    return refund_rules.reason_for(session, reason, of="citizen"), item


def by_citizen(
    session: Session,
    *,
    person_id: UUID,
    payment_id: UUID,
    bill_id: UUID,
    reason: Reason,
    amount_twd: int | None,
    notice: Notice | None,
    now: datetime,
) -> Refund:
    """Give a citizen back what the reason proves, or the part of it that is asked for.

    `notice` is what the bureau has just answered. Raises NotFound, PaymentNotRefundable, RefundNotAllowed,
    RefundExceedsPayment.
    """
    payment, item = _locked(session, payment_id, bill_id, person_id=person_id)
    most = refund_rules.most_allowed_twd(session, reason, item, notice)
    left = refund_orders.left_twd(session, payment_id, bill_id)
    may = max(0, most - (item.amount_twd - left))
    amount = may if amount_twd is None else amount_twd
    if not 0 < amount <= may:
        raise RefundExceedsPayment(left=may)
    wanted = Wanted(reason.code, amount, reason.returns_fee, asked_by="citizen", asked_by_id=person_id)
    return refund_orders.write(session, payment, item, wanted, now=now)


def by_officer(
    session: Session,
    *,
    by: Actor,
    payment_id: UUID,
    bill_id: UUID,
    reason_code: str,
    amount_twd: int,
    note: str,
    now: datetime,
) -> Refund:
    """Give money back on the word of an officer; above the limit it is proposed, and a second one decides.

    What officers have already given back of the payment alone counts against the limit, so that it cannot be passed in
    parts. Raises NotFound, InvalidRequest, PaymentNotRefundable, RefundExceedsPayment.
    """
    reason = refund_rules.reason_for(session, reason_code, of="officer")
    payment, item = _locked(session, payment_id, bill_id)
    alone = int(session.execute(_GIVEN_ALONE, {"payment_id": payment_id}).scalar_one())
    needs_two = refund_rules.needs_two_persons(session, alone + amount_twd, now)
    wanted = Wanted(reason.code, amount_twd, reason.returns_fee, asked_by="officer", asked_by_id=by.id, note=note)
    refund = refund_orders.write(
        session, payment, item, wanted, status="proposed" if needs_two else "requested", now=now
    )
    if needs_two:
        approval = approvals.propose(
            session,
            kind=APPROVAL,
            subject=typeid("ref", refund.id),
            body={
                "refund_id": str(refund.id),
                "payment_id": typeid("pay", payment.id),
                "number": item.number,
                "amount_twd": refund.amount_twd,
                "fee_twd": refund.fee_twd,
                "reason": reason.code,
                "account": refund.account,
            },
            reason=note,
            by=by,
            person_id=payment.person_id,
            now=now,
        )
        session.execute(_APPROVAL, {"id": refund.id, "approval_id": approval.id})
    return refund_orders.refund_of(session, refund.id)


def approved(session: Session, approval: Approval, now: datetime) -> None:
    """A second officer agrees: the refund begins. Raises PaymentNotRefundable when its payment was undone meanwhile."""
    refund, payment = _proposed(session, approval)
    if refund.status == "proposed":
        _check_refundable(payment)
        refund_orders.begin(session, refund, payment, now=now)


def refused(session: Session, approval: Approval, now: datetime) -> None:
    """Nobody agreed: what the proposal claimed of the payment is free again."""
    refund, _ = _proposed(session, approval)
    if refund.status == "proposed":
        session.execute(_DECLINED, {"id": refund.id})
        refund_orders.give_up_claim(session, refund, with_points=True)


def shown(body: Mapping[str, Any]) -> Sequence[Shown]:
    """What a proposed refund would do."""
    return (
        Shown(Text("付款", "Payment"), str(body["payment_id"])),
        Shown(Text("帳單", "Bill"), str(body["number"])),
        Shown(Text("退還金額", "Amount to give back"), f"NT${body['amount_twd']:,}"),
        Shown(Text("退還手續費", "Service fee to give back"), f"NT${body['fee_twd']:,}"),
        Shown(Text("原因", "Reason"), refund_texts.REASONS[body["reason"]]),
        Shown(Text("退到", "To"), str(body["account"])),
    )


def register() -> None:
    """Let finance officers decide refunds above the limit."""
    approvals.on_approved(
        APPROVAL,
        ["finance"],
        approved,
        shown,
        title=Text("超過限額的退款", "A refund above the limit"),
        on_refused=refused,
    )


def choose_account(session: Session, *, person_id: UUID, refund_id: UUID, bank_link_id: UUID, now: datetime) -> Refund:
    """Send a refund that did not arrive anew, to an account that the citizen has proven to be theirs.

    Raises NotFound, RefundNotFailed, BankLinkNotActive, InvalidRequest for an account at another bank.
    """
    refund = own_refund(session, person_id, refund_id)
    lock_items(session, refund.payment_id)
    payment = lock_payment(session, refund.payment_id)
    refund = refund_orders.lock(session, refund_id)
    if refund.status != "failed" or refund.failure_code == refund_outcomes.PAYMENT_UNDONE:
        raise RefundNotFailed(refund_status=refund.status)
    _check_refundable(payment)
    link = bank_links.active_link(session, person_id=person_id, bank_link_id=bank_link_id, now=now)
    if link.bank != bank_links.BANK_OF_KAOHSIUNG:
        raise InvalidRequest(errors=[FieldError("/bank_link_id", "has to be an account at the city's bank")])
    refund_orders.add_attempt(
        session, refund, payment, attempt_id=new_uuid(), bank_link_id=link.id, account=link.account_masked, now=now
    )
    return refund_orders.refund_of(session, refund_id)


def own_refund(session: Session, person_id: UUID, refund_id: UUID) -> Refund:
    """A refund of this person, one that is decided. Raises NotFound."""
    refund = refund_orders.refund_of(session, refund_id)
    if refund.person_id != person_id or refund.status in ("proposed", "declined"):
        raise NotFound
    return refund


def _locked(
    session: Session, payment_id: UUID, bill_id: UUID, *, person_id: UUID | None = None
) -> tuple[Payment, Item]:
    locked = lock_items(session, payment_id)
    payment = lock_payment(session, payment_id, person_id=person_id)
    _check_refundable(payment)
    return payment, _item([each.item for each in locked], bill_id)


def _check_refundable(payment: Payment) -> None:
    if payment.status not in _REFUNDABLE:
        raise PaymentNotRefundable(payment_status=payment.status)


def _proposed(session: Session, approval: Approval) -> tuple[Refund, Payment]:
    refund_id = UUID(approval.body["refund_id"])
    payment_id = parse_typeid("pay", approval.body["payment_id"])
    lock_items(session, payment_id)
    payment = lock_payment(session, payment_id)
    return refund_orders.lock(session, refund_id), payment


def _item(items: Sequence[Item], bill_id: UUID) -> Item:
    for item in items:
        if item.bill_id == bill_id:
            return item
    raise NotFound


_GIVEN_ALONE = text(
    "SELECT coalesce(sum(amount_twd), 0)::bigint FROM wallet.refund "
    "WHERE payment_id = :payment_id AND asked_by = 'officer' AND approval_id IS NULL"
)
_APPROVAL = text("UPDATE wallet.refund SET approval_id = :approval_id WHERE id = :id")
_DECLINED = text("UPDATE wallet.refund SET status = 'declined' WHERE id = :id AND status = 'proposed'")
