"""The roster: a shift more, otherwise, or taken away; a van out of service, a driver away; what becomes of the rides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from accessibility.own_fleet import breakdowns, tasks
from core import clock
from partners.fleets.contents import FleetStatus, VehicleSeen
from tests.accessibility.own_fleet.city_vans import a_van, check_plan, rows, wish
from tests.accessibility.own_fleet.driving_city import CODE, Driven
from tests.accessibility.own_fleet.test_desk import van_of
from tests.accessibility.own_fleet.test_driving import DOOR, slug
from tests.accessibility.van_office.office import Office, a_shift, buy, hire
from tests.signed_in_officer import signed_in_officer


@pytest.fixture
def office(driven: Driven) -> Office:
    return Office(driven)


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer["faults"]]


def second_van(office: Office, **changed: Any) -> None:
    """R002 with a driver of its own, all day."""
    a_van("R002", **changed)
    rows("DELETE FROM accessibility.van_day RETURNING 1")
    office.roster()


def test_a_new_van_takes_rides_once_it_has_a_shift(driven: Driven, office: Office) -> None:
    at = driven.eight.replace(hour=10)
    alone = {"may_be_pooled": False, "window_starts_at": at, "window_ends_at": at + timedelta(minutes=4)}
    driven.ride("10:00", **alone)
    buy(office)
    hire(office)
    wanted = {
        "additions": [a_shift(office, "R050", "5050", breaks=[{"begins": "11:00", "latest": "11:30", "minutes": 30}])]
    }
    seen = office.what_if(**wanted)
    assert seen["is_possible"] and seen["rides"] == [] and seen["shifts"][0]["before"] is None
    assert [each["vehicle"] for each in office.roster()["shifts"]] == ["R001"], "looking changes nothing"
    assert office.call("POST", "roster/changes", wanted).status_code == 428
    assert office.change(version=seen["version"] + 1, **wanted).status_code == 412
    done = office.change(**wanted)
    assert done.status_code == 200, done.text
    (added,) = [each for each in office.roster()["shifts"] if each["vehicle"] == "R050"]
    assert (added["begins"], added["ends"], added["status"]) == ("09:00", "12:00", "planned")
    assert added["breaks"] == [{"begins": "11:00", "latest": "11:30", "minutes": 30}]
    assert van_of(driven.ride("10:00", **alone)) == "R050"
    (told,) = rows("SELECT payload FROM core.outbox WHERE kind = 'accessibility.own_fleet_room'")
    assert told.payload == {"days": [str(office.today)], "vans": ["R050"], "why": "shift"}
    (noted,) = rows("SELECT by_kind, by_id, data FROM accessibility.van_event WHERE kind = 'shift'")
    assert (noted.by_kind, noted.by_id) == ("officer", office.officer.officer_id)
    assert noted.data == {"before": None, "after": "5050 09:00-12:00"}


def test_what_cannot_be_is_said_line_by_line_and_changes_nothing(driven: Driven, office: Office) -> None:
    hire(office, licence_until=str(office.today - timedelta(days=1)))
    hire(office, number="5051")
    buy(office)
    busy = office.shift()
    far, past = office.today + timedelta(days=40), office.today - timedelta(days=1)
    lines = [
        (a_shift(office, "R001", "5051"), ["vehicle_busy"]),
        (a_shift(office, "R050", busy["driver"]), ["driver_busy"]),
        (a_shift(office, "R050", "5050", begins="13:00", ends="14:00"), ["licence_over"]),
        (a_shift(office, "R999", "777", begins="15:00", ends="16:00"), ["vehicle_unknown", "driver_unknown"]),
        (a_shift(office, "R050", "5051", far), ["too_far"]),
        (a_shift(office, "R050", "5051", past), ["day_over"]),
        (a_shift(office, "R050", "5051", begins="18:00", ends="17:00"), ["ends_before_begins"]),
        (
            a_shift(office, "R050", "5051", begins="19:00", ends="20:00",
                    breaks=[{"begins": "21:00", "latest": "21:30", "minutes": 30}]),
            ["breaks_do_not_fit"],
        ),
    ]  # fmt: skip
    change = {"additions": [line for line, _ in lines]}
    seen = office.what_if(**change)
    assert not seen["is_possible"]
    found = [(each["pointer"], each["code"]) for each in seen["faults"]]
    assert found == [(f"/additions/{at}", code) for at, (_, wrong) in enumerate(lines) for code in wrong]
    refused = office.change(version=seen["version"], **change)
    assert slug(refused) == "roster-refused" and [each["code"] for each in refused.json["faults"]] == [
        c for _, c in found
    ]
    assert [each["id"] for each in office.roster()["shifts"]] == [busy["id"]]
    gone = office.what_if(removals=[{"shift": busy["id"]}], alterations=[{"shift": busy["id"], "driver": "5051"}])
    assert codes(gone) == ["twice"]
    assert codes(office.what_if(removals=[{"shift": "tour_" + "0" * 26}])) == ["shift_unknown"]
    assert office.call("POST", "roster/what-if", {"removals": [{"shift": "tour_1"}]}).status_code == 422


def test_a_shift_that_is_taken_away_gives_its_rides_to_others_as_it_was_shown(driven: Driven, office: Office) -> None:
    stays, goes = driven.ride("10:00"), driven.ride("15:00", companions=3)
    second_van(office, hours=("08:00", "13:00"))
    change = {"removals": [{"shift": office.shift("R001")["id"]}]}
    driven.riders.told_of.clear()
    seen = office.what_if(**change)
    assert {(each["trip"], each["vehicle"], each["takes"]) for each in seen["rides"]} == {
        (stays, "R001", "R002"), (goes, "R001", None),
    }  # fmt: skip
    assert driven.riders.told_of == [] and van_of(stays) == "R001" and check_plan(clock.now()) == 2
    assert not rows("SELECT 1 FROM accessibility.van_order WHERE place_wanted_until IS NOT NULL")

    key = str(uuid4())
    done = office.call("POST", "roster/changes", change, version=seen["version"], Idempotency_Key=key)
    assert done.status_code == 200 and done.json["rides"] == seen["rides"]
    again = office.call("POST", "roster/changes", change, version=seen["version"], Idempotency_Key=key)
    assert again.json == done.json and again.headers["Idempotency-Replayed"] == "true"
    assert van_of(stays) == "R002" and check_plan(clock.now()) == 1
    assert [trip for trip, event in driven.riders.told_of if isinstance(event, VehicleSeen)] == [stays]
    driven.at(clock.now() + breakdowns.PATIENCE + timedelta(seconds=1))
    tasks.find_places(clock.now())
    trip, told = driven.riders.told_of[-1]
    assert isinstance(told, FleetStatus) and (trip, told.state) == (goes, "cancelled")


def test_somebody_else_did_it_first(driven: Driven, office: Office) -> None:
    driven.ride("10:00")
    change = {"removals": [{"shift": office.shift()["id"]}]}
    seen = office.what_if(**change)
    driven.ride("12:00")
    assert office.change(version=seen["version"], **change).status_code == 412, "more rides than were looked at"
    assert office.change(**change).status_code == 200
    assert codes(office.what_if(**change)) == ["shift_over"]


def test_a_van_out_of_service_for_two_hours_keeps_what_lies_around_them(driven: Driven, office: Office) -> None:
    before, within, after = (driven.ride(at, may_be_pooled=False) for at in ("09:00", "13:00", "17:00"))
    out = {
        "vehicle": "R001", "starts_at": office.moment("12:30"), "ends_at": office.moment("14:30"), "reason": "定期保養",
    }  # fmt: skip
    seen = office.what_if(out_of_service=[out])
    assert [(each["before"] and each["before"]["ends"], each["after"]["begins"], each["after"]["ends"])
            for each in seen["shifts"]] == [("22:00", "06:00", "12:30"), (None, "14:30", "22:00")]  # fmt: skip
    # The afternoon ride is in the second half again; whoever would be picked up in between has no van.
    assert {(each["trip"], each["takes"]) for each in seen["rides"]} == {(within, None), (after, "R001")}
    assert office.change(out_of_service=[out]).status_code == 200
    roster = office.roster()
    assert [(each["begins"], each["ends"]) for each in roster["shifts"]] == [("06:00", "12:30"), ("14:30", "22:00")]
    (absence,) = roster["absences"]
    assert (absence["vehicle"], absence["reason"]) == ("R001", "定期保養")
    assert (van_of(before), van_of(within), van_of(after)) == ("R001", None, "R001") and check_plan(clock.now()) == 2
    later = a_shift(office, "R001", office.shift()["driver"], begins="12:30", ends="13:30")
    assert codes(office.what_if(additions=[later])) == ["vehicle_out"]
    assert office.call("DELETE", f"roster/absences/{absence['id']}").status_code == 204
    assert office.call("DELETE", f"roster/absences/{absence['id']}").status_code == 404
    assert office.what_if(additions=[later])["is_possible"]


def test_days_that_are_made_later_lie_around_what_is_missing(driven: Driven, office: Office) -> None:
    day = office.today + timedelta(days=20)
    out = {
        "vehicle": "R001", "starts_at": office.moment("06:00", day), "ends_at": office.moment("12:00", day), "reason": "驗車",
    }  # fmt: skip
    assert office.change(out_of_service=[out]).status_code == 200
    assert [(each["begins"], each["breaks"]) for each in office.roster(day)["shifts"]] == [
        ("12:00", [{"begins": "12:00", "latest": "12:30", "minutes": 30}])
    ]
    driver = office.shift()["driver"]
    end = str(office.today + timedelta(days=24))
    assert office.call("PATCH", f"drivers/{driver}", {"licence_until": end}, version=1).status_code == 200
    assert office.roster(office.today + timedelta(days=25))["shifts"] == []


def test_a_driver_who_is_ill_is_replaced_and_riders_learn_who_comes(driven: Driven, office: Office) -> None:
    trip = driven.ride("10:00")
    at_wheel = driven.driver()
    hire(office)
    ill = {"driver": office.shift()["driver"], "starts_at": office.moment("08:00"), "ends_at": office.moment("22:00")}
    seen = office.what_if(away=[ill | {"substitute": "5050"}])
    assert [(each["trip"], each["is_same_van"], each["takes"]) for each in seen["rides"]] == [(trip, True, "R001")]
    driven.riders.told_of.clear()
    assert office.change(away=[ill | {"substitute": "5050"}]).status_code == 200
    assert office.shift()["driver"] == "5050" and van_of(trip) == "R001"
    ((of, told),) = driven.riders.told_of
    assert isinstance(told, VehicleSeen) and (of, told.driver_name) == (trip, "王大明")
    assert at_wheel.call("GET", "manifest").status_code == 401, "the other session is over"
    (kept,) = rows("SELECT reason FROM accessibility.van_absence")
    assert kept.reason == "", "why somebody is away is nobody's business"


def test_a_driver_who_falls_ill_with_somebody_aboard_is_relieved_by_another_van(driven: Driven, office: Office) -> None:
    trip, later = driven.ride("09:00"), driven.ride("15:00")
    second_van(office)
    driver = driven.driver()
    driven.at("09:00")
    pickup = driver.stop("pickup", trip)["id"]
    driver.call("POST", f"stops/{pickup}/arrival", DOOR)
    driver.call("POST", f"stops/{pickup}/aboard", {"code": CODE})
    driver.call("PUT", "position", DOOR)
    driven.at("09:02")
    ill = {"driver": office.shift()["driver"], "starts_at": office.moment("09:00"), "ends_at": office.moment("22:00")}
    seen = office.what_if(away=[ill])
    assert seen["is_possible"], seen
    assert {(each["trip"], each["is_aboard"], each["takes"]) for each in seen["rides"]} == {
        (trip, True, "R002"), (later, False, "R002"),
    }  # fmt: skip
    assert office.change(away=[ill]).status_code == 200
    assert van_of(trip) == van_of(later) == "R002"
    morning = office.shift("R001")
    assert (morning["begins"], morning["status"]) == ("06:00", "over"), "what was driven stays to be seen"


def test_other_hours_keep_the_rides_that_still_fit(driven: Driven, office: Office) -> None:
    morning, evening = driven.ride("10:00"), driven.ride("20:00")
    day = office.today + timedelta(days=1)
    shift = office.shift(day=day)
    tomorrow = {"on": driven.eight + timedelta(days=1)}
    early, late = (driven.fleet.bound(wish(at, **tomorrow))[0] for at in ("09:00", "20:00"))
    change = {"alterations": [{"shift": shift["id"], "begins": "07:00", "ends": "15:00"}]}
    assert [(each["trip"], each["takes"]) for each in office.what_if(**change)["rides"]] == [(late, None)]
    assert office.change(**change).status_code == 200
    changed = office.shift(day=day)
    assert (changed["begins"], changed["ends"], changed["breaks"]) == ("07:00", "15:00", shift["breaks"])
    assert van_of(early) == "R001" and van_of(late) is None and check_plan(driven.eight + timedelta(days=1)) == 1

    running = office.shift()["id"]
    assert codes(office.what_if(alterations=[{"shift": running, "begins": "07:00"}])) == ["shift_begun"]
    assert office.change(alterations=[{"shift": running, "ends": "18:00"}]).status_code == 200
    assert van_of(morning) == "R001" and van_of(evening) is None and check_plan(clock.now()) == 1


def test_every_week_from_a_day_on_and_no_more(driven: Driven, office: Office) -> None:
    buy(office)
    hire(office)
    next_week = office.today + timedelta(days=7)
    office.roster(next_week)
    weekly = {"additions": [a_shift(office, "R050", "5050", weekly=True)]}
    assert office.change(**weekly).status_code == 200
    two_on = office.today + timedelta(days=14)
    assert [office.shift("R050", day)["begins"] for day in (office.today, next_week, two_on)] == ["09:00"] * 3
    assert office.roster(two_on + timedelta(days=1))["shifts"][0]["vehicle"] == "R001"
    taken = a_shift(office, "R050", "5050", office.today + timedelta(days=21), begins="11:00", weekly=True)
    assert "vehicle_busy" in codes(office.what_if(additions=[taken]))
    over = a_shift(office, "R050", "5050", two_on, begins="13:00", ends="14:00", weekly=True, until=str(next_week))
    assert codes(office.what_if(additions=[over])) == ["ends_before_begins"]
    later = {"alterations": [{"shift": office.shift("R050", next_week)["id"], "ends": "13:00", "weekly": True}]}
    assert office.change(**later).status_code == 200
    three_on = office.today + timedelta(days=21)
    ends = [office.shift("R050", day)["ends"] for day in (office.today, next_week, two_on, three_on)]
    assert ends == ["12:00", "13:00", "13:00", "13:00"]
    assert office.change(removals=[{"shift": office.shift("R050", two_on)["id"], "weekly": True}]).status_code == 200
    vans = [{each["vehicle"] for each in office.roster(day)["shifts"]} for day in (next_week, two_on, three_on)]
    assert vans == [{"R001", "R050"}, {"R001"}, {"R001"}]


def test_last_week_once_more_for_vans_that_have_nothing_yet(driven: Driven, office: Office) -> None:
    buy(office)
    hire(office)
    hire(office, number="5051", licence_until=str(office.today + timedelta(days=3)))
    day, later = office.today, office.today + timedelta(days=1)
    change = {"additions": [a_shift(office, "R050", "5050", day), a_shift(office, "R050", "5051", later)]}
    assert office.change(**change).status_code == 200
    copy = {"copies": [{"from_day": str(day), "to_day": str(day + timedelta(days=7)), "days": 7}]}
    seen = office.what_if(**copy)
    assert [each["after"]["date"] for each in seen["shifts"]] == [str(day + timedelta(days=7))]
    assert [(each["code"], each["date"]) for each in seen["left_out"]] == [
        ("licence_over", str(later + timedelta(days=7)))
    ]
    assert office.change(**copy).status_code == 200
    assert office.shift("R050", day + timedelta(days=7))["driver"] == "5050"
    assert office.what_if(**copy)["shifts"] == [], "a second time there is nothing to do"
    nothing = {"from_day": str(day - timedelta(days=70)), "to_day": str(day)}
    assert codes(office.what_if(copies=[nothing])) == ["nothing_to_copy"]


def test_the_law_of_work_is_said_and_the_dispatcher_decides(driven: Driven, office: Office) -> None:
    buy(office)
    hire(office)
    tomorrow = office.today + timedelta(days=1)
    long = a_shift(office, "R050", "5050", tomorrow, begins="06:00", ends="22:00")
    early = a_shift(office, "R050", "5050", tomorrow + timedelta(days=1), begins="06:00", ends="09:00")
    seen = office.what_if(additions=[long, early])
    assert seen["is_possible"]
    assert {(each["pointer"], each["code"]) for each in seen["cautions"]} == {
        ("/additions/0", "no_rest"), ("/additions/0", "long_day"), ("/additions/0", "short_night"),
        ("/additions/1", "short_night"),
    }  # fmt: skip
    assert "勞動基準法" in seen["cautions"][0]["words"]


def test_a_stretch_that_no_calendar_has_is_refused_and_not_an_error(driven: Driven, office: Office) -> None:
    for from_, until in (
        ("9999-12-31T23:00:00Z", "9999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00+14:00", "2100-06-01T00:00:00Z"),
    ):
        away = {"driver": "0001", "starts_at": from_, "ends_at": until}
        assert office.call("POST", "roster/what-if", {"away": [away]}).status_code == 422
    late, soon = office.moment("20:00"), office.moment("19:00")
    assert codes(office.what_if(away=[{"driver": "0001", "starts_at": late, "ends_at": soon}])) == [
        "ends_before_begins"
    ]


def test_nobody_but_dispatchers_changes_it(driven: Driven, office: Office) -> None:
    auditor = signed_in_officer(driven.client, "auditor")
    assert auditor.call("GET", "/v1/dispatch/roster").status_code == 200
    assert auditor.call("POST", "/v1/dispatch/roster/what-if", {}).status_code == 403
    other = signed_in_officer(driven.client, "finance")
    assert other.call("GET", "/v1/dispatch/drivers").status_code == 403
