"""How long rows are kept: rules as data, and one way to delete what is past its time.

Rows go in small chunks, each a transaction of its own that takes only rows which nobody holds, so that a table with
years of them is emptied beside the city's work. Each room says what it keeps in a `kept.py`; docs/kept.md tells it to
people.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from core import db
from core.clock import TAIPEI

CHUNK = 2_000
PASS_SECONDS = 5.0
NIGHT = (1, 5)
"""Hours of Taipei between which rows are deleted: the city sleeps, and so do its campaigns."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one table that are kept for so many days.

    `over` is the SQL that holds for a row `k` past its time, with :before, the moment `days` ago; an index finds such
    rows. `with_it` deletes what means nothing without them, found by the columns of `gone` (`returning`).
    """

    table: str
    days: int
    over: str
    reason: str
    returning: str = "1"
    with_it: str | None = None


def forget_at_night(rules: Sequence[Kept], now: datetime) -> Counter[str]:
    """What `forget` does, between the hours of `NIGHT`; by day nothing."""
    first, last = NIGHT
    return forget(rules, now) if first <= now.astimezone(TAIPEI).hour < last else Counter()


def forget(rules: Sequence[Kept], now: datetime, *, chunk: int = CHUNK, seconds: float = PASS_SECONDS) -> Counter[str]:
    """Delete what is past its time, a chunk of each rule in turn, until none is left or the pass is over.

    Answers how many rows went from each table. Opens its own units of work; run twice at once, each takes others.
    """
    gone: Counter[str] = Counter()
    ends_at = time.monotonic() + seconds
    left = list(rules)
    while left:
        for rule in tuple(left):
            if time.monotonic() >= ends_at:
                return gone
            deleted = _forget_some(rule, now, chunk)
            gone[rule.table] += deleted
            if deleted < chunk:
                left.remove(rule)
    return gone


def statement(rule: Kept) -> str:
    """The SQL that deletes one chunk and answers how many rows it was, with :before and :most."""
    with_it = f", with_it AS ({rule.with_it})" if rule.with_it else ""
    return f"""
        WITH gone AS (
            DELETE FROM {rule.table}
             WHERE ctid = ANY(ARRAY(SELECT k.ctid FROM {rule.table} AS k WHERE {rule.over}
                                     LIMIT :most FOR UPDATE OF k SKIP LOCKED))
            RETURNING {rule.returning}
        ){with_it}
        SELECT count(*) FROM gone
    """  # noqa: S608


def _forget_some(rule: Kept, now: datetime, chunk: int) -> int:
    values = {"before": now - timedelta(days=rule.days), "most": chunk}
    with db.unit_of_work() as session:
        return int(session.execute(text(statement(rule)), values).scalar_one())
