"""Signing people in with the city: OpenID Connect's code flow with PAR, PKCE, state, nonce and a key of our own.

What comes back is believed only after the checks of OpenID Connect Core §3.1.3.7; `joserfc.jwt.decode` looks at the
signature alone. A logout token is held to OpenID Connect Back-Channel Logout §2.6.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
import urllib3
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import extract_compact

from partners.library.keys import CLIENT_ID

ACR = "urn:mykaohsiung:loa:{level}"
_ALGORITHM = "ES256"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_ASSERTION_SECONDS = 60
_LEEWAY_SECONDS = 30
_TIMEOUT = urllib3.Timeout(connect=2.0, read=6.0)
_MOST_BYTES = 256 * 1024


class SignInFailed(Exception):
    """Nobody was signed in; the message is for our log, never for the person."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What one sign-in is bound to, known to one browser alone."""

    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the city says has signed in. `level` is the assurance level, `auth_time` when (Unix seconds)."""

    subject: str
    sid: str
    name: str
    level: int
    auth_time: int
    id_token: str


class CitySignIn:
    """The library as a client of the city's provider at `issuer`; `own_url` is where the library's pages are."""

    def __init__(self, issuer: str, key: ECKey, own_url: str) -> None:
        self.issuer = issuer
        self.redirect_uri = f"{own_url}/callback"
        self.signed_out_uri = f"{own_url}/signed-out"
        self._key = key
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
        self._turn = threading.Lock()
        self._described: dict[str, Any] | None = None
        self._keys: KeySet | None = None

    def begin(self) -> Begun:
        """What a new sign-in is bound to."""
        return Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    def address(self, begun: Begun, *, language: str, level: int | None = None, max_age: int | None = None) -> str:
        """Where to send the browser; what is asked is pushed beforehand. Raises SignInFailed."""
        digest = hashlib.sha256(begun.code_verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        if level is not None:
            asked["acr_values"] = ACR.format(level=level)
        if max_age is not None:
            asked["max_age"] = str(max_age)
        pushed = self._posted("pushed_authorization_request_endpoint", asked)
        query = {"client_id": CLIENT_ID, "request_uri": pushed["request_uri"]}
        return f"{self._description()['authorization_endpoint']}?{urlencode(query)}"

    def person(self, begun: Begun, answer: Mapping[str, str]) -> Person:
        """Who came back, from the parameters of the callback. Raises SignInFailed."""
        if answer.get("iss") != self.issuer or not secrets.compare_digest(answer.get("state", ""), begun.state):
            raise SignInFailed("the answer is not to this request")
        if "code" not in answer:
            raise SignInFailed(answer.get("error", "no code"))
        tokens = self._posted(
            "token_endpoint",
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": self.redirect_uri,
                "code_verifier": begun.code_verifier,
            },
        )
        claims = self._believed(str(tokens["id_token"]), nonce={"essential": True, "value": begun.nonce})
        told = self._userinfo(str(tokens["access_token"]))
        if told.get("sub") != claims["sub"]:
            raise SignInFailed("the data are somebody else's")
        level = str(claims["acr"]).rsplit(":", 1)[-1]
        return Person(
            subject=claims["sub"],
            sid=str(claims["sid"]),
            name=str(told.get("name") or ""),
            level=int(level) if level.isascii() and level.isdigit() else 0,
            auth_time=int(claims["auth_time"]),
            id_token=tokens["id_token"],
        )

    def sign_out_address(self, id_token: str, state: str) -> str:
        """Where the browser goes to sign out of the city as well (OpenID Connect RP-Initiated Logout 1.0)."""
        query = {"id_token_hint": id_token, "post_logout_redirect_uri": self.signed_out_uri, "state": state}
        return f"{self._description()['end_session_endpoint']}?{urlencode(query)}"

    def ended_session(self, logout_token: str) -> tuple[str, str]:
        """Which session the city says is over, and the token's own id. Raises SignInFailed."""
        claims = self._believed(logout_token, typ="logout+jwt", jti={"essential": True}, sid={"essential": True})
        if claims.get("events") != {_LOGOUT_EVENT: {}} or "nonce" in claims:
            raise SignInFailed("no logout token")
        return str(claims["sid"]), str(claims["jti"])

    def _believed(self, token: str, *, typ: str = "JWT", **more: Any) -> dict[str, Any]:
        """The claims of a token that the city signed for us. Raises SignInFailed."""
        try:
            header = extract_compact(token.encode()).headers()
            if str(header.get("typ", "JWT")).lower() != typ.lower():
                raise SignInFailed("another kind of token")
            decoded = jwt.decode(token, self._key_set(header.get("kid")), algorithms=[_ALGORITHM])
            jwt.JWTClaimsRegistry(
                now=int(time.time()),
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": CLIENT_ID},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                **more,
            ).validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SignInFailed(f"token not believed: {type(error).__name__}") from error
        return decoded.claims

    def _key_set(self, kid: object) -> KeySet:
        """The city's keys, fetched again when a token names one that we do not know."""
        with self._turn:
            known = self._keys
        if known is None or kid not in {key.kid for key in known.keys}:
            known = KeySet.import_key_set(self._fetched(self._description()["jwks_uri"]))  # type: ignore[arg-type]
            with self._turn:
                self._keys = known
        return known

    def _description(self) -> dict[str, Any]:
        with self._turn:
            described = self._described
        if described is None:
            described = self._fetched(f"{self.issuer}/.well-known/openid-configuration")
            if described.get("issuer") != self.issuer:
                raise SignInFailed("the description names another issuer")
            with self._turn:
                self._described = described
        return described

    def _userinfo(self, access_token: str) -> dict[str, Any]:
        address = self._description()["userinfo_endpoint"]
        return self._fetched(address, {"Authorization": f"Bearer {access_token}"})

    def _posted(self, endpoint: str, form: Mapping[str, str]) -> dict[str, Any]:
        proof = {
            "client_id": CLIENT_ID,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        return self._answer("POST", str(self._description()[endpoint]), {}, {**form, **proof})

    def _fetched(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._answer("GET", address, headers or {}, None)

    def _answer(
        self, method: str, address: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> dict[str, Any]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        try:
            answer = self._http.request(
                method, address, body=urlencode(form) if form else None, headers={**headers, **kind}, redirect=False,
                preload_content=False,
            )  # fmt: skip
            content = answer.read(_MOST_BYTES)
            answer.release_conn()
            document = orjson.loads(content)
        except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError) as error:
            raise SignInFailed(f"{type(error).__name__} at {address}") from error
        if answer.status >= 400 or not isinstance(document, dict):
            raise SignInFailed(f"{answer.status} at {address}: {str(document)[:100]}")
        return document

    def _assertion(self) -> str:
        """We are the library: a signed statement, good for a minute and once (RFC 7523 §2.2)."""
        now = int(time.time())
        claims = {
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "aud": self.issuer,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.thumbprint()}, claims, self._key)
