"""The one shape that every source's lines take, whatever file they came in."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from core.money import MoneyNotConvertible, from_major_text
from core.text import Text
from wallet.reconciliation.problems import (
    StatementFormWrong,
    StatementNotReadable,
    StatementTooLarge,
    StatementTruncated,
)

Kind = Literal[
    "payment", "return", "refund", "refund_reversed", "chargeback", "second_chargeback", "chargeback_reversed",
    "collection", "transfer", "fee", "correction", "carry",
]  # fmt: skip

RECORD_CHARACTERS_MAX: Final = 32_768
REFERENCE_CHARACTERS_MAX: Final = 200
SMALL_FILE_BYTES_MAX: Final = 64 << 20


class StatementLine(NamedTuple):
    """One line of a statement. Money in NT$.

    `gross_twd` is signed: above zero what the other side owes us for it, below what it takes back; `fee_twd` what it
    keeps for its service (below zero: gives back); `net_twd` what remains. `our_reference` is the one that we gave
    (`pay_…`, `ref_…`, a slip's number), `their_reference` the source's own name, never empty. `channel` names the
    chain of stores, where there are several behind one source. A `carry` takes what is owed from one file to the next.
    """

    row: int
    kind: Kind
    our_reference: str
    their_reference: str
    gross_twd: int
    fee_twd: int
    value_date: date
    channel: str = ""

    @property
    def net_twd(self) -> int:
        """What of the line reaches us."""
        return self.gross_twd - self.fee_twd


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file says of itself as a whole, checked against its lines. Money in NT$.

    `reference` is the source's number for the file. `payouts` are the sums that it announces to the bank, each under
    the reference that the bank's statement will show. A bank's own statement has balances and no payouts.
    """

    reference: str
    first_day: date
    last_day: date
    payouts: tuple[tuple[str, int], ...] = ()
    opening_twd: int | None = None
    closing_twd: int | None = None


Lines = Generator[StatementLine, None, Summary]


def csv_records(chunks: Iterable[bytes], *, encoding: str = "utf-8") -> Iterator[list[str]]:
    """The records of a CSV file as it arrives, header first.

    Raises StatementNotReadable for other encodings, StatementFormWrong for records that are too long, and
    StatementTruncated for a quote that nothing closes.
    """
    try:
        yield from csv.reader(text_lines(chunks, encoding=encoding), strict=True)
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise StatementTruncated from None
        raise StatementFormWrong(Text("CSV 引號有誤。", "A quote is where none may be.")) from None


def text_lines(chunks: Iterable[bytes], *, encoding: str = "utf-8") -> Iterator[str]:
    """The lines of a text file as it arrives, without their ends; the last may lack one."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("strict")
    rest = ""
    for piece in _decoded(chunks, decoder):
        if "\0" in piece:
            raise StatementNotReadable
        lines = (rest + piece).split("\n")
        rest = lines.pop()
        if len(rest) > RECORD_CHARACTERS_MAX or any(len(line) > RECORD_CHARACTERS_MAX for line in lines):
            raise StatementFormWrong(Text("有一行太長。", "A line is too long."))
        yield from lines
    if rest:
        yield rest


def _decoded(chunks: Iterable[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    try:
        for chunk in chunks:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise StatementNotReadable from None


def whole(chunks: Iterable[bytes]) -> bytes:
    """A small file in one piece. Raises StatementTooLarge."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > SMALL_FILE_BYTES_MAX:
            raise StatementTooLarge
    return bytes(content)


@lru_cache(maxsize=8_192)
def money(text: str) -> int:
    """A settlement file's amount ("600.00") as NT$; nothing at all is 0. Raises MoneyNotConvertible."""
    return from_major_text(text) if text else 0


def wrong_in(row: int, what: str) -> StatementFormWrong:
    """The refusal of a file for what stands in one of its rows."""
    return StatementFormWrong(Text(f"第 {row} 筆:{what}", f"Record {row}: {what}"), row=row)


def amount(text: str, row: int, name: str) -> int:
    """As `money`. Raises StatementFormWrong naming the row and the column."""
    try:
        return money(text)
    except MoneyNotConvertible:
        raise wrong_in(row, f"{name} = {text[:40]!r}") from None


@lru_cache(maxsize=1_024)
def _day(text: str) -> date:
    return date.fromisoformat(text)


def day(text: str, row: int, name: str) -> date:
    """A date as 2026-11-05. Raises StatementFormWrong naming the row and the column."""
    try:
        if len(text) == 10 and text.isascii():
            return _day(text)
    except ValueError:
        pass
    raise wrong_in(row, f"{name} = {text[:40]!r}")
