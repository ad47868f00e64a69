"""The receipt as a PDF: an A4 page (more for many bills) with a QR code by which anyone can check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.clock import TAIPEI
from core.taiwan import roc_text
from core.text import Language, Text
from wallet.fonts import LATIN, load, run_of, width, wrapped


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One bill that was paid: `kind` is "parking" or "fine"; `description` is in the receipt's language."""

    kind: str
    number: str
    description: str
    amount_twd: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. Amounts in whole NT$; `payer_masked` and `account_masked` show no whole number."""

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


def receipt_pdf(receipt: Receipt, language: Language) -> bytes:
    """`receipt` as a PDF in that language. The same receipt gives the same bytes, with every typeface inside."""
    buffer = BytesIO()
    load()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, lang=language, pdfVersion=(1, 7), initialFontName=LATIN)
    paid_at = receipt.paid_at.astimezone(TAIPEI)
    canvas.setDateFormatter(lambda *_: f"D:{paid_at:%Y%m%d%H%M%S}+08'00'")
    sheet = _Sheet(canvas, receipt, language)
    canvas.setTitle(f"{_TITLE.in_language(language)} {receipt.number}")
    canvas.setAuthor(_ISSUER.in_language(language))
    canvas.setSubject(_SUBJECT.format(total=f"{receipt.total_twd:,}").in_language(language))
    canvas.setCreator("My Kaohsiung")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    sheet.masthead()
    sheet.amount()
    sheet.facts()
    sheet.bills()
    sheet.totals()
    sheet.check()
    sheet.finish()
    return buffer.getvalue()


_TITLE = Text("繳費收據", "Payment receipt")
_ISSUER = Text("高雄市政府 我的高雄", "Kaohsiung City Government, My Kaohsiung")
_BRAND = Text("我的高雄", "My Kaohsiung")
_GOVERNMENT = Text("高雄市政府", "Kaohsiung City Government")
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
_PAGE = Text("第 {page} 頁", "Page {page}")
_KINDS = {"parking": Text("停車費", "Parking fee"), "fine": Text("交通罰鍰", "Traffic fine")}

_INK = HexColor("#17242d")
_QUIET = HexColor("#5b6b75")
_HAIRLINE = HexColor("#d5dee2")
_HARBOUR = HexColor("#0b5d73")
_MIST = HexColor("#eef5f6")
_LEFT, _RIGHT, _FOOT = 22 * mm, A4[0] - 22 * mm, 26 * mm
_NUMBER_X = _LEFT + 98 * mm
_ITEM_ROOM = 92 * mm
_CODE_SIDE = 36 * mm


class _Sheet:
    """The paper being set, from top to bottom; `y` is the height in points at which the next thing goes."""

    def __init__(self, canvas: Canvas, receipt: Receipt, language: Language) -> None:
        self.canvas = canvas
        self.receipt = receipt
        self.language = language
        self.page = 1
        self.y = A4[1]

    def masthead(self) -> None:
        self.canvas.setFillColor(_HARBOUR)
        self.canvas.rect(0, A4[1] - 30 * mm, A4[0], 30 * mm, stroke=0, fill=1)
        white = HexColor("#ffffff")
        self._say(_BRAND, _LEFT, A4[1] - 16 * mm, 17, colour=white, is_strong=True)
        self._say(_GOVERNMENT, _LEFT, A4[1] - 23 * mm, 9.5, colour=white)
        self._say(_TITLE, _RIGHT, A4[1] - 19 * mm, 15, colour=white, is_right=True)
        self.y = A4[1] - 46 * mm

    def amount(self) -> None:
        self._say(_PAID, _LEFT, self.y, 11, colour=_HARBOUR, is_strong=True)
        self._say(f"NT${self.receipt.total_twd:,}", _LEFT, self.y - 13 * mm, 32, is_strong=True)
        self.y -= 25 * mm

    def facts(self) -> None:
        facts = (
            (_NUMBER, self.receipt.number),
            (_PAID_AT, self._moment()),
            (_PAYER, self.receipt.payer_masked),
            (_RAIL, f"{self.receipt.rail_name} {self.receipt.account_masked}"),
            (_PAYMENT, self.receipt.payment_id),
        )
        for name, value in facts:
            self._say(name, _LEFT, self.y, 9.5, colour=_QUIET)
            for line in wrapped(value, 10.5, _RIGHT - _LEFT - 36 * mm):
                self._say(line, _LEFT + 36 * mm, self.y, 10.5)
                self.y -= 6.4 * mm
        self.y -= 6 * mm

    def bills(self) -> None:
        self._table_head()
        for line in self.receipt.lines:
            described = wrapped(line.description, 9, _ITEM_ROOM)
            height = 12 * mm + (len(described) - 1) * 4.4 * mm
            if self.y - height < _FOOT:
                self._next_page()
                self._table_head()
            kind = _KINDS.get(line.kind, Text(line.kind, line.kind))
            self._say(kind, _LEFT + 3 * mm, self.y, 10.5)
            self._say(line.number, _NUMBER_X, self.y, 9.5, colour=_QUIET)
            self._say(f"{line.amount_twd:,}", _RIGHT - 3 * mm, self.y, 10.5, is_right=True)
            for place, words in enumerate(described):
                self._say(words, _LEFT + 3 * mm, self.y - (4.8 + 4.4 * place) * mm, 9, colour=_QUIET)
            self._rule(self.y - height + 5 * mm)
            self.y -= height

    def totals(self) -> None:
        if self.y < _FOOT + 24 * mm:
            self._next_page()
        self._say(_FEE, _LEFT + 3 * mm, self.y, 10.5)
        self._say(f"{self.receipt.fee_twd:,}", _RIGHT - 3 * mm, self.y, 10.5, is_right=True)
        self.canvas.setFillColor(_MIST)
        self.canvas.rect(_LEFT, self.y - 15 * mm, _RIGHT - _LEFT, 11 * mm, stroke=0, fill=1)
        self._say(_TOTAL, _LEFT + 3 * mm, self.y - 11 * mm, 12, is_strong=True)
        total = f"{self.receipt.total_twd:,}"
        self._say(total, _RIGHT - 3 * mm, self.y - 11 * mm, 13, is_right=True, is_strong=True)
        self.y -= 26 * mm

    def check(self) -> None:
        if self.y - _CODE_SIDE < _FOOT - 4 * mm:
            self._next_page()
        bottom = self.y - _CODE_SIDE
        self._code(self.receipt.verify_url, _LEFT, bottom)
        x = _LEFT + _CODE_SIDE + 8 * mm
        y = self.y - 6 * mm
        self._say(_CHECK, x, y, 11, is_strong=True)
        for line in wrapped(_HOW_TO_CHECK.in_language(self.language), 9.5, _RIGHT - x):
            y -= 5.6 * mm
            self._say(line, x, y, 9.5, colour=_QUIET)
        y -= 2 * mm
        for line in wrapped(self.receipt.verify_url, 9.5, _RIGHT - x):
            y -= 5.6 * mm
            self._say(line, x, y, 9.5, colour=_HARBOUR)
        self.canvas.linkURL(self.receipt.verify_url, (_LEFT, min(bottom, y - 2 * mm), _RIGHT, self.y), relative=0)

    def finish(self) -> None:
        self._foot()
        self.canvas.save()

    def _table_head(self) -> None:
        self.canvas.setFillColor(_MIST)
        self.canvas.rect(_LEFT, self.y - 3 * mm, _RIGHT - _LEFT, 9 * mm, stroke=0, fill=1)
        self._say(_WHAT, _LEFT + 3 * mm, self.y, 9.5, colour=_QUIET)
        self._say(_BILL_NUMBER, _NUMBER_X, self.y, 9.5, colour=_QUIET)
        self._say(_AMOUNT, _RIGHT - 3 * mm, self.y, 9.5, colour=_QUIET, is_right=True)
        self.y -= 10 * mm

    def _next_page(self) -> None:
        self._foot()
        self.canvas.showPage()
        self.page += 1
        self.y = A4[1] - 28 * mm

    def _foot(self) -> None:
        self._rule(16 * mm)
        self._say(f"{_TITLE.in_language(self.language)} {self.receipt.number}", _LEFT, 11 * mm, 8, colour=_QUIET)
        self._say(_PAGE.format(page=self.page), _RIGHT, 11 * mm, 8, colour=_QUIET, is_right=True)

    def _rule(self, y: float) -> None:
        self.canvas.setStrokeColor(_HAIRLINE)
        self.canvas.setLineWidth(0.6)
        self.canvas.line(_LEFT, y, _RIGHT, y)

    def _say(
        self,
        words: str | Text,
        x: float,
        y: float,
        size: float,
        *,
        colour: Color = _INK,
        is_right: bool = False,
        is_strong: bool = False,
    ) -> None:
        text = words.in_language(self.language) if isinstance(words, Text) else words
        pen = self.canvas.beginText(x - (width(text, size, is_strong=is_strong) if is_right else 0), y)
        pen.setFillColor(colour)
        # The Chinese face has one weight: a thin stroke in the same colour makes the strong one.
        pen.setStrokeColor(colour)
        for face, run in run_of(text, is_strong=is_strong):
            pen.setFont(face, size)
            pen.setTextRenderMode(2 if is_strong and face.endswith("chinese") else 0)
            pen.textOut(run)
        pen.setTextRenderMode(0)
        self.canvas.setLineWidth(size / 45)
        self.canvas.drawText(pen)

    def _code(self, url: str, x: float, y: float) -> None:
        """A QR code (ISO/IEC 18004) drawn as one path of rectangles, with its quiet zone of four modules."""
        modules = [bytes(row) for row in segno.make_qr(url, error="m").matrix]
        module = _CODE_SIDE / (len(modules) + 8)
        path = self.canvas.beginPath()
        for row_number, row in enumerate(modules):
            top = y + _CODE_SIDE - (row_number + 5) * module
            for start, end in _dark_runs(row):
                path.rect(x + (start + 4) * module, top, (end - start) * module, module)
        self.canvas.setFillColor(_INK)
        self.canvas.drawPath(path, stroke=0, fill=1)

    def _moment(self) -> str:
        paid = self.receipt.paid_at.astimezone(TAIPEI)
        if self.language == "en":
            return f"{paid.day} {_MONTHS[paid.month - 1]} {paid.year}, {paid:%H:%M:%S} (Taipei)"
        return f"{roc_text(paid.date())} {paid:%H:%M:%S}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _dark_runs(row: Sequence[int]) -> list[tuple[int, int]]:
    """The (start, end) of each stretch of dark modules in a row."""
    padded = (0, *row, 0)
    edges = [place for place in range(len(row) + 1) if padded[place] != padded[place + 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))
