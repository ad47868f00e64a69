"""How long the core keeps what it wrote down to do its work: facts that were told to all whom they concern."""

from __future__ import annotations

from datetime import datetime

from core import keeping
from core.keeping import Kept

_WITH_ITS_MARKS = "DELETE FROM core.consumption AS c USING gone WHERE c.event_id = gone.id"

RULES = (
    Kept(
        "core.outbox", 400, "k.settled_at IS NOT NULL AND k.recorded_at < :before",
        "campaigns of points are tried out on a month of the last year; what still waits for somebody stays",
        returning="id", with_it=_WITH_ITS_MARKS,
    ),
)  # fmt: skip


def forget(now: datetime) -> None:
    """The sweep: at night, delete what is past its time."""
    keeping.forget_at_night(RULES, now)
