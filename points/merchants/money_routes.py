"""A merchant's statements and settlements over HTTP, for its owner."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from core.clock import on_the_wire
from core.cursors import decode_cursor, decode_moment_cursor, encode_moment_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import typeid
from core.text import Text
from points.merchants import answers, merchants, paid, statements, texts
from points.merchants.money_schemas import (
    MerchantStatementSchema,
    OwnSettlementSchema,
    SettlementPage,
    SettlementQuery,
    StatementQuery,
)
from points.merchants.statements import Line, Settlement

routes = Routes("merchants")
_OWNER = citizen(loa=3)


@routes.get(
    "/v1/merchants/<merchant_id>/statements",
    access=_OWNER,
    query=StatementQuery,
    answers={200: MerchantStatementSchema},
    content_types=("application/json", "text/csv"),
    problems=[NotFound],
    summary=Text("對帳明細", "What was redeemed and given back, by day and line by line"),
)
def statement(call: Call) -> Answer:
    """`format=csv` gives all lines as one file; JSON gives them by pages, with the sums of the whole span."""
    merchant_id = _own(call)
    first, last = statements.checked(call.query["from_"], call.query["to"])
    if call.query["format"] == "csv":
        written = statements.lines(call.session, merchant_id, first, last, limit=None)
        name = f'attachment; filename="points-{first}-{last}.csv"'
        return Answer(
            raw=statements.csv_of(written, call.language),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": name},
        )
    limit, cursor = call.query["limit"], call.query["cursor"]
    after: tuple[datetime, UUID] | None = decode_moment_cursor(cursor) if cursor else None
    found = statements.lines(call.session, merchant_id, first, last, limit=limit + 1, after=after)
    days = statements.days(call.session, merchant_id, first, last)
    redeemed, given_back = sum(day.redeemed for day in days), sum(day.given_back for day in days)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].at, shown[-1].id) if len(found) > limit else None
    return Answer(
        {
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "currency": "TWD",
            "redeemed": redeemed,
            "given_back": given_back,
            "net": redeemed - given_back,
            "days": [
                {"day": day.day.isoformat(), "redeemed": day.redeemed, "given_back": day.given_back,
                 "net": day.redeemed - day.given_back, "redemptions": day.redemptions}
                for day in days
            ],
            "items": [_line(line, call) for line in shown],
            "next_cursor": more,
        }
    )  # fmt: skip


@routes.get(
    "/v1/merchants/<merchant_id>/settlements",
    access=_OWNER,
    query=SettlementQuery,
    answers={200: SettlementPage},
    problems=[NotFound],
    summary=Text("每週結算", "The merchant's weekly settlements, the newest first"),
)
def own_settlements(call: Call) -> Answer:
    found = statements.settlements(
        call.session, merchant_id=_own(call), status=call.query["status"], limit=call.query["limit"] + 1,
        after=after_settlement(call),
    )  # fmt: skip
    return answers.page(found, call, lambda each: settlement(each, call), place_of)


@routes.get(
    "/v1/merchants/<merchant_id>/settlements/<settlement_id>",
    access=_OWNER,
    answers={200: OwnSettlementSchema},
    problems=[NotFound],
    summary=Text("一週的結算和匯款", "One week's settlement, and how it is paid"),
)
def own_settlement(call: Call) -> Answer:
    found = statements.settlement(call.session, answers.id_of(call, "settlement_id", "stl"), merchant_id=_own(call))
    return Answer(with_payments(found, call))


def settlement(of: Settlement, call: Call) -> dict[str, Any]:
    """A settlement as it goes over the wire."""
    return {
        "id": typeid("stl", of.id),
        "merchant_id": typeid("mer", of.merchant_id),
        "merchant": of.merchant,
        "first_day": of.first_day.isoformat(),
        "last_day": of.last_day.isoformat(),
        "currency": "TWD",
        "redeemed_points": of.redeemed_points,
        "refunded_points": of.refunded_points,
        "redemptions": of.redemptions,
        "refunds": of.refunds,
        "carried": of.carried_twd,
        "amount": of.amount_twd,
        "carried_on": of.carried_on_twd,
        "status": of.status,
        "status_name": texts.SETTLEMENT_STATUSES[of.status].in_language(call.language),
        "reason": of.reason,
        "account": of.account,
        "settled_at": on_the_wire(of.settled_at),
        "paid_on": of.paid_on and of.paid_on.isoformat(),
    }


def with_payments(of: Settlement, call: Call) -> dict[str, Any]:
    """A settlement with every order to the bank, accounts masked."""
    return {
        **settlement(of, call),
        "payments": [
            {
                "id": typeid("pyt", row.id),
                "batch_id": row.batch_id and typeid("pbt", row.batch_id),
                "bank_code": row.bank_code,
                "account": paid.masked(row.account),
                "amount": row.amount_twd,
                "status": row.status,
                "reason": row.reason,
                "ordered_at": on_the_wire(row.ordered_at),
                "booked_on": row.booked_on and row.booked_on.isoformat(),
                "bank_reference": row.bank_reference,
                "statement_day": row.statement_day and row.statement_day.isoformat(),
            }
            for row in statements.payments(call.session, of.id)
        ],
    }


def after_settlement(call: Call) -> tuple[date, UUID] | None:
    """The place at which a list of settlements goes on. Raises InvalidRequest."""
    cursor = call.query["cursor"]
    if not cursor:
        return None
    until, settlement_id = decode_cursor(cursor, str, str)
    try:
        return date.fromisoformat(until), UUID(settlement_id)
    except ValueError:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None


def place_of(of: Settlement) -> tuple[str, str]:
    """The place of a settlement in a list."""
    return of.until.isoformat(), str(of.id)


def _own(call: Call) -> UUID:
    return merchants.own(call.session, call.actor.id, answers.id_of(call, "merchant_id", "mer")).id


def _line(line: Line, call: Call) -> dict[str, Any]:
    prefix = "rdm" if line.kind == "redemption" else "rfd"
    return {
        "id": typeid(prefix, line.id),
        "kind": line.kind,
        "redemption_id": typeid("rdm", line.redemption_id),
        "at": on_the_wire(line.at),
        "day": line.day.isoformat(),
        "branch": line.branch,
        "till": line.till,
        "staff": line.staff,
        "offer": line.offer and line.offer.in_language(call.language),
        "points": line.points,
        "settlement_id": line.settlement_id and typeid("stl", line.settlement_id),
    }
