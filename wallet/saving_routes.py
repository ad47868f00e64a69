"""What was saved, for everybody to see and check: JSON and one page."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, public
from core.text import Text
from wallet import savings
from wallet.rail_names import rail_name
from wallet.saving_page import page_of
from wallet.saving_schemas import SavingsOfMonthSchema, SavingsSchema
from wallet.saving_texts import METHOD, meaning_of
from wallet.savings import Costs

routes = Routes("savings")


@routes.get(
    "/v1/savings",
    access=public(),
    answers={200: SavingsSchema},
    summary=Text("省下了多少，逐月", "What was saved, by month"),
)
def list_savings(call: Call) -> Answer:
    """Every month since the first payment, with its sums; each month's address holds the numbers behind it."""
    as_of, months = savings.months(call.session, now=call.now)
    return Answer(
        {
            "as_of": as_of and on_the_wire(as_of),
            "currency": "TWD",
            "method": METHOD.in_language(call.language),
            "total": _costs(sum((month.costs for month in months), Costs())),
            "months": [
                {"month": f"{month.first_day:%Y-%m}", "url": f"/v1/savings/{month.first_day:%Y-%m}",
                 **_costs(month.costs)}
                for month in months
            ],
        }
    )  # fmt: skip


@routes.get(
    "/v1/savings/<month>",
    access=public(),
    answers={200: SavingsOfMonthSchema},
    problems=[NotFound],
    summary=Text("一個月省下了多少，和怎麼算的", "What was saved in a month, and how that is counted"),
)
def show_month(call: Call) -> Answer:
    """By rail and kind of bill, with the accounts of the book that moved and every price with its source."""
    first_day = _month(call)
    as_of, month, movements, prices = savings.month_of(call.session, first_day)
    return Answer(
        {
            "month": f"{first_day:%Y-%m}",
            "as_of": as_of and on_the_wire(as_of),
            "currency": "TWD",
            "method": METHOD.in_language(call.language),
            "total": _costs(month.costs),
            "lines": [
                {"rail": line.rail, "rail_name": rail_name(line.rail).in_language(call.language),
                 "kind": line.bill_kind, **_costs(line.costs)}
                for line in month.lines
            ],
            "book": [
                {"account": moved.code, "debits": moved.debits_twd, "credits": moved.credits_twd,
                 "means": meaning_of(moved.code).in_language(call.language)}
                for moved in movements
            ],
            "prices": [
                {"rail": price.rail, "kind": price.bill_kind, "fee": price.fee_twd, "city_flat": price.city_flat_twd,
                 "city_basis_points": price.city_basis_points, "valid_from": price.valid_from.isoformat(),
                 "valid_until": price.valid_until and price.valid_until.isoformat(), "source": price.source,
                 "city_source": price.city_source}
                for price in prices
            ],
        }
    )  # fmt: skip


@routes.get(
    "/savings",
    access=public(),
    answers={200: None},
    content_types=("text/html",),
    summary=Text("省下了多少", "What was saved"),
)
def show_page(call: Call) -> Answer:
    """The page for people, in both languages, with a chart and the same numbers as a table."""
    as_of, months = savings.months(call.session, now=call.now)
    return Answer(raw=page_of(months, as_of).encode(), content_type="text/html; charset=utf-8")


def _month(call: Call) -> date:
    try:
        first_day = date.fromisoformat(f"{call.path['month']}-01")
    except ValueError:
        raise NotFound from None
    if f"{first_day:%Y-%m}" != call.path["month"] or not date(2026, 1, 1) <= first_day <= taipei_date(call.now):
        raise NotFound
    return first_day


def _costs(costs: Costs) -> dict[str, Any]:
    return {
        "bills": costs.bills,
        "amount": costs.amount_twd,
        "at_a_store": _split(costs.store_payer_twd, costs.store_city_twd),
        "here": _split(costs.rail_payer_twd, costs.rail_city_twd),
        "saved": _split(costs.saved_payer_twd, costs.saved_city_twd),
    }


def _split(payer_twd: int, city_twd: int) -> dict[str, int]:
    return {"payer": payer_twd, "city": city_twd, "total": payer_twd + city_twd}
