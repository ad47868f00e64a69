"""The OpenID providers whose word the city takes, and how each of them differs from the others.

LINE signs its ID tokens for web sign-ins with the channel's secret (HS256) and for its app with ES256, and says in
`amr` how somebody signed in (developers.line.biz, "Verify ID token"). Google says whose domain an account is of (`hd`).
Apple wants a secret that is a signed token itself, posts its answer as a form, gives the name on the first consent
alone and an address that forwards (developer.apple.com, "Sign in with Apple REST API"). The mobile ID names the
national ID number in a claim agreed with it, and encrypts that token for us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from core.oidc_settings import OidcSettings

NAMES: Final = ("line", "google", "apple", "mobile_id")
"""Every provider, by the name that stands in addresses and tables."""
NATIONAL_ID_CLAIM: Final = "national_id"
MOBILE_ID_ACR: Final = "urn:mobileid:loa:high"

ClientAuthentication = Literal["client_secret_post", "client_secret_basic"]


@dataclass(frozen=True, slots=True)
class Manner:
    """What is agreed with a provider once and for all.

    `algorithms` are those that its ID tokens may be signed with (RFC 8725 §3.1); `acr` is what every token must say of
    how the person was authenticated; `must_authenticate` demands that they did so just now, not some hours ago.
    """

    scope: str
    algorithms: tuple[str, ...]
    authentication: ClientAuthentication = "client_secret_post"
    response_mode: Literal["query", "form_post"] = "query"
    acr: str | None = None
    must_authenticate: bool = False
    asks_userinfo: bool = False
    more: Mapping[str, str] = field(default_factory=dict)


MANNERS: Final[Mapping[str, Manner]] = {
    "line": Manner("openid profile email", ("ES256", "HS256")),
    "google": Manner("openid email profile", ("RS256",), asks_userinfo=True, more={"prompt": "select_account"}),
    "apple": Manner("name email", ("RS256",), response_mode="form_post"),
    "mobile_id": Manner(
        "openid profile national_id",
        ("ES256", "PS256"),
        "client_secret_basic",
        acr=MOBILE_ID_ACR,
        must_authenticate=True,
        more={"prompt": "login"},
    ),
}


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider as the city is registered there.

    `secret` is the client's; where the provider wants a signed one (Apple), `signing_key` is the PEM of our ES256 key,
    `key_id` its name there and `team_id` ours. `decryption_key` is the PEM of the key that its ID tokens are encrypted
    for, and then no other token is taken.
    """

    name: str
    issuer: str
    client_id: str
    secret: str
    manner: Manner
    team_id: str = ""
    key_id: str = ""
    signing_key: str = field(default="", repr=False)
    decryption_key: str = field(default="", repr=False)


def registered(of: OidcSettings) -> Provider:
    """The provider that the settings name."""
    return Provider(
        of.name,
        of.issuer,
        of.client_id,
        of.secret,
        MANNERS[of.name],
        of.team_id,
        of.key_id,
        of.signing_key,
        of.decryption_key,
    )
