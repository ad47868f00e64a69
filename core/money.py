"""Money at the edges: inside it is whole New Taiwan dollars, and every edge writes the same NT$600 its own way.

| edge | the same NT$600 |
|---|---|
| the book, our HTTP interface | `600` |
| card processor (ISO 4217 minor units; TWD has two decimals) | `60000` |
| TWQR payload (D1, D15) | `"60000"`: two zeros are mandated behind at most seven digits |
| third segment of the store barcode | `"000000600"`: nine digits, whole dollars |
| settlement files, bank statements (camt.053) | `"600.00"` |

Each edge converts once, here, in both directions, and refuses whatever is not exactly its own way of writing. One
confusion remains that no reader can see: "60000" is NT$600 in a TWQR payload and NT$60,000 on a statement that leaves
out the decimals.

Source of the written forms: the facts that the partners' documents give; ISO 4217 table A.1 (TWD, minor unit 2).
"""

from __future__ import annotations

import re
from typing import Final

MINOR_PER_TWD: Final = 100
LARGEST_TWD: Final = 10**15 - 1
LARGEST_TWQR_TWD: Final = 10**7 - 1
LARGEST_BARCODE_TWD: Final = 10**9 - 1

# [0-9] and never \d, which takes full-width digits too.
_TWQR = re.compile(r"([1-9][0-9]{0,6})00")
_BARCODE = re.compile(r"[0-9]{9}")
_MAJOR = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.0{1,5})?")


class MoneyNotConvertible(ValueError):
    """An amount that this edge cannot write, or a text that is not an amount as this edge writes it."""


def to_minor(amount_twd: int) -> int:
    """NT$ as ISO 4217 minor units: 600 → 60000. Takes 0, which verifies a card without charging it."""
    return _whole(amount_twd, smallest=0, largest=LARGEST_TWD) * MINOR_PER_TWD


def from_minor(amount_minor: int) -> int:
    """ISO 4217 minor units as NT$: 60000 → 600. Raises MoneyNotConvertible for cents, which no bill of ours has."""
    minor = _whole(amount_minor, smallest=0, largest=LARGEST_TWD * MINOR_PER_TWD)
    amount_twd, cents = divmod(minor, MINOR_PER_TWD)
    if cents:
        raise MoneyNotConvertible("not a whole number of New Taiwan dollars")
    return amount_twd


def to_twqr(amount_twd: int) -> str:
    """NT$ as a TWQR field: 600 → "60000"."""
    return f"{_whole(amount_twd, smallest=1, largest=LARGEST_TWQR_TWD)}00"


def from_twqr(text: str) -> int:
    """A TWQR amount as NT$: "60000" → 600. No leading zero, and the two zeros at the end must be there."""
    return int(_matched(_TWQR, text)[1])


def to_barcode(amount_twd: int) -> str:
    """NT$ as in the third segment of a store barcode: 600 → "000000600"."""
    return f"{_whole(amount_twd, smallest=1, largest=LARGEST_BARCODE_TWD):09d}"


def from_barcode(text: str) -> int:
    """The nine digits of a store barcode's amount as NT$: "000000600" → 600. Zero is no amount to collect."""
    return _whole(int(_matched(_BARCODE, text)[0]), smallest=1, largest=LARGEST_BARCODE_TWD)


def to_major_text(amount_twd: int) -> str:
    """NT$ as settlement files write it: 600 → "600.00"."""
    return f"{_whole(amount_twd, smallest=0, largest=LARGEST_TWD)}.00"


def from_major_text(text: str) -> int:
    """An amount of a settlement file or bank statement as NT$: "600.00", "600.0" and "600" → 600.

    Up to five decimals, as ISO 20022 allows, all of them zero. Signs, exponents, separators, spaces and leading zeros
    are refused: which way money moved is another column's business.
    """
    return int(_matched(_MAJOR, text)[1])


def _whole(number: int, *, smallest: int, largest: int) -> int:
    # True is an int to Python, and 600.0 equals 600.
    if type(number) is not int:
        raise MoneyNotConvertible("not a whole number")
    if not smallest <= number <= largest:
        raise MoneyNotConvertible(f"not between {smallest} and {largest}")
    return number


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text) if type(text) is str else None
    if match is None:
        raise MoneyNotConvertible("not an amount as this edge writes it")
    return match
