"""The whole sandbox's interface as OpenAPI 3.1: the partners' protocols, the switches and the books."""

from __future__ import annotations

from functools import cache
from typing import Any

from partners.ach import openapi as ach
from partners.adyen import openapi as adyen
from partners.bank import openapi as bank
from partners.bureaus import openapi as bureaus
from partners.cap import openapi as cap
from partners.desk import openapi_books, openapi_exchange
from partners.desk.describing import (
    NUMBER,
    REFUSAL,
    TEXT,
    YES_NO,
    one_of,
    operation,
    record,
)
from partners.desk.misbehaviour import MODES, OPERATIONS, ModeFacts
from partners.ewallets import openapi as ewallets
from partners.fcm import openapi as fcm
from partners.fleets import openapi as fleets
from partners.ivr import openapi as ivr
from partners.library import openapi as library
from partners.line import openapi as line
from partners.moica import openapi as moica
from partners.oidc import openapi as oidc
from partners.osrm import openapi as osrm
from partners.sms import openapi as sms
from partners.stores import openapi as stores
from partners.webpush import openapi as webpush


def _mode_line(name: str, facts: ModeFacts) -> str:
    params = ", ".join(f"{key}={value:g}" for key, value in facts.params.items())
    return f"    {name:<18} {facts.en}" + (f" ({params})" if params else "")


_MODE_LINES = "\n".join(_mode_line(name, facts) for name, facts in MODES.items())
_DESCRIPTION = f"""All outside systems of My Kaohsiung, simulated: each speaks its partner's protocol and keeps books.

Signatures (bank, bureaus, sms): Standard Webhooks headers, HMAC-SHA256 over id.timestamp.METHOD path?query.body for
requests, id.timestamp.status.body for answers, id.timestamp.body for webhooks; 5 minutes of tolerance.

Switches make operations misbehave, by rule (PUT, POST /switches) or for one request by the header
x-sandbox-mode: timeout_after; seconds=3

{_MODE_LINES}

Switches and books are not signed: they are the hands of a demo or a test, and listen on the loopback address.
"""

_RULE = record(
    id=NUMBER,
    partner=one_of("*", *OPERATIONS),
    operation=one_of("*", *sorted({name for names in OPERATIONS.values() for name in names})),
    mode=one_of(*MODES),
    rate={"type": "number", "minimum": 0, "maximum": 1},
    count={"type": ["integer", "null"], "minimum": 1},
    params={"type": "object", "additionalProperties": {"type": "number"}},
    match={"type": "object", "additionalProperties": TEXT},
)
_WANTED_RULE = {**_RULE, "required": ["mode"]}
_SETTINGS = record(("webhooks", "adopt_unknown"), webhooks=YES_NO, adopt_unknown=YES_NO)
_STATE = record(rules={"type": "array", "items": _RULE}, settings=_SETTINGS, seed=NUMBER)
_WRONG = {400: REFUSAL, 422: REFUSAL}

_SWITCHES = {
    "/switches": {
        "get": operation("switches", "Rules, settings and seed", {200: _STATE}),
        "put": operation(
            "switches",
            "Replace what is named: all rules, settings, the seed of chance",
            {200: _STATE, **_WRONG},
            body=record(
                ("rules", "settings", "seed"),
                rules={"type": "array", "items": _WANTED_RULE},
                settings=_SETTINGS,
                seed=NUMBER,
            ),
        ),
        "post": operation(
            "switches",
            "Add one rule",
            {201: _RULE, **_WRONG},
            body=_WANTED_RULE,
            description=(
                "partner and operation default to *, rate to 1, count to no end. match holds fields of the request that"
                " must be equal: reference, mandate_id, number, bureau, plate, to, address …"
                " The first rule that strikes counts."
            ),
        ),
        "delete": operation("switches", "Everything behaves again", {204: None}),
    },
    "/switches/{rule_id}": {
        "delete": operation("switches", "Remove one rule", {204: None, 404: REFUSAL}, path=["rule_id"])
    },
    "/switches/form": {
        "post": operation(
            "switches",
            "What the page's buttons send",
            {303: None, **_WRONG},
            body={"type": "object", "additionalProperties": TEXT},
            body_type="application/x-www-form-urlencoded",
        )
    },
}


_PAGES = {
    "/": {"get": operation("page", "What came in, and the switches", {200: "text/html"})},
    "/recent": {"get": operation("page", "The changing part of that page", {200: "text/html"})},
    "/docs": {"get": operation("page", "This document, readable", {200: "text/html"})},
    "/openapi.json": {"get": operation("page", "This document", {200: {"type": "object"}})},
    "/healthz": {"get": operation("page", "Whether the sandbox is up", {200: record(status=one_of("ok"))})},
}


_OTHER_RAILS = {**ach.PATHS, **ach.BOOKS, **ewallets.PATHS, **ewallets.BOOKS}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "My Kaohsiung: outside systems", "version": "1", "description": _DESCRIPTION},
        "tags": [
            {"name": "switches", "description": "make it go wrong"},
            {"name": "books", "description": "what was received"},
            {"name": "bank", "description": "mandates, debits, refunds"},
            {"name": "bureaus", "description": "registers of bills and vehicles"},
            {"name": "sms", "description": "text messages and whose number is whose"},
            {"name": "sms_reserve", "description": "another telephone company: text messages"},
            {"name": "line_messaging", "description": "messages to people who follow an account"},
            {"name": "fcm", "description": "push messages"},
            webpush.TAG,
            adyen.TAG,
            {"name": "ach", "description": "debits at other banks"},
            {"name": "jkopay", "description": "a wallet"},
            {"name": "line_pay", "description": "another wallet"},
            oidc.TAG,
            {"name": "stores", "description": "tills that take slips, and their files"},
            *openapi_exchange.TAGS,
            *fleets.TAGS,
            moica.TAG,
            library.TAG,
            cap.TAG,
            ivr.TAG,
            osrm.TAG,
            {"name": "page", "description": "for people"},
        ],
        "paths": {
            **_OTHER_RAILS,
            **_SWITCHES,
            **openapi_books.BOOKS,
            **bank.PATHS,
            **bureaus.PATHS,
            **sms.PATHS,
            **line.PATHS,
            **library.PATHS,
            **cap.PATHS,
            **fcm.PATHS,
            **webpush.PATHS,
            **webpush.BOOKS,
            **stores.PATHS,
            **openapi_exchange.PATHS,
            **openapi_exchange.BOOKS,
            **fleets.PATHS,
            **fleets.BOOKS,
            **moica.PATHS,
            **ivr.PATHS,
            **osrm.PATHS,
            **moica.BOOKS,
            **adyen.PATHS,
            **adyen.BOOKS,
            **oidc.PATHS,
            **oidc.BOOKS,
            **_PAGES,
        },
    }
