"""What the counter hands over on paper, in large print: the slip with a code, and the printed card.

Neither names its holder: who finds one learns a masked number, and needs the whole one (and the PIN) besides.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.clock import TAIPEI
from core.fonts import wrapped
from core.paper import HARBOUR, INK, LEFT, QUIET, RIGHT, Paper, a4, moment_text
from core.settings import settings
from core.text import Language, Text
from identity.enrolment_slips import Slip
from identity.printed_cards import Issued

_LARGE, _LEAD = 16.0, 9.0 * mm
"""Large print: at least 16 points (RNIB Clear Print guidelines)."""
_CODE_SIDE = 52 * mm
_COLUMNS, _ROWS = 2, 20

_SLIP_TITLE = Text("登錄碼", "Enrolment code")
_SLIP_SUBJECT = Text("在自己的手機登入用的一次性號碼", "A one-time code to sign in on your own phone")
_SLIP_STEPS = (
    Text("用手機掃描下面的圖，或在手機開啟 {address}", "Scan the picture below with your phone, or open {address}"),
    Text("輸入您的身分證字號，和這張紙上的登錄碼", "Enter your ID number, and the code on this paper"),
    Text("用指紋、臉部或螢幕鎖確認，就完成了", "Confirm with fingerprint, face or screen lock; that is all"),
)
_SLIP_UNTIL = Text("{moment} 前有效，只能用一次。", "Good until {moment}, and once only.")
_HOLDER = Text("持有人 {holder}", "For {holder}")
_NEVER_TELL = Text(
    "不要把號碼告訴任何人。市府人員不會打電話跟您要這個號碼。",
    "Tell this to nobody. The city never calls to ask for it.",
)
_LOST = Text("遺失請撥 1999，或到服務櫃檯。", "If it is lost, call 1999 or come to a service counter.")
_CARD_TITLE = Text("密碼卡", "Printed card")
_CARD_SUBJECT = Text("在自助機與 1999 電話登入用的號碼", "Codes to sign in at kiosks and by phone at 1999")
_CARD_HOW = Text(
    "每次會問您「第幾號」。念出或輸入那一號的 8 個數字，再按您的 PIN。用過的號碼請劃掉。",
    "You are asked for one number of this card at a time. Read out or type its 8 digits, then key in your PIN. Cross "
    "out what you have used.",
)
_CARD_PIN = Text(
    "PIN 只在電話按鍵或自助機上按，絕不說給任何人聽，包括 1999 的人員。",
    "Key the PIN in on the telephone or the kiosk alone; never say it aloud, not even to the people at 1999.",
)
_CARD_UNTIL = Text(
    "{moment} 前有效。可看帳單、叫車，不能繳費。", "Good until {moment}. For bills and rides, never to pay."
)


def slip_pdf(slip: Slip, *, made_at: datetime) -> bytes:
    """The slip with a code as a PDF, in its holder's language. Its QR code holds the address, with the code after `#`:
    no server ever sees that part."""
    language: Language = "en" if slip.language == "en" else "zh-TW"
    buffer = BytesIO()
    title, subject = _SLIP_TITLE.in_language(language), _SLIP_SUBJECT.in_language(language)
    with a4(buffer, language, title=title, subject=subject, made_at=made_at) as canvas:
        sheet = _Sheet(canvas, language, title)
        sheet.masthead(_SLIP_TITLE)
        sheet.paragraph(_HOLDER.format(holder=slip.holder_masked), colour_is_quiet=True)
        sheet.say(slip.code, LEFT, sheet.y - 6 * mm, 40, is_strong=True)
        sheet.y -= 22 * mm
        address = f"{settings().public_origin}/app/enrol"
        for number, step in enumerate(_SLIP_STEPS, start=1):
            sheet.paragraph(step.format(address=address), mark=f"{number}.")
        sheet.paragraph(_SLIP_UNTIL.format(moment=_moment(slip.expires_at, language)), is_strong=True)
        sheet.code(f"{address}#code={slip.code}", LEFT, sheet.y - _CODE_SIDE, _CODE_SIDE)
        sheet.y -= _CODE_SIDE + 10 * mm
        sheet.paragraph(_NEVER_TELL, is_strong=True)
        sheet.paragraph(_LOST)
        sheet.foot()
    return buffer.getvalue()


def card_pdf(card: Issued, holder_masked: str, language: str, *, made_at: datetime) -> bytes:
    """The printed card as a PDF: how it is used, then the codes with their numbers, in large print."""
    chosen: Language = "en" if language == "en" else "zh-TW"
    buffer = BytesIO()
    title, subject = _CARD_TITLE.in_language(chosen), _CARD_SUBJECT.in_language(chosen)
    with a4(buffer, chosen, title=title, subject=subject, made_at=made_at) as canvas:
        sheet = _Sheet(canvas, chosen, title)
        sheet.masthead(_CARD_TITLE)
        sheet.paragraph(_HOLDER.format(holder=holder_masked), colour_is_quiet=True)
        for words in (_CARD_HOW, _CARD_PIN):
            sheet.paragraph(words)
        sheet.paragraph(_CARD_UNTIL.format(moment=_moment(card.expires_at, chosen)), is_strong=True)
        sheet.paragraph(_NEVER_TELL)
        sheet.paragraph(_LOST)
        sheet.next_page()
        sheet.codes(card.codes)
        sheet.foot()
    return buffer.getvalue()


class _Sheet(Paper):
    """A sheet in large print."""

    def __init__(self, canvas: Canvas, language: Language, title: str) -> None:
        super().__init__(canvas, language, title)

    def paragraph(self, words: Text, *, mark: str = "", is_strong: bool = False, colour_is_quiet: bool = False) -> None:
        left = LEFT + (9 * mm if mark else 0)
        if mark:
            self.say(mark, LEFT, self.y, _LARGE, is_strong=True, colour=HARBOUR)
        for line in wrapped(words.in_language(self.language), _LARGE, RIGHT - left, is_strong=is_strong):
            self.say(line, left, self.y, _LARGE, is_strong=is_strong, colour=QUIET if colour_is_quiet else INK)
            self.y -= _LEAD
        self.y -= 3 * mm

    def codes(self, codes: tuple[str, ...]) -> None:
        """Down the left column first; each in two groups of four, with its number beside."""
        top, column = self.y + 6 * mm, (RIGHT - LEFT) / _COLUMNS
        for place, code in enumerate(codes):
            x, y = LEFT + place // _ROWS * column, top - place % _ROWS * 11.6 * mm
            self.say(f"{place + 1}", x + 11 * mm, y, 15, is_right=True, colour=HARBOUR)
            self.say(f"{code[:4]} {code[4:]}", x + 17 * mm, y, 21, is_strong=True)
            if place % _ROWS % 5 == 4 and place // _ROWS == 0:
                self.rule(y - 3.6 * mm)


def _moment(moment: datetime, language: Language) -> str:
    return moment_text(moment.astimezone(TAIPEI), language).rsplit(":", 1)[0]
