"""Standing in line: medical trips first, then whoever came first; one place for each booking; and leaving it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from accessibility.requests import records
from accessibility.waitlist import offering, states, waits
from accessibility.waitlist.errors import NothingToWaitFor
from accessibility.waitlist.waits import Wait
from core import db
from core.errors import NotFound
from core.ids import new_uuid
from tests.accessibility.waitlist.lines import NOW, WANTED, waiting


def join(who: tuple[UUID, UUID], minutes: int = 0) -> Wait:
    with db.unit_of_work() as session:
        return waits.join(session, *who, now=NOW + timedelta(minutes=minutes))


def rank(wait: Wait) -> tuple[int, int]:
    with db.unit_of_work() as session:
        return waits.rank_of(session, waits.get(session, wait.id), NOW)


def test_the_database_holds_the_same_moves(database: db.Database) -> None:
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT source, target FROM accessibility.move WHERE machine = 'wait'")).all()
    assert {tuple(row) for row in rows} == {(move.source, move.target) for move in states.MOVES}


def test_medical_trips_come_first_and_then_who_came_first(database: db.Database) -> None:
    first, second, medical = join(waiting()), join(waiting(), 1), join(waiting(purpose="medical"), 2)
    other_hour = join(waiting(wanted=WANTED + timedelta(hours=2)), 3)
    assert [rank(each) for each in (medical, first, second)] == [(1, 3), (2, 3), (3, 3)]
    assert [each.first_rank for each in (first, second, medical)] == [1, 2, 1]
    assert rank(other_hour) == (1, 1)
    with db.unit_of_work() as session:
        assert [each.id for each in waits.line_of(session, first.slot)] == [medical.id, first.id, second.id]


def test_who_leaves_makes_room_and_their_request_is_withdrawn(database: db.Database) -> None:
    who = waiting()
    first, second = join(who), join(waiting(), 1)
    with db.unit_of_work() as session:
        waits.leave(session, first, now=NOW)
    assert rank(second) == (1, 1)
    with db.unit_of_work() as session:
        assert waits.get(session, first.id).why == "withdrawn"
        assert records.get(session, who[1]).status == "withdrawn"
        assert session.execute(text("SELECT count(*) FROM accessibility.wait_outcome")).scalar() == 0, "nobody knows"


def test_both_legs_wait_together_and_once(database: db.Database) -> None:
    rider, booking = new_uuid(), new_uuid()
    out = waiting(rider=rider, booking=booking)
    back = waiting(rider=rider, booking=booking, leg="back", wanted=WANTED + timedelta(hours=3))
    wait = join(out)
    assert wait.request_ids == (out[1], back[1]) and join(back).id == wait.id
    with db.unit_of_work() as session:
        assert [records.get(session, each).status for each in wait.request_ids] == ["waitlisted", "waitlisted"]


@pytest.mark.parametrize("status", ["asking", "chosen", "withdrawn"])
def test_what_is_asked_booked_or_withdrawn_is_not_waited_for(database: db.Database, status: str) -> None:
    with pytest.raises(NothingToWaitFor) as refused:
        join(waiting(status=status))
    assert refused.value.extensions["request_status"] == status


@pytest.mark.parametrize("status", ["none", "offered", "lapsed"])
def test_what_was_not_taken_can_be_waited_for(database: db.Database, status: str) -> None:
    assert join(waiting(status=status)).status == states.WAITING


def test_nobody_waits_for_what_is_over_or_another_s(database: db.Database) -> None:
    who = waiting(wanted=NOW)
    with pytest.raises(NothingToWaitFor):
        join(who, 1)
    with pytest.raises(NotFound):
        join((new_uuid(), waiting()[1]))


def test_how_it_ends_is_counted_for_those_who_come_after(database: db.Database) -> None:
    wait = join(waiting())
    with db.unit_of_work() as session:
        waits.end(session, wait, "over", now=NOW)
    with db.unit_of_work() as session:
        [row] = session.execute(text("SELECT * FROM accessibility.wait_outcome")).all()
        assert (row.hour, row.is_workday, row.district, row.rank_band, row.waited, row.was_offered) == (
            9, True, "64000080", 1, 1, 0,
        )  # fmt: skip


def test_whoever_stands_far_back_is_asked_for_too_and_the_first_always(database: db.Database) -> None:
    line = [join(waiting(), minutes) for minutes in range(14)]
    first = offering.in_turn(line, NOW)
    assert first == line[:10]
    asked = [replace(each, asked_at=NOW) for each in line[:10]] + line[10:]
    assert offering.in_turn(asked, NOW) == [*asked[:6], *asked[10:]]
    let_go = [replace(line[0], let_go_at=NOW), *line[1:3]]
    assert offering.in_turn(let_go, NOW) == [*let_go[1:], let_go[0]]
