"""What fleets charge: no more than was said beforehand, and less whenever they say so, however late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from planted_rides import heard_again
from sqlalchemy import text

from accessibility.fares import settling
from accessibility.rides import cancelling, saga
from accessibility.rides.records import Ride
from api import wiring
from core import db
from partners.fleets.contents import TripDone
from tests.accessibility.rides.city import RideCity


def hear_everything() -> None:
    """The worker's turn with whatever was told of rides, twice."""
    with db.unit_of_work() as session:
        rows = session.execute(
            text("SELECT id, kind FROM core.outbox WHERE kind LIKE 'accessibility.ride%' ORDER BY id")
        ).all()
    for row in (*rows, *rows):
        if row.kind in wiring.consumers_by_kind():
            heard_again(row.id, row.kind)


def driven(town: RideCity, ride: Ride, fare_twd: int) -> None:
    number = town.order(ride).fleet_order or ""
    town.hear(ride, TripDone(number, town.now, town.now + timedelta(minutes=20), fare_twd))


def settled(ride: Ride) -> tuple[int, int, int]:
    """What the fleet stated, what the rider pays, and which version of it counts."""
    with db.unit_of_work() as session:
        found = settling.newest(session, ride.rider_id, ride.id)
    assert found is not None
    return found.stated_twd, found.fare.rider_pays_twd, found.version


def bills(ride: Ride) -> list[tuple[int, str]]:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT amount_twd, status FROM wallet.bill WHERE kind = 'ride'")).all()
    return [(row.amount_twd, row.status) for row in rows]


@pytest.fixture
def ride(town: RideCity) -> Ride:
    """A ride for a fixed price."""
    wiring.plug_in()
    town.connect("yellow", "harbour", "mountain")
    return town.bound(town.rider(), "harbour")


def test_a_fleet_that_says_less_afterwards_is_believed_and_one_that_says_more_is_not(
    town: RideCity, ride: Ride
) -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE accessibility.entitlement SET card = NULL"))
    first = ride.fare_twd or 0
    driven(town, ride, first - 20)
    hear_everything()
    before = settled(ride)
    driven(town, ride, first - 50)
    driven(town, ride, first + 500)
    driven(town, ride, first - 50)
    hear_everything()
    assert (before[0], settled(ride)[0], settled(ride)[2]) == (first - 20, first - 50, 2)
    assert [fact["fare_twd"] for fact in town.told("ride_fare_stated")] == [first - 50]
    assert len(town.told("ride_done")) == 1
    (after,) = town.rows("SELECT data FROM accessibility.ride_event WHERE kind = 'fare_stated'")
    assert after.data == {"fare_twd": first - 50}


def test_a_correction_that_overtakes_the_end_of_the_ride_is_what_it_is_settled_by(town: RideCity, ride: Ride) -> None:
    first = ride.fare_twd or 0
    driven(town, ride, first)
    driven(town, ride, first - 30)
    with db.unit_of_work() as session:
        stated, done = (
            session.execute(text("SELECT id FROM core.outbox WHERE kind = :kind"), {"kind": kind}).scalar_one()
            for kind in ("accessibility.ride_fare_stated", "accessibility.ride_done")
        )
    heard_again(stated, "accessibility.ride_fare_stated")
    heard_again(done, "accessibility.ride_done")
    assert settled(ride)[0::2] == (first - 30, 1)


def test_a_fleet_that_asks_more_for_a_late_cancellation_than_was_said_gets_what_was_said(town: RideCity) -> None:
    wiring.plug_in()
    town.connect("yellow", "harbour", "mountain")
    ride = town.bound(town.rider(), wish=town.wish(hours=0.75))
    with db.unit_of_work() as session:
        session.execute(text("UPDATE accessibility.fleet_terms SET late_fee_twd = 20 WHERE fleet = 'yellow'"))
        said = cancelling.terms_of(session, ride, town.now)
        cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)
    hear_everything()
    (order,) = town.rows("SELECT fee_twd FROM accessibility.fleet_order WHERE ride_id = :id", id=ride.id)
    assert (said.fee_twd, order.fee_twd, town.ride(ride).fee_twd) == (20, 50, 20)
    assert bills(ride) == [(20, "unpaid")]
