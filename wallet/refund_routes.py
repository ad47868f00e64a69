"""Refunds over HTTP: asked for by a citizen or an officer, watched step by step, sent anew to another account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db
from core.clock import on_the_wire
from core.cursors import encode_cursor
from core.errors import InvalidRequest, NotFound, Unavailable
from core.http import Answer, Call, Routes, citizen, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log
from identity.pages_of_ids import continued
from wallet import refund_asking, refund_orders, refund_outcomes, refund_rules, refund_texts
from wallet.errors import (
    BankLinkNotActive,
    PaymentNotRefundable,
    RefundExceedsPayment,
    RefundNotAllowed,
    RefundNotFailed,
)
from wallet.payments import payment_of
from wallet.refund_orders import Refund
from wallet.refund_schemas import (
    OfficerRefundPage,
    OfficerRefundSchema,
    RefundAccount,
    RefundByOfficer,
    RefundCreate,
    RefundPage,
    RefundSchema,
    RefundsQuery,
)

routes = Routes("refunds")
_FINANCE = officer("finance")
_WAITING = ("requested", "unknown", "pending")
_STATUSES = {
    "all": ("proposed", *_WAITING, "failed"),
    "waiting": _WAITING,
    "failed": ("failed",),
    "proposed": ("proposed",),
}


@routes.post(
    "/v1/payments/<payment_id>/refunds",
    access=citizen(loa=3, phishing_resistant=True),
    body=RefundCreate,
    idempotent=True,
    own_units=True,
    answers={201: RefundSchema},
    problems=[NotFound, InvalidRequest, PaymentNotRefundable, RefundNotAllowed, RefundExceedsPayment, Unavailable],
    summary=Text("申請退款", "Ask for money back"),
)
def ask_for_refund(call: Call) -> Answer:
    """The reason is held against the bureau's register, or against the report of the other payment, and what it proves
    goes back to where the payment came from."""
    payment_id, bill_id = parse_typeid("pay", call.path["payment_id"]), parse_typeid("bill", call.body["bill_id"])
    with db.unit_of_work() as session:
        reason, item = refund_asking.look(
            session, person_id=call.actor.id, payment_id=payment_id, bill_id=bill_id, reason=call.body["reason"]
        )
    notice = refund_rules.ask_the_bureau(reason, item)
    with db.unit_of_work() as session:
        call.idempotency.claim(session)
        refund = refund_asking.by_citizen(
            session,
            person_id=call.actor.id,
            payment_id=payment_id,
            bill_id=bill_id,
            reason=reason,
            amount_twd=call.body["amount"],
            notice=notice,
            now=call.now,
        )
        answer = Answer(_on_the_wire(session, [refund], call.language)[0], 201)
        call.idempotency.store(session, answer)
    return answer


@routes.get(
    "/v1/payments/<payment_id>/refunds",
    access=citizen(loa=2),
    answers={200: RefundPage},
    problems=[NotFound],
    summary=Text("這筆付款的退款", "Refunds of a payment"),
)
def list_refunds(call: Call) -> Answer:
    """What of a payment has gone or is going back, to which account, why, and by when."""
    payment = payment_of(call.session, call.actor.id, parse_typeid("pay", call.path["payment_id"]))
    decided = [
        refund
        for refund in refund_orders.refunds_of(call.session, payment.id)
        if refund.status not in ("proposed", "declined")
    ]
    return Answer({"items": _on_the_wire(call.session, decided, call.language), "next_cursor": None})


@routes.get(
    "/v1/refunds/<refund_id>",
    access=citizen(loa=2),
    answers={200: RefundSchema},
    problems=[NotFound],
    summary=Text("一筆退款", "One refund"),
)
def show_refund(call: Call) -> Answer:
    """One of my refunds, with every step of it."""
    refund = refund_asking.own_refund(call.session, call.actor.id, parse_typeid("ref", call.path["refund_id"]))
    return Answer(_on_the_wire(call.session, [refund], call.language)[0])


@routes.post(
    "/v1/refunds/<refund_id>/account",
    access=citizen(loa=3, phishing_resistant=True),
    body=RefundAccount,
    idempotent=True,
    answers={200: RefundSchema},
    problems=[NotFound, InvalidRequest, RefundNotFailed, BankLinkNotActive, PaymentNotRefundable],
    summary=Text("退款改退到另一個帳戶", "Send a refund to another account"),
)
def choose_account(call: Call) -> Answer:
    """For a refund that did not arrive: a linked account at the city's bank, whose holder the bank has proven."""
    refund = refund_asking.choose_account(
        call.session,
        person_id=call.actor.id,
        refund_id=parse_typeid("ref", call.path["refund_id"]),
        bank_link_id=parse_typeid("blk", call.body["bank_link_id"]),
        now=call.now,
    )
    return Answer(_on_the_wire(call.session, [refund], call.language)[0])


@routes.post(
    "/v1/refunds",
    access=_FINANCE,
    shows_person_data=True,
    body=RefundByOfficer,
    idempotent=True,
    answers={201: OfficerRefundSchema},
    problems=[NotFound, InvalidRequest, PaymentNotRefundable, RefundExceedsPayment],
    summary=Text("承辦人員退款", "Give money back, as an officer"),
)
def give_back(call: Call) -> Answer:
    """Above the limit the answer is `proposed`, and `approval_id` names what a second officer decides."""
    refund = refund_asking.by_officer(
        call.session,
        by=call.actor,
        payment_id=parse_typeid("pay", call.body["payment_id"]),
        bill_id=parse_typeid("bill", call.body["bill_id"]),
        reason_code=call.body["reason"],
        amount_twd=call.body["amount"],
        note=call.body["note"],
        now=call.now,
    )
    return Answer(_for_officers(call, [refund])[0], 201)


@routes.get(
    "/v1/officer/refunds",
    access=officer("finance", "auditor"),
    shows_person_data=True,
    query=RefundsQuery,
    answers={200: OfficerRefundPage},
    summary=Text("還沒退成的退款", "Refunds that are not at their end"),
)
def refunds_under_way(call: Call) -> Answer:
    """Oldest first; those that were completed or declined are found at their payment."""
    limit = call.query["limit"]
    found = refund_orders.under_way(
        call.session, _STATUSES[call.query["status"]], limit=limit + 1, after=continued(call, "ref")
    )
    items = _for_officers(call, found[:limit])
    return Answer({"items": items, "next_cursor": encode_cursor(items[-1]["id"]) if len(found) > limit else None})


@routes.get(
    "/v1/officer/payments/<payment_id>/refunds",
    access=officer("finance", "auditor"),
    shows_person_data=True,
    answers={200: OfficerRefundPage},
    problems=[NotFound],
    summary=Text("一筆付款的所有退款（承辦）", "All refunds of a payment, for officers"),
)
def refunds_for_officers(call: Call) -> Answer:
    """Those proposed and declined, too."""
    payment_id = parse_typeid("pay", call.path["payment_id"])
    found = refund_orders.refunds_of(call.session, payment_id)
    return Answer({"items": _for_officers(call, found), "next_cursor": None})


def _for_officers(call: Call, refunds: Sequence[Refund]) -> list[dict[str, Any]]:
    access_log.record_accesses(
        call.session,
        actor=call.actor,
        person_ids={refund.person_id for refund in refunds},
        what="refund",
        purpose="refund",
        reference=typeid("pay", refunds[0].payment_id) if len({each.payment_id for each in refunds}) == 1 else "",
        now=call.now,
    )
    return [
        {
            **shape,
            "asked_by": refund.asked_by,
            "note": refund.note,
            "approval_id": typeid("apr", refund.approval_id) if refund.approval_id else None,
        }
        for refund, shape in zip(refunds, _on_the_wire(call.session, refunds, call.language), strict=True)
    ]


def _on_the_wire(session: Session, refunds: Sequence[Refund], language: str) -> list[dict[str, Any]]:
    steps: dict[Any, list[dict[str, Any]]] = {refund.id: [] for refund in refunds}
    for row in session.execute(_STEPS, {"ids": list(steps)}):
        steps[row.subject].append(_step(row.target, row.at, language))
    return [_shape(refund, steps[refund.id], language) for refund in refunds]


def _step(status: str, at: Any, language: str) -> dict[str, Any]:
    return {"status": status, "text": refund_texts.STATUSES[status].in_language(language), "at": on_the_wire(at)}


def _shape(refund: Refund, steps: list[dict[str, Any]], language: str) -> dict[str, Any]:
    failure = None
    if refund.failure_code:
        message = refund_texts.failure_message(refund.failure_code).in_language(language)
        failure = {"code": refund.failure_code, "message": message}
    began_as = "proposed" if refund.approval_id else "requested"
    return {
        "id": typeid("ref", refund.id),
        "payment_id": typeid("pay", refund.payment_id),
        "bill_id": typeid("bill", refund.bill_id),
        "number": refund.number,
        "amount": refund.amount_twd,
        "in_points": refund.points_pt,
        "fee_refunded": refund.fee_twd,
        "currency": "TWD",
        "reason": refund.reason,
        "message": refund_texts.REASONS[refund.reason].in_language(language),
        "status": refund.status,
        "status_text": refund_texts.STATUSES[refund.status].in_language(language),
        "rail": refund.rail,
        "account": refund.account,
        "created_at": on_the_wire(refund.created_at),
        "expected_on": refund.expected_on.isoformat() if refund.expected_on else None,
        "completed_at": on_the_wire(refund.completed_at) if refund.completed_at else None,
        "failure": failure,
        "can_choose_account": refund.status == "failed" and refund.failure_code != refund_outcomes.PAYMENT_UNDONE,
        "steps": [_step(began_as, refund.created_at, language), *steps],
    }


_STEPS = text(
    "SELECT subject, target, at FROM wallet.state_change WHERE subject = ANY(:ids) AND machine = 'refund' ORDER BY id"
)
