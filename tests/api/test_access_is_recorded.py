"""Whatever route shows a citizen's data to somebody else: without an entry in the access log it shows nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from signed_in_officer import signed_in_officer
from werkzeug.test import TestResponse

from api import wiring
from api.front_door import view_of
from core import db
from core.http import Answer, Call, Route
from identity import access_log, officers

SHOWING = [route for route in wiring.routes() if route.shows_person_data and route.access.kind == "officer"]
_SECRET = "A123456789"


def _asked(route: Route, view: Callable[[Call], Answer]) -> TestResponse:
    """The answer of this route, as declared, to an officer with one of its roles, with another view behind the front door."""
    bare = replace(route, view=view, body=None, query=None, idempotent=False, content_types=("application/json",))
    app = Flask("reading")
    app.add_url_rule(bare.path, view_func=view_of(bare), methods=[bare.method])
    reader = signed_in_officer(app.test_client(), min(route.access.roles or officers.ROLES))
    return reader.call(bare.method, re.sub("<[^>]+>", "x", bare.path))


def _record(call: Call, person_id: UUID) -> None:
    about = {"person_id": person_id, "what": "payment", "purpose": "audit", "now": call.now}
    if call.unit is not None:
        access_log.record_access(call.session, actor=call.actor, **about)
    else:
        with db.unit_of_work() as session:
            access_log.record_access(session, actor=call.actor, **about)


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture
def citizen(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.mark.parametrize("route", SHOWING, ids=_name)
def test_a_view_that_forgets_to_record_shows_nothing(route: Route, citizen: SignedIn) -> None:
    answer = _asked(route, lambda _call: Answer({"national_id": _SECRET}))
    assert answer.status_code == 500 and _SECRET not in answer.text


@pytest.mark.parametrize("route", SHOWING, ids=_name)
def test_a_view_that_records_leaves_an_entry_that_the_citizen_reads(route: Route, citizen: SignedIn) -> None:
    def view(call: Call) -> Answer:
        _record(call, citizen.person_id)
        return Answer({"national_id": _SECRET})

    assert _asked(route, view).status_code == 200
    assert len(citizen.call("GET", "/v1/me/access-log").json["items"]) == 1


def test_there_are_such_routes() -> None:
    assert "/v1/approvals/<approval_id>" in {route.path for route in SHOWING}
