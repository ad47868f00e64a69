"""Requests to pay a fine in parts: the city hands them on, an official decides on a page, the city asks what became."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, redirect, render_template, request

from core.clock import now, on_the_wire, taipei_date
from partners.desk.books import Books, Row
from partners.desk.protocol import Answer, Call, Refusal, SignedProtocol, text, whole_number

SCHEMA = """
CREATE TABLE IF NOT EXISTS bureau_instalment_request (
    position    INTEGER PRIMARY KEY,
    bureau      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    number      TEXT NOT NULL,
    amount_twd  INTEGER NOT NULL,
    parts       INTEGER NOT NULL,
    status      TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'granted', 'refused')),
    plan_number TEXT,
    plan        TEXT NOT NULL DEFAULT '[]',
    reason      TEXT,
    received_at TEXT NOT NULL,
    UNIQUE (bureau, request_id)
);
"""
REASONS = ("no_hardship", "already_in_enforcement", "too_many_parts")


def add_routes(bureaus: Blueprint, signed: SignedProtocol, books: Books) -> None:
    """/{bureau}/v1/instalment-requests for the city, /fines/instalment-requests for the official."""

    @bureaus.post("/fines/v1/instalment-requests")
    @signed.serve("instalment_request")
    def take(call: Call) -> Answer:
        asked = {
            "request_id": text(call.body, "request_id", most=60),
            "number": text(call.body, "number"),
            "amount": whole_number(call.body, "amount"),
            "parts": whole_number(call.body, "parts", at_least=2, at_most=18),
        }
        with books.writing() as writing:
            writing.execute(
                "INSERT OR IGNORE INTO bureau_instalment_request"
                " (bureau, request_id, number, amount_twd, parts, received_at)"
                " VALUES ('fines', :request_id, :number, :amount, :parts, :at)",
                {**asked, "at": on_the_wire(now())},
            )
        return Answer({"received": True})

    @bureaus.get("/fines/v1/instalment-requests/<request_id>")
    @signed.serve("instalment_decision")
    def tell(call: Call, request_id: str) -> Answer:
        row = _request(books, request_id)
        if row is None:
            raise Refusal(404, "request_not_found", "no request has this id")
        return Answer(shown(row))

    @bureaus.get("/fines/instalment-requests")
    def page() -> Response:
        rows = books.all("SELECT * FROM bureau_instalment_request ORDER BY status = 'pending' DESC, position DESC")
        return _page(rows)

    @bureaus.post("/fines/instalment-requests/<request_id>")
    def decide(request_id: str) -> Response:
        decision, reason = request.form.get("decision", ""), request.form.get("reason", REASONS[0])
        if decision not in ("grant", "refuse") or reason not in REASONS:
            return Response("decision is grant or refuse", 422)
        with books.writing() as writing:
            row = writing.execute(
                "SELECT * FROM bureau_instalment_request WHERE request_id = ? AND status = 'pending'", (request_id,)
            ).fetchone()
            if row is not None:
                _decide(writing, dict(row), decision, reason)
        answer = redirect("/bureaus/fines/instalment-requests", 303)
        assert isinstance(answer, Response)
        return answer


def shown(row: Row) -> dict[str, Any]:
    """A request as the protocol shows it."""
    return {
        "request_id": row["request_id"],
        "number": row["number"],
        "status": row["status"],
        "plan_number": row["plan_number"],
        "parts": orjson.loads(row["plan"]),
        "reason": row["reason"],
    }


def equal_parts(number: str, amount_twd: int, parts: int, first: date) -> list[dict[str, Any]]:
    """The fine in monthly parts of the same size, what does not divide in the first of them."""
    each, rest = divmod(amount_twd, parts)
    return [
        {"number": f"{number}-{part:02d}", "amount": each + (rest if part == 1 else 0),
         "due_on": _months_after(first, part).isoformat()}
        for part in range(1, parts + 1)
    ]  # fmt: skip


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28))


def _decide(writing: sqlite3.Connection, row: Row, decision: str, reason: str) -> None:
    if decision == "refuse":
        writing.execute(
            "UPDATE bureau_instalment_request SET status = 'refused', reason = ? WHERE position = ?",
            (reason, row["position"]),
        )
        return
    plan = equal_parts(row["number"], row["amount_twd"], row["parts"], taipei_date(now()))
    writing.execute(
        "UPDATE bureau_instalment_request SET status = 'granted', plan_number = ?, plan = ? WHERE position = ?",
        (f"P{row['number']}", orjson.dumps(plan).decode(), row["position"]),
    )
    writing.execute(
        "INSERT OR IGNORE INTO bureau_bill (bureau, number, amount_twd, status, is_adopted)"
        " VALUES ('fines', ?, ?, 'unpaid', 1)",
        (row["number"], row["amount_twd"]),
    )
    writing.executemany(
        "INSERT OR IGNORE INTO bureau_bill (bureau, number, amount_twd, status, part_of)"
        " VALUES ('fines', :number, :amount, 'unpaid', :whole)",
        [{**part, "whole": row["number"]} for part in plan],
    )


def _request(books: Books, request_id: str) -> Row | None:
    return books.one("SELECT * FROM bureau_instalment_request WHERE request_id = ?", request_id)


def _page(rows: list[Row]) -> Response:
    nonce = secrets.token_urlsafe(12)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'"
    return Response(
        render_template("bureaus/instalments.html", nonce=nonce, rows=rows, reasons=REASONS),
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
        content_type="text/html; charset=utf-8",
    )
