"""Waiting and recurring rides over HTTP: what one is told, by whom it may be asked, and that nothing happens twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from sqlalchemy import text
from werkzeug.test import TestResponse

from accessibility.calls import calls
from accessibility.fleets import ports as fleet_ports
from accessibility.riders import profile
from accessibility.waitlist import offering, waits
from api import wiring
from api.delivery import deliver
from core import clock, db
from core.ids import new_uuid, typeid
from tests.accessibility.waitlist import small_city
from tests.accessibility.waitlist.small_city import HOME, HOSPITAL, City, rows


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[City]:
    before = dict(fleet_ports._fleets)
    yield small_city.made(tmp_path / "ahead")
    clock.follow(None)
    fleet_ports.plug_in(before)


@pytest.fixture
def mei(client: FlaskClient, city: City) -> SignedIn:
    person = sign_in(client, "A123456789", "0912345678")
    city.entitle(person.person_id)
    return person


def post(who: SignedIn, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
    return who.client.post(path, json=body, headers={**headers(who), "Idempotency-Key": key or str(uuid4())})


def headers(who: SignedIn) -> dict[str, str]:
    return {"Authorization": f"Bearer {who.token}", "Accept-Language": "en"}


def get(who: SignedIn, path: str) -> Any:
    return who.client.get(path, headers=headers(who)).json


def trip(city: City) -> dict[str, Any]:
    return {"from": HOME.as_json() | {"place_id": None}, "to": HOSPITAL.as_json() | {"place_id": None},
            "pick_up_at": city.nine.isoformat()}  # fmt: skip


def in_vain(city: City, who: SignedIn) -> str:
    [request, *_] = city.ask(who.person_id)
    return typeid("rreq", request)


def place(who: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in who.items() if name not in ("district", "place_id")}


def test_one_joins_sees_rank_and_chance_takes_what_is_kept_and_has_a_ride(city: City, mei: SignedIn) -> None:
    request = in_vain(city, mei)
    joined = post(mei, "/v1/waitlist", {"request_id": request})
    assert joined.status_code == 201, joined.json
    wait = joined.json
    assert (wait["rank"], wait["of"], wait["status"], wait["chance"]) == (1, 1, "waiting", None)
    assert wait["chance_words"].startswith("We cannot say") and "Medical trips first" in wait["rule_words"]
    assert {each["fleet"] for each in wait["alternatives"]} >= {"rehabus", "yellow"}
    assert any(each["phone"] == "1999" for each in wait["what_now"])
    early = post(mei, f"/v1/waitlist/{wait['id']}/acceptance")
    assert early.status_code == 409 and early.json["type"].endswith("/no-offer-to-accept")

    city.van()
    with db.unit_of_work() as session:
        waits.look_again(session, [row.slot for row in rows("SELECT slot FROM accessibility.wait_slot")], at=city.now)
    offering.look(city.now)
    wait = get(mei, f"/v1/waitlist/{wait['id']}")
    assert wait["status"] == "offered" and wait["accept_by"] is not None
    assert [offer["fleet"] for offer in wait["offers"]] == ["rehabus"]

    key = str(uuid4())
    taken = post(mei, f"/v1/waitlist/{wait['id']}/acceptance", key=key)
    assert taken.status_code == 201, taken.json
    assert (taken.json["status"], taken.json["why"], taken.json["rank"]) == ("ended", "taken", None)
    again = post(mei, f"/v1/waitlist/{wait['id']}/acceptance", key=key)
    assert again.headers["Idempotency-Replayed"] == "true" and again.json == taken.json
    assert [row.status for row in rows("SELECT status FROM accessibility.ride")] == ["bound"]
    assert [each["id"] for each in get(mei, "/v1/waitlist")["items"]] == [wait["id"]]


def test_when_booking_opens_is_no_time_to_be_picked_up(city: City, mei: SignedIn) -> None:
    with db.unit_of_work() as session:
        session.execute(text(
            "UPDATE accessibility.fleet_terms SET tiers = '[{\"opens_days\": 1}]' WHERE fleet = 'harbour'"
        ), None)  # fmt: skip
    wait = post(mei, "/v1/waitlist", {"request_id": in_vain(city, mei)}).json
    [harbour] = [each for each in wait["alternatives"] if each["fleet"] == "harbour"]
    assert harbour["pick_up_at"] is None and harbour["opens_at"].endswith("T00:00:00+08:00")
    assert "booking opens then" in harbour["words"]


def test_nobody_stands_in_line_twice_for_one_time(city: City, mei: SignedIn) -> None:
    wait = post(mei, "/v1/waitlist", {"request_id": in_vain(city, mei)}).json
    twice = post(mei, "/v1/waitlist", {"request_id": in_vain(city, mei)})
    assert twice.status_code == 409 and twice.json["wait_id"] == wait["id"]
    [later, *_] = city.ask(mei.person_id, pick_up_at=city.nine + timedelta(minutes=50))
    assert post(mei, "/v1/waitlist", {"request_id": typeid("rreq", later)}).status_code == 201, "another trip, one hour"


def test_who_has_another_ride_then_is_told_so_before_they_say_yes(city: City, mei: SignedIn) -> None:
    wait = post(mei, "/v1/waitlist", {"request_id": in_vain(city, mei)}).json
    city.van()
    city.book(mei.person_id)
    city.van()
    with db.unit_of_work() as session:
        waits.look_again(session, [row.slot for row in rows("SELECT slot FROM accessibility.wait_slot")], at=city.now)
    offering.look(city.now)
    [ride] = rows("SELECT id FROM accessibility.ride WHERE status = 'bound'")
    shown = get(mei, f"/v1/waitlist/{wait['id']}")
    assert (shown["status"], shown["other_ride_id"]) == ("offered", typeid("ride", ride.id))
    refused = post(mei, f"/v1/waitlist/{wait['id']}/acceptance")
    assert refused.status_code == 409 and refused.json["type"].endswith("/another-ride-then")
    assert post(mei, f"/v1/rides/{shown['other_ride_id']}/cancellation", {}).status_code == 200
    assert get(mei, f"/v1/waitlist/{wait['id']}")["other_ride_id"] is None
    assert post(mei, f"/v1/waitlist/{wait['id']}/acceptance").status_code == 201


def test_another_s_wait_is_none_and_leaving_is_for_good(city: City, mei: SignedIn, client: FlaskClient) -> None:
    wait = post(mei, "/v1/waitlist", {"request_id": in_vain(city, mei)}).json
    other = sign_in(client, "B234567890", "0922333444")
    for method, path in (("get", ""), ("delete", ""), ("post", "/acceptance")):
        sent = headers(other) | {"Idempotency-Key": str(uuid4())}
        assert getattr(client, method)(f"/v1/waitlist/{wait['id']}{path}", headers=sent).status_code == 404
    assert post(other, "/v1/waitlist", {"request_id": wait["request_id"]}).status_code == 404
    assert client.delete(f"/v1/waitlist/{wait['id']}", headers=headers(mei)).status_code == 204
    assert client.delete(f"/v1/waitlist/{wait['id']}", headers=headers(mei)).status_code == 204
    assert get(mei, f"/v1/waitlist/{wait['id']}")["why"] == "withdrawn"
    refused = post(mei, "/v1/waitlist", {"request_id": wait["request_id"]})
    assert (refused.status_code, refused.json["request_status"]) == (409, "withdrawn") and "waited for" in refused.json[
        "title"
    ]


@pytest.mark.parametrize("body", [{}, {"request_id": ""}, {"request_id": 7}, {"request_id": "x", "more": 1}])
def test_bad_input_is_refused(city: City, mei: SignedIn, body: dict[str, Any]) -> None:
    assert post(mei, "/v1/waitlist", body).status_code == 422
    assert post(mei, "/v1/waitlist", {"request_id": "rreq_x"}).status_code == 404
    assert post(mei, f"/v1/waitlist/{typeid('wait', new_uuid())}/acceptance").status_code == 404


def test_recurring_rides_are_asked_for_shown_and_given_up(city: City, mei: SignedIn, client: FlaskClient) -> None:
    body = trip(city) | {"from": place(trip(city)["from"]), "to": place(trip(city)["to"])} | {
        "purpose": "medical", "return": {"will_call": True},
        "series": {"weekdays": [city.nine.isoweekday()], "until": (city.nine.date() + timedelta(days=14)).isoformat()},
    }  # fmt: skip
    key = str(uuid4())
    made = post(mei, "/v1/ride-series", body, key=key)
    assert made.status_code == 201, made.json
    series = made.json
    assert (series["at"], series["time_kind"], series["return_on_call"], len(series["next"])) == (
        "09:00", "pick_up_at", True, 3,
    )  # fmt: skip
    assert series["next"][0]["status_words"] == "booked by itself once booking opens"
    assert post(mei, "/v1/ride-series", body, key=key).headers["Idempotency-Replayed"] == "true"
    assert [each["id"] for each in get(mei, "/v1/ride-series")["items"]] == [series["id"]]
    day = series["next"][1]["date"]
    one = client.delete(f"/v1/ride-series/{series['id']}/days/{day}", headers=headers(mei))
    assert [each["status"] for each in one.json["next"]] == ["planned", "cancelled", "planned"]
    assert client.delete(f"/v1/ride-series/{series['id']}/days/nonsense", headers=headers(mei)).status_code == 404
    everything = client.delete(f"/v1/ride-series/{series['id']}", headers=headers(mei))
    assert (everything.json["status"], everything.json["to_cancel"]) == ("cancelled", 0)


@pytest.mark.parametrize(
    "series",
    [
        {"weekdays": [], "until": "2030-01-01"},
        {"weekdays": [8], "until": "2030-01-01"},
        {"weekdays": [1, 1], "until": "2030-01-01"},
        {"weekdays": [1], "until": "tomorrow"},
        {"weekdays": [1]},
    ],
)
def test_a_series_that_is_none_is_refused(city: City, mei: SignedIn, series: dict[str, Any]) -> None:
    body = trip(city) | {"from": place(trip(city)["from"]), "to": place(trip(city)["to"]), "series": series}
    assert post(mei, "/v1/ride-series", body).status_code == 422
    with db.unit_of_work() as session:
        assert session.execute(text("SELECT count(*) FROM accessibility.series")).scalar() == 0


def test_who_acts_for_nobody_follows_nobody(mei: SignedIn) -> None:
    refused = mei.client.put("/v1/ride-notices", json={"is_wanted": True}, headers=headers(mei))
    assert refused.status_code == 409 and refused.json["type"].endswith("/acts-for-nobody")


def test_who_is_told_by_telephone_is_rung_about_what_is_kept_by_the_name_of_its_fleet(
    city: City, mei: SignedIn
) -> None:
    with db.unit_of_work() as session:
        told_by = replace(profile.of(session, mei.person_id), contact_way="telephone", contact_phone="072345678")
        profile.save(session, told_by, now=city.now)
    post(mei, "/v1/waitlist", {"request_id": in_vain(city, mei)})
    city.van()
    with db.unit_of_work() as session:
        waits.look_again(session, [row.slot for row in rows("SELECT slot FROM accessibility.wait_slot")], at=city.now)
    offering.look(city.now)
    for row in rows("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at, id"):
        deliver([row.id], wiring.consumers_by_kind())
    [message] = [item for item in get(mei, "/v1/inbox")["items"] if item["kind"] == "waitlist_offer"]
    assert message["body"].startswith("Kaohsiung Rehabus can come on ")
    with db.unit_of_work() as session:
        found = calls.open_calls(session, city.now, limit=9, after=None)
    [call] = [each for each in found if each.kind == "rider"]
    assert (call.phone, call.rider_id) == ("072345678", mei.person_id)
    assert "候補有車了" in call.words.zh and "高雄市復康巴士" in call.words.zh and "{" not in call.words.zh
