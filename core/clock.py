"""Time: UTC inside, Taipei where people read. Only the edges (a request, a task, a command) ask what time it is."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")

_ahead_file: Path | None = None
_ahead_known: tuple[int, timedelta] = (0, timedelta())


def now() -> datetime:
    """This moment, aware, in UTC; so much later as the file says that a demo's clock follows."""
    return datetime.now(UTC) if _ahead_file is None else datetime.now(UTC) + _ahead(_ahead_file)


def follow(ahead_file: str | Path | None) -> None:
    """From now on this process's clock is ahead by the seconds in that file, whenever they change; None: it is right.

    A demo lives through a month in minutes this way. Settings refuse it anywhere else (CLOCK_AHEAD_FILE).
    """
    global _ahead_file, _ahead_known
    _ahead_file, _ahead_known = (Path(ahead_file) if ahead_file else None), (0, timedelta())


def put_ahead(ahead_file: Path, by: timedelta) -> None:
    """Put the clocks of all that follow this file ahead by so much in all."""
    written = ahead_file.with_suffix(".new")
    written.write_text(str(int(by.total_seconds())))
    written.replace(ahead_file)


def _ahead(path: Path) -> timedelta:
    global _ahead_known
    try:
        changed_at = path.stat().st_mtime_ns
        if changed_at != _ahead_known[0]:
            _ahead_known = (changed_at, timedelta(seconds=int(path.read_text() or 0)))
    except FileNotFoundError:
        return timedelta()
    return _ahead_known[1]


def taipei_date(moment: datetime) -> date:
    """The calendar day in Taipei at that moment."""
    return moment.astimezone(TAIPEI).date()


def on_the_wire(moment: datetime) -> str:
    """RFC 3339 in Taipei time with its offset, to the second, as every answer carries it."""
    return moment.astimezone(TAIPEI).isoformat(timespec="seconds")


follow(os.environ.get("CLOCK_AHEAD_FILE"))
