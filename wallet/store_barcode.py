"""The three segments that a convenience store scans to take cash for a bill (代收條碼), with their check characters.

    segment 1   9 characters   last day to pay as yymmdd (the last two digits of the ROC year), then the collection code
    segment 2  16 characters   the slip's number, padded as the collecting contract says
    segment 3  15 characters   4 digits that the contract defines, 2 check characters, 9 digits of whole NT$

The check characters stand over all three segments. Positions count from 1 within each segment, the third taken without
its check characters; the values of odd positions are summed modulo 11 into the first check character (0 is written A,
10 is written B), those of even positions into the second (0 is X, 10 is Y).

What they find: any one digit read as another, anywhere; any two characters beside each other exchanged, unless both
count alike. What they cannot find: characters that count alike (A, J and 1; B, K, S and 2 …), two characters exchanged
whose positions are both odd or both even, and about one in 121 of the errors that change several characters at once.
That is why a slip's number carries a check digit of its own (`wallet.slip_numbers`).

Source: two independent implementations agree on this rule; there is no public official document. Collection code,
padding and the four digits are the collecting contract's, so they come from `wallet.collection_agreement`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from core import money
from core.taiwan import ROC_YEAR_OFFSET

NumberPadding = Literal["zeros_left", "zeros_right"]
ContractDigits = Literal["yymm", "mmdd"]

SEGMENT_LENGTHS = (9, 16, 15)
NUMBER_LENGTH = 16

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+%-. $/"
_VALUES = (
    {str(digit): digit for digit in range(10)}
    | dict(zip("ABCDEFGHIJKLMNOPQR", [*range(1, 10), *range(1, 10)], strict=True))
    | dict(zip("STUVWXYZ", range(2, 10), strict=True))
    | {"+": 1, "%": 2, "-": 6, ".": 7, " ": 8, "$": 9, "/": 0}
)
_ODD_CHECK = "A123456789B"
_EVEN_CHECK = "X123456789Y"
_CODE = re.compile(r"[0-9A-Z]{3}")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_NUMBER = re.compile(r"[0-9A-Z+%\-. $/]{16}")
_DAY = re.compile(r"[0-9]{6}")


class StoreBarcodeWrong(ValueError):
    """These are not three segments of a store barcode, or their check characters do not fit."""


@dataclass(frozen=True, slots=True)
class StoreBarcode:
    """What the three segments say. `number` is all 16 characters of segment 2, `contract_digits` 4 of segment 3."""

    pay_by: date
    collection_code: str
    number: str
    contract_digits: str
    amount_twd: int

    @property
    def segments(self) -> tuple[str, str, str]:
        """The three segments, as printed. Raises StoreBarcodeWrong for what cannot be written, MoneyNotConvertible."""
        if _CODE.fullmatch(self.collection_code) is None:
            raise StoreBarcodeWrong("a collection code is three digits or letters")
        if _NUMBER.fullmatch(self.number) is None:
            raise StoreBarcodeWrong("segment 2 has 16 characters of Code 39")
        if _FOUR_DIGITS.fullmatch(self.contract_digits) is None:
            raise StoreBarcodeWrong("segment 3 begins with four digits")
        first = roc_yymmdd(self.pay_by) + self.collection_code
        third = self.contract_digits + money.to_barcode(self.amount_twd)
        return first, self.number, third[:4] + check_characters(first, self.number, third) + third[4:]


def read(segments: tuple[str, str, str], *, today: date) -> StoreBarcode:
    """What the segments say. Raises StoreBarcodeWrong.

    Two digits name a ROC year; of all years that end so, the one nearest to `today` is meant.
    """
    if tuple(map(len, segments)) != SEGMENT_LENGTHS or not all(c in _VALUES for part in segments for c in part):
        raise StoreBarcodeWrong("three segments of 9, 16 and 15 characters of Code 39")
    first, number, third = segments
    if third[4:6] != check_characters(first, number, third[:4] + third[6:]):
        raise StoreBarcodeWrong("the check characters do not fit")
    try:
        read_back = StoreBarcode(
            pay_by=_day(first[:6], today), collection_code=first[6:], number=number, contract_digits=third[:4],
            amount_twd=money.from_barcode(third[6:]),
        )  # fmt: skip
    except ValueError as problem:
        raise StoreBarcodeWrong(str(problem)) from problem
    if read_back.segments != segments:
        raise StoreBarcodeWrong("not as a store barcode is written")
    return read_back


def check_characters(first: str, second: str, third: str) -> str:
    """The two check characters over the segments; `third` is the 13 characters without them."""
    odd = sum(_VALUES[character] for part in (first, second, third) for character in part[::2])
    even = sum(_VALUES[character] for part in (first, second, third) for character in part[1::2])
    return _ODD_CHECK[odd % 11] + _EVEN_CHECK[even % 11]


def padded(number: str, padding: NumberPadding) -> str:
    """A slip's number as segment 2. Raises StoreBarcodeWrong when it is longer than that."""
    if not 1 <= len(number) <= NUMBER_LENGTH:
        raise StoreBarcodeWrong("a slip's number has 1 to 16 characters")
    return number.rjust(NUMBER_LENGTH, "0") if padding == "zeros_left" else number.ljust(NUMBER_LENGTH, "0")


def contract_digits(day: date, form: ContractDigits) -> str:
    """The four digits at the beginning of segment 3, made of the last day to pay."""
    return roc_yymmdd(day)[:4] if form == "yymm" else roc_yymmdd(day)[2:]


def roc_yymmdd(day: date) -> str:
    """A day as segment 1 has it: 2026-11-05 (ROC 115) is 151105. Raises StoreBarcodeWrong before ROC 1."""
    if day.year <= ROC_YEAR_OFFSET:
        raise StoreBarcodeWrong("before the first ROC year")
    return f"{(day.year - ROC_YEAR_OFFSET) % 100:02d}{day.month:02d}{day.day:02d}"


def _day(yymmdd: str, today: date) -> date:
    if _DAY.fullmatch(yymmdd) is None:
        raise StoreBarcodeWrong("a day is six digits")
    this_year = today.year - ROC_YEAR_OFFSET
    ending = int(yymmdd[:2])
    century = this_year - this_year % 100
    candidates = [year for year in (century - 100 + ending, century + ending, century + 100 + ending) if year >= 1]
    roc_year = min(candidates, key=lambda year: abs(year - this_year))
    return date(roc_year + ROC_YEAR_OFFSET, int(yymmdd[2:4]), int(yymmdd[4:]))
