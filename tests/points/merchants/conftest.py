"""The bank's sandbox behind merchants' payments, and the book's word about every merchant after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox
from sqlalchemy import text

from core import db
from ledger import book
from points.merchants import accounts
from tests.points.merchants.city import put_the_bank_behind


@pytest.fixture(scope="session")
def merchants_bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox of the outside systems for the tests of this room; its webhooks reach nobody."""
    process = start_sandbox(Path(tmp_path_factory.mktemp("merchants")))
    yield process
    process.stop()


@pytest.fixture
def bank(merchants_bank: SandboxProcess) -> SandboxBooks:
    """The bank's books and switches, as at first, behind merchants' payments."""
    books = SandboxBooks(merchants_bank.url)
    books.clear_switches()
    books.reset()
    put_the_bank_behind(books)
    return books


@pytest.fixture(autouse=True)
def the_book_agrees_about_merchants(database: db.Database) -> Any:
    """After every test: what lies at a merchant is what is unsettled; what is payable is what is not paid, or carried;
    what was settled is what it cost; what left the bank's account is what was paid."""
    yield
    with db.unit_of_work() as session:
        for row in session.execute(_MERCHANTS):
            assert _held(session, accounts.redeemed_code(row.id)) == row.unsettled, "points at the merchant"
            assert _held(session, accounts.payable_code(row.id)) == row.payable, "NT$ owed to the merchant"
        sums = session.execute(_SUMS).one()
        assert _held(session, accounts.SETTLED) == sums.settled == sums.by_bureau
        assert -_held(session, accounts.BANK) == sums.paid
        for cost in session.execute(_COSTS):
            assert _held(session, accounts.cost_code(cost.bureau)) == cost.points


def _held(session: Any, code: str) -> int:
    accounts.opened(session, code, session.execute(text("SELECT now()")).scalar_one())
    return book.balance(session, book.account_id(code)).posted


_MERCHANTS = text(
    """
    SELECT m.id,
           coalesce((SELECT sum(points) FROM points.redemption r
                      WHERE r.merchant_id = m.id AND (r.status = 'done' OR r.settlement_id IS NOT NULL)
                        AND r.settlement_id IS NULL), 0)
         - coalesce((SELECT sum(f.points) FROM points.redemption_refund f
                       JOIN points.redemption r ON r.id = f.redemption_id
                      WHERE f.merchant_id = m.id AND f.settlement_id IS NULL AND r.status = 'done'), 0) AS unsettled,
           coalesce((SELECT sum(amount_twd) FROM points.settlement s
                      WHERE s.merchant_id = m.id AND s.status NOT IN ('paid', 'carried')), 0)
         + coalesce((SELECT carried_on_twd FROM points.settlement s WHERE s.merchant_id = m.id
                      ORDER BY until DESC LIMIT 1), 0) AS payable
      FROM points.merchant m
    """
)
_SUMS = text(
    """
    SELECT (SELECT coalesce(sum(redeemed_points - refunded_points), 0) FROM points.settlement) AS settled,
           (SELECT coalesce(sum(redeemed_points - refunded_points), 0) FROM points.settlement_line) AS by_bureau,
           (SELECT coalesce(sum(amount_twd), 0) FROM points.payout WHERE status = 'booked') AS paid
    """
)
_COSTS = text(
    "SELECT bureau, sum(redeemed_points - refunded_points) AS points FROM points.settlement_line GROUP BY bureau"
)
