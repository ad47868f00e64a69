"""Vans, depots and drivers: added, changed, retired; what rides that were promised stand against."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from tests.accessibility.own_fleet.city_vans import HOSPITAL, check_plan, rows, wish
from tests.accessibility.own_fleet.driving_city import Driven
from tests.accessibility.own_fleet.test_desk import van_of
from tests.accessibility.own_fleet.test_driving import slug
from tests.accessibility.van_office.office import DRIVER, VAN, Office, a_shift, buy, hire


@pytest.fixture
def office(driven: Driven) -> Office:
    return Office(driven)


def change(office: Office, number: str, body: dict[str, Any], version: int = 1) -> Any:
    return office.call("PATCH", f"vehicles/{number}", body, version=version)


def test_a_van_is_added_once_and_changed_by_whoever_has_read_it(driven: Driven, office: Office) -> None:
    made = buy(office)
    assert made["layouts"] == VAN["layouts"] and (made["version"], made["rides"], made["features"]) == (1, 0, ["O"])
    for again, member in ((VAN | {"plate": "OTHER-1"}, "/number"), (VAN | {"number": "R051"}, "/plate")):
        refused = office.call("POST", "vehicles", again)
        assert (slug(refused), refused.json["errors"][0]["pointer"]) == ("number-taken", member)
    nowhere = office.call("POST", "vehicles", VAN | {"number": "R052", "plate": "OTHER-2", "depot": "nowhere"})
    assert (nowhere.status_code, nowhere.json["errors"][0]["pointer"]) == (422, "/depot")
    hand = office.call("POST", "vehicles", VAN | {"number": "R052", "plate": "OTHER-2", "has_lift": False})
    assert hand.json["errors"][0]["pointer"] == "/has_lift", "nobody lifts a chair by hand"
    assert change(office, "R050", {"model": "Hiace"}, version=7).status_code == 412
    assert office.call("PATCH", "vehicles/R050", {"model": "Hiace"}).status_code == 428
    changed = change(office, "R050", {"model": "Hiace", "features": []})
    assert (changed.json["model"], changed.json["version"], changed.headers["ETag"]) == ("Hiace", 2, '"2"')
    assert office.call("GET", "vehicles/R050").json == changed.json
    assert [each["number"] for each in office.call("GET", "vehicles").json["items"]] == ["R001", "R050"]
    noted = [row.data for row in rows("SELECT data FROM accessibility.van_event WHERE kind = 'van' ORDER BY at, id")]
    assert noted == [{"done": "added"}, {"done": "changed", "members": ["features", "model"]}]


def test_a_van_too_small_for_what_was_promised_is_refused_by_name(driven: Driven, office: Office) -> None:
    trip = driven.ride("10:00", companions=3)
    seats = {"layouts": [{"wheelchairs": 1, "seats": 2}]}
    refused = change(office, "R001", seats)
    assert slug(refused) == "van-too-small-for-rides" and refused.json["trips"] == [trip]
    for narrower in ({"chair_width_mm": 600}, {"chair_mass_kg": 100}):
        assert slug(change(office, "R001", narrower)) == "van-too-small-for-rides"
    assert change(office, "R001", {"layouts": [{"wheelchairs": 1, "seats": 3}]}).status_code == 200
    assert van_of(trip) == "R001" and check_plan(clock.now()) == 1
    other = driven.fleet.port.ask(driven.fleet.dispatch(), wish("15:00", on=driven.eight, companions=4))
    assert type(other).__name__ == "NoOffer", "the plan knows at once that there are fewer seats"


def test_a_depot_that_moves_takes_its_vans_along(driven: Driven, office: Office) -> None:
    driven.ride("21:00", window_starts_at=driven.eight.replace(hour=21), window_ends_at=driven.eight.replace(hour=21))
    far = {"latitude": 23.2, "longitude": 120.7}
    refused = office.call("PATCH", "depots/d001", far, version=1)
    assert slug(refused) == "van-too-small-for-rides" and len(refused.json["trips"]) == 1, "it would be home too late"
    near = {"latitude": HOSPITAL.latitude, "longitude": HOSPITAL.longitude, "label": "三民站"}
    moved = office.call("PATCH", "depots/d001", near, version=1)
    assert (moved.status_code, moved.json["label"], moved.json["vans"]) == (200, "三民站", 1)
    assert check_plan(clock.now()) == 1
    new = {
        "code": "north",
        "label": "北站",
        "label_en": "North",
        "latitude": 22.8,
        "longitude": 120.3,
        "district": "64000190",
    }
    assert office.call("POST", "depots", new).status_code == 201
    assert slug(office.call("POST", "depots", new)) == "number-taken"
    assert slug(office.call("DELETE", "depots/d001", version=2)) == "still-needed"
    assert office.call("DELETE", "depots/north", version=1).status_code == 204
    assert [each["code"] for each in office.call("GET", "depots").json["items"]] == ["d001"]


def test_a_van_with_rides_is_not_retired(driven: Driven, office: Office) -> None:
    trip = driven.ride("10:00")
    refused = office.call("DELETE", "vehicles/R001", version=1)
    assert slug(refused) == "still-needed" and refused.json["trips"] == [trip]
    tomorrow = office.today + timedelta(days=1)
    out = {"vehicle": "R001", "starts_at": clock.now().isoformat(), "ends_at": office.moment("22:00"), "reason": "報廢"}
    assert office.change(out_of_service=[out]).status_code == 200
    assert office.roster(tomorrow)["shifts"] != []
    assert office.call("DELETE", "vehicles/R001", version=1).status_code == 204
    assert office.roster(tomorrow)["shifts"] == office.roster(tomorrow + timedelta(days=9))["shifts"] == []
    (van,) = office.call("GET", "vehicles").json["items"]
    assert van["retired_at"] and office.call("DELETE", "vehicles/R001", version=2).status_code == 404
    hire(office)
    again = office.what_if(additions=[a_shift(office, "R001", "5050", tomorrow)])
    assert [each["code"] for each in again["faults"]] == ["vehicle_unknown"]


def test_a_driver_signs_in_with_the_pin_that_was_shown_once(driven: Driven, office: Office) -> None:
    buy(office)
    made = hire(office)
    assert slug(office.call("POST", "drivers", DRIVER)) == "number-taken"
    assert office.change(additions=[a_shift(office, "R050", "5050", begins="08:00", ends="12:00")]).status_code == 200

    def begin(pin: str) -> Any:
        body = {"vehicle": "R050", "pin": pin, "transport": "bearer"}
        return driven.client.post("/v1/driver/session", json=body)

    begun = begin(made["pin"])
    assert begun.json["driver"]["name"] == "王大明"
    assert made["pin"] not in office.call("GET", "drivers").text
    other = office.call("POST", "drivers/5050/pin").json["pin"]
    wheel = {"Authorization": f"Bearer {begun.json['token']}"}
    assert driven.client.get("/v1/driver/manifest", headers=wheel).status_code == 401, (
        "the session is over with the PIN"
    )
    assert begin(other).status_code in (200, 201)
    assert not rows(
        "SELECT 1 FROM accessibility.van_event WHERE data::text LIKE '%王大明%' OR data::text LIKE '%0988%'"
    )


def test_who_still_has_shifts_does_not_leave_and_keeps_a_licence_for_them(driven: Driven, office: Office) -> None:
    buy(office)
    hire(office)
    day = office.today + timedelta(days=2)
    assert office.change(additions=[a_shift(office, "R050", "5050", day)]).status_code == 200
    over = {"licence_until": str(office.today + timedelta(days=1))}
    refused = office.call("PATCH", "drivers/5050", over, version=1)
    assert slug(refused) == "still-needed" and refused.json["shifts"] == 1
    assert (
        office.call("PATCH", "drivers/5050", {"licence_until": str(day), "phone": "0988654321"}, version=1).json[
            "phone"
        ]
        == "0988654321"
    )
    assert slug(office.call("DELETE", "drivers/5050", version=2)) == "still-needed"
    assert office.change(removals=[{"shift": office.shift("R050", day)["id"]}]).status_code == 200
    assert office.call("DELETE", "drivers/5050", version=2).status_code == 204
    assert office.call("POST", "drivers/5050/pin").status_code == 404
    assert [each["left_at"] is None for each in office.call("GET", "drivers").json["items"]] == [True, False]
