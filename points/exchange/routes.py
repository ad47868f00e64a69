"""Exchanges over HTTP, for citizens: who exchanges, what it would cost, and doing it."""

from __future__ import annotations

from typing import Any

from core import db
from core.clock import on_the_wire
from core.cursors import decode_moment_cursor, encode_moment_cursor
from core.errors import NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from points.exchange import exchanges, ports, quotes, saga, terms, texts
from points.exchange.errors import (
    AccountNumberWrong,
    BudgetUsedUp,
    NotInSteps,
    NotOffered,
    OverTheCap,
    QuoteExpired,
    QuoteUsed,
)
from points.exchange.exchanges import Exchange
from points.exchange.quotes import Quote
from points.exchange.schemas import (
    ExchangeCreate,
    ExchangePage,
    ExchangePartnersSchema,
    ExchangeQuoteCreate,
    ExchangeQuoteSchema,
    ExchangeSchema,
)
from points.exchange.terms import PartnerTerms, Rate
from points.tender import NotEnoughPoints

routes = Routes("exchange")
_CITIZEN = citizen(loa=2)


@routes.get(
    "/v1/points/partners",
    access=_CITIZEN,
    answers={200: ExchangePartnersSchema},
    summary=Text("可以兌換的夥伴", "Partners to exchange points with, and on which terms"),
)
def partners(call: Call) -> Answer:
    """Rates and limits of this moment, what number is asked for, and when the value arrives."""
    items = [
        {
            "code": each.code,
            "name": each.name.in_language(call.language),
            "unit": each.unit.in_language(call.language),
            "account": each.account.in_language(call.language),
            "arrives": each.arrives.in_language(call.language),
            "rates": [rate_body(rate) for rate in rates],
        }
        for each, rates in terms.offered(call.session, call.now)
        if ports.is_connected(each.code)
    ]
    return Answer({"items": items})


@routes.post(
    "/v1/points/exchange-quotes",
    access=_CITIZEN,
    body=ExchangeQuoteCreate,
    answers={201: ExchangeQuoteSchema},
    problems=[NotFound, NotOffered, NotInSteps, AccountNumberWrong],
    summary=Text("試算兌換，保留兩分鐘", "What an exchange would cost, locked for two minutes"),
)
def quote(call: Call) -> Answer:
    """Nothing is set aside: the offer is good for one exchange within two minutes."""
    asked = call.body
    made = quotes.make(
        call.session, person_id=call.actor.id, partner=asked["partner"], direction=asked["direction"],
        points=asked["points"], account=asked["account_number"], now=call.now,
    )  # fmt: skip
    partner = terms.partner_terms(call.session, made.partner)
    assert partner is not None
    return Answer(_quote_body(made, partner, terms.rate(call.session, made.rate_id), call), status=201)


@routes.post(
    "/v1/points/exchanges",
    access=citizen(loa=3, phishing_resistant=True),
    body=ExchangeCreate,
    idempotent=True,
    own_units=True,
    answers={201: ExchangeSchema, 202: ExchangeSchema},
    problems=[NotFound, QuoteExpired, QuoteUsed, OverTheCap, BudgetUsedUp, NotEnoughPoints],
    summary=Text("兌換", "Exchange, as offered"),
)
def exchange(call: Call) -> Answer:
    """201: it has come to its end, done or undone; 202: the partner says later, or has not answered: read it again."""
    quote_id = parse_typeid("exq", call.body["quote_id"])
    with db.unit_of_work() as session:
        # The request that held this key before died on its way: what it began goes on where it stands.
        begun = (
            exchanges.of_quote(session, quote_id, person_id=call.actor.id) if call.idempotency.claim(session) else None
        )
        started = begun or exchanges.begin(session, person_id=call.actor.id, quote_id=quote_id, now=call.now)
    ended = saga.drive(started.id, now=call.now, is_first=begun is None)
    with db.unit_of_work() as session:
        answer = Answer(_shown(session, [ended], call)[0], status=201 if ended.is_resting else 202)
        call.idempotency.store(session, answer)
    return answer


@routes.get(
    "/v1/points/exchanges",
    access=_CITIZEN,
    query=PageQuery,
    answers={200: ExchangePage},
    summary=Text("我的兌換", "My exchanges, newest first"),
)
def my_exchanges(call: Call) -> Answer:
    limit, cursor = call.query["limit"], call.query["cursor"]
    before = decode_moment_cursor(cursor) if cursor else None
    found = exchanges.of_person(call.session, call.actor.id, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_moment_cursor(shown[-1].created_at, shown[-1].id) if len(found) > limit else None
    return Answer({"items": _shown(call.session, shown, call), "next_cursor": more})


@routes.get(
    "/v1/points/exchanges/<exchange_id>",
    access=_CITIZEN,
    answers={200: ExchangeSchema},
    problems=[NotFound],
    summary=Text("一筆兌換", "One exchange"),
)
def my_exchange(call: Call) -> Answer:
    found = exchanges.get(call.session, parse_typeid("exc", call.path["exchange_id"]), person_id=call.actor.id)
    return Answer(_shown(call.session, [found], call)[0])


def rate_body(rate: Rate) -> dict[str, Any]:
    """A rate on the wire."""
    return {
        "direction": rate.direction, "points_step": rate.points_step, "value_step": rate.value_step,
        "fee_points": rate.fee_points, "least_points": rate.least_points, "most_points": rate.most_points,
        "most_points_day": rate.most_points_day, "most_points_month": rate.most_points_month,
    }  # fmt: skip


def _quote_body(made: Quote, partner: PartnerTerms, rate: Rate, call: Call) -> dict[str, Any]:
    is_out = made.direction == "out"
    per_step = Text("{points} 點 = {value} {unit}", "{points} points = {value} {unit}")
    words = texts.OFFER_OUT if is_out else texts.OFFER_IN
    in_words = words.format(
        points=f"{made.citizens_points:,}", value=f"{made.value:,}", unit=partner.unit, fee=f"{made.fee_points:,}",
        arrives=partner.arrives, last=made.account_last,
    )  # fmt: skip
    return {
        "id": typeid("exq", made.id),
        "partner": made.partner,
        "direction": made.direction,
        "points_out": made.citizens_points if is_out else 0,
        "points_in": 0 if is_out else made.citizens_points,
        "value": made.value,
        "unit": partner.unit.in_language(call.language),
        "fee_points": made.fee_points,
        "total_cost": made.citizens_points if is_out else made.value,
        "rate": per_step.format(points=rate.points_step, value=rate.value_step, unit=partner.unit).in_language(
            call.language
        ),
        "account_last": made.account_last,
        "arrives": partner.arrives.in_language(call.language),
        "in_words": in_words.in_language(call.language),
        "valid_until": on_the_wire(made.valid_until),
    }


def _shown(session: Any, found: list[Exchange], call: Call) -> list[dict[str, Any]]:
    partners_of = {code: terms.partner_terms(session, code) for code in {each.partner for each in found}}
    return [_body(each, partners_of[each.partner], call) for each in found]


def _body(each: Exchange, partner: PartnerTerms | None, call: Call) -> dict[str, Any]:
    assert partner is not None
    return {
        "id": typeid("exc", each.id),
        "partner": each.partner,
        "partner_name": partner.name.in_language(call.language),
        "direction": each.direction,
        "points": each.points,
        "fee_points": each.fee_points,
        "value": each.value,
        "unit": partner.unit.in_language(call.language),
        "account_last": each.account_last,
        "status": each.status,
        "status_words": texts.STATUSES[each.status].in_language(call.language),
        "reason": exchanges.why(each.reason).in_language(call.language) if each.reason else None,
        "arrives": partner.arrives.in_language(call.language),
        "created_at": on_the_wire(each.created_at),
        "ended_at": on_the_wire(each.ended_at) if each.ended_at else None,
    }
