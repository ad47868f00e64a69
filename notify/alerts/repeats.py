"""A grave alert rings again: on the devices whose owner has not opened it, until it is over, three times at most.

The same delivery goes out again under the same tag, so a device shows one notice and sounds anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core import db
from core.settings import settings
from notify.alerts import turns
from notify.alerts.sending import CHUNK_PEOPLE, REPEATED
from notify.campaigns import tallies

MOST_REPEATS = 3


def repeat_due(now: datetime) -> int:
    """Line up again what is due to ring again. Answers how many devices; opens its own units of work."""
    again = 0
    while True:
        with db.unit_of_work() as session:
            row = _next(session, now)
            if row is None:
                return again
            again += _chunk(session, row.id, row.repeat_at, row.repeat_to, row.repeats, now)


def _next(session: Session, now: datetime) -> Row[Any] | None:
    for due in session.execute(_DUE, {"now": now, "id": None}).all():
        if turns.take(session, due.id):
            row = session.execute(_DUE, {"now": now, "id": due.id}).one_or_none()
            if row is not None:
                return row
    return None


def _chunk(
    session: Session, alert_id: UUID, round_at: datetime, after: UUID | None, repeats: int, now: datetime
) -> int:
    values = {
        "id": alert_id, "after": after, "limit": CHUNK_PEOPLE, "round_at": round_at, "now": now,
        "grave": list(REPEATED),
    }  # fmt: skip
    row = session.execute(_AGAIN, values).one()
    if row.devices:
        tallies.add(session, alert_id, {"handed_over": -row.devices})
    # Last, because from here on whoever ends the alert waits.
    if row.people == CHUNK_PEOPLE:
        session.execute(_GO_ON, {"id": alert_id, "to": row.last})
    else:
        every = timedelta(minutes=settings().alerts.repeat_minutes)
        next_at = now + every if repeats + 1 < MOST_REPEATS else None
        session.execute(_ROUND_DONE, {"id": alert_id, "next_at": next_at})
    return int(row.devices)


_DUE = text(
    """
    SELECT id, repeat_at, repeat_to, repeats FROM notify.alert
     WHERE repeat_at <= :now AND status = 'sent' AND ended_at IS NULL AND expires_at > :now
       AND (CAST(:id AS uuid) IS NULL OR id = :id)
     ORDER BY repeat_at
    """
)
_AGAIN = text(
    """
    WITH turn AS (
        SELECT m.person_id, m.id, m.opened_at IS NULL AND m.dismissed_at IS NULL AND m.read_at IS NULL
               AND p.severity = ANY(:grave) AS rings
          FROM notify.message AS m
          JOIN notify.alert_part AS p ON p.alert_id = m.event_id AND p.content_id = m.content_id
         WHERE m.event_id = :id AND (CAST(:after AS uuid) IS NULL OR m.person_id > :after)
         ORDER BY m.person_id LIMIT :limit
    ), again AS (
        UPDATE notify.delivery AS d
           SET status = 'pending', settled_at = NULL, provider_name = NULL, attempts = 0, next_at = :now
          FROM turn
         WHERE turn.rings AND d.message_id = turn.id AND d.status = 'handed_over' AND d.settled_at < :round_at
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM turn) AS people, (SELECT person_id FROM turn ORDER BY person_id DESC LIMIT 1) AS last,
           (SELECT count(*) FROM again) AS devices
    """
)
_GO_ON = text("UPDATE notify.alert SET repeat_to = :to WHERE id = :id")
_ROUND_DONE = text(
    "UPDATE notify.alert SET repeat_to = NULL, repeats = repeats + 1, repeat_at = CAST(:next_at AS timestamptz) "
    "WHERE id = :id AND ended_at IS NULL"
)
