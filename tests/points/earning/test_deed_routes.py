"""What bureaus may say of people, one at a time or a day at once, and what citizens see of how to earn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from bureau_system import BureauSystem
from flask.testing import FlaskClient
from signed_in import sign_in
from sqlalchemy import text

from api.delivery import deliver
from api.wiring import consumers_by_kind
from core import clock, db
from points.campaigns import open_campaign
from points.earning.rules import Window
from tests.points.conftest import captured, recorded, terms
from tests.points.earning.test_deeds import WEEK, held, ride_terms

DEEDS = "/v1/bureau/deeds"
MEI, NOBODY = "A123456789", "B123456780"


@pytest.fixture
def transport(client: FlaskClient) -> BureauSystem:
    now = clock.now()
    with db.unit_of_work() as session:
        campaign = ride_terms(valid_from=now - timedelta(days=60), valid_until=now + timedelta(days=60))
        open_campaign(session, campaign, budget_points=1_000, now=now)
    return BureauSystem(client, "transport", "deeds:write")


def trip(national_id: str, key: str = "20261105-0001", **changed: Any) -> dict[str, Any]:
    return {
        "kind": "ride",
        "key": key,
        "national_id": national_id,
        "happened_at": (clock.now() - timedelta(minutes=5)).replace(microsecond=0).isoformat(),
        "facts": {"operator": "KRTC", "is_complete": True, "from": "R10", "to": "O5", "fare_twd": 20},
        **changed,
    }


def work() -> None:
    """The worker brings whatever waits."""
    for _ in range(2):
        with db.unit_of_work() as session:
            waiting = list(session.execute(text("SELECT id FROM core.outbox WHERE settled_at IS NULL")).scalars())
        deliver(waiting, consumers_by_kind())


def balance(person_id: UUID) -> int:
    """What the campaign of these tests has granted, beside the demo city's."""
    return held(person_id, "pay-by-bank")


def test_a_ride_earns_its_rider_and_taken_back_it_goes(client: FlaskClient, transport: BureauSystem) -> None:
    mei = sign_in(client)
    sent = trip(MEI)
    answers = [transport.send("POST", DEEDS, sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json == answers[1].json
    work()
    assert balance(mei.person_id) == 3
    for _ in range(2):
        assert transport.send("DELETE", f"{DEEDS}/ride/{sent['key']}").status_code == 204
    work()
    assert balance(mei.person_id) == 0
    assert transport.send("POST", DEEDS, sent).json["undone_at"] is not None
    work()
    assert balance(mei.person_id) == 0


def test_whether_somebody_uses_the_app_shows_nowhere(client: FlaskClient, transport: BureauSystem) -> None:
    sign_in(client)
    known, unknown = (transport.send("POST", DEEDS, trip(who, key)) for who, key in ((MEI, "a"), (NOBODY, "b")))
    assert known.status_code == unknown.status_code == 202
    assert known.json.keys() == unknown.json.keys()
    other = trip(NOBODY, "b", facts={"operator": "KLRT", "is_complete": True})
    assert transport.send("POST", DEEDS, other).status_code == 409
    with db.unit_of_work() as session:
        kept = session.execute(text("SELECT person_id, facts FROM points.deed WHERE key = 'b'")).one()
    assert kept.person_id is None and NOBODY not in str(kept)
    assert transport.send("DELETE", f"{DEEDS}/ride/b").status_code == 204


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"national_id": "A000000000"}, "/national_id"),
        ({"happened_at": "2020-01-01T00:00:00+08:00"}, "/happened_at"),
        ({"happened_at": "2099-01-01T00:00:00+08:00"}, "/happened_at"),
        ({"facts": {"operator": "KRTC"}}, "/facts/is_complete"),
        ({"facts": {"operator": "KRTC", "is_complete": "yes"}}, "/facts/is_complete"),
        ({"facts": {"operator": "KRTC", "is_complete": True, "fare_twd": -1}}, "/facts/fare_twd"),
        ({"facts": {"operator": "KRTC", "is_complete": True, "seat": "4"}}, "/facts"),
    ],
)
def test_a_report_that_cannot_be_is_refused_by_name(
    transport: BureauSystem, changed: dict[str, Any], pointer: str
) -> None:
    answer = transport.send("POST", DEEDS, {**trip(NOBODY), **changed})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_each_bureau_tells_of_its_own_and_takes_back_its_own(client: FlaskClient, transport: BureauSystem) -> None:
    health = BureauSystem(client, "health", "deeds:write")
    assert health.send("POST", DEEDS, trip(NOBODY)).status_code == 403
    assert transport.send("POST", DEEDS, trip(NOBODY)).status_code == 202
    assert health.send("DELETE", f"{DEEDS}/ride/20261105-0001").status_code == 404
    assert transport.send("DELETE", f"{DEEDS}/ride/never-told").status_code == 404
    assert transport.send("DELETE", f"{DEEDS}/passkey/x").status_code == 404


def test_a_day_of_rides_is_answered_line_by_line(client: FlaskClient, transport: BureauSystem) -> None:
    mei = sign_in(client)
    lines = [
        trip(MEI, "1"),
        trip(NOBODY, "2"),
        trip("A1", "3"),
        {"kind": "ride"},
        trip(MEI, "1"),
        trip(MEI, "2"),
        {**trip(NOBODY, "4"), "kind": "volunteering", "facts": {"hours": 2}},
        {**trip(NOBODY, "5"), "seat": 4},
    ]
    answer = transport.send("POST", "/v1/bureau/deed-batches", {"deeds": lines})
    assert answer.status_code == 200, answer.text
    assert (answer.json["taken"], answer.json["refused"]) == (3, 5)
    assert [line["problem"] for line in answer.json["lines"]] == [
        None, None, "invalid-request", "invalid-request", None, "deed-key-used", "forbidden", "invalid-request",
    ]  # fmt: skip
    assert answer.json["lines"][2]["errors"] == [{"pointer": "/national_id", "detail": "not an ID number"}]
    work()
    assert balance(mei.person_id) == 3
    assert transport.send("POST", "/v1/bureau/deed-batches", {"deeds": [trip(NOBODY)] * 1001}).status_code == 422


def test_a_citizen_reads_how_to_earn_and_what_is_left_and_what_a_payment_would_earn(client: FlaskClient) -> None:
    mei, now = sign_in(client), clock.now()
    span = {"valid_from": now - timedelta(days=8), "valid_until": now + timedelta(days=8)}
    with db.unit_of_work() as session:
        paying = terms(code="paying", points_per_person_and_day=30, windows=(Window(200),), **span)
        for each in (paying, ride_terms(code="week", times_per_person=4, **span, **WEEK)):
            open_campaign(session, each, budget_points=60, now=now)
    estimate = "/v1/points/earning-estimate?amount_twd=600&rail=bank_of_kaohsiung"
    mine = [part for part in mei.call("GET", estimate).json["campaigns"] if part["name"] == paying.name.zh]
    assert [part["points"] for part in mine] == [30]
    paid = captured(mei.person_id, amount_twd=200, captured_at=now.isoformat())
    deliver([recorded("wallet.payment_captured", paid)], consumers_by_kind())
    items = {each["name"]: each for each in mei.call("GET", "/v1/points/campaigns", language="en").json["items"]}
    found = items["Points for paying by bank"]
    assert (found["left_today"], found["left_in_all"], found["is_budget_left"]) == (6, None, True)
    assert found["how"][:2] == ["Paying a bill: 10 points each time", "1 more for each 100 NT$"]
    week = items["Points for riding"]
    assert (week["times_left"], week["days_done"], week["left_today"]) == (4, [], None)
    mine = [part for part in mei.call("GET", estimate).json["campaigns"] if part["name"] == paying.name.zh]
    assert [(part["points"], part["reason"]) for part in mine] == [(6, None)]
    assert mei.call("GET", f"{estimate}&due_before=maybe").status_code == 422
