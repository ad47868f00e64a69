"""A FamilyMart that speaks the protocol of `client.py`: members with points, credits at once, debits in two steps."""

from __future__ import annotations

import io
from typing import Any, Final

from flask import Blueprint
from lxml import etree

from partners.desk import exchange_orders
from partners.desk.exchange_orders import Asked, House
from partners.desk.protocol import Answer, Call, Desk, Document, Refusal, SignedProtocol, text, whole_number
from partners.desk.switches import Mode

HOUSE: Final = House("familymart", "fmt", 1_000_000, takes_back=True)
_STATUS = {"reserved": "held", "done": "done", "refused": "declined", "cancelled": "cancelled"}
_DIRECTIONS = {"credit": "out", "debit": "in"}
_KINDS = {direction: kind for kind, direction in _DIRECTIONS.items()}


def blueprint(desk: Desk, secret: str) -> Blueprint:
    """The routes under /familymart."""
    familymart = Blueprint("familymart", __name__, url_prefix="/familymart")
    signed = SignedProtocol(desk, "familymart", secret)
    books = desk.books

    @familymart.post("/v1/transfers")
    @signed.serve("transfer")
    def transfer(call: Call) -> Answer:
        direction = _DIRECTIONS.get(text(call.body, "kind", most=10))
        if direction is None:
            raise Refusal(422, "invalid", "kind must be credit or debit")
        asked = Asked(
            text(call.body, "reference", most=64), direction, text(call.body, "member", most=10),
            whole_number(call.body, "points"), whole_number(call.body, "settlement_twd"),
        )  # fmt: skip
        state = "done" if direction == "out" else "reserved"
        with books.writing() as writing:
            order = exchange_orders.begin(writing, HOUSE, asked, state, call.mode)
            return Answer(_shown(exchange_orders.answered(writing, order, call.mode)), 201)

    @familymart.post("/v1/transfers/<reference>/completion")
    @signed.serve("completion")
    def complete(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            if call.mode and call.mode.name == "lapses":
                order = exchange_orders.cancel(writing, HOUSE, reference)
            else:
                order = exchange_orders.confirm(writing, HOUSE, reference)
            return Answer(_shown(exchange_orders.answered(writing, order, call.mode)))

    @familymart.delete("/v1/transfers/<reference>")
    @signed.serve("cancellation")
    def cancel(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            return Answer(_shown(exchange_orders.cancel(writing, HOUSE, reference)))

    @familymart.get("/v1/transfers/<reference>")
    @signed.serve("order_lookup")
    def look_up(call: Call, reference: str) -> Answer:
        with books.writing() as writing:
            order = exchange_orders.find(writing, HOUSE, reference)
        if order is None:
            raise Refusal(404, "order_not_found", "no transfer has this reference")
        return Answer(_shown(order))

    @familymart.get("/v1/statements/<month>.xml")
    @signed.serve("statement")
    def send_statement(call: Call, month: str) -> Document:
        with books.writing() as writing:
            rows = exchange_orders.done_in(writing, HOUSE, month)
        return Document(io.BytesIO(_statement(month, rows, call.mode)), "application/xml")

    return familymart


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "transfer_id": order["order_id"], "reference": order["reference"], "kind": _KINDS[order["direction"]],
        "member": order["account"], "points": order["value"], "status": _STATUS[order["state"]],
        "reason": order["reason"], "at": order["at"],
    }  # fmt: skip


def _statement(month: str, rows: list[dict[str, Any]], mode: Mode | None) -> bytes:
    name = mode.name if mode else ""
    rows = exchange_orders.misreported(rows, mode)
    net = sum(row["charge_twd"] * (1 if row["direction"] == "out" else -1) for row in rows)
    root = etree.Element("Statement", month=month, chain="全家便利商店")
    for row in rows:
        etree.SubElement(
            root, "Transfer", reference=row["reference"], transferId=row["order_id"], kind=_KINDS[row["direction"]],
            points=str(row["value"]), settlementTwd=str(row["charge_twd"]), doneOn=row["at"][:10],
        )  # fmt: skip
    wrong = 1 if name == "wrong_totals" else 0
    etree.SubElement(root, "Summary", count=str(len(rows)), netTwd=str(net + wrong))
    body = etree.tostring(root, encoding="unicode")
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'
    if name == "truncated_file":
        return content.encode()[: len(content.encode()) * 2 // 3]
    return content.encode("cp950" if name == "wrong_encoding" else "utf-8")
