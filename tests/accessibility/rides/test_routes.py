"""Rides over HTTP: asking, choosing, looking, changing, cancelling; and what fleets tell by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from delegating import agreed, somebody
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from werkzeug.test import TestResponse

from core import clock, db
from core.clock import on_the_wire
from core.ids import new_uuid
from identity import sessions
from identity.actors import Actor
from partners import wire
from partners.fleets.contents import FleetStatus, TripEvent, VehicleAt
from partners.fleets.telegrams import Telegram, encode
from tests.accessibility.rides.city import HOME, HOSPITAL, RideCity, ride_city


@pytest.fixture
def town(client: FlaskClient, books: SandboxBooks) -> RideCity:
    return ride_city(books)


@dataclass
class Rider:
    """A rider with a phone."""

    town: RideCity
    client: FlaskClient
    actor: Actor
    token: str

    def call(self, method: str, path: str, body: Any = None, language: str = "en", key: str = "") -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": language}
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid4())
        return self.client.open(path, method=method, json=body, headers=headers)

    def ask(self, **more: Any) -> TestResponse:
        at = on_the_wire(self.town.now + timedelta(hours=5))
        wish = {"from": HOME.as_json() | {"district": None}, "to": HOSPITAL.as_json() | {"district": None}}
        for place in wish.values():
            place.pop("district")
        return self.call("POST", "/v1/ride-requests", wish | {"pick_up_at": at, "purpose": "medical"} | more)

    def bound(self) -> dict[str, Any]:
        """A ride that the yellow fleet has bound."""
        asked = self.ask().get_json()
        offer = next(each for each in asked["offers"] if each["fleet"] == "yellow")
        taken = self.call("POST", "/v1/rides", {"offer_id": offer["id"]})
        assert taken.status_code == 201, taken.get_json()
        ride: dict[str, Any] = taken.get_json()["rides"][0]
        return ride


@pytest.fixture
def rider(town: RideCity, client: FlaskClient) -> Rider:
    return signed_in(town, client, town.rider())


def signed_in(town: RideCity, client: FlaskClient, actor: Actor) -> Rider:
    """A rider of the city at their phone."""
    with db.unit_of_work() as session:
        issued = sessions.begin(
            session, person_id=actor.id, amr=("pwd", "sms"), transport="bearer", user_agent="", replaces=None,
            now=clock.now(),
        )  # fmt: skip
    return Rider(town, client, actor, issued.token)


def tell(client: FlaskClient, trip: str, event: TripEvent, *, fleet: str = "yellow", path: str = "") -> TestResponse:
    """A fleet's signed telegram."""
    telegram = Telegram(new_uuid(), trip, clock.now(), event)
    content = orjson.dumps(encode(telegram))
    headers = wire.signature_headers(f"sandbox-{fleet}-secret", str(telegram.id), b"", content)
    method = "PUT" if "vehicles" in path else "POST"
    return client.open(
        path or f"/v1/webhooks/partners/{fleet}", method=method, data=content, headers=headers,
        content_type="application/json",
    )  # fmt: skip


def test_a_rider_asks_compares_takes_one_and_reads_what_comes(rider: Rider) -> None:
    asked = rider.ask()
    assert asked.status_code == 201, asked.get_json()
    body = asked.get_json()
    assert {each["fleet"] for each in body["asks"]} == {"yellow", "harbour", "mountain"}
    assert [each["is_recommended"] for each in body["offers"]].count(True) == 1
    offer = next(each for each in body["offers"] if each["fleet"] == "yellow")
    assert offer["fleet_name"] == "Yellow Taxi" and "cm to spare" in offer["fit"]["words"]
    taken = rider.call("POST", "/v1/rides", {"offer_id": offer["id"]}, key="once")
    again = rider.call("POST", "/v1/rides", {"offer_id": offer["id"]}, key="once")
    assert taken.status_code == again.status_code == 201
    assert again.get_json() == taken.get_json()
    (ride,) = taken.get_json()["rides"]
    assert (ride["status"], ride["fleet_phone"]) == ("bound", "075550101")
    assert ride["may"] == {"cancel": True, "change": True, "ready": False, "at_door": False, "not_here": False}
    (listed,) = rider.call("GET", "/v1/rides").get_json()["items"]
    assert listed["id"] == ride["id"]
    assert rider.call("GET", "/v1/rides?when=past").get_json()["items"] == []
    twice = rider.call("POST", "/v1/rides", {"offer_id": offer["id"]})
    assert twice.get_json()["type"].endswith("/ride-already-chosen")


def test_the_city_chooses_where_one_lets_it(rider: Rider) -> None:
    asked = rider.ask(**{"return": {"will_call": True}}).get_json()
    assert asked["return_request"]["status"] == "will_call"
    taken = rider.call("POST", "/v1/rides", {"request_id": asked["id"], "choose_for_me": True}).get_json()
    assert [(each["leg"], each["status"]) for each in taken["rides"]] == [("out", "bound"), ("back", "will_call")]
    ready = rider.call("POST", f"/v1/rides/{taken['rides'][1]['id']}/ready")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "bound"), ready.get_json()


def test_what_cancelling_costs_is_said_before(rider: Rider) -> None:
    ride = rider.bound()
    terms = rider.call("GET", f"/v1/rides/{ride['id']}/cancellation-terms").get_json()
    assert terms["is_free"] and not terms["is_late"]
    cancelled = rider.call("POST", f"/v1/rides/{ride['id']}/cancellation", {})
    assert (cancelled.status_code, cancelled.get_json()["status"]) == (200, "cancelled")
    assert rider.call("GET", "/v1/rides?when=past").get_json()["items"][0]["ended_by"] == "rider"
    assert rider.town.their_orders("bound") == []


def test_a_change_is_made_where_the_fleet_agrees_and_else_it_stays(rider: Rider) -> None:
    ride = rider.bound()
    path, later = f"/v1/rides/{ride['id']}/changes", on_the_wire(rider.town.now + timedelta(hours=6))
    changed = rider.call("POST", path, {"pick_up_at": later, "notes": "側門"})
    assert (changed.status_code, changed.get_json()["pick_up_at"]) == (200, later), changed.get_json()
    refused = rider.call("POST", path, {"companions": 8})
    assert (refused.status_code, refused.get_json()["reason"]) == (409, "no_vehicle")
    assert rider.call("GET", f"/v1/rides/{ride['id']}").get_json()["companions"] == 0
    past = on_the_wire(rider.town.now - timedelta(hours=1))
    assert rider.call("POST", path, {"pick_up_at": past}).status_code == 422


def test_what_a_fleet_tells_is_verified_taken_once_and_its_place_shown_only_under_way(rider: Rider) -> None:
    ride = rider.bound()
    client, (order,) = rider.client, rider.town.their_orders("bound")
    at = clock.now()
    seen = VehicleAt(order["fleet_order"], order["vehicle"], 22.63, 120.35, at, at + timedelta(minutes=9))
    path = f"/v1/rides/{ride['id']}"
    assert tell(client, order["trip"], seen).status_code == 200
    assert rider.call("GET", path).get_json()["position"] is None
    on_the_way = FleetStatus("on_the_way", at, order["fleet_order"])
    assert tell(client, order["trip"], on_the_way, path=f"/v1/fleet/trips/{order['trip']}/events").status_code == 200
    number = order["vehicle"]
    assert tell(client, order["trip"], seen, path=f"/v1/fleet/vehicles/{number}/position").status_code == 200
    shown = rider.call("GET", path).get_json()
    assert (shown["status"], shown["position"]["latitude"]) == ("on_the_way", 22.63)
    assert tell(client, order["trip"], on_the_way, fleet="harbour").status_code == 404
    content = b"{}"
    headers = wire.signature_headers("another secret", "x", b"", content)
    forged = client.post("/v1/webhooks/partners/yellow", data=content, headers=headers, content_type="application/json")
    assert forged.status_code == 403
    assert client.post("/v1/webhooks/partners/nobody", data=b"{}", content_type="application/json").status_code == 404


def test_none_free_says_what_to_do_now(rider: Rider) -> None:
    for fleet in ("yellow", "harbour", "mountain"):
        rider.town.books.set_switch(fleet, "ask", "refuses")
    body = rider.ask().get_json()
    assert (body["status"], body["offers"]) == ("none", [])
    assert [each["code"] for each in body["what_now"]][:3] == ["waitlist", "city_line", "taxi_rank"]
    assert all(each["reason_words"] for each in body["asks"])
    refused = rider.call("POST", "/v1/rides", {"request_id": body["id"], "choose_for_me": True})
    assert refused.get_json()["type"].endswith("/ride-nothing-to-choose")
    gone = rider.call("POST", f"/v1/ride-requests/{body['id']}/withdrawal")
    assert gone.get_json()["status"] == "withdrawn"


def test_somebody_elses_ride_is_not_found(rider: Rider, client: FlaskClient) -> None:
    ride = rider.bound()
    other = rider.town.rider()
    with db.unit_of_work() as session:
        issued = sessions.begin(
            session, person_id=other.id, amr=("pwd", "sms"), transport="bearer", user_agent="", replaces=None,
            now=clock.now(),
        )  # fmt: skip
    stranger = Rider(rider.town, client, other, issued.token)
    assert stranger.call("GET", f"/v1/rides/{ride['id']}").status_code == 404
    assert stranger.call("POST", f"/v1/rides/{ride['id']}/cancellation", {}).status_code == 404
    assert stranger.call("GET", f"/v1/ride-requests/{ride['request_id']}").status_code == 404


def test_a_pin_in_taoyuan_city_proposes_taoyuan_district(rider: Rider) -> None:
    answer = rider.ask(to={"latitude": 24.99, "longitude": 121.31, "label": "桃園"})
    assert answer.status_code == 422
    assert answer.get_json()["district"] == "64000370"


def test_every_fleets_rules_are_words_with_their_source(rider: Rider) -> None:
    rider.town.connect("rehabus", "yellow")
    items = rider.call("GET", "/v1/ride-fleets", language="zh-TW").get_json()["items"]
    own = next(each for each in items if each["fleet"] == "rehabus")
    assert "7 天前開放預約" in own["booking_words"] and own["source"].startswith("高雄市復康巴士")
    assert own["pooled_obligatory"] and not own["is_confirmed"]


def test_a_caregiver_books_with_the_scope_for_it_and_is_told_to_the_fleet(rider: Rider, client: FlaskClient) -> None:
    principal, agent = somebody(client, 41, "陳阿嬤"), somebody(client, 42, "陳大明")
    rider.town.rider(person_id=principal.person_id)
    looks, books = (agreed(principal, agent, scope) for scope in ("rides:read", "rides:book"))
    wish = {
        "from": {"latitude": HOME.latitude, "longitude": HOME.longitude},
        "to": {"latitude": HOSPITAL.latitude, "longitude": HOSPITAL.longitude},
        "pick_up_at": on_the_wire(rider.town.now + timedelta(hours=5)),
    }  # fmt: skip
    refused = agent.acting(looks).send("POST", "/v1/ride-requests", wish, Idempotency_Key="1")
    assert (refused.status_code, refused.get_json()["type"].rsplit("/", 1)[1]) == (403, "not-delegated")
    acting = agent.acting(books)
    asked = acting.got("POST", "/v1/ride-requests", wish, Idempotency_Key="2")
    offer = next(each for each in asked["offers"] if each["fleet"] == "yellow")
    (ride,) = acting.got("POST", "/v1/rides", {"offer_id": offer["id"]}, Idempotency_Key="3")["rides"]
    rider.town.sweep(300)
    (theirs,) = rider.town.their_orders("bound")
    assert "陳大明" in theirs["customer"] and "陳阿嬤" in theirs["customer"]
    assert principal.got("GET", f"/v1/rides/{ride['id']}")["status"] == "bound"
    log = rider.town.rows("SELECT what FROM identity.access_log WHERE person_id = :id", id=principal.person_id)
    assert {"done_ride_asked", "done_ride_booked", "ride_told"} <= {row.what for row in log}
