"""The clearing house's return file (R01): what it says, read strictly, and how it is written.

250 bytes a record in CP950, each ended by CR LF; a header (BOF), one record for each entry that a bank returned, and a
trailer (EOF) with their count, their total in whole NT$, and the previous business day: the one whose presentations
this file answers. Either the whole file is read or none of it.

Source: the record layout of ACHP01/ACHR01 as payers' software writes it (order of fields, positions in the trailer,
sender 9990250); the unused rest of a record is what remains of 250. The contract with the clearing house decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from partners.ach.calendar import from_roc_digits, roc_digits

RECORD_BYTES: Final = 250
ENCODING: Final = "cp950"
CLEARING_HOUSE: Final = "9990250"
CITY_BANK: Final = "0160000"
LARGEST_TWD: Final = 10**10 - 1
_END: Final = b"\r\n"

Wrong = Literal[
    "encoding",
    "record_length",
    "no_header",
    "no_trailer",
    "after_trailer",
    "field",
    "count",
    "total",
    "day",
    "duplicate",
]

# name, bytes; digits are right-aligned and zero-padded, text is left-aligned and space-padded.
_HEADER = (("BOF", 3), ("data", 6), ("day", 8), ("time", 6), ("sender", 7), ("receiver", 7), ("version", 3), ("", 210))
_TRAILER = (
    ("EOF", 3), ("data", 6), ("day", 8), ("sender", 7), ("receiver", 7), ("count", 8), ("total", 16),
    ("answers_on", 8), ("", 187),
)  # fmt: skip
_DETAIL = (
    ("type", 1), ("kind", 2), ("transaction", 3), ("sequence", 8), ("bank", 7), ("account", 16), ("own_bank", 7),
    ("own_account", 16), ("amount", 10), ("code", 2), ("exchange", 1), ("originator", 10), ("holder", 10),
    ("listed", 6), ("presented_on", 8), ("presented_sequence", 8), ("presented_exchange", 1), ("user_no", 20),
    ("reference", 40), ("memo", 10), ("", 64),
)  # fmt: skip
_KINDS: Final = {"SD": "debit", "SC": "credit"}
_DIGITS = re.compile(r"[0-9]+")


class FileRefused(ValueError):
    """A return file that is not whole or not true: `wrong` is what, `line` where (from 1). Nothing of it counts."""

    def __init__(self, wrong: Wrong, line: int, detail: str) -> None:
        super().__init__(f"line {line}: {wrong}: {detail}")
        self.wrong: Wrong = wrong
        self.line = line
        self.detail = detail


@dataclass(frozen=True, slots=True)
class ReturnedEntry:
    """One entry that a bank sent back. `reference` is ours; `code` the two digits that say why.

    The holder's ID number and the full account stand in the file and stay there.
    """

    sequence: int
    kind: Literal["debit", "credit"]
    bank: str
    account_masked: str
    amount_twd: int
    code: str
    presented_on: date
    user_no: str
    reference: str


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A whole file: of `day`, about what was presented on `answers_on`. `digest` is the SHA-256 of its bytes."""

    day: date
    answers_on: date
    entries: tuple[ReturnedEntry, ...]
    total_twd: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """What a returned entry is written from."""

    kind: Literal["debit", "credit"]
    bank: str
    account_no: str
    holder_id: str
    amount_twd: int
    code: str
    presented_on: date
    presented_sequence: int
    user_no: str
    reference: str
    memo: str = "高市繳費"


def digest_of(content: bytes) -> bytes:
    """By which a file is recognised: SHA-256 of its bytes."""
    return hashlib.sha256(content).digest()


def read_return_file(content: bytes) -> ReturnFile:
    """The file that `content` is. Raises FileRefused for anything that is not exactly as it has to be."""
    records = _records(content)
    header = _header(records)
    trailer_at, trailer = _trailer(records)
    day = _day(header["day"], 1)
    if _day(trailer["day"], trailer_at) != day:
        raise FileRefused("day", trailer_at, "header and trailer are of different days")
    answers_on = _day(trailer["answers_on"], trailer_at)
    if answers_on >= day:
        raise FileRefused("day", trailer_at, "a file answers an earlier day than its own")
    entries = [_entry(record, line) for line, record in enumerate(records[1:-1], start=2)]
    _hold_sums(entries, trailer, trailer_at)
    return ReturnFile(day, answers_on, tuple(entries), sum(entry.amount_twd for entry in entries), digest_of(content))


def write_return_file(day: date, answers_on: date, entries: Iterable[WrittenEntry]) -> bytes:
    """A return file of `day` about what was presented on `answers_on`."""
    written = list(entries)
    marks = {"data": "ACHR01", "day": roc_digits(day), "sender": CLEARING_HOUSE, "receiver": CITY_BANK}
    records = [_written(_HEADER, {"BOF": "BOF", "time": "093000", "version": "V10", **marks})]
    records += [_written(_DETAIL, _detail_values(number, entry)) for number, entry in enumerate(written, start=1)]
    total = sum(entry.amount_twd for entry in written)
    records.append(
        _written(
            _TRAILER,
            {"EOF": "EOF", **marks, "count": f"{len(written):08d}", "total": f"{total:016d}",
             "answers_on": roc_digits(answers_on)},
        )
    )  # fmt: skip
    return b"".join(record + _END for record in records)


def _records(content: bytes) -> list[bytes]:
    if not content.endswith(_END):
        raise FileRefused("no_trailer", content.count(_END) + 1, "the last record is not whole")
    records = content[: -len(_END)].split(_END)
    for line, record in enumerate(records, start=1):
        try:
            record.decode(ENCODING)
        except UnicodeDecodeError as error:
            raise FileRefused("encoding", line, f"byte {error.start + 1} is not {ENCODING}") from error
        if len(record) != RECORD_BYTES:
            raise FileRefused("record_length", line, f"{len(record)} bytes instead of {RECORD_BYTES}")
    return records


def _header(records: Sequence[bytes]) -> dict[str, str]:
    header = _fields(_HEADER, records[0], 1)
    if (header["BOF"], header["data"]) != ("BOF", "ACHR01"):
        raise FileRefused("no_header", 1, "the file does not begin as a return file")
    return header


def _trailer(records: Sequence[bytes]) -> tuple[int, dict[str, str]]:
    at = next((line for line, record in enumerate(records, start=1) if record.startswith(b"EOF")), None)
    if at is None:
        raise FileRefused("no_trailer", len(records), "the file ends without its trailer")
    if at != len(records):
        raise FileRefused("after_trailer", at + 1, "there are records behind the trailer")
    trailer = _fields(_TRAILER, records[-1], at)
    if trailer["data"] != "ACHR01":
        raise FileRefused("no_trailer", at, "the trailer is another file's")
    return at, trailer


def _entry(record: bytes, line: int) -> ReturnedEntry:
    fields = _fields(_DETAIL, record, line)
    if fields["type"] != "R" or fields["kind"] not in _KINDS:
        raise FileRefused("field", line, "not a returned debit or credit")
    if not fields["reference"]:
        raise FileRefused("field", line, "it does not say which entry was returned")
    code = fields["code"]
    if _DIGITS.fullmatch(code) is None or len(code) != 2:
        raise FileRefused("field", line, "the reason is not two digits")
    return ReturnedEntry(
        sequence=_number(fields["sequence"], line, 8),
        kind="debit" if fields["kind"] == "SD" else "credit",
        bank=fields["bank"],
        account_masked=f"***{fields['account'][-4:]}",
        amount_twd=_number(fields["amount"], line, 10),
        code=code,
        presented_on=_day(fields["presented_on"], line),
        user_no=fields["user_no"],
        reference=fields["reference"],
    )


def _hold_sums(entries: Sequence[ReturnedEntry], trailer: dict[str, str], line: int) -> None:
    if _number(trailer["count"], line, 8) != len(entries):
        raise FileRefused("count", line, f"it counts {trailer['count']}, there are {len(entries)}")
    total = sum(entry.amount_twd for entry in entries)
    if _number(trailer["total"], line, 16) != total:
        raise FileRefused("total", line, f"it adds up to {trailer['total']}, the records to {total}")
    seen: set[tuple[str, str]] = set()
    for place, entry in enumerate(entries, start=2):
        if (entry.kind, entry.reference) in seen:
            raise FileRefused("duplicate", place, "the same entry is returned twice in one file")
        seen.add((entry.kind, entry.reference))
        if entry.amount_twd == 0:
            raise FileRefused("field", place, "an entry of no money")


def _fields(layout: Sequence[tuple[str, int]], record: bytes, line: int) -> dict[str, str]:
    found, start = {}, 0
    for name, width in layout:
        try:
            found[name] = record[start : start + width].decode(ENCODING).strip(" ")
        except UnicodeDecodeError as error:
            raise FileRefused("field", line, f"{name or 'the rest'} is cut inside a character") from error
        start += width
    return found


def _number(digits: str, line: int, width: int) -> int:
    if _DIGITS.fullmatch(digits) is None or len(digits) != width:
        raise FileRefused("field", line, f"{digits!r} is not {width} digits")
    return int(digits)


def _day(digits: str, line: int) -> date:
    try:
        return from_roc_digits(digits)
    except ValueError as error:
        raise FileRefused("field", line, f"{digits!r}: {error}") from error


def _written(layout: Sequence[tuple[str, int]], values: dict[str, str]) -> bytes:
    parts = []
    for name, width in layout:
        encoded = values.get(name, "").encode(ENCODING)
        if len(encoded) > width:
            raise ValueError(f"{name} has {len(encoded)} bytes, more than {width}")
        parts.append(encoded.ljust(width, b" "))
    return b"".join(parts)


def _detail_values(number: int, entry: WrittenEntry) -> dict[str, str]:
    if not 0 < entry.amount_twd <= LARGEST_TWD:
        raise ValueError("an entry's amount has one to ten digits")
    return {
        "type": "R",
        "kind": "SD" if entry.kind == "debit" else "SC",
        "transaction": "580",
        "sequence": f"{number:08d}",
        "bank": entry.bank.ljust(7, "0"),
        "account": entry.account_no.rjust(16, "0"),
        "own_bank": CITY_BANK,
        "own_account": "0" * 16,
        "amount": f"{entry.amount_twd:010d}",
        "code": entry.code,
        "exchange": "B",
        "originator": "00000000",
        "holder": entry.holder_id,
        "presented_on": roc_digits(entry.presented_on),
        "presented_sequence": f"{entry.presented_sequence:08d}",
        "presented_exchange": "B",
        "user_no": entry.user_no,
        "reference": entry.reference,
        "memo": entry.memo,
    }
