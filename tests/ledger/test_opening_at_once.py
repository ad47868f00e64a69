"""Two who open the same account in the same moment: both find it open, and nobody is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from sqlalchemy import text

from core.db import Database
from ledger import book

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
