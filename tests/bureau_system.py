"""A bureau's own system inside this process: registered, with an access token, asking the application directly."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from core import clock, db
from core.settings import settings
from identity import bureaus

SCOPES = ("bills:write", "notices:read", "notices:write", "plans:write")


class BureauSystem:
    """The system of one bureau ("parking", "fines") that holds these scopes."""

    def __init__(self, http: FlaskClient, bureau: str, *scopes: str) -> None:
        self.http = http
        client_id, key, now = f"client-{uuid4()}", ECKey.generate_key("P-256", private=True), clock.now()
        with db.unit_of_work() as session:
            bureaus.register_bureau_client(
                session, client_id, bureau, key.as_dict(private=False), scopes or SCOPES, now=now
            )
        answer = http.post("/oauth/token", data=_token_request(client_id, key, now))
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.json['access_token']}"}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.open(path, method=method, json=body, headers={**self.headers, **named})


def _token_request(client_id: str, key: ECKey, now: datetime) -> dict[str, str]:
    claims = {
        "iss": client_id, "sub": client_id, "aud": settings().public_origin, "jti": str(uuid4()),
        "iat": int(now.timestamp()), "exp": int((now + timedelta(minutes=2)).timestamp()),
    }  # fmt: skip
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": bureaus.ASSERTION_TYPE,
        "client_assertion": jwt.encode({"alg": "ES256"}, claims, key),
    }
