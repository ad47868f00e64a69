"""An iPASS that speaks the protocol of `client.py`: cards that hold up to NT$10,000, reservations, statements."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from flask import Blueprint

from partners.desk import exchange_orders
from partners.desk.exchange_orders import Asked, House
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol, text, whole_number
from partners.desk.switches import Mode
from partners.ipass.client import HEADER

HOUSE: Final = House("ipass", "top", 10_000, takes_back=False)
_STATUS = {"reserved": "RESERVED", "done": "COMPLETED", "refused": "DECLINED", "cancelled": "CANCELLED"}


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The routes under /ipass."""
    ipass = Blueprint("ipass", __name__, url_prefix="/ipass")
    signed = SignedProtocol(desk, "ipass", secret)
    books = desk.books

    @ipass.post("/v1/reservations")
    @signed.serve("reservation")
    def reserve(call: Call) -> Answer:
        asked = Asked(
            text(call.body, "reference", most=64), "out", text(call.body, "card_no", most=16),
            whole_number(call.body, "amount"), whole_number(call.body, "settlement_twd"),
        )  # fmt: skip
        with books.writing() as writing:
            order = exchange_orders.begin(writing, HOUSE, asked, "reserved", call.mode)
            return Answer(_shown(exchange_orders.answered(writing, order, call.mode)), 201)

    @ipass.post("/v1/reservations/<reference>/confirmation")
    @signed.serve("confirmation")
    def confirm(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            if call.mode and call.mode.name == "lapses":
                order = exchange_orders.cancel(writing, HOUSE, reference)
            else:
                order = exchange_orders.confirm(writing, HOUSE, reference)
            return Answer(_shown(exchange_orders.answered(writing, order, call.mode)))

    @ipass.post("/v1/reservations/<reference>/cancellation")
    @signed.serve("cancellation")
    def cancel(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            return Answer(_shown(exchange_orders.cancel(writing, HOUSE, reference)))

    @ipass.get("/v1/reservations/<reference>")
    @signed.serve("order_lookup")
    def look_up(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            order = exchange_orders.find(writing, HOUSE, reference)
        if order is None:
            raise Refusal(404, "order_not_found", "no order has this reference")
        return Answer(_shown(order))

    @ipass.get("/v1/statements/<month>.csv")
    @signed.serve("statement")
    def send_statement(call: Call, month: str) -> Document:
        with books.writing() as writing:
            rows = exchange_orders.done_in(writing, HOUSE, month)
        return Document(io.BytesIO(_statement(month, rows, call.mode)), "text/csv; charset=utf-8")

    return ipass


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "top_up_id": order["order_id"], "reference": order["reference"], "card_no": order["account"],
        "amount": order["value"], "status": _STATUS[order["state"]], "reason": order["reason"], "at": order["at"],
    }  # fmt: skip


def _statement(month: str, rows: list[dict[str, Any]], mode: Mode | None) -> bytes:
    name = mode.name if mode else ""
    rows = exchange_orders.misreported(rows, mode)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([row["reference"], row["order_id"], row["value"], row["charge_twd"], row["at"][:10]])
    net = sum(row["charge_twd"] for row in rows) + (1 if name == "wrong_totals" else 0)
    if name != "truncated_file":
        writer.writerow(["TOTAL", month, len(rows), net])
    return out.getvalue().encode("utf-16" if name == "wrong_encoding" else "utf-8")
