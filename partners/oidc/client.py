"""Asking an OpenID provider who somebody is: the authorization code flow with PKCE, state and nonce (RFC 9700).

What goes to the browser and back is protected twice against being mixed up between providers: each has a callback of
its own, and where the provider names itself in its answer (RFC 9207), that name is compared.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import ECKey

from partners import wire
from partners.oidc import id_tokens
from partners.oidc.documents import NotBelieved, Published, fetched
from partners.oidc.id_tokens import Expected
from partners.oidc.providers import Provider

_TIMEOUT = (2.0, 6.0)
_SECRET_LIFE = timedelta(minutes=5)
_MOST_AT_ONCE = 6
_WAIT_SECONDS = 1.0
_log = logging.getLogger("mykaohsiung.oidc")


@dataclass(frozen=True, slots=True)
class Request:
    """What one sign-in is bound to; `state`, `nonce` and `code_verifier` are random, and known to one browser alone."""

    redirect_uri: str
    state: str
    nonce: str
    code_verifier: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as a provider proves it: `issuer` and `subject` together name the account, nothing else does."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)


class OpenIdClient:
    """The city as a client of one provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._published = Published(provider.name, provider.issuer)
        self._turns = threading.BoundedSemaphore(_MOST_AT_ONCE)

    @property
    def name(self) -> str:
        """The provider's name in addresses."""
        return self.provider.name

    @property
    def response_mode(self) -> str:
        """How the provider's answer comes back: `query` or `form_post`."""
        return self.provider.manner.response_mode

    def authorization_url(self, asked: Request, *, language: str) -> str:
        """Where to send the browser. Raises the failures of `partners.wire`, NotBelieved."""
        manner = self.provider.manner
        more = {"nonce": asked.nonce, "ui_locales": language, **manner.more}
        if manner.response_mode != "query":
            more["response_mode"] = manner.response_mode
        if manner.acr:
            more["acr_values"] = manner.acr
        if manner.must_authenticate:
            more["max_age"] = "0"
        with self._turn():
            description = self._published.description()
        address, _ = self._session(asked).create_authorization_url(
            description.authorization_endpoint,
            state=asked.state,
            code_verifier=asked.code_verifier,
            **more,
        )
        return str(address)

    def identity(self, asked: Request, *, code: str, iss: str | None, now: datetime) -> Identity:
        """Who came back with this `code`; `iss` is the issuer that the answer named.

        Raises NotBelieved, and the failures of `partners.wire`.
        """
        with self._turn():
            return self._proved(asked, code, iss, now)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """So many ask a provider at once: one that hangs must not hold every thread that answers citizens."""
        if not self._turns.acquire(timeout=_WAIT_SECONDS):
            raise wire.Unavailable(self.name, "too many are waiting for it", 5)
        try:
            yield
        finally:
            self._turns.release()

    def _proved(self, asked: Request, code: str, iss: str | None, now: datetime) -> Identity:
        description = self._published.description()
        if iss != self.provider.issuer and (iss is not None or description.names_itself):
            # Before the code goes anywhere: it may be another provider's (RFC 9207 §2.4).
            raise NotBelieved("the answer names another issuer, or none where it must")
        answer = self._exchanged(asked, description.token_endpoint, code, now)
        access_token = answer.get("access_token")
        if not isinstance(access_token, str):
            access_token = None
        expected = Expected(asked.nonce, access_token, asked.begun_at)
        claims = id_tokens.verified(answer.get("id_token"), self.provider, self._published, expected, now=now)
        if self.provider.manner.asks_userinfo and description.userinfo_endpoint and access_token:
            told = fetched(self.name, description.userinfo_endpoint, bearer=access_token)
            if told.get("sub") != claims["sub"]:
                raise NotBelieved("the account's data are somebody else's")
            claims = {**told, **claims}
        return Identity(self.provider.issuer, claims["sub"], claims)

    def _exchanged(self, asked: Request, token_endpoint: str, code: str, now: datetime) -> dict[str, Any]:
        session = self._session(asked, secret=self._secret(now))
        try:
            with session:
                answer: dict[str, Any] = session.fetch_token(
                    token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=asked.redirect_uri,
                    code_verifier=asked.code_verifier,
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
        except OAuthError as error:
            if error.error in ("invalid_client", "unauthorized_client"):
                _log.error("%s does not know us: %s", self.name, error.error)
                raise wire.Refused(self.name, "our registration", 401, error.error) from error
            raise NotBelieved(f"the code was refused: {error.error}"[:80]) from error
        except requests.exceptions.ConnectTimeout as error:
            raise wire.NotReached(self.name, "ConnectTimeout") from error
        except requests.exceptions.HTTPError as error:
            raise self._http_failure(error) from error
        except (requests.exceptions.RequestException, ValueError) as error:
            raise wire.NoAnswer(self.name, type(error).__name__) from error
        return answer

    def _http_failure(self, error: requests.exceptions.HTTPError) -> wire.CallFailed:
        status = error.response.status_code
        if status in (429, 503):
            wait = wire.retry_after_seconds(error.response.headers.get("retry-after"))
            return wire.Unavailable(self.name, f"status {status}", wait)
        return wire.NoAnswer(self.name, f"status {status}")

    def _session(self, asked: Request, *, secret: str = "") -> OAuth2Session:
        provider = self.provider
        session = OAuth2Session(
            provider.client_id,
            secret,
            token_endpoint_auth_method=provider.manner.authentication,
            scope=provider.manner.scope,
            redirect_uri=asked.redirect_uri,
            code_challenge_method="S256",
        )
        # A .netrc of the machine would replace our credentials.
        session.trust_env = False
        return session

    def _secret(self, now: datetime) -> str:
        """The client's secret; Apple's is a token signed for the moment ("Creating a client secret")."""
        provider = self.provider
        if not provider.signing_key:
            return provider.secret
        claims = {
            "iss": provider.team_id,
            "iat": int(now.timestamp()),
            "exp": int((now + _SECRET_LIFE).timestamp()),
            "aud": provider.issuer,
            "sub": provider.client_id,
        }
        header = {"alg": "ES256", "kid": provider.key_id}
        return jwt.encode(header, claims, ECKey.import_key(provider.signing_key), algorithms=["ES256"])
