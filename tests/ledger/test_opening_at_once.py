"""Opening an account: two in the same moment both find it open, and one that was lost is opened again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import text

from core.db import Database
from core.ids import new_uuid
from ledger import book
from ledger.errors import AccountNotOpen

_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_AT_ONCE, _ACCOUNTS = 8, 250


def test_who_opens_an_account_at_the_same_moment_as_others_finds_it_open(database: Database) -> None:
    together = Barrier(_AT_ONCE)

    def opens(_: int) -> None:
        for number in range(_ACCOUNTS):
            together.wait(30)
            with database.unit_of_work() as session:
                book.open_account(session, f"points:merchant:{number}", "PT", now=_NOW, is_hot=True)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(opens, range(_AT_ONCE)))
    with database.unit_of_work() as session:
        opened = session.execute(
            text("SELECT count(*) FROM ledger.account WHERE code LIKE :like"), {"like": "points:m%"}
        )
        assert opened.scalar_one() == _ACCOUNTS


def test_an_account_that_a_fail_over_lost_is_opened_again_after_one_refusal(database: Database) -> None:
    code, other = "points:merchant:lost", "points:campaign:left"

    def pays() -> None:
        with database.unit_of_work() as session:
            accounts = [book.open_account(session, each, "PT", now=_NOW, is_hot=True) for each in (other, code)]
            book.post(session, [book.Posting(new_uuid(), *accounts, 5, "PT", "test", "test")], now=_NOW)

    for _ in range(3):
        with database.unit_of_work() as session:
            for each in (other, code):
                book.open_account(session, each, "PT", now=_NOW, is_hot=True)
    with database.unit_of_work() as session:
        # What no transaction may do, the loss of a disk can.
        session.execute(text("ALTER TABLE ledger.account DISABLE TRIGGER ALL"))
        session.execute(text("DELETE FROM ledger.checkpoint WHERE account_id = :id"), {"id": book.account_id(code)})
        session.execute(text("DELETE FROM ledger.account WHERE code = :code"), {"code": code})
        session.execute(text("ALTER TABLE ledger.account ENABLE TRIGGER ALL"))
    with pytest.raises(AccountNotOpen):
        pays()
    pays()
    with database.unit_of_work() as session:
        assert book.balance(session, book.account_id(code)).posted == 5
