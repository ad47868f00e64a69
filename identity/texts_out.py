"""Text messages on their way out: written down sealed with the fact that asks for them, sent after its commit.

A message is leased before it is handed to the telephone company and its id is the idempotency key there, so a crash or
a silence in between is answered by handing it over again: it is sent once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto, outbox
from core.ids import new_uuid
from core.taiwan import to_e164
from identity.models import Sms

_SMS_TABLE = "identity.sms"
_NOTICE_LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text message whose turn it is: number in E.164, words."""

    id: UUID
    to: str
    body: str


def write(
    session: Session,
    *,
    person_id: UUID | None,
    mobile: str,
    body: str,
    now: datetime,
    life: timedelta = _NOTICE_LIFE,
    not_before: datetime | None = None,
) -> UUID:
    """Write down a text message to `mobile` (09…); it is sent after the commit (and not before that moment, where one
    is named), within its `life` from then on or not at all."""
    begins_at = not_before or now
    sms_id = new_uuid()
    session.add(
        Sms(
            id=sms_id,
            person_id=person_id,
            mobile_sealed=crypto.seal(mobile, table=_SMS_TABLE, column="mobile", row_id=sms_id),
            body_sealed=crypto.seal(body, table=_SMS_TABLE, column="body", row_id=sms_id),
            status="waiting",
            attempts=0,
            next_at=begins_at,
            lapses_at=begins_at + life,
            created_at=now,
        )
    )
    outbox.record(session, "identity.sms_requested", {"sms_id": str(sms_id)}, now=now)
    return sms_id


def write_unsent(session: Session, *, mobile: str, body: str, now: datetime) -> None:
    """The same work for a message that nobody is sent: it has lapsed already, and its words go with its event."""
    write(session, person_id=None, mobile=mobile, body=body, now=now, life=timedelta(0))


def lease(session: Session, sms_id: UUID, *, now: datetime) -> Outgoing | None:
    """Take a message that is due; nobody else gets it until a time that doubles with each attempt (10 s … 10 min)."""
    session.execute(_LAPSE, {"id": sms_id, "now": now})
    row = session.execute(_LEASE, {"id": sms_id, "now": now}).one_or_none()
    if row is None:
        return None
    mobile = crypto.open_sealed(row.mobile_sealed, table=_SMS_TABLE, column="mobile", row_id=sms_id).decode()
    body = crypto.open_sealed(row.body_sealed, table=_SMS_TABLE, column="body", row_id=sms_id).decode()
    return Outgoing(sms_id, to_e164(mobile), body)


def finish(session: Session, sms_id: UUID, *, was_sent: bool, now: datetime) -> None:
    """The telephone company took the message, or refused it for good: its words are blanked."""
    session.execute(_FINISH, {"id": sms_id, "status": "sent" if was_sent else "refused", "now": now})


def due(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """Messages whose turn it is, the longest waiting first."""
    return [row.id for row in session.execute(_DUE, {"now": now, "limit": limit})]


_LAPSE = text(
    "UPDATE identity.sms SET status = 'lapsed', body_sealed = NULL, finished_at = :now "
    "WHERE id = :id AND status = 'waiting' AND lapses_at <= :now"
)
_LEASE = text(
    """
    UPDATE identity.sms
       SET attempts = attempts + 1,
           next_at = CAST(:now AS timestamptz) + make_interval(secs => LEAST(10 * power(2, LEAST(attempts, 10)), 600))
     WHERE id = :id AND status = 'waiting' AND next_at <= :now
    RETURNING mobile_sealed, body_sealed
    """
)
_FINISH = text(
    "UPDATE identity.sms SET status = :status, body_sealed = NULL, finished_at = :now "
    "WHERE id = :id AND status = 'waiting'"
)
_DUE = text("SELECT id FROM identity.sms WHERE status = 'waiting' AND next_at <= :now ORDER BY next_at LIMIT :limit")
