"""The caller's telephone: a page with its keys. Which call it is and the PIN go to the city, signed; none is kept."""

from __future__ import annotations

import re
import secrets
import uuid

import orjson
from flask import Blueprint, Response, render_template, request

from partners import wire

WEBHOOK = "/v1/webhooks/partners/ivr"
_SIX_DIGITS = re.compile("[0-9]{6}")


def blueprint(city: wire.Peer) -> Blueprint:
    """The telephone's page under /ivr; `city` shares the exchange's secret."""
    ivr = Blueprint("ivr", __name__, url_prefix="/ivr", template_folder="templates")

    @ivr.get("")
    def telephone() -> Response:
        return _page("", 200)

    @ivr.post("/keys")
    def keys() -> Response:
        keypad_number, pin = request.form.get("keypad_number", ""), request.form.get("pin", "")
        if not (_SIX_DIGITS.fullmatch(keypad_number) and _SIX_DIGITS.fullmatch(pin)):
            return _page("wrong", 422)
        content = orjson.dumps({"type": "keys.entered", "data": {"keypad_number": keypad_number, "pin": pin}})
        try:
            wire.post_webhook(city, WEBHOOK, f"msg_{uuid.uuid4().hex}", content, signed_answer=False)
        except wire.CallFailed:
            return _page("unreached", 503)
        return _page("sent", 200)

    return ivr


def _page(outcome: str, status: int) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'"
    return Response(
        render_template("ivr/telephone.html", nonce=nonce, outcome=outcome),
        status,
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
        content_type="text/html; charset=utf-8",
    )
