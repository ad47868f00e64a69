"""The driver's day: who drives, what they are shown, what they say, and what riders' room hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accessibility.own_fleet import tasks
from core import clock
from core.clock import on_the_wire
from core.settings import settings
from partners.fleets.contents import TripDone, VehicleAt, VehicleSeen
from tests.accessibility.own_fleet.city_vans import HOSPITAL, PARK, PIN, check_plan, rows
from tests.accessibility.own_fleet.driving_city import CODE, TOLD, Driven

DOOR = {"latitude": TOLD.pickup.latitude, "longitude": TOLD.pickup.longitude}


def slug(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("/")[2]


def test_who_drives_is_known_by_van_and_pin_around_their_shift_and_tries_are_counted(driven: Driven) -> None:
    client = driven.client
    begun: Any = client.post("/v1/driver/session", json={"vehicle": "R001", "pin": PIN})
    assert (begun.status_code, begun.json["token"], begun.json["vehicle"]["number"]) == (201, None, "R001")
    cookie = begun.headers["Set-Cookie"]
    assert cookie.startswith("__Host-driver=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    browser = client.application.test_client(use_cookies=False)
    sent = {"Cookie": cookie.partition(";")[0]}
    known: Any = browser.get("/v1/driver/session", headers=sent)
    assert known.json["driver"]["name"] == "司機001"
    assert slug(browser.delete("/v1/driver/session", headers=sent)) == "cross-site-request"
    assert browser.delete("/v1/driver/session", headers=sent | {"Origin": settings().public_origin}).status_code == 204
    assert browser.get("/v1/driver/session", headers=sent).status_code == 401

    for _ in range(10):
        assert slug(client.post("/v1/driver/session", json={"vehicle": "R001", "pin": "000000"})) == "driver-pin-wrong"
    locked = client.post("/v1/driver/session", json={"vehicle": "R001", "pin": PIN})
    assert (slug(locked), locked.status_code) == ("driver-too-many-tries", 429)
    assert int(locked.headers["Retry-After"]) > 0

    driven.at(clock.now() + timedelta(hours=18))
    nobody = client.post("/v1/driver/session", json={"vehicle": "R001", "pin": PIN})
    assert slug(nobody) == "driver-pin-wrong"


def test_a_newer_session_at_the_wheel_ends_the_older(driven: Driven) -> None:
    driven.ride()
    first, second = driven.driver(), driven.driver()
    assert first.call("GET", "manifest").status_code == 401
    assert second.call("GET", "manifest").status_code == 200


def test_a_ride_from_the_door_to_the_end(driven: Driven) -> None:
    trip = driven.ride()
    driver = driven.driver()
    manifest = driver.call("GET", "manifest").json
    assert [stop["kind"] for stop in manifest["stops"]] == ["pickup", "dropoff"]
    assert [each["minutes"] for each in manifest["breaks"]] == [30]
    pickup = driver.stop("pickup", trip)
    assert pickup["rider"]["name"] == "王小明" and pickup["place"]["address"] == "新興區中正三路 1 號"
    assert pickup["chair"] == {"kind": "manual", "width_cm": 65, "length_cm": 110, "weight_kg": 180}

    driven.at("08:50")
    assert tasks.set_out(clock.now()) == 1
    assert driver.call("PUT", "position", DOOR).status_code == 204
    driven.at("08:58")
    came = driver.call("POST", f"stops/{pickup['id']}/arrival", DOOR)
    assert came.status_code == 200
    assert driver.stop("pickup", trip)["status"] == "arrived"
    assert slug(driver.call("POST", f"stops/{pickup['id']}/out", {})) == "stop-not-now"
    assert slug(driver.call("POST", f"stops/{pickup['id']}/aboard", {"code": "0000"})) == "ride-code-wrong"
    assert slug(driver.call("POST", f"stops/{pickup['id']}/aboard", {"code": None})) == "override-reason-needed"
    driven.at("09:03")
    assert driver.call("POST", f"stops/{pickup['id']}/aboard", {"code": CODE}).status_code == 200
    dropoff = driver.stop("dropoff", trip)
    assert dropoff["ride_status"] == "aboard"
    driven.at("09:20")
    assert driver.call("POST", f"stops/{dropoff['id']}/out", {}).status_code == 200
    assert driver.stop("dropoff", trip)["rider"] is None, "who has been brought home is nobody's business any more"

    words = driven.riders.words_about(trip)
    assert words[0] == "VehicleSeen"
    assert [word for word in words if word.islower()] == ["on_the_way", "at_door", "aboard", "done"]
    done = next(event for _, event in driven.riders.told_of if isinstance(event, TripDone))
    assert round((done.dropped_off_at - done.picked_up_at) / timedelta(minutes=1)) == 17 and done.fare_twd > 0
    read = rows("SELECT actor_kind, what, purpose, actor_name FROM identity.access_log")
    assert [tuple(row) for row in read] == [("driver", "ride", "ride_driven", "司機001")]
    assert check_plan(clock.now()) == 0


def test_the_driver_reads_since_when_a_rider_waits_at_the_door(driven: Driven) -> None:
    trip, driver = driven.ride(), driven.driver()
    driven.at("08:50")
    assert driver.stop("pickup", trip)["rider_at_door_since"] is None
    since = driven.at("08:52")
    driven.fleet.port.status_of(driven.fleet.dispatch(trip), rider_at_door_since=since)
    assert driver.stop("pickup", trip)["rider_at_door_since"] == on_the_wire(since)
    assert driver.stop("dropoff", trip)["rider_at_door_since"] is None


def test_a_tap_that_comes_later_says_when_it_was(driven: Driven) -> None:
    trip = driven.ride()
    driver = driven.driver()
    pickup = driver.stop("pickup", trip)["id"]
    driven.at("09:30")
    before, after = (driven.eight.replace(hour=9, minute=minute).isoformat() for minute in (1, 4))
    assert driver.call("POST", f"stops/{pickup}/arrival", {"at": before}).status_code == 200
    answer = driver.call("POST", f"stops/{pickup}/aboard", {"code": CODE, "at": after})
    stop = next(each for each in answer.json["stops"] if each["id"] == pickup)
    assert (stop["arrived_at"], stop["left_at"]) == (before, after)
    future = (driven.eight + timedelta(hours=5)).isoformat()
    out = driver.call("POST", f"stops/{driver.stop('dropoff', trip)['id']}/out", {"at": future}).json
    assert all(each["left_at"] <= driven.eight.replace(hour=9, minute=31).isoformat() for each in out["stops"])


def test_nobody_is_left_behind_before_the_time_or_from_afar(driven: Driven) -> None:
    trip = driven.ride()
    driver = driven.driver()
    pickup = driver.stop("pickup", trip)["id"]
    driven.at("08:56")
    driver.call("POST", f"stops/{pickup}/arrival", DOOR)
    since = driver.stop("pickup", trip)["no_show_from"]
    driven.at("09:04")
    early = driver.call("POST", f"stops/{pickup}/no-show", DOOR)
    assert (slug(early), early.json["not_before"]) == ("not-waited-long-enough", since)
    driven.at(datetime.fromisoformat(since) + timedelta(minutes=1))
    afar = driver.call("POST", f"stops/{pickup}/no-show", {"latitude": PARK.latitude, "longitude": PARK.longitude})
    assert slug(afar) == "not-at-the-door" and afar.json["metres"] > 1_000
    assert driver.call("POST", f"stops/{pickup}/no-show", DOOR | {"note": "電話沒接"}).status_code == 200
    (event,) = rows("SELECT reason, data FROM accessibility.van_event WHERE kind = 'no_show'")
    assert event.reason == "電話沒接" and event.data["waited_minutes"] >= 10 and event.data["metres"] < 300
    assert driven.riders.words_about(trip)[-1] == "no_show"
    assert [stop["status"] for stop in driver.call("GET", "manifest").json["stops"]] == ["no_show"]


def test_a_code_and_a_no_show_that_cross_end_as_one_of_the_two(driven: Driven) -> None:
    """Nobody is aboard and missed: what was said first stands, and the other is refused."""
    for first in ("aboard", "no-show"):
        trip = driven.ride("09:00" if first == "aboard" else "11:00")
        driver = driven.driver()
        pickup = driver.stop("pickup", trip)
        driven.at(datetime.fromisoformat(pickup["window_starts_at"]))
        driver.call("POST", f"stops/{pickup['id']}/arrival", DOOR)
        driven.at(datetime.fromisoformat(driver.stop("pickup", trip)["no_show_from"]) + timedelta(seconds=1))
        said = {"aboard": {"code": CODE}, "no-show": DOOR}
        assert driver.call("POST", f"stops/{pickup['id']}/{first}", said.pop(first)).status_code == 200
        ((second, body),) = said.items()
        assert slug(driver.call("POST", f"stops/{pickup['id']}/{second}", body)) == "stop-not-now"
        words = driven.riders.words_about(trip)
        assert ("no_show" in words) is (first == "no-show") and ("aboard" in words) is (first == "aboard")
        if first == "aboard":
            driver.call("POST", f"stops/{driver.stop('dropoff', trip)['id']}/out", {})


def test_who_said_to_be_at_the_door_from_afar_cannot_say_that_nobody_came(driven: Driven) -> None:
    """Waiting begins with coming: from elsewhere it is no proof."""
    trip = driven.ride()
    driver = driven.driver()
    pickup = driver.stop("pickup", trip)["id"]
    driven.at("08:56")
    driver.call("POST", f"stops/{pickup}/arrival", {"latitude": PARK.latitude, "longitude": PARK.longitude})
    driven.at("09:30")
    answer = driver.call("POST", f"stops/{pickup}/no-show", DOOR)
    assert slug(answer) == "not-at-the-door" and answer.json["metres"] > 1_000
    assert driver.call("POST", f"stops/{pickup}/aboard", {"code": CODE}).status_code == 200


def test_who_was_told_that_the_van_is_late_is_not_left_behind_before_that(driven: Driven) -> None:
    trip = driven.ride()
    driver = driven.driver()
    pickup = driver.stop("pickup", trip)
    rows("UPDATE accessibility.van_order SET late_told_minutes = 30 RETURNING 1")
    driven.at("08:58")
    driver.call("POST", f"stops/{pickup['id']}/arrival", DOOR)
    told = datetime.fromisoformat(pickup["window_ends_at"]) + timedelta(minutes=30)
    assert datetime.fromisoformat(driver.stop("pickup", trip)["no_show_from"]) == told


def test_who_was_told_that_it_is_late_hears_when_it_is_not_after_all(driven: Driven) -> None:
    first, second = driven.ride("09:00", may_be_pooled=False), driven.ride("09:40", may_be_pooled=False)
    driver = driven.driver()
    rows("UPDATE accessibility.van_order SET late_told_minutes = 30 WHERE trip = :trip RETURNING 1", trip=second)
    driven.at("08:58")
    heard = len(driven.riders.told_of)
    driver.call("POST", f"stops/{driver.stop('pickup', first)['id']}/arrival", DOOR)
    (seen,) = [event for trip, event in driven.riders.told_of[heard:] if trip == second]
    assert isinstance(seen, VehicleSeen)
    (order,) = rows("SELECT late_told_minutes FROM accessibility.van_order WHERE trip = :trip", trip=second)
    assert order.late_told_minutes == 0


def test_a_rest_is_taken_with_nobody_aboard(driven: Driven) -> None:
    trip = driven.ride()
    driver = driven.driver()
    pickup = driver.stop("pickup", trip)["id"]
    driven.at("09:00")
    driver.call("POST", f"stops/{pickup}/arrival", DOOR)
    driver.call("POST", f"stops/{pickup}/aboard", {"code": CODE})
    assert slug(driver.call("POST", "break", {"is_beginning": True})) == "somebody-aboard"
    driven.at("09:20")
    driver.call("POST", f"stops/{driver.stop('dropoff', trip)['id']}/out", {})
    driven.at("11:10")
    assert driver.call("POST", "break", {"is_beginning": True}).json["breaks"][0]["began_at"]
    driven.at("11:40")
    assert driver.call("POST", "break", {"is_beginning": False}).json["breaks"][0]["ended_at"]
    assert driver.call("POST", "break", {"is_beginning": True}).status_code == 404


def test_riders_are_warned_before_it_is_late(driven: Driven) -> None:
    first, second = driven.ride("09:00", may_be_pooled=False), driven.ride("09:40", may_be_pooled=False)
    driver = driven.driver()
    (told,) = rows("SELECT trip, window_ends_at FROM accessibility.van_stop AS s JOIN accessibility.van_order AS o "
                   "ON o.id = s.order_id WHERE s.kind = 'pickup' AND o.trip = :trip", trip=second)  # fmt: skip
    pickup = driver.stop("pickup", first)["id"]
    driven.at("09:10")
    driver.call("POST", f"stops/{pickup}/arrival", DOOR)
    driven.at(told.window_ends_at - timedelta(minutes=4))
    heard = len(driven.riders.told_of)
    assert clock.now() < told.window_ends_at
    driver.call("POST", f"stops/{pickup}/aboard", {"code": CODE})
    warnings = [
        event for trip, event in driven.riders.told_of[heard:] if trip == second and isinstance(event, VehicleSeen)
    ]
    assert len(warnings) == 1 and warnings[0].available_at > told.window_ends_at


def test_a_van_of_which_nothing_is_heard_makes_the_next_ones_late_and_they_are_told(driven: Driven) -> None:
    first, second = driven.ride("09:00", may_be_pooled=False), driven.ride("09:40", may_be_pooled=False)
    driver = driven.driver()
    (told,) = rows("SELECT window_ends_at FROM accessibility.van_stop AS s JOIN accessibility.van_order AS o "
                   "ON o.id = s.order_id WHERE s.kind = 'pickup' AND o.trip = :trip", trip=second)  # fmt: skip
    driven.at("09:05")
    driver.call("POST", f"stops/{driver.stop('pickup', first)['id']}/arrival", DOOR)
    heard = len(driven.riders.told_of)
    tasks.look_ahead(driven.at(told.window_ends_at - timedelta(minutes=4)))
    assert [event for trip, event in driven.riders.told_of[heard:] if trip == second and isinstance(event, VehicleSeen)]


def test_whoever_waits_for_a_van_that_says_nothing_hears_within_seconds_of_the_end_of_their_time(
    driven: Driven,
) -> None:
    trip = driven.ride("09:00", may_be_pooled=False)
    driven.driver()
    (told,) = rows("SELECT window_ends_at FROM accessibility.van_stop WHERE kind = 'pickup'")
    heard = len(driven.riders.told_of)
    tasks.look_ahead(driven.at(told.window_ends_at - timedelta(seconds=90)))
    assert driven.riders.told_of[heard:] == []
    tasks.look_ahead(driven.at(told.window_ends_at + timedelta(seconds=5)))
    ((whose, warning),) = driven.riders.told_of[heard:]
    assert whose == trip and isinstance(warning, VehicleSeen) and warning.available_at > told.window_ends_at


def test_where_the_van_is_goes_to_those_it_carries_or_comes_for(driven: Driven) -> None:
    first, last = driven.ride("09:00"), driven.ride("15:00")
    driver = driven.driver()
    driven.at("08:55")
    tasks.set_out(clock.now())
    driver.call("PUT", "position", DOOR)
    seen = [(trip, event) for trip, event in driven.riders.told_of if isinstance(event, VehicleAt)]
    assert {trip for trip, _ in seen} == {first} and last not in dict(seen)
    assert seen[0][1].arrives_at is not None
    for _ in range(3):
        driver.call("PUT", "position", {"latitude": HOSPITAL.latitude, "longitude": HOSPITAL.longitude})
    assert len([event for _, event in driven.riders.told_of if isinstance(event, VehicleAt)]) == len(seen), (
        "at most every 20 s"
    )
    assert len(rows("SELECT 1 FROM accessibility.van_event WHERE kind = 'position'")) == 1


@pytest.mark.parametrize("path", ["stops/stop_00000000000000000000000000/arrival", "stops/nonsense/out"])
def test_a_stop_of_nobody_is_not_there(driven: Driven, path: str) -> None:
    assert driven.driver().call("POST", path, {}).status_code == 404


def test_who_rests_is_not_planned_with_until_the_rest_is_over(driven: Driven) -> None:
    driver = driven.driver()
    driven.at("11:00")
    driver.call("POST", "break", {"is_beginning": True})
    driven.at("11:02")
    soon: Any = {"window_starts_at": driven.eight.replace(hour=11, minute=15), "may_be_pooled": False}
    trip = driven.ride("11:20", window_ends_at=driven.eight.replace(hour=11, minute=50), **soon)
    planned = datetime.fromisoformat(driver.stop("pickup", trip)["planned_at"])
    assert planned >= driven.eight.replace(hour=11, minute=29)
    assert check_plan(clock.now()) == 1
