"""Time: UTC inside, Taipei where people read. Only the edges (a request, a task, a command) ask what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def taipei_date(moment: datetime) -> date:
    """The calendar day in Taipei at that moment."""
    return moment.astimezone(TAIPEI).date()


def on_the_wire(moment: datetime) -> str:
    """RFC 3339 in Taipei time with its offset, to the second, as every answer carries it."""
    return moment.astimezone(TAIPEI).isoformat(timespec="seconds")
