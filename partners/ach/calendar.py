"""The banks' business days in Taiwan, and the ROC dates of their files.

`business_days.csv` holds what the government's calendar changes about the week: holidays on weekdays, and Saturdays
that are worked instead. Days that are closed on short notice (typhoons) are not in it: whoever asks passes them as
`closed`. Past the last year of the file, weekends and the holidays of a fixed date count.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from core.taiwan import ROC_YEAR_OFFSET, parse_date

_FILE = Path(__file__).parent / "business_days.csv"
_DAY = timedelta(days=1)
_SATURDAY = 5
# 紀念日及節日實施條例: the holidays that need no lunar calendar, as (month, day).
_FIXED = frozenset({(1, 1), (2, 28), (4, 4), (5, 1), (9, 28), (10, 10), (10, 25), (12, 25)})
_ROC_DIGITS = re.compile(r"[0-9]{8}")
# The longest stretch without a business day is the lunar new year with typhoon days on top; more is a wrong `closed`.
_LONGEST_PAUSE_DAYS = 60


@dataclass(frozen=True, slots=True)
class _Announced:
    holidays: frozenset[date]
    workdays: frozenset[date]
    last_year: int


def is_business_day(day: date, closed: Collection[date] = ()) -> bool:
    """Whether the banks clear on `day`; `closed` are days that were closed on short notice."""
    announced = _announced()
    if day in closed or day in announced.holidays:
        return False
    if day in announced.workdays:
        return True
    if day.year > announced.last_year and (day.month, day.day) in _FIXED:
        return False
    return day.weekday() < _SATURDAY


def next_business_day(day: date, closed: Collection[date] = ()) -> date:
    """The first business day after `day`."""
    return business_day_from(day + _DAY, closed)


def business_day_from(day: date, closed: Collection[date] = ()) -> date:
    """`day` itself when it is a business day, else the next one."""
    for ahead in range(_LONGEST_PAUSE_DAYS):
        if is_business_day(day + ahead * _DAY, closed):
            return day + ahead * _DAY
    raise ValueError(f"no business day within {_LONGEST_PAUSE_DAYS} days from {day}")


def previous_business_day(day: date, closed: Collection[date] = ()) -> date:
    """The last business day before `day`."""
    for back in range(1, _LONGEST_PAUSE_DAYS):
        if is_business_day(day - back * _DAY, closed):
            return day - back * _DAY
    raise ValueError(f"no business day within {_LONGEST_PAUSE_DAYS} days before {day}")


def last_announced_year() -> int:
    """The last year that the file knows; from the next one on, the calendar is incomplete."""
    return _announced().last_year


def roc_digits(day: date) -> str:
    """`day` as clearing files write it: ROC year in four digits, month, day; 2026-11-05 is 01151105."""
    if day.year <= ROC_YEAR_OFFSET:
        raise ValueError("before the first ROC year")
    return f"{day.year - ROC_YEAR_OFFSET:04d}{day.month:02d}{day.day:02d}"


def from_roc_digits(digits: str) -> date:
    """The day that eight ROC digits name. Raises ValueError for anything else, a 29 February that was none included."""
    if _ROC_DIGITS.fullmatch(digits) is None:
        raise ValueError("not a date in eight ROC digits")
    roc_year = int(digits[:4])
    if roc_year == 0:
        raise ValueError("there is no ROC year 0")
    return date(roc_year + ROC_YEAR_OFFSET, int(digits[4:6]), int(digits[6:]))


@cache
def _announced() -> _Announced:
    days: dict[str, set[date]] = {"holiday": set(), "workday": set()}
    with _FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            days[row["kind"]].add(parse_date(row["day"]))
    both = days["holiday"] | days["workday"]
    return _Announced(frozenset(days["holiday"]), frozenset(days["workday"]), max(day.year for day in both))
