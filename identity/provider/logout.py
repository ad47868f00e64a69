"""A site asks to sign somebody out here as well (OpenID Connect RP-Initiated Logout 1.0).

The person is always asked: a link on any page could otherwise sign them out. Where they go afterwards is an address
that the site registered for it, or nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from authlib.common.urls import add_params_to_uri
from sqlalchemy.orm import Session

from core.text import Text
from identity.provider import clients, errors, keys
from identity.provider.errors import ShownHere
from identity.provider.models import RelyingParty

LOGOUT_PATH = "/oauth/logout"
CONFIRMATION_PATH = "/oauth/logout/confirmation"
FIELDS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
_LONGEST = 8192
_LONGEST_STATE = 1024


@dataclass(frozen=True, slots=True)
class SignOut:
    """A request to sign out that is in order: who asks, if it is known, and where to go afterwards, if anywhere."""

    asked_by: Text | None
    back_to: str | None


def read(session: Session, sent: Mapping[str, list[str]]) -> SignOut:
    """The request in these parameters. Raises ShownHere: then nobody is sent anywhere."""
    if any(len(values) > 1 for values in sent.values()):
        raise ShownHere(errors.REPEATED)
    given = {name: values[0] for name, values in sent.items() if name in FIELDS and values and values[0]}
    if any(len(value) > _LONGEST or "\x00" in value for value in given.values()):
        raise ShownHere(errors.NOT_A_HINT_OF_OURS)
    client = _asked_by(session, given)
    return SignOut(clients.name_of(client) if client else None, _back_to(client, given))


def _asked_by(session: Session, given: Mapping[str, str]) -> RelyingParty | None:
    named = given.get("client_id")
    if "id_token_hint" in given:
        # One that has lapsed is as good: sessions outlive ID tokens (§2).
        said = keys.claims_of_ours(session, given["id_token_hint"])
        audience = said.get("aud") if said else None
        if not isinstance(audience, str) or named not in (None, audience):
            raise ShownHere(errors.NOT_A_HINT_OF_OURS)
        named = audience
    if named is None:
        return None
    client = clients.approved(session, named)
    if client is None:
        raise ShownHere(errors.UNKNOWN_SITE)
    return client


def _back_to(client: RelyingParty | None, given: Mapping[str, str]) -> str | None:
    uri = given.get("post_logout_redirect_uri")
    if uri is None:
        return None
    if client is None or uri not in client.post_logout_redirect_uris:
        raise ShownHere(errors.UNREGISTERED_ADDRESS)
    state = given.get("state")
    if state is None or len(state) > _LONGEST_STATE:
        return uri
    with_state: str = add_params_to_uri(uri, [("state", state)])
    return with_state
