"""The dispatch desk: a day, what a change would mean, making it, a van that breaks down, and the day once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from accessibility.own_fleet import breakdowns, tasks
from core import clock
from partners.fleets.contents import FleetStatus, VehicleSeen
from tests.accessibility.own_fleet.city_vans import HOSPITAL, PARK, a_van, check_plan, rows
from tests.accessibility.own_fleet.driving_city import CODE, Driven
from tests.accessibility.own_fleet.test_driving import DOOR, slug
from tests.signed_in_officer import signed_in_officer


@dataclass(frozen=True)
class Desk:
    """Dispatchers, each of whom has just signed in."""

    client: FlaskClient

    def call(self, *arguments: Any, **headers: str) -> Any:
        return signed_in_officer(self.client, "dispatcher", bureau="transport").call(*arguments, **headers)


@pytest.fixture
def desk(driven: Driven) -> Desk:
    """The dispatch desk."""
    return Desk(driven.client)


def ask(desk: Desk, method: str, path: str, body: Any = None, **headers: str) -> Any:
    if method in ("POST", "DELETE"):
        headers.setdefault("Idempotency_Key", str(uuid4()))
    return desk.call(method, f"/v1/dispatch/{path}", body, **headers)


def assign(desk: Desk, trip: str, vehicle: str | None, version: int, **more: Any) -> Any:
    return ask(desk, "POST", "assignments", {"trip": trip, "vehicle": vehicle, **more}, If_Match=f'"{version}"')


def van_of(trip: str) -> str | None:
    (row,) = rows(
        "SELECT v.number FROM accessibility.van_order AS o LEFT JOIN accessibility.van_tour AS t ON t.id = o.tour_id "
        "LEFT JOIN accessibility.van AS v ON v.id = t.van_id WHERE o.trip = :trip",
        trip=trip,
    )
    return row.number  # type: ignore[no-any-return]


def test_a_day_shows_vans_stops_and_loads_but_nobody_s_name(driven: Driven, desk: Desk) -> None:
    trip = driven.ride(companions=1)
    day = ask(desk, "GET", f"day?date={driven.eight.date()}")
    (van,) = day.json["vehicles"]
    assert (van["number"], van["status"], van["late_minutes"]) == ("R001", "in_service", 0)
    assert van["layouts"] == [{"wheelchairs": 1, "seats": 4}, {"wheelchairs": 2, "seats": 2}]
    assert [(stop["trip"], stop["kind"], stop["rider"]) for stop in van["stops"]] == [
        (trip, "pickup", None), (trip, "dropoff", None),
    ]  # fmt: skip
    assert van["stops"][0]["places_taken"] == {"wheelchairs": 1, "seats": 1}
    assert van["stops"][0]["place"]["label"] == "新興區" and "王小明" not in day.text
    assert not rows("SELECT 1 FROM identity.access_log")

    read = ask(desk, "GET", f"trips/{trip}")
    assert read.json["rider"]["name"] == "王小明" and read.json["vehicle"] == "R001"
    (entry,) = rows("SELECT person_id, what, purpose, reference FROM identity.access_log")
    assert tuple(entry) == (driven.riders.riders[trip], "ride", "ride_dispatched", trip)
    assert ask(desk, "GET", "trips/never-heard-of").status_code == 404
    other = signed_in_officer(driven.client, "finance")
    assert other.call("GET", "/v1/dispatch/day").status_code == 403


def test_a_trip_goes_to_another_van_as_it_was_promised(driven: Driven, desk: Desk) -> None:
    trip = driven.ride()
    a_van("R002")
    rows("DELETE FROM accessibility.van_day RETURNING 1")
    ask(desk, "GET", "day")
    meant = ask(desk, "POST", "what-if", {"trip": trip, "vehicle": "R002"}).json
    assert meant["is_feasible"] and meant["is_possible"] and not meant["broken"]
    assert {(each["trip"], each["was_at"]) for each in meant["later"]} == {(trip, None)}

    assert ask(desk, "POST", "assignments", {"trip": trip, "vehicle": "R002"}).status_code == 428
    assert assign(desk, trip, "R002", meant["version"] + 1).status_code == 412
    done = assign(desk, trip, "R002", meant["version"], reason="路線較順")
    assert (done.status_code, done.json["vehicle"], done.json["broken"]) == (200, "R002", [])
    assert van_of(trip) == "R002" and check_plan(clock.now()) == 1
    told = driven.riders.told_of[-1][1]
    assert isinstance(told, VehicleSeen) and told.vehicle_number == "R002"
    assert assign(desk, trip, "R009", 1).status_code == 404


def test_a_promise_is_broken_only_with_a_reason_and_never_that_people_fit(driven: Driven, desk: Desk) -> None:
    narrow: Any = {"may_be_pooled": False, "window_starts_at": driven.eight + timedelta(hours=1),
                   "window_ends_at": driven.eight + timedelta(hours=1, minutes=4)}  # fmt: skip
    kept = driven.ride("09:00", **narrow)
    a_van("R002")
    rows("DELETE FROM accessibility.van_day RETURNING 1")
    ask(desk, "GET", "day")
    moved = driven.ride("09:00", **narrow)
    target = van_of(kept)
    assert target and van_of(moved) not in (None, target)

    meant = ask(desk, "POST", "what-if", {"trip": moved, "vehicle": target}).json
    assert meant["is_possible"] and not meant["is_feasible"]
    assert meant["broken"] and all(each["minutes"] > 0 and each["trip"] in (kept, moved) for each in meant["broken"])
    refused = assign(desk, moved, target, meant["version"])
    assert slug(refused) == "would-break-promise" and refused.json["broken"]
    assert slug(assign(desk, moved, target, meant["version"], override=True)) == "override-reason-needed"
    done = assign(desk, moved, target, meant["version"], override=True, reason="原車輪胎異常")
    assert done.status_code == 200 and done.json["broken"]
    assert van_of(moved) == target and check_plan(clock.now()) == 2, "the wider limits are kept from now on"
    (override,) = rows("SELECT reason, by_kind, data FROM accessibility.van_event WHERE kind = 'override'")
    assert (override.reason, override.by_kind) == ("原車輪胎異常", "officer") and override.data["broken"]
    late = {trip for trip, event in driven.riders.told_of if isinstance(event, VehicleSeen)}
    assert {each["trip"] for each in done.json["broken"]} <= late
    told = ask(desk, "GET", f"trips/{moved}").json
    assert told["window_ends_at"] == (driven.eight + timedelta(hours=1, minutes=4)).isoformat()

    a_van("R003", width_mm=600)
    rows("DELETE FROM accessibility.van_day RETURNING 1")
    ask(desk, "GET", "day")
    never = ask(desk, "POST", "what-if", {"trip": moved, "vehicle": "R003"}).json
    assert not never["is_possible"] and [each["promise"] for each in never["broken"]] == ["fit"]
    assert slug(assign(desk, moved, "R003", never["version"], override=True, reason="一定要")) == "does-not-fit-the-van"


def test_a_trip_out_of_its_van_is_unassigned_until_another_takes_it(driven: Driven, desk: Desk) -> None:
    trip = driven.ride("14:00")
    (van,) = ask(desk, "GET", "day").json["vehicles"]
    assert assign(desk, trip, None, van["version"], reason="司機不適").json["vehicle"] is None
    (waiting,) = ask(desk, "GET", "unassigned").json["items"]
    assert waiting["trip"] == trip and not waiting["is_rescue"] and check_plan(clock.now()) == 0
    assert tasks.find_places(clock.now()) == 1
    assert ask(desk, "GET", "unassigned").json["items"] == [] and van_of(trip) == "R001"


def test_after_a_breakdown_rides_go_to_others_or_back_to_all_fleets(driven: Driven, desk: Desk) -> None:
    soon = [driven.ride("09:00", may_be_pooled=False), driven.ride("10:30", may_be_pooled=False)]
    far = driven.ride("15:00", companions=3)
    a_van("R002", layouts=[(1, 1)], hours=("08:00", "13:00"))
    rows("DELETE FROM accessibility.van_day RETURNING 1")
    ask(desk, "GET", "day")
    body = {"reason": "引擎過熱"}
    key, officer = str(uuid4()), signed_in_officer(driven.client, "dispatcher", bureau="transport")
    answer: Any = officer.call("POST", "/v1/dispatch/vehicles/R001/breakdown", body, Idempotency_Key=key)
    assert {(each["trip"], each["vehicle"]) for each in answer.json["reassigned"]} == {(each, "R002") for each in soon}
    assert [each["trip"] for each in answer.json["unassigned"]] == [far]
    again: Any = officer.call("POST", "/v1/dispatch/vehicles/R001/breakdown", body, Idempotency_Key=key)
    assert again.json == answer.json and again.headers["Idempotency-Replayed"] == "true"
    assert check_plan(clock.now()) == 2
    assert [van["status"] for van in ask(desk, "GET", "day").json["vehicles"]] == ["broken_down", "in_service"]
    assert far not in {trip for trip, event in driven.riders.told_of if isinstance(event, FleetStatus)}

    driven.at(clock.now() + breakdowns.PATIENCE + timedelta(seconds=1))
    tasks.find_places(clock.now())
    trip, told = driven.riders.told_of[-1]
    assert isinstance(told, FleetStatus) and (trip, told.state, told.by) == (far, "cancelled", "fleet")
    assert ask(desk, "DELETE", "vehicles/R001/breakdown").status_code == 204
    assert van_of(driven.ride("16:00")) == "R001", "it takes rides again"
    assert ask(desk, "POST", "vehicles/R999/breakdown", body).status_code == 404


def test_whoever_is_aboard_a_broken_van_is_fetched_by_another(driven: Driven, desk: Desk) -> None:
    trip = driven.ride("09:00", pickup=PARK)
    driver = driven.driver()
    pickup = driver.stop("pickup", trip)["id"]
    driven.at("09:00")
    driver.call("POST", f"stops/{pickup}/arrival", DOOR)
    driver.call("POST", f"stops/{pickup}/aboard", {"code": CODE})
    stands = {"latitude": 22.61123, "longitude": 120.29877}
    driver.call("PUT", "position", stands)
    driver.call("POST", "incident", {"kind": "breakdown", "note": "拋錨"})
    assert driver.call("GET", "manifest").json["is_broken"]
    tasks.find_places(clock.now())
    (waiting,) = ask(desk, "GET", "unassigned").json["items"]
    assert waiting["trip"] == trip and waiting["is_rescue"]

    a_van("R002", depot=HOSPITAL)
    rows("DELETE FROM accessibility.van_day RETURNING 1")
    ask(desk, "GET", "day")
    tasks.find_places(clock.now())
    assert van_of(trip) == "R002" and driven.riders.words_about(trip)[-1] == "VehicleSeen"
    other = driven.driver("R002")
    fetched = other.stop("pickup", trip)
    # Not where they were picked up first: where they sit and wait.
    assert {name: fetched["place"][name] for name in stands} == stands and fetched["rider"]["phone"]
    driven.at("09:40")
    assert other.call("POST", f"stops/{fetched['id']}/arrival", stands).status_code == 200
    driven.at("10:30")
    assert other.call("POST", f"stops/{fetched['id']}/no-show", stands).status_code == 409
    assert other.call("POST", f"stops/{fetched['id']}/aboard", {"code": None, "reason": "接駁"}).status_code == 200
    out = other.stop("dropoff", trip)["id"]
    assert other.call("POST", f"stops/{out}/out", {}).status_code == 200
    assert [word for word in driven.riders.words_about(trip) if word.islower()][-2:] == ["aboard", "done"]


def test_a_day_can_be_looked_at_again(driven: Driven, desk: Desk) -> None:
    trip = driven.ride()
    driver = driven.driver()
    driven.at("08:58")
    driver.call("PUT", "position", DOOR)
    driver.call("POST", f"stops/{driver.stop('pickup', trip)['id']}/arrival", DOOR)
    seen = ask(desk, "GET", "replay").json
    assert [event["kind"] for event in seen["events"]] == ["held", "bound", "position", "arrival"]
    assert ask(desk, "GET", "replay?vehicle=R001").json == seen
    assert ask(desk, "GET", "replay?vehicle=R002").json["events"] == []
    assert seen["events"][2]["latitude"] == round(DOOR["latitude"], 5) and seen["events"][3]["words"] == "抵達"
    with pytest.raises(Exception, match="is not changed"):
        rows("UPDATE accessibility.van_event SET reason = 'x' RETURNING 1")
