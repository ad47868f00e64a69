"""What the card processor tells us: proven as a whole, written down, acknowledged; what it means is weighed afterwards.

The processor tries again for 30 days and sends nothing else while we do not acknowledge, so nothing that could fail for
other reasons happens before the answer.
"""

from __future__ import annotations

import logging
from functools import cache

import orjson

from core import db
from core.errors import Forbidden
from core.http import Answer, Call, Routes, partner_signature
from core.settings import settings
from core.text import Text
from partners.adyen.webhooks import SIGNATURE_HEADER, Validator
from partners.wire import NotGenuine
from wallet import adyen_inbox
from wallet.schemas import WebhookTaken

routes = Routes("webhooks")
_log = logging.getLogger("mykaohsiung.wallet")


@routes.post(
    "/v1/webhooks/adyen",
    access=partner_signature(),
    answers={200: WebhookTaken},
    problems=[Forbidden],
    accepts=("application/json; charset=utf-8",),
    own_units=True,
    summary=Text("信用卡金流通知", "Notices from the card processor"),
)
def take_adyen_webhook(call: Call) -> Answer:
    """A batch of notices, each item signed, or a token event, signed in its header. One item that is not proven refuses
    all of it, and nothing is said about why."""
    content = call.request.get_data()
    try:
        if _is_batch(content):
            notices = validator().notices(content)
            with db.unit_of_work() as session:
                adyen_inbox.store(session, notices, now=call.now)
        else:
            event = validator().token_event(content, call.request.headers.get(SIGNATURE_HEADER, ""))
            with db.unit_of_work() as session:
                adyen_inbox.store_token_event(session, event, now=call.now)
    except NotGenuine as problem:
        _log.warning("a message that claims to be from the card processor is refused: %s", problem)
        raise Forbidden from None
    return Answer({"received": True})


@cache
def validator() -> Validator:
    """What proves a message to be the processor's, for our merchant account in our environment."""
    of = settings()
    return Validator(of.adyen_hmac_keys, frozenset({of.adyen_merchant_account}), of.adyen_is_live)


def _is_batch(content: bytes) -> bool:
    try:
        message = orjson.loads(content)
    except orjson.JSONDecodeError:
        return True
    return not isinstance(message, dict) or "notificationItems" in message
