"""What the bank tells us by itself. Signed, possibly many times and in any order: it only makes us look sooner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from core import db
from core.errors import Forbidden, MalformedBody, NotFound
from core.http import Answer, Call, Routes, partner_signature
from core.ids import parse_typeid, typeid
from core.settings import settings
from core.text import Text
from partners import wire
from partners.bank.client import Debit
from wallet import bank_links, outcomes, states
from wallet.payments import standing_of
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
        standing = standing_of(session, payment_id)
    if standing is None or standing.status not in (states.DEBITING, states.UNKNOWN):
        return
    if standing.status == states.DEBITING and call.now - standing.authorized_at < _IN_GOOD_HANDS:
        return
    try:
        debit: Debit | None = ports().bank.find_debit(typeid("pay", payment_id))
    except wire.CallFailed:
        return
    if debit is not None:
        with db.unit_of_work() as session:
            outcomes.record(session, payment_id, debit, now=call.now)
