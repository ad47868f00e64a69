"""Somebody in a vehicle that cannot go on, and somebody whose way back was to begin before they are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accessibility.fleets import ports
from accessibility.reminders import rescues
from accessibility.requests import offers
from accessibility.rides import on_call, records, saga
from accessibility.rides.records import Ride
from core import db
from partners.fleets.contents import FleetStatus, TaskConfirmed, VehicleAt, VehicleSeen
from partners.fleets.houses import HOUSES
from tests.accessibility.rides.city import RideCity

STANDS = (22.6351, 120.3334)


def _aboard(town: RideCity) -> Ride:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "performed", town.now))
    town.hear(ride, VehicleAt(number, "TDB-0186", *STANDS, town.now, None))
    return ride


def _breaks_down(town: RideCity, ride: Ride) -> None:
    town.hear(ride, FleetStatus("cancelled", town.now, town.order(ride).fleet_order, "拋錨", "fleet"))


def _both_ways(town: RideCity, stays_hours: float) -> list[Ride]:
    wish = town.wish(return_at=town.now + timedelta(hours=5 + stays_hours))
    rider = town.rider()
    made = town.ask(rider, wish)
    booking_id = town.choose(rider, *(town.offers(each)["yellow"] for each in made))
    rides = list(saga.drive(booking_id, town.now).rides)
    assert [each.status for each in rides] == ["bound", "bound"]
    return sorted(rides, key=lambda each: each.leg, reverse=True)


def _hear_of(town: RideCity, ride: Ride, make: Any) -> None:
    town.hear(ride, make(town.order(ride).fleet_order or ""))


def test_who_is_aboard_is_fetched_from_where_the_vehicle_stands_by_whoever_is_there_first(town: RideCity) -> None:
    ride = _aboard(town)
    _breaks_down(town, ride)
    waiting = town.ride(ride)
    assert (waiting.status, waiting.reason, waiting.is_rescue) == ("reseeking", "breakdown", True)
    assert [each["is_rescue"] for each in town.told("ride_reseeking")] == [True]
    with db.unit_of_work() as session:
        booking = records.get(session, ride.booking_id)
        assert offers.standing(session, ride.request_id, town.now) == [], "from the door at which it began"
    assert waiting.shunned == () and booking.next_at is not None
    town.settle(until=90)
    found = town.ride(ride)
    assert found.status in ("bound", "on_the_way")
    (request,) = town.rows("SELECT * FROM accessibility.ride_request WHERE id = :id", id=ride.request_id)
    assert (request.pickup["latitude"], request.pickup["longitude"]) == STANDS
    offered = town.rows(
        "SELECT o.fleet, o.pick_up_at FROM accessibility.offer AS o JOIN accessibility.ask AS a ON a.id = o.ask_id "
        "WHERE a.request_id = :id AND a.round = (SELECT max(round) FROM accessibility.ask WHERE request_id = :id)",
        id=ride.request_id,
    )
    assert len(offered) > 1 and found.pick_up_at == min(each.pick_up_at for each in offered)
    assert len(town.told("ride_replaced")) == 1
    town.agree()


def test_nobody_in_a_broken_vehicle_is_given_up_while_no_fleet_has_one(town: RideCity) -> None:
    ride = _aboard(town)
    ports.plug_in({})
    _breaks_down(town, ride)
    town.settle(until=150, step=15)
    assert town.ride(ride).status == "reseeking" and town.told("ride_lost") == []
    for minutes in (2, 3):
        rescues.ring(town.now + timedelta(minutes=minutes))
    (call,) = town.rows("SELECT * FROM accessibility.call WHERE ride_id = :id", id=ride.id)
    assert "故障" in call.words_zh
    town.plug("harbour")
    town.settle(until=320, step=15)
    found = town.ride(ride)
    assert found.status in ("bound", "on_the_way") and found.fleet == "harbour"


def test_a_fleet_may_say_that_its_vehicle_cannot_go_on_and_which_one_comes_instead(town: RideCity) -> None:
    ride = _aboard(town)
    number = town.order(ride).fleet_order or ""
    first, other = HOUSES["yellow"].vehicles[:2]
    town.hear(ride, VehicleSeen(number, first.number, first.driver, first.kind, town.now, first.driver_phone))
    town.hear(ride, VehicleSeen(number, first.number, first.driver, first.kind, town.now, "0911000111"))
    assert town.told("ride_broken_down") == [], "another number of the same driver is no other vehicle"
    town.hear(ride, FleetStatus("aboard", town.now, number, "breakdown"))
    there = town.now + timedelta(minutes=20)
    town.hear(ride, VehicleSeen(number, other.number, other.driver, other.kind, there, other.driver_phone))
    assert [each["eta"] is not None for each in town.told("ride_broken_down")] == [False, True]
    assert town.ride(ride).status == "aboard"


@pytest.mark.parametrize("minutes_late, status", [(20, "bound"), (150, "will_call")])
def test_a_way_back_waits_for_whoever_will_not_be_there_when_it_was_to_begin(
    town: RideCity, minutes_late: int, status: str
) -> None:
    out, back = _both_ways(town, 2)
    assert out.window_ends_at is not None
    eta = out.window_ends_at + timedelta(minutes=minutes_late)
    _hear_of(town, out, lambda number: VehicleAt(number, "TDB-0186", 22.63, 120.35, town.now, eta))
    town.settle(until=20)
    assert town.ride(back).status == status
    assert len(town.told("return_put_off")) == (status == "will_call")
    town.agree()


def test_whoever_is_still_on_the_way_there_has_not_missed_the_way_back(town: RideCity) -> None:
    out, back = _both_ways(town, 2)
    _hear_of(town, back, lambda number: TaskConfirmed("T", number, "X", "no show", town.now, reason="未見乘客"))
    assert town.ride(back).status == "will_call" and town.told("ride_no_show") == []
    _hear_of(town, out, lambda number: FleetStatus("done", town.now, number))
    with db.unit_of_work() as session:
        on_call.ready(session, back.id, rider_id=back.rider_id, now=town.now)
    saga.drive(back.booking_id, town.now)
    assert town.ride(back).status == "bound"


def test_whoever_was_brought_there_and_does_not_come_to_the_way_back_has_missed_it(town: RideCity) -> None:
    out, back = _both_ways(town, 2)
    _hear_of(town, out, lambda number: FleetStatus("done", town.now, number))
    _hear_of(town, back, lambda number: TaskConfirmed("T", number, "X", "no show", town.now, reason="未見乘客"))
    assert town.ride(back).status == "no_show"
