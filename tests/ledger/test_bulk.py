"""Many postings at once: as if each had been written by itself, whatever of them is in the book already."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.db import Database
from core.ids import new_uuid
from ledger import audit, book, bulk
from ledger.book import Posting
from ledger.errors import AccountNotOpen, NotEnough, TransferDiffers

Make = Callable[..., Posting]


def test_each_is_written_as_if_alone_and_again_does_nothing(
    session: Session, accounts: dict[str, UUID], earn: Make, spend: Make, pay: Make, now: datetime
) -> None:
    postings = [earn(30), earn(5, "ming"), spend(12), pay(700)]
    assert bulk.post_each(session, postings, now=now) == 4
    assert bulk.post_each(session, postings, now=now) == 0
    assert [book.balance(session, accounts[name]).posted for name in ("mei", "ming", "payable")] == [18, 5, 700]
    # One after the other they would have been these very rows.
    assert not any(book.post(session, [posting], now=now) for posting in postings)


def test_what_is_there_already_is_passed_over_and_the_rest_is_written(
    session: Session, accounts: dict[str, UUID], earn: Make, now: datetime
) -> None:
    known, new = earn(30), earn(4)
    book.post(session, [known], now=now)
    assert bulk.post_each(session, [known, new], now=now) == 1
    assert book.balance(session, accounts["mei"]).posted == 34


@pytest.mark.parametrize(
    ("change", "field"),
    [({"amount": 31}, "amount"), ({"reason": "other"}, "reason"), ({"subject": "other"}, "subject")],
)
def test_an_id_with_another_meaning_is_refused_and_nothing_is_written(
    database: Database, accounts: dict[str, UUID], earn: Make, now: datetime, change: dict[str, object], field: str
) -> None:
    known = earn(30)
    with database.unit_of_work() as session:
        book.post(session, [known], now=now)
    with pytest.raises(TransferDiffers) as refused, database.unit_of_work() as session:
        bulk.post_each(session, [earn(1), earn(**{"amount": 30, **change, "id": known.id})], now=now)  # type: ignore[arg-type]
    assert refused.value.extensions["field"] == field
    with database.unit_of_work() as session:
        assert book.balance(session, accounts["mei"]).posted == 30


def test_a_part_of_a_group_is_not_taken_for_a_posting_of_its_own(session: Session, earn: Make, now: datetime) -> None:
    first, second = sorted((earn(1), earn(2)), key=lambda each: each.id)
    book.post(session, [first, second], now=now)
    with pytest.raises(TransferDiffers), session.begin_nested():
        bulk.post_each(session, [second], now=now)


def test_a_balance_below_zero_an_account_that_is_not_open_and_an_id_twice_are_refused(
    database: Database, accounts: dict[str, UUID], earn: Make, spend: Make, now: datetime
) -> None:
    with pytest.raises(NotEnough), database.unit_of_work() as session:
        bulk.post_each(session, [earn(10), spend(6), spend(5)], now=now)
    with pytest.raises(AccountNotOpen), database.unit_of_work() as session:
        bulk.post_each(session, [earn(10, credit=new_uuid())], now=now)
    one = earn(1)
    for postings in ([one, one], [earn(0)]):
        with pytest.raises(ValueError, match="an id of its own"), database.unit_of_work() as session:
            bulk.post_each(session, postings, now=now)
    with database.unit_of_work() as session:
        assert book.balance(session, accounts["mei"]).posted == 0


def test_batches_and_groups_over_the_same_accounts_never_lock_each_other_out(
    database: Database, accounts: dict[str, UUID], now: datetime
) -> None:
    people = [f"pt:person-{number}" for number in range(12)]
    pool = Database(database.url, connections=10)
    with pool.unit_of_work() as session:
        for code in people:
            book.open_account(session, code, "PT", now=now)
    start = threading.Barrier(8)

    def write(number: int) -> None:
        chance = random.Random(number)
        start.wait()
        for _ in range(25):
            some = [
                Posting(new_uuid(), *(book.account_id(code) for code in chance.sample(people, 2)), 1, "PT", "moved")
                for _ in range(10)
            ]
            with pool.unit_of_work() as session:
                session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
                if number % 2:
                    assert bulk.post_each(session, some, now=now) == 10
                else:
                    assert book.post(session, some, now=now)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    with pool.unit_of_work() as session:
        assert audit.disagreements(session) == []
        moved = session.execute(text("SELECT count(*) FROM ledger.transfer WHERE reason = 'moved'")).scalar_one()
        assert moved == 8 * 25 * 10
    pool.engine.dispose()
