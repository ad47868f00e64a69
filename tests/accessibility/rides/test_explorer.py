"""Whatever fleets, riders, deaths and time do: one ride, or none and told. And that the explorer would see it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from accessibility.rides import calling, legs, outcomes, steps
from core import db
from tests.accessibility.rides.explorer import Found, explore, sail, shrunk
from tests.accessibility.rides.voyage import prepare

SEEDS = range(1, 121)


@pytest.fixture(autouse=True)
def city(database: db.Database) -> Iterator[None]:
    prepare()
    yield


def test_however_fleets_behave_there_is_one_ride_or_none_and_told() -> None:
    failed = next(explore(SEEDS), None)
    assert failed is None, f"\n{failed}"


def test_the_same_seed_does_the_same_again() -> None:
    first, again = sail(7), sail(7)
    assert first.happened == again.happened
    assert len(first.story) == len(again.story)


def _found(seeds: Sequence[int] = SEEDS) -> Found:
    for seed in seeds:
        found = sail(seed)
        if found.faults:
            return found
    pytest.fail("nothing was found")


def _nothing(*_: Any, **__: Any) -> None: ...


def test_a_product_that_never_gives_back_is_found_and_its_story_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "give_back", _nothing)
    found = _found()
    short = shrunk(found, tries=12)
    assert short.faults and len(short.happened) <= len(found.happened)


def test_a_product_that_keeps_a_let_down_to_itself_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs.telling, "publish", _nothing)
    assert any("told" in each or "silence" in each for each in _found().faults)


def test_a_product_that_takes_silence_for_a_no_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(session: Any, booking: Any, order_id: Any, now: Any) -> None:
        outcomes.refused(session, booking, order_id, "unreached", now)

    monkeypatch.setattr(calling.outcomes, "not_known", refused)
    assert _found().faults


def test_a_product_that_binds_another_at_once_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_old_one_is_gone", lambda *_: True)
    assert any(each.startswith("two fleets") for each in _found(range(1, 400)).faults)
