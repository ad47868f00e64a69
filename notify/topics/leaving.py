"""After which sending a person stopped a subscription: its sender sees how many did.

An end that a person brings about themselves (by stopping it, or by saying no to the question whether it is still
wanted) counts at the run of the newest message that came by the subscription, where that is not older than `MOST_DAYS`.
Taken again within `TAKEN_BACK_WITHIN` it was a slip: the count goes back, and what came before counts as having come by
the new subscription. No run is told twice of one person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.campaigns import tallies

MOST_DAYS = timedelta(days=30)
TAKEN_BACK_WITHIN = timedelta(hours=1)


def cause_of(session: Session, *, person_id: UUID, subscription_id: UUID, now: datetime) -> UUID | None:
    """The run after whose message the person stops this subscription, which the caller has locked; None: of no run, or
    it counts already."""
    values = {
        "person_id": person_id, "id": subscription_id, "since": now - MOST_DAYS, "undo": TAKEN_BACK_WITHIN,
    }  # fmt: skip
    found: UUID | None = session.execute(_CAUSE, values).scalar()
    return found


def ref_of(run_id: UUID | None) -> str | None:
    """The cause of an end, as it is written down with it."""
    return None if run_id is None else f"run:{run_id}"


def count(session: Session, run_id: UUID | None) -> None:
    """One more left after this run. The last statement of the transaction that ends the subscription."""
    if run_id is not None:
        tallies.add(session, run_id, {"unsubscribed": 1})


def take_back(session: Session, subscription_id: UUID, now: datetime) -> None:
    """The person takes again what they have just stopped, and the caller has locked: it does not count, once."""
    values = {"id": subscription_id, "since": now - TAKEN_BACK_WITHIN}
    ref = session.execute(_TAKE_BACK, values).scalar()
    if ref is not None:
        tallies.add(session, UUID(ref.removeprefix("run:")), {"unsubscribed": -1})


_CAUSE = text(
    """
    WITH RECURSIVE line AS (
        SELECT id, began_at, began_how, began_ref FROM notify.subscription WHERE id = :id
        UNION ALL
        SELECT b.id, b.began_at, b.began_how, b.began_ref
          FROM line l JOIN notify.subscription b
               ON b.id = CASE WHEN l.began_how = 'renewal' THEN substr(l.began_ref, length('subscription:') + 1)::uuid
                         END
              AND b.ended_how = 'citizen' AND l.began_at <= b.ended_at + CAST(:undo AS interval)
    ), newest AS (
        SELECT run_id FROM notify.message
         WHERE person_id = :person_id AND created_at > :since AND basis = 'subscription'
           AND subscription_id IN (SELECT id FROM line)
         ORDER BY created_at DESC, id DESC LIMIT 1
    )
    SELECT run_id FROM newest
     WHERE NOT EXISTS (SELECT FROM notify.subscription s
                        WHERE s.person_id = :person_id AND s.ended_ref = 'run:' || newest.run_id)
    """
)
_TAKE_BACK = text(
    """
    UPDATE notify.subscription s SET ended_ref = NULL
      FROM (SELECT id, ended_ref FROM notify.subscription
             WHERE id = :id AND ended_how = 'citizen' AND ended_ref LIKE 'run:%' AND ended_at >= :since) AS stopped
     WHERE s.id = stopped.id RETURNING stopped.ended_ref
    """
)
