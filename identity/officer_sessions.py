"""Officers' sessions: short, begun with a passkey alone, and dead with the officer's place on the roster."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.errors import NotFound
from core.ids import new_uuid
from identity import shifts
from identity.actors import Actor
from identity.counter_errors import OutsideShift
from identity.officer_models import Officer, OfficerSessionRow
from identity.sessions import LONGEST_USER_AGENT, Transport

# NIST SP 800-63B-4 §2.3 says 15 min and 12 h for its highest level; a shift with its breaks is ten.
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=10)


@dataclass(frozen=True, slots=True)
class IssuedToOfficer:
    """A session that has just begun. The token is shown this once."""

    token: str
    session: OfficerSessionRow
    officer: Officer


def resolve(session: Session, token: str, now: datetime) -> Actor | None:
    """The officer who holds this token, or None: unknown, ended, unused for too long, too old, off the roster or shift.

    One query. The last use is written down at most once a minute, and never waits for another request that does so.
    """
    hashed = token_hash(token)
    parameters = {"hash": hashed, "now": now, "minute": shifts.minute_of_week(now)}
    row = session.execute(_RESOLVE, parameters).one_or_none()
    if row is None:
        return None
    if row.is_stale:
        idle_until = min(now + IDLE, row.expires_at)
        session.execute(_TOUCH, {"hash": hashed, "now": now, "idle_until": idle_until})
    return Actor(
        kind="officer",
        id=row.officer_id,
        session_id=row.id,
        auth_time=row.auth_time,
        amr=tuple(row.amr),
        bureau=row.bureau,
        roles=frozenset(row.roles),
        name=row.name,
    )


def begin(
    session: Session, officer: Officer, *, amr: Sequence[str], transport: Transport, user_agent: str, now: datetime
) -> IssuedToOfficer:
    """Begin a session for an officer on the roster who has just used a passkey; it ends with the hours of their shift.

    Raises OutsideShift.
    """
    expires_at = now + LONGEST
    shift = shifts.from_database(officer.shift)
    if shift is not None:
        shift_ends_at = shifts.ends_at(shift, now)
        if shift_ends_at is None:
            raise OutsideShift(shifts.words(shift))
        expires_at = min(expires_at, shift_ends_at)
    token = secrets.token_urlsafe(32)
    if officer.on_roster_until is not None:
        expires_at = min(expires_at, officer.on_roster_until)
    row = OfficerSessionRow(
        token_hash=token_hash(token),
        id=new_uuid(),
        officer_id=officer.id,
        amr=list(amr),
        transport=transport,
        auth_time=now,
        last_used_at=now,
        idle_until=min(now + IDLE, expires_at),
        expires_at=expires_at,
        user_agent=user_agent[:LONGEST_USER_AGENT],
    )
    session.add(row)
    session.flush()
    return IssuedToOfficer(token, row, officer)


def current(session: Session, actor: Actor) -> tuple[Officer, OfficerSessionRow]:
    """The officer who calls, and the session in which they do."""
    query = select(Officer, OfficerSessionRow).join(OfficerSessionRow, OfficerSessionRow.officer_id == Officer.id)
    officer, row = session.execute(query.where(OfficerSessionRow.id == actor.session_id)).one()
    return officer, row


def end(session: Session, actor: Actor, *, now: datetime) -> None:
    """End the session in which the officer calls. Raises NotFound when it has ended meanwhile."""
    ended = session.execute(
        update(OfficerSessionRow)
        .where(OfficerSessionRow.id == actor.session_id, OfficerSessionRow.ended_at.is_(None))
        .values(ended_at=now, end_reason="ended")
        .returning(OfficerSessionRow.id)
    )
    if ended.first() is None:
        raise NotFound


def officer_on_roster(session: Session, officer_id: UUID, now: datetime) -> Officer | None:
    """The officer, if they are on the roster at this moment; the row stays locked against their leaving meanwhile."""
    return session.scalars(
        select(Officer)
        .where(
            Officer.id == officer_id,
            Officer.left_at.is_(None),
            Officer.on_roster_from <= now,
            (Officer.on_roster_until.is_(None)) | (Officer.on_roster_until > now),
        )
        .with_for_update(read=True)
    ).one_or_none()


_RESOLVE = text(
    """
    SELECT s.id, s.officer_id, s.amr, s.auth_time, s.expires_at, o.name, o.bureau, o.roles,
           s.last_used_at <= CAST(:now AS timestamptz) - interval '1 minute' AS is_stale
      FROM identity.officer_session s JOIN identity.officer o ON o.id = s.officer_id
     WHERE s.token_hash = :hash AND s.ended_at IS NULL AND s.idle_until > :now AND s.expires_at > :now
       AND o.left_at IS NULL AND o.on_roster_from <= :now
       AND (o.on_roster_until IS NULL OR o.on_roster_until > :now)
       AND (o.shift IS NULL OR o.shift @> CAST(:minute AS int))
    """
)
_TOUCH = text(
    """
    UPDATE identity.officer_session SET last_used_at = :now, idle_until = :idle_until
     WHERE token_hash = (SELECT token_hash FROM identity.officer_session WHERE token_hash = :hash
                          FOR UPDATE SKIP LOCKED)
    """
)
