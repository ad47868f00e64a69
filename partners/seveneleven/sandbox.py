"""A 7-ELEVEN that speaks the protocol of `client.py`: orders that are done a while after they came, and a webhook."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import time
from datetime import date
from typing import Any, Final

from flask import Blueprint, Response

from partners.desk import exchange_orders
from partners.desk.exchange_orders import Asked, House
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol, text, whole_number
from partners.desk.switches import Mode
from partners.desk.switches_api import json_answer
from partners.desk.webhooks import write_down
from partners.seveneleven.client import ENCODING, HEADER, TOTAL, roc

HOUSE: Final = House("seveneleven", "opp", 1_000_000, takes_back=True)
_STATUS = {"pending": "processing", "done": "completed", "refused": "rejected", "cancelled": "cancelled"}


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The routes under /seveneleven. An order is done SANDBOX_SEVENELEVEN_SECONDS (1) after it came."""
    seconds = float(os.environ.get("SANDBOX_SEVENELEVEN_SECONDS") or "1")
    seveneleven = Blueprint("seveneleven", __name__, url_prefix="/seveneleven")
    signed = SignedProtocol(desk, "seveneleven", secret)
    books = desk.books

    @seveneleven.post("/v1/orders")
    @signed.serve("order")
    def take_on(call: Call) -> Answer:
        asked = Asked(
            text(call.body, "reference", most=64), "out", text(call.body, "member", most=16),
            whole_number(call.body, "points"), whole_number(call.body, "settlement_twd"),
        )  # fmt: skip
        with books.writing() as writing:
            is_new = exchange_orders.find(writing, HOUSE, asked.reference) is None
            order = exchange_orders.begin(
                writing, HOUSE, asked, "pending", call.mode, due_at=time.time() + seconds
            )  # fmt: skip
            if is_new and desk.switches.is_on("webhooks"):
                kind = "order.rejected" if order["state"] == "refused" else "order.completed"
                told = {"reference": order["reference"], "order_id": order["order_id"], "points": order["value"]}
                write_down(writing, kind, told, call.mode, target="seveneleven", after_seconds=seconds)
            shown = _shown(exchange_orders.answered(writing, order, call.mode))
        desk.webhooks.wake()
        return Answer(shown, 202)

    @seveneleven.post("/v1/orders/<reference>/cancellation")
    @signed.serve("cancellation")
    def cancel(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            _do_what_is_due(writing)
            return Answer(_shown(exchange_orders.cancel(writing, HOUSE, reference)))

    @seveneleven.get("/v1/orders/<reference>")
    @signed.serve("order_lookup")
    def look_up(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            _do_what_is_due(writing)
            order = exchange_orders.find(writing, HOUSE, reference)
        if order is None:
            raise Refusal(404, "order_not_found", "no order has this reference")
        return Answer(_shown(order))

    @seveneleven.get("/v1/statements/<month>.csv")
    @signed.serve("statement")
    def send_statement(call: Call, month: str) -> Document:
        with books.writing() as writing:
            _do_what_is_due(writing)
            rows = exchange_orders.done_in(writing, HOUSE, month)
        return Document(io.BytesIO(_statement(month, rows, call.mode)), "text/csv; charset=big5")

    @seveneleven.post("/working-off")
    def work_off() -> Response:
        with books.writing() as writing:
            due = writing.execute(
                "SELECT reference FROM exchange_order WHERE partner = ? AND due_at > ?", (HOUSE.partner, time.time())
            ).fetchall()
            writing.execute("UPDATE exchange_order SET due_at = 0 WHERE partner = ?", (HOUSE.partner,))
            writing.execute(
                "UPDATE webhook SET due_at = ? WHERE target = ? AND state = 'waiting' AND attempts = 0",
                (time.time(), HOUSE.partner),
            )
            _do_what_is_due(writing)
        desk.webhooks.wake()
        return json_answer({"orders": [reference for (reference,) in due]}, 201)

    return seveneleven


def _do_what_is_due(writing: sqlite3.Connection) -> None:
    due = writing.execute(
        "SELECT reference FROM exchange_order WHERE partner = ? AND state = 'pending' AND due_at <= ?",
        (HOUSE.partner, time.time()),
    ).fetchall()
    for (reference,) in due:
        exchange_orders.confirm(writing, HOUSE, reference)


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    # What it will come to is decided when it comes, and told when it is done.
    is_open = order["state"] == "refused" and order["due_at"] > time.time()
    return {
        "order_id": order["order_id"], "reference": order["reference"], "member": order["account"],
        "points": order["value"], "status": "processing" if is_open else _STATUS[order["state"]],
        "reason": None if is_open else order["reason"], "at": order["at"],
    }  # fmt: skip


def _statement(month: str, rows: list[dict[str, Any]], mode: Mode | None) -> bytes:
    name = mode.name if mode else ""
    rows = exchange_orders.misreported(rows, mode)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in rows:
        day = roc(date.fromisoformat(row["at"][:10]))
        writer.writerow([row["reference"], row["order_id"], row["value"], row["charge_twd"], day])
    net = sum(row["charge_twd"] for row in rows) + (1 if name == "wrong_totals" else 0)
    if name != "truncated_file":
        writer.writerow([TOTAL, month, len(rows), net])
    return out.getvalue().encode("utf-8" if name == "wrong_encoding" else ENCODING)
