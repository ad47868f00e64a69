"""The day of a ride whose fleet has no machine: the desk asks whether its vehicle is on its way and how it went, over
HTTP and with the worker's sweep, while a clock is put ahead."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in_officer import signed_in_officer
from werkzeug.test import TestResponse

from accessibility.calls import calls
from accessibility.rides import cancelling, saga
from accessibility.rides.records import Ride
from api import wiring
from api.delivery import deliver
from core import clock, db
from core.clock import TAIPEI
from tests.accessibility.rides.city import RideCity, ride_city


@dataclass
class Day:
    """A ride at five in the afternoon that the fleet on the telephone has bound, and the clock of its day, which stands
    still until it is put on."""

    client: FlaskClient
    moment: datetime
    town: RideCity = field(init=False)
    ride: Ride = field(init=False)

    def at(self, moment: datetime | None, **later: float) -> None:
        """It is so late, and the worker has done what was due."""
        assert moment is not None
        self.moment = moment + timedelta(**later)
        for _ in range(3):
            saga.drive_due(clock.now())
            calls.close_overdue(clock.now())

    def questions(self) -> list[str]:
        """What the desk is to ask now."""
        return [each["question"] for each in self._desk("GET", "/v1/dispatch/calls").get_json()["items"]]

    def tell(self, question: str, said: str, **given: Any) -> TestResponse:
        """The desk says what came of the call with this question."""
        items = self._desk("GET", "/v1/dispatch/calls").get_json()["items"]
        [item] = [each for each in items if each["question"] == question]
        assert said in item["answers"] or said == "nobody_came", item
        assert "陳美惠" not in str(item) or question == "customer"
        answer = self._desk("POST", f"/v1/dispatch/calls/{item['id']}/answer", {"answer": said, **given})
        saga.drive_due(clock.now())
        return answer

    def now(self) -> Ride:
        """The ride as it is."""
        return self.town.ride(self.ride)

    def settle(self) -> None:
        """Everybody who wants to know hears what happened."""
        for row in self.town.rows("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at, id"):
            deliver([row.id], wiring.consumers_by_kind())

    def fares(self) -> list[tuple[int, int]]:
        """What the fleet stated and the rider owes, of each version of the fare."""
        self.settle()
        rows = self.town.rows("SELECT stated_twd, rider_pays_twd FROM accessibility.ride_fare ORDER BY version")
        return [(row.stated_twd, row.rider_pays_twd) for row in rows]

    def _desk(self, method: str, path: str, body: Any = None) -> TestResponse:
        officer = signed_in_officer(self.client, "dispatcher", bureau="transport")
        key = {"Idempotency_Key": str(uuid4())} if body else {}
        answer = officer.call(method, path, body, **key)
        assert answer.status_code in (200, 422), answer.get_json()
        return answer


@pytest.fixture
def day(client: FlaskClient, books: SandboxBooks, monkeypatch: pytest.MonkeyPatch) -> Day:
    tomorrow = clock.taipei_date(clock.now()) + timedelta(days=1)
    day = Day(client, datetime.combine(tomorrow, time(12), TAIPEI))
    monkeypatch.setattr(clock, "now", lambda: day.moment)
    town = day.town = ride_city(books)
    town.connect("telephone")
    rider = town.rider()
    (request,) = town.ask(rider)
    day.tell("ask", "yes", minutes=25, price_twd=300)
    (offer,) = town.offers(request).values()
    booking = saga.drive(town.choose(rider, offer), clock.now())
    day.tell("bind", "yes")
    day.tell("customer", "yes")
    (day.ride,) = town.booking(booking.id).rides
    assert day.ride.status == "bound"
    return day


def test_a_ride_that_was_driven_is_done_at_the_fare_that_its_fleet_says_on_the_telephone(day: Day) -> None:
    day.at(day.ride.arrives_at, minutes=14)
    assert "driven" not in day.questions()
    day.at(day.ride.arrives_at, minutes=15)
    day.tell("driven", "unreached")
    assert "driven" not in day.questions()
    day.at(day.ride.arrives_at, minutes=15 + 120)
    day.tell("driven", "yes", price_twd=280)
    assert (day.now().status, day.now().fare_twd, day.now().done_at) == ("done", 280, day.ride.arrives_at)
    assert [stated for stated, _ in day.fares()] == [280]
    day.at(day.ride.arrives_at, days=2)
    assert day.questions() == [] and len(day.town.told("ride_done")) == 1


@pytest.mark.parametrize(("said", "fare_twd"), [({}, 300), ({"price_twd": 0}, 0)])
def test_where_the_operator_does_not_know_the_fare_what_was_agreed_counts(
    day: Day, said: dict[str, int], fare_twd: int
) -> None:
    day.at(day.ride.arrives_at, minutes=16)
    day.tell("driven", "yes", **said)
    assert day.now().fare_twd == fare_twd


def test_before_the_promised_time_the_fleet_is_asked_and_its_rider_is_told_late_then_on_the_way(day: Day) -> None:
    day.at(day.ride.window_starts_at, minutes=-11)
    assert day.questions() == []
    day.at(day.ride.window_starts_at, minutes=-10)
    assert day.tell("under_way", "later").status_code == 422, "in how many minutes?"
    day.tell("under_way", "later", minutes=40)
    assert [(each["minutes"], each["is_guess"]) for each in day.town.told("ride_late")] == [(15, False)]
    assert day.questions() == []
    day.at(day.ride.window_ends_at)
    assert len(day.town.told("ride_late")) == 1, "what was said still holds"
    day.at(day.ride.window_starts_at, minutes=25)
    day.tell("under_way", "yes", minutes=8, vehicle="TDE-0401")
    after = day.now()
    assert (after.status, after.vehicle and after.vehicle["number"]) == ("on_the_way", "TDE-0401")
    assert len(day.town.told("ride_on_the_way")) == 1
    day.at(after.eta_at, minutes=12)
    assert [each["is_guess"] for each in day.town.told("ride_late")] == [False]
    assert day.questions() == []


def test_where_nobody_is_reached_the_city_says_that_it_has_no_word_of_the_vehicle(day: Day) -> None:
    day.at(day.ride.window_starts_at, minutes=-10)
    assert day.questions() == ["under_way"]
    day.at(day.ride.window_ends_at, minutes=-6)
    assert day.town.told("ride_late") == []
    day.at(day.ride.window_ends_at, minutes=-4)
    assert [(each["minutes"], each["is_guess"]) for each in day.town.told("ride_late")] == [(10, True)]


def test_a_fleet_that_says_beforehand_that_it_does_not_come_is_left_and_not_rung_again(day: Day) -> None:
    day.at(day.ride.window_starts_at, minutes=-9)
    day.tell("under_way", "no")
    assert [each["reason"] for each in day.town.told("ride_reseeking")] == ["fleet_cancelled"]
    assert day.now().fleet != "telephone" or day.now().status == "lost"
    assert "cancel" not in day.questions()


def test_nobody_who_came_to_the_vehicle_is_missed_by_the_usual_rules(day: Day) -> None:
    day.at(day.ride.arrives_at, minutes=20)
    day.tell("driven", "nobody_came")
    assert (day.now().status, day.now().ended_by) == ("no_show", "rider")
    day.settle()
    [point] = day.town.rows("SELECT points, why FROM accessibility.conduct_point")
    assert tuple(point) == (0, "no_proof")


@pytest.mark.parametrize(("hours", "status", "is_over"), [(0.5, "lost", False), (15, "no_show", True)])
def test_a_vehicle_that_did_not_go_is_its_fleets_fault_and_another_is_sought_while_somebody_may_wait(
    day: Day, hours: float, status: str, is_over: bool
) -> None:
    day.at(day.ride.window_ends_at, minutes=31)
    day.at(day.ride.window_ends_at, hours=hours, minutes=2)
    day.tell("driven", "no")
    day.at(clock.now(), minutes=1)
    assert (day.now().status, day.now().ended_by) == (status, "fleet")
    assert [(each["by"], each["is_over"]) for each in day.town.told("ride_no_show")] == [("fleet", is_over)]
    assert len(day.town.told("ride_reseeking")) == (0 if is_over else 1)
    assert day.fares() == []
    day.settle()
    assert [row.points for row in day.town.rows("SELECT points FROM accessibility.conduct_point")] == [0]


def test_a_ride_of_which_nobody_ever_says_anything_ends_and_costs_nothing(day: Day) -> None:
    day.at(day.ride.arrives_at, minutes=15)
    day.at(day.ride.arrives_at, hours=24, minutes=14)
    assert day.now().status == "bound" and "driven" in day.questions()
    day.at(day.ride.arrives_at, hours=24, minutes=15)
    day.at(clock.now(), minutes=1)
    assert (day.now().status, day.now().fare_twd) == ("done", 0)
    assert day.fares() == [(0, 0)] and day.questions() == []
    [untold] = day.town.rows("SELECT source FROM accessibility.ride_event WHERE kind = 'not_told'")
    assert untold.source == "city"


def test_who_is_still_aboard_was_met_and_their_fleet_is_asked_again_when_they_are_to_be_there(day: Day) -> None:
    day.at(day.ride.arrives_at, minutes=15)
    day.tell("driven", "later", minutes=20)
    assert day.now().status == "aboard" and len(day.town.told("ride_arrives_late")) == 1
    assert day.questions() == []
    day.at(day.ride.arrives_at, minutes=46)
    refused = day.tell("driven", "nobody_came")
    assert (refused.status_code, refused.get_json()["type"].rsplit("/", 1)[1]) == (422, "ride-call-not-an-answer")
    day.tell("driven", "yes", price_twd=290)
    assert (day.now().status, day.now().fare_twd) == ("done", 290)


def test_nobody_asks_about_a_ride_that_is_cancelled(day: Day) -> None:
    day.at(day.ride.window_starts_at, minutes=-10)
    with db.unit_of_work() as session:
        cancelling.cancel(
            session, day.ride.id, rider_id=day.ride.rider_id, by=day.ride.rider_id, reason="", now=clock.now()
        )
    saga.drive(day.ride.booking_id, clock.now())
    assert day.questions() == ["cancel"]
