"""Sessions on our side: opaque tokens, stored hashed, replaced at every sign-in and step-up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict
from uuid import UUID

from sqlalchemy import and_, or_, select, text, update
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.errors import NotFound
from core.ids import new_uuid
from core.statements import Asked
from identity import levels, shifts, sign_in_notices
from identity.actors import Actor
from identity.models import Person, SessionRow
from identity.provider import grants, sign_ons

Transport = Literal["bearer", "cookie"]
LONGEST_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class Issued:
    """A session that has just begun. The token is shown this once."""

    token: str
    session_id: UUID
    person_id: UUID
    loa: int
    is_phishing_resistant: bool
    amr: tuple[str, ...]
    auth_time: datetime
    expires_at: datetime
    transport: Transport


class Circumstances(TypedDict):
    """What `begin` is told beside who and how."""

    transport: Transport
    user_agent: str
    network: str
    remember: bool
    replaces: UUID | None
    now: datetime


def resolve(session: Session, token: str, now: datetime) -> Actor | None:
    """Who holds this token, or None when its session is unknown, ended, unused for too long or too old. One query.

    A remembered device whose session is stale is known at level 1. The last use is written down at most once a minute,
    and never waits for another request that does so; it makes nothing fresh again that was stale.
    """
    hashed = token_hash(token)
    parameters = {"hash": hashed, "now": now, "minute": shifts.minute_of_week(now)}
    row = session.execute(_RESOLVE, parameters).one_or_none()
    return None if row is None else actor_of(session, row, now)


def actor_of(session: Session, row: Any, now: datetime) -> Actor:
    """The citizen whose running session is in a row of `resolve`'s; its last use is written down."""
    reached = min(row.proofing_level, row.authenticator_level)
    if row.is_due:
        until = min(now + levels.idle_time(reached, row.amr), row.expires_at) if row.is_fresh else row.idle_until
        session.execute(_TOUCH, {"hash": row.token_hash, "now": now, "idle_until": until})
    return Actor(
        kind="citizen",
        id=row.person_id,
        loa=levels.assurance(proofing=row.proofing_level, authenticator=row.authenticator_level, is_fresh=row.is_fresh),
        session_id=row.id,
        auth_time=row.auth_time,
        amr=tuple(row.amr),
        is_phishing_resistant=row.is_fresh and levels.strength_of(row.amr).is_phishing_resistant,
        with_officer=row.with_officer,
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
    network: str = "",
    remember: bool = False,
    with_officer: UUID | None = None,
) -> Issued:
    """Begin a session for somebody who has just authenticated by the methods `amr`; the one it `replaces` ends.

    Its token is new at every rise, so that one fixed or overheard before is worth nothing after. `remember` lets the
    device be known at level 1 for a month; a device that was remembered stays so through a rise. `network` is where it
    began, coarsely; `with_officer` in whose presence.
    """
    remembered_until = now + levels.REMEMBERED if remember else None
    if replaces is not None:
        replaced = session.execute(
            _end("replaced", now)
            .where(SessionRow.id == replaces)
            .returning(SessionRow.person_id, SessionRow.remembered_until)
        ).one_or_none()
        is_a_rise = replaced is not None and replaced.person_id == person_id
        if remembered_until is None and replaced is not None and is_a_rise:
            remembered_until = replaced.remembered_until
    proofing = session.execute(select(Person.proofing_level).where(Person.id == person_id)).scalar_one()
    strength = levels.strength_of(amr)
    loa = levels.assurance(proofing=proofing, authenticator=strength.level, is_fresh=True)
    token = secrets.token_urlsafe(32)
    row = SessionRow(
        token_hash=token_hash(token),
        id=new_uuid(),
        person_id=person_id,
        authenticator_level=strength.level,
        amr=list(amr),
        transport=transport,
        auth_time=now,
        created_at=now,
        last_used_at=now,
        idle_until=now + levels.idle_time(loa, amr),
        expires_at=now + levels.longest_time(loa, amr),
        remembered_until=remembered_until,
        user_agent=user_agent[:LONGEST_USER_AGENT],
        network=network,
        with_officer=with_officer,
    )
    session.add(row)
    session.flush()
    if replaces is not None:
        _tell_sites(session, replaced=replaces, by=row.id, is_a_rise=is_a_rise, now=now)
    if with_officer is None:
        sign_in_notices.note(
            session,
            person_id=person_id,
            session_id=row.id,
            amr=amr,
            user_agent=row.user_agent,
            network=network,
            now=now,
        )
    return Issued(
        token=token,
        session_id=row.id,
        person_id=person_id,
        loa=loa,
        is_phishing_resistant=strength.is_phishing_resistant,
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
    sign_ons.end(session, [session_id], reason="ended", now=now)


def end_all(
    session: Session, *, person_id: UUID, now: datetime, reason: str = "all ended", kept: UUID | None = None
) -> None:
    """End every session of this person, except the one to be `kept`: what a change of credentials asks for.

    What sites were granted ends with them, also what was to last without the person.
    """
    ended = _end(reason, now).where(SessionRow.person_id == person_id).returning(SessionRow.id)
    over = session.scalars(ended if kept is None else ended.where(SessionRow.id != kept)).all()
    sign_ons.end(session, over, reason=reason, now=now)
    grants.revoke_all(session, person_id=person_id, reason=reason, now=now)


def running(
    session: Session, *, person_id: UUID, now: datetime, limit: int, before: UUID | None = None
) -> list[SessionRow]:
    """This person's sessions that are running, the newest first; `before` continues a list after that session."""
    query = select(SessionRow).where(
        SessionRow.person_id == person_id,
        SessionRow.ended_at.is_(None),
        or_(and_(SessionRow.idle_until > now, SessionRow.expires_at > now), SessionRow.remembered_until > now),
    )
    if before is not None:
        query = query.where(SessionRow.id < before)
    return list(session.scalars(query.order_by(SessionRow.id.desc()).limit(limit)))


def begun(session: Session, *, person_id: UUID, limit: int, before: UUID | None = None) -> list[SessionRow]:
    """This person's sessions, those that have ended too, the newest first; `before` continues a list."""
    query = select(SessionRow).where(SessionRow.person_id == person_id)
    if before is not None:
        query = query.where(SessionRow.id < before)
    return list(session.scalars(query.order_by(SessionRow.id.desc()).limit(limit)))


def is_running(row: SessionRow, now: datetime) -> bool:
    """Whether this session is neither ended nor lapsed."""
    is_fresh = row.idle_until > now and row.expires_at > now
    is_remembered = row.remembered_until is not None and row.remembered_until > now
    return row.ended_at is None and (is_fresh or is_remembered)


def is_live(session: Session, *, person_id: UUID, session_id: UUID, now: datetime) -> bool:
    """Whether this person is signed in by this session now, and not merely remembered. One query."""
    return session.execute(*asking_whether_live(person_id, session_id, now)).first() is not None


def asking_whether_live(person_id: UUID, session_id: UUID, now: datetime) -> Asked:
    """What `is_live` asks, for who sends it together with something else: it answers a row where it is so."""
    return _IS_LIVE, {"person_id": person_id, "id": session_id, "now": now}


def _tell_sites(session: Session, *, replaced: UUID, by: UUID, is_a_rise: bool, now: datetime) -> None:
    """Where the replaced session was in use at sites, it goes on there as the new one; somebody else's is over."""
    if is_a_rise:
        sign_ons.follow(session, replaced=replaced, by=by)
    else:
        sign_ons.end(session, [replaced], reason="replaced", now=now)


def _end(reason: str, now: datetime) -> Any:
    return update(SessionRow).where(SessionRow.ended_at.is_(None)).values(ended_at=now, end_reason=reason)


_RESOLVE = text(
    """
    SELECT s.id, s.token_hash, s.person_id, s.authenticator_level, s.amr, s.auth_time, s.idle_until, s.expires_at,
           s.with_officer, p.proofing_level, s.idle_until > :now AND s.expires_at > :now AS is_fresh,
           s.last_used_at <= CAST(:now AS timestamptz) - interval '1 minute' AS is_due
      FROM identity.session s JOIN identity.person p ON p.id = s.person_id
     WHERE s.token_hash = :hash AND s.ended_at IS NULL
       AND (s.idle_until > :now AND s.expires_at > :now OR s.remembered_until > :now)
       -- A visit's session answers while the officer's own does.
       AND (s.officer_session_id IS NULL OR EXISTS (
               SELECT FROM identity.officer_session w JOIN identity.officer o ON o.id = w.officer_id
                WHERE w.id = s.officer_session_id AND w.ended_at IS NULL AND w.idle_until > :now AND w.expires_at > :now
                  AND o.left_at IS NULL AND o.on_roster_from <= :now
                  AND (o.on_roster_until IS NULL OR o.on_roster_until > :now)
                  AND (o.shift IS NULL OR o.shift @> CAST(:minute AS int))))
    """
)
_IS_LIVE = text(
    "SELECT 1 FROM identity.session WHERE person_id = :person_id AND id = :id AND ended_at IS NULL "
    "AND idle_until > :now AND expires_at > :now"
)
_TOUCH = text(
    """
    UPDATE identity.session SET last_used_at = :now, idle_until = :idle_until
     WHERE token_hash = (SELECT token_hash FROM identity.session WHERE token_hash = :hash FOR UPDATE SKIP LOCKED)
    """
)
