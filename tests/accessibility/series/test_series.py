"""Dialysis three times a week: each day asked for as booking opens, booked or waited for, and never more than a share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility
from accessibility.series import asking, leaving, planning, records, states
from accessibility.series.errors import NoDayInSeries, SeriesOver, TooManySeries
from accessibility.series.records import Day, Series
from api import wiring
from api.delivery import deliver
from core import db
from core.clock import TAIPEI
from core.errors import NotFound
from core.ids import new_uuid
from identity.actors import Actor
from partners.bureaus.client import RideStanding
from tests.accessibility.waitlist.small_city import HOME, HOSPITAL, City, rows


def make(city: City, rider: UUID, *, length: int = 14, weekdays: list[int] | None = None, **more: Any) -> Series:
    given = {"purpose": "medical", "pick_up_at": city.nine} | more
    skips = given.pop("skips_holidays", False)
    wish = RideWish(HOME, HOSPITAL, **given)
    with db.unit_of_work() as session:
        return planning.make(
            session, Actor("citizen", rider), rider, wish, weekdays=weekdays or [city.nine.isoweekday()],
            until=city.nine.date() + timedelta(days=length), skips_holidays=skips, now=city.now,
        )  # fmt: skip


def days(series: Series) -> list[Day]:
    with db.unit_of_work() as session:
        return records.days_of(session, series, since=date(2000, 1, 1))


def statuses(series: Series) -> list[str]:
    return [each.status for each in days(series)]


def deliver_all() -> None:
    for _ in range(3):
        for row in rows("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at, id"):
            deliver([row.id], wiring.consumers_by_kind())


def told(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in rows(
        "SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY recorded_at, id", kind=f"accessibility.{kind}"
    )]  # fmt: skip


def set_share(percent: int, rides: int) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text("UPDATE accessibility.series_share SET most_percent = :percent, rides_an_hour = :rides"),
            {"percent": percent, "rides": rides},
        )


def test_every_day_is_planned_and_asked_for_when_the_city_s_vans_open_its_booking(city: City) -> None:
    series = make(city, city.rider())
    first, second, third = days(series)
    assert [each.day - city.nine.date() for each in (first, second, third)] == [
        timedelta(days=each) for each in (0, 7, 14)
    ]
    # Severe and in a wheelchair, to the doctor's: seven days before, at midnight.
    assert third.opens_at == datetime.combine(third.day - timedelta(days=7), time(), TAIPEI) == third.next_at
    city.van()
    assert asking.ask_due(city.now) == (1 if second.opens_at > city.now else 2)
    deliver_all()
    assert statuses(series)[0] == states.BOUND and statuses(series)[2] == states.PLANNED
    assert told("ride_bound") and told("series_day_done") == []
    assert asking.ask_due(city.now) == 0


def test_where_nothing_is_free_its_rider_stands_in_line_and_hears_it(city: City) -> None:
    rider = city.rider()
    series = make(city, rider)
    asking.ask_due(city.now)
    deliver_all()
    assert statuses(series)[0] == states.WAITING
    [day] = told("series_day_done")[:1]
    assert (day["outcome"], day["series_id"]) == ("waiting", str(series.id))
    [wait] = rows("SELECT * FROM accessibility.wait ORDER BY joined_at LIMIT 1")
    assert wait.rider_id == rider and wait.booking_id == days(series)[0].booking_id


def test_killed_after_the_request_was_written_it_is_asked_for_again_and_once(city: City) -> None:
    series = make(city, city.rider(), length=0)
    [day] = days(series)
    begun = asking._begin(day, city.now)
    assert begun is not None and begun.status == states.ASKING
    city.van()
    city.later(minutes=4)
    assert asking.ask_due(city.now) == 1
    deliver_all()
    assert statuses(series) == [states.BOUND]
    assert len(rows("SELECT id FROM accessibility.ride_request")) == 1


def test_public_holidays_are_left_out_where_asked_for(city: City) -> None:
    with db.unit_of_work() as session:
        session.execute(text("DELETE FROM accessibility.holiday"))
        session.execute(
            text("INSERT INTO accessibility.holiday VALUES (:day, '測試', 'Test', 'a test') ON CONFLICT DO NOTHING"),
            {"day": city.nine.date() + timedelta(days=7)},
        )
    rider = city.rider()
    with_all, without = make(city, rider), make(city, rider, skips_holidays=True)
    assert statuses(with_all) == [states.PLANNED] * 3
    assert statuses(without) == [states.PLANNED, states.SKIPPED, states.PLANNED]
    assert days(without)[1].reason == planning.HOLIDAY


def test_recurring_rides_take_their_share_of_an_hour_and_the_rest_asks_other_fleets(city: City) -> None:
    set_share(50, 3)
    first, second = make(city, city.rider()), make(city, city.rider())
    assert [each.takes_a_share for each in days(first)] == [True] * 3
    assert [each.takes_a_share for each in days(second)] == [False] * 3
    city.van()
    city.van()
    asking.ask_due(city.now)
    deliver_all()
    assert (statuses(first)[0], statuses(second)[0]) == (states.BOUND, states.WAITING)
    [wait] = rows("SELECT * FROM accessibility.wait")[:1]
    asked = rows("SELECT DISTINCT fleet FROM accessibility.ask WHERE request_id = :id", id=wait.request_ids[0])
    assert "rehabus" not in {row.fleet for row in asked}


def test_the_way_back_takes_a_share_of_its_own_hour(city: City) -> None:
    set_share(50, 3)
    other = make(city, city.rider(), pick_up_at=city.nine + timedelta(hours=3))
    series = make(city, city.rider(), return_at=city.nine + timedelta(hours=3))
    assert [each.takes_a_share for each in days(other)] == [True] * 3
    assert [each.takes_a_share for each in days(series)] == [False] * 3
    hours = {
        row.hour: row.rides
        for row in rows("SELECT hour, max(rides) AS rides FROM accessibility.series_hour GROUP BY hour")
    }
    assert hours == {9: 0, 12: 1}, "what it could not have whole it does not keep in part"


def test_one_day_is_given_up_and_its_share_is_for_others(city: City) -> None:
    set_share(50, 3)
    rider = city.rider()
    series = make(city, rider)
    last = days(series)[2]
    with db.unit_of_work() as session:
        leaving.cancel_day(session, series.id, last.day, rider_id=rider, now=city.now)
    assert statuses(series) == [states.PLANNED, states.PLANNED, states.CANCELLED]
    assert [each.takes_a_share for each in days(make(city, city.rider()))] == [False, False, True]
    with pytest.raises(NotFound), db.unit_of_work() as session:
        leaving.cancel_day(session, series.id, last.day + timedelta(days=1), rider_id=rider, now=city.now)
    with pytest.raises(NotFound), db.unit_of_work() as session:
        leaving.cancel_day(session, series.id, last.day, rider_id=new_uuid(), now=city.now)


def test_all_of_it_is_given_up_but_what_is_booked_which_is_named(city: City) -> None:
    rider = city.rider()
    series = make(city, rider)
    city.van()
    asking.ask_due(city.now)
    deliver_all()
    booked = [each.day for each in days(series) if each.status == states.BOUND]
    assert booked
    with db.unit_of_work() as session:
        assert leaving.cancel(session, series.id, rider_id=rider, by=rider, now=city.now) == []
    assert [each.day for each in days(series) if each.status == states.BOUND] == booked
    assert {each.status for each in days(series)} <= {states.BOUND, states.CANCELLED}
    with db.unit_of_work() as session:
        assert records.get(session, series.id).status == states.CANCELLED
    city.later(days=20)
    assert asking.ask_due(city.now) == 0
    with pytest.raises(SeriesOver), db.unit_of_work() as session:
        leaving.cancel_day(session, series.id, booked[0], rider_id=rider, now=city.now)


def test_giving_up_a_day_that_is_waited_for_leaves_the_line(city: City) -> None:
    rider = city.rider()
    series = make(city, rider, length=0)
    asking.ask_due(city.now)
    with db.unit_of_work() as session:
        leaving.cancel_day(session, series.id, days(series)[0].day, rider_id=rider, now=city.now)
    assert statuses(series) == [states.CANCELLED]
    [wait] = rows("SELECT * FROM accessibility.wait")
    assert (wait.status, wait.why) == ("ended", "withdrawn")


def test_who_is_no_longer_entitled_is_not_asked_for_and_hears_why(city: City) -> None:
    rider = city.rider()
    series = make(city, rider, length=0)
    with db.unit_of_work() as session:
        eligibility.hear(session, rider, RideStanding(has_certificate=False), now=city.now)
    asking.ask_due(city.now)
    assert statuses(series) == [states.SKIPPED]
    [day] = told("series_day_done")
    assert (day["outcome"], day["reason"]) == ("skipped", "not_eligible")


def test_what_cannot_be_is_refused(city: City) -> None:
    rider = city.rider()
    with pytest.raises(NoDayInSeries):
        make(city, rider, length=-1)
    with pytest.raises(NoDayInSeries):
        make(city, rider, length=400)
    with pytest.raises(NoDayInSeries):
        make(city, rider, length=0, weekdays=[(city.nine.isoweekday() % 7) + 1])
    for _ in range(planning.MOST):
        make(city, rider, length=0)
    with pytest.raises(TooManySeries):
        make(city, rider, length=0)


def test_a_series_is_over_after_its_last_day(city: City) -> None:
    series = make(city, city.rider(), length=0)
    assert asking.close_over(city.now) == 0
    city.later(days=4)
    assert asking.close_over(city.now) == 1
    with db.unit_of_work() as session:
        assert records.get(session, series.id).status == states.OVER
