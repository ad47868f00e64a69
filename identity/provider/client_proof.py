"""How a site proves that it is the site: by the one way it registered (RFC 6749 §2.3, RFC 7523)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from sqlalchemy.orm import Session

from core.settings import settings
from identity import client_assertions
from identity.provider.clients import Client

PATHS = ("/oauth/token", "/oauth/par", "/oauth/revoke")
_ALGORITHMS = ("ES256", "RS256")


def by_assertion(session: Session, now: datetime) -> Callable[[Any, OAuth2Request], Client | None]:
    """Authlib's client authentication by `private_key_jwt`: a signed statement, used once."""

    def authenticate(query_client: Callable[[str], Client | None], request: OAuth2Request) -> Client | None:
        assertion = request.form.get("client_assertion")
        if assertion is None:
            return None
        if request.form.get("client_assertion_type") != client_assertions.ASSERTION_TYPE:
            raise InvalidClientError("client_assertion_type is not the one of RFC 7523")
        client = query_client(client_assertions.claimed_client(assertion) or "")
        if client is None or not client.check_endpoint_auth_method("private_key_jwt", "token"):
            return None
        origin = settings().public_origin
        is_proven = client_assertions.is_proven(
            session,
            assertion,
            client_id=client.get_client_id(),
            keys=client.public_keys()["keys"],
            algorithms=_ALGORITHMS,
            audiences=(origin, *(f"{origin}{path}" for path in PATHS)),
            now=now,
        )
        return client if is_proven else None

    return authenticate


def must_be_one_way(request: OAuth2Request) -> None:
    """A request proves who sent it in one way, and names no other site beside (RFC 6749 §2.3)."""
    has_basic = request.headers.get("Authorization", "").lower().startswith("basic ")
    ways = [has_basic, "client_secret" in request.form, "client_assertion" in request.form]
    if sum(ways) > 1:
        raise InvalidRequestError("The client proves itself in more than one way")


def must_be_itself(request: OAuth2Request, client: Client) -> None:
    """`client_id`, where it is sent too, is the site that proved itself."""
    if request.form.get("client_id", client.get_client_id()) != client.get_client_id():
        raise InvalidClientError("client_id is another client's")
