"""A fleet that has no machine: somebody rings, and what it says becomes offers, rides, changes and cancellations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sandbox_process import SandboxBooks

from accessibility.calls import calls, ports
from accessibility.rides import cancelling, saga, telephone
from core import db
from core.ids import new_uuid
from tests.accessibility.rides.city import RideCity, ride_city

NOON = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)
"""Twelve in Taipei: the fleet drives from seven to nine in the evening."""


@pytest.fixture
def town(database: db.Database, books: SandboxBooks) -> RideCity:
    ports.plug_in(fleet_answered=telephone.fleet_answered)
    town = ride_city(books)
    town.now = NOON
    town.connect("telephone")
    return town


def _rung(town: RideCity, question: str, said: str, later: float = 60, **given: Any) -> calls.RideCall:
    """Somebody makes the call with that question and tells what came of it."""
    now = town.now + timedelta(seconds=later)
    with db.unit_of_work() as session:
        found = [each for each in calls.open_calls(session, now, limit=50, after=None) if each.question == question]
        call = calls.answer(session, found[0].id, said, given=given, note="", officer_id=new_uuid(), now=now)
    saga.drive_due(now + timedelta(seconds=1))
    return call


def test_what_is_said_on_the_telephone_becomes_an_offer_then_a_ride(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    assert (request.status, town.asks(request)) == ("none", {"telephone": ("by_telephone", "by_telephone")})
    asked = _rung(town, "ask", "yes", minutes=25, price_twd=300)
    assert "陳美惠" not in str(asked.facts) and "光復路" not in f"{asked.facts} {asked.words}"
    assert town.requests([request])[0].status == "offered"
    (offer,) = town.offers(request).values()
    assert (offer.price_twd, offer.is_metered, offer.fit["fits"]) == (300, False, True)
    booking = saga.drive(town.choose(rider, offer), town.now)
    assert [each.status for each in booking.rides] == ["holding"]
    _rung(town, "bind", "yes", vehicle="TDE-0401", driver="王先生")
    (ride,) = town.booking(booking.id).rides
    assert (ride.status, ride.driver) == ("bound", {"name": "王先生", "phone": None})
    told = _rung(town, "customer", "yes", later=120)
    with db.unit_of_work() as session:
        said = telephone.customer_words(session, told).zh
    assert "陳美惠" in said and "光復路" in said and ride.code in said
    assert town.order(ride).customer_told_at is not None
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=rider.id, by=rider.id, reason="", now=town.now)
    saga.drive(booking.id, town.now)
    assert town.ride(ride).status == "cancelled"
    _rung(town, "cancel", "yes", later=180)


@pytest.mark.parametrize(("said", "reason"), [("no", "fleet_refused"), ("overdue", "fleet_refused")])
def test_a_fleet_that_says_no_or_is_not_reached_leaves_none_and_its_rider_is_told(
    town: RideCity, said: str, reason: str
) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    _rung(town, "ask", "yes")
    (offer,) = town.offers(request).values()
    booking = saga.drive(town.choose(rider, offer), town.now)
    if said == "no":
        _rung(town, "bind", "no")
    else:
        calls.close_overdue(town.now + timedelta(hours=1))
        saga.drive_due(town.now + timedelta(hours=1))
    assert [each.status for each in town.booking(booking.id).rides] == ["not_bound"]
    assert town.told("ride_not_bound")[0]["reason"] == reason


def test_whoever_cancels_while_somebody_rings_has_no_ride_and_the_fleet_is_rung_again(town: RideCity) -> None:
    rider = town.rider()
    (request,) = town.ask(rider)
    _rung(town, "ask", "yes")
    (offer,) = town.offers(request).values()
    (ride,) = saga.drive(town.choose(rider, offer), town.now).rides
    with db.unit_of_work() as session:
        cancelling.cancel(session, ride.id, rider_id=rider.id, by=rider.id, reason="", now=town.now)
    saga.drive(ride.booking_id, town.now)
    _rung(town, "bind", "yes")
    assert town.ride(ride).status == "cancelled"
    with db.unit_of_work() as session:
        found = calls.open_calls(session, town.now + timedelta(minutes=3), limit=50, after=None)
    assert {each.question for each in found} == {"cancel"}


def test_a_fleet_that_is_rung_and_says_no_is_counted_as_one_that_refused(town: RideCity) -> None:
    (request,) = town.ask(town.rider())
    _rung(town, "ask", "no")
    assert town.asks(request)["telephone"] == ("none", "fleet_refuses")
    assert [each["fleet"] for each in town.told("ride_refused")] == ["telephone"]
