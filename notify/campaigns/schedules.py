"""When a campaign is sent: now, at a moment, again and again, or before something that is due. Pure; Taipei's clock."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from core.clock import TAIPEI, on_the_wire, taipei_date
from core.errors import FieldError
from notify.campaigns.errors import CampaignRefused

EVERY = ("day", "week", "month")
EVENTS = {"bill_due": ("count", "total", "due", "days")}
"""What can set a campaign off, with the fields that it fills in."""
MOST_DAYS_BEFORE = 30
LONGEST = timedelta(days=366)
LIFE = timedelta(days=7)
"""For how long a message is worth sending that has no deadline."""
DEFAULT_EVENT_TIME = time(9, 0)


@dataclass(frozen=True, slots=True)
class Now:
    """As soon as it is approved."""


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Recurring:
    """Every day, on `weekdays` (ISO 8601: 1 is Monday) of every week, or on `day` of every month, until a last day.

    A month that has no such day has it on its last one.
    """

    every: str
    at: time
    until: date
    weekdays: tuple[int, ...] = ()
    day: int | None = None


@dataclass(frozen=True, slots=True)
class OnEvent:
    """Looked for once a day at `at`: what becomes due within so many days and was not told of yet."""

    event: str
    days_before: int
    at: time = DEFAULT_EVENT_TIME
    until: date | None = None


Schedule = Now | At | Recurring | OnEvent


def read_schedule(document: Mapping[str, Any], *, now: datetime) -> Schedule:
    """The schedule that a JSON document asks for. Raises CampaignRefused, naming the member that is wrong."""
    match document["kind"]:
        case "now":
            return Now()
        case "at":
            return At(_future(document.get("at"), now))
        case "recurring":
            return _recurring(document, now)
        case _:
            return _on_event(document, now)


def stored(document: Mapping[str, Any]) -> Schedule:
    """The schedule in a document that `as_document` made."""
    until = document.get("until")
    last = date.fromisoformat(until) if until else None
    match document["kind"]:
        case "now":
            return Now()
        case "at":
            return At(datetime.fromisoformat(document["at"]))
        case "recurring":
            assert last is not None
            weekdays = tuple(document["weekdays"])
            return Recurring(document["every"], _clock(document["at"]), last, weekdays, document["day"])
        case _:
            return OnEvent(document["event"], document["days_before"], _clock(document["at"]), last)


def as_document(schedule: Schedule) -> dict[str, Any]:
    """The schedule as JSON."""
    match schedule:
        case Now():
            return {"kind": "now"}
        case At(at):
            return {"kind": "at", "at": on_the_wire(at)}
        case Recurring():
            return {
                "kind": "recurring", "every": schedule.every, "weekdays": list(schedule.weekdays), "day": schedule.day,
                "at": f"{schedule.at:%H:%M}", "until": schedule.until.isoformat(),
            }  # fmt: skip
        case OnEvent():
            return {
                "kind": "event", "event": schedule.event, "days_before": schedule.days_before,
                "at": f"{schedule.at:%H:%M}", "until": schedule.until.isoformat() if schedule.until else None,
            }  # fmt: skip


def first_after(schedule: Schedule, moment: datetime) -> datetime | None:
    """When it is sent the first time, where it is approved at that moment; None where its time has passed."""
    match schedule:
        case Now():
            return moment
        case At(at):
            return at if at > moment else None
        case _:
            return next_after(schedule, moment)


def next_after(schedule: Schedule, moment: datetime) -> datetime | None:
    """The next time after that moment; None where there is none."""
    match schedule:
        case Recurring():
            return _next(schedule, moment, schedule.at, schedule.until)
        case OnEvent():
            return _next(schedule, moment, schedule.at, schedule.until)
        case _:
            return None


def worth_until(schedule: Schedule, deadline: datetime | None, moment: datetime) -> datetime:
    """Until when what is sent at that moment is worth sending: to the deadline, and not after the next that replaces
    it."""
    if isinstance(schedule, OnEvent):
        own = moment + timedelta(days=max(schedule.days_before, 1))
    else:
        following = next_after(schedule, moment)
        own = moment + LIFE if following is None else min(following, moment + LIFE)
    return own if deadline is None else min(own, deadline)


def fields_of(schedule: Schedule) -> tuple[str, ...]:
    """The fields that whatever sets it off fills in."""
    return EVENTS[schedule.event] if isinstance(schedule, OnEvent) else ()


def _next(schedule: Recurring | OnEvent, moment: datetime, at: time, until: date | None) -> datetime | None:
    day = taipei_date(moment)
    last = day + LONGEST if until is None else until
    while day <= last:
        candidate = datetime.combine(day, at, TAIPEI)
        if candidate > moment and _falls_on(schedule, day):
            return candidate.astimezone(moment.tzinfo)
        day += timedelta(days=1)
    return None


def _falls_on(schedule: Recurring | OnEvent, day: date) -> bool:
    if isinstance(schedule, OnEvent) or schedule.every == "day":
        return True
    if schedule.every == "week":
        return day.isoweekday() in schedule.weekdays
    assert schedule.day is not None
    return day.day == min(schedule.day, calendar.monthrange(day.year, day.month)[1])


def _recurring(document: Mapping[str, Any], now: datetime) -> Recurring:
    every, weekdays, day = document.get("every"), document.get("weekdays") or (), document.get("day")
    if every not in EVERY:
        raise _refused("every", f"is not one of {', '.join(EVERY)}")
    if every == "week" and not weekdays:
        raise _refused("weekdays", "names no day of the week (1 is Monday)")
    if every == "month" and day is None:
        raise _refused("day", "names no day of the month")
    kept = tuple(sorted(set(weekdays))) if every == "week" else ()
    last = _last(document.get("until"), now)
    if last is None:
        raise _refused("until", "is missing: nothing is sent again and again without an end")
    return Recurring(every, _time(document.get("at")), last, kept, day if every == "month" else None)


def _on_event(document: Mapping[str, Any], now: datetime) -> OnEvent:
    if document.get("event") not in EVENTS:
        raise _refused("event", f"is not one of {', '.join(EVENTS)}")
    days = document.get("days_before")
    if days is None:
        raise _refused("days_before", "says not how many days before")
    at = _time(document["at"]) if document.get("at") else DEFAULT_EVENT_TIME
    return OnEvent(document["event"], days, at, _last(document.get("until"), now))


def _future(text: str | None, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        raise _refused("at", "is no moment (RFC 3339, with an offset)") from None
    if at.tzinfo is None:
        raise _refused("at", "is no moment (RFC 3339, with an offset)")
    if not now < at <= now + LONGEST:
        raise _refused("at", "has passed, or is more than a year away")
    return at.replace(microsecond=0)


def _time(text: str | None) -> time:
    try:
        return _clock(text or "")
    except ValueError:
        raise _refused("at", "is no time of day (HH:MM, Taipei)") from None


def _clock(text: str) -> time:
    if len(text) != 5:
        raise ValueError(text)
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007


def _last(text: str | None, now: datetime) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _refused("until", "is no day (YYYY-MM-DD)") from None
    if not taipei_date(now) <= day <= taipei_date(now) + LONGEST:
        raise _refused("until", "has passed, or is more than a year away")
    return day


def _refused(member: str, reason: str) -> CampaignRefused:
    return CampaignRefused(errors=[FieldError(f"/schedule/{member}", reason)])
