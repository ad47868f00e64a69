"""The typefaces of the city's PDFs, and lines of Chinese and Latin set in them side by side.

May be called from outside: `load`, `run_of`, `width`, `wrapped`. Never: a lookup of fonts on the machine,
because a paper must look the same wherever it is made.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from threading import Lock

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

CHINESE = "mykh-chinese"
LATIN = "mykh-latin"
LATIN_STRONG = "mykh-latin-strong"

_FOLDER = Path(__file__).resolve().parent
_FILES = {
    CHINESE: "DroidSansFallback-Big5.ttf",
    LATIN: "OpenSans-Regular.ttf",
    LATIN_STRONG: "OpenSans-Semibold.ttf",
}
_MISSING_TYPE = "〓"
_NEVER_FIRST_ON_A_LINE = frozenset(",.;:?!)\uff0c\u3002\u3001\uff1b\uff1a\uff1f\uff01\uff09」』】》…—")
_loading = Lock()


def run_of(text: str, *, is_strong: bool = False) -> Iterator[tuple[str, str]]:
    """`text` cut into (face, characters) runs; what no face draws becomes 〓."""
    latin = LATIN_STRONG if is_strong else LATIN
    in_latin, in_chinese = load()
    faced = [
        (latin if ord(c) in in_latin else CHINESE, c if ord(c) in in_latin or ord(c) in in_chinese else _MISSING_TYPE)
        for c in unicodedata.normalize("NFC", text)
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    ]
    for face, run in groupby(faced, key=lambda pair: pair[0]):
        yield face, "".join(character for _, character in run)


def width(text: str, size: float, *, is_strong: bool = False) -> float:
    """How wide `text` is in points at that size."""
    return sum(float(pdfmetrics.stringWidth(run, face, size)) for face, run in run_of(text, is_strong=is_strong))


def wrapped(text: str, size: float, room: float, *, is_strong: bool = False) -> list[str]:
    """`text` in lines no wider than `room` points, broken between Chinese characters, at spaces, or where it must."""
    lines = [""]
    for piece in _breakable(text):
        if width(lines[-1] + piece.rstrip(), size, is_strong=is_strong) <= room:
            lines[-1] += piece
            continue
        lines.append("")
        for character in piece:
            if lines[-1] and width(lines[-1] + character, size, is_strong=is_strong) > room:
                lines.append("")
            lines[-1] += character
    return [line.strip() for line in lines if line.strip()] or [""]


def _breakable(text: str) -> Iterator[str]:
    piece = ""
    for character in text:
        is_wide = unicodedata.east_asian_width(character) in ("W", "F")
        if piece and (piece[-1] == " " or is_wide or _is_wide(piece[-1])) and character not in _NEVER_FIRST_ON_A_LINE:
            yield piece
            piece = ""
        piece += character
    yield piece


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")


def load() -> tuple[frozenset[int], frozenset[int]]:
    """Register the faces (at the first call); answers the characters of the Latin and of the Chinese ones."""
    # One thread loads: a face registered anew would replace the one that another thread's document is using.
    with _loading:
        return _loaded()


@cache
def _loaded() -> tuple[frozenset[int], frozenset[int]]:
    faces = {name: TTFont(name, str(_FOLDER / file)) for name, file in _FILES.items()}
    for face in faces.values():
        pdfmetrics.registerFont(face)
    return frozenset(faces[LATIN].face.charToGlyph), frozenset(faces[CHINESE].face.charToGlyph)
