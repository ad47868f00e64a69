"""One running copy for the whole matrix, durable; after each test its books are compared with everybody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.books import check, settled
from running_city import City, new_folder
from running_copies import shared

from core import clock


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of it kills, cuts or lies."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="module")
def running() -> City:
    """Shared by all rows: each has people of its own, and time only ever goes on."""
    city: City = shared("running", lambda: City.started(new_folder("matrix")), City.stop)
    return city


@pytest.fixture
def city(running: City) -> Iterator[City]:
    """The copy, well-behaved before and after; then every invariant is held against it."""
    clock.follow(running.ahead_file)
    running.stack.sandbox.clear_switches()
    yield running
    running.stack.sandbox.clear_switches()
    running.stack.wait_until_up()
    settled(running.stack)
    check(running.stack, running.stack.sandbox)


@pytest.fixture(autouse=True)
def right_clock() -> Iterator[None]:
    """However a test ends, whatever this process runs next has the right time again."""
    yield
    clock.follow(None)
