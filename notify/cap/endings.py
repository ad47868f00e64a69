"""Runs that are over: stopped, past their deadline, or with everybody decided on."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core import db
from notify import passes
from notify.campaigns import tallies
from notify.cap.turns import TALLIES

_MOST = 5_000


def close_what_is_over(now: datetime, *, until: float | None = None) -> int:
    """Withdraw who still waits in a stopped run, and let lapse who waits in one past its deadline, in one pass or for
    as long as the caller's has left (`passes.ends_at`). Answers how many.

    Nobody is rung by it, so it needs no lane; rows that somebody decides on in this moment are passed over.
    """
    ends_at = passes.ends_at() if until is None else until
    closed = 0
    while some := _close_some(now):
        closed += some
        if passes.is_over(ends_at):
            break
    return closed


def finish_runs(now: datetime) -> int:
    """Note the end of every run in which nobody waits any more, and that is not held. Answers how many ended."""
    with db.unit_of_work() as session:
        return len(session.execute(_FINISH, {"now": now}).all())


def _close_some(now: datetime) -> int:
    with db.unit_of_work() as session:
        rows = session.execute(_CLOSE, {"now": now, "most": _MOST}).all()
        counts: dict[UUID, Counter[str]] = defaultdict(Counter)
        for row in rows:
            for what in TALLIES[row.status, row.reason]:
                counts[row.run_id][what] += row.n
            counts[row.run_id]["waiting_tomorrow"] -= row.waited_until_now
        tallies.add_to_each(session, counts)
    return sum(row.n for row in rows)


_CLOSE = text(
    """
    WITH over AS (
        SELECT id, CASE status WHEN 'stopped' THEN 'withdrawn' ELSE 'expired' END AS verdict
          FROM notify.run r
         WHERE (status = 'stopped' AND withdrawn_at IS NULL OR status = 'deciding' AND deadline <= :now)
           AND EXISTS (SELECT FROM notify.candidate c WHERE c.run_id = r.id AND c.status = 'waiting')
    ), taken AS (
        SELECT c.run_id, c.person_id, c.reason, o.verdict
          FROM over o CROSS JOIN LATERAL (
                   SELECT run_id, person_id, reason FROM notify.candidate
                    WHERE run_id = o.id AND status = 'waiting'
                    ORDER BY person_id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED) AS c
         LIMIT :most
    ), closed AS (
        UPDATE notify.candidate c
           SET status = t.verdict, decided_at = :now,
               reason = CASE WHEN t.verdict = 'withdrawn' THEN 'run_stopped' WHEN c.waited > 0 THEN 'cap'
                             WHEN c.deadline <= c.not_before OR c.reason = 'asleep' THEN 'asleep' ELSE 'deadline' END
          FROM taken t
         WHERE c.run_id = t.run_id AND c.person_id = t.person_id AND c.status = 'waiting'
        RETURNING c.run_id, c.status, c.reason, t.reason AS reason_before
    )
    SELECT run_id, status, reason, count(*) AS n, count(*) FILTER (WHERE reason_before = 'cap') AS waited_until_now
      FROM closed GROUP BY run_id, status, reason
    """
)
_FINISH = text(
    """
    UPDATE notify.run r SET status = 'done', ended_at = :now
     WHERE status = 'deciding' AND NOT is_held
       AND NOT EXISTS (SELECT FROM notify.candidate c WHERE c.run_id = r.id AND c.status = 'waiting')
    RETURNING id
    """
)
