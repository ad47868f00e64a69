"""A fleet that takes back its yes without a word, or with half of it: its rider hears of it, and nothing stays there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accessibility.fleets import ports
from accessibility.rides import changing, saga
from accessibility.rides.records import Ride
from core import db
from partners import wire
from partners.fleets.client import Dispatch, FleetRefused
from partners.fleets.contents import FleetError, FleetStatus
from tests.accessibility.rides.city import RideCity


class Instead:
    """A fleet that answers some calls otherwise."""

    def __init__(self, of: Any, **calls: Any) -> None:
        self.of, self.calls = of, calls

    def __getattr__(self, name: str) -> Any:
        return self.calls.get(name) or getattr(self.of, name)


def _instead(town: RideCity, fleet: str = "yellow", **calls: Any) -> Any:
    client = ports.fleet(fleet)
    ports.add(fleet, Instead(client, **calls))  # type: ignore[arg-type]
    return client


def _ends(town: RideCity, ride: Ride) -> None:
    after = town.ride(ride)
    assert after.status == "bound" and after.fleet != "yellow"
    assert [each["fleet"] for each in town.told("ride_reseeking")] == ["yellow"]
    assert len(town.told("ride_replaced")) == 1


def test_a_yes_that_is_taken_back_at_once_and_in_silence_is_found_though_nobody_takes_the_name(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)

    def refused(*_: Any) -> Any:
        raise FleetRefused("yellow", FleetError("not_bound", "尚未確認訂車"))

    _instead(
        town, tell_customer=refused, status_of=lambda envelope, **_: FleetStatus("cancelled", town.now, by="fleet")
    )  # fmt: skip
    (ride,) = saga.drive(town.choose(rider, town.offers(request)["yellow"]), town.now).rides
    town.settle(until=30)
    _ends(town, ride)


def test_an_order_that_is_gone_is_gone_whoever_the_fleet_says_has_ended_it(town: RideCity) -> None:
    ride = town.bound(town.rider())
    town.hear(ride, FleetStatus("cancelled", town.now, by="city"))
    town.settle(until=30)
    _ends(town, ride)
    town.agree()


def test_a_second_vehicle_that_nobody_knows_of_goes_with_the_first(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    town.books.set_settings(webhooks=False)
    town.books.set_switch("yellow", "bind", "double_confirms")
    (ride,) = saga.drive(town.choose(rider, town.offers(request)["yellow"]), town.now).rides
    assert len(town.their_orders("bound")) == 2
    town.hear(ride, FleetStatus("cancelled", town.now, town.order(ride).fleet_order, "車輛故障", "fleet"))
    town.settle(until=30)
    _ends(town, ride)
    town.agree()


def test_of_two_orders_the_one_that_counts_stays_whichever_the_fleet_names_first(town: RideCity) -> None:
    ride = town.bound(town.rider())
    ours = town.order(ride).fleet_order or ""
    town.hear(ride, FleetStatus("bound", town.now, "another", others=(ours,)))
    assert [row.fleet_order for row in town.rows("SELECT fleet_order FROM accessibility.second_yes")] == ["another"]


def test_a_change_whose_answer_was_lost_is_not_taken_for_refused_where_the_fleet_is_then_not_reached(
    town: RideCity,
) -> None:
    ride = town.bound(town.rider())
    later = town.now + timedelta(hours=6)
    with db.unit_of_work() as session:
        changing.change(
            session, ride.id, rider_id=ride.rider_id, pick_up_at=later, companions=None, notes=None, now=town.now
        )
    turns = iter(("lost", "not reached", "there"))

    def amend(envelope: Dispatch, *arguments: Any, **named: Any) -> Any:
        turn = next(turns)
        if turn == "not reached":
            raise wire.NotReached("yellow", "not reached")
        answer = client.amend(envelope, *arguments, **named)
        if turn == "lost":
            raise wire.NoAnswer("yellow", "too late")
        return answer

    client = _instead(town, amend=amend)
    town.settle(until=45, step=15)
    assert town.ride(ride).pick_up_at == later.replace(microsecond=0)
    assert len(town.told("ride_changed")) == 1


def test_whoever_is_let_down_after_a_change_is_fetched_at_the_time_it_was_changed_to(town: RideCity) -> None:
    ride = town.bound(town.rider())
    assert ride.pick_up_at is not None
    later = ride.pick_up_at + timedelta(hours=2)
    with db.unit_of_work() as session:
        changing.change(
            session, ride.id, rider_id=ride.rider_id, pick_up_at=later, companions=1, notes=None, now=town.now
        )
    saga.drive(ride.booking_id, town.now)
    town.hear(ride, FleetStatus("cancelled", town.now, by="fleet"))
    town.settle(until=30)
    _ends(town, ride)
    found = town.ride(ride).pick_up_at
    assert found is not None and abs(found - later) <= timedelta(minutes=10)
    (request,) = town.rows("SELECT * FROM accessibility.ride_request")
    assert (request.wanted_at, request.companions) == (later, 1)
    assert request.window_starts_at <= later <= request.window_ends_at


def test_where_the_first_of_two_vehicles_is_gone_the_ride_is_with_the_second(town: RideCity) -> None:
    ride = town.bound(town.rider())
    ours, second = town.order(ride).fleet_order or "", "the-second"
    town.hear(ride, FleetStatus("bound", town.now, ours, others=(second,)))
    _instead(
        town,
        status_of=lambda envelope, **_: FleetStatus("bound", town.now, second),
        release=lambda *_, **__: FleetStatus("bound", town.now, second),
    )
    saga.drive(ride.booking_id, town.now + timedelta(hours=2))
    assert town.order(ride).fleet_order == second
    assert not town.rows("SELECT 1 FROM accessibility.second_yes")
    assert town.ride(ride).status == "bound" and not town.told("ride_reseeking")
