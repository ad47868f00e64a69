"""Our OpenID provider over HTTP, with the sites and people that an independent relying party is given."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from joserfc.jwk import ECKey
from node_packages import FOLDER, node
from relying_parties import approve, registration
from sandbox_process import free_port
from signed_in import sign_in
from signed_in_officer import signed_in_officer
from werkzeug.serving import make_server

from api.app import create_app
from core import clock, db
from core.ids import typeid
from core.settings import settings
from identity import people, sessions
from identity.provider import backchannel, keys

NAME = "王小明"
_CLAIMS = {
    "name": {"zh": "顯示您的姓名", "en": "To show your name", "is_essential": True, "legal_basis": ""},
    "phone_number": {"zh": "提醒您還書", "en": "To remind you", "is_essential": False, "legal_basis": ""},
}


class ProviderBench:
    """The provider at `issuer`, three sites of one host, one elsewhere, and two people; see `run`."""

    def __init__(self, folder: Path) -> None:
        self.issuer = settings().public_origin
        self._ahead = folder / "clock-ahead"
        self._app = create_app()
        self._site = f"http://127.0.0.1:{free_port()}"
        client = self._app.test_client()
        self._people = {
            "first": sign_in(client).person_id,
            "second": sign_in(client, "E179864328", "0922333444").person_id,
        }
        with db.unit_of_work() as session:
            for person_id in self._people.values():
                people.set_name(session, person_id, NAME)
        self._sites = self._registered()

    def wsgi(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """The application, and beside it what only the test itself can do, under /driver."""
        path = environ["PATH_INFO"]
        if not path.startswith("/driver/"):
            return self._app(environ, start)
        asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        answer = getattr(self, f"_drive_{path.removeprefix('/driver/')}")(**asked)
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    def run(self, module: str) -> None:
        """Run one module of tests/node against the provider. Fails with its words."""
        done = subprocess.run(
            [node(), str(FOLDER / "openid_provider.mjs"), module],
            input=json.dumps(self._setup()), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{module}:\n{done.stderr[-4000:]}{done.stdout[-1000:]}"

    def _setup(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "redirect_uri": f"{self._site}/callback",
            "post_logout_redirect_uri": f"{self._site}/",
            "sites": self._sites,
            "person": {"name": NAME, "phone_number": "+886912345678", "id": typeid("per", self._people["first"])},
        }

    def _registered(self) -> dict[str, Any]:
        client = self._app.test_client()
        officer = signed_in_officer(client, "bureau_officer", bureau="culture")
        registrar = signed_in_officer(client, "registrar", bureau="rdec")
        key = ECKey.generate_key("P-256", auto_kid=True)
        found: dict[str, Any] = {}
        elsewhere = f"http://127.0.0.1:{free_port()}"
        for name, method, alg, at in (
            ("basic", "client_secret_basic", "ES256", self._site),
            ("post", "client_secret_post", "RS256", self._site),
            ("signing", "private_key_jwt", "ES256", self._site),
            ("elsewhere", "client_secret_basic", "ES256", elsewhere),
        ):
            body = registration(
                client_id=f"site-{name}",
                redirect_uris=[f"{at}/callback", f"{at}/callback?kept=1"],
                post_logout_redirect_uris=[f"{at}/"],
                backchannel_logout_uri=f"{at}/logout",
                token_endpoint_auth_method=method,
                public_key=key.as_dict(private=False) if method == "private_key_jwt" else None,
                id_token_alg=alg,
                scopes=["openid", "profile", "phone", "offline_access"],
                claims=_CLAIMS,
                requires_par=name == "signing",
            )
            answer = officer.call("POST", "/v1/relying-parties", body)
            assert answer.status_code == 201, answer.text
            approve(registrar, answer.json)
            found[name] = {
                "redirect_uri": body["redirect_uris"][0],
                "client_id": body["client_id"],
                "method": method,
                "alg": alg,
                "secret": answer.json["secret"],
            }
        found["signing"]["private_jwk"] = key.as_dict(private=True)
        forger = ECKey.generate_key("P-256").as_dict(private=True) | {"kid": key.kid}
        found["forged"] = {**found["signing"], "private_jwk": forger}
        return found

    def _drive_session(self, person: str = "first", amr: str = "pwd sms") -> dict[str, str]:
        with db.unit_of_work() as session:
            issued = sessions.begin(
                session, person_id=self._person(person), amr=amr.split(), transport="bearer", user_agent="",
                replaces=None, now=clock.now(),
            )  # fmt: skip
        return {"token": issued.token}

    def _drive_clock(self, ahead: str) -> dict[str, str]:
        clock.put_ahead(self._ahead, timedelta(seconds=int(ahead)))
        clock.follow(self._ahead)
        return {}

    def _drive_keys(self, leaked: str = "") -> dict[str, str]:
        with db.unit_of_work() as session:
            keys.rotate(session, now=clock.now(), has_leaked=bool(leaked))
        return {}

    def _drive_logouts(self) -> dict[str, str]:
        backchannel.send_due(clock.now())
        return {}

    def _person(self, name: str) -> UUID:
        return self._people[name]


@contextmanager
def served(folder: Path) -> Iterator[ProviderBench]:
    """The provider, listening at the origin that it says is its own. The database must be there."""
    port = free_port()
    before = os.environ.get("PUBLIC_ORIGIN")
    os.environ["PUBLIC_ORIGIN"] = f"http://localhost:{port}"
    settings.cache_clear()
    try:
        bench = ProviderBench(folder)
        server = make_server("127.0.0.1", port, bench.wsgi, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield bench
        finally:
            server.shutdown()
            thread.join()
    finally:
        clock.follow(None)
        if before is None:
            del os.environ["PUBLIC_ORIGIN"]
        else:
            os.environ["PUBLIC_ORIGIN"] = before
        settings.cache_clear()
