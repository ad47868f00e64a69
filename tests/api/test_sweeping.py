"""Of several workers one is at a sweep, or as many as it says: whoever comes besides leaves at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import orjson
import pytest
import redis

from api import sweeping, wiring, worker
from core import db


class LongPass:
    """A pass that goes on until it is let go, and knows how many were at it at once."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.runs = 0

    def __call__(self, _now: datetime | None = None) -> None:
        self.runs += 1
        self.begun.release()
        assert self.let_go.wait(20)


@pytest.fixture
def sweep(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LongPass]:
    def declared(name: str, **how: int) -> LongPass:
        long = LongPass()
        monkeypatch.setitem(wiring.sweeps(), name, wiring.Sweep(1.0, long, **how))
        return long

    return declared


def test_a_long_pass_holds_one_thread_however_many_ask_and_other_sweeps_go_on(sweep: Callable[..., LongPass]) -> None:
    long, other = sweep("test.long"), sweep("test.other")
    other.let_go.set()
    with ThreadPoolExecutor(5) as threads:
        first = threads.submit(worker.sweep, "test.long")
        assert long.begun.acquire(timeout=10)
        began = time.monotonic()
        for each in [threads.submit(worker.sweep, "test.long") for _ in range(4)]:
            each.result(10)
        worker.sweep("test.other")
        assert time.monotonic() - began < 10
        assert (long.runs, other.runs, first.done()) == (1, 1, False)
        long.let_go.set()
        first.result(10)
        worker.sweep("test.long")
    assert long.runs == 2


def test_as_many_go_on_side_by_side_as_the_sweep_says(sweep: Callable[..., LongPass]) -> None:
    long = sweep("test.long", side_by_side=2)
    with ThreadPoolExecutor(4) as threads:
        under_way = [threads.submit(worker.sweep, "test.long") for _ in range(2)]
        assert all(long.begun.acquire(timeout=10) for _ in range(2))
        worker.sweep("test.long")
        assert long.runs == 2
        long.let_go.set()
        for each in under_way:
            each.result(10)


def test_a_pass_that_fails_gives_its_turn_back(database: db.Database) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            sweeping.in_turn("test.fails", fails)
    assert sweeping.in_turn("test.fails", lambda: None)


def test_every_sweep_that_goes_on_side_by_side_is_one_that_there_is() -> None:
    assert wiring._SIDE_BY_SIDE.keys() <= wiring.sweeps().keys()
    assert all(1 <= each.side_by_side <= 4 for each in wiring.sweeps().values())


def test_however_many_sweeps_hang_two_threads_of_eight_are_left_and_rare_ones_come_again(
    database: db.Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.celery.conf, "broker_url", redis_url)
    queue = redis.Redis.from_url(redis_url)
    queue.delete("sweeps")
    long = [LongPass() for _ in range(6)]
    often, rare = LongPass(), LongPass()
    for number, each in enumerate(long):
        monkeypatch.setitem(wiring.sweeps(), f"test.{number}", wiring.Sweep(1.0, each))
    monkeypatch.setitem(wiring.sweeps(), "test.often", wiring.Sweep(2.0, often))
    monkeypatch.setitem(wiring.sweeps(), "test.rare", wiring.Sweep(3600.0, rare))
    with ThreadPoolExecutor(6) as threads:
        passes = [threads.submit(worker.sweep, f"test.{number}") for number in range(6)]
        assert all(each.begun.acquire(timeout=10) for each in long)
        worker.sweep("test.often")
        worker.sweep("test.rare")
        assert (often.runs, rare.runs) == (0, 0)
        again = [orjson.loads(message) for message in queue.lrange("sweeps", 0, -1)]
        assert [message["headers"]["argsrepr"] for message in again] == ["['test.rare']"]
        assert again[0]["headers"]["eta"] is not None
        for each in (*long, rare):
            each.let_go.set()
        for done in passes:
            done.result(10)
    worker.sweep("test.rare")
    assert rare.runs == 1
