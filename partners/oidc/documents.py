"""What an OpenID provider publishes: its description and its keys, fetched when needed and remembered for an hour."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from partners import wire

LIFE_SECONDS = 3600.0
"""How long a description and a set of keys are believed without asking again."""
LEAST_SECONDS_BETWEEN = 20.0
"""However many tokens name an unknown key, the provider is asked for its keys this seldom."""
_REST_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_CONNECT_SECONDS, _READ_SECONDS = 2.0, 5.0


class NotBelieved(Exception):
    """The provider's answer does not prove who somebody is. `reason` is for our log, never for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Description:
    """What we use of a provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414, RFC 9207 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    names_itself: bool


class Published:
    """The documents of one provider, shared by this process's threads."""

    def __init__(self, name: str, issuer: str) -> None:
        self.name = name
        self.issuer = issuer
        self._turn = threading.Lock()
        self._description: Description | None = None
        self._described_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")
        self._rests_until = float("-inf")

    def description(self) -> Description:
        """The provider's description. Raises the failures of `partners.wire`, NotBelieved."""
        with self._turn:
            if self._description is None or time.monotonic() - self._described_at > LIFE_SECONDS:
                self._description = self._described()
                self._described_at = time.monotonic()
            return self._description

    def key_named(self, kid: str | None) -> Key:
        """The key that a token's header names; where it names none, the only one there is.

        An unknown name makes us ask the provider again, as it will have changed its keys (OpenID Connect Core §10.1.1).
        Raises the failures of `partners.wire`, NotBelieved.
        """
        jwks_uri = self.description().jwks_uri
        with self._turn:
            age = time.monotonic() - self._keys_at
            if self._keys is None or age > LIFE_SECONDS:
                self._fetch_keys(jwks_uri)
            found = self._found(kid)
            if found is None and age > LEAST_SECONDS_BETWEEN:
                self._fetch_keys(jwks_uri)
                found = self._found(kid)
        if found is None:
            raise NotBelieved("the token names a key that the provider does not publish")
        return found

    def _fetched(self, address: str) -> dict[str, Any]:
        """A document. After a failure nobody asks for a moment: those who queued here would each wait as long."""
        rest = self._rests_until - time.monotonic()
        if rest > 0:
            raise wire.Unavailable(self.name, "it failed just now", math.ceil(rest))
        try:
            return fetched(self.name, address)
        except wire.CallFailed:
            self._rests_until = time.monotonic() + _REST_SECONDS
            raise

    def _found(self, kid: str | None) -> Key | None:
        held = self._keys.keys if self._keys else []
        if kid is None:
            return held[0] if len(held) == 1 else None
        return next((key for key in held if key.kid == kid), None)

    def _fetch_keys(self, jwks_uri: str) -> None:
        document = self._fetched(jwks_uri)
        self._keys_at = time.monotonic()
        try:
            listed = document["keys"]
            self._keys = KeySet.import_key_set({"keys": [key for key in listed if key.get("use", "sig") == "sig"]})
        except (JoseError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise NotBelieved("the provider's keys cannot be read") from error

    def _described(self) -> Description:
        document = self._fetched(f"{self.issuer}/.well-known/openid-configuration")
        if document.get("issuer") != self.issuer:
            raise NotBelieved("the description is of another issuer")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        addresses = [document.get(name) for name in (*wanted, "userinfo_endpoint")]
        if not all(is_safe_address(address) for address in addresses[:3]):
            raise NotBelieved("the description lacks an endpoint, or names one that is not under TLS")
        authorization, token, jwks, userinfo = addresses
        return Description(
            self.issuer,
            str(authorization),
            str(token),
            str(jwks),
            str(userinfo) if is_safe_address(userinfo) else None,
            document.get("authorization_response_iss_parameter_supported") is True,
        )


def is_safe_address(address: object) -> bool:
    """Whether we would send somebody's code there: TLS, or this machine itself (RFC 8252 §8.3)."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


def fetched(partner: str, address: str, *, bearer: str | None = None) -> dict[str, Any]:
    """The JSON object at an address. Raises NotReached, Unavailable, NoAnswer."""
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    try:
        response = _pool().request(
            "GET", address, headers=headers, timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=False, redirect=False, preload_content=False,
        )  # fmt: skip
        try:
            content = response.read(_MOST_BYTES + 1)
        finally:
            response.close()
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
        raise wire.NotReached(partner, type(error).__name__) from error
    except urllib3.exceptions.HTTPError as error:
        raise wire.NoAnswer(partner, type(error).__name__) from error
    return _object(partner, response.status, response.headers, content)


def _object(partner: str, status: int, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
    if status in (429, 503):
        raise wire.Unavailable(partner, f"status {status}", wire.retry_after_seconds(headers.get("retry-after")))
    if status != 200 or len(content) > _MOST_BYTES:
        raise wire.NoAnswer(partner, f"status {status}, {len(content)} bytes")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise wire.NoAnswer(partner, "the answer is no JSON") from error
    if not isinstance(document, dict):
        raise wire.NoAnswer(partner, "the answer is no JSON object")
    return document


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=8, maxsize=16)


# Connections must not be shared with a forked child: each process opens its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
