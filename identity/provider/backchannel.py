"""Sites hear from us that a session is over, signed, and again until they answer (OpenID Connect Back-Channel Logout).

A sign-on that ends writes down who is to be told in the same transaction (`sign_ons.end`); sending comes after it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, db
from core.outbox import Event
from core.settings import settings
from identity.provider import keys, subjects
from partners import wire
from partners.relying_parties import client as sites

_log = logging.getLogger("mykaohsiung.identity")
_TOKEN_LIFE = timedelta(minutes=2)
_LEASE = timedelta(seconds=30)
_PER_SWEEP = 50
_FIRST_WAIT_SECONDS = 5
_LONGEST_WAIT_SECONDS = 3600
_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def deliver(event: Event) -> None:
    """Tell the site that an event is about; one that does not answer now is found by `send_due`."""
    _send(UUID(event.payload["logout_id"]), clock.now())


def send_due(now: datetime) -> None:
    """Tell the sites that are waiting to be told again."""
    with db.unit_of_work() as session:
        session.execute(_LAPSE, {"now": now})
        waiting = session.execute(_DUE, {"now": now, "limit": _PER_SWEEP}).scalars().all()
    for logout_id in waiting:
        _send(logout_id, now)


def logout_token(
    session: Session, *, jti: UUID, client_id: str, sector: str, person_id: UUID, sid: UUID, alg: str, now: datetime
) -> str:
    """The signed statement of §2.4: this session of this person is over. It holds no `nonce`, so that it is never taken
    for an ID token."""
    seconds = int(now.timestamp())
    said = {
        "iss": settings().public_origin,
        "sub": subjects.subject_of(session, person_id, sector),
        "aud": client_id,
        "iat": seconds,
        "exp": seconds + int(_TOKEN_LIFE.total_seconds()),
        "jti": str(jti),
        "sid": str(sid),
        "events": {_EVENT: {}},
    }
    return keys.sign(session, {"typ": "logout+jwt"}, said, alg, now=now)


def _send(logout_id: UUID, now: datetime) -> None:
    with db.unit_of_work() as session:
        row = session.execute(_TAKE, {"id": logout_id, "now": now, "until": now + _LEASE}).one_or_none()
        if row is None:
            return
        token = logout_token(
            session, jti=logout_id, client_id=row.client_id, sector=row.sector_identifier, person_id=row.person_id,
            sid=row.sign_on_id, alg=row.id_token_alg, now=now,
        )  # fmt: skip
    status, error = "delivered", None
    try:
        sites.send_logout_token(row.backchannel_logout_uri, token, is_demo=settings().is_demo)
    except wire.Refused as refusal:
        status, error = "refused", str(refusal)
    except wire.CallFailed as failure:
        status, error = "waiting", str(failure)
    if error is not None:
        _log.warning("logout of %s: %s", row.client_id, error)
    wait_seconds = min(_FIRST_WAIT_SECONDS * 2**row.attempts, _LONGEST_WAIT_SECONDS)
    with db.unit_of_work() as session:
        session.execute(
            _FINISH,
            {"id": logout_id, "status": status, "error": error and error[:200], "now": now,
             "next_at": now + timedelta(seconds=wait_seconds)},
        )  # fmt: skip


_DUE = text(
    "SELECT id FROM identity.provider_logout WHERE status = 'waiting' AND next_at <= :now ORDER BY next_at LIMIT :limit"
)
_LAPSE = text(
    "UPDATE identity.provider_logout SET status = 'lapsed', finished_at = :now "
    "WHERE status = 'waiting' AND lapses_at <= :now"
)
_TAKE = text(
    """
    UPDATE identity.provider_logout l SET next_at = :until, attempts = l.attempts + 1
      FROM identity.sign_on s JOIN identity.relying_party r ON r.client_id = s.client_id
     WHERE l.id = :id AND s.id = l.sign_on_id AND l.status = 'waiting' AND l.next_at <= :now
       AND r.backchannel_logout_uri IS NOT NULL AND r.status IN ('approved', 'suspended')
    RETURNING l.attempts - 1 AS attempts, l.sign_on_id, s.person_id, s.client_id, r.sector_identifier, r.id_token_alg,
              r.backchannel_logout_uri
    """
)
_FINISH = text(
    """
    UPDATE identity.provider_logout
       SET status = :status, last_error = :error, next_at = :next_at,
           finished_at = CASE WHEN :status = 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) END
     WHERE id = :id AND status = 'waiting'
    """
)
