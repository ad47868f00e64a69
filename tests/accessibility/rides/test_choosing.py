"""Taking an offer: held, bound, all else given back; whatever the fleets do, one ride, or none and told."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from accessibility.fleets import envelopes, ports
from accessibility.fleets.ports import Fleet
from accessibility.requests import records as requests
from accessibility.rides import cancelling, choosing, on_call, records, saga
from accessibility.rides.errors import AnotherRideThen, OfferGone, ReturnNotChosen, RideAlreadyChosen
from accessibility.rides.records import Ride
from core import db
from core.errors import Problem
from core.ids import typeid
from partners.fleets.client import Dispatch, FleetRefused
from partners.fleets.contents import FleetError, FleetOrder
from tests.accessibility.rides.city import HALL, RideCity


def test_what_is_chosen_is_held_then_bound_and_the_fleet_is_told_who_rides(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    town.calls.clear()
    booking = saga.drive(town.choose(rider, town.offers(request)["yellow"]), town.now)
    assert town.calls == ["hold", "bind", "tell_customer"]
    (ride,) = booking.rides
    assert (ride.status, ride.fleet) == ("bound", "yellow")
    assert ride.code.isdigit()
    (theirs,) = town.their_orders("bound")
    assert "陳美惠" in str(theirs["customer"]) and "光復路" in str(theirs["customer"])
    assert [each["fleet"] for each in town.told("ride_bound")] == ["yellow"]
    assert town.rows("SELECT * FROM identity.access_log WHERE what = 'ride_told'")
    town.agree()


def test_however_much_there_is_to_say_the_fleet_is_told_what_it_can_take(town: RideCity) -> None:
    rider = town.rider(notes_for_driver="請按門鈴。" * 40)
    stops = tuple(replace(HALL, label="停" * 200, latitude=HALL.latitude + place / 100) for place in range(3))
    (request,) = town.ask(rider, town.wish(notes="請走側門。" * 40, stops=stops))
    (ride,) = saga.drive(town.choose(rider, town.offers(request)["yellow"]), town.now).rides
    assert town.order(ride).customer_told_at is not None
    (theirs,) = town.their_orders("bound")
    assert ride.code in theirs["customer"] and "請走側門" in theirs["customer"]


def test_a_way_there_is_never_taken_without_the_way_back(town: RideCity) -> None:
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_at=town.now + timedelta(hours=8)))
    offered, returning = town.offers(out)["yellow"], town.offers(back)["yellow"]
    with pytest.raises(ReturnNotChosen):
        town.choose(rider, offered)
    town.books.set_switch("yellow", "hold", "refuses", match={"trip": returning.trip})
    booking = saga.drive(town.choose(rider, offered, returning), town.now)
    assert [each.status for each in booking.rides] == ["not_bound", "not_bound"]
    assert {(each["leg"], each["reason"]) for each in town.told("ride_not_bound")} == {
        ("out", "other_leg"), ("back", "fleet_refused"),
    }  # fmt: skip
    assert not town.their_orders("held", "bound")
    town.agree()


def test_both_ways_are_held_before_either_is_bound(town: RideCity) -> None:
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_at=town.now + timedelta(hours=8)))
    town.calls.clear()
    booking = saga.drive(town.choose(rider, town.offers(out)["yellow"], town.offers(back)["harbour"]), town.now)
    assert town.calls == ["hold", "hold", "bind", "bind", "tell_customer", "tell_customer"]
    assert [each.status for each in booking.rides] == ["bound", "bound"]
    town.agree()


def test_a_way_back_that_is_taken_later_and_fails_leaves_the_way_there(town: RideCity) -> None:
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_at=town.now + timedelta(hours=8)))
    saga.drive(town.choose(rider, town.offers(out)["yellow"], without_return=True), town.now)
    for fleet in ("yellow", "harbour", "mountain"):
        town.books.set_switch(fleet, "hold", "refuses")
    town.now += timedelta(seconds=10)
    booking = saga.drive(town.choose(rider, town.offers(back)["harbour"], without_return=True), town.now)
    assert [(each.leg, each.status) for each in booking.rides] == [("out", "bound"), ("back", "not_bound")]
    town.agree()


def test_when_the_city_chooses_the_next_fleet_is_taken_where_one_says_no(town: RideCity) -> None:
    rider = town.rider(fleet_order=("harbour", "yellow"))
    (request,) = town.ask(rider)
    town.books.set_switch("harbour", "hold", "refuses")
    booking = saga.drive(town.choose_for(rider, request), town.now)
    (ride,) = booking.rides
    assert ride.status == "bound" and ride.fleet != "harbour"
    town.agree()


def test_a_fleet_that_says_no_leaves_none_and_says_so_and_the_other_offers_stand(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    town.books.set_switch("yellow", "bind", "lapses")
    booking = saga.drive(town.choose(rider, town.offers(request)["yellow"]), town.now)
    assert [each.status for each in booking.rides] == ["not_bound"]
    assert town.told("ride_not_bound")[0]["reason"] == "hold_lapsed"
    assert town.requests([request])[0].status == "offered"
    again = saga.drive(town.choose(rider, town.offers(request)["harbour"]), town.now)
    assert [each.status for each in again.rides][-1] == "bound"
    town.agree()


@pytest.mark.parametrize("operation", ["hold", "bind"])
def test_a_fleet_that_answers_after_the_deadline_is_asked_how_it_stands(town: RideCity, operation: str) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    town.books.set_switch("yellow", operation, "bad_signature", count=1)
    booking_id = town.choose(rider, town.offers(request)["yellow"])
    assert [each.status for each in saga.drive(booking_id, town.now).rides] == ["holding"]
    town.settle(until=30)
    assert [each.status for each in town.booking(booking_id).rides] == ["bound"]
    assert len(town.told("ride_bound")) == 1
    town.agree()


def test_a_fleet_that_stays_silent_is_given_back_and_its_rider_told(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    town.books.set_switch("yellow", "bind", "bad_signature")
    town.books.set_switch("yellow", "status", "bad_signature")
    booking_id = town.choose(rider, town.offers(request)["yellow"])
    saga.drive(booking_id, town.now)
    town.settle(until=120)
    assert [each.status for each in town.booking(booking_id).rides] == ["not_bound"]
    assert town.told("ride_not_bound")[0]["reason"] == "no_answer"
    town.agree()


@pytest.mark.parametrize("is_told", [True, False])
def test_the_second_yes_of_a_fleet_is_given_back(town: RideCity, is_told: bool) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    town.books.set_switch("yellow", "bind", "double_confirms")
    booking_id = town.choose(rider, town.offers(request)["yellow"])
    (ride,) = saga.drive(booking_id, town.now).rides
    assert ride.status == "bound"
    assert len(town.their_orders("bound")) == 2
    if is_told:
        second = next(
            each for each in town.their_orders("bound") if each["fleet_order"] != town.order(ride).fleet_order
        )  # fmt: skip
        order = town.order(ride)
        told = FleetOrder(
            "bound", second["fleet_order"], envelopes.rough(request.pickup), envelopes.rough(request.dropoff),
            order.pick_up_at, order.price_twd, True,
        )  # fmt: skip
        town.hear(ride, told)
        town.sweep()
    else:
        town.settle(until=70)
    assert len(town.their_orders("bound")) == 1
    assert town.ride(ride).status == "bound"
    town.agree()


def test_twenty_people_confirm_the_last_place_at_once_and_one_has_it(town: RideCity) -> None:
    wanted = []
    for _ in range(20):
        rider = town.rider()
        (request,) = town.ask(rider)
        wanted.append((rider, town.offers(request)["harbour"]))
    first = town.rider()
    (request,) = town.ask(first)
    saga.drive(town.choose(first, town.offers(request)["harbour"]), town.now)
    with ThreadPoolExecutor(10) as pool:
        bookings = list(pool.map(lambda each: saga.drive(town.choose(each[0], each[1]), town.now), wanted))
    assert sorted(ride.status for booking in bookings for ride in booking.rides) == ["bound"] + ["not_bound"] * 19
    assert len(town.their_orders("bound")) == 2
    assert len(town.told("ride_not_bound")) == 19
    town.agree()


def test_one_rider_who_presses_twenty_times_has_one_ride(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    found = town.offers(request)

    def press(number: int) -> str:
        try:
            town.choose(rider, found["yellow" if number % 2 else "harbour"])
        except (RideAlreadyChosen, OfferGone) as refused:
            return refused.slug
        return "chosen"

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(press, range(20)))
    assert said.count("chosen") == 1
    town.settle(until=30)
    assert len(town.their_orders("bound")) == 1
    town.agree()


def _cancel(town: RideCity, ride: Ride) -> None:
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)


@pytest.mark.parametrize("after", ["hold", "bind", "tell_customer"])
def test_cancelled_while_it_is_being_confirmed_nothing_stays_at_the_fleet(town: RideCity, after: str) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    booking_id = town.choose(rider, town.offers(request)["yellow"])
    (ride,) = town.booking(booking_id).rides
    town.calls.clear()
    number = ["hold", "bind", "tell_customer"].index(after) + 1
    town.death = (number, "after")
    town.end = lambda: _cancel(town, ride)
    saga.drive(booking_id, town.now)
    town.settle(until=60)
    assert town.ride(ride).status == "cancelled"
    assert not town.their_orders("held", "bound")
    assert len(town.told("ride_cancelled")) == 1
    town.agree()


def test_what_is_kept_for_a_rider_is_bound_once_they_say_yes_and_given_back_if_not(town: RideCity) -> None:
    rider, other = town.rider(), town.rider()
    (request,), (others,) = town.ask(rider), town.ask(other)
    until = town.now + timedelta(minutes=2)
    kept = town.choose(rider, town.offers(request)["yellow"], keep_until=until, basis="waitlist")
    left = town.choose(other, town.offers(others)["yellow"], keep_until=until, basis="waitlist")
    for booking_id in (kept, left):
        assert [each.status for each in saga.drive(booking_id, town.now).rides] == ["holding"]
    assert len(town.their_orders("held")) == 2
    with db.unit_of_work() as session:
        choosing.accept(session, rider.id, kept, town.now)
    town.settle(until=200)
    assert [each.status for each in town.booking(kept).rides] == ["bound"]
    assert [(each.status, each.end_reason) for each in town.booking(left).rides] == [("not_bound", "not_accepted")]
    assert town.told("ride_not_bound") == []
    with db.unit_of_work() as session, pytest.raises(Problem):
        choosing.accept(session, other.id, left, town.now)
    town.agree()


def test_nobody_is_in_two_vehicles_at_once_whatever_was_asked_for(town: RideCity) -> None:
    rider, companion = town.rider(), town.rider()
    (first,), (second,), (later,) = (town.ask(rider, town.wish(hours)) for hours in (5, 5, 8))
    (ride,) = saga.drive(town.choose(rider, town.offers(first)["yellow"]), town.now).rides
    with pytest.raises(AnotherRideThen) as refused:
        town.choose(rider, town.offers(second)["harbour"])
    assert refused.value.extensions == {"ride_id": typeid("ride", ride.id)}
    saga.drive(town.choose(rider, town.offers(later)["yellow"]), town.now)
    (theirs,) = town.ask(companion)
    saga.drive(town.choose(companion, town.offers(theirs)["harbour"]), town.now)
    assert len(town.their_orders("bound")) == 3
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=rider.id, by=rider.id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)
    (instead,) = saga.drive(town.choose(rider, town.offers(second)["harbour"]), town.now).rides
    assert instead.status == "bound"


def test_of_two_rides_at_one_moment_that_are_taken_at_once_one_is(town: RideCity) -> None:
    rider = town.rider()
    first, second = (town.offers(request)["yellow"] for _ in range(2) for request in town.ask(rider))
    with ThreadPoolExecutor(1) as pool:
        with db.unit_of_work() as session:
            booking_id = choosing.choose(session, rider, rider.id, [first.id], town.now)
            other = pool.submit(town.choose, rider, second)
            # Not yet committed, so not to be seen: the other has to wait for it.
            with pytest.raises(TimeoutError):
                other.result(0.5)
        with pytest.raises(AnotherRideThen):
            other.result()
    saga.drive(booking_id, town.now)
    assert len(town.their_orders("held", "bound")) == 1


def test_whoever_takes_the_way_back_and_a_sweep_that_is_at_the_booking_take_turns(town: RideCity) -> None:
    """Both lock the booking first, then its requests: in another order each would wait for the other."""
    rider = town.rider()
    out, back = town.ask(rider, town.wish(return_at=town.now + timedelta(hours=8)))
    booking_id = town.choose(rider, town.offers(out)["yellow"], without_return=True)
    offer = town.offers(back)["yellow"]
    with ThreadPoolExecutor(1) as pool:
        with db.unit_of_work() as session:
            records.locked(session, booking_id)
            taken = pool.submit(town.choose, rider, offer, without_return=True)
            for _ in range(1000):
                if town.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
                    break
                time.sleep(0.01)
            session.execute(text("SET LOCAL lock_timeout = '200ms'"))
            requests.locked(session, back.id)
        assert taken.result(timeout=10) == booking_id
    assert {each.leg for each in town.booking(booking_id).rides} == {"out", "back"}


class Reluctant:
    """A fleet that refuses some of what it is asked, once: to the same telegram it says the same again."""

    def __init__(self, of: Fleet, *calls: str) -> None:
        self.of, self.calls, self.refused = of, list(calls), set[Any]()

    def __getattr__(self, name: str) -> Any:
        def call(envelope: Dispatch, *arguments: Any, **named: Any) -> Any:
            if name in self.calls:
                self.calls.remove(name)
                self.refused.add(envelope.id)
            if envelope.id in self.refused:
                raise FleetRefused("yellow", FleetError("busy", "稍後再說 Later"))
            return getattr(self.of, name)(envelope, *arguments, **named)

        return call


def test_a_fleet_that_does_not_let_go_is_believed_and_told_again(town: RideCity) -> None:
    rider = town.rider()
    ride = town.bound(rider)
    ports.add("yellow", Reluctant(ports.fleet("yellow"), "cancel"))
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=rider.id, by=rider.id, reason="", now=town.now)
    (standing,) = saga.drive(ride.booking_id, town.now).rides
    assert standing.status == "bound" and len(town.their_orders("bound")) == 1
    assert not town.told("ride_cancelled")
    town.settle(until=60, step=5)
    assert town.ride(ride).status == "cancelled" and not town.their_orders("bound")
    assert len(town.told("ride_cancelled")) == 1
    town.agree()


def test_a_fleet_that_refused_once_is_asked_with_another_telegram(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    ports.add("yellow", Reluctant(ports.fleet("yellow"), "tell_customer", "release", "release"))
    town.books.set_switch("yellow", "bind", "double_confirms")
    (ride,) = saga.drive(town.choose(rider, town.offers(request)["yellow"]), town.now).rides
    town.settle(until=150, step=10)
    assert town.order(ride).customer_told_at is not None
    assert len(town.their_orders("bound")) == 1
    assert ride.window_ends_at is not None
    with db.unit_of_work() as session:
        on_call.vehicle_missing(session, ride.id, rider_id=ride.rider_id, now=ride.window_ends_at)
    town.now = ride.window_ends_at
    town.settle(until=60)
    assert not [each for each in town.their_orders("bound") if each["fleet"] == "yellow"]
    town.agree()
