"""The books over HTTP: what every partner has written down, and how to put something in beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Blueprint, Response, request

from partners.bank import sandbox as bank
from partners.bank.accounts import close_account, open_account
from partners.bank.incoming import put_incoming
from partners.bank.payout_books import put_payee
from partners.bureaus import disability, household
from partners.bureaus.sandbox import BUREAUS, put_bill, put_vehicle
from partners.desk.books import Row
from partners.desk.protocol import Desk, Refusal, optional_text, text, whole_number
from partners.desk.switches_api import json_answer
from partners.moica.cards import put_card
from partners.sms.sandbox import e164, put_number


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


@dataclass(frozen=True, slots=True)
class Book:
    """One book: its table, the column that keeps its order, the columns it can be asked by, by query parameter, and
    what all its rows have in common."""

    table: str
    order: str
    filters: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)


BOOKS: Mapping[str, Book] = {
    "bank/accounts": Book("bank_account", "account_no", _same("account_no", "national_id", "holder_ref")),
    "bank/mandates": Book("bank_mandate", "created_at", _same("mandate_id", "holder_ref", "status")),
    "bank/debits": Book("bank_debit", "position", _same("reference", "mandate_id", "status")),
    "bank/refunds": Book("bank_refund", "position", _same("reference", "debit_reference", "status")),
    "bank/credit-orders": Book("bank_credit_order", "position", _same("reference", "mandate_id", "status")),
    "bank/payouts": Book("bank_payout", "position", _same("reference", "message_id", "account_no", "status")),
    "bank/payout-files": Book("bank_payout_file", "position", _same("message_id")),
    "bank/payees": Book("bank_payee", "account_no", _same("bank_code", "account_no", "status")),
    "bank/incoming": Book("bank_incoming", "position", _same("reference", "kind")),
    "bureaus/vehicles": Book("bureau_vehicle", "plate", _same("plate", "national_id")),
    "disability/certificates": Book("disability_certificate", "national_id", _same("national_id")),
    "household/guardianships": Book("household_guardianship", "ward", _same("guardian", "ward")),
    "household/deaths": Book("household_death", "national_id", _same("national_id")),
    "sms": Book("sms_message", "position", {"to": "recipient", "id": "id"}),
    "line": Book("line_message", "position", _same("person", "retry_key")),
    "sms/numbers": Book("sms_number", "mobile", _same("mobile", "national_id")),
    "ach/accounts": Book("ach_account", "account_no", _same("bank", "account_no", "national_id")),
    "ach/authorisations": Book(
        "ach_authorisation", "expires_at", _same("reference", "authorisation_id", "holder_ref", "status")
    ),
    "ach/entries": Book(
        "ach_entry",
        "position",
        _same("reference", "authorisation_id", "debit_reference", "kind", "status", "presented_on"),
    ),
    "ach/return-files": Book("ach_return_file", "day", _same("day")),
    "ach/closed-days": Book("ach_closed_day", "day", _same("day")),
    "ewallets/payments": Book("ewallet_payment", "position", _same("wallet", "reference", "status")),
    "ewallets/refunds": Book("ewallet_refund", "position", _same("wallet", "reference", "payment_reference", "status")),
    "ewallets/settlements": Book("ewallet_settlement", "day", _same("wallet", "day")),
    "fcm": Book("fcm_push", "position", _same("address", "message_id")),
    "webpush": Book("webpush_message", "position", _same("token", "topic", "state")),
    "oidc/accounts": Book("oidc_account", "position", _same("provider", "account", "sub")),
    "stores/takings": Book("store_taking", "position", _same("channel", "slip_number", "reference")),
    "stores/files": Book("store_file", "position", _same("channel", "name")),
    "exchange/accounts": Book("exchange_account", "account", _same("partner", "account")),
    "exchange/orders": Book("exchange_order", "position", _same("partner", "reference", "state", "account")),
    "exchange/files": Book("pxmart_file", "position", _same("name")),
    "adyen/sessions": Book("adyen_session", "expires_at", _same("id", "reference", "status")),
    "adyen/payments": Book("adyen_payment", "position", _same("psp_reference", "reference", "result_code")),
    "adyen/changes": Book("adyen_modification", "position", _same("psp_reference", "payment", "reference", "kind")),
    "adyen/cards": Book("adyen_token", "created_at", _same("id", "shopper_reference")),
    "adyen/disputes": Book("adyen_dispute", "created_at", _same("psp_reference", "payment", "status")),
    "adyen/lines": Book("adyen_line", "position", _same("payment", "type", "batch")),
    "adyen/batches": Book("adyen_batch", "number", _same("number")),
    "adyen/objections": Book("adyen_objection", "position", _same("operation")),
    "moica/cards": Book("moica_card", "position", _same("card", "national_id")),
    "fleets/telegrams": Book("fleet_telegram", "position", _same("fleet", "id", "kind", "trip")),
    "fleets/offers": Book("fleet_offer", "position", _same("fleet", "trip", "offer")),
    "fleets/orders": Book("fleet_order", "position", _same("fleet", "trip", "fleet_order", "state")),
    "webhooks": Book("webhook", "position", _same("state", "type", "id", "target")),
}
BUREAU_BOOKS: Mapping[str, Book] = {
    "bills": Book("bureau_bill", "number", _same("number", "status", "payment_id")),
    "payment-notices": Book(
        "bureau_payment_notice", "position", _same("webhook_id", "payment_id"), fixed={"kind": "bill.paid"}
    ),
    "news": Book("bureau_payment_notice", "position", _same("webhook_id", "payment_id", "kind")),
    "instalment-requests": Book("bureau_instalment_request", "position", _same("request_id", "number", "status")),
}
_JSON_COLUMNS = {
    "bank_incoming": "details",
    "bureau_payment_notice": "bills",
    "bureau_instalment_request": "plan",
    "fcm_push": "message",
    "webhook": "body",
}


def blueprint(desk: Desk) -> Blueprint:
    """Routes under /books."""
    api = Blueprint("books", __name__, url_prefix="/books")
    books = desk.books

    @api.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return json_answer(refusal.answer.body, refusal.answer.status)

    @api.get("/bureaus/<bureau>/<any('bills', 'payment-notices', 'news', 'instalment-requests'):book>")
    def read_bureau_book(bureau: str, book: str) -> Response:
        return _listed(desk, BUREAU_BOOKS[book], bureau=_bureau(bureau))

    @api.get("/<path:book>")
    def read_book(book: str) -> Response:
        if book not in BOOKS:
            raise Refusal(404, "book_not_found", f"there are {', '.join(BOOKS)}")
        return _listed(desk, BOOKS[book])

    @api.put("/bank/accounts")
    def put_account() -> Response:
        asked = _object()
        with books.writing() as writing:
            open_account(
                writing,
                text(asked, "account_no", most=30),
                text(asked, "holder_name"),
                balance_twd=whole_number(asked, "balance_twd", at_least=0),
                national_id=optional_text(asked, "national_id"),
                holder_ref=optional_text(asked, "holder_ref"),
                status=_one_of(asked, "status", ("open", "closed"), default="open"),
            )
        return Response(status=204)

    @api.post("/bank/accounts/<account_no>/closing")
    def close_at_the_bank(account_no: str) -> Response:
        with books.writing() as writing:
            if not close_account(writing, account_no):
                raise Refusal(404, "account_not_found", "no account has this number")
        return Response(status=204)

    @api.put("/bank/payees")
    def put_account_to_pay_to() -> Response:
        asked = _object()
        status = _one_of(asked, "status", ("open", "closed"), default="open")
        with books.writing() as writing:
            put_payee(writing, text(asked, "bank_code", most=3), text(asked, "account_no", most=16), status)
        return Response(status=204)

    @api.put("/bank/incoming")
    def put_entry() -> Response:
        asked = _object()
        with books.writing() as writing:
            put_incoming(writing, asked)
        return Response(status=204)

    @api.post("/bank/mandates/<mandate_id>/revocation")
    def revoke_at_the_bank(mandate_id: str) -> Response:
        return json_answer(bank.revoke(desk, mandate_id))

    @api.put("/bureaus/<bureau>/bills")
    def put_bureau_bill(bureau: str) -> Response:
        asked = _object()
        with books.writing() as writing:
            put_bill(
                writing,
                _bureau(bureau),
                text(asked, "number"),
                whole_number(asked, "amount_twd"),
                status=_one_of(asked, "status", ("unpaid", "paid", "void"), default="unpaid"),
                payable_by_agent=asked.get("payable_by_agent", True) is True,
            )
        return Response(status=204)

    @api.put("/bureaus/vehicles")
    def put_owner() -> Response:
        asked = _object()
        vehicle = _one_of(asked, "vehicle", ("car", "motorcycle", "large"), default="car")
        with books.writing() as writing:
            put_vehicle(writing, text(asked, "plate", most=20), vehicle, text(asked, "national_id"))
        return Response(status=204)

    @api.put("/disability/certificates")
    def put_certificate() -> Response:
        asked = _object()
        severity = _one_of(asked, "severity", (*disability.SEVERITIES, "none"), default="none")
        card = _one_of(asked, "card", (*disability.CARDS, "none"), default="none")
        with books.writing() as writing:
            disability.put_certificate(
                writing,
                text(asked, "national_id"),
                severity=None if severity == "none" else severity,
                needs_wheelchair=asked.get("needs_wheelchair") is True,
                is_visual=asked.get("is_visual") is True,
                valid_until=optional_text(asked, "valid_until"),
                card=None if card == "none" else card,
                is_low_income=asked.get("is_low_income") is True,
            )
        return Response(status=204)

    @api.put("/household/guardianships")
    def put_guardian() -> Response:
        asked = _object()
        guardian, ward = text(asked, "guardian"), text(asked, "ward")
        with books.writing() as writing:
            if asked.get("is_over") is True:
                household.end_guardianship(writing, guardian, ward)
            else:
                until = optional_text(asked, "until")
                household.put_guardianship(writing, guardian, ward, text(asked, "ward_name"), until=until)
        return Response(status=204)

    @api.put("/household/deaths")
    def put_death() -> Response:
        asked = _object()
        with books.writing() as writing:
            household.put_death(writing, text(asked, "national_id"), text(asked, "died_on", most=10))
        return Response(status=204)

    @api.put("/sms/numbers")
    def put_mobile() -> Response:
        asked = _object()
        with books.writing() as writing:
            put_number(writing, text(asked, "national_id"), text(asked, "mobile"))
        return Response(status=204)

    @api.put("/moica/cards")
    def put_certificate_card() -> Response:
        asked = _object()
        with books.writing() as writing:
            put_card(writing, text(asked, "national_id", most=10), text(asked, "name"), text(asked, "pin", most=8))
        return Response(status=204)

    @api.post("/reset")
    def reset() -> Response:
        books.reset()
        return Response(status=204)

    return api


def _listed(desk: Desk, book: Book, **fixed: str) -> Response:
    """Rows in the order of the book; `limit` keeps the last so many."""
    unknown = set(request.args) - {*book.filters, "limit"}
    if unknown:
        known = ", ".join([*book.filters, "limit"])
        raise Refusal(422, "invalid", f"unknown filter {', '.join(sorted(unknown))}; there are {known}")
    wanted = {**book.fixed, **fixed} | {
        book.filters[name]: value for name, value in request.args.items() if name in book.filters
    }
    if "recipient" in wanted:
        wanted["recipient"] = e164(wanted["recipient"])
    limit = request.args.get("limit", "")
    desk.books.write_buffers()
    where = " AND ".join(f"{column} = ?" for column in wanted) or "true"
    # Table and columns come from the tables above, values are bound.
    sql = f"SELECT * FROM {book.table} WHERE {where} ORDER BY {book.order} DESC LIMIT ?"  # noqa: S608
    rows = desk.books.all(
        sql, *wanted.values(), int(limit) if limit.isascii() and limit.isdigit() and len(limit) <= 9 else -1
    )
    return json_answer({"items": [_shown(book, row) for row in reversed(rows)]})


def _shown(book: Book, row: Row) -> Row:
    shown = {name: value for name, value in row.items() if name != "position"}
    if nested := _JSON_COLUMNS.get(book.table):
        shown[nested] = orjson.loads(shown[nested])
    return shown


def _object() -> dict[str, Any]:
    try:
        body = orjson.loads(request.get_data(cache=False))
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "not_json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "not_an_object", "the body must be a JSON object")
    return body


def _bureau(bureau: str) -> str:
    if bureau not in BUREAUS:
        raise Refusal(404, "bureau_not_found", f"bureau must be one of {', '.join(BUREAUS)}")
    return bureau


def _one_of(body: Mapping[str, Any], name: str, allowed: tuple[str, ...], *, default: str) -> str:
    value = body.get(name, default)
    if value not in allowed:
        raise Refusal(422, "invalid", f"{name} must be one of {', '.join(allowed)}")
    return str(value)
