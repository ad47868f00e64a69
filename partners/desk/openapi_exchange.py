"""The interfaces of the partners of points exchange, described, and the books that they share."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import (
    MAYBE_TEXT,
    NUMBER,
    REFUSAL,
    TEXT,
    TIME,
    listed,
    one_of,
    operation,
    record,
    signed,
)

TAGS = [
    {"name": "ipass", "description": "stored value on cards, in two phases"},
    {"name": "okmart", "description": "points of OK, in one phase"},
    {"name": "pxmart", "description": "points of PX Mart, by files at night"},
    {"name": "familymart", "description": "points of FamilyMart, both ways"},
    {"name": "seveneleven", "description": "points of 7-ELEVEN, a while later"},
]
_REFUSED = {400: REFUSAL, 409: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_FOUND = {400: REFUSAL, 404: REFUSAL, 503: REFUSAL}
_KEY = {"idempotency-key": {"type": "string", "description": "the same as `reference`"}}
_TOP_UP = record(
    top_up_id=TEXT, reference=TEXT, card_no=TEXT, amount=NUMBER,
    status=one_of("RESERVED", "COMPLETED", "DECLINED", "CANCELLED"), reason=MAYBE_TEXT, at=TIME,
)  # fmt: skip
_CREDIT = record(
    credit_id=TEXT, reference=TEXT, phone=TEXT, points=NUMBER, result=one_of("credited", "rejected", "void"),
    reason=MAYBE_TEXT, at=TIME,
)  # fmt: skip
_TRANSFER = record(
    transfer_id=TEXT, reference=TEXT, kind=one_of("credit", "debit"), member=TEXT, points=NUMBER,
    status=one_of("held", "done", "declined", "cancelled"), reason=MAYBE_TEXT, at=TIME,
)  # fmt: skip
_ORDER = record(
    order_id=TEXT, reference=TEXT, member=TEXT, points=NUMBER,
    status=one_of("processing", "completed", "rejected", "cancelled"), reason=MAYBE_TEXT, at=TIME,
)  # fmt: skip


def _begin(tag: str, summary: str, status: int, answer: dict[str, Any], **asked: Any) -> dict[str, Any]:
    body = record(reference=TEXT, settlement_twd=NUMBER, **asked)
    return signed(tag, summary, {status: answer, **_REFUSED}, body=body, headers=_KEY)


def _about(tag: str, summary: str, answer: dict[str, Any]) -> dict[str, Any]:
    return signed(tag, summary, {200: answer, **_FOUND}, path=["reference"])


def _statement(tag: str, content_type: str) -> dict[str, Any]:
    return signed(
        tag, "What was done in a month, YYYY-MM", {200: content_type, 400: REFUSAL, 503: REFUSAL}, path=["month"]
    )


PATHS = {
    "/ipass/v1/reservations": {
        "post": _begin("ipass", "Set value aside for a card", 201, _TOP_UP, card_no=TEXT, amount=NUMBER)
    },
    "/ipass/v1/reservations/{reference}": {"get": _about("ipass", "How a top-up stands", _TOP_UP)},
    "/ipass/v1/reservations/{reference}/confirmation": {"post": _about("ipass", "Put it onto the card", _TOP_UP)},
    "/ipass/v1/reservations/{reference}/cancellation": {
        "post": _about("ipass", "Give it up, or shut the reference; what is on the card stays", _TOP_UP)
    },
    "/ipass/v1/statements/{month}.csv": {"get": _statement("ipass", "text/csv")},
    "/okmart/v1/credits": {"post": _begin("okmart", "Credit a member", 201, _CREDIT, phone=TEXT, points=NUMBER)},
    "/okmart/v1/credits/{reference}": {"get": _about("okmart", "How a credit stands", _CREDIT)},
    "/okmart/v1/credits/{reference}/void": {"post": _about("okmart", "Take it back, or shut the reference", _CREDIT)},
    "/okmart/v1/statements/{month}.json": {"get": _statement("okmart", "text/json")},
    "/pxmart/v1/inbox": {
        "post": signed(
            "pxmart",
            "Put the night's orders into the drop, once under a name",
            {201: record(name=TEXT, orders=NUMBER), **_REFUSED},
            body=record(name=TEXT, sha256=TEXT, content={"type": "string", "contentEncoding": "base64"}),
            headers=_KEY,
        )
    },
    "/pxmart/v1/outbox/{name}": {
        "get": signed(
            "pxmart",
            "The file that answers the one of that name: fixed width, CP950",
            {200: "application/octet-stream", **_FOUND},
            path=["name"],
            description="Files of past days have been worked off; today's wait for the night.",
        )
    },
    "/pxmart/night": {
        "post": operation(
            "pxmart",
            "Let it be night: what is in the drop is worked off",
            {201: record(files={"type": "array", "items": TEXT})},
        )
    },
    "/pxmart/v1/statements/{month}.txt": {"get": _statement("pxmart", "application/octet-stream")},
    "/familymart/v1/transfers": {
        "post": _begin(
            "familymart", "Credit a member, or set a member's points aside", 201, _TRANSFER,
            kind=one_of("credit", "debit"), member=TEXT, points=NUMBER,
        )
    },
    "/familymart/v1/transfers/{reference}": {
        "get": _about("familymart", "How a transfer stands", _TRANSFER),
        "delete": _about("familymart", "Take it back, or shut the reference", _TRANSFER),
    },
    "/familymart/v1/transfers/{reference}/completion": {
        "post": _about("familymart", "Take the points that were set aside", _TRANSFER)
    },
    "/familymart/v1/statements/{month}.xml": {"get": _statement("familymart", "text/xml")},
    "/seveneleven/v1/orders": {
        "post": _begin("seveneleven", "Have a member credited; a webhook follows", 202, _ORDER, member=TEXT,
                       points=NUMBER)
    },
    "/seveneleven/v1/orders/{reference}": {"get": _about("seveneleven", "How an order stands", _ORDER)},
    "/seveneleven/v1/orders/{reference}/cancellation": {
        "post": _about("seveneleven", "Take it back, or shut the reference", _ORDER)
    },
    "/seveneleven/working-off": {
        "post": operation(
            "seveneleven",
            "Let time pass: what was taken on is done now, and its webhook goes out",
            {201: record(orders={"type": "array", "items": TEXT})},
        )
    },
    "/seveneleven/v1/statements/{month}.csv": {"get": _statement("seveneleven", "text/csv")},
}  # fmt: skip


def _book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    query = {**dict.fromkeys(filters, TEXT), "limit": NUMBER}
    return operation("books", summary, {200: listed(**properties), 422: REFUSAL}, query=query)


BOOKS = {
    "/books/exchange/accounts": {
        "get": _book(
            "Accounts of the partners' customers: value on cards, points",
            ("partner", "account"),
            partner=TEXT, account=TEXT, balance=NUMBER, status=one_of("open", "closed"),
        )
    },
    "/books/exchange/orders": {
        "get": _book(
            "Orders of exchanges, each reference once at a partner",
            ("partner", "reference", "state", "account"),
            partner=TEXT, reference=TEXT, order_id=TEXT, direction=one_of("out", "in"), account=TEXT, asked=NUMBER,
            value=NUMBER, charge_twd=NUMBER,
            state=one_of("reserved", "pending", "done", "refused", "cancelled"), reason=MAYBE_TEXT, at=TIME,
            file=MAYBE_TEXT, due_at={"type": "number"},
        )
    },
    "/books/exchange/files": {
        "get": _book(
            "Files in PX Mart's drop",
            ("name",),
            name=TEXT, sha256=TEXT, orders=NUMBER, came_at=TIME, came_on=TEXT, worked_at=MAYBE_TEXT,
        )
    },
}  # fmt: skip
