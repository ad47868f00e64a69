"""The roster as a sheet (CSV, RFC 4180): written, and read back into a change with what is wrong line by line.

Columns date, vehicle, driver, begins, ends, breaks; a rest is written `11:00-12:30/30` (may begin from 11:00 to 12:30,
30 minutes), several with a semicolon between them. Names are left out: nothing in it can be taken for a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import StringIO
from typing import Final, Literal

from sqlalchemy.orm import Session

from accessibility.dispatch.travel import Travel
from accessibility.own_fleet import roster
from accessibility.van_office import shifts
from accessibility.van_office.changes import Addition, Alteration, Removal, RosterChange
from accessibility.van_office.errors import SheetUnreadable
from accessibility.van_office.shifts import Rest, Shift, Wanted
from core.clock import taipei_date
from core.text import Text

COLUMNS: Final = ("date", "vehicle", "driver", "begins", "ends", "breaks")
_MOST: Final = 500
_HOUR: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_FORMS: Final = {
    "date": ("[0-9]{4}-[0-9]{2}-[0-9]{2}", Text("日期要寫成 2026-11-24", "a date is written 2026-11-24")),
    "vehicle": ("[A-Z0-9-]{2,12}", Text("車號是大寫英數字", "a van's number is capitals and digits")),
    "driver": ("[0-9]{2,6}", Text("駕駛編號是 2 到 6 位數字", "a driver's number has 2 to 6 digits")),
    "begins": (_HOUR, Text("時間要寫成 06:00", "an hour is written 06:00")),
    "ends": (_HOUR, Text("時間要寫成 14:30", "an hour is written 14:30")),
    "breaks": (
        rf"(?:{_HOUR}-{_HOUR}/[0-9]{{1,3}}(?:;{_HOUR}-{_HOUR}/[0-9]{{1,3}}){{0,5}})?",
        Text("休息要寫成 11:00-12:30/30，多段用分號隔開", "a rest is written 11:00-12:30/30, several with a semicolon"),
    ),
}
_WRONG_DAY: Final = Text("沒有這一天，或不在可排班的日子內", "there is no such day, or shifts cannot be given on it")
_REST_LENGTH: Final = Text("休息要 5 到 240 分鐘", "a rest lasts from 5 to 240 minutes")
_TWICE: Final = Text("同一輛車同一時間寫了兩次", "the same van begins twice at that hour")
_TOO_MANY: Final = Text("一次最多 500 行", "no more than 500 lines at once")
_WORDS: Final = {
    "added": Text("新增", "is added"),
    "changed": Text("變更", "is changed"),
    "removed": Text("檔案裡沒有，將移除", "is not in the sheet and will be taken away"),
    "same": Text("沒有不同", "is so already"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What comes of a line of the sheet (the first one has number 1; 0: of none), and where in the change it is."""

    line: int
    outcome: Literal["added", "changed", "removed", "same", "wrong"]
    words: Text
    pointer: str | None = None


@dataclass(slots=True)
class Read:
    """A sheet that was read: its lines, and the change that those which are right stand for."""

    lines: list[Line] = field(default_factory=list)
    change: RosterChange = field(default_factory=RosterChange)


def written(roster: Sequence[Shift]) -> bytes:
    """These shifts as a sheet, with a mark by which spreadsheets know that it is UTF-8."""
    buffer = StringIO()
    lines = csv.writer(buffer, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for shift in roster:
        of = shift.wanted
        rests = ";".join(f"{rest.begins:%H:%M}-{rest.latest:%H:%M}/{rest.minutes}" for rest in of.rests)
        lines.writerow(
            (of.day.isoformat(), of.vehicle, of.driver, f"{of.begins:%H:%M}", f"{of.ends:%H:%M}", rests)
        )  # fmt: skip
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def read(session: Session, content: str, travel: Travel, now: datetime) -> Read:
    """What a sheet stands for: for each van and day that it names, it holds all of the van's shifts.

    Raises SheetUnreadable where its first line does not name the columns.
    """
    found = Read()
    wanted = _parsed(content, found, now)
    days = sorted({shift.day for shift in wanted.values()})
    for day in days:
        roster.make_day(session, day, travel, now)
    current = [shift for day in days for shift in shifts.of_days(session, day, day) if shift.ends_at > now]
    additions: list[Addition] = []
    alterations: list[Alteration] = []
    removals: list[Removal] = []
    known = {(each.wanted.vehicle, each.wanted.day, each.wanted.begins): each for each in current}
    for line, shift in wanted.items():
        before = known.pop((shift.vehicle, shift.day, shift.begins), None)
        if before is None:
            found.lines.append(Line(line, "added", _WORDS["added"], f"/additions/{len(additions)}"))
            additions.append(Addition(shift))
        elif before.wanted == shift:
            found.lines.append(Line(line, "same", _WORDS["same"]))
        else:
            found.lines.append(Line(line, "changed", _WORDS["changed"], f"/alterations/{len(alterations)}"))
            rests = None if before.wanted.rests == shift.rests else shift.rests
            alterations.append(Alteration(before.id, driver=shift.driver, ends=shift.ends, rests=rests))
    named = {(shift.vehicle, shift.day) for shift in wanted.values()}
    for (vehicle, day, begins), shift_left in known.items():
        if (vehicle, day) in named:
            words = Text(
                f"{day} {vehicle} {begins:%H:%M} {_WORDS['removed'].zh}",
                f"{day} {vehicle} {begins:%H:%M} {_WORDS['removed'].en}",
            )
            found.lines.append(Line(0, "removed", words, f"/removals/{len(removals)}"))
            removals.append(Removal(shift_left.id))
    found.change = RosterChange(tuple(additions), tuple(alterations), tuple(removals))
    found.lines.sort(key=lambda each: (each.line == 0, each.line))
    return found


def _parsed(content: str, found: Read, now: datetime) -> dict[int, Wanted]:
    """The shifts of the lines that are right, by line."""
    try:
        rows = list(csv.reader(StringIO(content.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        raise SheetUnreadable from error
    if not rows or tuple(cell.strip().lower() for cell in rows[0]) != COLUMNS:
        raise SheetUnreadable
    wanted: dict[int, Wanted] = {}
    taken: set[tuple[str, date, time]] = set()
    last = taipei_date(now + roster.AHEAD)
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        shift = _shift(row)
        if isinstance(shift, Wanted):
            key = (shift.vehicle, shift.day, shift.begins)
            if len(wanted) >= _MOST:
                shift = _TOO_MANY
            elif key in taken:
                shift = _TWICE
            elif not taipei_date(now) <= shift.day <= last:
                shift = _WRONG_DAY
            else:
                taken.add(key)
                wanted[number] = shift
        if isinstance(shift, Text):
            found.lines.append(Line(number, "wrong", shift))
    return wanted


def _shift(row: Sequence[str]) -> Wanted | Text:
    cells = dict(zip(COLUMNS, (*(cell.strip() for cell in row), *[""] * len(COLUMNS)), strict=False))
    for name, (form, words) in _FORMS.items():
        if re.fullmatch(form, cells[name]) is None:
            return words
    try:
        day = date.fromisoformat(cells["date"])
    except ValueError:
        return _WRONG_DAY
    rests = tuple(_rest(each) for each in cells["breaks"].split(";") if each)
    if not all(5 <= rest.minutes <= 240 for rest in rests):
        return _REST_LENGTH
    return Wanted(
        cells["vehicle"], cells["driver"], day, time.fromisoformat(cells["begins"]), time.fromisoformat(cells["ends"]),
        tuple(sorted(rests, key=lambda rest: rest.begins)),
    )  # fmt: skip


def _rest(written: str) -> Rest:
    hours, _, minutes = written.partition("/")
    begins, _, latest = hours.partition("-")
    return Rest(time.fromisoformat(begins), time.fromisoformat(latest), int(minutes))
