"""A night's file of rides, as an operator's system writes it: read whole, and taken whole or not at all.

CSV with a header, in UTF-8 (a byte order mark is allowed) or Big5 as the sender says. Each line is one ride and the
same deed as if it had been told by itself: a file that is sent again changes nothing. If any line is wrong, nothing is
taken, and every wrong line is named with its column and the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.taiwan import normalise, person_id_valid
from points.earning import deeds, stations
from points.earning.deeds import Report
from points.earning.errors import RideFileRefused, RideFileUnreadable

Encoding = Literal["utf-8", "big5"]
ENCODINGS: Final[tuple[Encoding, ...]] = ("utf-8", "big5")
COLUMNS: Final = ("交易序號", "身分證號", "進站時間", "進站", "出站時間", "出站", "票價")
MOST_BYTES: Final = 8_000_000
MOST_LINES: Final = 20_000
MOST_ROWS_SHOWN: Final = 100
_KEY, _PERSON, _ENTERED, _FROM, _LEFT, _TO, _FARE = COLUMNS
# What Taiwan's systems call Big5 is Microsoft's code page.
_CODECS: Final[Mapping[Encoding, str]] = {"utf-8": "utf-8-sig", "big5": "cp950"}
_NUMBER: Final = re.compile("[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_FARES: Final = range(1_001)


@dataclass(frozen=True, slots=True)
class WrongCell:
    """What is wrong in one line: `row` counts the header as 1; `column` is "" where it is about the whole line."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: rides that are new, and those that had been told before."""

    new: int
    known: int


def receive(
    session: Session, content: bytes, *, bureau: str, operator: str, encoding: Encoding, now: datetime
) -> Taken:  # fmt: skip
    """Take all rides of a file. Raises RideFileUnreadable, RideFileRefused (which names each wrong line), Forbidden."""
    rows = list(_rows(content, encoding))
    reports, wrong = [], []
    seen: dict[str, int] = {}
    for number, row in rows:
        report, found = _ride(operator, number, row, now)
        if report is not None and (earlier := seen.setdefault(report.key, number)) != number:
            found = [WrongCell(number, _KEY, f"the number stands in row {earlier} already")]
        wrong += found
        if report is not None and not found:
            reports.append((number, report))
    if not wrong:
        outcomes = deeds.receive_all(session, bureau=bureau, reports=[report for _, report in reports], now=now)
        wrong = [
            WrongCell(number, _KEY, "another ride was told under this number before")
            for (number, _), outcome in zip(reports, outcomes, strict=True)
            if outcome == "differs"
        ]
        if not wrong:
            return Taken(outcomes.count("new"), outcomes.count("known"))
    shown = [{"row": each.row, "column": each.column, "reason": each.reason} for each in wrong[:MOST_ROWS_SHOWN]]
    raise RideFileRefused(rows=shown, wrong=len(wrong), lines=len(rows))


def _rows(content: bytes, encoding: Encoding) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty with its number, after the header. Raises RideFileUnreadable."""
    try:
        text = content.decode(_CODECS[encoding])
    except UnicodeDecodeError as error:
        raise RideFileUnreadable(reason="encoding", at_byte=error.start) from None
    if "\0" in text:
        raise RideFileUnreadable(reason="not_text")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [normalise(name) for name in next(reader, [])]
        if sorted(header) != sorted(COLUMNS):
            raise RideFileUnreadable(reason="header", columns=list(COLUMNS))
        order = [header.index(name) for name in COLUMNS]
        for lines, cells in enumerate((row for row in reader if any(row)), 1):
            if lines > MOST_LINES:
                raise RideFileUnreadable(reason="too_many_lines", most=MOST_LINES)
            yield reader.line_num, [cells[place] for place in order] if len(cells) == len(COLUMNS) else cells
    except csv.Error:
        raise RideFileUnreadable(reason="quotes", at_line=reader.line_num) from None


def _ride(operator: str, number: int, row: list[str], now: datetime) -> tuple[Report | None, list[WrongCell]]:
    if len(row) != len(COLUMNS):
        return None, [WrongCell(number, "", f"{len(row)} cells instead of {len(COLUMNS)}")]
    cells = dict(zip(COLUMNS, (normalise(cell) for cell in row), strict=True))
    wrong: list[WrongCell] = []

    def must(is_right: bool, column: str, reason: str) -> None:
        if not is_right:
            wrong.append(WrongCell(number, column, reason))

    known = stations.of_operator(operator)
    is_complete = bool(cells[_LEFT] or cells[_TO])
    entered, left = _moment(cells[_ENTERED]), _moment(cells[_LEFT])
    must(_NUMBER.fullmatch(cells[_KEY]) is not None, _KEY, "1 to 80 letters and digits")
    must(person_id_valid(cells[_PERSON].upper()), _PERSON, "not an ID number")
    must(entered is not None, _ENTERED, "not a time such as 2026-11-05 08:12:33")
    must(cells[_FROM] in known, _FROM, f"no station of {operator}")
    if is_complete:
        must(left is not None, _LEFT, "not a time such as 2026-11-05 08:12:33")
        must(cells[_TO] in known, _TO, f"no station of {operator}")
        must(not (entered and left) or left >= entered, _LEFT, "before the entry")
    must(
        cells[_FARE].isascii() and cells[_FARE].isdigit() and int(cells[_FARE][:6]) in _FARES, _FARE,
        f"whole NT$, at most {_FARES[-1]}",
    )  # fmt: skip
    at = left or entered
    must(at is None or deeds.may_be_told(at, now), _LEFT if left else _ENTERED, deeds.WHEN_TOLD)
    if wrong or at is None:
        return None, wrong
    facts: dict[str, Any] = {
        "operator": operator, "is_complete": is_complete, "from": cells[_FROM], "fare_twd": int(cells[_FARE]),
    }  # fmt: skip
    if is_complete:
        facts["to"] = cells[_TO]
    return Report("ride", f"{operator}:{cells[_KEY]}", cells[_PERSON].upper(), at, facts), []


def _moment(cell: str) -> datetime | None:
    """A time on Taipei's clock, as operators write it."""
    for written in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"):
        try:
            return datetime.strptime(cell, written).replace(tzinfo=TAIPEI)
        except ValueError:
            continue
    return None
