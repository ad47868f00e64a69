"""An OK that speaks the protocol of `client.py`: members by mobile number, credits in one phase, statements."""

from __future__ import annotations

import io
from typing import Any, Final

import orjson
from flask import Blueprint

from partners.desk import exchange_orders
from partners.desk.exchange_orders import Asked, House
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol, text, whole_number
from partners.desk.switches import Mode

HOUSE: Final = House("okmart", "okc", 1_000_000, takes_back=True)
_RESULT = {"done": "credited", "refused": "rejected", "cancelled": "void"}


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The routes under /okmart."""
    okmart = Blueprint("okmart", __name__, url_prefix="/okmart")
    signed = SignedProtocol(desk, "okmart", secret)
    books = desk.books

    @okmart.post("/v1/credits")
    @signed.serve("credit")
    def credit(call: Call) -> Answer:
        asked = Asked(
            text(call.body, "reference", most=64), "out", text(call.body, "phone", most=10),
            whole_number(call.body, "points"), whole_number(call.body, "settlement_twd"),
        )  # fmt: skip
        with books.writing() as writing:
            order = exchange_orders.begin(writing, HOUSE, asked, "done", call.mode)
            return Answer(_shown(exchange_orders.answered(writing, order, call.mode)), 201)

    @okmart.post("/v1/credits/<reference>/void")
    @signed.serve("void")
    def void(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            return Answer(_shown(exchange_orders.cancel(writing, HOUSE, reference)))

    @okmart.get("/v1/credits/<reference>")
    @signed.serve("order_lookup")
    def look_up(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            order = exchange_orders.find(writing, HOUSE, reference)
        if order is None:
            raise Refusal(404, "order_not_found", "no credit has this reference")
        return Answer(_shown(order))

    @okmart.get("/v1/statements/<month>.json")
    @signed.serve("statement")
    def send_statement(call: Call, month: str) -> Document:
        with books.writing() as writing:
            rows = exchange_orders.done_in(writing, HOUSE, month)
        return Document(io.BytesIO(_statement(month, rows, call.mode)), "application/json")

    return okmart


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "credit_id": order["order_id"], "reference": order["reference"], "phone": order["account"],
        "points": order["value"], "result": _RESULT[order["state"]], "reason": order["reason"], "at": order["at"],
    }  # fmt: skip


def _statement(month: str, rows: list[dict[str, Any]], mode: Mode | None) -> bytes:
    name = mode.name if mode else ""
    rows = exchange_orders.misreported(rows, mode)
    document = {
        "month": month,
        "chain": "OK超商",
        "credits": [
            {"reference": row["reference"], "credit_id": row["order_id"], "points": row["value"],
             "settlement_twd": row["charge_twd"], "credited_on": row["at"][:10]}
            for row in rows
        ],
        "count": len(rows),
        "net_twd": sum(row["charge_twd"] for row in rows) + (1 if name == "wrong_totals" else 0),
    }  # fmt: skip
    content = orjson.dumps(document)
    if name == "truncated_file":
        return content[: len(content) * 2 // 3]
    return content.decode().encode("cp950") if name == "wrong_encoding" else content
