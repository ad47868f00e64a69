"""The evening before is told once; nobody is left where they went: reminded, asked for again and again, and rung for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from accessibility.calls import calls
from accessibility.reminders import evening, returns
from accessibility.requests import offers
from accessibility.rides import choosing, on_call, saga
from core import db
from core.clock import TAIPEI
from identity.actors import Actor
from tests.accessibility.waitlist.small_city import City, rows


def told(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in rows(
        "SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY recorded_at, id", kind=f"accessibility.{kind}"
    )]  # fmt: skip


def at_hour(city: City, hour: int, *, days: int = 1) -> datetime:
    """So many days before the ride, at that hour in Taipei."""
    return city.nine.replace(hour=hour) - timedelta(days=days)


def gone_out(city: City) -> tuple[UUID, UUID, datetime]:
    """Somebody who went out with the way back on call, and is there. Answers rider, way back, and since when."""
    rider = city.rider()
    city.van()
    out, _ = city.ask(rider, return_on_call=True)
    with db.unit_of_work() as session:
        [offer] = offers.standing(session, out, city.now)
        booking = choosing.choose(session, Actor("citizen", rider), rider, [offer.id], city.now)
    saga.drive(booking, city.now)
    # The van goes home at half past ten.
    arrived = city.nine.replace(hour=10, minute=25)
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE accessibility.ride SET status = 'done', done_at = :at, ended_at = :at WHERE leg = 'out'"),
            {"at": arrived},
        )
        session.execute(text("UPDATE accessibility.fleet_order SET status = 'done', ended_at = :at"), {"at": arrived})
    [back] = rows("SELECT id FROM accessibility.ride WHERE leg = 'back'")
    city.later(seconds=(arrived - city.now).total_seconds())
    return rider, back.id, arrived


def test_the_evening_before_a_ride_it_is_told_once_and_only_in_the_evening(city: City) -> None:
    city.van()
    rider = city.rider()
    city.book(rider)
    # Whatever the hour is now: booked in the morning of the day before.
    with db.unit_of_work() as session:
        session.execute(text("UPDATE accessibility.ride SET bound_at = :at"), {"at": at_hour(city, 9)})
    assert [evening.remind(at_hour(city, hour)) for hour in (12, 17, 21, 23)] == [0, 0, 0, 0]
    assert evening.remind(at_hour(city, 19, days=2)) == 0, "that is the evening before the evening before"
    assert [evening.remind(at_hour(city, 19)) for _ in range(2)] == [1, 0]
    [event] = told("ride_tomorrow")
    assert event["rider_id"] == str(rider) and event["fleet"] == "rehabus"


def test_what_was_booked_that_evening_its_rider_knows(city: City) -> None:
    city.van()
    city.book(city.rider())
    with db.unit_of_work() as session:
        session.execute(text("UPDATE accessibility.ride SET bound_at = :at"), {"at": at_hour(city, 18)})
    assert evening.remind(at_hour(city, 19)) == 0


def test_who_has_not_called_their_way_back_is_reminded_and_then_rung(city: City) -> None:
    rider, back, arrived = gone_out(city)
    latest = datetime.combine(city.now.astimezone(TAIPEI).date(), datetime.min.time(), TAIPEI).replace(
        hour=21, minute=30
    )
    assert returns.remind(arrived + timedelta(minutes=50)) == 0
    assert [returns.remind(arrived + timedelta(minutes=61)) for _ in range(2)] == [1, 0]
    assert returns.remind(arrived + timedelta(minutes=151)) == 1
    assert rows("SELECT id FROM accessibility.call WHERE kind = 'rider'") == []
    assert returns.remind(latest - timedelta(minutes=59)) == 1
    assert returns.remind(latest + timedelta(minutes=1)) == 1
    assert {datetime.fromisoformat(each["latest_at"]) for each in told("return_waits")} == {latest}
    assert [row.ride_id for row in rows("SELECT ride_id FROM accessibility.call WHERE kind = 'rider'")] == [back, back]
    with db.unit_of_work() as session:
        [call, _] = session.execute(text("SELECT * FROM accessibility.call WHERE kind = 'rider'")).all()
        assert call.rider_id == rider and "回程" in call.words_zh


def ready(city: City, rider: UUID, back: UUID) -> None:
    with db.unit_of_work() as session:
        ride = on_call.ready(session, back, rider_id=rider, now=city.now)
    saga.drive(ride.booking_id, city.now)


def test_who_is_ready_is_asked_for_until_a_vehicle_is_found_and_rung_for_after_minutes(city: City) -> None:
    rider, back, _ = gone_out(city)
    ready(city, rider, back)
    assert rows("SELECT status FROM accessibility.ride WHERE leg = 'back'")[0].status == "will_call"
    assert told("ride_not_bound") == []
    for _ in range(8):
        city.later(minutes=1, seconds=1)
        returns.seek(city.now)
    sought = told("return_sought")
    assert [each["attempts"] for each in sought][:2] == [2, 4] and [each["is_called"] for each in sought][:2] == [
        False,
        True,
    ]
    with db.unit_of_work() as session:
        [call] = [each for each in calls.open_calls(session, city.now, limit=9, after=None) if each.kind == "rider"]
    assert call.rider_id == rider and call.ride_id == back and "逐一打電話給車隊" in call.words.zh
    city.late_van()
    city.later(minutes=3)
    returns.seek(city.now)
    assert rows("SELECT status FROM accessibility.ride WHERE leg = 'back'")[0].status == "bound"
    [row] = rows("SELECT * FROM accessibility.ready_return")
    assert row.next_at is None and row.found_at is not None
    city.later(minutes=30)
    assert returns.seek(city.now) == 0


def test_a_way_back_that_is_found_at_once_needs_nobody(city: City) -> None:
    rider, back, _ = gone_out(city)
    city.late_van()
    ready(city, rider, back)
    assert rows("SELECT status FROM accessibility.ride WHERE leg = 'back'")[0].status == "bound"
    assert returns.seek(city.now) == 0 and told("return_sought") == []


@pytest.mark.parametrize("hour", [10, 23])
def test_the_latest_time_is_that_of_the_city_s_own_vans(city: City, hour: int) -> None:
    with db.unit_of_work() as session:
        latest = returns.latest_at(session, city.nine.replace(hour=hour))
    assert latest.astimezone(TAIPEI).strftime("%H:%M") == "21:30"
