"""The yearly statement as a PDF: what was paid, when, by what, and what does not stand any more."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.clock import TAIPEI
from core.paper import FOOT, HARBOUR, LEFT, QUIET, RIGHT, Paper, a4
from core.text import Language, Text
from wallet.rail_names import rail_name
from wallet.statement_texts import KINDS, STATUSES, TITLE, TOTALS, year_text
from wallet.statements import StatedPayment, Statement


def statement_pdf(statement: Statement, payer_masked: str, language: Language, *, made_at: datetime) -> bytes:
    """`statement` as a PDF in that language, made at that moment."""
    buffer = BytesIO()
    title = f"{TITLE.in_language(language)} {year_text(statement.year).in_language(language)}"
    subject = _SUBJECT.format(total=f"{statement.standing_twd:,}").in_language(language)
    with a4(buffer, language, title=title, subject=subject, made_at=made_at) as canvas:
        sheet = _Sheet(canvas, statement, language, f"{title} {payer_masked}")
        sheet.masthead(TITLE)
        sheet.sums(payer_masked, made_at)
        sheet.table_head()
        for payment in statement.payments:
            sheet.payment(payment)
        sheet.foot()
    return buffer.getvalue()


_SUBJECT = Text("全年有效繳納新臺幣 {total} 元", "NT${total} paid in the year")
_PAYER = Text("繳款人", "Payer")
_YEAR = Text("年度", "Year")
_AS_OF = Text("製表時間", "As of")
_DATE = Text("日期", "Date")
_WHAT = Text("收據與項目", "Receipt and items")
_AMOUNT = Text("金額（元）", "Amount (NT$)")
_FEE = Text("手續費", "Service fee")
_NONE = Text("這一年沒有繳費紀錄。", "Nothing was paid in this year.")
_ITEM_X = LEFT + 28 * mm


class _Sheet(Paper):
    """The statement being set."""

    def __init__(self, canvas: Canvas, statement: Statement, language: Language, footing: str) -> None:
        super().__init__(canvas, language, footing)
        self.statement = statement

    def sums(self, payer_masked: str, made_at: datetime) -> None:
        self.say(TOTALS["standing"], LEFT, self.y, 11, colour=HARBOUR, is_strong=True)
        self.say(f"NT${self.statement.standing_twd:,}", LEFT, self.y - 13 * mm, 32, is_strong=True)
        self.y -= 24 * mm
        facts = [
            (_YEAR, year_text(self.statement.year).in_language(self.language)),
            (_PAYER, payer_masked),
            (_AS_OF, f"{made_at.astimezone(TAIPEI):%Y-%m-%d %H:%M}"),
            (KINDS["parking"], f"{self.statement.sum_of('parking'):,}"),
            (KINDS["fine"], f"{self.statement.sum_of('fine'):,}"),
            (KINDS["ride"], f"{self.statement.sum_of('ride'):,}"),
            (TOTALS["fees"], f"{self.statement.fees_twd:,}"),
            (TOTALS["total"], f"{self.statement.total_twd:,}"),
            (TOTALS["gone_back"], f"{self.statement.gone_back_twd:,}"),
        ]
        for name, value in facts:
            self.say(name, LEFT, self.y, 9.5, colour=QUIET)
            self.say(value, LEFT + 52 * mm, self.y, 10.5)
            self.y -= 6.2 * mm
        self.y -= 6 * mm

    def table_head(self) -> None:
        self.band(self.y - 3 * mm, 9 * mm)
        self.say(_DATE, LEFT + 3 * mm, self.y, 9.5, colour=QUIET)
        self.say(_WHAT, _ITEM_X, self.y, 9.5, colour=QUIET)
        self.say(_AMOUNT, RIGHT - 3 * mm, self.y, 9.5, colour=QUIET, is_right=True)
        self.y -= 10 * mm
        if not self.statement.payments:
            self.say(_NONE, LEFT + 3 * mm, self.y, 10.5)

    def payment(self, payment: StatedPayment) -> None:
        rows = [(KINDS[item.kind], item.number, item.amount_twd) for item in payment.items]
        if payment.fee_twd:
            rows.append((_FEE, "", payment.fee_twd))
        # A payment of many bills is longer than a sheet: its heading keeps at least its first two lines.
        self._room(6 * mm + min(len(rows), 2) * 5 * mm)
        paid_on = payment.standing.paid_at.astimezone(TAIPEI)
        self.say(f"{paid_on:%Y-%m-%d}", LEFT + 3 * mm, self.y, 9.5)
        by = f"{rail_name(payment.rail).in_language(self.language)} {payment.account_masked}"
        self.say(f"{payment.receipt_number}  {by}", _ITEM_X, self.y, 9.5)
        self.say(f"{payment.standing.total_twd:,}", RIGHT - 3 * mm, self.y, 10.5, is_right=True, is_strong=True)
        self.y -= 5 * mm
        for kind, number, amount in rows:
            self._room(5 * mm)
            self.say(f"{kind.in_language(self.language)} {number}", _ITEM_X, self.y, 9, colour=QUIET)
            self.say(f"{amount:,}", RIGHT - 24 * mm, self.y, 9, colour=QUIET, is_right=True)
            self.y -= 4.6 * mm
        if payment.standing.status != "paid":
            self._room(5 * mm)
            gone = payment.standing.total_twd - payment.standing.standing_twd
            words = f"{STATUSES[payment.standing.status].in_language(self.language)} -{gone:,}"
            self.say(words, _ITEM_X, self.y, 9, is_strong=True)
            self.y -= 4.6 * mm
        self.rule(self.y + 1.4 * mm)
        self.y -= 4 * mm

    def _room(self, height: float) -> None:
        if self.y - height < FOOT:
            self.next_page()
            self.table_head()
