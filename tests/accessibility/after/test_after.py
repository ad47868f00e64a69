"""Ratings and lost things over HTTP: whose, when, how often, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from planted_rides import Planted, plant
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.ids import typeid


@pytest.fixture
def rider(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.fixture
def desk(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "mobility", bureau="social_affairs")


def ride(rider: SignedIn, days_ago: float = 1, **more: Any) -> Planted:
    return plant(rider.person_id, minutes=20, pick_up_at=clock.now() - timedelta(days=days_ago), **more)


def path(of: Planted, what: str) -> str:
    return f"/v1/rides/{typeid('ride', of.id)}/{what}"


def told() -> list[str]:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT kind FROM core.outbox WHERE kind LIKE 'accessibility.lost%' ORDER BY id"))
        return [row.kind.removeprefix("accessibility.lost_item_") for row in rows]


def test_a_ride_is_rated_by_its_rider_and_may_be_rated_anew(rider: SignedIn, client: FlaskClient) -> None:
    done = ride(rider)
    assert rider.call("GET", path(done, "rating")).status_code == 404
    assert rider.call("POST", path(done, "rating"), {"stars": 2, "words": "等太久"}).status_code == 200
    assert rider.call("POST", path(done, "rating"), {"stars": 4}).status_code == 200
    assert rider.call("GET", path(done, "rating")).json["stars"] == 4
    other = sign_in(client, national_id="B123456780", mobile="0987654321")
    assert other.call("POST", path(done, "rating"), {"stars": 1}).status_code == 404
    for stars in (0, 6, "5", 4.5, None):
        assert rider.call("POST", path(done, "rating"), {"stars": stars}).status_code == 422
    assert rider.call("POST", path(done, "rating"), {"stars": 5, "tip_twd": 100}).status_code == 422


def test_only_a_ride_that_is_over_and_not_long_ago(rider: SignedIn) -> None:
    slugs = [
        rider.call("POST", path(each, "rating"), {"stars": 5}).json["type"].rsplit("/", 1)[1]
        for each in (ride(rider, status="bound"), ride(rider, status="cancelled"), ride(rider, days_ago=31))
    ]
    assert slugs == ["ride-not-done", "ride-not-done", "ride-too-long-ago"]
    assert rider.call("POST", path(ride(rider, days_ago=91), "lost-items"), {"what": "傘"}).status_code == 409


def test_fleets_see_a_mean_of_five_riders_at_least(client: FlaskClient, desk: SignedInOfficer) -> None:
    for number in range(5):
        mine = sign_in(client, national_id=f"A10000000{number}", mobile=f"091200000{number}")
        mine.call("POST", path(ride(mine), "rating"), {"stars": 5 - number % 2})
        mine.call("POST", path(ride(mine), "rating"), {"stars": 5 - number % 2})
        if number < 4:
            mine.call("POST", path(ride(mine, fleet="harbour"), "rating"), {"stars": 1})
    names = {each["fleet"] for each in desk.call("GET", "/v1/desk/ride-fleets").json["items"]}
    assert {"yellow", "harbour"} <= names
    seen = desk.call("GET", "/v1/desk/ride-ratings").json["items"]
    assert seen == [
        {"fleet": "harbour", "riders": 4, "mean": None}, {"fleet": "yellow", "riders": 5, "mean": 4.6},
    ]  # fmt: skip


def found(desk: SignedInOfficer, fleet: str = "yellow") -> str:
    body = {"fleet": fleet, "what": "黑色雨傘", "kept_at": "車隊辦公室，07-1234567", "found_on": "2026-11-20"}
    answer = desk.call("POST", "/v1/desk/found-items", body)
    assert answer.status_code == 201
    return str(answer.json["id"])


def test_what_was_lost_is_found_fetched_and_told_at_each_step(rider: SignedIn, desk: SignedInOfficer) -> None:
    lost = rider.call("POST", path(ride(rider), "lost-items"), {"what": "黑色的傘"})
    assert (lost.status_code, lost.json["status"]) == (201, "sought")
    (waiting,) = desk.call("GET", "/v1/desk/lost-items").json["items"]
    address = f"/v1/desk/lost-items/{waiting['id']}"
    assert desk.call("POST", f"{address}/hand-over").status_code == 409, "nobody has found it"
    elsewhere = found(desk, "harbour")
    assert desk.call("POST", f"{address}/match", {"found_id": elsewhere}).status_code == 409, "another fleet's"
    thing = found(desk)
    matched = desk.call("POST", f"{address}/match", {"found_id": thing})
    assert (matched.json["status"], matched.json["kept_at"]) == ("found", "車隊辦公室，07-1234567")
    assert desk.call("POST", f"{address}/match", {"found_id": thing}).status_code == 409
    (mine,) = rider.call("GET", "/v1/rider/lost-items").json["items"]
    assert mine["kept_at"] == "車隊辦公室，07-1234567"
    assert desk.call("POST", f"{address}/hand-over").json["status"] == "handed_over"
    assert [each["id"] for each in desk.call("GET", "/v1/desk/found-items").json["items"]] == [elsewhere]
    assert told() == ["found", "handed_over"]


def test_what_is_not_there_is_said_and_what_is_there_after_all_is_withdrawn(
    rider: SignedIn, desk: SignedInOfficer, client: FlaskClient
) -> None:
    first, second = (
        rider.call("POST", path(ride(rider), "lost-items"), {"what": what}).json["id"] for what in ("帽子", "手套")
    )
    assert desk.call("POST", f"/v1/desk/lost-items/{first}/giving-up").json["status"] == "not_found"
    other = sign_in(client, national_id="B123456780", mobile="0987654321")
    assert other.call("POST", f"/v1/rider/lost-items/{second}/withdrawal").status_code == 404
    assert rider.call("POST", f"/v1/rider/lost-items/{second}/withdrawal").json["status"] == "withdrawn"
    for lost in (first, second):
        assert rider.call("POST", f"/v1/rider/lost-items/{lost}/withdrawal").status_code == 409
    assert told() == ["not_found"]
    assert rider.call("GET", "/v1/me/access-log").json["items"]
