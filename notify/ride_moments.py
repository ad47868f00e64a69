"""Moments of rides as people say them, so that a screen reader reads them well: 11月23日星期一上午9點30分."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.clock import TAIPEI
from core.text import Text

_WEEKDAYS: Final = (
    ("星期一", "Monday"), ("星期二", "Tuesday"), ("星期三", "Wednesday"), ("星期四", "Thursday"),
    ("星期五", "Friday"), ("星期六", "Saturday"), ("星期日", "Sunday"),
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
# The hour from which a part of the day is called so.
_PARTS: Final = ((18, "晚上"), (12, "下午"), (5, "上午"), (0, "凌晨"))


def day_and_time(moment: datetime) -> Text:
    """A day and a time of day: "11月23日星期一上午9點30分", "Monday 23 November at 9:30 am"."""
    local, said = moment.astimezone(TAIPEI), time_of_day(moment)
    zh, en = _WEEKDAYS[local.weekday()]
    return Text(
        f"{local.month}月{local.day}日{zh}{said.zh}", f"{en} {local.day} {_MONTHS[local.month - 1]} at {said.en}"
    )


def time_of_day(moment: datetime) -> Text:
    """A time of day: "上午9點", "晚上8點5分"; "9:00 am", "8:05 pm"."""
    local = moment.astimezone(TAIPEI)
    hour, minute = local.hour % 12 or 12, local.minute
    part = next(name for begins, name in _PARTS if local.hour >= begins)
    if local.hour == 12 and not minute:
        return Text("中午12點", "12 noon")
    spoken_hour = 0 if local.hour == 0 else hour
    return Text(
        f"{part}{spoken_hour}點{f'{minute}分' if minute else ''}",
        f"{hour}:{minute:02} {'am' if local.hour < 12 else 'pm'}",
    )
