"""Calls that somebody makes: shown while they are of use, answered once, made again three times, and in nobody's log twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from accessibility.calls import calls, ports, tasks
from accessibility.calls.calls import RideCall
from accessibility.calls.errors import CallOver
from core import clock, db
from core.ids import new_uuid, typeid
from core.outbox import Event
from core.text import Text

WORDS = Text("您的車到門口了。", "Your vehicle is at the door.")


def ring(rider: UUID | None = None, *, minutes: float = 15, ride: UUID | None = None) -> UUID:
    call_id, now = new_uuid(), clock.now()
    with db.unit_of_work() as session:
        calls.ring_rider(
            session, call_id=call_id, rider_id=rider or new_uuid(), ride_id=ride, phone="072345678", words=WORDS,
            due_at=now, until=now + timedelta(minutes=minutes), now=now,
        )  # fmt: skip
    return call_id


def say(call_id: UUID, said: str, *, after: timedelta = timedelta(0)) -> RideCall:
    with db.unit_of_work() as session:
        return calls.answer(
            session, call_id, said, given={}, note="", officer_id=new_uuid(), now=clock.now() + after
        )  # fmt: skip


def open_now(after: timedelta = timedelta(0)) -> list[UUID]:
    with db.unit_of_work() as session:
        return [each.id for each in calls.open_calls(session, clock.now() + after, limit=50, after=None)]


def test_a_call_is_to_be_made_until_it_is_of_no_use(database: db.Database) -> None:
    first, second = ring(), ring(minutes=40)
    assert open_now() == [first, second]
    assert open_now(timedelta(minutes=20)) == [second]
    assert calls.close_overdue(clock.now() + timedelta(minutes=20)) == 1
    with pytest.raises(CallOver):
        say(first, "yes")


def test_who_is_not_reached_is_rung_again_three_times_in_all(database: db.Database) -> None:
    call_id = ring(minutes=60)
    say(call_id, "unreached")
    assert open_now() == [] and open_now(timedelta(minutes=4)) == [call_id]
    say(call_id, "unreached", after=timedelta(minutes=4))
    say(call_id, "unreached", after=timedelta(minutes=8))
    assert open_now(timedelta(minutes=20)) == []
    with pytest.raises(CallOver):
        say(call_id, "yes", after=timedelta(minutes=9))


def test_a_number_lies_sealed_and_a_call_is_one_by_its_id(database: db.Database) -> None:
    call_id = ring()
    with db.unit_of_work() as session:
        calls.ring_rider(
            session, call_id=call_id, rider_id=new_uuid(), ride_id=None, phone="0911222333", words=WORDS,
            due_at=clock.now(), until=clock.now() + timedelta(hours=1), now=clock.now(),
        )  # fmt: skip
        [row] = session.execute(text("SELECT phone_sealed FROM accessibility.call")).all()
        assert b"072345678" not in bytes(row.phone_sealed)
        [call] = calls.open_calls(session, clock.now(), limit=9, after=None)
    assert call.phone == "072345678" and call.words == WORDS


def test_what_a_fleet_says_goes_to_whoever_asked(database: db.Database) -> None:
    heard: list[tuple[UUID, str, dict[str, Any]]] = []
    before = ports.fleet_answered
    ports.plug_in(fleet_answered=lambda session, call, said, given, now: heard.append((call.id, said, dict(given))))
    now = clock.now()
    with db.unit_of_work() as session:
        made = [
            calls.ring_fleet(
                session, question="ask", fleet="telephone", rider_id=new_uuid(), words=WORDS, facts={"chair": "62 cm"},
                due_at=now, until=now + timedelta(minutes=minutes), now=now,
            )
            for minutes in (5, 30)
        ]  # fmt: skip
        calls.answer(session, made[1], "yes", given={"minutes": 20}, note="", officer_id=new_uuid(), now=now)
    calls.close_overdue(now + timedelta(minutes=6))
    ports.plug_in(fleet_answered=before)
    assert heard == [(made[1], "yes", {"minutes": 20}), (made[0], "overdue", {})]


def test_a_ride_that_is_over_is_told_to_nobody_by_telephone(database: db.Database) -> None:
    ride = new_uuid()
    ring(ride=ride)
    other = ring()
    with db.unit_of_work() as session:
        calls.give_up(session, ride, before=clock.now(), now=clock.now())
    assert open_now() == [other]


@pytest.mark.parametrize(
    "kind",
    ["ride_late", "ride_in_time", "ride_at_door", "ride_aboard", "ride_no_show", "ride_reseeking", "ride_replaced"],
)
def test_nobody_is_rung_with_what_was_so_before(database: db.Database, kind: str) -> None:
    """A van at the door is no longer on its way: who rings says what is so."""
    ride = new_uuid()
    ring(ride=ride)
    (consumer,) = [each for each in tasks.CONSUMERS if each.kind == f"accessibility.{kind}"]
    happened = Event(new_uuid(), consumer.kind, {"ride_id": str(ride)}, clock.now())
    newer = ring(ride=ride)
    with db.unit_of_work() as session:
        consumer.effect(session, happened, clock.now())
    assert open_now() == [newer]


def test_the_desk_rings_and_says_what_came_of_it_and_each_rider_is_in_the_log_once(client: FlaskClient) -> None:
    rider = new_uuid()
    call_id = ring(rider)
    desk = signed_in_officer(client, "dispatcher", bureau="transport")
    for _ in range(3):
        [item] = desk.call("GET", "/v1/dispatch/calls").json["items"]
    assert (item["id"], item["phone"], item["kind"]) == (typeid("rcal", call_id), "072345678", "rider")
    assert item["words"] == WORDS.zh
    answer = desk.call("POST", f"/v1/dispatch/calls/{item['id']}/answer", {"answer": "yes"}, Idempotency_Key="k-1")
    assert answer.status_code == 200, answer.json
    assert desk.call("GET", "/v1/dispatch/calls").json["items"] == []
    with db.unit_of_work() as session:
        entries = session.execute(
            text("SELECT person_id, what FROM identity.access_log WHERE what = 'ride_notices'")
        ).all()
    assert [tuple(entry) for entry in entries] == [(rider, "ride_notices"), (rider, "ride_notices")], (
        "seen, and answered"
    )
    late = desk.call("POST", f"/v1/dispatch/calls/{item['id']}/answer", {"answer": "no"}, Idempotency_Key="k-2")
    assert late.status_code == 409


def test_only_the_dispatch_desk_rings(client: FlaskClient) -> None:
    other = signed_in_officer(client, "finance")
    assert other.call("GET", "/v1/dispatch/calls").status_code == 403


def test_what_can_wait_until_tomorrow_stands_below_what_cannot(client: FlaskClient) -> None:
    now = clock.now()

    def ring_about(question: calls.Question, due_at: datetime, until: datetime) -> str:
        with db.unit_of_work() as session:
            made = calls.ring_fleet(
                session, question=question, fleet="telephone", rider_id=new_uuid(), words=WORDS, facts={},
                due_at=due_at, until=until, now=now,
            )  # fmt: skip
        return typeid("rcal", made)

    hour = timedelta(hours=1)
    how_it_went = ring_about("driven", now - 2 * hour, now + 22 * hour)
    on_its_way = ring_about("under_way", now - hour / 60, now + hour / 2)
    desk = signed_in_officer(client, "dispatcher", bureau="transport")
    first = desk.call("GET", "/v1/dispatch/calls?limit=1").json
    second = desk.call("GET", f"/v1/dispatch/calls?limit=1&cursor={first['next_cursor']}").json
    assert [each["id"] for page in (first, second) for each in page["items"]] == [on_its_way, how_it_went]
    assert second["next_cursor"] is None
