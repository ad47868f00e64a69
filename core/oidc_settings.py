"""The settings of the OpenID providers that sign citizens in; a provider without a client id is not offered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PREFIXES: Final[Mapping[str, str]] = {
    "line": "LINE_LOGIN",
    "google": "GOOGLE_LOGIN",
    "apple": "APPLE_LOGIN",
    "mobile_id": "MOBILE_ID",
}
"""With what the variables of each provider begin."""
DEMO_TEAM_ID: Final = "SANDBOXTW1"
DEMO_KEY_ID: Final = "SANDBOXKEY"
_REAL_ISSUERS = {
    "line": "https://access.line.me",
    "google": "https://accounts.google.com",
    "apple": "https://appleid.apple.com",
}


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """How the city is registered at one provider; the keys are PEM, empty where the provider wants none."""

    name: str
    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    team_id: str = ""
    key_id: str = ""
    signing_key: str = field(default="", repr=False)
    decryption_key: str = field(default="", repr=False)


def read(
    environment: Mapping[str, str],
    *,
    sandbox_url: str,
    is_demo: bool,
    url: Callable[[Mapping[str, str], str, str, tuple[str, ...]], str],
    secret: Callable[..., str],
    wrong: Callable[[str], Exception],
) -> tuple[OidcSettings, ...]:
    """The providers that `environment` names, in the demo those of the sandbox. `url` and `secret` read a variable.

    Raises `wrong` for a file that cannot be read.
    """
    found = []
    for name, prefix in PREFIXES.items():
        client_id = environment.get(f"{prefix}_CLIENT_ID") or (demo_client_id(name) if is_demo else "")
        if not client_id:
            continue
        default = f"{sandbox_url}/oidc/{name}" if is_demo else _REAL_ISSUERS.get(name, "")
        issuer = url(environment, f"{prefix}_ISSUER", default, ("https", "http") if is_demo else ("https",))
        keys = {}
        if name == "apple":
            keys["team_id"] = environment.get(f"{prefix}_TEAM_ID") or DEMO_TEAM_ID
            keys["key_id"] = environment.get(f"{prefix}_KEY_ID") or DEMO_KEY_ID
            keys["signing_key"] = _key(environment, f"{prefix}_KEY_FILE", name, is_demo=is_demo, wrong=wrong)
        else:
            keys["secret"] = secret(environment, f"{prefix}_SECRET", demo_secret(name), is_demo=is_demo)
        if name == "mobile_id":
            keys["decryption_key"] = _key(environment, f"{prefix}_KEY_FILE", name, is_demo=is_demo, wrong=wrong)
        found.append(OidcSettings(name, issuer, client_id, **keys))
    return tuple(found)


def demo_client_id(name: str) -> str:
    """As whom the city is registered at the sandbox's provider."""
    return f"mykaohsiung-{name.replace('_', '-')}"


def demo_secret(name: str) -> str:
    """The secret shared with the sandbox's provider."""
    return f"sandbox-{name.replace('_', '-')}-login-secret"


@cache
def demo_key(name: str) -> str:
    """The demo's private key for a provider, as PEM. It is the same on every laptop, and opens only the sandbox."""
    number = int.from_bytes(hashlib.sha256(f"demo key for {name}".encode()).digest())
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _key(
    environment: Mapping[str, str], variable: str, name: str, *, is_demo: bool, wrong: Callable[[str], Exception]
) -> str:
    path = environment.get(variable, "")
    if not path and is_demo:
        return demo_key(name)
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        text = ""
    if "PRIVATE KEY" not in text:
        raise wrong(f"{variable}={path!r} should be a file with a private P-256 key in PEM")
    return text
