"""Whose address counts: the one that our own proxies saw, and never the one that a caller has written down."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from signed_in import sign_in
from software_authenticator import SoftwareAuthenticator

from api.app import create_app
from core.settings import settings


@pytest.mark.parametrize(
    ("proxies", "network"), [("0", "local"), ("1", "203.0.113.0/24"), ("2", "192.0.2.0/24"), ("3", "local")]
)
def test_a_session_s_network_is_the_one_that_our_own_proxies_saw(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, proxies: str, network: str
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", proxies)
    settings.cache_clear()
    try:
        behind = create_app().test_client()
        origin = settings().public_origin
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    sent = {"Authorization": f"Bearer {sign_in(client).token}", "X-Forwarded-For": "192.0.2.66, 203.0.113.9"}
    begun = behind.post("/v1/auth/passkeys/registration/options", json={}, headers=sent).json
    credential = SoftwareAuthenticator(origin=origin).create(begun["options"])
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
    made = behind.post("/v1/auth/passkeys/registration/verify", json=body, headers=sent).json
    listed = client.get("/v1/me/sessions", headers={"Authorization": f"Bearer {made['access_token']}"}).json
    assert [item["network"] for item in listed["items"]] == [network]
