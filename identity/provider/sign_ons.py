"""At which sites somebody is signed in through a session of ours, and that those are told when it ends.

A sign-on outlives the rises of its session (each makes a new session id): it follows. Its id is what the site knows as
`sid`, so that no two sites share a name for the same session.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core import db, outbox
from core.ids import new_uuid

LOGOUT_LAPSES_AFTER = timedelta(days=1)
"""How long we try to tell a site that a session is over; by then its own session has lapsed, too."""
_PER_SWEEP = 200


def begin(session: Session, *, person_id: UUID, session_id: UUID, client_id: str, now: datetime) -> UUID:
    """The sign-on of this session at that site: the one that goes on, or a new one."""
    values = {"id": new_uuid(), "person_id": person_id, "session_id": session_id, "client_id": client_id, "now": now}
    found: UUID = session.execute(_BEGIN, values).scalar_one()
    return found


def follow(session: Session, *, replaced: UUID, by: UUID) -> None:
    """A session of the same person has risen, and goes on under another id."""
    session.execute(_FOLLOW, {"replaced": replaced, "by": by})


def end(session: Session, session_ids: Collection[UUID], *, reason: str, now: datetime) -> None:
    """These sessions are over: so are their sign-ons, the tokens that rest on them, and the sites are told.

    What was granted to be used without the person (`offline_access`) goes on: signing out here does not end it. Grants
    that end with a change of credentials are `grants.revoke_all`'s.
    """
    if not session_ids:
        return
    _follow_up(session, session.execute(_END, {"ids": list(session_ids), "reason": reason, "now": now}).all(), now)


def end_at_site(session: Session, *, person_id: UUID, client_id: str, reason: str, now: datetime) -> None:
    """This person is signed out at one site, wherever their own sessions are, and the site is told."""
    whose = {"person_id": person_id, "client_id": client_id}
    _follow_up(session, session.execute(_END_AT_SITE, {**whose, "reason": reason, "now": now}).all(), now)


def _follow_up(session: Session, ended: Sequence[Row[Any]], now: datetime) -> None:
    if not ended:
        return
    session.execute(_REVOKE_ONLINE, {"ids": [row.id for row in ended], "now": now})
    for row in ended:
        if row.is_told:
            logout_id = new_uuid()
            session.execute(
                _TELL, {"id": logout_id, "sign_on_id": row.id, "now": now, "lapses_at": now + LOGOUT_LAPSES_AFTER}
            )
            outbox.record(session, "identity.sign_on_ended", {"logout_id": str(logout_id)}, now=now)


def end_forgotten(now: datetime) -> None:
    """End the sign-ons whose sessions have lapsed, or ended without a word to `end`."""
    with db.unit_of_work() as session:
        rows = session.execute(_SESSION_OVER, {"now": now, "limit": _PER_SWEEP}).all()
        for reason in {row.reason for row in rows}:
            end(session, [row.session_id for row in rows if row.reason == reason], reason=reason, now=now)


_BEGIN = text(
    """
    INSERT INTO identity.sign_on AS s (id, person_id, session_id, client_id, began_at)
    VALUES (:id, :person_id, :session_id, :client_id, :now)
    ON CONFLICT (session_id, client_id) WHERE ended_at IS NULL DO UPDATE SET began_at = s.began_at
    RETURNING id
    """
)
_FOLLOW = text("UPDATE identity.sign_on SET session_id = :by WHERE session_id = :replaced AND ended_at IS NULL")
_END = text(
    """
    UPDATE identity.sign_on s SET ended_at = :now, end_reason = :reason
      FROM identity.relying_party r
     WHERE r.client_id = s.client_id AND s.session_id = ANY(:ids) AND s.ended_at IS NULL
    RETURNING s.id, r.backchannel_logout_uri IS NOT NULL AS is_told
    """
)
_END_AT_SITE = text(
    """
    UPDATE identity.sign_on s SET ended_at = :now, end_reason = :reason
      FROM identity.relying_party r
     WHERE r.client_id = s.client_id AND s.person_id = :person_id AND s.client_id = :client_id AND s.ended_at IS NULL
    RETURNING s.id, r.backchannel_logout_uri IS NOT NULL AS is_told
    """
)
_REVOKE_ONLINE = text(
    """
    UPDATE identity.provider_grant SET revoked_at = :now, revoke_reason = 'session ended'
     WHERE sign_on_id = ANY(:ids) AND revoked_at IS NULL AND NOT 'offline_access' = ANY(scopes)
    """
)
_TELL = text(
    """
    INSERT INTO identity.provider_logout (id, sign_on_id, next_at, lapses_at, created_at, status)
    VALUES (:id, :sign_on_id, :now, :lapses_at, :now, 'waiting')
    """
)
_SESSION_OVER = text(
    """
    SELECT o.session_id, COALESCE(s.end_reason, 'lapsed') AS reason
      FROM identity.sign_on o LEFT JOIN identity.session s ON s.id = o.session_id
     WHERE o.ended_at IS NULL
       AND (s.id IS NULL OR s.ended_at IS NOT NULL
            OR ((s.idle_until <= :now OR s.expires_at <= :now)
                AND (s.remembered_until IS NULL OR s.remembered_until <= :now)))
     LIMIT :limit
    """
)
