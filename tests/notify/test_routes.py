"""Devices and the inbox over HTTP: one's own and nobody else's, in the language asked for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in

from api.app import create_app
from core import db
from core.ids import new_uuid, typeid
from tests.notify.conftest import RecordingProvider, bring, captured

Happened = Callable[..., UUID]


@pytest.fixture
def app_client(database: db.Database) -> FlaskClient:
    return create_app().test_client()


@pytest.fixture
def mei(app_client: FlaskClient) -> SignedIn:
    return sign_in(app_client)


@pytest.fixture
def ming(app_client: FlaskClient) -> SignedIn:
    return sign_in(app_client, "E179864328", "0987654321")


def _tell(happened: Happened, person: SignedIn) -> str:
    bring(happened("wallet.payment_captured", captured(person.person_id)))
    return str(person.call("GET", "/v1/inbox").json["items"][0]["id"])


def test_a_device_is_registered_seen_again_and_removed(mei: SignedIn, ming: SignedIn) -> None:
    device = {"kind": "fid", "address": "dQw4w9WgXcQ-0123456789", "name": "我的手機"}
    first = mei.call("POST", "/v1/devices", device)
    again = mei.call("POST", "/v1/devices", device)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    assert "address" not in first.json
    assert [item["name"] for item in mei.call("GET", "/v1/devices").json["items"]] == ["我的手機"]
    assert ming.call("GET", "/v1/devices").json["items"] == []
    address = f"/v1/devices/{first.json['id']}"
    assert ming.call("DELETE", address).status_code == 404
    assert mei.call("DELETE", address).status_code == 204
    assert mei.call("DELETE", address).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "webpush", "address": "x" * 20},
        {"kind": "fid", "address": "short"},
        {"kind": "fid", "address": "with a space in it"},
        {"kind": "fid", "address": "x" * 5000},
        {"kind": "fid", "address": "x" * 20, "name": "x" * 61},
        {"kind": "fid", "address": "x" * 20, "unknown": 1},
        {"kind": "fid", "address": 12345678},
    ],
)
def test_a_device_that_is_not_well_formed_is_refused(mei: SignedIn, body: dict[str, object]) -> None:
    assert mei.call("POST", "/v1/devices", body).status_code == 422


def test_the_inbox_answers_in_the_language_asked_for_and_counts_what_is_unread(
    happened: Happened, provider: RecordingProvider, mei: SignedIn
) -> None:
    first = _tell(happened, mei)
    _tell(happened, mei)
    chinese = mei.call("GET", "/v1/inbox").json
    assert chinese["unread"] == 2
    assert chinese["items"][0]["title"] == "繳費完成 NT$1,265"
    assert mei.call("GET", "/v1/inbox", language="en").json["items"][0]["title"] == "Paid: NT$1,265"
    read = mei.call("PATCH", f"/v1/inbox/{first}", {"is_read": True})
    assert read.json["read_at"] is not None
    assert mei.call("GET", "/v1/inbox").json["unread"] == 1
    assert mei.call("PATCH", f"/v1/inbox/{first}", {"is_read": False}).json["read_at"] is None
    page = mei.call("GET", "/v1/inbox?limit=1").json
    rest = mei.call("GET", f"/v1/inbox?limit=1&cursor={page['next_cursor']}").json
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [item["id"] for item in chinese["items"]]
    assert rest["next_cursor"] is None


def test_why_names_the_cause_and_the_legal_basis(
    happened: Happened, provider: RecordingProvider, mei: SignedIn
) -> None:
    why = mei.call("GET", f"/v1/inbox/{_tell(happened, mei)}/why", language="en").json
    assert "You made this payment with My Kaohsiung on 2026-11-05 14:03." in why["explanation"]
    assert "article 16" in why["explanation"]
    assert why["event"]["kind"] == "wallet.payment_captured"
    assert why["event"]["at"] == "2026-11-05T14:03:20+08:00"


def test_the_message_of_another_person_is_no_message(
    happened: Happened, provider: RecordingProvider, mei: SignedIn, ming: SignedIn
) -> None:
    hers, nobodys = _tell(happened, mei), typeid("msg", new_uuid())
    for message in (hers, nobodys, "msg_nonsense", hers.replace("msg", "pay")):
        answers = [
            ming.call("GET", f"/v1/inbox/{message}"),
            ming.call("GET", f"/v1/inbox/{message}/why"),
            ming.call("PATCH", f"/v1/inbox/{message}", {"is_read": True}),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert ming.call("GET", "/v1/inbox").json == {"items": [], "next_cursor": None, "unread": 0}
    assert mei.call("GET", "/v1/inbox").json["unread"] == 1


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "WzEsMl0",
        "WyJhIiwiYiJd",
        "WyIyMDI2LTExLTA1VDA2OjAzOjIyIiwiYiJd",
        "é",
        "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDE5M2FmMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwIl0",
        "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMDE5M2FmMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwIl0",
        "=" * 400,
    ],
)
def test_a_cursor_that_no_list_gave_out_is_refused(mei: SignedIn, cursor: str) -> None:
    for address in ("/v1/inbox", "/v1/points/entries"):
        assert mei.client.get(
            address, query_string={"cursor": cursor}, headers={"Authorization": f"Bearer {mei.token}"}
        ).status_code == 422  # fmt: skip


def test_nobody_signed_in_is_told_to(app_client: FlaskClient) -> None:
    for method, path in (("GET", "/v1/inbox"), ("POST", "/v1/devices"), ("GET", "/v1/devices"), ("GET", "/v1/points")):
        assert app_client.open(path, method=method, json={} if method == "POST" else None).status_code == 401
