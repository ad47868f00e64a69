"""Whatever fleets, riders, deaths and time do: one ride, or none and told. And that the explorer would see it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from accessibility.rides import telling
from core import db
from tests.accessibility.rides.explorer import Found, explore, sail
from tests.accessibility.rides.voyage import prepare

SEEDS = range(1, 41)


@pytest.fixture(autouse=True)
def city(database: db.Database) -> Iterator[None]:
    prepare()
    yield


def test_however_fleets_behave_there_is_one_ride_or_none_and_told() -> None:
    failed = next(explore(SEEDS), None)
    assert failed is None, f"\n{failed}"


def _found(seeds: Sequence[int] = SEEDS) -> Found:
    for seed in seeds:
        found = sail(seed)
        if found.faults:
            return found
    pytest.fail("nothing was found")


def _nothing(*_: Any, **__: Any) -> None: ...


def test_a_product_that_keeps_a_let_down_to_itself_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "publish", _nothing)
    assert any("told" in each or "silence" in each for each in _found().faults)
