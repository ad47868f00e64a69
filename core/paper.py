"""A4 sheets in the city's colours, set from top to bottom: what every PDF of the city has in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from threading import Lock

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.clock import TAIPEI
from core.fonts import LATIN, load, run_of, width
from core.taiwan import roc_text
from core.text import Language, Text

INK = HexColor("#17242d")
QUIET = HexColor("#5b6b75")
HAIRLINE = HexColor("#d5dee2")
HARBOUR = HexColor("#0b5d73")
MIST = HexColor("#eef5f6")
LEFT, RIGHT, FOOT = 22 * mm, A4[0] - 22 * mm, 26 * mm

ISSUER = Text("高雄市政府 我的高雄", "Kaohsiung City Government, My Kaohsiung")
_SETTING_TYPE = Lock()
_BRAND = Text("我的高雄", "My Kaohsiung")
_GOVERNMENT = Text("高雄市政府", "Kaohsiung City Government")
_PAGE = Text("第 {page} 頁", "Page {page}")


@contextmanager
def a4(buffer: BytesIO, language: Language, *, title: str, subject: str, made_at: datetime) -> Iterator[Canvas]:
    """A canvas that writes a PDF into `buffer`: the same content gives the same bytes, every typeface inside."""
    load()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, lang=language, pdfVersion=(1, 7), initialFontName=LATIN)
    made = made_at.astimezone(TAIPEI)
    canvas.setDateFormatter(lambda *_: f"D:{made:%Y%m%d%H%M%S}+08'00'")
    canvas.setTitle(title)
    canvas.setAuthor(ISSUER.in_language(language))
    canvas.setSubject(subject)
    canvas.setCreator("My Kaohsiung")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    yield canvas
    # The typefaces are shared, and reportlab keeps its place in their files while it takes out the letters in use.
    with _SETTING_TYPE:
        canvas.save()


def moment_text(moment: datetime, language: Language) -> str:
    """A moment in Taipei as people read it."""
    at = moment.astimezone(TAIPEI)
    if language == "en":
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M:%S} (Taipei)"
    return f"{roc_text(at.date())} {at:%H:%M:%S}"


class Paper:
    """The sheet being set; `y` is the height in points at which the next thing goes, `footing` what stands below."""

    def __init__(self, canvas: Canvas, language: Language, footing: str) -> None:
        self.canvas = canvas
        self.language = language
        self.footing = footing
        self.page = 1
        self.y = A4[1]

    def masthead(self, title: Text) -> None:
        """The band across the top of the first sheet."""
        self.canvas.setFillColor(HARBOUR)
        self.canvas.rect(0, A4[1] - 30 * mm, A4[0], 30 * mm, stroke=0, fill=1)
        white = HexColor("#ffffff")
        self.say(_BRAND, LEFT, A4[1] - 16 * mm, 17, colour=white, is_strong=True)
        self.say(_GOVERNMENT, LEFT, A4[1] - 23 * mm, 9.5, colour=white)
        self.say(title, RIGHT, A4[1] - 19 * mm, 15, colour=white, is_right=True)
        self.y = A4[1] - 46 * mm

    def next_page(self) -> None:
        """Go on on a new sheet."""
        self.foot()
        self.canvas.showPage()
        self.page += 1
        self.y = A4[1] - 28 * mm

    def foot(self) -> None:
        """What stands at the bottom of every sheet."""
        self.rule(16 * mm)
        self.say(self.footing, LEFT, 11 * mm, 8, colour=QUIET)
        self.say(_PAGE.format(page=self.page), RIGHT, 11 * mm, 8, colour=QUIET, is_right=True)

    def rule(self, y: float) -> None:
        """A hairline across."""
        self.canvas.setStrokeColor(HAIRLINE)
        self.canvas.setLineWidth(0.6)
        self.canvas.line(LEFT, y, RIGHT, y)

    def band(self, y: float, height: float) -> None:
        """A light band across, from `y` up."""
        self.canvas.setFillColor(MIST)
        self.canvas.rect(LEFT, y, RIGHT - LEFT, height, stroke=0, fill=1)

    def say(
        self,
        words: str | Text,
        x: float,
        y: float,
        size: float,
        *,
        colour: Color = INK,
        is_right: bool = False,
        is_strong: bool = False,
    ) -> None:
        """Words on one line, beginning (or ending, `is_right`) at `x`."""
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

    def code(self, text: str, x: float, y: float, side: float) -> None:
        """A QR code (ISO/IEC 18004) of `side` points with its lower left corner there, drawn as one path of rectangles,
        with its quiet zone of four modules."""
        modules = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
        module = side / (len(modules) + 8)
        path = self.canvas.beginPath()
        for row_number, row in enumerate(modules):
            top = y + side - (row_number + 5) * module
            for start, end in _dark_runs(row):
                path.rect(x + (start + 4) * module, top, (end - start) * module, module)
        self.canvas.setFillColor(INK)
        self.canvas.drawPath(path, stroke=0, fill=1)


def _dark_runs(row: Sequence[int]) -> list[tuple[int, int]]:
    """The (start, end) of each stretch of dark modules in a row."""
    padded = (0, *row, 0)
    edges = [place for place in range(len(row) + 1) if padded[place] != padded[place + 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
