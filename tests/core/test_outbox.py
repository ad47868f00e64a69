"""The outbox: a fact leaves once its transaction is committed, and each consumer acts on it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from core import outbox
from core.db import Database

NOON = datetime(2026, 11, 5, 4, 0, tzinfo=UTC)


def _record(database: Database, *, at: datetime = NOON, kind: str = "test.happened") -> UUID:
    with database.unit_of_work() as session:
        return outbox.record(session, kind, {"who": "小美", "amount_twd": 20}, now=at)


def _due(database: Database, at: datetime) -> list[UUID]:
    with database.unit_of_work() as session:
        return outbox.unsettled(session, now=at, older_than_seconds=4, limit=100)


def test_a_fact_whose_transaction_fails_never_happened(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
        outbox.record(session, "test.happened", {}, now=NOON)
        raise ZeroDivisionError
    assert _due(database, NOON + timedelta(hours=1)) == []


def test_a_fact_is_read_back_as_it_was_recorded(database: Database) -> None:
    event_id = _record(database)
    with database.unit_of_work() as session:
        (event,) = outbox.take(session, [event_id])
    assert (event.id, event.kind, event.recorded_at) == (event_id, "test.happened", NOON)
    assert event.payload == {"who": "小美", "amount_twd": 20}


def test_what_was_not_handed_over_is_found_once_it_is_old_enough_and_leased(database: Database) -> None:
    event_id = _record(database)
    assert _due(database, NOON + timedelta(seconds=3)) == []
    assert _due(database, NOON + timedelta(seconds=5)) == [event_id]
    assert _due(database, NOON + timedelta(seconds=6)) == [], "another relay has it in hand"
    assert _due(database, NOON + timedelta(seconds=16)) == [event_id]


def test_two_workers_never_have_the_same_event_in_hand(database: Database) -> None:
    event_id = _record(database)
    with database.unit_of_work() as first, database.unit_of_work() as second:
        assert len(outbox.take(first, [event_id])) == 1
        assert outbox.take(second, [event_id]) == []


def test_a_consumer_is_given_an_event_once_and_others_still_get_it(database: Database) -> None:
    event_id = _record(database)
    for consumer, expected in (("a", 1), ("a", 0), ("b", 1)):
        with database.unit_of_work() as session:
            events = outbox.take(session, [event_id])
            assert len(outbox.not_consumed(session, consumer, events, now=NOON)) == expected


def test_a_mark_whose_effect_fails_is_no_mark(database: Database) -> None:
    event_id = _record(database)
    with pytest.raises(ZeroDivisionError), database.unit_of_work() as session:
        outbox.not_consumed(session, "a", outbox.take(session, [event_id]), now=NOON)
        raise ZeroDivisionError
    with database.unit_of_work() as session:
        assert len(outbox.not_consumed(session, "a", outbox.take(session, [event_id]), now=NOON)) == 1


def test_what_is_settled_is_never_found_again(database: Database) -> None:
    event_id = _record(database)
    with database.unit_of_work() as session:
        outbox.settle(session, [event_id], now=NOON)
    assert _due(database, NOON + timedelta(hours=1)) == []
    with database.unit_of_work() as session:
        assert outbox.take(session, [event_id]) == []


def test_after_each_failure_the_wait_is_twice_as_long_and_ten_minutes_at_the_most(database: Database) -> None:
    event_id = _record(database)
    waits = []
    for _ in range(12):
        with database.unit_of_work() as session:
            outbox.postpone(session, event_id, now=NOON, error="x" * 2000)
            not_before = session.scalar(text("SELECT not_before FROM core.outbox"))
        waits.append((not_before - NOON).total_seconds())
    assert waits[:5] == [2, 4, 8, 16, 32]
    assert waits[-1] == 600
