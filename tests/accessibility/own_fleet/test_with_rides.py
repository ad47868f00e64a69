"""A ride by the city's own vans from the rider's wish to the driver's last tap, through the rooms as they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from accessibility.fleets import city as fleet_terms
from accessibility.fleets import ports as fleet_ports
from accessibility.own_fleet import ports, tasks
from accessibility.own_fleet.fleet import OwnFleet
from accessibility.rides import saga
from accessibility.rides.records import Ride
from api.van_riders import VanRiders
from core import clock, db
from identity.actors import Actor
from tests.accessibility.own_fleet.city_vans import a_van, check_plan, rows
from tests.accessibility.own_fleet.driving_city import Driven
from tests.accessibility.rides.city import HOME, RideCity

DOOR = {"latitude": HOME.latitude, "longitude": HOME.longitude}


@pytest.fixture
def town(driven: Driven) -> Iterator[RideCity]:
    """The rides' rooms with the vans alone."""
    before = {code: fleet_ports.fleet(code) for code in fleet_ports.codes()}
    ports.plug_in(VanRiders())
    with db.unit_of_work() as session:
        fleet_terms.ensure_fleets(session)
        session.execute(text("UPDATE accessibility.fleet SET is_open = code = :code"), {"code": "rehabus"})
    fleet_ports.plug_in({"rehabus": OwnFleet()})
    yield RideCity(None, clock.now())  # type: ignore[arg-type]
    fleet_ports.plug_in(before)


def booked(town: RideCity, rider: Actor, hours: float) -> tuple[Ride, datetime]:
    """A ride that is bound, in so many hours of the van's next day."""
    (request,) = town.ask(rider, town.wish(pick_up_at=clock.now() + timedelta(hours=hours)))
    (ride,) = saga.drive(town.choose(rider, town.offers(request)["rehabus"]), clock.now()).rides
    assert ride.status == "bound" and ride.pick_up_at is not None, ride
    return ride, ride.pick_up_at


def test_a_ride_is_booked_driven_and_heard_of(driven: Driven, town: RideCity) -> None:
    driven.at(driven.eight + timedelta(days=1))
    rider = town.rider()
    ride, at = booked(town, rider, 26)
    (code,) = rows("SELECT code FROM accessibility.ride")
    (order,) = rows("SELECT trip, customer FROM accessibility.van_order")
    assert order.customer is not None and check_plan(clock.now() + timedelta(days=1)) == 1

    driven.at(at - timedelta(minutes=20))
    driver = driven.driver()
    tasks.set_out(clock.now())
    assert town.ride(ride).status == "on_the_way"
    stop = driver.stop("pickup", order.trip)
    assert stop["place"]["address"] == HOME.address and stop["rider"]["phone"].startswith("0")
    driven.at(at)
    driver.call("POST", f"stops/{stop['id']}/arrival", DOOR)
    assert town.ride(ride).status == "at_door"
    wrong = f"{(int(code.code) + 1) % 10_000:04d}"
    assert driver.call("POST", f"stops/{stop['id']}/aboard", {"code": wrong}).status_code == 422
    assert driver.call("POST", f"stops/{stop['id']}/aboard", {"code": code.code}).status_code == 200
    assert town.ride(ride).status == "aboard"
    driven.at(at + timedelta(minutes=25))
    driver.call("POST", f"stops/{driver.stop('dropoff', order.trip)['id']}/out", {})
    done = town.ride(ride)
    assert done.status == "done" and done.fare_twd and done.done_at is not None
    read: list[Any] = rows("SELECT person_id FROM identity.access_log WHERE purpose = 'ride_driven'")
    assert {row.person_id for row in read} == {rider.id}


def test_a_rider_whose_van_breaks_down_gets_another_and_when_none_is_left_is_told(
    driven: Driven, town: RideCity
) -> None:
    driven.at(driven.eight + timedelta(days=1))
    a_van("R002")
    ride, at = booked(town, town.rider(), 26)
    driven.at(at - timedelta(minutes=50))
    (first,) = rows(_VAN)
    second = {"R001": "R002", "R002": "R001"}[first.number]

    driven.driver(first.number).call("POST", "incident", {"kind": "breakdown", "note": "拋錨"})
    tasks.find_places(clock.now())
    assert [row.number for row in rows(_VAN)] == [second] and town.ride(ride).status == "bound"
    assert (town.ride(ride).vehicle or {}).get("number") == second

    driven.driver(second).call("POST", "incident", {"kind": "accident", "note": "擦撞"})
    tasks.find_places(clock.now())
    saga.drive_due(clock.now())
    assert town.ride(ride).status == "lost" and rows(_VAN) == []
    assert [fact["ride_id"] for fact in town.told("ride_lost")] == [str(ride.id)]


_VAN = (
    "SELECT v.number FROM accessibility.van_order AS o JOIN accessibility.van_tour AS t ON t.id = o.tour_id "
    "JOIN accessibility.van AS v ON v.id = t.van_id WHERE o.state IN ('bound', 'on_the_way')"
)
