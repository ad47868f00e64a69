"""The points of a card are kept for the rides that are booked: no two rides are promised the same ones, and a ride that
comes to nothing keeps none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from accessibility.fares import ports, quota, rules
from accessibility.fleets.envelopes import rough
from accessibility.requests import offers
from accessibility.requests.offers import Offer
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility
from accessibility.rides import cancelling, changing, outcomes, saga
from accessibility.rides import records as rides
from accessibility.rides.errors import RidePriceChanged
from accessibility.rides.records import Ride
from core import db
from core.clock import TAIPEI
from core.ids import new_uuid
from identity.actors import Actor
from partners.fleets.contents import FleetOrder, FleetStatus
from tests.accessibility.rides.city import HOME, RideCity


@pytest.fixture(autouse=True)
def cards() -> Iterator[None]:
    """The cards are those that the register has told of."""
    before = (ports._cards_of, ports._payable)
    ports.plug_in(cards_of=eligibility.cards_of, payable=before[1])
    yield
    ports.plug_in(cards_of=before[0], payable=before[1])


def wishes(town: RideCity, count: int) -> list[RideWish]:
    """So many rides, two hours apart, all in one month of Taipei."""
    first = town.now + timedelta(hours=5)
    while first.astimezone(TAIPEI).month != (first + timedelta(hours=2 * count)).astimezone(TAIPEI).month:
        first += timedelta(hours=1)
    return [town.wish(pick_up_at=first + timedelta(hours=2 * number)) for number in range(count)]


def offered(town: RideCity, rider: Actor, wish: RideWish) -> Offer:
    (request,) = town.ask(rider, wish)
    return town.offers(request)["yellow"]


def leave(rider: Actor, points: int, at: Offer) -> None:
    """Only so many points are left in the month of this offer."""
    period = f"{at.pick_up_at.astimezone(TAIPEI):%Y-%m}"
    with db.unit_of_work() as session:
        quota.set_used(
            session, rider.id, new_uuid(), [("disability", period, 900 - points)], now=at.pick_up_at
        )  # fmt: skip


def left(rider: Actor, at: Offer) -> tuple[int, int]:
    """Points kept and points left in the month of this offer."""
    with db.unit_of_work() as session:
        (card,) = quota.of_rider(session, rules.at(session, at.pick_up_at), rider.id, at.pick_up_at)
        return card.kept, card.left


def now_of(town: RideCity, offer: Offer) -> Offer:
    with db.unit_of_work() as session:
        return offers.as_of_now(session, [offer], town.now)[0]


def cancel(town: RideCity, ride: Ride) -> None:
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)


def take(town: RideCity, rider: Actor, offer: Offer, agreed_twd: int | None = None) -> Ride:
    booking = saga.drive(town.choose(rider, offer, agreed_twd=agreed_twd), town.now)
    (ride,) = booking.rides
    assert ride.status == "bound"
    return ride


def test_a_second_ride_is_not_taken_for_the_points_of_the_first(town: RideCity) -> None:
    rider = town.rider()
    one, other = (offered(town, rider, wish) for wish in wishes(town, 2))
    leave(rider, one.price_twd + 20, one)
    one, other = now_of(town, one), now_of(town, other)
    assert (one.rider_pays_twd, other.rider_pays_twd) == (0, max(0, other.price_twd - one.price_twd - 20))
    first = take(town, rider, one, agreed_twd=0)
    assert left(rider, one) == (one.price_twd, 20)
    due = other.price_twd - 20
    assert now_of(town, other).rider_pays_twd == due, "whoever looks again reads what it costs now"
    with pytest.raises(RidePriceChanged) as refused:
        town.choose(rider, other, agreed_twd=other.rider_pays_twd)
    assert refused.value.extensions == {"rider_pays_twd": due}
    assert left(rider, one) == (one.price_twd, 20), "what was refused keeps nothing"
    second = take(town, rider, other, agreed_twd=due)
    assert (second.rider_pays_twd, left(rider, one)) == (due, (one.price_twd + 20, 0))
    cancel(town, first)
    assert left(rider, one) == (20, one.price_twd)


def test_two_rides_that_are_taken_at_once_are_never_promised_the_same_points(town: RideCity) -> None:
    rider = town.rider()
    chosen = [offered(town, rider, wish) for wish in wishes(town, 4)]
    leave(rider, 100, chosen[0])
    with ThreadPoolExecutor(4) as threads:
        bookings = list(threads.map(lambda offer: town.choose(rider, offer), chosen))
    made = [ride for booking in bookings for ride in saga.drive(booking, town.now).rides]
    kept = [ride.agreed["quota_twd"] for ride in made if ride.agreed]
    assert (sorted(kept), left(rider, chosen[0])) == ([0, 0, 0, 100], (100, 0))
    assert all(
        ride.rider_pays_twd == offer.price_twd - points for ride, offer, points in zip(made, chosen, kept, strict=True)
    )


def test_both_ways_of_one_booking_share_the_points(town: RideCity) -> None:
    rider = town.rider()
    (wish,) = wishes(town, 1)
    there, back = town.ask(rider, replace(wish, return_at=(wish.pick_up_at or town.now) + timedelta(hours=2)))
    legs = [town.offers(each)["yellow"] for each in (there, back)]
    leave(rider, 60, legs[0])
    legs = [now_of(town, each) for each in legs]
    total = sum(each.price_twd for each in legs) - 60
    assert sum(each.rider_pays_twd for each in legs) == total - 60, "each by itself is offered all of them"
    with pytest.raises(RidePriceChanged):
        town.choose(rider, *legs, agreed_twd=total - 60)
    booking = saga.drive(town.choose(rider, *legs, agreed_twd=total), town.now)
    assert sum(ride.rider_pays_twd or 0 for ride in booking.rides) == total


def test_another_fleet_that_comes_instead_keeps_the_points_anew_and_none_keeps_none(town: RideCity) -> None:
    rider = town.rider()
    (wish,) = wishes(town, 1)
    offer = offered(town, rider, wish)
    ride = take(town, rider, offer)
    assert left(rider, offer) == (offer.price_twd, 900 - offer.price_twd)
    town.hear(ride, FleetStatus("cancelled", town.now, town.order(ride).fleet_order or "", by="fleet"))
    assert (town.ride(ride).status, left(rider, offer)[0]) == ("reseeking", offer.price_twd), "nobody takes them"
    town.sweep(1)
    after = town.ride(ride)
    assert after.agreed is not None and after.fleet != "yellow"
    assert left(rider, offer)[0] == after.agreed["quota_twd"] == after.fare_twd
    for fleet in ("harbour", "mountain", "yellow"):
        town.books.set_switch(fleet, "ask", "refuses")
        town.books.set_switch(fleet, "hold", "refuses")
    town.hear(after, FleetStatus("cancelled", town.now, town.order(after).fleet_order or "", by="fleet"))
    town.settle(until=10)
    assert (town.ride(ride).status, left(rider, offer)) == ("lost", (0, 900))


def test_a_ride_that_is_changed_keeps_and_costs_what_the_fleet_then_said(town: RideCity) -> None:
    rider = town.rider()
    (wish,) = wishes(town, 1)
    offer = offered(town, rider, wish)
    leave(rider, 50, offer)
    ride = take(town, rider, now_of(town, offer))
    number, place = town.order(ride).fleet_order or "", rough(HOME)
    answer = FleetOrder("bound", number, place, place, offer.pick_up_at, offer.price_twd + 30, False)
    with db.unit_of_work() as session:
        changing.change(
            session, ride.id, rider_id=rider.id, pick_up_at=None, companions=1, notes=None, now=town.now
        )  # fmt: skip
        booking = rides.locked(session, ride.booking_id)
        outcomes.changed(session, booking, ride.id, answer, town.now)
    after = town.ride(ride)
    assert (after.fare_twd, after.rider_pays_twd) == (offer.price_twd + 30, offer.price_twd - 20)
    assert after.agreed is not None and after.agreed["price_twd"] == offer.price_twd + 30
    assert left(rider, offer) == (50, 0)
