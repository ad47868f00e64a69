"""Whatever fleets, riders, deaths and time do: one ride, or none and told. And that the explorer would see it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from accessibility.rides import calling, outcomes, saga, telling
from accessibility.rides.records import Booking
from accessibility.rides.steps import Step
from core import db
from tests.accessibility.rides.explorer import Found, explore, sail
from tests.accessibility.rides.voyage import prepare

SEEDS = range(1, 41)
ROUGH = range(55, 121)


@pytest.fixture(autouse=True)
def city(database: db.Database) -> Iterator[None]:
    prepare()
    yield


def test_however_fleets_behave_there_is_one_ride_or_none_and_told() -> None:
    failed = next(explore(SEEDS), None)
    assert failed is None, f"\n{failed}"


def _found(seeds: Sequence[int] = SEEDS) -> Found:
    for seed in seeds:
        found = sail(seed, roughness=8)
        if found.faults:
            return found
    pytest.fail("nothing was found")


def _nothing(*_: Any, **__: Any) -> None: ...


def _given_back(step: Step, now: datetime) -> calling.Outcome:
    order = step.order
    assert order is not None
    return lambda session, booking, now: outcomes.released(session, booking, order.id, now)


def _for_a_no(session: Session, booking: Booking, order_id: UUID, now: datetime) -> None:
    outcomes.refused(session, booking, order_id, "no_answer", now)


def test_a_product_that_never_gives_anything_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(saga._CALLS, "release", _given_back)  # type: ignore[call-overload]
    assert any("books differ" in each or "left behind" in each or "two" in each for each in _found(ROUGH).faults)


def test_a_product_that_takes_silence_for_a_no_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "not_known", _for_a_no)
    assert any("two" in each or "books differ" in each or "left behind" in each for each in _found(ROUGH).faults)


def test_a_product_that_keeps_a_let_down_to_itself_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "publish", _nothing)
    assert any("told" in each or "silence" in each for each in _found().faults)
