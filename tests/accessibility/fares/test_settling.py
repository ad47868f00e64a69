"""What a ride came to: settled once, paid through the wallet, corrected downwards alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask.testing import FlaskClient
from paying_city import national_id
from planted_rides import PICK_UP, Planted, heard_again, plant, told
from sqlalchemy import text

from accessibility import events, fares
from accessibility.fares import ports, quota, rules, settling
from accessibility.fares.errors import FareNeverRises, NoFareYet
from core import db
from core.clock import TAIPEI
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


def test_points_that_are_kept_for_a_booked_ride_are_not_taken_by_a_meter_that_ran_on(
    rider: UUID, cards: list[str]
) -> None:
    cards[:] = ["disability"]
    done(plant(rider, price_twd=600, is_metered=True), 600)
    metered = plant(rider, price_twd=100, is_metered=True, status="aboard")
    booked = plant(rider, price_twd=150, status="bound")
    done(metered, 260)
    assert (settled(metered).fare.quota_twd, settled(metered).fare.rider_pays_twd) == (150, 110)
    assert settled(metered).fare.lines[-1].code == "meter", "and it is said that more was estimated"
    done(booked, 150)
    assert (settled(booked).fare.quota_twd, used(rider)) == (150, 900)


@pytest.mark.parametrize(
    ("status", "is_kept"),
    [("holding", True), ("bound", True), ("aboard", True), ("reseeking", True), ("done", True),
     ("cancelled", False), ("no_show", False), ("lost", False), ("not_bound", False)],
)  # fmt: skip
def test_a_ride_that_comes_to_nothing_keeps_no_points(
    rider: UUID, cards: list[str], status: str, is_kept: bool
) -> None:
    cards[:] = ["disability"]
    plant(rider, price_twd=850, status=status)
    assert plant(rider, price_twd=200).fare.quota_twd == (50 if is_kept else 200)


def test_the_month_is_the_one_of_the_ride_in_taipei(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    last = datetime(2026, 11, 30, 23, 59, tzinfo=TAIPEI)
    plant(rider, price_twd=850, status="bound", pick_up_at=last)
    assert plant(rider, price_twd=200, pick_up_at=last, status="cancelled").fare.quota_twd == 50
    assert plant(rider, price_twd=200, pick_up_at=last + timedelta(minutes=1)).fare.quota_twd == 200
    cards[:] = ["senior"]
    new_year = datetime(2027, 1, 1, tzinfo=TAIPEI)
    for _ in range(24):
        plant(rider, price_twd=50, status="bound", pick_up_at=new_year - timedelta(minutes=1))
    assert plant(rider, price_twd=50, pick_up_at=new_year - timedelta(hours=9)).fare.quota_twd == 0
    assert plant(rider, price_twd=50, pick_up_at=new_year).fare.quota_twd == 50


def test_a_card_that_is_gone_since_makes_no_fare_more_than_was_agreed_or_settled(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    ride = plant(rider, price_twd=185, status="bound")
    cards[:] = []
    done(ride, 185)
    assert (settled(ride).paid_by, bill(ride), settled(ride).fare.quota_twd) == ("nobody", None, 185)
    cards[:] = ["senior"]
    partly = plant(rider, price_twd=185, status="bound")
    done(partly, 185)
    cards[:] = []
    corrected = correct(partly, 180)
    assert (corrected.fare.quota_twd, corrected.fare.rider_pays_twd, bill(partly)) == (50, 130, (130, "unpaid"))


def test_a_ride_that_costs_nothing_is_nobodys_debt(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    ride = plant(rider, price_twd=0)
    done(ride, 0)
    assert (settled(ride).paid_by, bill(ride), used(rider)) == ("nobody", None, 0)
    assert [line.code for line in settled(ride).fare.lines] == ["price", "companions"]


def test_low_income_pays_its_share_and_dog_and_companion_nothing(rider: UUID) -> None:
    ride = plant(rider, "rehabus", 200, is_low_income=True)
    done(ride, 200)
    fare = settled(ride).fare
    assert (fare.rider_pays_twd, sum(line.amount_twd for line in fare.lines)) == (66, 66)
    (said,) = [line.words for line in fare.lines if line.code == "companions"]
    assert "導盲犬" in said.zh and "service dog is never charged" in said.en


def test_settlings_and_bookings_at_once_never_promise_more_than_the_card_grants(rider: UUID, cards: list[str]) -> None:
    cards[:] = ["disability"]
    ending = [plant(rider, price_twd=200, is_metered=True, status="aboard") for _ in range(3)]

    def go(number: int) -> None:
        if number < 3:
            done(ending[number], 350)
        else:
            book_another(rider, 200)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(go, range(8)))
    with db.unit_of_work() as session:
        (card,) = quota.of_rider(session, rules.at(session, PICK_UP), rider, PICK_UP)
    assert card.used + card.kept == 900
    assert all(settled(ride).fare.quota_twd >= 200 for ride in ending), "what was kept for a ride is its own"


def book_another(rider: UUID, price_twd: int) -> None:
    """A ride is agreed to and bound, as the room of rides does it: in one unit of work."""
    ride = plant(rider, price_twd=price_twd, status="cancelled")
    with db.unit_of_work() as session:
        agreed = fares.agree(session, rider, ride.fare, ride.fleet, ride.pick_up_at, PICK_UP, ride_id=ride.id)
        session.execute(text("SELECT set_config('session_replication_role', 'replica', true)"))
        session.execute(
            text("UPDATE accessibility.ride SET status = 'bound', agreed = CAST(:agreed AS jsonb) WHERE id = :id"),
            {"agreed": orjson.dumps(agreed.as_json()).decode(), "id": ride.id},
        )


def test_who_shared_all_the_way_pays_what_the_offer_said_that_it_would_be(rider: UUID) -> None:
    ride = plant(rider, "rehabus", 200, is_pooled=True)
    with db.unit_of_work() as session:
        session.execute(text("SELECT set_config('session_replication_role', 'replica', true)"))
        session.execute(
            text(
                """
                INSERT INTO accessibility.fleet_order (rider_id, id, booking_id, ride_id, offer_id, fleet, trip, status,
                                                       pick_up_at, price_twd, created_at)
                VALUES (:rider, :ride, :ride, :ride, :ride, 'rehabus', 'trip of mine', 'done', :now, 200, :now)
                """
            ),
            {"rider": rider, "ride": ride.id, "now": PICK_UP},
        )
    known = {"trip of mine": "whole"}
    ports.plug_in(
        cards_of=ports._cards_of,
        payable=RideBills(),
        shared_how=lambda _session, trip: known.get(trip),  # type: ignore[arg-type,return-value]
    )
    done(ride, 200)
    assert "if_whole" in [line.code for line in ride.fare.lines]
    assert (ride.fare.rider_pays_twd, settled(ride).fare.rider_pays_twd) == (66, 50)
    assert correct(ride, 100).fare.rider_pays_twd == 25
