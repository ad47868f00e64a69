"""The receipt as a PDF: an A4 page (more for many bills) with a QR code by which anyone can check it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.fonts import wrapped
from core.paper import FOOT, HARBOUR, LEFT, QUIET, RIGHT, Paper, a4, moment_text
from core.text import Language, Text


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One bill that was paid: `kind` is "parking", "fine" or "ride"; `description` is in the receipt's language."""

    kind: str
    number: str
    description: str
    amount_twd: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. Amounts in whole NT$; `payer_masked` and `account_masked` show no whole number.

    `since` says in the receipt's language what has become of the payment, where it does not stand as it was paid.
    """

    number: str
    payment_id: str
    paid_at: datetime
    payer_masked: str
    lines: tuple[ReceiptLine, ...]
    fee_twd: int
    total_twd: int
    rail_name: str
    account_masked: str
    verify_url: str
    since: str = ""


def receipt_pdf(receipt: Receipt, language: Language) -> bytes:
    """`receipt` as a PDF in that language. The same receipt gives the same bytes, with every typeface inside."""
    buffer = BytesIO()
    title = f"{_TITLE.in_language(language)} {receipt.number}"
    subject = _SUBJECT.format(total=f"{receipt.total_twd:,}").in_language(language)
    with a4(buffer, language, title=title, subject=subject, made_at=receipt.paid_at) as canvas:
        sheet = _Sheet(canvas, receipt, language)
        sheet.masthead(_TITLE)
        sheet.amount()
        sheet.facts()
        sheet.bills()
        sheet.totals()
        sheet.check()
        sheet.foot()
    return buffer.getvalue()


_TITLE = Text("繳費收據", "Payment receipt")
_SUBJECT = Text("已繳納新臺幣 {total} 元", "NT${total} paid")
_PAID = Text("已繳納", "Paid")
_NUMBER = Text("收據號碼", "Receipt number")
_PAID_AT = Text("繳納時間", "Paid on")
_PAYER = Text("繳款人", "Payer")
_RAIL = Text("付款方式", "Paid from")
_PAYMENT = Text("付款編號", "Payment")
_WHAT = Text("項目", "Item")
_BILL_NUMBER = Text("單號", "Bill number")
_AMOUNT = Text("金額（新臺幣元）", "Amount (NT$)")
_FEE = Text("手續費", "Service fee")
_TOTAL = Text("合計", "Total")
_CHECK = Text("查驗這張收據", "Check this receipt")
_HOW_TO_CHECK = Text(
    "掃描 QR 碼或開啟下方網址，即可看到這筆款項是否已繳、何時繳、金額多少。",
    "Scan the code or open the address below to see whether, when and how much was paid.",
)
_KINDS = {
    "parking": Text("停車費", "Parking fee"),
    "fine": Text("交通罰鍰", "Traffic fine"),
    "ride": Text("接送車資", "Fare of a ride"),
}

_NUMBER_X = LEFT + 98 * mm
_ITEM_ROOM = 92 * mm
_CODE_SIDE = 36 * mm


class _Sheet(Paper):
    """The receipt being set."""

    def __init__(self, canvas: Canvas, receipt: Receipt, language: Language) -> None:
        super().__init__(canvas, language, f"{_TITLE.in_language(language)} {receipt.number}")
        self.receipt = receipt

    def amount(self) -> None:
        self.say(_PAID, LEFT, self.y, 11, colour=HARBOUR, is_strong=True)
        self.say(f"NT${self.receipt.total_twd:,}", LEFT, self.y - 13 * mm, 32, is_strong=True)
        self.y -= 25 * mm
        if self.receipt.since:
            self.say(self.receipt.since, LEFT, self.y + 4 * mm, 11, is_strong=True)
            self.y -= 6 * mm

    def facts(self) -> None:
        facts = (
            (_NUMBER, self.receipt.number),
            (_PAID_AT, moment_text(self.receipt.paid_at, self.language)),
            (_PAYER, self.receipt.payer_masked),
            (_RAIL, f"{self.receipt.rail_name} {self.receipt.account_masked}"),
            (_PAYMENT, self.receipt.payment_id),
        )
        for name, value in facts:
            self.say(name, LEFT, self.y, 9.5, colour=QUIET)
            for line in wrapped(value, 10.5, RIGHT - LEFT - 36 * mm):
                self.say(line, LEFT + 36 * mm, self.y, 10.5)
                self.y -= 6.4 * mm
        self.y -= 6 * mm

    def bills(self) -> None:
        self._table_head()
        for line in self.receipt.lines:
            described = wrapped(line.description, 9, _ITEM_ROOM)
            height = 12 * mm + (len(described) - 1) * 4.4 * mm
            if self.y - height < FOOT:
                self.next_page()
                self._table_head()
            kind = _KINDS.get(line.kind, Text(line.kind, line.kind))
            self.say(kind, LEFT + 3 * mm, self.y, 10.5)
            self.say(line.number, _NUMBER_X, self.y, 9.5, colour=QUIET)
            self.say(f"{line.amount_twd:,}", RIGHT - 3 * mm, self.y, 10.5, is_right=True)
            for place, words in enumerate(described):
                self.say(words, LEFT + 3 * mm, self.y - (4.8 + 4.4 * place) * mm, 9, colour=QUIET)
            self.rule(self.y - height + 5 * mm)
            self.y -= height

    def totals(self) -> None:
        if self.y < FOOT + 24 * mm:
            self.next_page()
        self.say(_FEE, LEFT + 3 * mm, self.y, 10.5)
        self.say(f"{self.receipt.fee_twd:,}", RIGHT - 3 * mm, self.y, 10.5, is_right=True)
        self.band(self.y - 15 * mm, 11 * mm)
        self.say(_TOTAL, LEFT + 3 * mm, self.y - 11 * mm, 12, is_strong=True)
        total = f"{self.receipt.total_twd:,}"
        self.say(total, RIGHT - 3 * mm, self.y - 11 * mm, 13, is_right=True, is_strong=True)
        self.y -= 26 * mm

    def check(self) -> None:
        if self.y - _CODE_SIDE < FOOT - 4 * mm:
            self.next_page()
        bottom = self.y - _CODE_SIDE
        self.code(self.receipt.verify_url, LEFT, bottom, _CODE_SIDE)
        x = LEFT + _CODE_SIDE + 8 * mm
        y = self.y - 6 * mm
        self.say(_CHECK, x, y, 11, is_strong=True)
        for line in wrapped(_HOW_TO_CHECK.in_language(self.language), 9.5, RIGHT - x):
            y -= 5.6 * mm
            self.say(line, x, y, 9.5, colour=QUIET)
        y -= 2 * mm
        for line in wrapped(self.receipt.verify_url, 9.5, RIGHT - x):
            y -= 5.6 * mm
            self.say(line, x, y, 9.5, colour=HARBOUR)
        self.canvas.linkURL(self.receipt.verify_url, (LEFT, min(bottom, y - 2 * mm), RIGHT, self.y), relative=0)

    def _table_head(self) -> None:
        self.band(self.y - 3 * mm, 9 * mm)
        self.say(_WHAT, LEFT + 3 * mm, self.y, 9.5, colour=QUIET)
        self.say(_BILL_NUMBER, _NUMBER_X, self.y, 9.5, colour=QUIET)
        self.say(_AMOUNT, RIGHT - 3 * mm, self.y, 9.5, colour=QUIET, is_right=True)
        self.y -= 10 * mm
