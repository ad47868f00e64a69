"""A wallet's settlement file of one day: what it says, read strictly, and how it is written.

CSV in UTF-8, lines ended by CR LF. A first line (wallet, day, currency), the names of the columns, one line for each
payment and refund with the fee that the wallet keeps, and a trailer with their count, the totals, and the net payout.
Amounts are written as in `core.money.to_major_text`. Either the whole file is read or none of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from core.money import MoneyNotConvertible, from_major_text, to_major_text

COLUMNS: Final = ("type", "transaction_id", "reference", "payment_reference", "amount", "fee", "booked_at")
_KINDS: Final = ("PAYMENT", "REFUND")

Wrong = Literal["encoding", "no_header", "no_trailer", "after_trailer", "field", "count", "total"]


class SettlementRefused(ValueError):
    """A settlement file that is not whole or not true: `wrong` is what, `line` where (from 1). Nothing of it counts."""

    def __init__(self, wrong: Wrong, line: int, detail: str) -> None:
        super().__init__(f"line {line}: {wrong}: {detail}")
        self.wrong: Wrong = wrong
        self.line = line
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """A payment, or a refund of one. `reference` is ours; money in NT$; a refund's fee is one given back."""

    kind: Literal["PAYMENT", "REFUND"]
    transaction_id: str
    reference: str
    payment_reference: str
    amount_twd: int
    fee_twd: int
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """A whole file. `payout_twd` is payments less refunds less fees, and may be negative. `digest` is its SHA-256."""

    wallet: str
    day: date
    lines: tuple[SettlementLine, ...]
    paid_twd: int
    refunded_twd: int
    fees_twd: int
    payout_twd: int
    digest: bytes


def read_settlement(content: bytes) -> SettlementFile:
    """The file that `content` is. Raises SettlementRefused for anything that is not exactly as it has to be."""
    rows = _rows(content)
    wallet, day = _header(rows)
    at = len(rows)
    trailer_at = next((number for number, row in enumerate(rows, start=1) if row[:1] == ["TRAILER"]), None)
    if trailer_at is None:
        raise SettlementRefused("no_trailer", at, "the file ends without its trailer")
    if trailer_at != at:
        raise SettlementRefused("after_trailer", trailer_at + 1, "there are lines behind the trailer")
    lines = tuple(_line(row, number) for number, row in enumerate(rows[2:-1], start=3))
    paid, refunded, fees, payout = _sums(lines)
    _hold(rows[-1], at, len(lines), (paid, refunded, fees, payout))
    return SettlementFile(wallet, day, lines, paid, refunded, fees, payout, hashlib.sha256(content).digest())


def write_settlement(wallet: str, day: date, lines: Iterable[SettlementLine]) -> bytes:
    """The settlement file of `day` with these lines."""
    written = tuple(lines)
    paid, refunded, fees, payout = _sums(written)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["HEADER", wallet, day.isoformat(), "TWD"])
    writer.writerow(COLUMNS)
    for line in written:
        writer.writerow(
            [line.kind, line.transaction_id, line.reference, line.payment_reference, to_major_text(line.amount_twd),
             to_major_text(line.fee_twd), line.booked_at.isoformat()]
        )  # fmt: skip
    sums = [to_major_text(paid), to_major_text(refunded), *map(_signed_text, (fees, payout))]
    writer.writerow(["TRAILER", len(written), *sums])
    return text.getvalue().encode()


def _rows(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettlementRefused("encoding", content.count(b"\n", 0, error.start) + 1, "not UTF-8") from error
    if not text.endswith("\r\n"):
        raise SettlementRefused("no_trailer", text.count("\r\n") + 1, "the last line is not whole")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise SettlementRefused("field", text.count("\r\n"), f"not CSV: {error}") from error


def _header(rows: Sequence[Sequence[str]]) -> tuple[str, date]:
    if len(rows) < 2 or len(rows[0]) != 4 or rows[0][0] != "HEADER" or tuple(rows[1]) != COLUMNS:
        raise SettlementRefused("no_header", 1, "the file does not begin as a settlement file")
    _, wallet, day, currency = rows[0]
    if currency != "TWD":
        raise SettlementRefused("field", 1, "another currency")
    try:
        return wallet, date.fromisoformat(day)
    except ValueError as error:
        raise SettlementRefused("field", 1, f"{day!r} is not a day") from error


def _line(row: Sequence[str], number: int) -> SettlementLine:
    if len(row) != len(COLUMNS):
        raise SettlementRefused("field", number, f"{len(row)} fields instead of {len(COLUMNS)}")
    kind, transaction_id, reference, payment_reference, amount, fee, booked_at = row
    if kind not in _KINDS or not (transaction_id and reference and payment_reference):
        raise SettlementRefused("field", number, "neither a payment nor a refund")
    try:
        moment = datetime.fromisoformat(booked_at)
        amount_twd, fee_twd = from_major_text(amount), from_major_text(fee)
    except (MoneyNotConvertible, ValueError) as error:
        raise SettlementRefused("field", number, str(error)) from error
    if moment.tzinfo is None:
        raise SettlementRefused("field", number, "a time without its offset")
    return SettlementLine(
        "PAYMENT" if kind == "PAYMENT" else "REFUND",
        transaction_id,
        reference,
        payment_reference,
        amount_twd,
        fee_twd,
        moment,
    )


def _sums(lines: Sequence[SettlementLine]) -> tuple[int, int, int, int]:
    paid = sum(line.amount_twd for line in lines if line.kind == "PAYMENT")
    refunded = sum(line.amount_twd for line in lines if line.kind == "REFUND")
    fees = sum(line.fee_twd if line.kind == "PAYMENT" else -line.fee_twd for line in lines)
    return paid, refunded, fees, paid - refunded - fees


def _hold(trailer: Sequence[str], at: int, count: int, sums: tuple[int, int, int, int]) -> None:
    if len(trailer) != 6:
        raise SettlementRefused("field", at, "the trailer has not six fields")
    if trailer[1] != str(count):
        raise SettlementRefused("count", at, f"it counts {trailer[1]}, there are {count}")
    try:
        given = (from_major_text(trailer[2]), from_major_text(trailer[3]), _signed(trailer[4]), _signed(trailer[5]))
    except MoneyNotConvertible as error:
        raise SettlementRefused("field", at, str(error)) from error
    if given != sums:
        raise SettlementRefused("total", at, f"it adds up to {given}, the lines to {sums}")


def _signed(text: str) -> int:
    return -from_major_text(text[1:]) if text.startswith("-") else from_major_text(text)


def _signed_text(amount_twd: int) -> str:
    return f"-{to_major_text(-amount_twd)}" if amount_twd < 0 else to_major_text(amount_twd)
