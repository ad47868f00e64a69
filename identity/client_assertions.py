"""A program proves who it is by a signed statement (RFC 7523 §3): for whom, until when, and only once.

Nothing secret is sent, and what is overheard cannot be used again: `jti` is kept until the statement has lapsed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import text
from sqlalchemy.orm import Session

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_LIFE = timedelta(minutes=5)
_CLOCK_SKEW = timedelta(seconds=30)
_LONGEST_ASSERTION = 4096
_LONGEST_JTI = 128


def claimed_client(assertion: str) -> str | None:
    """Who the assertion says it is by; nothing of it is believed before its signature is verified."""
    if len(assertion) > _LONGEST_ASSERTION:
        return None
    try:
        client_id = orjson.loads(jws.extract_compact(assertion.encode()).payload)["sub"]
    except Exception:
        # A stranger's text may fail to be a JWS in any way.
        return None
    if not isinstance(client_id, str) or "\x00" in client_id:
        return None
    return client_id


def is_proven(
    session: Session,
    assertion: str,
    *,
    client_id: str,
    keys: Sequence[Mapping[str, Any]],
    algorithms: Collection[str],
    audiences: Collection[str],
    now: datetime,
) -> bool:
    """Whether one of the client's public keys (JWK) signed it, for us (`audiences`) alone, lately, and never before.

    It is used up by asking.
    """
    seconds = int(now.timestamp())
    claims = _verified(assertion, client_id, keys, algorithms, seconds)
    if claims is None:
        return False
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    is_for_us = bool(named) and all(each in audiences for each in named)
    lives_shortly = claims["exp"] <= seconds + (_LONGEST_LIFE + _CLOCK_SKEW).total_seconds()
    jti = claims["jti"]
    is_jti_usable = isinstance(jti, str) and 0 < len(jti) <= _LONGEST_JTI and "\x00" not in jti
    if not (is_for_us and lives_shortly and is_jti_usable):
        return False
    expires_at = datetime.fromtimestamp(claims["exp"], tz=now.tzinfo) + _CLOCK_SKEW
    used = {"client_id": client_id, "jti": jti, "expires_at": expires_at}
    return session.execute(_USE_JTI, used).first() is not None


def _verified(
    assertion: str, client_id: str, keys: Sequence[Mapping[str, Any]], algorithms: Collection[str], seconds: int
) -> dict[str, Any] | None:
    registry = jwt.JWTClaimsRegistry(
        now=seconds,
        leeway=0,
        iss={"essential": True, "value": client_id},
        sub={"essential": True, "value": client_id},
        exp={"essential": True},
        jti={"essential": True},
    )
    for jwk in keys:
        try:
            key = ECKey.import_key(dict(jwk)) if jwk.get("kty") == "EC" else RSAKey.import_key(dict(jwk))
            token = jwt.decode(assertion, key, algorithms=list(algorithms))
            # decode() verifies the signature only.
            registry.validate(token.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        return dict(token.claims)
    return None


_USE_JTI = text(
    "INSERT INTO identity.used_jti (client_id, jti, expires_at) VALUES (:client_id, :jti, :expires_at) "
    "ON CONFLICT DO NOTHING RETURNING jti"
)
