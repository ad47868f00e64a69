"""What the bank tells us by itself. Signed, possibly many times and in any order: it only makes us look sooner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from core import db
from core.errors import Forbidden, MalformedBody, NotFound
from core.http import Answer, Call, Routes, partner_signature
from core.ids import parse_typeid
from core.settings import settings
from core.text import Text
from partners import wire
from wallet import bank_links, outcomes, states
from wallet.payments import authorized_payment
from wallet.ports import ports
from wallet.schemas import WebhookTaken

routes = Routes("webhooks")

# The bank's notice usually overtakes its own answer to the request that waits for it, and that request needs no help.
_IN_GOOD_HANDS = timedelta(seconds=3)


@routes.post(
    "/v1/webhooks/bank",
    access=partner_signature(),
    answers={200: WebhookTaken},
    problems=[Forbidden, MalformedBody],
    accepts=("application/json; charset=utf-8",),
    own_units=True,
    summary=Text("銀行通知", "Notice from the bank"),
)
def take_bank_webhook(call: Call) -> Answer:
    """Verifies the Standard Webhooks signature over the raw bytes; what it reports is then asked of the bank itself."""
    content = call.request.get_data()
    try:
        wire.verify_webhook(settings().bank_secret, call.request.headers, content)
    except wire.NotGenuine:
        raise Forbidden from None
    try:
        message = orjson.loads(content)
        kind, data = str(message["type"]), dict(message["data"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise MalformedBody from None
    if kind in ("debit.booked", "debit.rejected"):
        _take_debit(call, data)
    elif kind == "mandate.revoked":
        with db.unit_of_work() as session:
            bank_links.revoked_at_the_bank(session, mandate_id=str(data.get("mandate_id", "")), now=call.now)
    return Answer({"received": True})


def _take_debit(call: Call, data: dict[str, Any]) -> None:
    try:
        payment_id = parse_typeid("pay", str(data.get("reference", "")))
    except NotFound:
        return
    with db.single_statements() as session:
        payment = authorized_payment(session, payment_id)
    if payment is None or payment.authorized_at is None or payment.status not in states.AT_THE_RAIL:
        return
    if payment.status == states.DEBITING and call.now - payment.authorized_at < _IN_GOOD_HANDS:
        return
    try:
        outcome = ports().rails[payment.rail].find(payment.order())
    except wire.CallFailed:
        return
    if outcome is not None:
        with db.unit_of_work() as session:
            outcomes.record(session, payment_id, outcome, now=call.now)
