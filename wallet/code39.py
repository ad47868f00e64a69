"""Code 39 as an SVG picture: bars that a store's scanner reads off a phone's screen.

A character is five bars and the four spaces between them, of which three are wide. Wide is 2.5 times narrow: at the
width of a phone the narrow bars come out thinner than half a millimetre, and there the standard wants more than 2.2.
Source: ISO/IEC 16388 (Code 39).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

# In units of half a module, so that every width is a whole number.
NARROW, WIDE = 2, 5
QUIET_ZONE = 10 * NARROW
BAR_HEIGHT = 90
LABEL_HEIGHT = 34
ROW_GAP = 26
MARGIN = 12

_TWO_WIDE_BARS = ("10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "01010", "00110")
_ONE_WIDE_SPACE = {"1234567890": "0100", "ABCDEFGHIJ": "0010", "KLMNOPQRST": "0001", "UVWXYZ-. *": "1000"}
_PATTERNS = {
    character: (bars, spaces)
    for characters, spaces in _ONE_WIDE_SPACE.items()
    for character, bars in zip(characters, _TWO_WIDE_BARS, strict=True)
} | {"$": ("00000", "1110"), "/": ("00000", "1101"), "+": ("00000", "1011"), "%": ("00000", "0111")}


def svg(rows: Sequence[str], *, title: str, description: str) -> str:
    """One picture with a barcode for each of `rows`, one below the other on white, each readable beneath its bars.

    `title` and `description` are what a screen reader says instead. Raises ValueError for a character that Code 39 does
    not have.
    """
    widths = [_width(row) for row in rows]
    width, height = max(widths), 2 * MARGIN + len(rows) * (BAR_HEIGHT + LABEL_HEIGHT) + (len(rows) - 1) * ROW_GAP
    drawn = "".join(
        _row(row, (width - own) // 2, MARGIN + index * (BAR_HEIGHT + LABEL_HEIGHT + ROW_GAP))
        for index, (row, own) in enumerate(zip(rows, widths, strict=True))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-labelledby="barcode-title barcode-desc"><title id="barcode-title">{escape(title)}</title>'
        f'<desc id="barcode-desc">{escape(description)}</desc>'
        f'<path fill="#fff" d="M0 0h{width}v{height}H0z"/>{drawn}</svg>'
    )


def bars(text: str) -> Iterator[tuple[int, int]]:
    """Start and width of every bar of `text` between its start and stop characters, from 0, without quiet zones."""
    position = 0
    for character in f"*{text}*":
        if character not in _PATTERNS or (character == "*" and "*" in text):
            raise ValueError("not a character of Code 39")
        bar_pattern, space_pattern = _PATTERNS[character]
        # The space after the last bar separates this character from the next.
        for bar, space in zip(bar_pattern, f"{space_pattern}0", strict=True):
            width = WIDE if bar == "1" else NARROW
            yield position, width
            position += width + (WIDE if space == "1" else NARROW)


def _width(text: str) -> int:
    return 2 * QUIET_ZONE + sum(list(bars(text))[-1])


def _row(text: str, left: int, top: int) -> str:
    path = "".join(f"M{left + QUIET_ZONE + start} {top}h{width}v{BAR_HEIGHT}h-{width}z" for start, width in bars(text))
    middle, baseline = left + _width(text) // 2, top + BAR_HEIGHT + LABEL_HEIGHT - 8
    return (
        f'<path fill="#000" d="{path}"/><text x="{middle}" y="{baseline}" fill="#000" text-anchor="middle"'
        f' font-family="ui-monospace,Menlo,Consolas,monospace" font-size="24" letter-spacing="2"'
        f' aria-hidden="true">{escape(text)}</text>'
    )
