"""A person's own choices over HTTP: defaults without a row, changes under the version that was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from werkzeug.test import TestResponse

from api.app import create_app
from core import db

PATH = "/v1/notification-preferences"
DEFAULTS = {
    "daily_cap": 3,
    "quiet_from": "22:00",
    "quiet_until": "07:00",
    "timezone": "Asia/Taipei",
    "takes_digest": True,
    "digest_at": "19:00",
    "warns_of_expiry": True,
}


@pytest.fixture
def mei(database: db.Database) -> SignedIn:
    client: FlaskClient = create_app().test_client()
    return sign_in(client)


def _change(person: SignedIn, changes: Mapping[str, Any], if_match: str | None) -> TestResponse:
    headers = {"Authorization": f"Bearer {person.token}"} | ({"If-Match": if_match} if if_match else {})
    return person.client.patch(PATH, json=changes, headers=headers)


def test_whoever_never_chose_has_the_defaults_and_changes_only_what_they_name(mei: SignedIn) -> None:
    before = mei.call("GET", PATH)
    assert before.json == DEFAULTS
    assert before.headers["ETag"] == '"0"'

    changed = _change(mei, {"daily_cap": 5, "timezone": "America/New_York"}, '"0"')
    assert changed.status_code == 200
    assert changed.json == DEFAULTS | {"daily_cap": 5, "timezone": "America/New_York"}
    again = _change(mei, {"quiet_from": "23:30", "takes_digest": False}, changed.headers["ETag"])
    assert again.json == changed.json | {"quiet_from": "23:30", "takes_digest": False}
    assert mei.call("GET", PATH).json == again.json


def test_a_change_over_one_that_was_not_seen_is_refused(mei: SignedIn) -> None:
    assert _change(mei, {"daily_cap": 1}, None).status_code == 428
    assert _change(mei, {"daily_cap": 1}, '"1"').status_code == 412
    assert _change(mei, {"daily_cap": 1}, '"0"').status_code == 200
    assert _change(mei, {"daily_cap": 2}, '"0"').status_code == 412
    assert _change(mei, {"daily_cap": 2}, "*").status_code == 412
    assert mei.call("GET", PATH).json["daily_cap"] == 1


def test_what_is_no_choice_is_refused(mei: SignedIn) -> None:
    for changes in (
        {"daily_cap": 21},
        {"daily_cap": -1},
        {"daily_cap": None},
        {"quiet_from": "24:00"},
        {"quiet_from": "7:00"},
        {"quiet_until": "07:00:00"},
        {"timezone": "Kaohsiung"},
        {"timezone": "../etc/passwd"},
        {"timezone": "UTC+8"},
        {"takes_digest": "yes"},
        {"warns_of_expiry": "no"},
        {"version": 7},
    ):
        assert _change(mei, changes, '"0"').status_code == 422, changes
    assert mei.call("GET", PATH).json == DEFAULTS
