"""A PX Mart that speaks the protocol of `client.py`: a drop for files, a night in which they are worked off."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import sqlite3
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response

from core.clock import now, on_the_wire, taipei_date
from partners.desk import exchange_orders
from partners.desk.exchange_orders import Asked, House
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol, text
from partners.desk.switches import Mode
from partners.desk.switches_api import json_answer
from partners.exchanging import StatementLine, StatementWrong
from partners.pxmart import files

HOUSE: Final = House("pxmart", "pxo", 1_000_000, takes_back=False)
SCHEMA = """
CREATE TABLE IF NOT EXISTS pxmart_file (
    position  INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    sha256    TEXT NOT NULL,
    orders    INTEGER NOT NULL,
    came_at   TEXT NOT NULL,
    came_on   TEXT NOT NULL,
    worked_at TEXT
);
CREATE TABLE IF NOT EXISTS pxmart_file_content (
    name   TEXT PRIMARY KEY,
    orders BLOB NOT NULL,
    result BLOB
);
"""
_CODES = {reason: code for code, (_, reason, _) in files.RESULTS.items()}


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The routes under /pxmart: the drop, the night, and the statements."""
    pxmart = Blueprint("pxmart", __name__, url_prefix="/pxmart")
    signed = SignedProtocol(desk, "pxmart", secret)
    books = desk.books

    @pxmart.post("/v1/inbox")
    @signed.serve("inbox")
    def take_in(call: Call) -> Answer:
        name, content = text(call.body, "name", most=60), _content(call)
        try:
            orders = files.read_orders(content)[2]
        except StatementWrong as wrong:
            raise Refusal(422, "file_refused", str(wrong)) from None
        digest = hashlib.sha256(content).hexdigest()
        with books.writing() as writing:
            known = writing.execute("SELECT sha256 FROM pxmart_file WHERE name = ?", (name,)).fetchone()
            if known is not None and known["sha256"] != digest:
                raise Refusal(409, "name_taken", "another file has this name")
            if known is None:
                writing.execute(
                    "INSERT INTO pxmart_file (name, sha256, orders, came_at, came_on) VALUES (?, ?, ?, ?, ?)",
                    (name, digest, len(orders), on_the_wire(now()), taipei_date(now()).isoformat()),
                )
                writing.execute("INSERT INTO pxmart_file_content (name, orders) VALUES (?, ?)", (name, content))
        return Answer({"name": name, "orders": len(orders)}, 201)

    @pxmart.get("/v1/outbox/<name>")
    @signed.serve("result_file")
    def send_result(call: Call, name: str) -> Document:
        # Past days are worked off by themselves; today's files wait for the night, or for somebody to call it.
        _night(desk, before=taipei_date(now()))
        with books.writing() as writing:
            row = writing.execute("SELECT result FROM pxmart_file_content WHERE name = ?", (name,)).fetchone()
            earlier = writing.execute(
                "SELECT result FROM pxmart_file_content JOIN pxmart_file USING (name) WHERE name <> ?"
                " AND result IS NOT NULL ORDER BY position DESC LIMIT 1",
                (name,),
            ).fetchone()
        if row is None or row["result"] is None:
            raise Refusal(404, "file_not_found", "there is no answer to a file of this name")
        content = _as_sent(row["result"], earlier["result"] if earlier else row["result"], call.mode)
        return Document(io.BytesIO(content), "application/octet-stream")

    @pxmart.post("/night")
    def night() -> Response:
        return json_answer({"files": _night(desk, before=None)}, 201)

    @pxmart.get("/v1/statements/<month>.txt")
    @signed.serve("statement")
    def send_statement(call: Call, month: str) -> Document:
        with books.writing() as writing:
            rows = exchange_orders.done_in(writing, HOUSE, month)
        return Document(io.BytesIO(_statement(month, rows, call.mode)), "application/octet-stream")

    return pxmart


def _content(call: Call) -> bytes:
    try:
        content = base64.b64decode(text(call.body, "content", most=64 << 20), validate=True)
    except binascii.Error as error:
        raise Refusal(422, "invalid", "content must be base64") from error
    if hashlib.sha256(content).hexdigest() != text(call.body, "sha256", most=64):
        raise Refusal(422, "invalid", "sha256 is not that of the content")
    return content


def _night(desk: Desk, *, before: date | None) -> list[str]:
    """Works off the files that came before that day (None: all); answers their names."""
    waiting = desk.books.all(
        "SELECT name FROM pxmart_file WHERE worked_at IS NULL AND came_on < ? ORDER BY position",
        before.isoformat() if before else "9999-12-31",
    )
    names = [str(row["name"]) for row in waiting]
    for name in names:
        mode = desk.switches.chosen("pxmart", "night", None, {"name": name})
        with desk.books.writing() as writing:
            _work_off(writing, name, mode)
    return names


def _work_off(writing: sqlite3.Connection, name: str, mode: Mode | None) -> None:
    (content,) = writing.execute("SELECT orders FROM pxmart_file_content WHERE name = ?", (name,)).fetchone()
    day, number, orders = files.read_orders(content)
    results = []
    for order in orders:
        asked = Asked(order.reference, "out", order.account, order.value, order.charge_twd)
        done = exchange_orders.begin(writing, HOUSE, asked, "done", mode)
        writing.execute("UPDATE exchange_order SET file = ? WHERE position = ?", (name, done["position"]))
        code = "00" if done["state"] == "done" else _CODES.get(done["reason"], "99")
        credited = done["value"] if done["state"] == "done" else 0
        results.append((order, code, credited, str(done["order_id"])))
    result = files.results_file(day, number, results)
    writing.execute("UPDATE pxmart_file_content SET result = ? WHERE name = ?", (result, name))
    writing.execute("UPDATE pxmart_file SET worked_at = ? WHERE name = ?", (on_the_wire(now()), name))


def _as_sent(content: bytes, earlier: bytes, mode: Mode | None) -> bytes:
    name = mode.name if mode else ""
    if name == "truncated_file":
        return content[: len(content) - files.RECORD_BYTES - 2]
    if name == "wrong_encoding":
        return content.decode(files.ENCODING).encode("utf-8")
    if name == "duplicate_file":
        return earlier
    if name not in ("missing_line", "duplicate_line", "wrong_totals"):
        return content
    head, *details, end = content.splitlines(keepends=True)
    if name == "wrong_totals":
        return b"".join([head, *details, end.replace(end[9:22], b"%013d" % (int(end[9:22]) + 1), 1)])
    kept = details[1:] if name == "missing_line" else [*details[:1], *details]
    return _added_up(head, kept)


def _added_up(head: bytes, details: list[bytes]) -> bytes:
    """The details under a trailer that is right about them: only what was sent tells that one is missing."""
    numbered = [b"2%06d" % place + record[7:] for place, record in enumerate(details, 1)]
    value, charge = (sum(int(record[at : at + 9]) for record in details) for at in (50, 59))
    end = b"3%08d%013d%013d" % (len(details), value, charge)
    return b"".join([head, *numbered, end.ljust(files.RECORD_BYTES) + b"\r\n"])


def _statement(month: str, rows: list[dict[str, Any]], mode: Mode | None) -> bytes:
    name = mode.name if mode else ""
    lines = [
        StatementLine(row["reference"], "out", row["value"], row["charge_twd"], date.fromisoformat(row["at"][:10]))
        for row in exchange_orders.misreported(rows, mode)
    ]
    content = files.statement_file(month, lines, wrong_by=1 if name == "wrong_totals" else 0)
    if name == "truncated_file":
        return content[: len(content) - files.RECORD_BYTES - 2]
    return content.decode(files.ENCODING).encode("utf-8") if name == "wrong_encoding" else content
