"""The day of a ride: what the fleet tells in any order, who is late, who never came, and what is forgotten after."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from accessibility.fleets import ports
from accessibility.rides import cancelling, changing, kept, on_call, saga
from accessibility.rides.errors import ChangeUnderWay, NotCancellable, NotYetMissing, NoVehicleAwaited
from accessibility.rides.records import Ride
from core import db, keeping
from core.clock import on_the_wire
from core.ids import new_uuid
from partners import wire
from partners.fleets.contents import FleetStatus, TaskConfirmed, TripDone, TripEvent, VehicleAt, VehicleSeen
from partners.fleets.houses import HOUSES
from tests.accessibility.rides.city import RideCity


def _state(town: RideCity, ride: Ride, state: str, **more: Any) -> FleetStatus:
    return FleetStatus(state, town.now, town.order(ride).fleet_order, **more)  # type: ignore[arg-type]


def _seen(town: RideCity, ride: Ride, eta_minutes: float = 5, at_seconds: float = 0) -> VehicleAt:
    assert ride.window_ends_at is not None
    eta = ride.window_ends_at + timedelta(minutes=eta_minutes)
    at = town.now + timedelta(seconds=at_seconds)
    return VehicleAt(town.order(ride).fleet_order or "", "TDB-0186", 22.63 + at_seconds / 1e4, 120.35, at, eta)


def _positions(town: RideCity) -> list[Any]:
    return town.rows("SELECT * FROM accessibility.position")


def test_a_ride_from_setting_off_to_its_fare(town: RideCity) -> None:
    ride = town.bound(town.rider())
    house, order = HOUSES["yellow"].vehicles[0], town.order(ride)
    number = order.fleet_order or ""
    town.hear(ride, VehicleSeen(number, house.number, house.driver, house.kind, town.now, house.driver_phone))
    town.hear(ride, _state(town, ride, "on_the_way"))
    town.hear(ride, _seen(town, ride, -5))
    assert len(_positions(town)) == 1
    town.hear(ride, _state(town, ride, "at_door"))
    town.hear(ride, TaskConfirmed("T", number, house.number, "performed", town.now))
    town.hear(ride, TripDone(number, town.now, town.now + timedelta(minutes=20), 245))
    after = town.ride(ride)
    assert (after.status, after.fare_twd, after.driver) == (
        "done", 245, {"name": house.driver, "phone": house.driver_phone},
    )  # fmt: skip
    assert _positions(town) == []
    assert town.told("ride_done")[0]["fare_twd"] == 245
    for kind in ("ride_on_the_way", "ride_at_door", "ride_aboard"):
        assert len(town.told(kind)) == 1


@pytest.mark.parametrize("turn", list(permutations(range(4)))[::5])
def test_in_whatever_order_and_however_often_it_is_told_the_ride_ends_the_same(
    town: RideCity, turn: tuple[int, ...]
) -> None:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    told: list[TripEvent] = [
        _state(town, ride, "on_the_way"), _state(town, ride, "at_door"), _state(town, ride, "done"),
        TripDone(number, town.now, town.now + timedelta(minutes=20), 245),
    ]  # fmt: skip
    for place in turn:
        telegram = new_uuid()
        town.hear(ride, told[place], telegram=telegram)
        town.hear(ride, told[place], telegram=telegram)
    assert (town.ride(ride).status, town.ride(ride).fare_twd) == ("done", 245)
    assert len(town.told("ride_done")) == 1
    assert _positions(town) == []


def test_before_it_is_late_its_rider_is_told_and_again_only_when_much_later(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _seen(town, ride, -1))
    assert town.told("ride_late") == []
    for minutes in (3, 4, 6, 9):
        town.hear(ride, _seen(town, ride, minutes, at_seconds=minutes))
    assert [each["minutes"] for each in town.told("ride_late")] == [3, 9]


def test_who_was_told_that_it_is_late_is_told_when_it_comes_earlier_or_in_time_after_all(town: RideCity) -> None:
    ride = town.bound(town.rider())
    for second, minutes in enumerate((20, 17, 12, 9, -1, -3)):
        town.hear(ride, _seen(town, ride, minutes, at_seconds=second))
    assert [each["minutes"] for each in town.told("ride_late")] == [20, 12]
    assert len(town.told("ride_in_time")) == 1 and town.ride(ride).late_minutes_told == 0
    town.hear(ride, _seen(town, ride, 2, at_seconds=9))
    assert [each["minutes"] for each in town.told("ride_late")] == [20, 12, 2]


def test_who_waited_for_a_late_vehicle_is_told_anew_when_they_will_be_there_late(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _seen(town, ride, 15))
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "performed", town.now))
    assert ride.arrives_at is not None
    there = ride.arrives_at + timedelta(minutes=12)
    town.hear(ride, VehicleAt(number, "TDB-0186", 22.64, 120.34, town.now + timedelta(seconds=9), there))
    assert [each["minutes"] for each in town.told("ride_late")] == [15]
    assert [each["minutes"] for each in town.told("ride_arrives_late")] == [12]


def test_who_is_aboard_is_told_before_they_are_there_later_than_promised(town: RideCity) -> None:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "performed", town.now))
    assert ride.arrives_at is not None
    for minutes in (-3, 1, 4, 6, 12):
        eta, at = ride.arrives_at + timedelta(minutes=minutes), town.now + timedelta(seconds=20 + minutes)
        town.hear(ride, VehicleAt(number, "TDB-0186", 22.64, 120.34, at, eta))
    assert [each["minutes"] for each in town.told("ride_arrives_late")] == [4, 12]
    assert town.told("ride_late") == []


def test_where_the_promised_time_is_nearly_over_and_nothing_has_set_out_the_city_says_so(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.window_ends_at is not None
    saga.drive(ride.booking_id, ride.window_ends_at - timedelta(minutes=7))
    assert town.told("ride_late") == []
    saga.drive(ride.booking_id, ride.window_ends_at - timedelta(minutes=3))
    assert [(each["minutes"], each["is_guess"]) for each in town.told("ride_late")] == [(10, True)]
    for minutes in range(2, 20, 2):
        saga.drive(ride.booking_id, ride.window_ends_at + timedelta(minutes=minutes))
    assert len(town.told("ride_late")) == 2, "a guess is not repeated each time that nothing is heard"


def test_where_a_fleet_does_not_even_answer_its_rider_hears_of_it_from_the_city(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.window_ends_at is not None

    class Mute:
        def __getattr__(self, name: str) -> Any:
            raise wire.NotReached("yellow", "no answer")

    ports.add("yellow", Mute())  # type: ignore[arg-type]
    town.settle(until=1)
    saga.drive(ride.booking_id, ride.window_ends_at - timedelta(minutes=4))
    assert [each["is_guess"] for each in town.told("ride_late")] == [True]


def test_a_taxi_that_set_out_and_is_heard_of_no_more_is_late_when_its_own_time_is_over(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.window_ends_at is not None
    town.hear(ride, _state(town, ride, "on_the_way"))
    town.hear(ride, _seen(town, ride, -2))
    saga.drive(ride.booking_id, ride.window_ends_at - timedelta(minutes=3))
    assert town.told("ride_late") == []
    saga.drive(ride.booking_id, ride.window_ends_at)
    assert [each["is_guess"] for each in town.told("ride_late")] == [True]


def test_who_sits_in_a_taxi_of_which_nothing_is_heard_is_told_before_they_are_late(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _state(town, ride, "aboard"))
    assert ride.arrives_at is not None
    before = ride.arrives_at - timedelta(minutes=20)
    saga.drive(ride.booking_id, before)
    assert town.told("ride_arrives_late") == []
    saga.drive(ride.booking_id, ride.arrives_at - timedelta(minutes=4))
    assert [each["is_guess"] for each in town.told("ride_arrives_late")] == [True]


def test_who_is_at_the_door_says_so_around_the_promised_time_and_it_stands_there_once(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.window_starts_at is not None

    def say(at: datetime) -> None:
        with db.unit_of_work() as session:
            on_call.at_door(session, ride.id, rider_id=ride.rider_id, now=at)

    with pytest.raises(NoVehicleAwaited) as early:
        say(ride.window_starts_at - timedelta(minutes=31))
    assert early.value.extensions["from_at"]
    for minutes in (-30, -28, 6):
        say(ride.window_starts_at + timedelta(minutes=minutes))
    said = town.rows("SELECT at FROM accessibility.ride_event WHERE kind = 'rider_at_door'")
    assert len(said) == 2
    town.hear(ride, _state(town, ride, "aboard"))
    with pytest.raises(NoVehicleAwaited):
        say(ride.window_starts_at)


def test_its_fleet_hears_at_once_that_the_rider_is_at_the_door(town: RideCity) -> None:
    ride = town.bound(town.rider(), wish=town.wish(hours=1.25))
    town.settle(until=30)
    assert ride.window_starts_at is not None
    at = ride.window_starts_at - timedelta(minutes=5)
    with db.unit_of_work() as session:
        on_call.at_door(session, ride.id, rider_id=ride.rider_id, now=at)
    saga.drive_due(at)
    told = [each["said"] for each in town.books.read("fleets/telegrams") if "rider_at_door_since" in each["said"]]
    assert len(told) == 1 and on_the_wire(at)[:16] in told[0]


def test_a_fleet_says_when_it_was_at_the_door_at_the_time_and_not_afterwards(town: RideCity) -> None:
    """It counts against the rider from then on: a company that tells late tells of now."""
    ride = town.bound(town.rider())
    said = FleetStatus("at_door", town.now - timedelta(minutes=20), town.order(ride).fleet_order)
    town.hear(ride, said)
    assert town.ride(ride).at_door_at == town.now


@pytest.mark.parametrize(("latitude_off", "metres"), [(0.0, 0), (0.01, 1_112)])
def test_how_far_from_the_door_a_vehicle_stood_that_met_nobody_is_known(
    town: RideCity, latitude_off: float, metres: int
) -> None:
    ride = town.bound(town.rider())
    (request,) = town.rows("SELECT pickup FROM accessibility.ride_request")
    number, door = town.order(ride).fleet_order or "", request.pickup
    town.hear(ride, _state(town, ride, "at_door"))
    where = (door["latitude"] + latitude_off, door["longitude"])
    town.hear(ride, VehicleAt(number, "TDB-0186", *where, town.now, None))
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "no show", town.now))
    (fact,) = town.told("ride_no_show")
    assert (fact["by"], fact["metres"]) == ("rider", metres) and _positions(town) == []


def test_a_place_that_comes_late_does_not_move_the_vehicle_back(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _state(town, ride, "on_the_way"))
    town.hear(ride, _seen(town, ride, -5, at_seconds=20))
    town.hear(ride, _seen(town, ride, -5, at_seconds=10))
    assert _positions(town)[0].latitude == pytest.approx(22.632)


def test_a_fleet_that_changes_its_mind_is_replaced_and_its_rider_told_at_once(town: RideCity) -> None:
    ride = town.bound(town.rider())
    first = town.order(ride)
    town.hear(ride, _state(town, ride, "cancelled", reason="車輛故障", by="fleet"))
    assert town.ride(ride).status == "reseeking"
    assert town.told("ride_reseeking")[0]["fleet"] == "yellow"
    town.sweep(1)
    after = town.ride(ride)
    assert (after.status, after.fleet) in {("bound", "harbour"), ("bound", "mountain")}
    assert town.told("ride_replaced")[0]["fleet"] == after.fleet
    assert len(town.told("ride_bound")) == 1
    assert first.trip not in {each["trip"] for each in town.their_orders("bound") if each["fleet"] != "yellow"}


def test_where_no_other_fleet_can_its_rider_is_told_that_it_is_lost(town: RideCity) -> None:
    ride = town.bound(town.rider())
    for fleet in ("harbour", "mountain"):
        town.books.set_switch(fleet, "ask", "refuses")
        town.books.set_switch(fleet, "hold", "refuses")
    town.hear(ride, _state(town, ride, "cancelled", by="fleet"))
    town.sweep(1)
    assert town.ride(ride).status == "lost"
    assert len(town.told("ride_lost")) == 1
    (request,) = town.rows("SELECT status FROM accessibility.ride_request")
    assert request.status == "none"


def test_what_a_fleet_never_told_is_found_by_asking(town: RideCity) -> None:
    town.books.set_settings(webhooks=False)
    town.books.set_switch("yellow", "bind", "changes_mind", seconds=0)
    ride = town.bound(town.rider())
    for _ in range(100):
        if town.their_orders("cancelled"):
            break
        time.sleep(0.1)
    town.settle(until=130, step=10)
    after = town.ride(ride)
    assert after.status == "bound" and after.fleet != "yellow"
    town.agree()


def test_a_done_without_a_fare_is_settled_at_what_was_agreed(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _state(town, ride, "aboard"))
    town.hear(ride, _seen(town, ride))
    town.hear(ride, _state(town, ride, "done"))
    assert _positions(town) == []
    assert town.told("ride_done") == []
    client = ports.fleet("yellow")

    class Done:
        def __getattr__(self, name: str) -> Any:
            return (lambda envelope: _state(town, ride, "done")) if name == "status_of" else getattr(client, name)

    ports.add("yellow", Done())  # type: ignore[arg-type]
    town.settle(until=1300, step=60)
    assert town.told("ride_done")[0]["fare_twd"] == ride.fare_twd


def test_nobody_came_to_the_vehicle(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _state(town, ride, "at_door"))
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "no show", town.now, reason="等候十分鐘"))
    town.hear(ride, _state(town, ride, "no_show"))
    assert (town.ride(ride).status, town.ride(ride).ended_by) == ("no_show", "rider")
    assert [each["by"] for each in town.told("ride_no_show")] == ["rider"]


def test_the_vehicle_never_came_so_its_fleet_is_left_and_another_comes(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.window_ends_at is not None
    with db.unit_of_work() as session, pytest.raises(NotYetMissing):
        on_call.vehicle_missing(session, ride.id, rider_id=ride.rider_id, now=town.now)
    late = ride.window_ends_at + timedelta(minutes=1)
    with db.unit_of_work() as session:
        on_call.vehicle_missing(session, ride.id, rider_id=ride.rider_id, now=late)
    saga.drive(ride.booking_id, town.now)
    after = town.ride(ride)
    assert after.status == "bound" and after.fleet != "yellow"
    assert [each["by"] for each in town.told("ride_no_show")] == ["fleet"]
    assert len(town.their_orders("bound")) == 1
    town.agree()


def test_a_cancellation_and_a_change_that_cross_leave_it_cancelled(town: RideCity) -> None:
    ride = town.bound(town.rider())
    later = town.now + timedelta(hours=6)
    with db.unit_of_work() as session:
        changing.change(
            session, ride.id, rider_id=ride.rider_id, pick_up_at=later, companions=None, notes=None, now=town.now
        )
    with db.unit_of_work() as session, pytest.raises(ChangeUnderWay):
        changing.change(
            session, ride.id, rider_id=ride.rider_id, pick_up_at=later, companions=1, notes=None, now=town.now
        )

    def cancel() -> None:
        with db.unit_of_work() as session:
            cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)

    town.calls.clear()
    town.death, town.end = (1, "after"), cancel
    saga.drive(ride.booking_id, town.now)
    town.settle(until=60)
    assert town.calls[:2] == ["amend", "cancel"]
    assert town.ride(ride).status == "cancelled"
    assert not town.their_orders("held", "bound")


def test_a_fleet_that_cancels_while_it_is_asked_to_change_is_replaced(town: RideCity) -> None:
    ride = town.bound(town.rider())
    with db.unit_of_work() as session:
        changing.change(
            session, ride.id, rider_id=ride.rider_id, pick_up_at=town.now + timedelta(hours=6), companions=None,
            notes=None, now=town.now,
        )  # fmt: skip
    gone = _state(town, ride, "cancelled", by="fleet")
    town.death, town.end = (len(town.calls) + 1, "after"), lambda: town.hear(ride, gone)
    saga.drive(ride.booking_id, town.now)
    town.settle(until=30)
    after = town.ride(ride)
    assert after.status == "bound" and after.fleet != "yellow"
    assert after.change is None


def test_a_late_cancellation_costs_what_was_said_before(town: RideCity) -> None:
    ride = town.bound(town.rider(), wish=town.wish(hours=0.75))
    with db.unit_of_work() as session:
        found = cancelling.terms_of(session, ride, town.now)
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)
    after = town.ride(ride)
    assert (found.is_late, found.fee_twd) == (True, 50)
    assert (after.status, after.fee_twd, after.is_late_cancel) == ("cancelled", 50, True)
    (told,) = town.told("ride_cancelled")
    assert (told["by"], told["is_late"], told["fee_twd"]) == ("rider", True, 50)


def test_whoever_is_aboard_cannot_cancel(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _state(town, ride, "aboard"))
    with db.unit_of_work() as session, pytest.raises(NotCancellable):
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)


def test_ready_to_go_back_and_nobody_free_it_is_asked_for_again(town: RideCity) -> None:
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_on_call=True))
    booking = saga.drive(town.choose(rider, town.offers(out)["yellow"]), town.now)
    on_its_call = next(each for each in booking.rides if each.leg == "back")
    assert on_its_call.status == "will_call"
    for fleet in ("yellow", "harbour", "mountain"):
        town.books.set_switch(fleet, "ask", "refuses")
    for switched in (True, False):
        if not switched:
            town.books.clear_switches()
        with db.unit_of_work() as session:
            on_call.ready(session, on_its_call.id, rider_id=rider.id, now=town.now)
        saga.drive(booking.id, town.now)
        assert town.ride(on_its_call).status == ("will_call" if switched else "bound")
    assert town.requests([back])[0].status == "chosen"
    assert town.told("ride_not_bound") == []
    town.agree()


def test_where_a_vehicle_is_goes_within_hours_even_if_nobody_ends_the_ride(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, _state(town, ride, "on_the_way"))
    town.hear(ride, _seen(town, ride, -5))
    assert kept.forget_positions(town.now + timedelta(hours=2)) == 0
    assert kept.forget_positions(town.now + timedelta(hours=4)) == 1
    assert _positions(town) == []


@pytest.mark.parametrize("end", ["done", "no_show", "cancelled"])
def test_after_the_ride_no_table_knows_where_its_vehicle_was_and_what_comes_late_is_dropped(
    town: RideCity, end: str
) -> None:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    here, at = (22.61837, 120.29471), town.now
    town.hear(ride, VehicleAt(number, "TDB-0186", *here, at, None))
    assert _positions(town) == [], "not before it sets out"
    town.hear(ride, _state(town, ride, "on_the_way"))
    town.hear(ride, VehicleAt(number, "TDB-0186", *here, at, None))
    assert len(_positions(town)) == 1
    more = {"by": "fleet"} if end == "cancelled" else {}
    town.hear(ride, _state(town, ride, end, **more))
    town.hear(ride, VehicleAt(number, "TDB-0186", *here, at + timedelta(seconds=30), None))
    tables = town.rows(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    for table in tables:
        kept_there = town.rows(f"SELECT t::text AS said FROM {table.name} AS t WHERE t::text LIKE '%22.61837%'")
        assert not kept_there, table.name


def test_the_record_of_a_ride_goes_after_two_years_and_not_before(town: RideCity) -> None:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TripDone(number, town.now, town.now + timedelta(minutes=20), 245))
    town.settle(until=1)
    tables = {rule.table for rule in kept.RULES}
    keeping.forget(kept.RULES, town.now + timedelta(days=799))
    left = {table: len(town.rows(f"SELECT 1 FROM {table}")) for table in tables}
    assert left.pop("accessibility.fleet_telegram") == left.pop("accessibility.second_yes") == 0
    assert all(left.values()), left
    keeping.forget(kept.RULES, town.now + timedelta(days=801))
    assert not any(town.rows(f"SELECT 1 FROM {table}") for table in tables)
