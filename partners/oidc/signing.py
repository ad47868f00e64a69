"""The sandbox providers' ID tokens: each provider's own way of writing them, and every way of getting them wrong."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass
from typing import Any, Final

import orjson
from authlib.oidc.core.util import create_half_hash
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from core.oidc_settings import demo_key
from partners.desk.books import Books, Row
from partners.oidc.accounts import subject_of
from partners.oidc.providers import MOBILE_ID_ACR, NATIONAL_ID_CLAIM

TOKEN_SECONDS: Final = 300
_ALGORITHMS = {"line": "HS256", "google": "RS256", "apple": "RS256", "mobile_id": "ES256"}

SigningKey = RSAKey | ECKey


@dataclass(frozen=True, slots=True)
class About:
    """What an ID token is about: whose it is, for which code, and the secret that the provider shares with the city."""

    provider: str
    issuer: str
    secret: str
    granted: Row
    account: Row
    access_token: str


def id_token(books: Books, about: About, mode: str | None) -> str:
    """The ID token for what a code was granted for; `mode` is how it is to be wrong."""
    provider = about.provider
    claims = _claims(about)
    claims |= _wrong(mode, claims)
    algorithm = (
        "ES256" if provider == "line" and mode in ("es256", "new_key", "withheld_key") else _ALGORITHMS[provider]
    )
    claims["at_hash"] = create_half_hash(
        "another" if mode == "wrong_at_hash" else about.access_token, algorithm
    ).decode()
    signed = _signed(books, about, claims, algorithm, mode)
    if provider != "mobile_id":
        return signed
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "cty": "JWT"}
    public = ECKey.import_key(ECKey.import_key(demo_key(provider)).as_dict(private=False))
    return jwe.encrypt_compact(header, signed, public, algorithms=["ECDH-ES+A256KW", "A256GCM"])


def published_keys(books: Books, provider: str) -> list[dict[str, Any]]:
    """The public halves that the provider shows: the newest key and the one before it."""
    _current(books, provider)
    rows = books.all(
        "SELECT jwk FROM oidc_key WHERE provider = ? AND is_published ORDER BY position DESC LIMIT 2", provider
    )
    return [_imported(row["jwk"]).as_dict(private=False) for row in rows]


def account_claims(provider: str, account: Row) -> dict[str, Any]:
    """What the provider tells about an account, in the ID token as at its userinfo endpoint."""
    email, name = account["email"], account["name"]
    if provider == "line":
        return {
            "name": name,
            "picture": "https://profile.line-scdn.example/sandbox",
            **({"email": email} if email else {}),
        }
    if provider == "google":
        domain = email.rpartition("@")[2]
        hosted = {} if domain in ("", "gmail.com") else {"hd": domain}
        return {"name": name, "email": email, "email_verified": True, **hosted}
    if provider == "apple":
        # Real or forwarding; the name is never in the token.
        is_private = email.endswith("@privaterelay.appleid.com")
        return {"email": email, "email_verified": True, **({"is_private_email": True} if is_private else {})}
    return {"name": name, NATIONAL_ID_CLAIM: account["account"]}


def _claims(about: About) -> dict[str, Any]:
    provider, granted = about.provider, about.granted
    now = int(time.time())
    claims = {
        "iss": about.issuer,
        "sub": granted["sub"],
        "aud": granted["client_id"],
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        **({"nonce": granted["nonce"]} if granted["nonce"] else {}),
        **account_claims(provider, about.account),
    }
    if provider == "line":
        claims["amr"] = ["linesso"]
    if provider == "google":
        claims["azp"] = granted["client_id"]
    if provider == "mobile_id":
        claims |= {"acr": MOBILE_ID_ACR, "amr": ["mfa", "user", "hwk"], "auth_time": int(granted["auth_time"])}
    return claims


def _wrong(mode: str | None, claims: dict[str, Any]) -> dict[str, Any]:
    now = claims["iat"]
    wrong: dict[str, dict[str, Any]] = {
        "wrong_nonce": {"nonce": "another"},
        "wrong_iss": {"iss": "https://another.example"},
        "wrong_aud": {"aud": "another-client"},
        "expired_token": {"iat": now - 7200, "exp": now - 3600},
        "old_authentication": {"auth_time": now - 7200},
        "low_acr": {"acr": "urn:mobileid:loa:low"},
    }
    return wrong.get(mode or "", {})


def _signed(books: Books, about: About, claims: dict[str, Any], algorithm: str, mode: str | None) -> str:
    provider = about.provider
    if mode == "alg_none":
        return _by_hand({"alg": "none"}, claims, None)
    if mode == "hs256_public_key":
        key = _current(books, provider)
        return _by_hand({"alg": "HS256", "kid": key.kid}, claims, key.as_pem(private=False))
    if algorithm == "HS256":
        return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(about.secret), algorithms=[algorithm])
    if mode == "withheld_key":
        signing = _make(books, provider, is_published=False)
    elif mode == "new_key":
        signing = _make(books, provider)
    else:
        signing = _current(books, provider)
    return jwt.encode({"alg": algorithm, "kid": signing.kid}, claims, signing, algorithms=[algorithm])


def _by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would write."""
    parts = [_base64(orjson.dumps(part)) for part in (header, claims)]
    signature = b"" if secret is None else hmac.digest(secret, ".".join(parts).encode(), "sha256")
    return ".".join((*parts, _base64(signature)))


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _current(books: Books, provider: str) -> SigningKey:
    return _newest(books, provider) or _make(books, provider)


def _newest(books: Books, provider: str) -> SigningKey | None:
    row = books.one(
        "SELECT jwk FROM oidc_key WHERE provider = ? AND is_published ORDER BY position DESC LIMIT 1", provider
    )
    return None if row is None else _imported(row["jwk"])


def _make(books: Books, provider: str, *, is_published: bool = True) -> SigningKey:
    kid = subject_of("key", f"{provider} {time.time_ns()}")[4:20]
    facts: Any = {"kid": kid, "use": "sig"}
    is_rsa = _ALGORITHMS[provider] == "RS256"
    key: SigningKey = RSAKey.generate_key(2048, facts) if is_rsa else ECKey.generate_key("P-256", facts)
    with books.writing() as writing:
        writing.execute(
            "INSERT INTO oidc_key (provider, kid, jwk, is_published) VALUES (?, ?, ?, ?)",
            (provider, kid, orjson.dumps(key.as_dict(private=True)).decode(), is_published),
        )
    return key


def _imported(jwk: str) -> SigningKey:
    found = orjson.loads(jwk)
    return RSAKey.import_key(found) if found["kty"] == "RSA" else ECKey.import_key(found)
