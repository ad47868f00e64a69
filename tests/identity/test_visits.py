"""Visits: a citizen and an officer in one session, both in the log, nothing paid, and over when the officer's is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from counter_city import Counter, counter
from flask.testing import FlaskClient
from signed_in import sign_in
from signed_in_officer import signed_in_officer
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from api import wiring
from core import clock, db
from core.db import Database
from identity import officer_sessions, officers, sessions, visits
from identity.officer_models import Officer


@pytest.fixture
def desk(client: FlaskClient) -> Counter:
    return counter(client)


@pytest.fixture
def visit(desk: Counter, client: FlaskClient) -> Any:
    sign_in(client)
    return desk.visit(desk.proved("A123456789", mobile="0912345678"))


def call(client: FlaskClient, visit: Any, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {visit['access_token']}"} | {n.replace("_", "-"): v for n, v in headers.items()}
    return client.application.test_client(use_cookies=False).open(path, method=method, json=body, headers=sent)


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def sql(statement: str) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.execute(text(statement)))


def notices(kind: str) -> list[Any]:
    return [row[0] for row in sql(
        f"SELECT payload FROM core.outbox WHERE kind = 'identity.security_notice' AND payload->>'kind' = '{kind}'"
    )]  # fmt: skip


def test_the_person_is_signed_in_at_level_two_with_the_officer(client: FlaskClient, visit: Any) -> None:
    assert (visit["acr"], visit["amr"]) == ("urn:mykaohsiung:loa:2", ["counter"])
    assert call(client, visit, "GET", "/v1/bills").status_code == 200
    assert call(client, visit, "GET", "/v1/me").json["national_id"] == "A12****789"


def test_what_is_read_and_done_is_in_the_person_s_log_under_the_officer_s_name(
    client: FlaskClient, visit: Any, desk: Counter
) -> None:
    call(client, visit, "GET", "/v1/bills")
    assert call(client, visit, "PATCH", "/v1/me", {"language": "en"}).status_code == 200
    entries = sql("SELECT what, actor_id, actor_name, reference FROM identity.access_log ORDER BY id DESC LIMIT 3")
    assert [(row.what, row.reference) for row in entries] == [
        ("visit_done", "115-KH-000123 PATCH /v1/me"),
        ("visit_read", "115-KH-000123 GET /v1/bills"),
        ("visit", "115-KH-000123"),
    ]
    assert all((row.actor_id, row.actor_name) == (desk.officer.officer_id, "洪櫃檯") for row in entries)
    shown = call(client, visit, "GET", "/v1/me/access-log").json["items"][1]
    assert (shown["who"], shown["what_words"]) == ("民政局 服務櫃檯", "陪同時辦理")


def test_what_was_refused_is_not_told_as_done(client: FlaskClient, visit: Any) -> None:
    assert call(client, visit, "PATCH", "/v1/me", {"language": "xx"}).status_code == 422
    assert sql("SELECT 1 FROM identity.visit_act") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/payments"), ("POST", "/v1/bank-links"), ("POST", "/v1/auth/passkeys/registration/options"),
        ("POST", "/v1/auth/enrolments/options"), ("POST", "/v1/auth/password/login"),
        ("DELETE", "/v1/me/passkeys/psk_01jd0000000000000000000000"),
    ],
)  # fmt: skip
def test_nothing_is_paid_and_no_way_in_is_made_with_an_officer_present(
    client: FlaskClient, visit: Any, method: str, path: str
) -> None:
    bodies: dict[str, Any] = {
        "/v1/payments": {"bill_ids": ["bill_01jd0000000000000000000000"]},
        "/v1/auth/enrolments/options": {"national_id": "A123456789", "code": "AAAA-AAAA-AAAA-AAAA"},
        "/v1/auth/password/login": {"national_id": "A123456789", "password": "kaohsiung-demo-1"},
    }
    body = None if method == "DELETE" else bodies.get(path, {})
    answer = call(client, visit, method, path, body, Idempotency_Key="k" * 20)
    assert answer.status_code in (401, 403), answer.json
    assert slug(answer) in ("insufficient-user-authentication", "not-in-a-visit")
    assert sql("SELECT 1 FROM wallet.payment") == []


# Whatever level 2 lets somebody change is here, or is shut in a visit: none of these hands the officer a way in.
DONE_TOGETHER = {
    "POST /v1/auth/logout",
    "DELETE /v1/me/sessions",
    "DELETE /v1/me/sessions/<session_id>",
    "PATCH /v1/me",
    "POST /v1/me/vehicles",
    "DELETE /v1/me/vehicles/<vehicle_id>",
    "POST /v1/me/delegations/<delegation_id>/refusal",
    "POST /v1/me/delegations/<delegation_id>/revocation",
    "POST /v1/me/resets/<reset_id>/cancellation",
    "POST /v1/me/security-notices/<notice_id>/disavowal",
    "POST /v1/bills/<bill_id>/instalment-requests",
    "POST /v1/bills/<bill_id>/payment-slips",
    "DELETE /v1/payment-slips/<slip_id>",
    "PATCH /v1/inbox/<message_id>",
    "POST /v1/inbox/<message_id>/complaint",
    "PATCH /v1/notification-preferences",
    "PUT /v1/ride-notices",
    "POST /v1/waitlist",
    "DELETE /v1/waitlist/<wait_id>",
    "POST /v1/waitlist/<wait_id>/acceptance",
    "POST /v1/ride-series",
    "DELETE /v1/ride-series/<series_id>",
    "DELETE /v1/ride-series/<series_id>/days/<day>",
    "PUT /v1/ride-series/<series_id>/days/<day>",
    "POST /v1/ride-series/<series_id>/cancellation",
    "POST /v1/ride-series/<series_id>/resumption",
    "POST /v1/ride-requests",
    "POST /v1/ride-requests/<request_id>/withdrawal",
    "POST /v1/rides",
    "POST /v1/rides/<ride_id>/cancellation",
    "POST /v1/rides/<ride_id>/changes",
    "POST /v1/rides/<ride_id>/ready",
    "POST /v1/rides/<ride_id>/at-door",
    "POST /v1/rides/<ride_id>/not-here",
    "PUT /v1/rider",
    "POST /v1/rider/eligibility/check",
    "POST /v1/rider/eligibility/papers",
    "DELETE /v1/rider/eligibility/papers/<paper_id>",
    "POST /v1/rider/places",
    "PATCH /v1/rider/places/<place_id>",
    "DELETE /v1/rider/places/<place_id>",
    "POST /v1/rider/no-shows/<point_id>/appeal",
    "POST /v1/ride-complaints",
    "POST /v1/rides/<ride_id>/rating",
    "POST /v1/rides/<ride_id>/lost-items",
    "POST /v1/rider/lost-items/<lost_id>/withdrawal",
    "POST /v1/subscriptions",
    "PATCH /v1/subscriptions/<subscription_id>",
    "DELETE /v1/subscriptions/<subscription_id>",
    "POST /v1/subscriptions/<subscription_id>/renewal",
    "POST /v1/subscription-offers/<offer_id>/acceptance",
    "DELETE /v1/subscription-offers/<offer_id>",
}


def test_whatever_a_visit_could_change_is_on_the_list_or_shut() -> None:
    """A route that level 2 opens and that changes credentials would hand the officer a way in."""
    for route in wiring.routes():
        if route.access.kind == "citizen" and route.access.loa <= 2 and route.method not in ("GET", "HEAD"):
            name = f"{route.method} {route.path}"
            assert visits.is_for_one_alone(route.method, route.path) != (name in DONE_TOGETHER), name


def test_the_officer_ends_it_and_the_person_is_told_what_was_done(
    client: FlaskClient, visit: Any, desk: Counter
) -> None:
    call(client, visit, "GET", "/v1/bills")
    call(client, visit, "GET", "/v1/bills")
    path = f"/v1/counter/visits/{visit['id']}"
    assert counter(client).officer.call("DELETE", path).status_code == 404, "only its own officer ends it"
    assert desk.officer.call("DELETE", path).status_code == 204
    assert call(client, visit, "GET", "/v1/me").status_code == 401
    (told,) = notices("visit_ended")
    bills = next(route for route in wiring.routes() if (route.method, route.path) == ("GET", "/v1/bills"))
    assert told["values"]["what"] == [bills.summary.zh, bills.summary.en]
    assert told["values"]["office"] == ["民政局", "Civil Affairs Bureau"]
    assert desk.officer.call("DELETE", path).status_code == 404


def test_the_visit_ends_with_the_officer_s_session(client: FlaskClient, visit: Any, desk: Counter) -> None:
    assert call(client, visit, "GET", "/v1/me").status_code == 200
    assert desk.officer.call("POST", "/v1/auth/officers/logout").status_code == 204
    assert call(client, visit, "GET", "/v1/me").status_code == 401
    visits.close_due(clock.now())
    assert len(notices("visit_ended")) == 1


def test_the_visit_ends_when_the_officer_leaves_the_roster(client: FlaskClient, visit: Any, desk: Counter) -> None:
    with db.unit_of_work() as session:
        officers.leave(session, session.get_one(Officer, desk.officer.officer_id), now=clock.now())
    assert call(client, visit, "GET", "/v1/me").status_code == 401


def test_the_visit_ends_when_the_officer_has_been_away(client: FlaskClient, visit: Any, desk: Counter) -> None:
    now = clock.now()
    with db.unit_of_work() as session:
        assert sessions.resolve(session, visit["access_token"], now + timedelta(minutes=14)) is not None
        assert sessions.resolve(session, visit["access_token"], now + timedelta(minutes=16)) is None


def test_it_lasts_twenty_minutes_whatever_is_done(client: FlaskClient, visit: Any, desk: Counter) -> None:
    now = clock.now()
    with db.unit_of_work() as session:
        for minutes in range(2, 20, 3):
            moment = now + timedelta(minutes=minutes)
            assert officer_sessions.resolve(session, desk.officer.token, moment) is not None
            assert sessions.resolve(session, visit["access_token"], moment) is not None, minutes
        assert sessions.resolve(session, visit["access_token"], now + timedelta(minutes=20)) is None
    visits.close_due(now + timedelta(minutes=19))
    assert notices("visit_ended") == []
    visits.close_due(now + timedelta(minutes=20, seconds=1))
    visits.close_due(now + timedelta(minutes=21))
    assert len(notices("visit_ended")) == 1


def test_a_new_visit_closes_the_one_before(client: FlaskClient, visit: Any, desk: Counter) -> None:
    second = desk.visit(desk.proved())
    assert call(client, visit, "GET", "/v1/me").status_code == 401
    assert call(client, second, "GET", "/v1/me").status_code == 200
    assert len(notices("visit_ended")) == 1


def test_only_the_counter_begins_one(client: FlaskClient, desk: Counter) -> None:
    case = desk.proved()
    for role in ("operator", "finance", "auditor"):
        other = Counter(signed_in_officer(client, role))
        assert other.at(case, "POST", "visits").status_code == 403
    assert counter(client).at(case, "POST", "visits").status_code == 404


def test_a_citizen_s_session_look_up_is_still_one_query(database: Database, visit: Any) -> None:

    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    with db.unit_of_work() as session:
        assert sessions.resolve(session, visit["access_token"], clock.now()) is not None
    assert len([statement for statement in seen if "identity.session" in statement]) == 1
