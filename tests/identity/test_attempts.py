"""Counting tries: exactly as many as allowed are taken, whoever comes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from identity_city import NOON

from core.db import Database
from identity import attempts
from identity.errors import MethodLocked

SUBJECT, OTHER = b"s" * 32, b"o" * 32


def _take(
    database: Database, limit: attempts.Limit = attempts.PASSWORD, subject: bytes = SUBJECT, minutes: float = 0
) -> bool:
    with database.unit_of_work() as session:
        return attempts.take(session, subject, limit, now=NOON + timedelta(minutes=minutes))


def test_fifty_at_once_take_exactly_five(database: Database) -> None:
    with ThreadPoolExecutor(25) as pool:
        assert sum(pool.map(lambda _: _take(database), range(50))) == 5


def test_subjects_and_methods_are_counted_apart(database: Database) -> None:
    for _ in range(5):
        assert _take(database)
    assert not _take(database)
    assert _take(database, subject=OTHER)
    assert _take(database, attempts.SMS_CODE)


def test_a_lock_lasts_fifteen_minutes_from_the_last_failure_and_tries_during_it_do_not_extend_it(
    database: Database,
) -> None:
    for minute in range(5):
        assert _take(database, minutes=minute)
    assert not _take(database, minutes=10)
    assert not _take(database, minutes=18.9)
    with database.unit_of_work() as session, pytest.raises(MethodLocked) as locked:
        attempts.take_or_refuse(session, SUBJECT, attempts.PASSWORD, now=NOON + timedelta(minutes=18.9))
    assert locked.value.headers["Retry-After"] == "6"
    assert _take(database, minutes=19)


def test_a_window_that_is_not_a_lock_ends_by_the_clock(database: Database) -> None:
    assert _take(database, attempts.NOTICES_SENT)
    assert not _take(database, attempts.NOTICES_SENT, minutes=24 * 60 - 1)
    assert _take(database, attempts.NOTICES_SENT, minutes=24 * 60)


def test_a_success_forgets_the_failures(database: Database) -> None:
    for _ in range(4):
        _take(database)
    with database.unit_of_work() as session:
        attempts.clear(session, SUBJECT, attempts.PASSWORD)
    assert [_take(database) for _ in range(6)] == [True] * 5 + [False]
