"""Overpayments over HTTP: what came too much for my bills, and where it shall go."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import InvalidRequest, NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from wallet import overpayments
from wallet.errors import BankLinkNotActive
from wallet.overpayments import Overpayment
from wallet.slip_errors import OverpaymentNotOpen
from wallet.slip_schemas import OverpaymentPage, OverpaymentReturn, OverpaymentSchema
from wallet.slip_texts import OVERPAID

routes = Routes("overpayments")


@routes.get(
    "/v1/overpayments",
    access=citizen(loa=2),
    answers={200: OverpaymentPage},
    summary=Text("我的溢繳款", "Money that came too much for my bills"),
)
def list_overpayments(call: Call) -> Answer:
    """Cash or transfers beyond what my bills cost, newest first; none of it is lost."""
    found = overpayments.of_person(call.session, call.actor.id)
    return Answer({"items": [_on_the_wire(one, call.language) for one in found], "next_cursor": None})


@routes.post(
    "/v1/overpayments/<overpayment_id>/return",
    access=citizen(loa=3, phishing_resistant=True),
    body=OverpaymentReturn,
    idempotent=True,
    answers={200: OverpaymentSchema},
    problems=[NotFound, InvalidRequest, OverpaymentNotOpen, BankLinkNotActive],
    summary=Text("把溢繳款退到我的帳戶", "Have it sent to my account"),
)
def return_overpayment(call: Call) -> Answer:
    """To a linked account at the city's bank, whose holder the bank has proven; free."""
    ordered = overpayments.order_return(
        call.session,
        person_id=call.actor.id,
        overpayment_id=parse_typeid("ovp", call.path["overpayment_id"]),
        bank_link_id=parse_typeid("blk", call.body["bank_link_id"]),
        now=call.now,
    )
    return Answer(_on_the_wire(ordered, call.language))


def _on_the_wire(one: Overpayment, language: str) -> dict[str, Any]:
    return {
        "id": typeid("ovp", one.external_payment_id),
        "bill_id": typeid("bill", one.bill_id),
        "number": one.number,
        "channel": one.channel,
        "amount": one.amount_twd,
        "currency": "TWD",
        "reason": one.reason,
        "message": OVERPAID[one.reason].format(channel=one.channel).in_language(language),
        "status": one.status,
        "account": one.account_masked,
        "failure": one.failure_code,
        "paid_at": on_the_wire(one.paid_at),
        "found_at": on_the_wire(one.found_at),
        "returned_at": on_the_wire(one.returned_at) if one.returned_at else None,
    }
