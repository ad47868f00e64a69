"""What a fleet does not agree to is told to who asked for it: whoever has no app to look at learns of it, too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accessibility.fleets import ports
from accessibility.rides import cancelling, changing, saga
from accessibility.rides.records import Ride
from core import db
from partners.fleets.client import FleetRefused
from partners.fleets.contents import FleetError, FleetStatus
from tests.accessibility.rides.city import RideCity


class Refusing:
    """A fleet that refuses one kind of call, always with the same words."""

    def __init__(self, of: Any, call: str, code: str) -> None:
        self.of, self.call, self.code = of, call, code

    def __getattr__(self, name: str) -> Any:
        return self._refuse if name == self.call else getattr(self.of, name)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise FleetRefused("yellow", FleetError(self.code, self.code))


def _change(town: RideCity, ride: Ride) -> None:
    assert ride.pick_up_at is not None
    with db.unit_of_work() as session:
        changing.change(
            session, ride.id, rider_id=ride.rider_id, pick_up_at=ride.pick_up_at + timedelta(hours=1), companions=None,
            notes=None, now=town.now,
        )  # fmt: skip


def test_a_change_that_the_fleet_refuses_is_told_with_its_reason_and_the_time_that_stays(town: RideCity) -> None:
    ride = town.bound(town.rider())
    ports.add("yellow", Refusing(ports.fleet("yellow"), "amend", "no_vehicle"))  # type: ignore[arg-type]
    _change(town, ride)
    saga.drive(ride.booking_id, town.now)
    (told,) = town.told("ride_change_refused")
    (bound,) = town.told("ride_bound")
    assert (told["ride_id"], told["reason"]) == (str(ride.id), "no_vehicle")
    assert told["pick_up_at"] == bound["pick_up_at"]
    assert town.ride(ride).change is None


def test_a_cancellation_that_comes_too_late_is_told(town: RideCity) -> None:
    ride = town.bound(town.rider())
    ports.add("yellow", Refusing(ports.fleet("yellow"), "cancel", "too_late"))  # type: ignore[arg-type]
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)
    assert [each["ride_id"] for each in town.told("ride_cancel_refused")] == [str(ride.id)]
    assert town.ride(ride).status == "bound" and not town.told("ride_cancelled")


def test_a_change_that_nobody_answered_is_over_once_its_rider_sits_in_the_vehicle(town: RideCity) -> None:
    ride = town.bound(town.rider())
    ports.add("yellow", Refusing(ports.fleet("yellow"), "amend", "no_vehicle"))  # type: ignore[arg-type]
    _change(town, ride)
    town.hear(ride, FleetStatus("aboard", town.now, town.order(ride).fleet_order))
    after = saga.drive(ride.booking_id, town.now)
    assert town.ride(ride).change is None and not town.told("ride_change_refused")
    assert after.next_at is not None and after.next_at > town.now + timedelta(seconds=30)
