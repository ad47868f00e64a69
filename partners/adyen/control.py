"""What a demo or test may cause at the sandbox processor: disputes, failed captures, bounced refunds, batches."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from flask import Blueprint, Response, request

from core.clock import now, on_the_wire
from partners.adyen import processing, settlement
from partners.adyen.ledger import insert, line, new_reference, payment_named, row_of
from partners.adyen.processing import Told
from partners.adyen.shop import Notice, Shop, about
from partners.desk.books import Row
from partners.desk.protocol import Answer, Refusal, after_acting, before_acting
from partners.desk.switches_api import json_answer

_DEFENCE_DAYS = 14
_LINE_OF = {
    "CHARGEBACK": ("Chargeback", -1),
    "CHARGEBACK_REVERSED": ("ChargebackReversed", 1),
    "SECOND_CHARGEBACK": ("SecondChargeback", -1),
}
# A dispute's next step, and where it must stand before it.
_STEPS = {
    "notice": ("NOTIFICATION_OF_CHARGEBACK", ("",)),
    "chargeback": ("CHARGEBACK", ("", "NOTIFICATION_OF_CHARGEBACK")),
    "reversal": ("CHARGEBACK_REVERSED", ("CHARGEBACK",)),
    "second-chargeback": ("SECOND_CHARGEBACK", ("CHARGEBACK_REVERSED",)),
}


def add_to(adyen: Blueprint, shop: Shop) -> None:
    """The reports, which want the API key, and the desk's hands under /books/adyen, which want nothing."""
    books = shop.desk.books

    @adyen.get("/reports/download/MerchantAccount/<account>/<filename>")
    def download(account: str, filename: str) -> Response:
        if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), shop.api_key.encode()):
            return json_answer({"code": "unauthorised", "detail": "the report user's key is missing or wrong"}, 401)
        batch = books.one("SELECT * FROM adyen_batch WHERE filename = ?", filename)
        if batch is None or account != shop.merchant_account:
            return json_answer({"code": "report_not_found", "detail": "there is no such report"}, 404)
        mode = shop.mode("report", {"filename": filename})
        early = before_acting(mode)
        if early is not None:
            return json_answer(early.body, early.status) if isinstance(early, Answer) else early
        answer = Response(batch["content"].encode(), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        return after_acting(mode) or answer


def blueprint(shop: Shop) -> Blueprint:
    """Routes under /books/adyen. A payment is named by Adyen's reference or by ours."""
    control = Blueprint("adyen_control", __name__, url_prefix="/books/adyen")

    @control.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return json_answer(refusal.answer.body, refusal.answer.status)

    @control.post("/payments/<name>/dispute/<any('notice', 'chargeback', 'reversal', 'second-chargeback'):step>")
    def dispute(name: str, step: str) -> Response:
        return _done(shop, name, lambda writing, payment: _disputed(writing, payment, step))

    @control.post("/payments/<name>/capture-failure")
    def fail_capture(name: str) -> Response:
        return _done(shop, name, processing.capture_fails)

    @control.post("/refunds/<name>/<any('failure', 'reversal'):what>")
    def undo_refund(name: str, what: str) -> Response:
        with shop.desk.books.writing() as writing:
            told = _refund_undone(writing, name, what)
        shop.tell(told)
        return json_answer(_told(told))

    @control.post("/batches")
    def close_batch() -> Response:
        batch = settlement.close_batch(shop)
        shown = {key: batch[key] for key in ("number", "closed_at", "filename")}
        return json_answer(shown | {"payout_twd": batch["payout_minor"] // 100}, 201)

    @control.post("/notices")
    def send_notice() -> Response:
        told: Told = [_said(shop)]
        shop.tell(told)
        return json_answer(_told(told), 202)

    return control


def _done(shop: Shop, name: str, act: Callable[[sqlite3.Connection, Row], Told]) -> Response:
    with shop.desk.books.writing() as writing:
        payment = payment_named(writing, name)
        if payment is None:
            raise Refusal(404, "payment_not_found", "no payment has this reference")
        told = act(writing, payment)
    shop.tell(told)
    return json_answer(_told(told))


def _disputed(writing: sqlite3.Connection, payment: Row, step: str) -> Told:
    event, before = _STEPS[step]
    known = row_of(writing, "SELECT * FROM adyen_dispute WHERE payment = ?", payment["psp_reference"])
    if (known["status"] if known else "") not in before:
        raise Refusal(
            409, "dispute_elsewhere", f"{step} does not follow from {known['status'] if known else 'nothing'}"
        )
    amount = payment["captured_minor"] or payment["amount_minor"]
    if known is None:
        known = {"psp_reference": new_reference(), "payment": payment["psp_reference"], "amount_minor": amount}
        insert(writing, "adyen_dispute", **known, status=event, created_at=on_the_wire(now()))
    else:
        writing.execute("UPDATE adyen_dispute SET status = ? WHERE psp_reference = ?", (event, known["psp_reference"]))
    if event in _LINE_OF:
        kind, sign = _LINE_OF[event]
        line(writing, payment, kind, sign * known["amount_minor"], modification=known["psp_reference"])
    until = (now() + timedelta(days=_DEFENCE_DAYS)).isoformat(timespec="seconds")
    additional = {
        "NOTIFICATION_OF_CHARGEBACK": {"chargebackReasonCode": "10.4", "defensePeriodEndsAt": until},
        "CHARGEBACK": {"chargebackReasonCode": "10.4", "defensePeriodEndsAt": until},
        "SECOND_CHARGEBACK": {"chargebackReasonCode": "10.4"},
    }.get(event, {})
    return [about(payment, event, known["psp_reference"], known["amount_minor"], reason="Fraud", additional=additional)]


def _refund_undone(writing: sqlite3.Connection, name: str, what: str) -> Told:
    refund = row_of(
        writing,
        "SELECT * FROM adyen_modification WHERE kind = 'refund' AND status = 'done' AND (psp_reference = ? OR"
        " reference = ?)",
        name,
        name,
    )
    payment = payment_named(writing, refund["payment"]) if refund else None
    if refund is None or payment is None:
        raise Refusal(404, "refund_not_found", "no refund that is done has this reference")
    told = processing.reverse_refund(
        writing, payment, refund["psp_reference"], refund["amount_minor"], refund["reference"]
    )
    if what == "reversal":
        return told
    return [about(payment, "REFUND_FAILED", refund["psp_reference"], refund["amount_minor"], reason="Refund Failed")]


def _said(shop: Shop) -> Notice:
    """Any notice at all, signed: for events that have no act behind them here."""
    asked: dict[str, Any] = orjson.loads(request.get_data(cache=False) or b"{}")
    code = asked.get("event_code")
    if not isinstance(code, str) or not code:
        raise Refusal(422, "invalid", "event_code must be text")
    return Notice(
        event_code=code,
        psp_reference=str(asked.get("psp_reference") or new_reference()),
        merchant_reference=str(asked.get("merchant_reference", "")),
        amount_minor=int(asked.get("amount_minor", 0)),
        currency=str(asked.get("currency", "TWD")),
        original_reference=str(asked.get("original_reference", "")),
        is_success=asked.get("is_success", True) is True,
        reason=str(asked.get("reason", "")),
        delay_seconds=float(asked.get("delay_seconds", 0)),
    )


def _told(told: Told) -> dict[str, Any]:
    notices = [each for each in told if isinstance(each, Notice)]
    return {"told": [{"event_code": each.event_code, "psp_reference": each.psp_reference} for each in notices]}
