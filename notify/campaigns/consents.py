"""What a person no longer lets be used is not used either where it was before: what waits for them goes.

An audience is made at one moment and sent over hours. In between a person may take back a fact, clear a place or forget
where a device is (Personal Data Protection Act, article 11: what is asked to be stopped is stopped). Then whatever they
were chosen for by it, and do not have yet, is withdrawn in the transaction that takes it back. The rest stays: what
asked for nothing of the kind, and what they still meet by another place, value or device.

Whoever finds people at that very moment may have read what is being taken back. A chunk of an audience holds its run's
row; so does a withdrawal, until it has committed: the one that comes second sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify.campaigns import tallies

REASON = "consent_ended"


def withdraw(session: Session, person_id: UUID, now: datetime) -> Mapping[UUID, Mapping[str, int]]:
    """Withdraw what waits for the person on the ground of something that they do not let be used any more.

    Call it once the fact, place or position is deleted, and before any subscription is locked: whoever decides locks in
    that order, too. Answers what that is in the counts of each run, for `count`.
    """
    values = {"person_id": person_id, "now": now, "reason": REASON}
    session.execute(_HOLD, values)
    rows = session.execute(_CANDIDATES, values).all()
    # After the candidates: one that was being decided on was waited for, and has its deliveries by now.
    session.execute(_DELIVERIES, values)
    return {row.run_id: {"withdrawn": row.n, "waiting_tomorrow": -row.waited_until_now} for row in rows}


def count(session: Session, withdrawn: Mapping[UUID, Mapping[str, int]]) -> None:
    """Count what was withdrawn. To be called as the last statement of its transaction."""
    tallies.add_to_each(session, withdrawn)


# An audience that names something of which the person has nothing left that fits: the one with which the run began.
_UNMET = """
    coalesce(jsonb_array_length(a.audience -> 'districts'), 0) > 0
           AND NOT EXISTS (SELECT FROM notify.place p
                            WHERE p.person_id = :person_id AND a.audience -> 'districts' ? p.district
                              AND (jsonb_array_length(a.audience -> 'place_kinds') = 0
                                   OR a.audience -> 'place_kinds' ? p.kind))
        OR EXISTS (SELECT FROM jsonb_array_elements(a.audience -> 'facts') AS asked
                    WHERE NOT EXISTS (SELECT FROM notify.fact f
                                       WHERE f.person_id = :person_id AND f.name = asked ->> 'name'
                                         AND f.value = coalesce(asked ->> 'value', f.value)))
        OR jsonb_typeof(a.audience -> 'near') = 'object'
           AND NOT EXISTS (SELECT FROM notify.device v
                            WHERE v.person_id = :person_id AND v.gone_at IS NULL AND v.position IS NOT NULL)
"""
_AUDIENCE = """
    JOIN notify.run r ON r.id = {of}.run_id
    JOIN notify.campaign g ON g.id = r.campaign_id
    JOIN notify.content t ON t.id = r.content_id
    CROSS JOIN LATERAL (SELECT coalesce(t.why -> 'audience', g.audience) AS audience) AS a
"""
# Runs that have yet to come to this person, by an audience that asks for something of theirs.
_HOLD = text(
    f"""
    SELECT r.id FROM (SELECT id AS run_id FROM notify.run WHERE status = 'resolving') AS o
                     {_AUDIENCE.format(of="o")}
     WHERE r.status = 'resolving' AND (r.resolved_to IS NULL OR r.resolved_to < :person_id)
       AND (jsonb_array_length(a.audience -> 'districts') > 0 OR jsonb_array_length(a.audience -> 'facts') > 0
            OR jsonb_typeof(a.audience -> 'near') = 'object')
     ORDER BY r.id FOR SHARE OF r
    """  # noqa: S608
)
# What a sender has in its hands at this moment leaves; should it have to be tried again, it is not.
_DELIVERIES = text(
    f"""
    UPDATE notify.delivery SET status = 'withdrawn', settled_at = :now, last_error = :reason
     WHERE id IN (SELECT d.id FROM notify.message m JOIN notify.delivery d ON d.message_id = m.id
                         {_AUDIENCE.format(of="m")}
                   WHERE m.person_id = :person_id AND m.basis = 'subscription' AND d.status = 'pending' AND ({_UNMET})
                   ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED)
    """  # noqa: S608
)
_CANDIDATES = text(
    f"""
    WITH waiting AS MATERIALIZED (
        SELECT c.run_id, c.reason FROM notify.candidate c {_AUDIENCE.format(of="c")}
         WHERE c.person_id = :person_id AND c.status = 'waiting' AND ({_UNMET})
         ORDER BY c.run_id FOR NO KEY UPDATE OF c
    ), gone AS (
        UPDATE notify.candidate c SET status = 'withdrawn', reason = :reason, decided_at = :now
          FROM waiting w
         WHERE c.person_id = :person_id AND c.run_id = w.run_id AND c.status = 'waiting'
        RETURNING c.run_id, w.reason
    )
    SELECT run_id, count(*) AS n, count(*) FILTER (WHERE reason = 'cap') AS waited_until_now FROM gone GROUP BY run_id
    """  # noqa: S608
)
