"""A vehicle that was given up because it had not come, and comes when another is on its way: one ride, with the one in
which its rider sits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accessibility.fleets import ports
from accessibility.rides import cancelling, hearing, on_call, saga
from accessibility.rides.records import Ride
from core import db
from core.ids import new_uuid
from partners import wire
from partners.fleets.client import FleetRefused
from partners.fleets.contents import FleetError, FleetStatus, TaskConfirmed, TripDone, TripEvent
from tests.accessibility.rides.city import RideCity


class Deaf:
    """A fleet that does not hear that it is to let go, and says how it stands."""

    def __init__(self, of: Any, stands: FleetStatus) -> None:
        self.of, self.stands = of, stands

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)

    def release(self, *_: Any, **__: Any) -> Any:
        raise wire.NotReached("yellow", "not reached")

    def status_of(self, *_: Any, **__: Any) -> FleetStatus:
        return self.stands


def _given_up(town: RideCity) -> tuple[Ride, str]:
    """A ride whose vehicle did not come, and whose fleet does not answer; another is bound instead."""
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    ports.add("yellow", Deaf(ports.fleet("yellow"), FleetStatus("aboard", town.now, number)))  # type: ignore[arg-type]
    assert ride.window_ends_at is not None
    late = ride.window_ends_at + timedelta(minutes=1)
    with db.unit_of_work() as session:
        on_call.vehicle_missing(session, ride.id, rider_id=ride.rider_id, now=late)
    saga.drive(ride.booking_id, town.now)
    return ride, number


def _told(town: RideCity, ride: Ride, event: TripEvent) -> None:
    """By the fleet that was given up."""
    order = next(each for each in town.booking(ride.booking_id).orders if each.fleet == "yellow")
    with db.unit_of_work() as session:
        hearing.heard(
            session, fleet="yellow", trip=order.trip, telegram_id=new_uuid(), event=event, now=town.now
        )  # fmt: skip


@pytest.mark.parametrize("is_replaced", [True, False])
def test_whoever_sits_in_it_has_that_ride_and_no_other(town: RideCity, is_replaced: bool) -> None:
    ride, number = _given_up(town)
    if is_replaced:
        town.settle(until=90)
        assert town.ride(ride).fleet != "yellow"
    at = town.now
    _told(town, ride, TaskConfirmed("T", number, "TDB-0186", "performed", at))
    after = town.ride(ride)
    assert (after.status, after.fleet) == ("aboard", "yellow")
    town.settle(until=100)
    assert not [each for each in town.their_orders("held", "bound") if each["fleet"] != "yellow"]
    _told(town, ride, TripDone(number, at, at + timedelta(minutes=20), 245))
    town.settle(until=30)
    done = town.ride(ride)
    assert (done.status, done.fleet, done.fare_twd) == ("done", "yellow", 245)
    assert [each["fleet"] for each in town.told("ride_done")] == ["yellow"]


def test_nobody_is_told_that_they_have_no_ride_while_the_one_that_was_given_up_may_have_come(town: RideCity) -> None:
    ride = town.bound(town.rider())
    for fleet in ("harbour", "mountain"):
        town.books.set_switch(fleet, "ask", "refuses")
    answers = iter([wire.NotReached("yellow", "not reached"), FleetRefused("yellow", FleetError("too_late", "aboard"))])

    class Late(Deaf):
        def release(self, *_: Any, **__: Any) -> Any:
            raise next(answers)

    ports.add("yellow", Late(ports.fleet("yellow"), FleetStatus("aboard", town.now)))  # type: ignore[arg-type]
    assert ride.window_ends_at is not None
    with db.unit_of_work() as session:
        on_call.vehicle_missing(session, ride.id, rider_id=ride.rider_id, now=ride.window_ends_at)
    saga.drive(ride.booking_id, town.now)
    assert town.ride(ride).status == "reseeking"
    town.settle(until=10, step=2)
    assert (town.ride(ride).status, town.ride(ride).fleet) == ("aboard", "yellow")
    assert town.told("ride_lost") == []


def test_a_ride_that_is_over_stays_over(town: RideCity) -> None:
    ride, number = _given_up(town)
    town.settle(until=90)
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)
    town.settle(until=30)
    _told(town, ride, FleetStatus("aboard", town.now, number))
    assert town.ride(ride).status == "cancelled"
