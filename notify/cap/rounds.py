"""Rounds: whoever begins to send within the same moments is decided on together, so that the best win, not the first.

A run gathers for `GATHER_SECONDS` (its `round_at`); so does what people wake to. A round closes then, and is decided
as soon as every run that had begun by that moment knows its audience. Nobody is waited for longer than
`PATIENCE_SECONDS`. See docs/decisions/push-rounds.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

GATHER_SECONDS = 15
PATIENCE_SECONDS = 120
LANES = 16


@dataclass(frozen=True, slots=True)
class Rounds:
    """What may be decided on now.

    Rounds that closed by `horizon` are complete. `runs` are those whose people may be looked for, and `due_by` says of
    each up to which `not_before` its people's rounds have closed.
    """

    horizon: datetime
    runs: Sequence[UUID]
    due_by: Sequence[datetime]


def closed_rounds(session: Session, now: datetime) -> Rounds:
    """The rounds that are closed and complete at `now`."""
    values = {"now": now, "gather": GATHER_SECONDS, "patience": PATIENCE_SECONDS}
    rows = session.execute(_CLOSED, values).all()
    horizon = rows[0].horizon if rows else now
    return Rounds(horizon, [row.id for row in rows], [row.due_by for row in rows])


def lanes_with_work(session: Session, rounds: Rounds) -> list[int]:
    """The lanes in which somebody is due."""
    values = {"runs": list(rounds.runs), "due_by": list(rounds.due_by), "lanes": LANES}
    return list(session.execute(_LANES, values).scalars())


# A paused run is not waited for, nor one that has been resolving for longer than anybody should wait.
_CLOSED = text(
    """
    WITH horizon AS (
        SELECT least(:now, min(begun_at) - interval '1 microsecond') AS at
          FROM notify.run
         WHERE status = 'resolving' AND NOT is_held
           AND begun_at > CAST(:now AS timestamptz) - make_interval(secs => :patience)
    )
    SELECT r.id, h.at AS horizon, greatest(r.round_at, h.at - make_interval(secs => :gather)) AS due_by
      FROM notify.run r CROSS JOIN horizon h
     WHERE r.status = 'deciding' AND NOT r.is_held AND r.round_at <= h.at
     ORDER BY r.round_at, r.id
    """
)
_LANES = text(
    """
    SELECT lane FROM generate_series(0, :lanes - 1) AS lane
     WHERE EXISTS (SELECT FROM unnest(CAST(:runs AS uuid[]), CAST(:due_by AS timestamptz[])) AS r (id, due_by)
                     JOIN notify.candidate c ON c.run_id = r.id AND notify.lane(c.person_id) = lane
                                            AND c.status = 'waiting' AND c.not_before <= r.due_by)
    """
)
