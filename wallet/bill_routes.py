"""Bills over HTTP: what I owe, and what paying it by each rail costs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.clock import on_the_wire
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.taiwan import roc_text
from core.text import Text
from wallet import bills
from wallet.not_payable import explained
from wallet.paying_for import READING, owner_seen_by
from wallet.quote_schemas import QuotePage
from wallet.quotes import Quote, counts_as_paid_words, quotes_for
from wallet.rail_names import NAMES, SLIPS
from wallet.schemas import BillPage, BillQuery, BillSchema

routes = Routes("bills")


@routes.get(
    "/v1/bills",
    access=citizen(loa=2, delegable=READING),
    query=BillQuery,
    answers={200: BillPage},
    summary=Text("我的帳單", "My bills"),
)
def list_bills(call: Call) -> Answer:
    """Unpaid first, then by due date: bills on my ID number and parking on my vehicles."""
    owner = owner_seen_by(call.session, call.actor, what="bills", now=call.now)
    limit = call.query["limit"]
    after = decode_cursor(call.query["cursor"], int, str, str) if call.query["cursor"] else None
    try:
        if after and after[0] not in (0, 1):
            raise ValueError
        found = bills.page_of_bills(call.session, owner, status=call.query["status"], limit=limit + 1, after=after)
    except ValueError:
        raise InvalidRequest(errors=[FieldError("cursor", "not a cursor that this list gave out")]) from None
    more = len(found) > limit
    return Answer(
        {
            "items": [bill_on_the_wire(bill, call.now, call.language) for bill in found[:limit]],
            "next_cursor": encode_cursor(*bills.sort_key(found[limit - 1])) if more else None,
        }
    )


@routes.get(
    "/v1/bills/<bill_id>",
    access=citizen(loa=2, delegable=READING),
    answers={200: BillSchema},
    problems=[NotFound],
    summary=Text("一張帳單", "One bill"),
)
def show_bill(call: Call) -> Answer:
    """One of my bills; anybody else's is not found."""
    bill = _bill(call)
    return Answer(bill_on_the_wire(bill, call.now, call.language))


@routes.get(
    "/v1/bills/<bill_id>/quotes",
    access=citizen(loa=2, delegable=READING),
    answers={200: QuotePage},
    problems=[NotFound],
    summary=Text("這張帳單的每一種繳法", "Every way to pay this bill"),
)
def quote_bill(call: Call) -> Answer:
    """What each way costs me and the city, when it counts, what bars it; the cheapest for both first, none left out."""
    bill = _bill(call)
    found = quotes_for(call.session, call.actor.id, bill, now=call.now)
    return Answer({"items": [_quote_on_the_wire(quote, call.language) for quote in found], "next_cursor": None})


def _bill(call: Call) -> bills.Bill:
    """The bill of the path, where the caller may see it. Raises NotFound."""
    bill_id = parse_typeid("bill", call.path["bill_id"])
    owner = owner_seen_by(call.session, call.actor, what="bill", reference=typeid("bill", bill_id), now=call.now)
    return bills.bill_of(call.session, owner, bill_id)


def _quote_on_the_wire(quote: Quote, language: str) -> dict[str, Any]:
    code, words = quote.barred or (None, None)
    return {
        "rail": quote.rail,
        "name": NAMES[quote.rail].in_language(language),
        "is_slip": quote.rail in SLIPS,
        "amount": quote.amount_twd,
        "fee": quote.tariff.fee_twd,
        "total": quote.total_twd,
        "city_cost": quote.city_cost_twd,
        "currency": "TWD",
        "counts_as_paid": quote.term.counts_as_paid,
        "counts_as_paid_on": quote.counts_on.isoformat(),
        "counts_as_paid_words": counts_as_paid_words(quote).in_language(language),
        "item_cap": quote.term.item_cap_twd,
        "limit": quote.limit_twd,
        "is_available": quote.barred is None,
        "unavailable_reason": code,
        "unavailable_words": words and words.in_language(language),
        "is_recommended": quote.why_recommended is not None,
        "recommended_because": quote.why_recommended and quote.why_recommended.in_language(language),
        "source": quote.tariff.source,
        "city_source": quote.tariff.city_source,
        "terms_source": quote.term.source,
    }


def bill_on_the_wire(bill: bills.Bill, now: datetime, language: str) -> dict[str, Any]:
    """A bill as the API shows it."""
    reason, words = explained(bill, now) or (None, None)
    return {
        "id": typeid("bill", bill.id),
        "kind": bill.kind,
        "number": bill.number,
        "plate": bill.plate,
        "vehicle": bill.vehicle,
        "district": bill.district,
        "road": bill.road,
        "place": bill.place,
        "occurred_at": on_the_wire(bill.occurred_at),
        "law_code": bill.law_code,
        "law_text": bill.law_text,
        "amount": bill.amount_twd,
        "currency": "TWD",
        "due_on": bill.due_on.isoformat(),
        "due_on_roc": roc_text(bill.due_on),
        "is_overdue": bill.is_overdue(now),
        "status": bill.state,
        "is_payable": bill.not_payable_reason() is None,
        "not_payable_reason": reason,
        "not_payable_explanation": words and words.in_language(language),
        "instalment_plan_id": typeid("ipl", bill.plan_id) if bill.plan_id else None,
        "part_number": bill.part_number,
        "part_count": bill.part_count,
        "payment_id": typeid("pay", bill.paid_by_payment) if bill.paid_by_payment else None,
        "paid_at": on_the_wire(bill.paid_at) if bill.paid_at else None,
        "paid_via": bill.paid_channel,
    }
