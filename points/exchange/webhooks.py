"""What partners tell us by themselves, signed, perhaps many times, late, in any order: it only makes us ask sooner."""

from __future__ import annotations

from typing import Any

import orjson

from core import db
from core.errors import Forbidden, MalformedBody, NotFound
from core.http import Answer, Call
from core.ids import parse_typeid
from core.settings import settings
from partners import wire
from points.exchange import exchanges, saga, states

_ASKED = (states.WAITING, states.UNKNOWN)


def take(call: Call, code: str) -> Answer:
    """The notice of this partner, once its Standard Webhooks signature over the raw bytes is found genuine.

    Raises NotFound, Forbidden, MalformedBody.
    """
    secret = next((each.secret for each in settings().exchange if each.partner == code), None)
    if secret is None:
        raise NotFound
    content = call.request.get_data()
    try:
        wire.verify_webhook(secret, call.request.headers, content)
    except wire.NotGenuine:
        raise Forbidden from None
    try:
        data = dict(orjson.loads(content)["data"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise MalformedBody from None
    _look(code, data, call)
    return Answer({"received": True})


def _look(code: str, data: dict[str, Any], call: Call) -> None:
    try:
        exchange_id = parse_typeid("exc", str(data.get("reference", "")))
        with db.single_statements() as session:
            exchange = exchanges.get(session, exchange_id)
    except NotFound:
        return
    if exchange.partner == code and exchange.status in _ASKED:
        saga.drive(exchange_id, now=call.now)
