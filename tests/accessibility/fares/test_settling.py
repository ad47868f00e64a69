"""What a ride came to: settled once, paid through the wallet, corrected downwards alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from paying_city import national_id
from planted_rides import PICK_UP, Planted, heard_again, plant, told
from sqlalchemy import text

from accessibility import events
from accessibility.fares import ports, quota, rules, settling
from accessibility.fares.errors import FareNeverRises, NoFareYet
from core import db
from core.ids import new_uuid
from identity import people
from wallet.ride_bills import RideBills, bill_of_ride

DONE = PICK_UP + timedelta(minutes=25)


@pytest.fixture
def cards(client: FlaskClient) -> Iterator[list[str]]:
    """The cards that every rider has; the wallet is where fares are paid."""
    held: list[str] = []
    before = (ports._cards_of, ports._payable)
    ports.plug_in(cards_of=lambda _session, _rider, _now: tuple(held), payable=RideBills())
    yield held
    ports.plug_in(cards_of=before[0], payable=before[1])


@pytest.fixture
def rider(cards: list[str]) -> UUID:
    with db.unit_of_work() as session:
        return people.enrol_demo_person(
            session, national_id=national_id(31), mobile="0912000031", password="a pass phrase of mine", now=PICK_UP
        )


def done(ride: Planted, fare_twd: int, **more: Any) -> UUID:
    return told(events.RIDE_DONE, ride.facts(fare_twd=fare_twd, **more), at=DONE)


def settled(ride: Planted) -> settling.Settled:
    with db.unit_of_work() as session:
        found = settling.newest(session, ride.rider_id, ride.id)
    assert found is not None
    return found


def bill(ride: Planted) -> tuple[int, str] | None:
    with db.unit_of_work() as session:
        row = session.execute(
            text("SELECT amount_twd, status FROM wallet.bill WHERE id = :id"), {"id": bill_of_ride(ride.id)}
        ).first()
    return None if row is None else (row.amount_twd, row.status)


def used(rider_id: UUID) -> int:
    with db.unit_of_work() as session:
        return sum(each.used for each in quota.of_rider(session, rules.at(session, PICK_UP), rider_id, PICK_UP))


def correct(ride: Planted, stated_twd: int) -> settling.Settled:
    with db.unit_of_work() as session:
        return settling.correct(
            session, ride.rider_id, ride.id, stated_twd=stated_twd, reason="the meter ran on", by=new_uuid(), now=DONE
        )


def test_a_ride_is_settled_once_however_often_it_is_told(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["senior"]
    ride = plant(rider, is_metered=True)
    event = done(ride, 185)
    heard_again(event, events.RIDE_DONE)
    done(ride, 185)
    done(ride, 240)
    assert (settled(ride).version, settled(ride).fare.rider_pays_twd, settled(ride).paid_by) == (1, 135, "bill")
    assert (bill(ride), used(rider)) == ((135, "unpaid"), 50)


def test_a_fleet_that_states_less_afterwards_has_it_corrected(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["senior"]
    ride = plant(rider, is_metered=True)
    done(ride, 185)
    done(ride, 90)
    assert (settled(ride).version, bill(ride), used(rider)) == (2, (40, "unpaid"), 50)
    correct(ride, 30)
    assert (settled(ride).paid_by, bill(ride), used(rider)) == ("nobody", (40, "void"), 30)


def test_nothing_is_owed_when_the_quota_covers_all(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    ride = plant(rider)
    done(ride, 185)
    assert (settled(ride).paid_by, bill(ride), used(rider)) == ("nobody", None, 185)


def test_the_quota_ends_where_it_ends_and_begins_anew_with_the_month(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    rides = [plant(rider, price_twd=400, is_metered=True) for _ in range(3)]
    for ride in rides:
        done(ride, 400)
    assert [bill(ride) for ride in rides] == [None, None, (300, "unpaid")]
    assert used(rider) == 900
    next_month = plant(rider, price_twd=400, pick_up_at=PICK_UP + timedelta(days=30))
    assert next_month.fare.quota_twd == 400
    correct(rides[0], 100)
    assert used(rider) == 600
    assert plant(rider, price_twd=400).fare.quota_twd == 300


def test_two_rides_that_end_at_once_do_not_share_the_last_points(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    done(plant(rider, price_twd=800, is_metered=True), 800)
    rides = [plant(rider, price_twd=90, is_metered=True) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda ride: done(ride, 90), rides))
    assert used(rider) == 900
    covered = [settled(ride).fare.quota_twd for ride in rides]
    assert sorted(covered) == [0, 0, 0, 0, 10, 90]
    assert sum(bill(ride)[0] for ride in rides if bill(ride)) == 6 * 90 - 100  # type: ignore[index]


def test_who_was_promised_a_price_pays_no_more(rider: UUID) -> None:
    ride = plant(rider, price_twd=185)
    done(ride, 260)
    assert (settled(ride).fare.rider_pays_twd, settled(ride).stated_twd) == (185, 260)
    pooled = plant(rider, "rehabus", 200, is_pooled=True)
    done(pooled, 200, pooled="no")
    assert settled(pooled).fare.rider_pays_twd == 66
    whole = plant(rider, "rehabus", 200, is_pooled=True)
    done(whole, 200, pooled="whole")
    assert settled(whole).fare.rider_pays_twd == 50


@pytest.mark.parametrize(("minutes", "pays"), [(40, 66), (41, 33), (54, 33), (55, 0)])
def test_a_ride_that_took_longer_than_promised_costs_less(rider: UUID, minutes: int, pays: int) -> None:
    ride = plant(rider, "rehabus", 200, is_pooled=True, minutes=minutes, at_most=40)
    done(ride, 200)
    assert (settled(ride).fare.rider_pays_twd, settled(ride).minutes_over) == (pays, minutes - 40)
    assert bill(ride) == ((pays, "unpaid") if pays else None)


def test_what_no_platform_may_take_is_paid_to_the_driver(rider: UUID) -> None:
    ride = plant(rider, price_twd=5_001, is_metered=True)
    done(ride, 5_001)
    assert (settled(ride).paid_by, bill(ride)) == ("driver", None)
    correct(ride, 4_000)
    assert (settled(ride).paid_by, bill(ride)) == ("driver", None)


def test_a_fare_never_rises(rider: UUID) -> None:
    ride = plant(rider)
    with pytest.raises(NoFareYet):
        correct(ride, 10)
    done(ride, 185)
    for twd in (185, 186):
        with pytest.raises(FareNeverRises):
            correct(ride, twd)
    assert (settled(ride).version, bill(ride)) == (1, (185, "unpaid"))


@pytest.mark.parametrize(
    ("by", "is_late", "fee", "owed"),
    [
        ("rider", True, 50, (50, "unpaid")),
        ("rider", False, 50, None),
        ("fleet", True, 50, None),
        ("rider", True, 0, None),
    ],
)
def test_only_a_rider_who_cancels_late_owes_what_was_said(
    rider: UUID, by: str, is_late: bool, fee: int, owed: tuple[int, str] | None
) -> None:
    ride = plant(rider, status="cancelled")
    fact = ride.facts(by=by, is_late=is_late, fee_twd=fee)
    event = told(events.RIDE_CANCELLED, fact, at=DONE)
    heard_again(event, events.RIDE_CANCELLED)
    told(events.RIDE_CANCELLED, fact, at=DONE)
    assert bill(ride) == owed
