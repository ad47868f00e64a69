"""Sessions on our side: opaque tokens, stored hashed, replaced at every sign-in and step-up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.errors import NotFound
from core.ids import new_uuid
from identity import levels
from identity.actors import Actor
from identity.models import Person, SessionRow

Transport = Literal["bearer", "cookie"]
LONGEST_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class Issued:
    """A session that has just begun. The token is shown this once."""

    token: str
    session_id: UUID
    person_id: UUID
    loa: int
    amr: tuple[str, ...]
    auth_time: datetime
    expires_at: datetime
    transport: Transport


class Circumstances(TypedDict):
    """What `begin` is told beside who and how."""

    transport: Transport
    user_agent: str
    replaces: UUID | None
    now: datetime


def resolve(session: Session, token: str, now: datetime) -> Actor | None:
    """Who holds this token, or None when its session is unknown, ended, unused for too long or too old. One query.

    The last use is written down at most once a minute, and never waits for another request that does so.
    """
    hashed = token_hash(token)
    row = session.execute(_RESOLVE, {"hash": hashed, "now": now}).one_or_none()
    if row is None:
        return None
    if row.is_stale:
        idle_until = min(now + levels.idle_time(row.authenticator_level), row.expires_at)
        session.execute(_TOUCH, {"hash": hashed, "now": now, "idle_until": idle_until})
    return Actor(
        kind="citizen",
        id=row.person_id,
        loa=levels.assurance(proofing=row.proofing_level, authenticator=row.authenticator_level),
        session_id=row.id,
        auth_time=row.auth_time,
        amr=tuple(row.amr),
    )


def begin(
    session: Session,
    *,
    person_id: UUID,
    amr: Sequence[str],
    transport: Transport,
    user_agent: str,
    replaces: UUID | None,
    now: datetime,
) -> Issued:
    """Begin a session for somebody who has just authenticated by the methods `amr`; the one it `replaces` ends.

    Its token is new at every rise, so that one fixed or overheard before is worth nothing after.
    """
    if replaces is not None:
        session.execute(_end("replaced", now).where(SessionRow.id == replaces))
    proofing = session.execute(select(Person.proofing_level).where(Person.id == person_id)).scalar_one()
    authenticator = levels.authenticator_level(amr)
    token = secrets.token_urlsafe(32)
    row = SessionRow(
        token_hash=token_hash(token),
        id=new_uuid(),
        person_id=person_id,
        authenticator_level=authenticator,
        amr=list(amr),
        transport=transport,
        auth_time=now,
        created_at=now,
        last_used_at=now,
        idle_until=now + levels.idle_time(authenticator),
        expires_at=now + levels.longest_time(authenticator),
        user_agent=user_agent[:LONGEST_USER_AGENT],
    )
    session.add(row)
    session.flush()
    return Issued(
        token=token,
        session_id=row.id,
        person_id=person_id,
        loa=levels.assurance(proofing=proofing, authenticator=authenticator),
        amr=tuple(amr),
        auth_time=now,
        expires_at=row.expires_at,
        transport=transport,
    )


def end(session: Session, *, person_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one of this person's sessions. Raises NotFound when it is not theirs or not running."""
    ended = session.execute(
        _end("ended", now)
        .where(SessionRow.id == session_id, SessionRow.person_id == person_id)
        .returning(SessionRow.id)
    )
    if ended.first() is None:
        raise NotFound


def end_all(session: Session, *, person_id: UUID, now: datetime) -> None:
    """End every session of this person."""
    session.execute(_end("all ended", now).where(SessionRow.person_id == person_id))


def end_others_begun_with_passkey(session: Session, *, person_id: UUID, kept: UUID | None, now: datetime) -> None:
    """End this person's sessions in which a passkey was used, whichever it was, except the one to be `kept`."""
    session.execute(_END_BEGUN_WITH_PASSKEY, {"person_id": person_id, "kept": kept, "now": now})


def running(
    session: Session, *, person_id: UUID, now: datetime, limit: int, before: UUID | None = None
) -> list[SessionRow]:
    """This person's sessions that are running, the newest first; `before` continues a list after that session."""
    query = select(SessionRow).where(
        SessionRow.person_id == person_id,
        SessionRow.ended_at.is_(None),
        SessionRow.idle_until > now,
        SessionRow.expires_at > now,
    )
    if before is not None:
        query = query.where(SessionRow.id < before)
    return list(session.scalars(query.order_by(SessionRow.id.desc()).limit(limit)))


def _end(reason: str, now: datetime) -> Any:
    return update(SessionRow).where(SessionRow.ended_at.is_(None)).values(ended_at=now, end_reason=reason)


_END_BEGUN_WITH_PASSKEY = text(
    """
    UPDATE identity.session SET ended_at = :now, end_reason = 'passkey removed'
     WHERE person_id = :person_id AND ended_at IS NULL AND id IS DISTINCT FROM :kept AND amr && '{hwk,swk}'
    """
)
_RESOLVE = text(
    """
    SELECT s.id, s.person_id, s.authenticator_level, s.amr, s.auth_time, s.expires_at, p.proofing_level,
           s.last_used_at <= CAST(:now AS timestamptz) - interval '1 minute' AS is_stale
      FROM identity.session s JOIN identity.person p ON p.id = s.person_id
     WHERE s.token_hash = :hash AND s.ended_at IS NULL AND s.idle_until > :now AND s.expires_at > :now
    """
)
_TOUCH = text(
    """
    UPDATE identity.session SET last_used_at = :now, idle_until = :idle_until
     WHERE token_hash = (SELECT token_hash FROM identity.session WHERE token_hash = :hash FOR UPDATE SKIP LOCKED)
    """
)
