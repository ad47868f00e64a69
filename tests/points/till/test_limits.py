"""Velocity limits are rows; what is over one waits, and nobody slips through by being quick."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from core import db
from core.db import Database
from core.ids import new_uuid
from points import limits
from points.limits import Exceeded, Scope
from tests.points.conftest import NOW

PERSON: dict[Scope, str] = {"person": "somebody"}


def limit(code: str, scope: Scope, span: str, *, points: int | None = None, times: int | None = None) -> None:
    """The only limit there is."""
    with db.unit_of_work() as session:
        session.execute(text("DELETE FROM points.velocity_limit"))
        session.execute(
            text(
                "INSERT INTO points.velocity_limit VALUES (:code, :scope, CAST(:span AS interval), :p, :t, :at, 'test')"
            ),
            {"code": code, "scope": scope, "span": span, "p": points, "t": times, "at": NOW - timedelta(days=99)},
        )


def use(subjects: dict[Scope, str], points: int, at: datetime = NOW) -> Exceeded | None:
    with db.unit_of_work() as session:
        return limits.standing(session, subjects, points, at)


def test_points_and_times_are_counted_within_the_span_and_no_longer(database: Database) -> None:
    limit("person_hour", "person", "1 hour", points=100, times=3)
    assert use(PERSON, 60) is None
    over = use(PERSON, 41)
    assert over is not None and (over.code, over.used_points, over.used_times) == ("person_hour", 60, 1)
    assert use(PERSON, 40) is None, "what was over the limit was not counted"
    assert use({"person": "somebody else"}, 100) is None
    assert use(PERSON, 1, NOW + timedelta(minutes=59)) is not None
    assert use(PERSON, 100, NOW + timedelta(minutes=62)) is None


def test_how_often_is_limited_apart_from_how_much(database: Database) -> None:
    limit("device_day", "device", "24 hours", times=2)
    assert [use({"device": "one phone"}, 1) is None for _ in range(3)] == [True, True, False]


def test_the_newest_row_of_a_limit_counts_and_one_without_numbers_ends_it(database: Database) -> None:
    limit("person_day", "person", "24 hours", points=10)
    newer = text(
        "INSERT INTO points.velocity_limit VALUES ('person_day', 'person', '24 hours', :points, NULL, :at, 't')"
    )
    with db.unit_of_work() as session:
        session.execute(newer, {"points": 50, "at": NOW})
        session.execute(newer, {"points": None, "at": NOW + timedelta(days=1)})
    assert use(PERSON, 11, NOW - timedelta(seconds=1)) is not None
    assert use(PERSON, 50) is None
    assert use(PERSON, 10_000, NOW + timedelta(days=1)) is None


@pytest.mark.parametrize("subjects", [{"person": "p"}, {"device": "d", "person": "p"}, {"person": "p", "device": "d"}])
def test_of_twenty_uses_at_once_by_one_person_exactly_as_many_are_let_through_as_may(
    database: Database, subjects: dict[Scope, str]
) -> None:
    limit("person_day", "person", "24 hours", points=70)
    let_through: list[bool] = []
    gate = threading.Barrier(20)

    def at_once() -> None:
        gate.wait()
        let_through.append(use(subjects, 10) is None)

    threads = [threading.Thread(target=at_once) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_through) == 7


def test_tills_of_one_merchant_do_not_wait_for_each_other(database: Database) -> None:
    limit("merchant_day", "merchant", "24 hours", points=1_000)
    with db.unit_of_work() as one, db.unit_of_work() as another:
        another.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert limits.standing(one, {"merchant": "m"}, 10, NOW) is None
        slots = [session.execute(text("SELECT pg_backend_pid() % 16")).scalar() for session in (one, another)]
        if slots[0] != slots[1]:
            assert limits.standing(another, {"merchant": "m"}, 10, NOW) is None
    assert use({"merchant": "m"}, 981) is not None


def test_what_a_desk_released_counts_and_what_did_not_come_about_does_not(database: Database) -> None:
    limit("person_day", "person", "24 hours", points=100)
    with db.unit_of_work() as session:
        limits.count(session, PERSON, 150, NOW)
    assert use(PERSON, 1) is not None
    with db.unit_of_work() as session:
        limits.forget(session, PERSON, 150, NOW)
    assert use(PERSON, 100, NOW + timedelta(minutes=5)) is None


def test_a_limit_says_in_words_what_it_is(database: Database) -> None:
    limit("person_day", "person", "24 hours", points=5_000, times=30)
    over = use({"person": str(new_uuid())}, 5_001)
    assert over is not None
    assert over.words.en == "one person within 24 hours: at most 5,000 points, 30 times"
    assert over.words.zh == "同一個人 24 小時內最多 5,000 點、30 次"
    assert limits.words_of("person_day").zh.startswith("同一個人")
