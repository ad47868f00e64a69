"""Whoever may do anything to the database can change the book, and is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from core.db import Database
from core.ids import new_uuid
from ledger import book, seals
from ledger.book import Posting

Pay = Callable[..., Posting]


@pytest.fixture
def sealed(database: Database, accounts: dict[str, UUID], pay: Pay, now: datetime) -> list[UUID]:
    """Twelve transfers in three seals; answers their ids in the order in which they were written."""
    ids = []
    for _ in range(3):
        for _ in range(4):
            with database.unit_of_work() as session:
                posting = pay(100)
                book.post(session, [posting], now=now)
                ids.append(posting.id)
        seal_all(database, now)
    return ids


def seal_all(database: Database, now: datetime) -> None:
    with database.unit_of_work() as session:
        while seals.seal(session, now=now):
            pass


def faults(database: Database, anchor: str | None = None) -> list[seals.Fault]:
    with database.unit_of_work() as session:
        return list(seals.faults(session, anchor=anchor))


def as_superuser(database: Database, statement: str, *values: object) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger.transfer DISABLE TRIGGER ALL")
        connection.execute("ALTER TABLE ledger.seal DISABLE TRIGGER ALL")
        connection.execute(statement, values)  # type: ignore[arg-type]


def test_a_transaction_larger_than_one_seal_is_sealed_whole(
    database: Database, accounts: dict[str, UUID], pay: Pay, now: datetime
) -> None:
    for count in (1, 5, 5, 1):
        with database.unit_of_work() as session:
            book.post(session, [pay(100) for _ in range(count)], now=now)
    sizes = []
    with database.unit_of_work() as session:
        while size := seals.seal(session, now=now, most=2):
            sizes.append(size)
    assert sizes == [1, 5, 5, 1]
    assert faults(database) == []


def test_an_untouched_book_is_as_it_was_sealed(database: Database, sealed: list[UUID], now: datetime) -> None:
    assert faults(database) == []
    with database.unit_of_work() as session:
        newest = seals.head(session)
    assert newest is not None
    assert newest.number == 3
    assert faults(database, str(newest)) == []


@pytest.mark.parametrize("change", ["amount = 1", "subject = 'pay_x'", "recorded_at = now()"])
def test_a_changed_transfer_is_named(database: Database, sealed: list[UUID], change: str) -> None:
    as_superuser(database, f"UPDATE ledger.transfer SET {change} WHERE id = %s", sealed[5])
    (fault,) = faults(database)
    assert (fault.seal, fault.transfer_id) == (2, sealed[5])


def test_the_last_transfer_of_a_seal_removed_is_seen(database: Database, sealed: list[UUID]) -> None:
    as_superuser(database, "DELETE FROM ledger.transfer WHERE id = %s", sealed[-1])
    (fault,) = faults(database)
    assert (fault.seal, fault.transfer_id) == (3, None)
    assert "gone" in fault.what


def test_a_transfer_slipped_into_the_past_is_seen(database: Database, sealed: list[UUID]) -> None:
    as_superuser(
        database,
        "INSERT INTO ledger.transfer (id, xact, amount, recorded_at, group_id, debit_account, credit_account, kind, "
        "asset, reason, subject) SELECT %s, xact, amount, recorded_at, group_id, debit_account, credit_account, kind, "
        "asset, reason, subject FROM ledger.transfer WHERE id = %s",
        new_uuid(),
        sealed[0],
    )
    (fault,) = faults(database)
    assert fault.seal == 1


def test_a_chain_written_anew_is_seen_by_the_head_that_was_kept_outside(
    database: Database, sealed: list[UUID], now: datetime
) -> None:
    with database.unit_of_work() as session:
        kept = str(seals.head(session))
    as_superuser(database, "UPDATE ledger.transfer SET amount = 1 WHERE id = %s", sealed[0])
    as_superuser(database, "DELETE FROM ledger.seal")
    seal_all(database, now)
    assert faults(database) == []
    assert [fault.what for fault in faults(database, kept)] == ["the head written down outside is not in it"]


def test_a_transaction_that_ends_late_is_sealed_after_it_and_never_missed(
    database: Database, accounts: dict[str, UUID], pay: Pay, now: datetime
) -> None:
    late, early = pay(1), pay(2)
    with database.unit_of_work() as slow:
        book.post(slow, [late], now=now)
        with database.unit_of_work() as quick:
            book.post(quick, [early], now=now)
        seal_all(database, now)
    seal_all(database, now)
    with database.unit_of_work() as session:
        head = seals.head(session)
        sealed = session.execute(text("SELECT sum(transfers) FROM ledger.seal")).scalar_one()
    assert head is not None
    assert sealed == 2
    assert faults(database) == []


def test_many_transfers_are_sealed_in_pieces_of_whole_transactions(
    database: Database, accounts: dict[str, UUID], pay: Pay, now: datetime
) -> None:
    for _ in range(5):
        with database.unit_of_work() as session:
            book.post(session, [pay(1), pay(2), pay(3)], now=now)
    with database.unit_of_work() as session:
        counts = []
        while count := seals.seal(session, now=now, most=4):
            counts.append(count)
    assert sum(counts) == 15
    assert max(counts) <= 6
    assert faults(database) == []
