"""The bureaus' systems: OAuth 2.0 client credentials (RFC 6749 §4.4) proved by a signed assertion (RFC 7523, ES256).

There is no shared secret to leak: a bureau keeps its private key, we hold the public one. Access tokens are opaque,
stored hashed, and last an hour.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.ids import new_uuid
from core.settings import settings
from identity import client_assertions
from identity.actors import Actor
from identity.models import BureauClient

TOKEN_PATH = "/oauth/token"  # noqa: S105
TOKEN_LIFE = timedelta(hours=1)
ASSERTION_TYPE = client_assertions.ASSERTION_TYPE
_ALGORITHM = "ES256"


class OAuthRefused(Exception):
    """No token, for the reason that RFC 6749 §5.2 names by `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that has just been issued; it is shown this once."""

    token: str
    scopes: tuple[str, ...]


def issue_token(session: Session, form: Mapping[str, str], *, now: datetime) -> AccessToken:
    """Answer a token request (its form's parameters). Raises OAuthRefused."""
    if "grant_type" not in form:
        raise OAuthRefused("invalid_request")
    if form["grant_type"] != "client_credentials":
        raise OAuthRefused("unsupported_grant_type")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise OAuthRefused("invalid_client")
    client = _authenticated(session, form["client_assertion"], form.get("client_id"), now)
    scopes = _granted(client.scopes, form.get("scope"))
    token = secrets.token_urlsafe(32)
    session.execute(
        _ISSUE,
        {"hash": token_hash(token), "client_id": client.client_id, "scopes": list(scopes), "now": now,
         "expires_at": now + TOKEN_LIFE},
    )  # fmt: skip
    return AccessToken(token, scopes)


def resolve_bureau_token(session: Session, token: str, now: datetime) -> Actor | None:
    """The bureau's system that holds this access token, or None when it is unknown, lapsed or its client is revoked."""
    row = session.execute(_RESOLVE, {"hash": token_hash(token), "now": now}).one_or_none()
    if row is None:
        return None
    return Actor(kind="bureau", id=row.id, scopes=frozenset(row.scopes), bureau=row.bureau)


def register_bureau_client(
    session: Session,
    client_id: str,
    bureau: str,
    public_jwk: Mapping[str, Any],
    scopes: Collection[str],
    *,
    now: datetime,
) -> UUID:
    """Let a bureau's system ask for tokens of up to these scopes; again: with a new key, scopes, and not revoked.
    Answers the id that it acts under.

    Raises ValueError when the key is not a public P-256 key.
    """
    try:
        key = ECKey.import_key(dict(public_jwk))
    except JoseError as error:
        raise ValueError("not a JSON Web Key") from error
    if key.curve_name != "P-256" or key.is_private:
        raise ValueError("the key must be public and on P-256")
    values = {"bureau": bureau, "public_jwk": key.as_dict(private=False), "scopes": sorted(scopes), "revoked_at": None}
    statement = insert(BureauClient).values(client_id=client_id, id=new_uuid(), registered_at=now, **values)
    upserted = statement.on_conflict_do_update(index_elements=["client_id"], set_=values).returning(BureauClient.id)
    return session.execute(upserted).scalar_one()


def revoke_bureau_client(session: Session, client_id: UUID, *, now: datetime) -> None:
    """The client, by its own id, gets no more tokens, and those it has open nothing. Again changes nothing."""
    session.execute(_REVOKE, {"id": client_id, "now": now})


def _authenticated(session: Session, assertion: str, named: str | None, now: datetime) -> BureauClient:
    client_id = client_assertions.claimed_client(assertion)
    client = session.scalars(
        select(BureauClient).where(BureauClient.client_id == client_id, BureauClient.revoked_at.is_(None))
    ).one_or_none()
    if client is None or named not in (None, client_id):
        raise OAuthRefused("invalid_client")
    origin = settings().public_origin
    is_proven = client_assertions.is_proven(
        session,
        assertion,
        client_id=client.client_id,
        keys=[client.public_jwk],
        algorithms=[_ALGORITHM],
        audiences=(origin, f"{origin}{TOKEN_PATH}"),
        now=now,
    )
    if not is_proven:
        raise OAuthRefused("invalid_client")
    return client


def _granted(allowed: Collection[str], asked: str | None) -> tuple[str, ...]:
    if not asked:
        return tuple(sorted(allowed))
    scopes = set(asked.split(" "))
    if not scopes <= set(allowed):
        raise OAuthRefused("invalid_scope")
    return tuple(sorted(scopes))


_ISSUE = text(
    "INSERT INTO identity.access_token (token_hash, client_id, scopes, issued_at, expires_at) "
    "VALUES (:hash, :client_id, :scopes, :now, :expires_at)"
)
_REVOKE = text("UPDATE identity.bureau_client SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
_RESOLVE = text(
    """
    SELECT c.id, c.bureau, t.scopes
      FROM identity.access_token t JOIN identity.bureau_client c ON c.client_id = t.client_id
     WHERE t.token_hash = :hash AND t.expires_at > :now AND c.revoked_at IS NULL
    """
)
