"""The file in which a channel reports what it has collected in a day: fixed width, CP950, read as it arrives.

Every record has 120 bytes and a CRLF. Numbers are digits with leading zeros, text is filled up with spaces; a Chinese
character counts two bytes.

    header   1 type "1" · 8 channel · 8 business day YYYYMMDD · 14 made at YYYYMMDDHHMMSS
             · 3 number of the file that day · 8 for whom · 30 title
    detail   1 type "2" · 6 sequence from 1 · 8 store (or bank) · 20 its name · 16 slip's number · 9 amount
             · 5 fee that the payer bore · 5 what the channel keeps · 12 paid at YYYYMMDDHHMM · 12 transaction
    trailer  1 type "3" · 8 details · 13 amounts · 11 fees · 11 kept · 13 paid out = amounts + fees - kept
             · 8 day of the payout · 35 reference of the payout on the bank's statement

The layout is the sandbox's own: chains have theirs in their contracts, which are not public. Days and times are
Taipei's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from core import money
from core.clock import TAIPEI

ENCODING: Final = "cp950"
RECORD_BYTES: Final = 120
MOST_DETAILS: Final = 999_999
COLLECTED_FOR: Final = "KCG"

WrongBecause = Literal["encoding", "form", "truncated", "totals"]


@dataclass(frozen=True, slots=True)
class Channel:
    """Who collects: `key` in our addresses, `code` in its files, `name` as bureaus' exports and receipts write it."""

    key: str
    code: str
    name: str


CHANNELS: Final[Mapping[str, Channel]] = {
    channel.key: channel
    for channel in (
        Channel("7-eleven", "7-ELEVEN", "7-ELEVEN"),
        Channel("family", "FAMILY", "全家"),
        Channel("ok", "OKMART", "OK"),
        Channel("hi-life", "HILIFE", "萊爾富"),
        Channel("twqr", "TWQR", "TWQR"),
    )
}
_BY_CODE = {channel.code: channel for channel in CHANNELS.values()}


class CollectionFileWrong(Exception):
    """The file as a whole cannot be believed: nothing that was read of it before is worth anything."""

    def __init__(self, because: WrongBecause, detail: str) -> None:
        super().__init__(detail)
        self.because = because


@dataclass(frozen=True, slots=True)
class CollectionLine:
    """One payment that the channel took. Money in NT$; `paid_at` to the minute."""

    row: int
    channel: Channel
    store: str
    store_name: str
    slip_number: str
    amount_twd: int
    fee_twd: int
    charge_twd: int
    paid_at: datetime
    reference: str

    @property
    def gross_twd(self) -> int:
        """What the payer handed over."""
        return self.amount_twd + self.fee_twd

    @property
    def net_twd(self) -> int:
        """What of it reaches the city: the channel keeps `charge_twd`."""
        return self.gross_twd - self.charge_twd


@dataclass(frozen=True, slots=True)
class Head:
    """The header: whose file, of which business day, made when, and the how-manieth of that day."""

    channel: Channel
    business_on: date
    made_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class End:
    """The trailer: what the details come to, and the payout that the bank's statement will show. Money in NT$."""

    details: int
    amount_twd: int
    fee_twd: int
    charge_twd: int
    net_twd: int
    pays_on: date
    payout_reference: str


def parse(chunks: Iterable[bytes]) -> Iterator[CollectionLine]:
    """Every payment of a file, in its order. Raises CollectionFileWrong, at the very end too: wait for it."""
    return iter(CollectionFile(chunks))


class CollectionFile:
    """A file as it arrives: its `head` at once, its lines by iterating once, its `end` after the last line.

    Raises CollectionFileWrong for another encoding, a record of another form, a missing trailer, totals that do not
    add up. Memory does not grow with the file.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._records = _records(chunks)
        self.head = _head(next(self._records, None))
        self._end: End | None = None

    @property
    def end(self) -> End:
        """The trailer, once every line has been read."""
        assert self._end is not None, "the lines come first"
        return self._end

    def __iter__(self) -> Iterator[CollectionLine]:
        details = amount_twd = fee_twd = charge_twd = 0
        for record in self._records:
            if record.startswith(b"3"):
                self._end = _end(record)
                break
            details += 1
            line = _line(record, details, self.head.channel)
            amount_twd += line.amount_twd
            fee_twd += line.fee_twd
            charge_twd += line.charge_twd
            yield line
        if self._end is None:
            raise CollectionFileWrong("truncated", "the trailer is missing")
        if next(self._records, None) is not None:
            raise CollectionFileWrong("form", "something follows the trailer")
        counted = (details, amount_twd, fee_twd, charge_twd, amount_twd + fee_twd - charge_twd)
        end = self._end
        if counted != (end.details, end.amount_twd, end.fee_twd, end.charge_twd, end.net_twd):
            raise CollectionFileWrong("totals", "the trailer's count or totals are not those of the details")


def written(head: Head, lines: Iterable[CollectionLine], *, pays_on: date, payout_reference: str) -> Iterator[bytes]:
    """The file's records; rows are numbered anew. Raises ValueError for what does not fit its place."""
    yield _record(
        "1", (head.channel.code, 8), (f"{head.business_on:%Y%m%d}", 8),
        (f"{head.made_at.astimezone(TAIPEI):%Y%m%d%H%M%S}", 14), (f"{head.number:03d}", 3), (COLLECTED_FOR, 8),
        ("高雄市代收款項明細", 30),
    )  # fmt: skip
    details = amount_twd = fee_twd = charge_twd = 0
    for line in lines:
        details += 1
        amount_twd += line.amount_twd
        fee_twd += line.fee_twd
        charge_twd += line.charge_twd
        yield _record(
            "2", (f"{details:06d}", 6), (line.store, 8), (line.store_name, 20), (line.slip_number, 16),
            (money.to_barcode(line.amount_twd), 9), (f"{line.fee_twd:05d}", 5), (f"{line.charge_twd:05d}", 5),
            (f"{line.paid_at.astimezone(TAIPEI):%Y%m%d%H%M}", 12), (line.reference, 12),
        )  # fmt: skip
    yield _record(
        "3", (f"{details:08d}", 8), (f"{amount_twd:013d}", 13), (f"{fee_twd:011d}", 11), (f"{charge_twd:011d}", 11),
        (f"{amount_twd + fee_twd - charge_twd:013d}", 13), (f"{pays_on:%Y%m%d}", 8), (payout_reference, 35),
    )  # fmt: skip


_HEAD = re.compile(rb"1(.{8})([0-9]{8})([0-9]{14})([0-9]{3})KCG     (.{30}) {48}", re.DOTALL)
_LINE = re.compile(
    rb"2([0-9]{6})(.{8})(.{20})([0-9A-Z ]{16})([0-9]{9})([0-9]{5})([0-9]{5})([0-9]{12})([0-9]{12}) {26}", re.DOTALL
)
_END = re.compile(rb"3([0-9]{8})([0-9]{13})([0-9]{11})([0-9]{11})([0-9]{13})([0-9]{8})([0-9A-Z-]{1,35} *) {20}")


def _records(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\r\n")
        for record in whole:
            yield _checked(record)
        if len(rest) > RECORD_BYTES + 1:
            _checked(rest)
    if rest:
        if _is_of_another_encoding(rest):
            raise CollectionFileWrong("encoding", f"the file is not in {ENCODING}")
        raise CollectionFileWrong("truncated", "the last record has no line end")


def _checked(record: bytes) -> bytes:
    if len(record) == RECORD_BYTES:
        try:
            record.decode(ENCODING)
        except UnicodeDecodeError as problem:
            raise CollectionFileWrong("encoding", f"the file is not in {ENCODING}") from problem
        return record
    if _is_of_another_encoding(record):
        raise CollectionFileWrong("encoding", f"the file is not in {ENCODING}")
    raise CollectionFileWrong("form", f"a record has {RECORD_BYTES} bytes and a CRLF")


def _is_of_another_encoding(record: bytes) -> bool:
    """UTF-8 (with Chinese in it, or its mark), UTF-16, or no text in CP950 at all."""
    if b"\0" in record or record.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return True
    if record.isascii():
        return False
    try:
        record.decode("utf-8")
    except UnicodeDecodeError:
        return _is_undecodable(record)
    return True


def _is_undecodable(record: bytes) -> bool:
    try:
        record.decode(ENCODING)
    except UnicodeDecodeError as problem:
        # A character cut in two at the end of a transfer says nothing about the rest.
        return problem.end < len(record)
    return False


def _head(record: bytes | None) -> Head:
    if record is None:
        raise CollectionFileWrong("truncated", "the file is empty")
    fields = _matched(_HEAD, record, "header")
    channel = _BY_CODE.get(_text(fields[1]))
    if channel is None:
        raise CollectionFileWrong("form", "no channel of ours")
    return Head(channel, _day(fields[2]), _moment(fields[3], "%Y%m%d%H%M%S"), int(fields[4]))


def _line(record: bytes, row: int, channel: Channel) -> CollectionLine:
    fields = _matched(_LINE, record, "detail")
    if int(fields[1]) != row:
        raise CollectionFileWrong("form", f"detail {row} is numbered {int(fields[1])}")
    try:
        amount_twd = money.from_barcode(fields[5].decode())
    except money.MoneyNotConvertible as problem:
        raise CollectionFileWrong("form", f"detail {row}: {problem}") from problem
    return CollectionLine(
        row=row, channel=channel, store=_text(fields[2]), store_name=_text(fields[3]), slip_number=_text(fields[4]),
        amount_twd=amount_twd, fee_twd=int(fields[6]), charge_twd=int(fields[7]),
        paid_at=_moment(fields[8], "%Y%m%d%H%M"), reference=_text(fields[9]),
    )  # fmt: skip


def _end(record: bytes) -> End:
    fields = _matched(_END, record, "trailer")
    return End(
        details=int(fields[1]), amount_twd=int(fields[2]), fee_twd=int(fields[3]), charge_twd=int(fields[4]),
        net_twd=int(fields[5]), pays_on=_day(fields[6]), payout_reference=_text(fields[7]),
    )  # fmt: skip


def _matched(pattern: re.Pattern[bytes], record: bytes, name: str) -> re.Match[bytes]:
    match = pattern.fullmatch(record)
    if match is None:
        raise CollectionFileWrong("form", f"not the {name} that was agreed")
    return match


def _text(field: bytes) -> str:
    try:
        return field.decode(ENCODING).rstrip(" ")
    except UnicodeDecodeError as problem:
        raise CollectionFileWrong("form", "a character stands across two fields") from problem


def _day(field: bytes) -> date:
    return _moment(field, "%Y%m%d").date()


def _moment(field: bytes, form: str) -> datetime:
    try:
        return datetime.strptime(field.decode(), form).replace(tzinfo=TAIPEI)
    except ValueError as problem:
        raise CollectionFileWrong("form", "no such day or time") from problem


def _record(kind: str, *fields: tuple[str, int]) -> bytes:
    record = kind.encode()
    for text, length in fields:
        encoded = text.encode(ENCODING)
        if len(encoded) > length:
            raise ValueError(f"{text!r} does not fit into {length} bytes")
        record += encoded.ljust(length)
    return record.ljust(RECORD_BYTES) + b"\r\n"
