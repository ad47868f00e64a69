"""The points desk: partners and what is on its way to them, held exchanges, statements, and breaks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from core import db
from core.clock import on_the_wire, taipei_date
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, Routes, officer
from core.ids import parse_typeid, typeid
from core.text import Text
from partners import wire
from points.exchange import breaks, exchanges, ports, statements, terms
from points.exchange.breaks import Break
from points.exchange.errors import (
    BreakClosed,
    MonthNotOver,
    NotHeld,
    NothingToCorrect,
    PartnerSilent,
    StatementRefused,
)
from points.exchange.exchanges import Exchange
from points.exchange.routes import rate_body
from points.exchange.schemas import (
    DeskExchangePage,
    DeskExchangeSchema,
    DeskExchangesQuery,
    DeskPartnersSchema,
    ExchangeBreakPage,
    ExchangeBreakResolution,
    ExchangeBreakSchema,
    ExchangeBreaksQuery,
    ExchangeRefusal,
    PartnerStatementSchema,
)
from points.exchange.statements import Taken

routes = Routes("exchange")
_READERS = officer("points_officer", "auditor")
_DESK = officer("points_officer")
_OPEN = ["held", "ordered", "waiting", "reserved", "unknown", "cancelling"]
_MONTH_FORM = 7


@routes.get(
    "/v1/points-desk/partners",
    access=_READERS,
    shows_person_data=False,
    answers={200: DeskPartnersSchema},
    summary=Text("兌換夥伴的額度與進行中", "Partners of exchange: budget left, points there, what is open"),
)
def partners_at_the_desk(call: Call) -> Answer:
    counts = {row.code: row for row in call.session.execute(_COUNTS).all()}
    items = []
    for each, rates in terms.known(call.session, call.now):
        count = counts[each.code]
        items.append(
            {
                "code": each.code,
                "name": each.name.in_language(call.language),
                "is_connected": ports.is_connected(each.code),
                "is_open": each.is_open,
                "budget_left": terms.balance_of(call.session, terms.budget_code(each.code)),
                "points_there": terms.balance_of(call.session, terms.clearing_code(each.code)),
                "payable_twd": terms.balance_of(call.session, f"points:payable:partner:{each.code}"),
                "open_exchanges": count.open,
                "oldest_open_at": on_the_wire(count.oldest) if count.oldest else None,
                "open_breaks": count.breaks,
                "rates": [rate_body(rate) for rate in rates],
            }
        )
    return Answer({"items": items})


@routes.get(
    "/v1/points-desk/exchanges",
    access=_READERS,
    shows_person_data=False,
    query=DeskExchangesQuery,
    answers={200: DeskExchangePage},
    summary=Text("進行中與等候審視的兌換", "Exchanges that are held or on their way, newest first"),
)
def list_exchanges(call: Call) -> Answer:
    """Whose they are is not shown: what is weighed here is the partner and the amount."""
    query, limit = call.query, call.query["limit"]
    before = decode_moment_cursor(query["cursor"]) if query["cursor"] else None
    statuses = [query["status"]] if query["status"] else _OPEN
    found = exchanges.with_status(call.session, statuses, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].created_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [_exchange_body(each, call) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/points-desk/exchanges/<exchange_id>/release",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    answers={200: DeskExchangeSchema},
    problems=[NotFound, NotHeld],
    summary=Text("放行一筆兌換", "Let a held exchange go on"),
)
def release_exchange(call: Call) -> Answer:
    """The worker goes on with it within seconds."""
    exchange_id = parse_typeid("exc", call.path["exchange_id"])
    released = exchanges.release(call.session, exchange_id, by=call.actor.id, now=call.now)
    return Answer(_exchange_body(released, call))


@routes.post(
    "/v1/points-desk/exchanges/<exchange_id>/refusal",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    body=ExchangeRefusal,
    answers={200: DeskExchangeSchema},
    problems=[NotFound, NotHeld],
    summary=Text("不放行一筆兌換", "Refuse a held exchange; its points are free again"),
)
def refuse_exchange(call: Call) -> Answer:
    """The citizen is told that somebody looked at it and did not release it."""
    exchange_id = parse_typeid("exc", call.path["exchange_id"])
    refused = exchanges.refuse(
        call.session, exchange_id, by=call.actor.id, reason=call.body["reason"], now=call.now
    )  # fmt: skip
    return Answer(_exchange_body(refused, call))


@routes.post(
    "/v1/points-desk/partners/<partner>/statements/<month>",
    access=_DESK,
    shows_person_data=False,
    own_units=True,
    answers={200: PartnerStatementSchema},
    problems=[NotFound, MonthNotOver, StatementRefused, PartnerSilent],
    summary=Text("取回夥伴的月對帳單並比對", "Fetch a partner's statement of a month and compare it"),
)
def take_statement(call: Call) -> Answer:
    """The worker does it by itself from the second day of the next month on; again changes nothing."""
    partner, month = call.path["partner"], _month(call)
    if not ports.is_connected(partner):
        raise NotFound
    if month >= f"{taipei_date(call.now):%Y-%m}":
        raise MonthNotOver
    try:
        content = ports.partner(partner).statement(month)
    except wire.CallFailed:
        raise PartnerSilent from None
    with db.unit_of_work() as session:
        return Answer(_statement_body(statements.take(session, partner, month, content, now=call.now)))


@routes.get(
    "/v1/points-desk/partners/<partner>/statements/<month>",
    access=_READERS,
    shows_person_data=False,
    answers={200: PartnerStatementSchema},
    problems=[NotFound],
    summary=Text("夥伴的月對帳單", "A partner's statement of a month, as it was taken"),
)
def show_statement(call: Call) -> Answer:
    return Answer(_statement_body(statements.get(call.session, call.path["partner"], _month(call))))


@routes.get(
    "/v1/points-desk/breaks",
    access=_READERS,
    shows_person_data=False,
    query=ExchangeBreaksQuery,
    answers={200: ExchangeBreakPage},
    summary=Text("與夥伴的對帳差異", "Breaks with partners, newest first"),
)
def list_breaks(call: Call) -> Answer:
    query, limit = call.query, call.query["limit"]
    before = decode_moment_cursor(query["cursor"]) if query["cursor"] else None
    found = breaks.page(
        call.session, status=None if query["status"] == "all" else query["status"], partner=query["partner"],
        limit=limit + 1, before=before,
    )  # fmt: skip
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].opened_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": [_break_body(each) for each in shown], "next_cursor": more})


@routes.post(
    "/v1/points-desk/breaks/<break_id>/resolution",
    access=_DESK,
    shows_person_data=False,
    idempotent=True,
    body=ExchangeBreakResolution,
    answers={200: ExchangeBreakSchema, 202: ExchangeBreakSchema},
    problems=[NotFound, BreakClosed, NothingToCorrect],
    summary=Text("處理一筆差異", "Explain a break, or propose that the partner's amount stands"),
)
def resolve_break(call: Call) -> Answer:
    """200: explained, our amount stands. 202: proposed; nothing moves until another officer approves it."""
    break_id = parse_typeid("brk", call.path["break_id"])
    if call.body["how"] == "explained":
        found = breaks.explain(call.session, break_id, note=call.body["note"], by=call.actor, now=call.now)
        return Answer(_break_body(found))
    found = breaks.propose(call.session, break_id, note=call.body["note"], by=call.actor, now=call.now)
    return Answer(_break_body(found), status=202)


def _month(call: Call) -> str:
    month = call.path["month"]
    year, dash, number = month[:4], month[4:5], month[5:]
    is_month = month.isascii() and year.isdigit() and dash == "-" and number.isdigit() and 1 <= int(number) <= 12
    if len(month) != _MONTH_FORM or not is_month:
        raise NotFound
    return month


def _exchange_body(each: Exchange, call: Call) -> dict[str, Any]:
    return {
        "id": typeid("exc", each.id),
        "partner": each.partner,
        "direction": each.direction,
        "points": each.points,
        "value": each.value,
        "status": each.status,
        "reason": each.reason,
        "reason_words": exchanges.why(each.reason).in_language(call.language) if each.reason else None,
        "asked_times": each.asked_times,
        "created_at": on_the_wire(each.created_at),
        "ended_at": on_the_wire(each.ended_at) if each.ended_at else None,
    }


def _statement_body(taken: Taken) -> dict[str, Any]:
    return {
        "partner": taken.partner,
        "month": taken.month,
        "status": taken.status,
        "lines": taken.lines,
        "net_twd": taken.net_twd,
        "breaks": taken.breaks,
        "open_breaks": taken.open_breaks,
        "taken_at": on_the_wire(taken.taken_at),
        "agreed_at": on_the_wire(taken.agreed_at) if taken.agreed_at else None,
    }


def _break_body(found: Break) -> dict[str, Any]:
    return {
        "id": typeid("brk", found.id),
        "partner": found.partner,
        "month": found.month,
        "kind": found.kind,
        "reference": found.reference,
        "ours_value": found.ours_value,
        "theirs_value": found.theirs_value,
        "ours_twd": found.ours_twd,
        "theirs_twd": found.theirs_twd,
        "ours_state": found.ours_state,
        "status": found.status,
        "approval_id": typeid("apr", found.approval_id) if found.approval_id else None,
        "note": found.note,
        "closed_by": found.closed_by,
        "opened_at": on_the_wire(found.opened_at),
        "closed_at": on_the_wire(found.closed_at) if found.closed_at else None,
    }


_COUNTS = text(
    """
    SELECT p.code, count(e.id)::int AS open, min(e.created_at) AS oldest,
           (SELECT count(*)::int FROM points.exchange_break AS b
             WHERE b.partner_code = p.code AND b.closed_at IS NULL) AS breaks
      FROM points.partner AS p
      LEFT JOIN points.exchange AS e ON e.partner_code = p.code AND e.ended_at IS NULL
     GROUP BY p.code
    """
)
