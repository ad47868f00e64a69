"""Of several workers one is at a sweep, or as many as it says: whoever comes besides leaves at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

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
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(worker.sweep, "test.long")
        assert long.begun.acquire(timeout=10)
        began = time.monotonic()
        for each in [threads.submit(worker.sweep, "test.long") for _ in range(6)]:
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
