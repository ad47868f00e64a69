"""Receipts over HTTP, for the payer: one of each payment, as JSON or PDF."""

from __future__ import annotations

from core.clock import on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Language, Text
from identity import people
from wallet import payments, receipts
from wallet.rail_names import rail_name
from wallet.receipt_pdf import Receipt, ReceiptLine, receipt_pdf
from wallet.receipts import Standing
from wallet.schemas import ReceiptQuery, ReceiptSchema
from wallet.statement_texts import STATUSES

routes = Routes("receipts")


@routes.get(
    "/v1/payments/<payment_id>/receipt",
    access=citizen(loa=2),
    query=ReceiptQuery,
    answers={200: ReceiptSchema},
    problems=[NotFound],
    content_types=("application/json", "application/pdf"),
    summary=Text("收據", "Receipt"),
)
def show_receipt(call: Call) -> Answer:
    """The receipt as JSON, or as PDF with `?format=pdf` or `Accept: application/pdf`."""
    payment = payments.payment_of(call.session, call.actor.id, parse_typeid("pay", call.path["payment_id"]))
    record = receipts.receipt_of(call.session, payment.id)
    items = payments.items_of(call.session, [payment.id])[payment.id]
    standing = receipts.standing_of(call.session, payment.id)
    receipt = Receipt(
        number=record.number,
        payment_id=typeid("pay", payment.id),
        paid_at=standing.paid_at,
        payer_masked=people.masked(call.session, call.actor.id).national_id,
        lines=tuple(ReceiptLine(item.kind, item.number, item.description, item.amount_twd) for item in items),
        fee_twd=payment.fee_twd,
        total_twd=payment.total_twd,
        rail_name=rail_name(payment.rail).in_language(call.language),
        account_masked=payment.account_masked,
        verify_url=record.verify_url,
        since=_since(standing, call.language),
    )
    wanted = call.query["format"] or ("pdf" if _prefers_pdf(call) else "json")
    if wanted == "pdf":
        headers = {"Content-Disposition": f'inline; filename="{record.number}.pdf"'}
        return Answer(raw=receipt_pdf(receipt, call.language), headers=headers, content_type="application/pdf")
    return Answer(
        {
            "number": receipt.number,
            "payment_id": receipt.payment_id,
            "paid_at": on_the_wire(receipt.paid_at),
            "payer": receipt.payer_masked,
            "account": receipt.account_masked,
            "lines": [
                {"kind": line.kind, "number": line.number, "description": line.description, "amount": line.amount_twd}
                for line in receipt.lines
            ],
            "fee": receipt.fee_twd,
            "total": receipt.total_twd,
            "currency": "TWD",
            "status": standing.status,
            "given_back": standing.total_twd - standing.standing_twd,
            "verify_url": receipt.verify_url,
        }
    )


def _since(standing: Standing, language: Language) -> str:
    if standing.status == "paid":
        return ""
    gone = standing.total_twd - standing.standing_twd
    return f"{STATUSES[standing.status].in_language(language)} NT${gone:,}"


def _prefers_pdf(call: Call) -> bool:
    accepted = call.request.accept_mimetypes
    return accepted["application/pdf"] > accepted["application/json"]
