"""A bank that speaks the protocol of `client.py`, keeps its own books, and shows citizens a consent page of its own."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from core.clock import now, on_the_wire
from partners.bank import consent, payout_sandbox, statements
from partners.bank.accounts import accounts_of, create_mandate, masked, new_reference, welcome_holder
from partners.bank.credit_orders import credit_once, shown_credit
from partners.bank.debits import FORCED_REASONS, debit_once, refund_once, shown_debit, shown_refund
from partners.desk.books import Row
from partners.desk.protocol import (
    Answer,
    Call,
    Desk,
    Document,
    Refusal,
    SignedProtocol,
    optional_text,
    text,
    whole_number,
)
from partners.desk.switches import Mode
from partners.desk.webhooks import write_down

REQUEST_SECONDS = 900
CODE_SECONDS = 300


def blueprint(desk: Desk, secret: str, own_url: str) -> Blueprint:
    """The bank's routes under /bank. `own_url` is where browsers reach the sandbox, for the consent page's address."""
    bank = Blueprint("bank", __name__, url_prefix="/bank", template_folder="templates")
    signed = SignedProtocol(desk, "bank", secret)
    books = desk.books

    def tell(writing: sqlite3.Connection, kind: str, data: Mapping[str, Any], mode: Mode | None) -> None:
        if desk.switches.is_on("webhooks"):
            write_down(writing, kind, data, mode)

    @bank.post("/v1/mandate-requests")
    @signed.serve("mandate_request")
    def request_mandate(call: Call) -> Answer:
        reference, holder_ref = text(call.body, "reference"), text(call.body, "holder_ref")
        return_url, national_id = _return_url(call.body), optional_text(call.body, "holder_hint")
        state = optional_text(call.body, "state") or reference
        with books.writing() as writing:
            known = writing.execute("SELECT * FROM bank_mandate_request WHERE reference = ?", (reference,)).fetchone()
            if known is None:
                welcome_holder(writing, holder_ref, national_id)
                request_id = new_reference("mrq")
                writing.execute(
                    "INSERT INTO bank_mandate_request"
                    " (request_id, reference, state, return_url, holder_ref, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                    (request_id, reference, state, return_url, holder_ref, time.time() + REQUEST_SECONDS),
                )
            elif (known["holder_ref"], known["return_url"]) == (holder_ref, return_url):
                request_id = known["request_id"]
            else:
                raise Refusal(409, "reference_reused", "this reference stands for another mandate request")
        return Answer({"request_id": request_id, "authorize_url": f"{own_url}/bank/authorize/{request_id}"}, 201)

    @bank.post("/v1/mandates")
    @signed.serve("mandate")
    def exchange_code(call: Call) -> Answer:
        code = text(call.body, "code")
        with books.writing() as writing:
            asked = writing.execute("SELECT * FROM bank_mandate_request WHERE code = ?", (code,)).fetchone()
            if asked is None or asked["code_expires_at"] < time.time():
                raise Refusal(404, "code_unknown", "this code is unknown or has lapsed")
            mandate_id = asked["mandate_id"]
            if mandate_id is None:
                limits = asked["per_payment_limit_twd"], asked["daily_limit_twd"], asked["monthly_limit_twd"]
                mandate_id = create_mandate(writing, asked["holder_ref"], asked["account_no"], *limits)
                writing.execute("UPDATE bank_mandate_request SET mandate_id = ? WHERE code = ?", (mandate_id, code))
        # A code makes one mandate; asked again while it lives it names the same one, for the answer may have been lost.
        return Answer(shown_mandate(_mandate(desk, mandate_id)))

    @bank.get("/v1/mandates/<mandate_id>")
    @signed.serve("mandate_lookup")
    def look_up_mandate(call: Call, mandate_id: str) -> Answer:
        return Answer(shown_mandate(_mandate(desk, mandate_id)))

    @bank.delete("/v1/mandates/<mandate_id>")
    @signed.serve("mandate_revocation")
    def revoke_mandate(call: Call, mandate_id: str) -> Answer:
        return Answer(revoke(desk, mandate_id, call.mode))

    @bank.post("/v1/debits")
    @signed.serve("debit")
    def debit(call: Call) -> Answer:
        reference = _reference(call)
        mandate_id, amount_twd = text(call.body, "mandate_id"), whole_number(call.body, "amount")
        _must_be_twd(call)
        purpose = text(call.body, "purpose", most=500)
        with books.writing() as writing:
            shown, is_new = debit_once(writing, reference, mandate_id, amount_twd, purpose, _forced(call))
            if is_new:
                tell(writing, f"debit.{shown['status']}", shown, call.mode)
        desk.webhooks.wake()
        return Answer(shown)

    @bank.get("/v1/debits/<reference>")
    @signed.serve("debit_lookup")
    def look_up_debit(call: Call, reference: str) -> Answer:
        row = books.one("SELECT * FROM bank_debit WHERE reference = ?", reference)
        if row is None:
            raise Refusal(404, "debit_not_found", "no debit has this reference")
        return Answer(shown_debit(row))

    @bank.post("/v1/refunds")
    @signed.serve("refund")
    def refund(call: Call) -> Answer:
        reference = _reference(call)
        debit_reference, amount_twd = text(call.body, "debit_reference"), whole_number(call.body, "amount")
        with books.writing() as writing:
            shown, is_new = refund_once(writing, reference, debit_reference, amount_twd, _forced(call))
            if is_new:
                tell(writing, f"refund.{shown['status']}", shown, call.mode)
        desk.webhooks.wake()
        return Answer(shown)

    @bank.get("/v1/refunds/<reference>")
    @signed.serve("refund_lookup")
    def look_up_refund(call: Call, reference: str) -> Answer:
        row = books.one("SELECT * FROM bank_refund WHERE reference = ?", reference)
        if row is None:
            raise Refusal(404, "refund_not_found", "no refund has this reference")
        return Answer(shown_refund(row))

    @bank.post("/v1/credit-orders")
    @signed.serve("credit_order")
    def order_credit(call: Call) -> Answer:
        reference = _reference(call)
        mandate_id, amount_twd = text(call.body, "mandate_id"), whole_number(call.body, "amount")
        _must_be_twd(call)
        purpose, debit_reference = text(call.body, "purpose", most=500), optional_text(call.body, "debit_reference")
        with books.writing() as writing:
            shown, is_new = credit_once(
                writing, reference, mandate_id, amount_twd, purpose, debit_reference, _forced(call)
            )
            if is_new:
                tell(writing, f"credit.{shown['status']}", shown, call.mode)
        desk.webhooks.wake()
        return Answer(shown)

    @bank.get("/v1/credit-orders/<reference>")
    @signed.serve("credit_order_lookup")
    def look_up_credit(call: Call, reference: str) -> Answer:
        row = books.one("SELECT * FROM bank_credit_order WHERE reference = ?", reference)
        if row is None:
            raise Refusal(404, "credit_not_found", "no credit order has this reference")
        return Answer(shown_credit(row))

    @bank.get("/v1/statements/<day>.xml")
    @signed.serve("statement")
    def statement(call: Call, day: str) -> Document:
        return Document(statements.written(books, statements.read_day(day), call.mode), "application/xml")

    payout_sandbox.add_routes(bank, desk, signed)

    @bank.get("/authorize/<request_id>")
    def consent_page(request_id: str) -> Response:
        asked = _mandate_request(desk, request_id)
        if asked is None or _is_closed(asked):
            return _way_on(asked)
        return consent.form(asked, accounts_of(books, asked["holder_ref"]))

    @bank.post("/authorize/<request_id>")
    def decide(request_id: str) -> Response:
        asked = _mandate_request(desk, request_id)
        if asked is None or _is_closed(asked):
            return _way_on(asked)
        choice = None
        if request.form.get("decision") != "deny":
            offered = accounts_of(books, asked["holder_ref"])
            choice, problems = consent.read(request.form, offered)
            if choice is None:
                return consent.form(asked, offered, request.form, problems)
        _record_decision(desk, request_id, choice)
        return _way_on(_mandate_request(desk, request_id))

    return bank


def revoke(desk: Desk, mandate_id: str, mode: Mode | None = None) -> dict[str, Any]:
    """Revokes a mandate (again: nothing more happens) and tells the city by webhook. Refuses 404 for an unknown one."""
    with desk.books.writing() as writing:
        changed = writing.execute(
            "UPDATE bank_mandate SET status = 'revoked', revoked_at = ? WHERE mandate_id = ? AND status = 'active'",
            (on_the_wire(now()), mandate_id),
        ).rowcount
        if changed and desk.switches.is_on("webhooks"):
            write_down(writing, "mandate.revoked", {"mandate_id": mandate_id, "status": "revoked"}, mode)
    desk.webhooks.wake()
    return shown_mandate(_mandate(desk, mandate_id))


def shown_mandate(mandate: Row) -> dict[str, Any]:
    """A mandate as it goes over the wire."""
    return {
        "mandate_id": mandate["mandate_id"],
        "account_masked": masked(mandate["account_no"]),
        "per_payment_limit": mandate["per_payment_limit_twd"],
        "daily_limit": mandate["daily_limit_twd"],
        "monthly_limit": mandate["monthly_limit_twd"],
        "currency": "TWD",
        "status": mandate["status"],
        "created_at": mandate["created_at"],
    }


def _mandate(desk: Desk, mandate_id: str) -> Row:
    row = desk.books.one("SELECT * FROM bank_mandate WHERE mandate_id = ?", mandate_id)
    if row is None:
        raise Refusal(404, "mandate_not_found", "no mandate has this id")
    return row


def _mandate_request(desk: Desk, request_id: str) -> Row | None:
    return desk.books.one("SELECT * FROM bank_mandate_request WHERE request_id = ?", request_id)


def _is_closed(asked: Row) -> bool:
    return bool(asked["status"] != "open" or asked["expires_at"] < time.time())


def _way_on(asked: Row | None) -> Response:
    """Where a browser goes whose question is answered. Sent twice (double click, back button), it goes the same way."""
    if asked is None or asked["status"] == "open":
        return consent.gone()
    return consent.back(asked)


def _record_decision(desk: Desk, request_id: str, choice: consent.Choice | None) -> None:
    """Writes down the approval with its choice, or the denial; the first decision stands."""
    with desk.books.writing() as writing:
        writing.execute(
            "UPDATE bank_mandate_request SET status = ?, code = ?, code_expires_at = ?, account_no = ?,"
            " per_payment_limit_twd = ?, daily_limit_twd = ?, monthly_limit_twd = ?"
            " WHERE request_id = ? AND status = 'open'",
            (
                "approved" if choice else "denied",
                secrets.token_urlsafe(24) if choice else None,
                time.time() + CODE_SECONDS,
                choice.account_no if choice else None,
                choice.per_payment_limit_twd if choice else None,
                choice.daily_limit_twd if choice else None,
                choice.monthly_limit_twd if choice else None,
                request_id,
            ),
        )


def _return_url(body: Mapping[str, Any]) -> str:
    address = text(body, "return_url", most=2000)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise Refusal(422, "invalid", "return_url must be an absolute http(s) address without a fragment")
    return address


def _reference(call: Call) -> str:
    reference = text(call.body, "reference")
    if request.headers.get("idempotency-key", "").strip('"') != reference:
        raise Refusal(400, "idempotency_key", "the Idempotency-Key header must be the reference")
    return reference


def _forced(call: Call) -> str | None:
    """The reason for which a switch has this order rejected."""
    return call.mode.name if call.mode and call.mode.name in FORCED_REASONS else None


def _must_be_twd(call: Call) -> None:
    if call.body.get("currency") != "TWD":
        raise Refusal(422, "invalid", "currency must be TWD")
