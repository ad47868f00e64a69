"""What the histories say, added up by day, campaign, month of earning and kind: for reports over years of entries.

As with the days of the book (`ledger.days`), entries are counted behind those who write, by transaction and never by
time, and a reader adds what is not counted yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from core import db
from ledger.errors import CheckpointsOutOfReach

MOST_IN_ONE: Final = 100_000


def sum_up_days() -> int:
    """Count what has been written since the last time; the sweep. Answers how many entries."""
    counted = 0
    while True:
        with db.unit_of_work() as session:
            some = sum_up(session)
        counted += some
        if some < MOST_IN_ONE:
            return counted


def sum_up(session: Session, *, most: int = MOST_IN_ONE) -> int:
    """Count the next entries of transactions that have ended, about `most` of them. Answers how many.

    Raises CheckpointsOutOfReach as the book does, in a database restored into another cluster.
    """
    begins = _horizon(session, _LOCKED)
    # Whole transactions: the first one that would not fit any more is left for the next time, unless it is the first.
    cut = session.execute(_CUT, {"begins": begins, "most": most}).scalar_one()
    counted = int(session.execute(_COUNT, {"begins": begins, "cut": cut}).scalar_one())
    if counted:
        session.execute(_MOVED, {"cut": cut})
    return counted


def read(session: Session, statement: TextClause, values: Mapping[str, Any]) -> list[Any]:
    """The rows of a statement over `SUMS`. Raises CheckpointsOutOfReach."""
    while True:
        # PostgreSQL plans well only with the horizon itself; one that has moved meanwhile is seen afterwards.
        horizon = _horizon(session, _HORIZON)
        rows = list(session.execute(statement, {**values, "horizon": horizon}))
        if _horizon(session, _HORIZON) == horizon:
            return rows


def _horizon(session: Session, statement: TextClause) -> str:
    row = session.execute(statement).one()
    if not row.is_in_reach:
        raise CheckpointsOutOfReach
    return str(row.horizon)


_KEYS = """
    (e.at AT TIME ZONE 'Asia/Taipei')::date AS day, l.campaign_id,
    date_trunc('month', l.earned_at AT TIME ZONE 'Asia/Taipei')::date AS earned_in, e.kind,
    coalesce(e.about_kind, 'payment') AS about_kind
"""
# What `read` reads, with :horizon: day, campaign_id, earned_in, kind, about_kind, entries, amount, until this moment.
SUMS: Final = f"""
    SELECT day, campaign_id, earned_in, kind, about_kind, entries, amount FROM points.entry_day
     UNION ALL
    SELECT {_KEYS}, 1, e.amount
      FROM points.entry AS e JOIN points.lot AS l ON l.person_id = e.person_id AND l.id = e.lot_id
     WHERE e.xact >= CAST(:horizon AS xid8)
"""  # noqa: S608

_HORIZON = text(
    "SELECT horizon::text AS horizon, horizon <= pg_snapshot_xmax(pg_current_snapshot()) AS is_in_reach "
    "FROM points.entry_horizon"
)
_LOCKED = text(f"{_HORIZON.text} FOR UPDATE")
_CUT = text(
    """
    WITH ended AS NOT MATERIALIZED (
        SELECT xact FROM points.entry
         WHERE xact >= CAST(:begins AS xid8) AND xact < pg_snapshot_xmin(pg_current_snapshot())
    ), oldest AS (SELECT xact FROM ended ORDER BY xact LIMIT 1),
       next AS (SELECT xact FROM ended ORDER BY xact OFFSET :most LIMIT 1)
    SELECT coalesce(CASE WHEN (SELECT xact FROM next) > (SELECT xact FROM oldest) THEN (SELECT xact FROM next)
                         WHEN EXISTS (SELECT FROM next)
                         THEN (SELECT xact FROM ended WHERE xact > (SELECT xact FROM oldest) ORDER BY xact LIMIT 1) END,
                    pg_snapshot_xmin(pg_current_snapshot()))::text
    """
)
_COUNT = text(
    f"""
    WITH new AS MATERIALIZED (
        SELECT {_KEYS}, count(*) AS entries, sum(e.amount) AS amount
          FROM points.entry AS e JOIN points.lot AS l ON l.person_id = e.person_id AND l.id = e.lot_id
         WHERE e.xact >= CAST(:begins AS xid8) AND e.xact < CAST(:cut AS xid8) GROUP BY 1, 2, 3, 4, 5
    ), added AS (
        INSERT INTO points.entry_day AS known (day, campaign_id, earned_in, kind, about_kind, entries, amount)
        SELECT day, campaign_id, earned_in, kind, about_kind, entries, amount FROM new
        ON CONFLICT (day, campaign_id, earned_in, kind, about_kind) DO UPDATE
           SET entries = known.entries + excluded.entries, amount = known.amount + excluded.amount
    )
    SELECT coalesce(sum(entries), 0) FROM new
    """  # noqa: S608
)
_MOVED = text("UPDATE points.entry_horizon SET horizon = CAST(:cut AS xid8)")
