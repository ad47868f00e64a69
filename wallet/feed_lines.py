"""Reading a bureau's export as it arrives: chunks of bytes in, one line's fate at a time out, in constant memory.

Records are cut before anything is decoded. That is safe in CP950 as in UTF-8: no second byte of a CP950 character is
below 0x40, so a line end, a comma and a quote are always themselves.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from core import taiwan
from core.text import Text
from wallet.feed_fields import Unreadable, Value
from wallet.feed_problems import (
    FeedCompressed,
    FeedEncodingWrong,
    FeedHeaderUnknown,
    FeedNotText,
    FeedRecordTooLong,
    FeedTruncated,
)
from wallet.feed_profiles import ENCODINGS, PROFILES, Column, Profile, Record

RECORD_BYTES_MAX = 65_536
QUOTED_LINES_MAX = 100
CELL_CHARACTERS_MAX = 1_000
REMEMBERED_READINGS = 4_096
# A file with more undecodable lines than both of these is in another encoding rather than damaged.
UNDECODABLE_LINES_TOLERATED = 10
UNDECODABLE_SHARE_TOLERATED = 0.05
UNDECODABLE_JUDGED_FROM_ROW = 1_000

_SIGNATURE_BYTES = 8
# gzip, zip (also .xlsx), empty zip, bzip2, xz, Zstandard, 7-Zip, RAR
_COMPRESSED = (
    b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!",
)  # fmt: skip
_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

_CELL = rb'(?:"(?:[^"]|"")*+"[^,]*+|[^",][^,]*+|)'
_WHOLE_RECORD = re.compile(_CELL + rb"(?:," + _CELL + rb")*+")
_WHOLE_REST = re.compile(rb'(?:[^"]|"")*+"[^,]*+(?:,' + _CELL + rb")*+")
_NEXT_CELL = re.compile(_CELL)


_OF_ANOTHER = Text("這是來源「{source}」的檔案。", "This is a file of the source “{source}”.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is refused: the header of the column at fault, and the reason's code."""

    field: str
    reason: str


class Line(NamedTuple):
    """One data record of a file: `row` counts from 1, `raw` is what the bureau wrote; either `record` or `refusal`."""

    row: int
    raw: bytes
    record: Record | None
    refusal: Refusal | None = None


def read_lines(chunks: Iterable[bytes], profile: Profile, *, today: date) -> Iterator[Line]:
    """Every data record of a file of that source, in order; `today` is the day in Taipei.

    A bad line comes out with its refusal and costs no other line. Raises a FeedRefused when the file as a whole is
    not what the source has agreed to send; what was read before it is then worth nothing.
    """
    records = _records(_physical_lines(_checked(chunks)))
    header = next(records, None)
    if header is None:
        raise FeedHeaderUnknown(Text("檔案是空的。", "The file is empty."))
    columns = _columns_in_order(header.raw, profile)
    read = _reader(columns, profile, today=today)
    row = undecodable = 0
    for record in records:
        if not record.raw.strip(b" "):
            continue
        row += 1
        if record.is_unclosed:
            yield Line(row, record.raw, None, Refusal(_header_at(record.raw, columns), "quote_unclosed"))
            continue
        line = read(row, record.raw)
        if line.refusal is not None and line.refusal.reason == "encoding_invalid":
            undecodable += 1
            if row >= UNDECODABLE_JUDGED_FROM_ROW:
                _judge_encoding(undecodable, row)
        yield line
    _judge_encoding(undecodable, row)


def _judge_encoding(undecodable: int, rows: int) -> None:
    if undecodable > UNDECODABLE_LINES_TOLERATED and undecodable > rows * UNDECODABLE_SHARE_TOLERATED:
        raise FeedEncodingWrong


def _checked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks, once their beginning has shown that they are no archive; refused when a byte is no text's."""
    start = b""
    for chunk in chunks:
        if len(start) < _SIGNATURE_BYTES:
            start += chunk
            if len(start) < _SIGNATURE_BYTES:
                continue
            chunk = start
            _refuse_by_signature(start)
        if b"\0" in chunk:
            raise FeedNotText
        yield chunk
    if len(start) < _SIGNATURE_BYTES:
        _refuse_by_signature(start)
        if b"\0" in start:
            raise FeedNotText
        yield start


def _refuse_by_signature(start: bytes) -> None:
    if start.startswith(_COMPRESSED):
        raise FeedCompressed
    if start.startswith(_UTF16_BOMS):
        raise FeedEncodingWrong


def _physical_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What stands between two line feeds; raises FeedTruncated when the last one is missing."""
    rest = bytearray()
    for chunk in chunks:
        head, separator, tail = chunk.partition(b"\n")
        rest += head[: RECORD_BYTES_MAX + 1]
        if len(rest) > RECORD_BYTES_MAX:
            raise FeedRecordTooLong
        if not separator:
            continue
        yield bytes(rest)
        lines = tail.split(b"\n")
        last = lines.pop()
        yield from lines
        if len(last) > RECORD_BYTES_MAX:
            raise FeedRecordTooLong
        rest = bytearray(last)
    if rest:
        raise FeedTruncated


@dataclass(frozen=True, slots=True)
class _Raw:
    raw: bytes
    is_unclosed: bool = False


def _records(lines: Iterator[bytes]) -> Iterator[_Raw]:
    """Physical lines joined to records where a quoted cell spans several of them.

    A stray quote would swallow the good lines after it. So where a joined record has another number of cells than the
    header, its first line alone is given up and reading goes on with the second.
    """
    waiting: deque[bytes] = deque()
    width = 0

    def next_line() -> bytes | None:
        return waiting.popleft() if waiting else next(lines, None)

    while (line := next_line()) is not None:
        if len(line) > RECORD_BYTES_MAX:
            raise FeedRecordTooLong
        if b'"' not in line or _WHOLE_RECORD.fullmatch(line) is not None:
            record = line.removesuffix(b"\r")
            width = width or len(_cells_of(record))
            yield _Raw(record)
            continue
        parts, is_whole = _joined(line, next_line)
        record = b"\n".join(parts).removesuffix(b"\r")
        if is_whole and len(record) <= RECORD_BYTES_MAX and width in (0, len(_cells_of(record))):
            width = width or len(_cells_of(record))
            yield _Raw(record)
            continue
        if width == 0:
            raise FeedHeaderUnknown
        rest = parts[1:]
        ended_inside = not is_whole and len(parts) < QUOTED_LINES_MAX and len(record) <= RECORD_BYTES_MAX
        # Whole records behind the open quote show that it is a stray one; without any, the file is cut off.
        if ended_inside and not any(len(_cells_of(part)) == width for part in rest):
            raise FeedTruncated
        waiting.extendleft(reversed(rest))
        yield _Raw(line.removesuffix(b"\r"), is_unclosed=True)


def _joined(first: bytes, next_line: Callable[[], bytes | None]) -> tuple[list[bytes], bool]:
    """`first`, whose last quoted cell is open, and the lines after it up to the one that closes it."""
    parts, size = [first], len(first)
    while (line := next_line()) is not None:
        parts.append(line)
        size += len(line) + 1
        if _WHOLE_REST.fullmatch(line) is not None:
            return parts, True
        if size > RECORD_BYTES_MAX or len(parts) >= QUOTED_LINES_MAX:
            break
    return parts, False


def _cells_of(record: bytes) -> list[bytes]:
    """The cells of a record as written, quotes included; those before an open quote when one stays open."""
    cells, at = [], 0
    while True:
        match = _NEXT_CELL.match(record, at)
        assert match is not None, "an empty cell always matches"
        at = match.end()
        cells.append(match[0])
        if at >= len(record) or record[at : at + 1] != b",":
            return cells
        at += 1


def _columns_in_order(header: bytes, profile: Profile) -> list[Column]:
    """The profile's columns in the order in which this file has them."""
    if header.startswith(_BOM):
        if profile.encoding != "utf-8":
            raise FeedEncodingWrong
        header = header.removeprefix(_BOM)
    names = _header_names(header, profile.encoding)
    if names is not None and sorted(names) == sorted(profile.headers):
        by_name = {column.header: column for column in profile.columns}
        return [by_name[name] for name in names]
    for encoding in ENCODINGS:
        names_read_so = _header_names(header, encoding)
        if names_read_so is None:
            continue
        for other in PROFILES.values():
            if sorted(names_read_so) != sorted(other.headers):
                continue
            if other is profile:
                raise FeedEncodingWrong
            raise FeedHeaderUnknown(_OF_ANOTHER.format(source=other.source))
    if names is None:
        raise FeedEncodingWrong
    missing = "、".join(name for name in profile.headers if name not in names)
    if missing:
        raise FeedHeaderUnknown(Text("缺少欄位:{names}", "Columns missing: {names}").format(names=missing))
    raise FeedHeaderUnknown(Text("有多出或重複的欄位。", "There are unknown or repeated columns."))


def _header_names(header: bytes, encoding: str) -> list[str] | None:
    try:
        return [taiwan.normalise(name) for name in _split(header.decode(encoding))]
    except (UnicodeDecodeError, csv.Error):
        return None


def _split(record: str) -> list[str]:
    return next(csv.reader([record])) if '"' in record else record.split(",")


def _reader(columns: list[Column], profile: Profile, *, today: date) -> Callable[[int, bytes], Line]:
    """A function that reads one record of this file."""
    readings = [(column.field, column.header, _cell_reading(column)) for column in columns]
    width, encoding, complete = len(columns), profile.encoding, profile.complete
    happened_field = profile.happened_field
    latest = f"{today + timedelta(days=profile.days_ahead)}T24"

    def refused(row: int, raw: bytes, field: str, reason: str) -> Line:
        return Line(row, raw, None, Refusal(field, reason))

    def read(row: int, raw: bytes) -> Line:
        try:
            cells = _split(raw.decode(encoding))
        except UnicodeDecodeError:
            return refused(row, raw, _undecodable_header(raw, columns, encoding), "encoding_invalid")
        except csv.Error:
            return refused(row, raw, columns[0].header, "line_invalid")
        if len(cells) != width:
            if len(cells) < width:
                return refused(row, raw, columns[len(cells)].header, "columns_missing")
            return refused(row, raw, columns[-1].header, "columns_extra")
        values: Record = {}
        for (field, header, reading), cell in zip(readings, cells, strict=True):
            try:
                values[field] = reading(cell)
            except Unreadable as unreadable:
                return refused(row, raw, header, unreadable.reason)
        record = complete(values)
        if record[happened_field] > latest:
            return refused(row, raw, profile.happened_header, "in_the_future")
        return Line(row, raw, record)

    return read


def _cell_reading(column: Column) -> Callable[[str], Value]:
    read_normalised, normalise = column.read, taiwan.normalise

    def read(cell: str) -> Value:
        if len(cell) > CELL_CHARACTERS_MAX:
            raise Unreadable("text_too_long")
        return read_normalised(normalise(cell))

    return lru_cache(maxsize=REMEMBERED_READINGS)(read) if column.repeats else read


def _header_at(raw: bytes, columns: list[Column]) -> str:
    return columns[min(len(_cells_of(raw)), len(columns)) - 1].header


def _undecodable_header(raw: bytes, columns: list[Column], encoding: str) -> str:
    for column, cell in zip(columns, _cells_of(raw), strict=False):
        try:
            cell.decode(encoding)
        except UnicodeDecodeError:
            return column.header
    return columns[-1].header
