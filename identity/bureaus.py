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

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.ids import new_uuid
from core.settings import settings
from identity.actors import Actor
from identity.models import BureauClient

TOKEN_PATH = "/oauth/token"  # noqa: S105
TOKEN_LIFE = timedelta(hours=1)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ASSERTION_LIFE = timedelta(minutes=5)
_CLOCK_SKEW = timedelta(seconds=30)
_ALGORITHM = "ES256"
_LONGEST_ASSERTION = 4096
_LONGEST_JTI = 128


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
) -> None:
    """Let a bureau's system ask for tokens of up to these scopes; again: with a new key, scopes, and not revoked.

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
    session.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=values))


def _authenticated(session: Session, assertion: str, named: str | None, now: datetime) -> BureauClient:
    client_id = _claimed_client(assertion)
    client = session.scalars(
        select(BureauClient).where(BureauClient.client_id == client_id, BureauClient.revoked_at.is_(None))
    ).one_or_none()
    if client is None or named not in (None, client_id):
        raise OAuthRefused("invalid_client")
    claims = _verified_claims(assertion, client, now)
    jti, expires_at = claims["jti"], datetime.fromtimestamp(claims["exp"], tz=now.tzinfo)
    used = {"client_id": client_id, "jti": jti, "expires_at": expires_at + _CLOCK_SKEW}
    if session.execute(_USE_JTI, used).first() is None:
        raise OAuthRefused("invalid_client")
    return client


def _claimed_client(assertion: str) -> str:
    """Who the assertion says it is by; nothing of it is believed before its signature is verified."""
    if len(assertion) > _LONGEST_ASSERTION:
        raise OAuthRefused("invalid_client")
    try:
        client_id = orjson.loads(jws.extract_compact(assertion.encode()).payload)["sub"]
    except Exception:
        # A stranger's text may fail to be a JWS in any way.
        raise OAuthRefused("invalid_client") from None
    if not isinstance(client_id, str) or "\x00" in client_id:
        raise OAuthRefused("invalid_client")
    return client_id


def _verified_claims(assertion: str, client: BureauClient, now: datetime) -> dict[str, Any]:
    seconds = int(now.timestamp())
    origin = settings().public_origin
    audiences = (origin, f"{origin}{TOKEN_PATH}")
    try:
        token = jwt.decode(assertion, ECKey.import_key(client.public_jwk), algorithms=[_ALGORITHM])
        claims = token.claims
        # decode() verifies the signature only.
        jwt.JWTClaimsRegistry(
            now=seconds,
            leeway=0,
            iss={"essential": True, "value": client.client_id},
            sub={"essential": True, "value": client.client_id},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise OAuthRefused("invalid_client") from None
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    is_for_us = bool(named) and all(each in audiences for each in named)
    lives_shortly = claims["exp"] <= seconds + (_LONGEST_ASSERTION_LIFE + _CLOCK_SKEW).total_seconds()
    jti = claims["jti"]
    is_jti_usable = isinstance(jti, str) and 0 < len(jti) <= _LONGEST_JTI and "\x00" not in jti
    if not (is_for_us and lives_shortly and is_jti_usable):
        raise OAuthRefused("invalid_client")
    return claims


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
_USE_JTI = text(
    "INSERT INTO identity.used_jti (client_id, jti, expires_at) VALUES (:client_id, :jti, :expires_at) "
    "ON CONFLICT DO NOTHING RETURNING jti"
)
_RESOLVE = text(
    """
    SELECT c.id, c.bureau, t.scopes
      FROM identity.access_token t JOIN identity.bureau_client c ON c.client_id = t.client_id
     WHERE t.token_hash = :hash AND t.expires_at > :now AND c.revoked_at IS NULL
    """
)
