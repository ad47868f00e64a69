"""Payments over HTTP: choose, confirm with the phone's own biometrics, watch, receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import clock, db
from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound, Unavailable
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import access_log, acting, passkeys
from identity.delegation_rules import PAYMENTS_PAY
from identity.errors import AssertionRefused
from wallet import authorization, bank_links, outcomes, payments, starting, states
from wallet.confirmation import confirm_amounts
from wallet.errors import (
    AmountNotConfirmed,
    BankLinkNotActive,
    BillAlreadyPaid,
    BillBeingPaid,
    BillNotPayable,
    OverLimit,
    PaymentChanged,
    PaymentNotAwaiting,
)
from wallet.payment_texts import failure_message
from wallet.payments import Item, Payment
from wallet.ports import ports
from wallet.rails.contract import Outcome
from wallet.schemas import (
    PaymentAuthorization,
    PaymentCompletion,
    PaymentCreate,
    PaymentPage,
    PaymentSchema,
)

routes = Routes("payments")


@routes.post(
    "/v1/payments",
    access=citizen(loa=3, phishing_resistant=True, delegable=PAYMENTS_PAY),
    body=PaymentCreate,
    idempotent=True,
    own_units=True,
    answers={201: PaymentSchema},
    problems=[NotFound, BillAlreadyPaid, BillBeingPaid, BillNotPayable, BankLinkNotActive, OverLimit,
              AmountNotConfirmed, InvalidRequest],
    summary=Text("開始付款：選好的帳單", "Begin a payment of the chosen bills"),
)  # fmt: skip
def begin_payment(call: Call) -> Answer:
    """Claims the bills, has the bureau confirm what its fines cost, and answers the instruction to be signed."""
    bill_ids = [parse_typeid("bill", text) for text in call.body["bill_ids"]]
    if len(set(bill_ids)) != len(bill_ids):
        raise InvalidRequest(errors=[FieldError("/bill_ids", "each bill once")])
    try:
        return _begin(call, bill_ids, fines_are_confirmed=False)
    except starting.FinesNotConfirmed:
        confirm_amounts(acting.subject(call.actor), bill_ids, call.now)
        return _begin(call, bill_ids, fines_are_confirmed=True)


@routes.post(
    "/v1/payments/<payment_id>/authorization",
    access=citizen(loa=3, phishing_resistant=True, delegable=PAYMENTS_PAY),
    body=PaymentAuthorization,
    idempotent=True,
    own_units=True,
    answers={200: PaymentSchema},
    problems=[NotFound, PaymentNotAwaiting, PaymentChanged, AssertionRefused],
    summary=Text("用通行金鑰確認付款", "Confirm a payment with the passkey"),
)
def authorize_payment(call: Call) -> Answer:
    """Weighs the assertion over the instruction and orders the debit; answers captured, failed or unknown."""
    payment_id = parse_typeid("pay", call.path["payment_id"])
    with db.unit_of_work() as session:
        if call.idempotency.claim(session):
            # The request that held this key died on its way: whatever it began, the payment says where it stands.
            payment = payments.payment_of(session, call.actor.id, payment_id)
            if payment.status != states.AWAITING:
                if payment.on_behalf_of is not None and call.actor.on_behalf_of is not None:
                    access_log.record_access(
                        session, actor=call.actor, person_id=payment.on_behalf_of, what="payment",
                        purpose="delegation", reference=payment.reference, now=call.now,
                    )  # fmt: skip
                answer = Answer(_with_items(call, session, [payment])[0])
                call.idempotency.store(session, answer)
                return answer
        payment, items = authorization.accept(
            session, person_id=call.actor.id, payment_id=payment_id, credential=call.body["credential"],
            actor=call.actor, now=call.now,
        )  # fmt: skip
    outcome = authorization.order_debit(payment, wallet_token=call.body["wallet_token"])
    return _committed(call, payment_id, items, outcome)


@routes.post(
    "/v1/payments/<payment_id>/completion",
    access=citizen(loa=2),
    body=PaymentCompletion,
    idempotent=True,
    own_units=True,
    answers={200: PaymentSchema},
    problems=[NotFound],
    summary=Text("從發卡銀行或電子支付回來", "Back from the card's bank or the wallet"),
)
def complete_payment(call: Call) -> Answer:
    """Hands what the browser brought back to the rail and answers where the payment stands. The payer's word is given
    already: this only finishes what was begun, and again, or too late, it changes nothing."""
    payment_id = parse_typeid("pay", call.path["payment_id"])
    with db.unit_of_work() as session:
        call.idempotency.claim(session)
        payment = payments.lock_payment(session, payment_id, person_id=call.actor.id)
        if payment.status not in (states.ACTION_REQUIRED, states.UNKNOWN):
            answer = Answer(_with_items(call, session, [payment])[0])
            call.idempotency.store(session, answer)
            return answer
        if payment.status == states.ACTION_REQUIRED:
            payment = outcomes.payer_came_back(session, payment, now=call.now)
        items = payments.items_of(session, [payment_id])[payment_id]
    outcome = authorization.finish_debit(payment, call.body["result"])
    return _committed(call, payment_id, items, outcome)


@routes.post(
    "/v1/payments/<payment_id>/cancellation",
    access=citizen(loa=2),
    answers={200: PaymentSchema},
    problems=[NotFound, PaymentNotAwaiting],
    summary=Text("取消還沒確認的付款", "Cancel a payment that is not confirmed yet"),
)
def cancel_payment(call: Call) -> Answer:
    """Frees the bills of a payment that still waits for its assertion."""
    payment_id = parse_typeid("pay", call.path["payment_id"])
    payment = payments.cancel(call.session, person_id=call.actor.id, payment_id=payment_id, now=call.now)
    return Answer(_with_items(call, call.session, [payment])[0])


@routes.get(
    "/v1/payments/<payment_id>",
    access=citizen(loa=2),
    answers={200: PaymentSchema},
    problems=[NotFound],
    summary=Text("一筆付款", "One payment"),
)
def show_payment(call: Call) -> Answer:
    """One of my payments, as it stands now."""
    payment = payments.payment_of(call.session, call.actor.id, parse_typeid("pay", call.path["payment_id"]))
    return Answer(_with_items(call, call.session, [payment])[0])


@routes.get(
    "/v1/payments",
    access=citizen(loa=2),
    query=PageQuery,
    answers={200: PaymentPage},
    summary=Text("我的付款紀錄", "My payments"),
)
def list_payments(call: Call) -> Answer:
    """My payments, newest first."""
    before: UUID | None = None
    if call.query["cursor"]:
        try:
            before = UUID(decode_cursor(call.query["cursor"], str)[0])
        except ValueError:
            raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None
    limit = call.query["limit"]
    found = payments.payments_of(call.session, call.actor.id, limit=limit + 1, before=before)
    return Answer(
        {
            "items": _with_items(call, call.session, found[:limit]),
            "next_cursor": encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
        }
    )


def _begin(call: Call, bill_ids: Sequence[UUID], *, fines_are_confirmed: bool) -> Answer:
    with db.unit_of_work() as session:
        call.idempotency.claim(session)
        payment, items = starting.start(
            session,
            person_id=call.actor.id,
            bill_ids=bill_ids,
            rail=_rail(call, session),
            chosen=call.body,
            points_pt=call.body["points"],
            fines_are_confirmed=fines_are_confirmed,
            actor=call.actor,
            now=call.now,
        )
        options = passkeys.assertion_options(session, call.actor.id, payment.challenge, call.now)
        answer = Answer(_on_the_wire(payment, items, call.language, options=options), 201)
        call.idempotency.store(session, answer)
    return answer


def _committed(call: Call, payment_id: UUID, items: Sequence[Item], outcome: Outcome | None) -> Answer:
    try:
        with db.unit_of_work() as session:
            payment = outcomes.record(session, payment_id, outcome, now=clock.now())
            answer = Answer(_on_the_wire(payment, items, call.language))
            call.idempotency.store(session, answer)
    except Exception as error:
        if not db.is_outage(error):
            raise
        # The debit may be booked and cannot be written down now: the sweep will ask the rail, and nothing is lost.
        raise Unavailable(
            Text(
                "付款已送出，正在確認結果。不會重複扣款。",
                "The payment was sent and its outcome is being confirmed. You will not be charged twice.",
            )
        ) from error
    return answer


def _rail(call: Call, session: Session) -> str:
    """The rail that is named, or the one that the chosen account or card belongs to."""
    if call.body["rail"]:
        return str(call.body["rail"])
    if call.body["card_id"]:
        return "card"
    if call.body["bank_link_id"]:
        link_id = parse_typeid("blk", call.body["bank_link_id"])
        bank = bank_links.link_of(session, person_id=call.actor.id, link_id=link_id).bank
        return bank if bank in ports().rails else "ach"
    raise InvalidRequest(errors=[FieldError("/rail", "say how: a rail, a bank_link_id or a card_id")])


def _with_items(call: Call, session: Session, found: Sequence[Payment]) -> list[dict[str, Any]]:
    items = payments.items_of(session, [payment.id for payment in found])
    answers = []
    for payment in found:
        options = None
        if payment.status == states.AWAITING and payment.expires_at > call.now:
            options = passkeys.assertion_options(session, payment.person_id, payment.challenge, call.now)
        points = ports().points_for_payment(session, payment.id) if payment.booked_at else None
        answers.append(_on_the_wire(payment, items[payment.id], call.language, options=options, points=points))
    return answers


def _on_the_wire(
    payment: Payment,
    items: Sequence[Item],
    language: str,
    *,
    options: dict[str, Any] | None = None,
    points: int | None = None,
) -> dict[str, Any]:
    failure = None
    if payment.failure_code:
        message = failure_message(payment.failure_code).in_language(language)
        failure = {"code": payment.failure_code, "message": message}
    identifier = typeid("pay", payment.id)
    return {
        "id": identifier,
        "status": payment.status,
        "bills": [
            {
                "bill_id": typeid("bill", item.bill_id),
                "number": item.number,
                "kind": item.kind,
                "description": item.description,
                "amount": item.amount_twd,
            }
            for item in items
        ],
        "amount": payment.amount_twd,
        "fee": payment.fee_twd,
        "total": payment.total_twd,
        "currency": "TWD",
        "rail": payment.rail,
        "account": payment.account_masked,
        "bank_link_id": typeid("blk", payment.bank_link_id) if payment.bank_link_id else None,
        "card_id": typeid("crd", payment.card_id) if payment.card_id else None,
        "points_used": payment.points_pt,
        "initiated_by": payment.initiated_by,
        "delegation_id": typeid("dlg", payment.delegation_id) if payment.delegation_id else None,
        "action": _action(payment),
        "final_on": payment.final_on.isoformat() if payment.final_on else None,
        "undone_at": on_the_wire(payment.undone_at) if payment.undone_at else None,
        "created_at": on_the_wire(payment.created_at),
        "expires_at": on_the_wire(payment.expires_at),
        "paid_at": on_the_wire(payment.booked_at) if payment.booked_at else None,
        "instruction": payment.instruction,
        "authorization": {"options": options} if options else None,
        "failure": failure,
        "receipt_url": f"/v1/payments/{identifier}/receipt" if payment.booked_at else None,
        "points": points,
    }


def _action(payment: Payment) -> dict[str, Any] | None:
    if payment.status != states.ACTION_REQUIRED or payment.action_url is None or payment.action_expires_at is None:
        return None
    return {"type": "redirect", "url": payment.action_url, "expires_at": on_the_wire(payment.action_expires_at)}
