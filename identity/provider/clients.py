"""The sites that people may sign in to with us, as the protocol sees them."""

from __future__ import annotations

import hmac
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.crypto import token_hash
from core.text import Text
from identity.provider.models import RelyingParty

SCOPES = ("openid", "profile", "phone", "national_id", "offline_access")
GRANT_TYPES = ("authorization_code", "refresh_token")
AUTH_METHODS = ("private_key_jwt", "client_secret_basic", "client_secret_post")
LONGEST_CLIENT_ID = 63


def approved(session: Session, client_id: str) -> RelyingParty | None:
    """The site of that name, or None when there is none, it is not approved yet, or it is suspended."""
    if not client_id or len(client_id) > LONGEST_CLIENT_ID or "\x00" in client_id:
        return None
    query = select(RelyingParty).where(RelyingParty.client_id == client_id, RelyingParty.status == "approved")
    return session.scalars(query).one_or_none()


def name_of(client: RelyingParty) -> Text:
    """What people know the site as."""
    return Text(client.name_zh, client.name_en)


def purpose_of(client: RelyingParty, claim: str) -> Text | None:
    """For what the site may have that claim, in plain words; None when it may not."""
    words = client.claims.get(claim)
    return Text(words["zh"], words["en"]) if words else None


class Client(ClientMixin):  # type: ignore[misc]
    """A site as Authlib's grants ask about it (RFC 6749 §2)."""

    def __init__(self, registered: RelyingParty) -> None:
        self.registered = registered
        self.id_token_signed_response_alg = registered.id_token_alg

    def get_client_id(self) -> str:
        """Its name in the protocol."""
        return self.registered.client_id

    def get_default_redirect_uri(self) -> None:
        """There is none: a request names where the answer goes."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What was granted was weighed when it was asked for."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether exactly this address was registered (RFC 9700 §2.1)."""
        return redirect_uri in self.registered.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is the site's secret, in time that does not tell how much of it is right."""
        known = self.registered.secret_hash
        return known is not None and hmac.compare_digest(token_hash(client_secret), bytes(known))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A site proves itself in the one way it registered, everywhere."""
        return bool(method == self.registered.token_endpoint_auth_method)

    def check_response_type(self, response_type: str) -> bool:
        """The code flow alone."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """What the code flow needs."""
        return grant_type in GRANT_TYPES

    def public_keys(self) -> dict[str, Any]:
        """The site's registered keys, as a JWK Set."""
        return self.registered.jwks or {"keys": []}
