"""An OpenID provider that we have not written (npm oidc-provider), running, and a browser that uses it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import node_packages
import requests
from joserfc.jwk import RSAKey
from oidc_browser import ProvidersAnswer
from sandbox_process import free_port

from partners.oidc.providers import Manner, Provider

CALLBACK = "http://localhost:8080/v1/auth/social/{}/callback"
_SCRIPT = Path(__file__).parent / "node" / "provider.mjs"
_MANNER = Manner("openid email profile", ("RS256",), "client_secret_basic", asks_userinfo=True)


def new_key(kid: str) -> dict[str, Any]:
    """A key to sign with, both halves."""
    return dict(RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}).as_dict(private=True))


def client(client_id: str, names: Iterable[str], algorithm: str = "RS256") -> dict[str, Any]:
    """How a client of that id is registered, with the callbacks of these names."""
    return {
        "client_id": client_id,
        "client_secret": f"secret of {client_id}".replace(" ", "-"),
        "redirect_uris": [CALLBACK.format(name) for name in names],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": algorithm,
    }


@dataclass
class IndependentProvider:
    """A running provider. `lines` are what it wrote down: `exchanged` and `refused` for codes brought to it."""

    keys: list[dict[str, Any]]
    clients: list[dict[str, Any]]
    port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)

    def start(self) -> IndependentProvider:
        """Runs it and waits until it listens. Skips the test where there is no Node."""
        self._process = subprocess.Popen(
            [node_packages.node(), str(_SCRIPT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=_SCRIPT.parent,
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = {
            "port": self.port,
            "jwks": {"keys": self.keys},
            "clients": self.clients,
            "algorithms": ["RS256", "HS256"],
        }
        self._process.stdin.write(json.dumps(asked))
        self._process.stdin.close()
        # It may first say what it thinks of the Node that it runs on.
        assert any(line.strip() == "ready" for line in self._process.stdout), "the provider did not start"
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()

    def with_keys(self, *keys: dict[str, Any]) -> None:
        """Comes back at the same address with other keys."""
        self.stop()
        self.keys = list(keys)
        self.start()

    def known_to_us(self, name: str, client_id: str = "city") -> Provider:
        """The provider as the city is registered there, under one of its names for providers."""
        (registered,) = (each for each in self.clients if each["client_id"] == client_id)
        return Provider(name, f"http://127.0.0.1:{self.port}", client_id, registered["client_secret"], _MANNER)

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        self.lines += (word for line in stdout if (word := line.strip()) in ("exchanged", "refused"))


def signed_in_at(authorize_url: str, who: str = "mei", **changed: str) -> ProvidersAnswer:
    """What a browser brings back when `who` signs in there; `changed` are parameters that somebody has tampered with."""
    parts = urlsplit(authorize_url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    target = changed.get("redirect_uri", asked["redirect_uri"])
    address = parts._replace(query=urlencode({**asked, "login_hint": who, **changed})).geturl()
    with requests.Session() as browser:
        for _ in range(6):
            answer = browser.get(address, allow_redirects=False)
            assert answer.status_code in (302, 303), answer.text
            address = urljoin(address, answer.headers["Location"])
            if address.startswith(target):
                members = parse_qs(urlsplit(address).query)
                return ProvidersAnswer(target, "GET", {name: values[0] for name, values in members.items()})
    raise AssertionError(f"the provider never sent the browser back: {address}")
