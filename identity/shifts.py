"""An officer's hours: in which minutes of the week, in Taipei, a desk may be open to them.

A shift is a list of stretches [start, end) in minutes since Monday 00:00. PostgreSQL keeps it as an `int4multirange`,
and the officer's session asks it in its own query: from the minute on in which a shift ends, nothing answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import Range

from core.clock import TAIPEI
from core.text import Text

Stretch = tuple[int, int]

_DAY = 24 * 60
_WEEK = 7 * _DAY
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = Text("一二三四五六日", "Mon Tue Wed Thu Fri Sat Sun")
_PART = re.compile("(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? +(?P<from>[0-9]{2}:[0-9]{2})-(?P<to>[0-9]{2}:[0-9]{2})")


def parse(text: str) -> tuple[Stretch, ...]:
    """The shift that "mon-fri 08:00-18:00, sat 09:00-12:00" names; "22:00-06:00" goes on past midnight.

    Raises ValueError for anything else.
    """
    found: list[Stretch] = []
    for part in text.lower().split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is not like 'mon-fri 08:00-18:00'")
        first, last = _day(match["first"]), _day(match["last"] or match["first"])
        start, end = _minute(match["from"]), _minute(match["to"])
        if start == end:
            raise ValueError(f"{part.strip()!r} ends when it begins")
        length = end - start if end > start else end + _DAY - start
        for step in range((last - first) % 7 + 1):
            begins = (first + step) % 7 * _DAY + start
            found += _within_a_week(begins, begins + length)
    return joined(found)


def joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same minutes in order, without stretches that touch."""
    kept: list[Stretch] = []
    for start, end in sorted(stretches):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return tuple(kept)


def minute_of_week(now: datetime) -> int:
    """How many whole minutes have passed since Monday 00:00 in Taipei."""
    at = now.astimezone(TAIPEI)
    return at.weekday() * _DAY + at.hour * 60 + at.minute


def ends_at(shift: Sequence[Stretch], now: datetime) -> datetime | None:
    """When the stretch that runs now ends; None outside the shift. A stretch that goes on over Sunday's midnight ends
    there first, and a session with it."""
    minute = minute_of_week(now)
    for start, end in shift:
        if start <= minute < end:
            whole = now.replace(second=0, microsecond=0)
            return whole + timedelta(minutes=end - minute)
    return None


def from_database(column: Any) -> tuple[Stretch, ...] | None:
    """A shift as the column holds it; None where no hours are set."""
    if column is None:
        return None
    return tuple((int(part.lower), int(part.upper)) for part in column)


def for_database(shift: Sequence[Stretch] | None) -> list[Range[int]] | None:
    """A shift as the column takes it."""
    return None if shift is None else [Range(start, end) for start, end in shift]


def words(shift: Sequence[Stretch]) -> Text:
    """A shift for people: "週一 08:00–18:00、…"."""
    zh, en = [], []
    for start, end in shift:
        for day in range(start // _DAY, (end - 1) // _DAY + 1):
            opens, closes = max(start, day * _DAY) - day * _DAY, min(end, (day + 1) * _DAY) - day * _DAY
            hours = f"{_clock(opens)}–{_clock(closes)}"
            zh.append(f"週{_DAY_NAMES.zh[day]} {hours}")
            en.append(f"{_DAY_NAMES.en.split()[day]} {hours}")
    return Text("、".join(zh), ", ".join(en))


def _within_a_week(start: int, end: int) -> list[Stretch]:
    return [(start, end)] if end <= _WEEK else [(start, _WEEK), (0, end - _WEEK)]


def _day(name: str) -> int:
    if name not in _DAYS:
        raise ValueError(f"{name!r} is not one of {', '.join(_DAYS)}")
    return _DAYS.index(name)


def _minute(text: str) -> int:
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes > 59 or hours * 60 + minutes > _DAY:
        raise ValueError(f"{text!r} is no time of day")
    return hours * 60 + minutes


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
