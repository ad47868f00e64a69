"""What comes free is held for one person, in the order of the line; whoever lets it go makes room for the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from accessibility.own_fleet import tasks as own_fleet
from accessibility.rides import saga
from accessibility.waitlist import answering, offering, states, waits
from accessibility.waitlist.errors import NoOfferToAccept
from accessibility.waitlist.waits import Wait
from api import wiring
from api.delivery import deliver
from core import db
from tests.accessibility.waitlist.small_city import City, rows


def accept(city: City, wait: Wait) -> Wait:
    with db.unit_of_work() as session:
        answering.accept(session, wait.id, rider_id=wait.rider_id, now=city.now)
    saga.drive(wait.booking_id, city.now)
    with db.unit_of_work() as session:
        return answering.settle(session, wait.id, now=city.now)


def told(kind: str) -> list[dict[str, str]]:
    return [row.payload for row in rows(
        "SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY recorded_at, id", kind=f"accessibility.{kind}"
    )]  # fmt: skip


def look(city: City) -> int:
    with db.unit_of_work() as session:
        slots = [row.slot for row in rows("SELECT slot FROM accessibility.wait_slot")]
        waits.look_again(session, slots, at=city.now)
    return offering.look(city.now)


def test_while_nothing_is_free_the_fleets_are_asked_again_with_growing_pauses(city: City) -> None:
    wait = city.wait()
    assert look(city) == 0
    after = city.again(wait)
    assert (after.status, after.tries) == (states.WAITING, 1)
    [slot] = rows("SELECT * FROM accessibility.wait_slot")
    assert timedelta(minutes=1) < slot.next_at - city.now <= timedelta(minutes=2)
    assert offering.look(city.now) == 0 and city.again(wait).tries == 1, "it is not due yet"
    for minutes in (2, 4, 8):
        city.later(minutes=minutes, seconds=5)
        offering.look(city.now)
        [slot] = rows("SELECT * FROM accessibility.wait_slot")
        assert timedelta(minutes=minutes * 1.5) < slot.next_at - city.now <= timedelta(minutes=minutes * 2)
    assert told("waitlist_offer") == []


def test_a_van_that_comes_free_is_kept_for_the_first_in_line_alone_and_bound_when_they_accept(city: City) -> None:
    first, second = city.wait(), city.wait()
    city.van()
    assert look(city) == 1
    assert [city.again(each).status for each in (first, second)] == [states.OFFERED, states.WAITING]
    [offer] = told("waitlist_offer")
    assert offer["wait_id"] == str(first.id) and offer["fleet"] == "rehabus"
    assert rows("SELECT count(*) AS n FROM accessibility.fleet_order WHERE status = 'held'")[0].n == 1
    with pytest.raises(NoOfferToAccept):
        accept(city, second)
    ended = accept(city, first)
    assert (ended.status, ended.why) == (states.ENDED, "taken")
    [ride] = rows("SELECT status, rider_id FROM accessibility.ride")
    assert (ride.status, ride.rider_id) == ("bound", first.rider_id)
    with db.unit_of_work() as session:
        assert waits.rank_of(session, city.again(second), city.now) == (1, 1)


def test_what_is_not_accepted_in_time_goes_to_the_next_and_the_first_waits_on(city: City) -> None:
    first, second = city.wait(), city.wait()
    city.van()
    look(city)
    for _ in range(6):
        city.later(minutes=2, seconds=45)
        offering.close(city.now)
    assert city.again(first).status == states.WAITING and city.again(first).let_go_at is not None
    assert [each["why"] for each in told("waitlist_ended")] == ["lapsed"]
    with pytest.raises(NoOfferToAccept):
        accept(city, first)
    assert look(city) == 1
    assert [city.again(each).status for each in (first, second)] == [states.WAITING, states.OFFERED]
    assert accept(city, second).why == "taken"
    assert told("ride_not_bound") == [], "nobody is told that a ride which they never took was not booked"


def test_a_fleet_holds_for_minutes_and_its_rider_still_has_the_whole_time(city: City) -> None:
    wait = city.wait()
    city.van()
    look(city)
    for _ in range(5):
        city.later(minutes=2, seconds=45)
        offering.close(city.now)
    assert city.again(wait).status == states.OFFERED
    assert accept(city, wait).why == "taken"
    assert len(told("waitlist_offer")) == 1, "they know of it already"


def test_what_somebody_else_took_after_the_fleet_let_it_go_is_said_to_be_gone(city: City) -> None:
    wait = city.wait()
    city.van()
    look(city)
    city.later(minutes=4)
    own_fleet.let_lapse(city.now)
    city.book(city.rider())
    saga.drive_due(city.now)
    offering.close(city.now)
    assert city.again(wait).status == states.WAITING
    assert [each["why"] for each in told("waitlist_ended")] == ["gone"]


@pytest.mark.parametrize("is_quicker", [False, True])
def test_a_yes_while_the_fleet_s_hold_is_taken_anew_counts(city: City, is_quicker: bool) -> None:
    wait = city.wait()
    city.van()
    look(city)
    with db.unit_of_work() as session:
        offering.give_back(session, city.again(wait), now=city.now)
    saga.drive(wait.booking_id, city.now)
    if is_quicker:
        city.book(city.rider())
    with db.unit_of_work() as session:
        answering.accept(session, wait.id, rider_id=wait.rider_id, now=city.now)
        assert answering.settle(session, wait.id, now=city.now).status == states.ACCEPTING
    city.later(minutes=20)
    offering.close(city.now)
    for row in rows("SELECT id FROM core.outbox WHERE settled_at IS NULL ORDER BY recorded_at, id"):
        deliver([row.id], wiring.consumers_by_kind())
    if is_quicker:
        assert city.again(wait).status == states.WAITING
        assert [each["why"] for each in told("waitlist_ended")] == ["gone"]
        assert city.again(wait).first_offered_at is None, "nobody's chance is reckoned from it"
    else:
        assert (city.again(wait).status, city.again(wait).why) == (states.ENDED, "taken")
        assert [row.status for row in rows("SELECT status FROM accessibility.ride ORDER BY created_at")][-1] == "bound"


def test_who_let_an_offer_lapse_is_told_the_rank_behind_the_others(city: City) -> None:
    first, second = city.wait(), city.wait()
    city.van()
    look(city)
    city.later(minutes=16)
    offering.close(city.now)
    with db.unit_of_work() as session:
        ranks = [waits.rank_of(session, city.again(each), city.now) for each in (first, second)]
        later = [waits.rank_of(session, city.again(each), city.now + timedelta(hours=1)) for each in (first, second)]
    assert (ranks, later) == ([(2, 2), (1, 2)], [(1, 2), (2, 2)])


def test_whoever_leaves_while_something_is_kept_gives_it_to_the_next(city: City) -> None:
    first, second = city.wait(), city.wait()
    city.van()
    look(city)
    with db.unit_of_work() as session:
        answering.leave(session, first.id, rider_id=first.rider_id, now=city.now)
    saga.drive_due(city.now)
    assert city.again(first).why == "withdrawn"
    assert look(city) == 1 and city.again(second).status == states.OFFERED


def test_who_waits_until_the_end_is_told_what_to_do(city: City) -> None:
    wait = city.wait()
    city.later(days=3)
    offering.close(city.now)
    assert (city.again(wait).status, city.again(wait).why) == (states.ENDED, "over")
    assert [each["why"] for each in told("waitlist_ended")] == ["over"]
    assert rows("SELECT status FROM accessibility.ride_request")[0].status == "lapsed"
    assert [tuple(row) for row in rows("SELECT waited, was_offered FROM accessibility.wait_outcome")] == [(1, 0)]


@pytest.mark.parametrize("dies", ["before", "after"])
def test_killed_around_the_call_that_holds_it_goes_on_where_it_stood(
    city: City, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    wait = city.wait()
    city.van()
    drive = saga.drive

    def dying(*arguments: Any) -> None:
        if dies == "after":
            drive(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(saga, "drive", dying)
    with pytest.raises(KeyboardInterrupt):
        look(city)
    monkeypatch.undo()
    assert city.again(wait).status == states.WAITING
    assert look(city) == 1
    assert len(told("waitlist_offer")) == 1 and accept(city, wait).why == "taken"
    assert len(rows("SELECT id FROM accessibility.fleet_order")) == 1


def test_what_is_kept_when_the_time_is_over_is_given_back(city: City) -> None:
    wait = city.wait()
    city.van()
    look(city)
    city.later(days=3)
    offering.close(city.now)
    saga.drive_due(city.now)
    assert city.again(wait).why == "over"
    assert [row.status for row in rows("SELECT status FROM accessibility.ride")] == ["not_bound"]
    assert rows("SELECT id FROM accessibility.fleet_order WHERE status IN ('held', 'bound')") == []


def test_two_sweeps_at_once_offer_one_place_to_one_person(city: City) -> None:
    people = [city.wait() for _ in range(3)]
    city.van()
    with db.unit_of_work() as session:
        waits.look_again(session, [people[0].slot], at=city.now)
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda _: offering.look(city.now), range(4)))
    assert sum(found) == 1
    assert [city.again(each).status for each in people] == [states.OFFERED, states.WAITING, states.WAITING]


def test_one_yes_said_twenty_times_at_once_is_one_ride(city: City) -> None:
    wait = city.wait()
    city.van()
    look(city)

    def once(_: int) -> str:
        try:
            return accept(city, wait).status
        except NoOfferToAccept:
            return "no"

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(once, range(20)))
    assert city.again(wait).why == "taken"
    assert [row.status for row in rows("SELECT status FROM accessibility.ride")] == ["bound"]
