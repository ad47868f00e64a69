"""Authlib's authorization server on our tables: who may ask for tokens, for what, and what they get.

Authlib gives the course of each grant, PKCE, and the words of every refusal. What it leaves open is decided here: PKCE
S256 for every client (`requests` lets no request in without), how long everything lives, that a code used twice takes
back what it gave, that each refresh token is used once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants.code import OpenIDToken
from sqlalchemy.orm import Session

from core.settings import settings
from identity.provider import client_proof, clients, grants, id_tokens, limits, tokens
from identity.provider.clients import Client
from identity.provider.errors import ServerTooBusy
from identity.provider.models import ProviderGrant

Reply = tuple[int, dict[str, Any], list[tuple[str, str]]]


class Request(OAuth2Request):  # type: ignore[misc]
    """A form posted by a site, each of its parameters once."""

    def __init__(self, path: str, form: Mapping[str, str], headers: Any, network: str) -> None:
        super().__init__("POST", f"{settings().public_origin}{path}", headers=headers)
        self._form = dict(form)
        self.payload = BasicOAuth2Payload(self._form)
        self.network = network

    @property
    def form(self) -> dict[str, str]:
        """The posted parameters."""
        return self._form


class Server(AuthorizationServer):  # type: ignore[misc]
    """One request's view of the provider: its unit of work, and what time it is."""

    def __init__(self, session: Session, now: datetime) -> None:
        super().__init__()
        self.session = session
        self.now = now
        self.register_client_auth_method("private_key_jwt", client_proof.by_assertion(session, now))
        self.register_token_generator("default", _nothing_by_default)
        self.register_grant(CodeGrant, [CodeChallenge(required=True), _IdToken()])
        self.register_grant(RefreshGrant, [_IdToken()])

    def query_client(self, client_id: str) -> Client | None:
        """The approved site of that name."""
        found = clients.approved(self.session, client_id)
        return Client(found) if found else None

    def authenticate_client(self, request: Request, methods: Any = None, endpoint: str = "token") -> Client:
        """The site that proved to have sent this. Raises InvalidClientError, InvalidRequestError, ServerTooBusy."""
        client_proof.must_be_one_way(request)
        try:
            client: Client = super().authenticate_client(request, list(clients.AUTH_METHODS), endpoint)
            client_proof.must_be_itself(request, client)
        except OAuth2Error as error:
            if error.error == "invalid_client" and not limits.may_fail_again(
                self.session, request.network, request.form.get("client_id", ""), now=self.now
            ):
                raise ServerTooBusy from None
            raise
        request.client = client
        return client

    def create_oauth2_request(self, request: Request) -> Request:
        """It is one already."""
        return request

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> dict[str, Any]:
        """The body, for the route to send."""
        return body

    def handle_error_response(self, request: Request, error: OAuth2Error) -> NoReturn:
        """Left to the route."""
        raise error

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def save_token(self, token: dict[str, Any], request: Request) -> None:
        """They were written down when they were made."""


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """A code for tokens (RFC 6749 §4.1.3)."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = list(clients.AUTH_METHODS)

    def query_authorization_code(self, code: str, client: Client) -> _Code | None:
        """Use the code up, whatever comes of it."""
        row = grants.redeem(self.server.session, code, client.get_client_id(), now=self.server.now)
        return _Code(row) if row else None

    def authenticate_user(self, authorization_code: _Code) -> ProviderGrant:
        """Whose it is."""
        return authorization_code.row

    def generate_token(self, user: ProviderGrant, scope: str, **_more: Any) -> dict[str, Any]:
        """An access token, and a refresh token where the site may act without the person."""
        return tokens.first(self.server.session, user, now=self.server.now)

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """It stays, used, so that a second use is noticed."""


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """A refresh token for new tokens (RFC 6749 §6, RFC 9700 §4.14)."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = list(clients.AUTH_METHODS)

    def authenticate_refresh_token(self, refresh_token: str) -> _Refreshed | None:
        """Weigh it; one that was used before takes its whole family with it."""
        found = tokens.weigh_refresh(
            self.server.session, refresh_token, self.request.client.get_client_id(), now=self.server.now
        )
        return _Refreshed(found) if found else None

    def authenticate_user(self, refresh_token: _Refreshed) -> ProviderGrant:
        """Whose it is."""
        self.request.authorization_code = refresh_token
        return refresh_token.row

    def issue_token(self, user: ProviderGrant, refresh_token: _Refreshed) -> dict[str, Any]:
        """New tokens, of the scopes asked for at the most."""
        scopes = (self.request.payload.scope or refresh_token.get_scope()).split()
        return tokens.use_refresh(self.server.session, refresh_token.refresh, scopes=scopes, now=self.server.now)

    def revoke_old_credential(self, refresh_token: _Refreshed) -> None:
        """It was used up when the next one was made."""


class _Code:
    """A redeemed code, as Authlib asks about it."""

    code_challenge_method = "S256"

    def __init__(self, row: ProviderGrant) -> None:
        self.row = row
        self.code_challenge = row.code_challenge

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.row.scopes)

    def get_nonce(self) -> str | None:
        return self.row.nonce


class _Refreshed:
    """A refresh token in use, as Authlib asks about it."""

    def __init__(self, refresh: tokens.Refresh) -> None:
        self.refresh = refresh
        self.row = refresh.grant

    def check_client(self, client: Client) -> bool:
        return self.row.client_id == client.get_client_id()

    def get_scope(self) -> str:
        return " ".join(self.row.scopes)

    def get_nonce(self) -> None:
        """A refreshed ID token carries none (OpenID Connect Core §12.2)."""


class _IdToken(OpenIDToken):  # type: ignore[misc]
    """Adds the ID token to what the code or refresh token gives."""

    def process_token(self, grant: CodeGrant | RefreshGrant, response: Reply) -> dict[str, Any]:
        _, token, _ = response
        server: Server = grant.server
        code = grant.request.authorization_code
        if code is None:
            raise InvalidGrantError
        token["id_token"] = id_tokens.issue(
            server.session, code.row, grant.request.client.registered, nonce=code.get_nonce(),
            access_token=token["access_token"], now=server.now,
        )  # fmt: skip
        return token


def _nothing_by_default(**_asked: Any) -> dict[str, Any]:
    raise InvalidGrantError
