"""A ride by the city's own vans as the other rooms live it: asked, chosen, bound, driven, and owed as it was offered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from planted_rides import heard_again
from sqlalchemy import text

from accessibility.fares import settling
from accessibility.fleets import city as fleet_terms
from accessibility.fleets import ports
from accessibility.own_fleet.fleet import OwnFleet
from accessibility.rides import saga
from api import wiring
from core import clock, db
from core.clock import TAIPEI
from partners.fleets.contents import FleetStatus, TripDone
from tests.accessibility.own_fleet.city_vans import TRAVEL, a_van
from tests.accessibility.rides.city import RideCity


@pytest.fixture
def town(database: db.Database) -> Iterator[RideCity]:
    before = {code: ports.fleet(code) for code in ports.codes()}
    wiring.plug_in()
    a_van("R001")
    with db.unit_of_work() as session:
        fleet_terms.ensure_fleets(session)
        session.execute(text("UPDATE accessibility.fleet SET is_open = code = :code"), {"code": "rehabus"})
    ports.plug_in({"rehabus": OwnFleet(TRAVEL)})
    yield RideCity(None, clock.now())  # type: ignore[arg-type]
    ports.plug_in(before)


def hear_everything() -> None:
    """The worker's turn with whatever was told."""
    with db.unit_of_work() as session:
        rows = session.execute(
            text("SELECT id, kind FROM core.outbox WHERE kind LIKE :rides ORDER BY id"),
            {"rides": "accessibility.ride%"},
        ).all()
    for row in rows:
        if row.kind in wiring.consumers_by_kind():
            heard_again(row.id, row.kind)


def test_what_was_offered_is_what_is_owed(town: RideCity) -> None:
    rider = town.rider()
    tomorrow = (town.now.astimezone(TAIPEI) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    (request,) = town.ask(rider, town.wish(pick_up_at=tomorrow))
    offer = town.offers(request)["rehabus"]
    booking = saga.drive(town.choose(rider, offer), town.now)
    (ride,) = booking.rides
    assert ride.status == "bound"
    number = town.order(ride).fleet_order or ""
    for state in ("on_the_way", "at_door", "aboard"):
        town.hear(ride, FleetStatus(state, tomorrow, number))  # type: ignore[arg-type]
    town.hear(ride, TripDone(number, tomorrow, tomorrow + timedelta(minutes=10), offer.price_twd))
    hear_everything()
    hear_everything()
    with db.unit_of_work() as session:
        settled = settling.newest(session, rider.id, ride.id)
        bills = session.execute(text("SELECT amount_twd, kind, status FROM wallet.bill")).all()
    assert settled is not None
    assert settled.fare.rider_pays_twd == offer.rider_pays_twd
    assert [tuple(each) for each in bills] == [(offer.rider_pays_twd, "ride", "unpaid")]


def test_the_fare_by_day_is_the_one_of_the_meter_s_rule(town: RideCity) -> None:
    rider = town.rider()
    tomorrow = (town.now.astimezone(TAIPEI) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    (request,) = town.ask(rider, town.wish(pick_up_at=tomorrow))
    before = town.offers(request)["rehabus"]
    with db.unit_of_work() as session:
        session.execute(
            text(
                """
                INSERT INTO accessibility.fare_rule (kind, subject, valid_from, terms, source, is_confirmed)
                SELECT kind, subject, :now, terms || '{"flag_fall_twd": 185}', '交通局公告', true
                  FROM accessibility.fare_rule WHERE kind = 'meter' ORDER BY valid_from DESC LIMIT 1
                """
            ),
            {"now": town.now},
        )
    (request,) = town.ask(town.rider(), town.wish(pick_up_at=tomorrow))
    after = town.offers(request)["rehabus"]
    assert after.price_twd == before.price_twd + 100
    assert "尚待確認" in before.fare["source"] and "交通局公告" in after.fare["source"]
