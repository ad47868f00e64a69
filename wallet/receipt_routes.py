"""Receipts over HTTP: for the payer as JSON or PDF, for whoever holds the paper as a page that only says yes or no."""

from __future__ import annotations

from html import escape

from core.clock import TAIPEI, on_the_wire
from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen, public
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import people
from wallet import payments, receipts
from wallet.rail_names import rail_name
from wallet.receipt_pdf import Receipt, ReceiptLine, receipt_pdf
from wallet.schemas import ReceiptQuery, ReceiptSchema

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
    assert payment.booked_at is not None
    receipt = Receipt(
        number=record.number,
        payment_id=typeid("pay", payment.id),
        paid_at=payment.booked_at,
        payer_masked=people.masked(call.session, call.actor.id).national_id,
        lines=tuple(ReceiptLine(item.kind, item.number, item.description, item.amount_twd) for item in items),
        fee_twd=payment.fee_twd,
        total_twd=payment.total_twd,
        rail_name=rail_name(payment.rail).in_language(call.language),
        account_masked=payment.account_masked,
        verify_url=record.verify_url,
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
            "verify_url": receipt.verify_url,
        }
    )


@routes.get(
    "/verify/<token>",
    access=public(),
    answers={200: None, 404: None},
    problems=[NotFound],
    content_types=("text/html",),
    summary=Text("這張收據是真的嗎", "Is this receipt real"),
)
def verify_receipt(call: Call) -> Answer:
    """A page for whoever scans a receipt's QR code: that it was paid, when and how much; never by whom or for what."""
    found = receipts.verify(call.session, call.path["token"])
    if found is None:
        return _page(404, "查無此收據", "No such receipt", [], is_real=False)
    paid_at = found.paid_at.astimezone(TAIPEI)
    rows = [
        ("收據號碼 · Number", found.number),
        ("繳費時間 · Paid at", f"{paid_at:%Y-%m-%d %H:%M}"),
        ("金額 · Amount", f"NT$ {found.amount_twd:,}"),
        ("帳單張數 · Bills", str(found.bills)),
    ]
    if found.refunded_twd:
        rows.append(("已退款 · Returned", f"NT$ {found.refunded_twd:,}"))
    return _page(200, "已繳費", "Paid", rows, is_real=True)


def _prefers_pdf(call: Call) -> bool:
    accepted = call.request.accept_mimetypes
    return accepted["application/pdf"] > accepted["application/json"]


def _page(status: int, zh: str, en: str, rows: list[tuple[str, str]], *, is_real: bool) -> Answer:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    sign = "✓" if is_real else "✕"
    document = (
        '<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8">'
        f"<title>{zh} · {en} · 我的高雄</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        '<link rel="stylesheet" href="/problems/style.css"></head><body><main>'
        f'<h1><span aria-hidden="true">{sign}</span> {zh} · <span lang="en">{en}</span></h1><dl>{facts}</dl>'
        "<p>我的高雄 My Kaohsiung</p></main></body></html>"
    )
    return Answer(raw=document.encode(), status=status, content_type="text/html; charset=utf-8")
