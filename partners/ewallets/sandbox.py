"""Wallets that speak the protocol of `client.py`, keep their own books, and show payers a page of their own."""

from __future__ import annotations

import base64
import sqlite3
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from core.clock import now, on_the_wire
from partners.desk.books import Row
from partners.desk.protocol import Answer, Call, Desk, Refusal, SignedProtocol, text, whole_number
from partners.desk.switches import Mode
from partners.ewallets import pages
from partners.ewallets.books import catch_up
from partners.ewallets.settlement import read_settlement, write_settlement

RESERVATION = timedelta(minutes=10)


def blueprint(desk: Desk, wallet: str, secret: str, own_url: str) -> Blueprint:
    """One wallet's routes under /ewallets/<wallet>; `own_url` is where browsers reach the sandbox."""
    routes = Blueprint(wallet, __name__, url_prefix=f"/ewallets/{wallet}", template_folder="templates")
    signed = SignedProtocol(desk, wallet, secret)
    books = desk.books

    @routes.post("/v1/reservations")
    @signed.serve("reservation")
    def reserve(call: Call) -> Answer:
        asked = _asked(call, wallet)
        with books.writing() as writing:
            known = _payment(writing, wallet, asked["reference"])
            if known is None:
                _write_reservation(writing, asked)
            elif (known["amount_twd"], known["return_url"]) != (asked["amount_twd"], asked["return_url"]):
                raise Refusal(409, "reference_reused", "this reference stands for another payment")
            return Answer(_shown(known or asked, own_url), 200 if known else 201)

    @routes.get("/v1/payments/<reference>")
    @signed.serve("payment_lookup")
    def look_up(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            return Answer(_shown(_known(writing, wallet, reference), own_url))

    @routes.post("/v1/payments/<reference>/confirmation")
    @signed.serve("confirmation")
    def confirm(call: Call, reference: str) -> Answer:
        transaction_id, amount_twd = text(call.body, "transaction_id"), _amount(call)
        with books.writing() as writing:
            payment = _known(writing, wallet, reference)
            _hold_confirmation(payment, transaction_id, amount_twd)
            if payment["status"] == "authorized":
                payment |= _book(writing, payment, call.mode)
            return Answer(_shown(payment, own_url))

    @routes.post("/v1/refunds")
    @signed.serve("refund")
    def refund(call: Call) -> Answer:
        reference, amount_twd = _reference(call), _amount(call)
        with books.writing() as writing:
            return Answer(_refund_once(writing, wallet, reference, text(call.body, "payment_reference"), amount_twd))

    @routes.get("/v1/refunds/<reference>")
    @signed.serve("refund_lookup")
    def look_up_refund(call: Call, reference: str) -> Answer:
        row = books.one("SELECT * FROM ewallet_refund WHERE wallet = ? AND reference = ?", wallet, reference)
        if row is None:
            raise Refusal(404, "refund_not_found", "no refund has this reference")
        return Answer(_shown_refund(row))

    @routes.get("/v1/settlement-files")
    @signed.serve("settlement_files")
    def list_files(call: Call) -> Answer:
        with books.writing() as writing:
            catch_up(writing, wallet)
        try:
            since = date.fromisoformat(request.args.get("since", "")).isoformat()
        except ValueError as error:
            raise Refusal(422, "invalid", "since must be a date") from error
        rows = books.all("SELECT day FROM ewallet_settlement WHERE wallet = ? AND day >= ? ORDER BY day", wallet, since)
        return Answer({"items": [{"day": row["day"]} for row in rows]})

    @routes.get("/v1/settlement-files/<day>")
    @signed.serve("settlement_file")
    def settlement_file(call: Call, day: str) -> Answer:
        comparison = "<" if call.mode is not None and call.mode.name == "duplicate_file" else "="
        file = books.one(
            f"SELECT * FROM ewallet_settlement WHERE wallet = ? AND day {comparison} ?"  # noqa: S608
            " ORDER BY day DESC LIMIT 1",
            wallet,
            day,
        )
        if file is None or (call.mode is not None and call.mode.name == "missing_file"):
            raise Refusal(404, "file_not_found", "there is no settlement file of this day")
        content = spoilt(base64.b64decode(file["content"]), call.mode)
        return Answer({"day": day, "content": base64.b64encode(content).decode()})

    @routes.get("/pay/<reservation_id>")
    def pay_page(reservation_id: str) -> Response:
        payment = _reserved(desk, wallet, reservation_id)
        if payment is None or payment["status"] == "expired":
            return pages.gone(wallet)
        if payment["status"] != "reserved":
            return pages.back(payment)
        return pages.form(wallet, payment)

    @routes.post("/pay/<reservation_id>")
    def decide(reservation_id: str) -> Response:
        payment = _reserved(desk, wallet, reservation_id)
        if payment is None or payment["status"] == "expired":
            return pages.gone(wallet)
        if payment["status"] == "reserved":
            _record_decision(desk, payment, wants=request.form.get("decision") != "cancel")
        return pages.back(_reserved(desk, wallet, reservation_id) or payment)

    return routes


def spoilt(content: bytes, mode: Mode | None) -> bytes:
    """A settlement file as a mode sends it: cut off, sums that do not add up, a line twice, or a line too few."""
    name = mode.name if mode else ""
    if name == "truncated_file":
        return content[: len(content) * 2 // 3]
    if name == "wrong_encoding":
        return content[:-2] + "檔".encode("cp950") + b"\r\n"
    if name == "wrong_totals":
        return content.removesuffix(b"\r\n") + b"7\r\n"
    if name not in ("duplicate_line", "missing_line"):
        return content
    file = read_settlement(content)
    lines = [*file.lines[:1], *file.lines] if name == "duplicate_line" else file.lines[1:]
    return write_settlement(file.wallet, file.day, lines)


def _asked(call: Call, wallet: str) -> Row:
    seconds = call.mode["seconds"] if call.mode is not None and call.mode.name == "expires_soon" else None
    lasts = RESERVATION if seconds is None else timedelta(seconds=seconds)
    return {
        "wallet": wallet,
        "reference": _reference(call),
        "reservation_id": f"rsv_{uuid.uuid4().hex}",
        "transaction_id": None,
        "status": "reserved",
        "reason": None,
        "amount_twd": _amount(call),
        "booked_twd": None,
        "order_name": text(call.body, "order_name"),
        "return_url": _return_url(call.body),
        "can_pay": int(not (call.mode is not None and call.mode.name == "insufficient_funds")),
        "expires_at": (now() + lasts).isoformat(),
        "confirmed_at": None,
        "refunded_twd": 0,
    }


def _write_reservation(writing: sqlite3.Connection, asked: Row) -> None:
    writing.execute(
        "INSERT INTO ewallet_payment (wallet, reference, reservation_id, status, amount_twd, order_name, return_url,"
        " can_pay, expires_at) VALUES (:wallet, :reference, :reservation_id, :status, :amount_twd, :order_name,"
        " :return_url, :can_pay, :expires_at)",
        asked,
    )


def _payment(writing: sqlite3.Connection, wallet: str, reference: str) -> Row | None:
    row = writing.execute(
        "SELECT * FROM ewallet_payment WHERE wallet = ? AND reference = ?", (wallet, reference)
    ).fetchone()
    return None if row is None else _as_of_now(writing, dict(row))


def _known(writing: sqlite3.Connection, wallet: str, reference: str) -> Row:
    payment = _payment(writing, wallet, reference)
    if payment is None:
        raise Refusal(404, "payment_not_found", "no payment has this reference")
    return payment


def _reserved(desk: Desk, wallet: str, reservation_id: str) -> Row | None:
    with desk.books.writing() as writing:
        row = writing.execute(
            "SELECT * FROM ewallet_payment WHERE wallet = ? AND reservation_id = ?", (wallet, reservation_id)
        ).fetchone()
        return None if row is None else _as_of_now(writing, dict(row))


def _as_of_now(writing: sqlite3.Connection, payment: Row) -> Row:
    """What is neither confirmed nor declined when its time is over has expired: nothing was taken."""
    is_open = payment["status"] in ("reserved", "authorized")
    if is_open and datetime.fromisoformat(payment["expires_at"]) <= now():
        writing.execute("UPDATE ewallet_payment SET status = 'expired' WHERE position = ?", (payment["position"],))
        return payment | {"status": "expired"}
    return payment


def _record_decision(desk: Desk, payment: Row, *, wants: bool) -> None:
    """Writes down what the payer decided; the first decision stands."""
    reason = "payer_cancelled" if not wants else None if payment["can_pay"] else "insufficient_funds"
    values = ("authorized", f"txn_{uuid.uuid4().hex}", None) if reason is None else ("declined", None, reason)
    with desk.books.writing() as writing:
        writing.execute(
            "UPDATE ewallet_payment SET status = ?, transaction_id = ?, reason = ?"
            " WHERE position = ? AND status = 'reserved'",
            (*values, payment["position"]),
        )


def _hold_confirmation(payment: Row, transaction_id: str, amount_twd: int) -> None:
    if payment["status"] == "expired":
        raise Refusal(409, "reservation_expired", "the time for this payment is over, nothing was taken")
    if payment["status"] not in ("authorized", "confirmed"):
        raise Refusal(409, "not_authorized", "the payer has not agreed to this payment")
    if payment["transaction_id"] != transaction_id:
        raise Refusal(409, "transaction_differs", "this transaction belongs to another payment")
    if payment["amount_twd"] != amount_twd:
        raise Refusal(409, "amount_differs", "the payer agreed to another amount")


def _book(writing: sqlite3.Connection, payment: Row, mode: Mode | None) -> Row:
    more_twd = int(mode["twd"]) if mode is not None and mode.name == "books_more" else 0
    booked = {
        "status": "confirmed",
        "booked_twd": payment["amount_twd"] + more_twd,
        "confirmed_at": on_the_wire(now()),
        "position": payment["position"],
    }
    writing.execute(
        "UPDATE ewallet_payment SET status = :status, booked_twd = :booked_twd, confirmed_at = :confirmed_at"
        " WHERE position = :position",
        booked,
    )
    return booked


def _refund_once(
    writing: sqlite3.Connection, wallet: str, reference: str, payment_reference: str, amount_twd: int
) -> dict[str, Any]:
    known = writing.execute(
        "SELECT * FROM ewallet_refund WHERE wallet = ? AND reference = ?", (wallet, reference)
    ).fetchone()
    if known is not None:
        if (known["payment_reference"], known["amount_twd"]) != (payment_reference, amount_twd):
            raise Refusal(409, "reference_reused", "this reference stands for another refund")
        return _shown_refund(dict(known))
    payment = _known(writing, wallet, payment_reference)
    if payment["status"] != "confirmed":
        raise Refusal(404, "payment_not_found", "no confirmed payment has this reference")
    exceeds = payment["refunded_twd"] + amount_twd > payment["booked_twd"]
    refund = {
        "wallet": wallet,
        "reference": reference,
        "refund_id": f"rfd_{uuid.uuid4().hex}",
        "payment_reference": payment_reference,
        "amount_twd": amount_twd,
        "status": "rejected" if exceeds else "booked",
        "reason": "exceeds_payment" if exceeds else None,
        "booked_at": on_the_wire(now()),
    }
    if not exceeds:
        writing.execute(
            "UPDATE ewallet_payment SET refunded_twd = refunded_twd + ? WHERE position = ?",
            (amount_twd, payment["position"]),
        )
    writing.execute(
        "INSERT INTO ewallet_refund (wallet, reference, refund_id, payment_reference, amount_twd, status, reason,"
        " booked_at) VALUES (:wallet, :reference, :refund_id, :payment_reference, :amount_twd, :status, :reason,"
        " :booked_at)",
        refund,
    )
    return _shown_refund(refund)


def _shown(payment: Row, own_url: str) -> dict[str, Any]:
    booked_twd = payment["booked_twd"]
    return {
        "reference": payment["reference"],
        "reservation_id": payment["reservation_id"],
        "transaction_id": payment["transaction_id"],
        "status": payment["status"],
        "reason": payment["reason"],
        "amount": payment["amount_twd"] if booked_twd is None else booked_twd,
        "currency": "TWD",
        "payment_url": f"{own_url}/ewallets/{payment['wallet']}/pay/{payment['reservation_id']}",
        "expires_at": payment["expires_at"],
        "confirmed_at": payment["confirmed_at"],
    }


def _shown_refund(refund: Row) -> dict[str, Any]:
    return {
        "refund_id": refund["refund_id"],
        "reference": refund["reference"],
        "payment_reference": refund["payment_reference"],
        "amount": refund["amount_twd"],
        "currency": "TWD",
        "status": refund["status"],
        "reason": refund["reason"],
        "booked_at": refund["booked_at"],
    }


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


def _amount(call: Call) -> int:
    if call.body.get("currency") != "TWD":
        raise Refusal(422, "invalid", "currency must be TWD")
    return whole_number(call.body, "amount")
