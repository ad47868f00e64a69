"""The counts of a run, kept as it goes: nobody counts messages to know them.

Each count lies in sixteen parts and a writer adds to one of them by chance, so that workers do not queue at one row.

What becomes of people adds up: `audience` = `sent` + `digested` + `expired` + `withdrawn` + who is not decided on yet,
of whom `waiting_tomorrow` found no room. That one goes down again; of a run that has ended it is 0.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

PARTS = 16
WHATS = (
    "audience",
    "unreachable",
    "asleep",
    "sent",
    "digested",
    "digested_cap_is_zero",  # of the digested: they want no rings at all
    "waiting_tomorrow",
    "waited",  # had to wait for another day at least once, whatever became of them
    "expired",
    "expired_cap",  # of the expired: no day had room for it
    "expired_asleep",  # of the expired: they slept until it was too late
    "withdrawn",
    "handed_over",
    "gone",
    "given_up",
    "opened",
    "dismissed",
    "unsubscribed",
    "complained",
)


def add(session: Session, run_id: UUID, counts: Mapping[str, int]) -> None:
    """Add to the counts of one run; see `add_to_each`."""
    add_to_each(session, {run_id: counts})


def add_to_each(session: Session, counts: Mapping[UUID, Mapping[str, int]]) -> None:
    """Add to the counts of several runs, in one statement. Call it once in a transaction, as its last statement.

    The rows are locked in one order (run, what), so that two such transactions never wait for each other in a circle.
    Zeroes are left out; a count goes down by a negative number.
    """
    rows = sorted((str(run_id), what, n) for run_id, of_run in counts.items() for what, n in of_run.items() if n)
    unknown = {what for _, what, _ in rows} - set(WHATS)
    assert not unknown, f"not a count of a run: {unknown}"
    if rows:
        runs, whats, numbers = zip(*rows, strict=True)
        part = random.randrange(PARTS)  # noqa: S311
        session.execute(_ADD, {"runs": list(runs), "whats": list(whats), "numbers": list(numbers), "part": part})


def read(session: Session, run_id: UUID) -> dict[str, int]:
    """The counts of one run; what was never counted is 0."""
    return read_each(session, [run_id])[run_id]


def read_each(session: Session, run_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """The counts of several runs."""
    found = {run_id: dict.fromkeys(WHATS, 0) for run_id in run_ids}
    for row in session.execute(_READ, {"runs": list(run_ids)}):
        found[row.run_id][row.what] = int(row.n)
    return found


_ADD = text(
    """
    INSERT INTO notify.run_tally AS t (run_id, what, part, n)
    SELECT run_id, what, :part, n
      FROM unnest(CAST(:runs AS uuid[]), CAST(:whats AS text[]), CAST(:numbers AS bigint[])) AS u (run_id, what, n)
     ORDER BY run_id, what
    ON CONFLICT (run_id, what, part) DO UPDATE SET n = t.n + excluded.n
    """
)
_READ = text(
    "SELECT run_id, what, sum(n) AS n FROM notify.run_tally WHERE run_id = ANY(CAST(:runs AS uuid[])) "
    "GROUP BY run_id, what"
)
