"""Bills over HTTP: what I owe, and what paying it by each rail costs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.clock import on_the_wire, taipei_date
from core.cursors import decode_cursor, encode_cursor
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.taiwan import roc_text
from core.text import Text
from wallet import bills, tariffs
from wallet.schemas import BillPage, BillQuery, BillSchema, QuotePage

routes = Routes("bills")

RAIL_NAMES = {tariffs.BANK_OF_KAOHSIUNG: Text("高雄銀行帳戶扣款", "Bank of Kaohsiung account")}
_AT_ONCE = Text("立即", "at once")


@routes.get(
    "/v1/bills",
    access=citizen(loa=2),
    query=BillQuery,
    answers={200: BillPage},
    summary=Text("我的帳單", "My bills"),
)
def list_bills(call: Call) -> Answer:
    """Unpaid first, then by due date: bills on my ID number and parking on my vehicles."""
    owner = bills.owner_of(call.session, call.actor.id)
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
            "items": [bill_on_the_wire(bill, call.now) for bill in found[:limit]],
            "next_cursor": encode_cursor(*bills.sort_key(found[limit - 1])) if more else None,
        }
    )


@routes.get(
    "/v1/bills/<bill_id>",
    access=citizen(loa=2),
    answers={200: BillSchema},
    problems=[NotFound],
    summary=Text("一張帳單", "One bill"),
)
def show_bill(call: Call) -> Answer:
    """One of my bills; anybody else's is not found."""
    owner = bills.owner_of(call.session, call.actor.id)
    bill = bills.bill_of(call.session, owner, parse_typeid("bill", call.path["bill_id"]))
    return Answer(bill_on_the_wire(bill, call.now))


@routes.get(
    "/v1/bills/<bill_id>/quotes",
    access=citizen(loa=2),
    answers={200: QuotePage},
    problems=[NotFound],
    summary=Text("繳這張帳單要多少手續費", "What paying this bill costs"),
)
def quote_bill(call: Call) -> Answer:
    """The fee by each rail, with the source of the rule."""
    owner = bills.owner_of(call.session, call.actor.id)
    bill = bills.bill_of(call.session, owner, parse_typeid("bill", call.path["bill_id"]))
    in_force = tariffs.tariffs_on(call.session, taipei_date(call.now))
    items = [
        {
            "rail": tariff.rail,
            "name": RAIL_NAMES[tariff.rail].in_language(call.language),
            "fee": tariff.fee_twd,
            "total": bill.amount_twd + tariff.fee_twd,
            "currency": "TWD",
            "counts_as_paid": _AT_ONCE.in_language(call.language),
            "source": tariff.source,
        }
        for (_, kind), tariff in sorted(in_force.items())
        if kind == bill.kind and bill.not_payable_reason() is None
    ]
    return Answer({"items": items, "next_cursor": None})


def bill_on_the_wire(bill: bills.Bill, now: datetime) -> dict[str, Any]:
    """A bill as the API shows it."""
    reason = bill.not_payable_reason() or ("processing" if bill.state == "processing" else None)
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
        "payment_id": typeid("pay", bill.paid_by_payment) if bill.paid_by_payment else None,
        "paid_at": on_the_wire(bill.paid_at) if bill.paid_at else None,
        "paid_via": bill.paid_channel,
    }
