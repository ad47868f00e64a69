"""Giving up a series with all its rides: its rule before, in one go, gone on with where it was cut off, told afterwards,
and taken up again where it was a slip."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from sqlalchemy import text
from werkzeug.test import TestResponse

from accessibility import events
from accessibility.fleets import ports as fleet_ports
from accessibility.rides import records as ride_records
from accessibility.rides import saga, telling
from accessibility.series import asking, leaving, records, states, wishes
from accessibility.series.errors import DayIsBooked
from accessibility.waitlist import answering, offering, waits
from core import clock, db
from core.clock import taipei_date
from core.ids import typeid
from tests.accessibility.series.test_series import days, deliver_all, make, statuses
from tests.accessibility.waitlist import small_city
from tests.accessibility.waitlist.small_city import City, rows


@pytest.fixture
def city(client: FlaskClient, tmp_path: Path) -> Iterator[City]:
    before = dict(fleet_ports._fleets)
    yield small_city.made(tmp_path / "ahead")
    clock.follow(None)
    fleet_ports.plug_in(before)


@pytest.fixture
def mei(client: FlaskClient, city: City) -> SignedIn:
    person = sign_in(client, "A123456789", "0912345678")
    city.entitle(person.person_id)
    return person


def call(who: SignedIn, method: str, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {who.token}", "Accept-Language": "en", "Idempotency-Key": key or str(uuid4())}
    return who.client.open(path, method=method, json=body, headers=headers)


def booked(city: City, rider: UUID, **more: Any) -> records.Series:
    """Two days of two weeks, of which those that are open are booked."""
    first = city.nine.isoweekday()
    series = make(city, rider, weekdays=[first, first % 7 + 1], length=8, **more)
    weekly = rows("SELECT count(*) AS n FROM accessibility.van")[0].n
    if not weekly:
        city.late_van()
        with db.unit_of_work() as session:
            # The van drives on every day of the week, and not on one alone.
            session.execute(text(
                "INSERT INTO accessibility.van_roster (id, van_id, driver_id, weekday, begins, ends, breaks, valid_from)"
                " SELECT gen_random_uuid(), r.van_id, r.driver_id, d, r.begins, r.ends, r.breaks, r.valid_from"
                "   FROM (SELECT * FROM accessibility.van_roster ORDER BY weekday LIMIT 1) AS r,"
                "        generate_series(0, 6) AS d"
                "  WHERE NOT EXISTS (SELECT FROM accessibility.van_roster AS o"
                "                     WHERE o.van_id = r.van_id AND o.weekday = d)"
            ))  # fmt: skip
    asking.ask_due(city.now)
    deliver_all()
    return series


def test_the_rule_is_shown_and_all_booked_rides_are_cancelled_in_one_go_once(city: City, mei: SignedIn) -> None:
    series = booked(city, mei.person_id)
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    n = statuses(series).count(states.BOUND)
    assert n == 2
    terms = call(mei, "GET", f"{address}/cancellation-terms").json
    assert (len(terms["rides"]), terms["days_open"]) == (n, len(days(series)) - n)
    assert {each["may_cancel"] for each in terms["rides"]} == {True} and terms["words"].startswith(f"All {n} can")
    assert all(each["fleet_name"] and each["words"] for each in terms["rides"])

    key, body = str(uuid4()), {"with_rides": True, "agreed_fee_twd": 0, "agreed_points": 0}
    done = call(mei, "POST", f"{address}/cancellation", body, key=key)
    assert done.status_code == 200, done.json
    told = done.json["cancellation"]
    assert (told["rides"], told["cancelled"], told["under_way"], told["kept"]) == (n, n, 0, 0)
    assert told["words"] == f"{n} cancelled." and done.json["status"] == "cancelled"
    assert {each["status"] for each in done.json["next"]} == {"cancelled"}, "no day still says that it is booked"
    assert {row.status for row in rows("SELECT status FROM accessibility.ride")} == {"cancelled"}
    assert rows("SELECT count(*) AS n FROM accessibility.van_order WHERE state = 'bound'")[0].n == 0
    assert call(mei, "POST", f"{address}/cancellation", body, key=key).headers["Idempotency-Replayed"] == "true"
    again = call(mei, "POST", f"{address}/cancellation", body)
    assert again.status_code == 200 and again.json["cancellation"]["cancelled"] == n
    deliver_all()
    assert set(statuses(series)) == {states.CANCELLED}
    events = rows("SELECT payload FROM core.outbox WHERE kind = 'accessibility.ride_cancelled'")
    assert len(events) == n, "each is told of, and once"
    city.later(minutes=5)
    assert asking.ask_due(city.now) == 0


def test_killed_after_the_commit_the_sweep_goes_on_and_progress_is_seen(
    city: City, mei: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = booked(city, mei.person_id)
    n = statuses(series).count(states.BOUND)
    with db.unit_of_work() as session:
        to_drive = leaving.cancel(
            session, series.id, rider_id=mei.person_id, by=mei.person_id, with_rides=True, now=city.now
        )
    assert len(to_drive) == n
    saga.drive(to_drive[0], city.now)
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    half = call(mei, "GET", address).json["cancellation"]
    assert (half["rides"], half["cancelled"], half["under_way"]) == (n, 1, n - 1)
    assert "has not answered yet" in half["words"]
    early = call(mei, "POST", f"{address}/resumption")
    assert early.status_code == 409 and early.json["type"].endswith("/ride-series-being-cancelled")
    saga.drive_due(city.now)
    whole = call(mei, "GET", address).json["cancellation"]
    assert (whole["cancelled"], whole["under_way"]) == (n, 0)


def test_what_costs_more_than_was_shown_is_not_done(city: City, mei: SignedIn) -> None:
    series = booked(city, mei.person_id)
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    with db.unit_of_work() as session:
        # The time for free cancellation ends later than the last of them begins.
        session.execute(text(
            "UPDATE accessibility.fleet_terms SET free_until_minutes = 40000, late_points = 1 WHERE fleet = 'rehabus'"
        ))  # fmt: skip
    refused = call(
        mei, "POST", f"{address}/cancellation", {"with_rides": True, "agreed_fee_twd": 0, "agreed_points": 0}
    )
    assert refused.status_code == 409 and refused.json["type"].endswith("/ride-series-costs-more")
    n = statuses(series).count(states.BOUND)
    assert refused.json["points"] == n
    assert call(mei, "GET", address).json["status"] == "active"
    terms = call(mei, "GET", f"{address}/cancellation-terms").json
    assert terms["points"] == n and f"Of {n} rides {n} are past free cancellation" in terms["words"]


def test_without_the_rides_they_stay_and_can_still_be_given_up_with_it_later(city: City, mei: SignedIn) -> None:
    series = booked(city, mei.person_id)
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    n = statuses(series).count(states.BOUND)
    left = call(mei, "POST", f"{address}/cancellation", {"with_rides": False}).json
    assert (left["status"], left["cancellation"], left["to_cancel"]) == ("cancelled", None, n)
    done = call(mei, "POST", f"{address}/cancellation", {"with_rides": True})
    assert done.json["cancellation"]["cancelled"] == n


def test_another_s_series_is_none(city: City, mei: SignedIn, client: FlaskClient) -> None:
    series = booked(city, mei.person_id)
    other = sign_in(client, "B234567890", "0922333444")
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    for method, path in (
        ("GET", "/cancellation-terms"), ("POST", "/cancellation"), ("POST", "/resumption"),
        ("PUT", f"/days/{taipei_date(city.nine)}"),
    ):  # fmt: skip
        body = {"with_rides": True} if path == "/cancellation" else None
        assert call(other, method, address + path, body).status_code == 404
    assert states.BOUND in statuses(series)


def test_a_day_given_up_by_mistake_is_taken_up_again_and_asked_for_anew(city: City, mei: SignedIn) -> None:
    series = booked(city, mei.person_id)
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    last, first = days(series)[-1], days(series)[0]
    assert call(mei, "DELETE", f"{address}/days/{last.day}").json["next"][-1]["may_take_up"] is True
    back = call(mei, "PUT", f"{address}/days/{last.day}")
    assert back.status_code == 200 and back.json["next"][-1]["status"] == "planned"
    assert days(series)[-1].next_at == last.next_at, "asked for as its booking opens"

    booked_day = call(mei, "DELETE", f"{address}/days/{first.day}")
    assert booked_day.status_code == 409 and booked_day.json["type"].endswith("/ride-series-day-booked")
    ride = booked_day.json["ride_id"]
    assert call(mei, "POST", f"/v1/rides/{ride}/cancellation", {}).status_code == 200
    deliver_all()
    assert statuses(series)[0] == states.CANCELLED
    assert call(mei, "PUT", f"{address}/days/{first.day}").json["next"][0]["status"] == "planned"
    asking.ask_due(city.now)
    deliver_all()
    again = days(series)[0]
    assert again.status == states.BOUND and again.booking_id != first.booking_id
    assert call(mei, "PUT", f"{address}/days/nonsense").status_code == 404
    assert call(mei, "PUT", f"{address}/days/{first.day}").status_code == 200, "what is not given up stays as it is"


def test_a_holiday_that_was_left_out_may_be_wanted_after_all(city: City, mei: SignedIn) -> None:
    holiday = taipei_date(city.nine) + timedelta(days=7)
    with db.unit_of_work() as session:
        session.execute(text("DELETE FROM accessibility.holiday"))
        session.execute(text("INSERT INTO accessibility.holiday VALUES (:d, '測試', 'Test', 'a test')"), {"d": holiday})
    series = make(city, mei.person_id, skips_holidays=True)
    assert statuses(series)[1] == states.SKIPPED
    taken = call(mei, "PUT", f"/v1/ride-series/{typeid('rser', series.id)}/days/{holiday}")
    assert taken.json["next"][1]["status"] == "planned" and days(series)[1].takes_a_share


def test_a_series_given_up_by_mistake_comes_back_but_for_days_given_up_one_by_one(city: City, mei: SignedIn) -> None:
    series = booked(city, mei.person_id)
    address = f"/v1/ride-series/{typeid('rser', series.id)}"
    apart = days(series)[-1]
    call(mei, "DELETE", f"{address}/days/{apart.day}")
    call(mei, "POST", f"{address}/cancellation", {"with_rides": True})
    assert call(mei, "GET", address).json["may_take_up"] is True
    back = call(mei, "POST", f"{address}/resumption")
    deliver_all()
    assert back.status_code == 200, back.json
    assert (back.json["status"], back.json["cancellation"]) == ("active", None)
    assert statuses(series) == [states.PLANNED] * (len(days(series)) - 1) + [states.CANCELLED]
    asking.ask_due(city.now)
    deliver_all()
    assert states.BOUND in statuses(series)
    assert call(mei, "POST", f"{address}/resumption").status_code == 200, "again changes nothing"
    hours = rows("SELECT max(rides) AS most FROM accessibility.series_hour")
    assert hours[0].most == 1, "a day takes its share once"


def test_a_day_whose_way_back_alone_was_lost_is_booked_and_not_given_up_without_its_ride(city: City) -> None:
    rider = city.rider()
    city.late_van()
    series = make(city, rider, length=0, return_at=city.nine + timedelta(hours=4))
    asking.ask_due(city.now)
    deliver_all()
    assert statuses(series) == [states.BOUND]
    [back] = rows("SELECT id, booking_id FROM accessibility.ride WHERE leg = 'back'")
    with db.unit_of_work() as session:
        telling.publish(
            session, events.RIDE_LOST, ride_records.ride(session, back.id), now=city.now, reason="none_free"
        )
    deliver_all()
    assert statuses(series) == [states.BOUND], "the way there is bound all the same"
    with pytest.raises(DayIsBooked), db.unit_of_work() as session:
        leaving.cancel_day(session, series.id, days(series)[0].day, rider_id=rider, now=city.now)


def test_leaving_the_line_for_a_day_gives_its_share_to_others(city: City) -> None:
    rider = city.rider()
    series = make(city, rider, length=0)
    asking.ask_due(city.now)
    deliver_all()
    assert statuses(series) == [states.WAITING]
    [wait] = rows("SELECT id FROM accessibility.wait")
    with db.unit_of_work() as session:
        answering.leave(session, wait.id, rider_id=rider, now=city.now)
    deliver_all()
    assert statuses(series) == [states.CANCELLED]
    assert [row.rides for row in rows("SELECT rides FROM accessibility.series_hour")] == [0]


def test_given_up_while_the_fleets_are_asked_nobody_is_booked(
    city: City, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rider = city.rider()
    city.van()
    series = make(city, rider, length=0)
    ask_all = asking.asking.ask_all

    def given_up_meanwhile(*arguments: Any, **more: Any) -> None:
        ask_all(*arguments, **more)
        with db.unit_of_work() as session:
            leaving.cancel(session, series.id, rider_id=rider, by=rider, now=city.now)

    monkeypatch.setattr(asking.asking, "ask_all", given_up_meanwhile)
    asking.ask_due(city.now)
    assert statuses(series) == [states.CANCELLED]
    assert rows("SELECT id FROM accessibility.ride") == []
    assert "cannot go on" not in caplog.text, "nothing is done to a day that is given up"


@pytest.mark.parametrize("what", ["day", "series", "series with its rides"])
def test_what_is_kept_for_a_day_that_is_given_up_goes_to_the_next(city: City, what: str) -> None:
    rider = city.rider()
    series = make(city, rider, length=0)
    asking.ask_due(city.now)
    deliver_all()
    city.van()
    with db.unit_of_work() as session:
        waits.look_again(session, [row.slot for row in rows("SELECT slot FROM accessibility.wait_slot")], at=city.now)
    assert offering.look(city.now) == 1
    with db.unit_of_work() as session:
        if what == "day":
            leaving.cancel_day(session, series.id, days(series)[0].day, rider_id=rider, now=city.now)
        else:
            with_rides = what.endswith("rides")
            leaving.cancel(session, series.id, rider_id=rider, by=rider, with_rides=with_rides, now=city.now)
    saga.drive_due(city.now)
    deliver_all()
    assert statuses(series) == [states.CANCELLED]
    assert rows("SELECT id FROM accessibility.fleet_order WHERE status IN ('held', 'bound')") == []


def test_a_way_back_after_midnight_is_on_the_next_day(city: City) -> None:
    late = city.nine + timedelta(hours=13, minutes=30)
    series = make(city, city.rider(), pick_up_at=late, return_at=late + timedelta(hours=2), length=7)
    wish = wishes.on(series.wish, taipei_date(city.nine) + timedelta(days=7), series_id=series.id)
    assert wish.pick_up_at == late + timedelta(days=7) and wish.return_at == late + timedelta(days=7, hours=2)
    by_midnight = make(city, city.rider(), pick_up_at=late, arrive_by=late + timedelta(hours=1, minutes=45), length=7)
    wish = wishes.on(by_midnight.wish, taipei_date(city.nine), series_id=by_midnight.id)
    assert wish.arrive_by == late + timedelta(hours=1, minutes=45)
