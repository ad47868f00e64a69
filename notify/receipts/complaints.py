"""A person says that a message should not have come: once for each message, and its sender sees how many did."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import NotFound
from notify.campaigns import tallies


def complain(session: Session, *, person_id: UUID, message_id: UUID, reason: str, now: datetime) -> None:
    """Write down that the person complains of this message. Again: the newer reason stands, and it counts once.

    Raises NotFound for a message that is none of theirs.
    """
    values = {"person_id": person_id, "message_id": message_id, "reason": reason, "now": now}
    row = session.execute(_COMPLAIN, values).one_or_none()
    if row is None:
        raise NotFound
    if row.is_first and row.run_id is not None:
        tallies.add(session, row.run_id, {"complained": 1})


_COMPLAIN = text(
    """
    WITH message AS (
        SELECT id, person_id, run_id FROM notify.message WHERE person_id = :person_id AND id = :message_id
    ), written AS (
        INSERT INTO notify.complaint (message_id, person_id, reason, complained_at)
        SELECT id, person_id, :reason, :now FROM message
        ON CONFLICT (message_id) DO UPDATE SET reason = excluded.reason
        RETURNING xmax = 0 AS is_first
    )
    SELECT message.run_id, written.is_first FROM message, written
    """
)
