"""Fares over HTTP: as offered, as settled with its bill, quotas, and corrections at the desk."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from planted_rides import Planted, plant, told
from signed_in import SignedIn, sign_in
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from accessibility import events
from core import clock, db
from core.ids import typeid


@pytest.fixture
def rider(client: FlaskClient) -> SignedIn:
    """Somebody whom the register knows with a senior card."""
    rider = sign_in(client)
    with db.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO accessibility.entitlement (rider_id, has_certificate, needs_wheelchair, books_first, card, "
                "is_low_income, answered_at) VALUES (:rider, false, false, false, 'senior', false, :now)"
            ),
            {"rider": rider.person_id, "now": clock.now()},
        )
    return rider


def done(rider: SignedIn) -> Planted:
    now = clock.now()
    ride = plant(rider.person_id, pick_up_at=now - timedelta(hours=1), minutes=20)
    told(events.RIDE_DONE, ride.facts(fare_twd=185), at=now)
    return ride


def address(ride: Planted) -> str:
    return f"/v1/rides/{typeid('ride', ride.id)}/fare"


def test_a_fare_is_shown_as_offered_and_then_as_settled_with_its_bill(rider: SignedIn, client: FlaskClient) -> None:
    coming = plant(rider.person_id, status="bound", pick_up_at=clock.now() + timedelta(hours=1))
    offered = rider.call("GET", address(coming)).json
    assert (offered["is_settled"], offered["rider_pays_twd"], offered["bill_id"]) == (False, 135, None)
    settled = rider.call("GET", address(done(rider)), language="en").json
    assert (settled["is_settled"], settled["quota_twd"], settled["rider_pays_twd"]) == (True, 50, 135)
    assert (settled["paid_by"], settled["bill_status"]) == ("bill", "unpaid")
    assert sum(line["amount_twd"] for line in settled["lines"]) == 135
    assert "Points of the senior card" in [line["words"] for line in settled["lines"]]
    (bill,) = rider.call("GET", "/v1/bills").json["items"]
    assert (bill["id"], bill["amount"], bill["kind"]) == (settled["bill_id"], 135, "ride")
    other = sign_in(client, national_id="B123456780", mobile="0987654321")
    assert other.call("GET", address(coming)).status_code == 404


def test_a_quota_says_what_is_left_and_until_when(rider: SignedIn, client: FlaskClient) -> None:
    done(rider)
    (quota,) = rider.call("GET", "/v1/rider/quota").json["items"]
    assert (quota["kind"], quota["total"], quota["used"], quota["left"], quota["most_a_trip"]) == (
        "senior", 1_200, 50, 1_150, 50,
    )  # fmt: skip
    assert quota["until"].endswith("-12-31") and "1,150" in quota["words"] and quota["source"]
    nobody = sign_in(client, national_id="B123456780", mobile="0987654321")
    assert nobody.call("GET", "/v1/rider/quota").json == {"items": []}


def test_a_card_ends_with_its_certificate_and_points_that_are_kept_are_said(rider: SignedIn) -> None:
    now = clock.now()
    with db.unit_of_work() as session:
        session.execute(
            text(
                "UPDATE accessibility.entitlement SET card = 'disability', has_certificate = true, severity = 'mild', "
                "valid_until = :day"
            ),
            {"day": clock.taipei_date(now)},
        )
    plant(rider.person_id, status="bound", pick_up_at=now)
    tomorrow = plant(rider.person_id, status="bound", pick_up_at=now + timedelta(days=1))
    (quota,) = rider.call("GET", "/v1/rider/quota", language="en").json["items"]
    assert (quota["used"], quota["kept"], quota["left"]) == (0, 185, 715)
    assert "185 are kept for rides that you have booked" in quota["words"]
    assert tomorrow.fare.quota_twd == 0, "the certificate does not last until then"


def test_a_correction_at_the_desk_goes_down_alone_and_is_logged(rider: SignedIn, client: FlaskClient) -> None:
    ride, desk = done(rider), signed_in_officer(client, "mobility", bureau="social_affairs")
    path = f"/v1/desk/rides/{typeid('ride', ride.id)}/fare-corrections"
    body = {"fare_twd": 100, "reason": "繞路"}
    assert desk.call("POST", path, body).status_code == 400, "it moves money: a key is demanded"
    key = str(uuid.uuid4())
    corrected = desk.call("POST", path, body, Idempotency_Key=key)
    assert (corrected.status_code, corrected.json["rider_pays_twd"], corrected.json["version"]) == (200, 50, 2)
    assert desk.call("POST", path, body, Idempotency_Key=key).headers["Idempotency-Replayed"] == "true"
    more = desk.call("POST", path, {"fare_twd": 101, "reason": "x"}, Idempotency_Key=str(uuid.uuid4()))
    assert more.json["type"].endswith("/fare-never-rises")
    (bill,) = rider.call("GET", "/v1/bills").json["items"]
    assert bill["amount"] == 50
    assert any("車資" in str(each) for each in rider.call("GET", "/v1/me/access-log").json["items"])
    with db.unit_of_work() as session:
        kinds = session.execute(
            text("SELECT payload FROM core.outbox WHERE kind = :kind"), {"kind": events.FARE_LOWERED}
        )
        assert [row.payload["less_twd"] for row in kinds] == [85]
