"""Whether an ID token proves what it says: OpenID Connect Core 1.0 §3.1.3.7, in its order.

`joserfc.jwt.decode` looks at the signature alone, so every claim is looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core.util import create_half_hash
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey
from joserfc.jws import extract_compact

from partners.oidc.documents import NotBelieved, Published
from partners.oidc.providers import Provider

LEEWAY_SECONDS = 60
LONGEST_AGE = timedelta(minutes=10)
"""How long ago a token may have been made, and somebody may have authenticated where they must have just now."""
_MOST_CHARACTERS = 16_384
_ENCRYPTION = ("ECDH-ES+A256KW", "A256GCM")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must answer: our nonce, the access token that came with it, and since when we have been asking."""

    nonce: str
    access_token: str | None
    begun_at: datetime


def verified(
    token: object, provider: Provider, published: Published, expected: Expected, *, now: datetime
) -> dict[str, Any]:
    """The claims of the ID token. Raises NotBelieved; the failures of `partners.wire` when its keys cannot be had."""
    if not isinstance(token, str) or len(token) > _MOST_CHARACTERS:
        raise NotBelieved("there is no ID token")
    try:
        signed = _decrypted(token, provider) if provider.decryption_key else token
        header = extract_compact(signed.encode()).headers()
        algorithm = header.get("alg")
        if algorithm not in provider.manner.algorithms:
            raise NotBelieved(f"ID tokens of {provider.name} are not signed with {algorithm!r:.40}")
        decoded = jwt.decode(signed, _key(header, provider, published), algorithms=[algorithm])
        _check(decoded.claims, provider, expected, now)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotBelieved(f"{type(error).__name__}: {error}"[:200]) from error
    _check_access_token(decoded.claims, algorithm, expected.access_token)
    return decoded.claims


def _decrypted(token: str, provider: Provider) -> str:
    opened = jwe.decrypt_compact(token, ECKey.import_key(provider.decryption_key), algorithms=_ENCRYPTION)
    if opened.plaintext is None:
        raise NotBelieved("the token holds nothing")
    return opened.plaintext.decode("ascii")


def _key(header: Mapping[str, Any], provider: Provider, published: Published) -> Key:
    if header["alg"].startswith("HS"):
        # The client's own secret, and never anything that the provider publishes (RFC 8725 §2.1).
        return OctKey.import_key(provider.secret)
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise NotBelieved("the token's key has no name")
    return published.key_named(kid)


def _check(claims: dict[str, Any], provider: Provider, expected: Expected, now: datetime) -> None:
    manner = provider.manner
    seconds = int(now.timestamp())
    wanted: dict[str, Any] = {
        "iss": {"essential": True, "value": provider.issuer},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "nonce": {"essential": True, "value": expected.nonce},
    }
    if manner.acr:
        wanted["acr"] = {"essential": True, "value": manner.acr}
    if manner.must_authenticate:
        wanted["auth_time"] = {"essential": True}
    jwt.JWTClaimsRegistry(now=seconds, leeway=LEEWAY_SECONDS, **wanted).validate(claims)
    # No other audience is trusted by us, so a token for several is none for us (§3.1.3.7 nos. 3 to 5).
    if claims.get("aud") not in (provider.client_id, [provider.client_id]):
        raise NotBelieved("the token is for another audience")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise NotBelieved("the token was made for another client")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isascii():
        raise NotBelieved("the subject is none")
    if seconds - claims["iat"] > LONGEST_AGE.total_seconds():
        raise NotBelieved("the token was made too long ago")
    if manner.must_authenticate and claims["auth_time"] < expected.begun_at.timestamp() - LEEWAY_SECONDS:
        raise NotBelieved("they authenticated before we asked")


def _check_access_token(claims: Mapping[str, Any], algorithm: str, access_token: str | None) -> None:
    stated = claims.get("at_hash")
    if stated is None:
        return
    if access_token is None or create_half_hash(access_token, algorithm).decode() != stated:
        raise NotBelieved("the access token is not the one that the ID token came with")
