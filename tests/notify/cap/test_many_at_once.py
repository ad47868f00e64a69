"""A day in which everything happens at once, over a real PostgreSQL: never over the cap, nobody twice, nothing lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notify.campaigns import tallies
from notify.cap import turns
from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import NOW, WEEK, City

WORKERS = 8


class Crash(Exception):
    """A worker died before its commit."""


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Small transactions, one in eight of which dies with all it has written, just before it would commit."""
    chance = random.Random(8)
    honest = tallies.add_to_each

    def add_to_each(*arguments: Any) -> None:
        honest(*arguments)
        if chance.random() < 1 / 8:
            raise Crash

    monkeypatch.setattr(turns, "MOST_PEOPLE", 8)
    monkeypatch.setattr(tallies, "add_to_each", add_to_each)
    return chance


def test_a_day_of_pauses_recalls_changed_minds_and_crashes_never_rings_anybody_too_often(
    city: City, crashing: random.Random
) -> None:
    people = city.people(40, daily_cap=3)
    begun: list[UUID] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for hour in range(6):
            now = NOW + timedelta(hours=hour)
            audience = chance.sample(people, 25)
            with lock:
                begun.append(
                    city.run(audience, topic=f"t{chance.randrange(6)}", priority=1 + chance.randrange(4), begun_at=now)
                )
            _survive(lambda now=now: decide_due(now + timedelta(seconds=20)))
            one = chance.choice(begun)
            match chance.randrange(5):
                case 0:
                    city.change("UPDATE notify.run SET is_held = NOT is_held WHERE id = :id", id=one)
                case 1:
                    city.change("UPDATE notify.run SET status = 'stopped' WHERE id = :id", id=one)
                case 2:
                    cap = chance.randrange(4)
                    with lock:
                        _survive(lambda cap=cap, now=now: city.choose(people[0], daily_cap=cap, now=now))
                case _:
                    city.change(
                        "UPDATE notify.subscription SET status = 'ended', ended_at = :now, ended_how = 'citizen' "
                        "WHERE person_id = :id AND status = 'live' AND topic_id = 1",
                        id=chance.choice(people), now=now,
                    )  # fmt: skip

    lock = threading.Lock()
    with ThreadPoolExecutor(WORKERS) as threads:
        for done in [threads.submit(work, seed) for seed in range(WORKERS)]:
            done.result()
    _until_nothing_is_due(NOW + timedelta(hours=7))
    assert max(len(runs) for runs in city.sent().values()) == 3
    _holds_together(city)
    city.change("UPDATE notify.run SET is_held = false")
    _until_nothing_is_due(NOW + 2 * WEEK)
    assert {row.status for row in city.read("SELECT status FROM notify.run")} <= {"done", "stopped"}
    for run_id in begun:
        assert city.tallies(run_id).get("waiting_tomorrow", 0) == 0, "of what is over nobody waits"
    city.adds_up()


def _survive(work: Callable[[], object]) -> bool:
    try:
        work()
    except Crash:
        return False
    return True


def _until_nothing_is_due(now: datetime) -> None:
    decided = 1
    while decided:
        try:
            decided = decide_due(now)
        except Crash:
            decided = 1


def _holds_together(city: City) -> None:
    """The day's counts, the messages, the deliveries and the tallies tell the same story."""
    rung = {person: len(runs) for person, runs in city.sent().items()}
    used = {row.person_id: row.used for row in city.read("SELECT person_id, used FROM notify.person_day")}
    assert rung == used
    city.adds_up()
    (row,) = city.read(
        """
        SELECT (SELECT count(*) FROM notify.delivery) AS deliveries,
               (SELECT count(*) FROM notify.candidate WHERE status = 'sent') AS sent,
               (SELECT sum(sends) FROM notify.subscription) AS sends, (SELECT sum(sent) FROM notify.interest) AS interest,
               (SELECT count(*) FROM notify.candidate WHERE status IN ('sent', 'digested')) AS told,
               (SELECT count(*) FROM notify.message) AS messages
        """
    )
    assert row.deliveries == row.sent == row.sends == row.interest
    assert row.messages == row.told
