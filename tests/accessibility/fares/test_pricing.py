"""Fares by the rules that are laid down with the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from accessibility import fares
from accessibility.fares import meter, ports, pricing, rules
from core import db

NOW = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)
RIDER = UUID(int=7)


@pytest.fixture
def cards() -> object:
    """Lets a test say which cards the rider has."""
    held: list[str] = []
    ports.plug_in(cards_of=lambda _session, _rider, _now: tuple(held), payable=None)
    yield held
    ports.plug_in(cards_of=ports._no_cards, payable=None)


@pytest.mark.parametrize(
    ("pooled", "is_low_income", "rider_pays"),
    [
        ("no", False, 92),
        ("no", True, 61),
        ("part", False, 61),
        ("whole", False, 46),
        ("part", True, 61),
        ("whole", True, 46),
    ],
)
def test_share_of_the_day_taxi_fare(database: db.Database, pooled: str, is_low_income: bool, rider_pays: int) -> None:
    with db.unit_of_work() as session:
        known = rules.at(session, NOW)
    fare = pricing.fare(known, "rehabus", 185, pooled=pooled, is_low_income=is_low_income)
    assert (fare.price_twd, fare.rider_pays_twd) == (185, rider_pays)
    assert sum(line.amount_twd for line in fare.lines) == rider_pays
    assert pricing.Fare.from_json(fare.as_json()) == fare


def test_cards_cover_a_taxi_up_to_what_is_left(database: db.Database, cards: list[str]) -> None:
    with db.unit_of_work() as session:
        for card, quota, rest in (("disability", 185, 0), ("senior", 50, 135)):
            cards[:] = [card]
            fare = fares.quote(session, RIDER, "yellow", 185, NOW, False, False, NOW)
            assert (fare.quota_twd, fare.rider_pays_twd, fare.quota_cards) == (quota, rest, ((card, quota),))
            fare = fares.quote(session, RIDER, "rehabus", 185, NOW, False, False, NOW)
            assert (fare.quota_twd, fare.rider_pays_twd) == (0, 92)


def test_subsidy_is_off_until_it_is_switched_on(database: db.Database) -> None:
    with db.unit_of_work() as session:
        assert fares.quote(session, RIDER, "yellow", 185, NOW, False, False, NOW).subsidy_twd == 0
        session.execute(
            text(
                """
                INSERT INTO accessibility.fare_rule (kind, subject, valid_from, terms, source, is_confirmed)
                SELECT kind, subject, :now, terms || '{"is_on": true}', 'letter of the bureau', true
                  FROM accessibility.fare_rule WHERE kind = 'subsidy' AND subject = '*'
                """
            ),
            {"now": NOW},
        )
        paid = [fares.quote(session, RIDER, "yellow", twd, NOW, False, False, NOW).subsidy_twd for twd in _PRICES]
        assert paid == [30, 36, 54, 54, 72]
        assert fares.quote(session, RIDER, "rehabus", 300, NOW, False, False, NOW).subsidy_twd == 150


_PRICES = (30, 100, 101, 200, 201)


def test_what_is_not_confirmed_says_so(database: db.Database) -> None:
    with db.unit_of_work() as session:
        known = rules.at(session, NOW)
    price, subsidy, promise = known.of("price", "rehabus"), known.of("subsidy", "yellow"), known.of("promise", "yellow")
    assert price is not None and price.is_known("shares") and not price.is_known("rounding")
    assert subsidy is not None and not subsidy.is_known("bands")
    assert promise is not None and not promise.is_known("bands")
    assert all(rule.source for rules_of_kind in known.by_kind.values() for rule in rules_of_kind.values())


@pytest.mark.parametrize(
    ("metres", "at", "is_day", "twd"),
    [
        (1500, "2026-11-05T10:00+08:00", False, 85),
        (1501, "2026-11-05T10:00+08:00", False, 90),
        (4000, "2026-11-05T22:59+08:00", False, 135),
        (4000, "2026-11-05T23:00+08:00", False, 162),
        (4000, "2026-11-05T05:59+08:00", False, 162),
        (4000, "2026-11-05T06:00+08:00", False, 135),
        (4000, "2026-02-16T10:00+08:00", False, 185),
        (4000, "2026-02-16T23:30+08:00", False, 212),
        (4000, "2026-02-16T23:30+08:00", True, 135),
        (4000, "2026-02-23T00:30+08:00", False, 162),
    ],
)
def test_meter(database: db.Database, metres: int, at: str, is_day: bool, twd: int) -> None:
    with db.unit_of_work() as session:
        assert meter.estimate(session, metres, datetime.fromisoformat(at), is_day=is_day) == twd


def test_a_broken_promise_takes_its_part_off(database: db.Database) -> None:
    with db.unit_of_work() as session:
        known = rules.at(session, NOW)
    paid = [
        pricing.fare(
            known, "rehabus", 200, pooled="part", is_low_income=False, promise_broken_minutes=minutes
        ).rider_pays_twd
        for minutes in (0, 1, 14, 15)
    ]
    assert paid == [66, 33, 33, 0]
