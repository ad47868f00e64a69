"""What a worker of the product does, at the moments of the simulated day: sweeps, and events to their consumers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from accessibility import tasks
from api import delivery
from core import db
from core.outbox import Consumer


class Worker:
    """The part of a worker that rides need."""

    def __init__(self) -> None:
        self._swept: dict[str, datetime] = {}
        self._last: UUID | None = None

    def sweep(self, now: datetime) -> None:
        """Every sweep whose time has come. Those that take so many at a time come as often as they would have come
        since, until they find nothing: a worker that looks every second does not look once a minute."""
        for name, (every_seconds, run) in tasks.SWEEPS.items():
            last = self._swept.get(name)
            every = timedelta(seconds=every_seconds)
            if last is not None and now - last < every:
                continue
            self._swept[name] = now
            passes = min((now - last) // every if last is not None else 1, _PASSES_AT_MOST)
            for _ in range(passes if name in _SO_MANY_AT_A_TIME else 1):
                if not run(now):
                    break

    def deliver(self) -> Sequence[Any]:
        """Bring what rides have published since to its consumers. Answers those events: kind, payload, recorded_at."""
        with db.unit_of_work() as session:
            rows = session.execute(_PUBLISHED, {"after": self._last}).all()
        if rows:
            self._last = rows[-1].id
            delivery.deliver([row.id for row in rows], _CONSUMERS)
        return rows


def _by_kind(consumers: Sequence[Consumer]) -> dict[str, list[Consumer]]:
    found: dict[str, list[Consumer]] = {}
    for consumer in consumers:
        found.setdefault(consumer.kind, []).append(consumer)
    return found


_SO_MANY_AT_A_TIME: Final = ("accessibility.drive_rides", "accessibility.close_requests", "accessibility.seek_returns")
_PASSES_AT_MOST: Final = 60
_CONSUMERS: Final = _by_kind(tasks.CONSUMERS)
_PUBLISHED = text(
    """
    SELECT id, kind, payload, recorded_at FROM core.outbox
     WHERE starts_with(kind, 'accessibility.') AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id
    """
)
