"""The sandbox's page, with what came in and buttons that make things go wrong; and the page that documents it all."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, render_template

from partners.ach.controls import open_day_of as ach_open_day
from partners.desk.misbehaviour import MODES, OPERATIONS
from partners.desk.openapi import document
from partners.desk.protocol import Desk
from partners.desk.switches import is_applicable
from partners.desk.switches_api import json_answer

NEWEST = 6
SETTING_NAMES = {
    "webhooks": ("銀行主動通知", "The bank sends webhooks"),
    "adopt_unknown": ("機關收下未知單號", "Bureaus adopt unknown numbers"),
}


def blueprint(desk: Desk) -> Blueprint:
    """/, /recent (the changing part of it), /docs, /openapi.json and /healthz."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def front() -> Response:
        choices = [
            {"name": f"{partner}.{operation}", "modes": [m for m in MODES if is_applicable(m, partner, operation)]}
            for partner, operations in OPERATIONS.items()
            for operation in operations
        ]
        return _page("desk/front.html", **_recent(desk), choices=choices, modes=MODES)

    @pages.get("/recent")
    def recent() -> Response:
        return _page("desk/recent.html", **_recent(desk))

    @pages.get("/docs")
    def docs() -> Response:
        return _page("desk/docs.html", api=document())

    @pages.get("/openapi.json")
    def openapi() -> Response:
        return json_answer(document())

    @pages.get("/healthz")
    def healthz() -> Response:
        return json_answer({"status": "ok"})

    return pages


def _recent(desk: Desk) -> dict[str, Any]:
    def newest(sql: str) -> list[dict[str, Any]]:
        return desk.books.all(f"{sql} ORDER BY position DESC LIMIT ?", NEWEST)

    desk.books.write_buffers()
    return {
        "messages": newest("SELECT * FROM sms_message"),
        "pushes": newest("SELECT * FROM fcm_push"),
        "debits": newest("SELECT * FROM bank_debit"),
        "refunds": newest("SELECT * FROM bank_refund"),
        "notices": newest("SELECT * FROM bureau_payment_notice"),
        "webhooks": newest("SELECT * FROM webhook"),
        "takings": newest("SELECT * FROM store_taking"),
        "ach_entries": newest("SELECT * FROM ach_entry"),
        "ach_open_day": ach_open_day(desk.books),
        "wallet_payments": newest("SELECT * FROM ewallet_payment"),
        "switches": desk.switches.state(),
        "setting_names": SETTING_NAMES,
        "mode_facts": MODES,
    }


def _page(template: str, **values: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self';"
        " form-action 'self'; frame-ancestors 'none'"
    )
    return Response(
        render_template(template, nonce=nonce, **values),
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
        content_type="text/html; charset=utf-8",
    )
