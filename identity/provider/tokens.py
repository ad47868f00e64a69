"""Access and refresh tokens: opaque, stored as hashes, and dead with the grant that they were issued from.

An access token opens `/oauth/userinfo` and nothing else. A refresh token is used once; its successor is derived from
it, so that a site whose answer was lost on the way and who asks again within `GRACE` is given the same one and not two.
Any other second use means that two hold it, and ends the whole family (RFC 9700 §4.14.2). The grace is not a gap: a
thief within it gets what the site has, too, and the next of the two who comes is the second use.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import blind_index, token_hash
from identity.provider import grants
from identity.provider.models import ProviderGrant

ACCESS_LIFE = timedelta(minutes=10)
REFRESH_LIFE = timedelta(days=30)
"""How long a refresh token lasts unused."""
GRACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Refresh:
    """A good refresh token, held until the transaction ends: what it is for, and the one that follows it."""

    grant: ProviderGrant
    token_hash: bytes
    successor: str


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a site may be told that holds an access token."""

    person_id: UUID
    client_id: str
    scopes: tuple[str, ...]
    granted_scopes: tuple[str, ...]
    userinfo_claims: tuple[str, ...]


def first(session: Session, grant: ProviderGrant, *, now: datetime) -> dict[str, Any]:
    """The tokens for a code (RFC 6749 §5.1)."""
    answer = _access(session, grant, grant.scopes, now)
    if grants.covers_offline(grant.scopes):
        answer["refresh_token"] = _keep_refresh(session, grant, secrets.token_urlsafe(32), now)
    return answer


def weigh_refresh(session: Session, token: str, client_id: str, *, now: datetime) -> Refresh | None:
    """Whether a refresh token may be used; None when it is unknown, another site's, lapsed, dead, or was used before,
    and then its family ends."""
    hashed = token_hash(token)
    # Uses of one family wait for each other here, so that two at once are one after the other.
    row = session.execute(_FAMILY, {"hash": hashed, "client_id": client_id}).one_or_none()
    if row is None or row.revoked_at is not None or row.grant_expires_at <= now:
        return None
    successor = base64.urlsafe_b64encode(blind_index(token, purpose="refresh successor")).rstrip(b"=").decode()
    if row.used_at is None:
        if row.expires_at <= now:
            return None
    else:
        follower = session.execute(_FOLLOWER, {"hash": token_hash(successor)}).one_or_none()
        is_answer_lost = follower is not None and follower.used_at is None and now - row.used_at <= GRACE
        if not is_answer_lost:
            grants.revoke(session, row.grant_id, reason="refresh token reused", now=now)
            return None
    return Refresh(session.get_one(ProviderGrant, row.grant_id), hashed, successor)


def use_refresh(session: Session, refresh: Refresh, *, scopes: Sequence[str], now: datetime) -> dict[str, Any]:
    """Use up a refresh token, for the tokens that follow it."""
    session.execute(_USE, {"hash": refresh.token_hash, "now": now})
    answer = _access(session, refresh.grant, scopes, now)
    answer["refresh_token"] = _keep_refresh(session, refresh.grant, refresh.successor, now)
    return answer


def bearer(session: Session, token: str, *, now: datetime) -> Bearer | None:
    """Who holds this access token for whom; None when it is unknown, lapsed or dead, or its site is suspended."""
    row = session.execute(_BEARER, {"hash": token_hash(token), "now": now}).one_or_none()
    if row is None:
        return None
    return Bearer(
        row.person_id, row.client_id, tuple(row.scopes), tuple(row.granted_scopes), tuple(row.userinfo_claims)
    )


def revoke(session: Session, token: str, client_id: str, *, now: datetime) -> None:
    """A site gives a token back (RFC 7009): an access token alone, a refresh token with its whole grant.

    Somebody else's token, or none at all, changes nothing and is not told apart (§2.2).
    """
    values = {"hash": token_hash(token), "client_id": client_id, "now": now}
    if session.execute(_REVOKE_ACCESS, values).first() is None:
        session.execute(_REVOKE_BY_REFRESH, values)


def _access(session: Session, grant: ProviderGrant, scopes: Collection[str], now: datetime) -> dict[str, Any]:
    token = secrets.token_urlsafe(32)
    expires_at = min(now + ACCESS_LIFE, grant.expires_at)
    values = {
        "hash": token_hash(token), "grant_id": grant.id, "scopes": list(scopes), "now": now, "expires_at": expires_at,
    }  # fmt: skip
    session.execute(_ISSUE_ACCESS, values)
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int((expires_at - now).total_seconds()),
        "scope": " ".join(scopes),
    }


def _keep_refresh(session: Session, grant: ProviderGrant, token: str, now: datetime) -> str:
    values = {
        "hash": token_hash(token), "grant_id": grant.id, "now": now,
        "expires_at": min(now + REFRESH_LIFE, grant.expires_at),
    }  # fmt: skip
    session.execute(_ISSUE_REFRESH, values)
    return token


_ISSUE_ACCESS = text(
    "INSERT INTO identity.provider_access_token (token_hash, grant_id, scopes, issued_at, expires_at) "
    "VALUES (:hash, :grant_id, :scopes, :now, :expires_at)"
)
_ISSUE_REFRESH = text(
    "INSERT INTO identity.provider_refresh_token (token_hash, grant_id, issued_at, expires_at) "
    "VALUES (:hash, :grant_id, :now, :expires_at) ON CONFLICT DO NOTHING"
)
_FAMILY = text(
    """
    SELECT t.grant_id, t.used_at, t.expires_at, g.revoked_at, g.expires_at AS grant_expires_at
      FROM identity.provider_grant g JOIN identity.provider_refresh_token t ON t.grant_id = g.id
     WHERE t.token_hash = :hash AND g.client_id = :client_id FOR UPDATE OF g, t
    """
)
_USE = text("UPDATE identity.provider_refresh_token SET used_at = COALESCE(used_at, :now) WHERE token_hash = :hash")
_FOLLOWER = text("SELECT used_at FROM identity.provider_refresh_token WHERE token_hash = :hash")
_BEARER = text(
    """
    SELECT g.person_id, g.client_id, t.scopes, g.scopes AS granted_scopes, g.userinfo_claims
      FROM identity.provider_access_token t
      JOIN identity.provider_grant g ON g.id = t.grant_id
      JOIN identity.relying_party r ON r.client_id = g.client_id
     WHERE t.token_hash = :hash AND t.expires_at > :now AND t.revoked_at IS NULL AND g.revoked_at IS NULL
       AND r.status = 'approved'
    """
)
_REVOKE_ACCESS = text(
    """
    UPDATE identity.provider_access_token t SET revoked_at = COALESCE(t.revoked_at, :now)
      FROM identity.provider_grant g
     WHERE g.id = t.grant_id AND t.token_hash = :hash AND g.client_id = :client_id RETURNING t.grant_id
    """
)
_REVOKE_BY_REFRESH = text(
    """
    UPDATE identity.provider_grant g SET revoked_at = :now, revoke_reason = 'given back'
      FROM identity.provider_refresh_token t
     WHERE t.grant_id = g.id AND t.token_hash = :hash AND g.client_id = :client_id AND g.revoked_at IS NULL
    """
)
