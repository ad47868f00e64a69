"""Many campaigns and many workers at once, over a real PostgreSQL: never over the cap, always the best, nobody twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notify.campaigns import tallies
from notify.cap import turns
from notify.cap.decisions import decide_due
from tests.notify.cap.conftest import LATER, NOW, WEEK, City

WORKERS = 8
CAMPAIGNS = 50
TONIGHT = NOW + timedelta(hours=12)
CLOSED = LATER + timedelta(seconds=1)


class Crash(Exception):
    """A worker died before its commit."""


@dataclass(frozen=True)
class Planned:
    """One campaign, and what it offers to each of its audience."""

    run_id: UUID
    priority: int
    deadline: datetime
    interests: dict[UUID, float]


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


def test_fifty_campaigns_and_eight_workers_send_everybody_the_best_that_their_day_has_room_for(
    city: City, crashing: random.Random
) -> None:
    for seed in (1, 2):
        chance = random.Random(seed)
        caps = {person: cap for cap in (0, 1, 3, 5) for person in city.people(8, daily_cap=cap)}
        plans = [_planned(city, seed, n, list(caps), chance) for n in range(CAMPAIGNS)]
        to_resolve = iter(plans)
        turn = threading.Lock()

        def work(to_resolve: Any = to_resolve, turn: threading.Lock = turn) -> None:
            while True:
                with turn:
                    plan = next(to_resolve, None)
                if plan is None:
                    return
                _survive(lambda: decide_due(CLOSED))
                city.change("UPDATE notify.run SET status = 'deciding' WHERE id = :id", id=plan.run_id)

        _in_threads(work)
        _in_threads(lambda: _until_nothing_is_due(CLOSED))
        rung = city.sent({plan.run_id for plan in plans})
        for person, cap in caps.items():
            offered = sorted((plan for plan in plans if person in plan.interests), key=lambda p: _worth(p, person))
            assert rung.get(person, set()) == {plan.run_id for plan in offered[:cap]}
            for plan in offered[cap:]:
                is_too_late = cap == 0 or plan.deadline == TONIGHT
                assert city.standing(plan.run_id, person)[0] == ("digested" if is_too_late else "waiting")
        _holds_together(city)


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


def _planned(city: City, seed: int, n: int, people: list[UUID], chance: random.Random) -> Planned:
    """A campaign to two thirds of them, its audience made and its run still resolving."""
    interests = {person: chance.randrange(1, 8) / 8 for person in chance.sample(people, len(people) * 2 // 3)}
    priority, deadline = 1 + chance.randrange(4), chance.choice([TONIGHT, NOW + WEEK])
    run_id = city.run(
        list(interests), topic=f"topic.{seed}.{n}", priority=priority, deadline=deadline, interest=interests,
        begun_at=NOW + timedelta(milliseconds=n), not_before=NOW, status="resolving",
    )  # fmt: skip
    return Planned(run_id, priority, deadline, interests)


def _worth(plan: Planned, person: UUID) -> tuple[Any, ...]:
    """The order in which a person's candidates stand, told once more without SQL."""
    return -plan.priority, plan.deadline, -plan.interests[person], plan.run_id


def _in_threads(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(WORKERS) as threads:
        for done in [threads.submit(work) for _ in range(WORKERS)]:
            done.result()


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
