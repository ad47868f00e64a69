"""What a campaign's terms come to: whether an event meets the conditions, how many points it is worth, what caps leave.

Nothing here reads a database: granting, the dry run and the estimate on the phone count the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from core.clock import TAIPEI, taipei_date

NO_BONUS: Final = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """What one fact must say: be `equal` to a flag, be (or share) one `of` these texts, or be `least` or more."""

    fact: str
    equal: bool | None = None
    of: tuple[str, ...] = ()
    least: int | None = None

    def is_met(self, facts: Mapping[str, Any]) -> bool:
        """Whether the facts say so; a fact that is not there meets nothing."""
        value = facts.get(self.fact)
        if value is None:
            return False
        if self.equal is not None:
            return bool(value is self.equal)
        if self.least is not None:
            return isinstance(value, int) and value >= self.least
        return not set(self.of).isdisjoint(value if isinstance(value, list) else (value,))


@dataclass(frozen=True, slots=True)
class Window:
    """When an event is worth `percent` of the usual points, by the clock and the calendar of Taipei.

    `week_days` (1: Monday) none means every day; `from_time` is the first minute and `until_time` the first minute
    after (None: midnight); `from_day` and `until_day` are the first and the last day. One that ends no later than it
    begins goes on past midnight, and belongs to the day on which it began: "Friday 22:00 to 02:00" holds on Saturday
    at one.
    """

    percent: int
    week_days: tuple[int, ...] = ()
    from_time: time = time.min
    until_time: time | None = None
    from_day: date | None = None
    until_day: date | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether that moment lies in it."""
        local = moment.astimezone(TAIPEI)
        day, clock = local.date(), local.time()
        is_before_end = self.until_time is None or clock < self.until_time
        if self.is_past_midnight and is_before_end:
            day -= timedelta(days=1)
        elif clock < self.from_time or not (is_before_end or self.is_past_midnight):
            return False
        return (
            (not self.week_days or day.isoweekday() in self.week_days)
            and (self.from_day is None or self.from_day <= day)
            and (self.until_day is None or day <= self.until_day)
        )

    @property
    def is_past_midnight(self) -> bool:
        """Whether it ends on the day after the one on which it began."""
        return self.until_time is not None and self.until_time <= self.from_time


class Granted(NamedTuple):
    """What one person has from one campaign and has not lost again: points of that day, points in all, how often."""

    today: int = 0
    in_all: int = 0
    times: int = 0


class Caps(NamedTuple):
    """The most that one person may have: points on a day, points in all, times; None: no such limit."""

    day: int | None = None
    in_all: int | None = None
    times: int | None = None


def are_met(conditions: tuple[Condition, ...], facts: Mapping[str, Any]) -> bool:
    """Whether all of them are."""
    return all(condition.is_met(facts) for condition in conditions)


def percent_at(windows: tuple[Window, ...], moment: datetime) -> int:
    """What an event at that moment is worth, in percent of the usual: the best window counts alone."""
    place = best_at(windows, moment)
    return NO_BONUS if place is None else windows[place].percent


def best_at(windows: tuple[Window, ...], moment: datetime) -> int | None:
    """The place of the best window that holds at that moment, of two as good the first; None where none holds."""
    holding = [place for place, window in enumerate(windows) if window.holds_at(moment)]
    return max(holding, key=lambda place: (windows[place].percent, -place), default=None)


def cut(wanted: int, caps: Caps, granted: Granted) -> tuple[int, str | None]:
    """How many of the points wanted the caps leave, and the reason where they leave none."""
    if caps.times is not None and granted.times >= caps.times:
        return 0, "times_cap"
    in_all = wanted if caps.in_all is None else max(0, caps.in_all - granted.in_all)
    today = wanted if caps.day is None else max(0, caps.day - granted.today)
    if in_all == 0:
        return 0, "person_cap"
    return (min(wanted, in_all, today), None) if today else (0, "daily_cap")


def day_of(moment: datetime) -> tuple[datetime, datetime]:
    """From when until when the day in Taipei lasts that holds this moment."""
    midnight = datetime.combine(taipei_date(moment), time.min, TAIPEI)
    return midnight, midnight + timedelta(days=1)


def week_of(moment: datetime) -> tuple[datetime, datetime]:
    """From when until when the week in Taipei lasts, Monday to Sunday, that holds this moment."""
    day = taipei_date(moment)
    monday = datetime.combine(day - timedelta(days=day.isoweekday() - 1), time.min, TAIPEI)
    return monday, monday + timedelta(days=7)


def week_day(moment: datetime) -> int:
    """1 (Monday) to 7 in Taipei."""
    return taipei_date(moment).isoweekday()


def conditions_from(stored: list[dict[str, Any]]) -> tuple[Condition, ...]:
    """Conditions as they are stored and sent."""
    return tuple(
        Condition(each["fact"], each.get("equal"), tuple(each.get("of") or ()), each.get("least")) for each in stored
    )


def conditions_as_json(conditions: tuple[Condition, ...]) -> list[dict[str, Any]]:
    """The other way round."""
    return [
        {"fact": each.fact, "equal": each.equal, "of": list(each.of) or None, "least": each.least}
        for each in conditions
    ]


def windows_from(stored: list[dict[str, Any]]) -> tuple[Window, ...]:
    """Windows as they are stored and sent."""
    return tuple(
        Window(
            percent=each["percent"],
            week_days=tuple(each.get("week_days") or ()),
            from_time=time.fromisoformat(each.get("from_time") or "00:00"),
            until_time=time.fromisoformat(each["until_time"]) if each.get("until_time") else None,
            from_day=date.fromisoformat(each["from_day"]) if each.get("from_day") else None,
            until_day=date.fromisoformat(each["until_day"]) if each.get("until_day") else None,
        )
        for each in stored
    )


def windows_as_json(windows: tuple[Window, ...]) -> list[dict[str, Any]]:
    """The other way round."""
    return [
        {
            "percent": each.percent,
            "week_days": list(each.week_days),
            "from_time": each.from_time.isoformat("minutes"),
            "until_time": each.until_time and each.until_time.isoformat("minutes"),
            "from_day": each.from_day and each.from_day.isoformat(),
            "until_day": each.until_day and each.until_day.isoformat(),
        }
        for each in windows
    ]
