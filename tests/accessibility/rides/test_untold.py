"""Rides of which their fleet says nothing any more, or what cannot be: each comes to rest, and costs nobody anything that
nobody has witnessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accessibility.fleets import ports
from accessibility.rides import cancelling, saga
from accessibility.rides.records import Booking, Ride
from core import db
from partners import wire
from partners.fleets.contents import FleetStatus, TaskConfirmed, TripDone
from tests.accessibility.rides.city import RideCity


class Says:
    """A fleet that always says the same of how it stands, or nothing at all (None), whatever it is asked."""

    def __init__(self, of: Any, state: str | None, town: RideCity) -> None:
        self.of, self.state, self.town = of, state, town

    def __getattr__(self, name: str) -> Any:
        return self._silent if self.state is None else getattr(self.of, name)

    def status_of(self, *_: Any, **__: Any) -> FleetStatus:
        if self.state is None:
            raise wire.NotReached("yellow", "not reached")
        return FleetStatus(self.state, self.town.now)  # type: ignore[arg-type]

    def _silent(self, *_: Any, **__: Any) -> Any:
        raise wire.NotReached("yellow", "not reached")


def _says(town: RideCity, state: str | None) -> None:
    ports.add("yellow", Says(ports.fleet("yellow"), state, town))  # type: ignore[arg-type]


def _told(town: RideCity, ride: Ride, state: str, *, later: timedelta = timedelta()) -> None:
    town.now += later
    town.hear(ride, FleetStatus(state, town.now, town.order(ride).fleet_order, by="fleet"))  # type: ignore[arg-type]


def _looks_for(town: RideCity, ride: Ride, hours: float) -> Booking:
    """The sweeps of so many hours, each as soon as there is something to do."""
    until = town.now + timedelta(hours=hours)
    booking = town.booking(ride.booking_id)
    while booking.next_at is not None and booking.next_at <= until:
        town.now = max(booking.next_at, town.now + timedelta(seconds=30))
        booking = saga.drive(ride.booking_id, town.now)
    return booking


def test_of_whom_it_said_that_they_are_aboard_nobody_failed_to_come(town: RideCity) -> None:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "performed", town.now))
    town.hear(ride, TaskConfirmed("T2", number, "TDB-0186", "no show", town.now + timedelta(minutes=5)))
    after = town.ride(ride)
    assert (after.status, after.fare_twd) == ("done", 0)
    assert [each["fare_twd"] for each in town.told("ride_done")] == [0] and town.told("ride_no_show") == []
    town.hear(ride, TripDone(number, town.now, town.now + timedelta(minutes=20), 245))
    assert town.ride(ride).fare_twd == 0
    assert _looks_for(town, ride, 1).next_at is None


def test_a_word_of_before_they_got_in_changes_nothing(town: RideCity) -> None:
    ride = town.bound(town.rider())
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TaskConfirmed("T", number, "TDB-0186", "performed", town.now))
    town.hear(ride, TaskConfirmed("T2", number, "TDB-0186", "no show", town.now - timedelta(minutes=1)))
    assert town.ride(ride).status == "aboard"


@pytest.mark.parametrize("before, says", [("aboard", "aboard"), ("aboard", None), ("bound", "bound"), ("bound", None)])
def test_a_ride_of_which_nothing_more_is_said_ends_within_hours(town: RideCity, before: str, says: str | None) -> None:
    ride = town.bound(town.rider())
    _looks_for(town, ride, 0.1)
    _says(town, says)
    if before == "aboard":
        assert ride.pick_up_at is not None
        _told(town, ride, "aboard", later=ride.pick_up_at - town.now)
    town.now += timedelta(hours=14)
    saga.drive(ride.booking_id, town.now)
    assert (town.ride(ride).status, town.ride(ride).fare_twd) == ("done", 0)
    town.now += timedelta(hours=24)
    booking = saga.drive(ride.booking_id, town.now)
    assert booking.next_at is None and {each.status for each in booking.orders} <= {"done", "released"}


def test_whoever_was_to_be_there_long_ago_is_not_fetched_from_the_road(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.pick_up_at is not None
    _told(town, ride, "aboard", later=ride.pick_up_at - town.now)
    _told(town, ride, "cancelled", later=timedelta(hours=3))
    assert (town.ride(ride).status, town.ride(ride).fare_twd) == ("done", 0)
    assert town.told("ride_reseeking") == []


def test_nobody_is_sent_a_vehicle_hours_after_the_one_that_did_not_come(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.window_ends_at is not None
    _told(town, ride, "cancelled", later=ride.window_ends_at + timedelta(hours=2) - town.now)
    after = town.ride(ride)
    assert (after.status, after.ended_by) == ("no_show", "fleet")
    assert [(each["by"], each["is_over"]) for each in town.told("ride_no_show")] == [("fleet", True)]
    assert town.told("ride_reseeking") == []
    assert _looks_for(town, ride, 1).next_at is None


def test_what_is_gone_at_the_fleet_once_they_are_there_leaves_the_ride_done(town: RideCity) -> None:
    ride = town.bound(town.rider())
    _told(town, ride, "aboard")
    _told(town, ride, "done")
    _told(town, ride, "cancelled")
    after = town.ride(ride)
    assert (after.status, after.fare_twd) == ("done", town.order(ride).price_twd)
    assert _looks_for(town, ride, 1).next_at is None


def test_a_cancellation_that_no_fleet_ever_answers_is_one_a_day_later(town: RideCity) -> None:
    ride = town.bound(town.rider())
    _says(town, None)
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)
    assert town.ride(ride).status == "bound"
    town.now += timedelta(hours=30)
    booking = saga.drive(ride.booking_id, town.now)
    assert town.ride(ride).status == "cancelled" and booking.next_at is None
