"""The yearly statement over HTTP: JSON, PDF for the file, CSV for a spreadsheet."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire, taipei_date
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import typeid
from core.text import Text
from identity import people
from wallet.rail_names import rail_name
from wallet.statement_file import statement_csv
from wallet.statement_pdf import statement_pdf
from wallet.statement_schemas import StatementQuery, StatementSchema, YearsSchema
from wallet.statement_texts import STATUSES, year_text
from wallet.statements import FIRST_YEAR, StatedPayment, statement_of, years_of

routes = Routes("receipts")

_TYPES = ("application/json", "application/pdf", "text/csv")


@routes.get(
    "/v1/receipts/years",
    access=citizen(loa=2),
    answers={200: YearsSchema},
    summary=Text("有繳費紀錄的年度", "Years with payments"),
)
def list_years(call: Call) -> Answer:
    """The calendar years in which I paid something, newest first."""
    items = [
        {"year": year, "year_words": year_text(year).in_language(call.language)}
        for year in years_of(call.session, call.actor.id)
    ]
    return Answer({"items": items, "next_cursor": None})


@routes.get(
    "/v1/receipts/years/<year>",
    access=citizen(loa=2),
    query=StatementQuery,
    answers={200: StatementSchema},
    problems=[NotFound],
    content_types=_TYPES,
    summary=Text("年度繳費明細", "Yearly statement"),
)
def show_statement(call: Call) -> Answer:
    """Everything I paid in a year and what has become of it; `?format=pdf` or `csv`, or by `Accept`."""
    year = _year(call)
    statement = statement_of(call.session, call.actor.id, year)
    payer = people.masked(call.session, call.actor.id).national_id
    match call.query["format"] or _preferred(call):
        case "pdf":
            content = statement_pdf(statement, payer, call.language, made_at=call.now)
            return _file(content, "application/pdf", f"statement-{year}.pdf")
        case "csv":
            return _file(statement_csv(statement, call.language), "text/csv; charset=utf-8", f"statement-{year}.csv")
    return Answer(
        {
            "year": year,
            "year_words": year_text(year).in_language(call.language),
            "payer": payer,
            "as_of": on_the_wire(call.now),
            "currency": "TWD",
            "parking": statement.sum_of("parking"),
            "fines": statement.sum_of("fine"),
            "rides": statement.sum_of("ride"),
            "fees": statement.fees_twd,
            "total": statement.total_twd,
            "given_back": statement.gone_back_twd,
            "standing": statement.standing_twd,
            "payments": [_shown(payment, call.language) for payment in statement.payments],
        }
    )


def _shown(payment: StatedPayment, language: str) -> dict[str, Any]:
    standing = payment.standing
    return {
        "payment_id": typeid("pay", payment.payment_id),
        "receipt_number": payment.receipt_number,
        "paid_at": on_the_wire(standing.paid_at),
        "rail": payment.rail,
        "rail_name": rail_name(payment.rail).in_language(language),
        "account": payment.account_masked,
        "lines": [
            {"kind": item.kind, "number": item.number, "description": item.description, "amount": item.amount_twd}
            for item in payment.items
        ],
        "fee": payment.fee_twd,
        "total": standing.total_twd,
        "points": payment.points_pt,
        "status": standing.status,
        "status_words": STATUSES[standing.status].in_language(language),
        "given_back": standing.total_twd - standing.standing_twd,
        "standing": standing.standing_twd,
    }


def _year(call: Call) -> int:
    written = call.path["year"]
    is_year = len(written) == 4 and written.isascii() and written.isdigit()
    if not is_year or not FIRST_YEAR <= int(written) <= taipei_date(call.now).year:
        raise NotFound
    return int(written)


def _preferred(call: Call) -> str:
    best = call.request.accept_mimetypes.best_match(_TYPES, default="application/json")
    return {"application/pdf": "pdf", "text/csv": "csv"}.get(best, "json")


def _file(content: bytes, content_type: str, name: str) -> Answer:
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Answer(raw=content, headers=headers, content_type=content_type)
