"""Accounts to move money and points between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core.db import Database
from core.ids import new_uuid
from ledger import audit, book
from ledger.book import Posting, Side

NOW = datetime(2026, 11, 5, 2, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def accounts(database: Database) -> dict[str, UUID]:
    """Bank clearing and a payable (TWD, hot), a campaign (PT, hot), and two citizens' points (PT, never negative)."""
    with database.unit_of_work() as session:
        return {
            "bank": book.open_account(
                session, "twd:bank", "TWD", now=NOW, normal_side=Side.DEBIT, is_hot=True
            ),
            "payable": book.open_account(session, "twd:payable", "TWD", now=NOW, is_hot=True),
            "campaign": book.open_account(session, "pt:campaign", "PT", now=NOW, normal_side=Side.DEBIT, is_hot=True),
            "mei": book.open_account(session, "pt:mei", "PT", now=NOW, never_negative=True),
            "ming": book.open_account(session, "pt:ming", "PT", now=NOW, never_negative=True),
        }  # fmt: skip


@pytest.fixture
def session(database: Database, accounts: dict[str, UUID]) -> Iterator[Session]:
    """A unit of work; afterwards the book must still add up."""
    with database.unit_of_work() as session:
        yield session
    with database.unit_of_work() as session:
        assert audit.disagreements(session) == []
        assert all(line.is_balanced for line in book.trial_balance(session))


@pytest.fixture
def earn(accounts: dict[str, UUID]) -> Callable[..., Posting]:
    """A posting of points from the campaign to a citizen."""

    def make(amount: int, to: str = "mei", **changes: object) -> Posting:
        fields = {"id": new_uuid(), "debit": accounts["campaign"], "credit": accounts[to], "amount": amount,
                  "asset": "PT", "reason": "earn"}  # fmt: skip
        return Posting(**(fields | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def spend(accounts: dict[str, UUID]) -> Callable[..., Posting]:
    """A posting of points from a citizen back to the campaign."""

    def make(amount: int, by: str = "mei", **changes: object) -> Posting:
        fields = {"id": new_uuid(), "debit": accounts[by], "credit": accounts["campaign"], "amount": amount,
                  "asset": "PT", "reason": "redeem"}  # fmt: skip
        return Posting(**(fields | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def pay(accounts: dict[str, UUID]) -> Callable[..., Posting]:
    """A posting of New Taiwan dollars from bank clearing to a bureau's payable."""

    def make(amount: int, **changes: object) -> Posting:
        fields = {"id": new_uuid(), "debit": accounts["bank"], "credit": accounts["payable"], "amount": amount,
                  "asset": "TWD", "reason": "payment"}  # fmt: skip
        return Posting(**(fields | changes))  # type: ignore[arg-type]

    return make
