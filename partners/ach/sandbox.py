"""A clearing house that speaks the protocol of `client.py`: authorisations on the banks' own pages, entries, files."""

from __future__ import annotations

import base64
import secrets
import sqlite3
import time
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from partners.ach import consent
from partners.ach.banks import BankUnknown, bank_of, is_account, masked
from partners.ach.books import welcome
from partners.ach.clearing import catch_up, credit_once, debit_once, shown_entry
from partners.desk.books import Row
from partners.desk.protocol import Answer, Call, Desk, Refusal, SignedProtocol, text, whole_number
from partners.desk.switches import Mode

REQUEST_SECONDS = 900
CODE_SECONDS = 300


def blueprint(desk: Desk, secret: str, own_url: str) -> Blueprint:
    """The clearing house's routes under /ach; `own_url` is where browsers reach the sandbox."""
    ach = Blueprint("ach", __name__, url_prefix="/ach", template_folder="templates")
    signed = SignedProtocol(desk, "ach", secret)
    books = desk.books

    @ach.post("/v1/authorisation-requests")
    @signed.serve("authorisation_request")
    def request_authorisation(call: Call) -> Answer:
        asked = _asked(call)
        with books.writing() as writing:
            known = writing.execute(
                "SELECT * FROM ach_authorisation WHERE reference = ?", (asked["reference"],)
            ).fetchone()
            if known is None:
                welcome(writing, asked["bank"], asked["account_no"], asked["holder_id"])
                _write_request(writing, asked)
            elif any(known[name] != asked[name] for name in ("bank", "account_no", "holder_ref", "return_url")):
                raise Refusal(409, "reference_reused", "this reference stands for another authorisation")
            else:
                asked = dict(known)
        address = f"{own_url}/ach/authorize/{asked['request_id']}"
        return Answer({"request_id": asked["request_id"], "authorize_url": address}, 201)

    @ach.post("/v1/authorisations")
    @signed.serve("authorisation")
    def exchange_code(call: Call) -> Answer:
        asked = books.one("SELECT * FROM ach_authorisation WHERE code = ?", text(call.body, "code"))
        if asked is None or asked["code_expires_at"] < time.time():
            raise Refusal(404, "code_unknown", "this code is unknown or has lapsed")
        return Answer(_shown(asked))

    @ach.get("/v1/authorisations/<authorisation_id>")
    @signed.serve("authorisation_lookup")
    def look_up_authorisation(call: Call, authorisation_id: str) -> Answer:
        with books.writing() as writing:
            catch_up(writing)
        return Answer(_shown(_authorisation(desk, authorisation_id)))

    @ach.delete("/v1/authorisations/<authorisation_id>")
    @signed.serve("authorisation_end")
    def end_authorisation(call: Call, authorisation_id: str) -> Answer:
        with books.writing() as writing:
            writing.execute(
                "UPDATE ach_authorisation SET status = 'ended' WHERE authorisation_id = ?"
                " AND status IN ('pending', 'active')",
                (authorisation_id,),
            )
        return Answer(_shown(_authorisation(desk, authorisation_id)))

    @ach.post("/v1/debits")
    @signed.serve("debit")
    def debit(call: Call) -> Answer:
        reference, amount_twd = _reference(call), _amount(call)
        authorisation_id, purpose = text(call.body, "authorisation_id"), text(call.body, "purpose", most=500)
        with books.writing() as writing:
            catch_up(writing)
            return Answer(debit_once(writing, reference, authorisation_id, amount_twd, purpose, call.mode))

    @ach.get("/v1/debits/<reference>")
    @signed.serve("debit_lookup")
    def look_up_debit(call: Call, reference: str) -> Answer:
        return Answer(_entry(desk, "debit", reference))

    @ach.post("/v1/credits")
    @signed.serve("credit")
    def credit(call: Call) -> Answer:
        reference, amount_twd = _reference(call), _amount(call)
        with books.writing() as writing:
            catch_up(writing)
            return Answer(credit_once(writing, reference, text(call.body, "debit_reference"), amount_twd))

    @ach.get("/v1/credits/<reference>")
    @signed.serve("credit_lookup")
    def look_up_credit(call: Call, reference: str) -> Answer:
        return Answer(_entry(desk, "credit", reference))

    @ach.get("/v1/return-files")
    @signed.serve("return_files")
    def list_return_files(call: Call) -> Answer:
        with books.writing() as writing:
            catch_up(writing)
        rows = books.all("SELECT day FROM ach_return_file WHERE day >= ? ORDER BY day", _since())
        if call.mode is not None and call.mode.name == "missing_file":
            rows = rows[1:]
        return Answer({"items": [{"day": row["day"]} for row in rows]})

    @ach.get("/v1/return-files/<day>")
    @signed.serve("return_file")
    def return_file(call: Call, day: str) -> Answer:
        file = books.one("SELECT * FROM ach_return_file WHERE day = ?", day)
        if call.mode is not None and call.mode.name == "duplicate_file":
            sent = books.one("SELECT * FROM ach_return_file WHERE day < ? ORDER BY day DESC LIMIT 1", day)
            file = sent or file
        if file is None or (call.mode is not None and call.mode.name == "missing_file"):
            raise Refusal(404, "file_not_found", "there is no return file of this day")
        content = spoilt(base64.b64decode(file["content"]), call.mode)
        return Answer({"day": day, "content": base64.b64encode(content).decode()})

    @ach.get("/v1/closed-days")
    @signed.serve("closed_days")
    def closed_days(call: Call) -> Answer:
        rows = books.all("SELECT day, reason FROM ach_closed_day WHERE day >= ? ORDER BY day", _since())
        return Answer({"items": rows})

    @ach.get("/authorize/<request_id>")
    def consent_page(request_id: str) -> Response:
        asked = _request(desk, request_id)
        if asked is None or _is_closed(asked):
            return _way_on(asked)
        return consent.form(asked)

    @ach.post("/authorize/<request_id>")
    def decide(request_id: str) -> Response:
        asked = _request(desk, request_id)
        if asked is None or _is_closed(asked):
            return _way_on(asked)
        limits = None
        if request.form.get("decision") != "deny":
            limits, problems = consent.read(request.form)
            if limits is None:
                return consent.form(asked, request.form, problems)
        _record_decision(desk, asked, limits)
        return _way_on(_request(desk, request_id))

    return ach


def spoilt(content: bytes, mode: Mode | None) -> bytes:
    """A file as a mode sends it: cut off, with sums that do not add up, or in another encoding."""
    name = mode.name if mode else ""
    if name == "truncated_file":
        return content[: len(content) * 2 // 3]
    if name == "wrong_totals":
        head, trailer = content[:-252], content[-252:]
        return head + trailer[:54] + (b"7" if trailer[54:55] != b"7" else b"8") + trailer[55:]
    if name == "wrong_encoding":
        return content[:-2] + "檔".encode() + b"\r\n"
    return content


def _asked(call: Call) -> dict[str, Any]:
    try:
        bank = bank_of(text(call.body, "bank", most=7))
    except BankUnknown as error:
        raise Refusal(422, "bank_unknown", "no bank that the clearing house reaches has this code") from error
    account_no = text(call.body, "account_no", most=14)
    if not is_account(account_no):
        raise Refusal(422, "account_wrong", "account_no must be 6 to 14 digits")
    return {
        "request_id": f"ask_{uuid.uuid4().hex}",
        "authorisation_id": f"aut_{uuid.uuid4().hex}",
        "reference": text(call.body, "reference"),
        "bank": bank,
        "account_no": account_no,
        "holder_id": text(call.body, "holder_id", most=10),
        "holder_ref": text(call.body, "holder_ref"),
        "return_url": _return_url(call.body),
        "state": text(call.body, "state"),
        "user_no": f"KH{secrets.randbelow(10**18):018d}",
        "answers_tomorrow": int(call.mode is not None and call.mode.name == "answers_tomorrow"),
        "expires_at": time.time() + REQUEST_SECONDS,
    }


def _write_request(writing: sqlite3.Connection, asked: dict[str, Any]) -> None:
    writing.execute(
        "INSERT INTO ach_authorisation (request_id, reference, authorisation_id, state, return_url, holder_ref,"
        " holder_id, bank, account_no, user_no, answers_tomorrow, status, expires_at) VALUES (:request_id, :reference,"
        " :authorisation_id, :state, :return_url, :holder_ref, :holder_id, :bank, :account_no, :user_no,"
        " :answers_tomorrow, 'asked', :expires_at)",
        asked,
    )


def _record_decision(desk: Desk, asked: Row, limits: consent.Limits | None) -> None:
    """Writes down the agreement with its limits, or the denial; the first decision stands."""
    agreed = "pending" if asked["answers_tomorrow"] else "active"
    with desk.books.writing() as writing:
        account = writing.execute(
            "SELECT * FROM ach_account WHERE bank = ? AND account_no = ?", (asked["bank"], asked["account_no"])
        ).fetchone()
        is_theirs = account["status"] == "open" and account["national_id"] in (None, asked["holder_id"])
        if agreed == "active" and not is_theirs:
            agreed = "refused"
        writing.execute(
            "UPDATE ach_authorisation SET status = ?, code = ?, code_expires_at = ?, per_payment_limit_twd = ?,"
            " daily_limit_twd = ? WHERE request_id = ? AND status = 'asked'",
            (
                agreed if limits else "denied",
                secrets.token_urlsafe(24) if limits else None,
                time.time() + CODE_SECONDS,
                limits.per_payment_twd if limits else None,
                limits.daily_twd if limits else None,
                asked["request_id"],
            ),
        )


def _shown(asked: Row) -> dict[str, Any]:
    return {
        "authorisation_id": asked["authorisation_id"],
        "bank": asked["bank"],
        "account_masked": masked(asked["account_no"]),
        "per_payment_limit": asked["per_payment_limit_twd"] or 0,
        "daily_limit": asked["daily_limit_twd"] or 0,
        "currency": "TWD",
        "status": {"asked": "pending", "denied": "refused"}.get(asked["status"], asked["status"]),
    }


def _authorisation(desk: Desk, authorisation_id: str) -> Row:
    row = desk.books.one("SELECT * FROM ach_authorisation WHERE authorisation_id = ?", authorisation_id)
    if row is None:
        raise Refusal(404, "authorisation_not_found", "no authorisation has this id")
    return row


def _entry(desk: Desk, kind: str, reference: str) -> dict[str, Any]:
    with desk.books.writing() as writing:
        catch_up(writing)
    row = desk.books.one("SELECT * FROM ach_entry WHERE reference = ? AND kind = ?", reference, kind)
    if row is None:
        raise Refusal(404, f"{kind}_not_found", f"no {kind} has this reference")
    return shown_entry(row)


def _request(desk: Desk, request_id: str) -> Row | None:
    return desk.books.one("SELECT * FROM ach_authorisation WHERE request_id = ?", request_id)


def _is_closed(asked: Row) -> bool:
    return bool(asked["status"] != "asked" or asked["expires_at"] < time.time())


def _way_on(asked: Row | None) -> Response:
    """Where a browser goes whose question is answered. Sent twice, it goes the same way."""
    if asked is None or asked["status"] == "asked":
        return consent.gone()
    return consent.back(asked)


def _since() -> str:
    try:
        return date.fromisoformat(request.args.get("since", "")).isoformat()
    except ValueError as error:
        raise Refusal(422, "invalid", "since must be a date") from error


def _return_url(body: Mapping[str, Any]) -> str:
    address = text(body, "return_url", most=2000)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise Refusal(422, "invalid", "return_url must be an absolute http(s) address without a fragment")
    return address


def _reference(call: Call) -> str:
    # It has to fit the 40 bytes that the return file has for it.
    reference = text(call.body, "reference", most=40)
    if request.headers.get("idempotency-key", "").strip('"') != reference:
        raise Refusal(400, "idempotency_key", "the Idempotency-Key header must be the reference")
    return reference


def _amount(call: Call) -> int:
    if call.body.get("currency") != "TWD":
        raise Refusal(422, "invalid", "currency must be TWD")
    return whole_number(call.body, "amount", at_most=10**10 - 1)
