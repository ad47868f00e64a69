"""A campaign, payments and refunds as the wallet publishes them, brought to this room as in the worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from api.delivery import deliver
from core import db, outbox
from core.ids import new_uuid
from core.text import Text
from ledger import book
from points.campaigns import Terms, open_campaign
from points.debts import debt_code
from points.entries import account_code
from points.tasks import CONSUMERS

NOW = datetime(2026, 11, 5, 6, 3, 22, tzinfo=UTC)


def terms(**changed: Any) -> Terms:
    values: dict[str, Any] = {
        "code": "pay-by-bank",
        "name": Text("銀行繳費集點", "Points for paying by bank"),
        "bureau": "finance",
        "rail": "bank_of_kaohsiung",
        "points_per_payment": 10,
        "points_per_step": 1,
        "step_twd": 100,
        "points_per_person_and_day": None,
        "lifetime_months": 12,
        "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
        "valid_until": datetime(2027, 1, 1, tzinfo=UTC),
    }
    return Terms(**{**values, **changed})


@pytest.fixture
def campaign(database: db.Database) -> UUID:
    """10 points per payment and 1 per NT$100, a budget of 100,000."""
    return opened(terms())


def opened(of: Terms, budget_points: int = 100_000) -> UUID:
    with db.unit_of_work() as session:
        campaign_id = open_campaign(session, of, budget_points=budget_points, now=NOW)
    assert campaign_id is not None
    return campaign_id


def captured(person_id: UUID, **changed: Any) -> dict[str, Any]:
    bill = str(new_uuid())
    return {
        "payment_id": str(new_uuid()),
        "person_id": str(person_id),
        "rail": "bank_of_kaohsiung",
        "bill_ids": [bill],
        "kinds": ["fine"],
        "amount_twd": 1260,
        "fee_twd": 5,
        "total_twd": 1265,
        "captured_at": "2026-11-05T06:03:20+00:00",
        "due_before": True,
        "bills": [],
        **changed,
    }


def refunded(paid: dict[str, Any], amount_twd: int, reason: str = "paid_elsewhere_first") -> dict[str, Any]:
    return {
        "payment_id": paid["payment_id"],
        "person_id": paid["person_id"],
        "refund_id": str(new_uuid()),
        "bill_id": str(new_uuid()),
        "number": "BZC123456",
        "amount_twd": amount_twd,
        "fee_twd": 5,
        "reason": reason,
        "channel": "7-ELEVEN",
        "account": "***1234",
        "completed_at": "2026-11-06T00:00:00+00:00",
    }


def recorded(kind: str, payload: dict[str, Any]) -> UUID:
    with db.unit_of_work() as session:
        return outbox.record(session, kind, payload, now=NOW)


def bring(*event_ids: UUID) -> None:
    deliver(event_ids, {consumer.kind: [consumer] for consumer in CONSUMERS})


def pay(person_id: UUID, **changed: Any) -> dict[str, Any]:
    payload = captured(person_id, **changed)
    bring(recorded("wallet.payment_captured", payload))
    return payload


def refund(paid: dict[str, Any], amount_twd: int) -> None:
    bring(recorded("wallet.bill_refunded", refunded(paid, amount_twd)))


def in_the_book(person_id: UUID) -> int:
    with db.unit_of_work() as session:
        return book.balance(session, book.account_id(account_code(person_id))).posted


def budget_left(code: str = "pay-by-bank") -> int:
    with db.unit_of_work() as session:
        return book.balance(session, book.account_id(f"points:campaign:{code}")).available


@pytest.fixture(autouse=True)
def the_book_agrees(database: db.Database) -> Any:
    """After every test: the book sums to zero, and says the same about each person as the lots, the debt and the
    history do."""
    yield
    with db.unit_of_work() as session:
        assert all(line.is_balanced for line in book.trial_balance(session))
        for row in session.execute(
            text(
                """
                SELECT l.person_id, sum(l.remaining) AS remaining,
                       (SELECT sum(amount) FROM points.entry AS e WHERE e.person_id = l.person_id) AS entries,
                       coalesce((SELECT owed FROM points.debt AS d WHERE d.person_id = l.person_id), 0) AS owed
                  FROM points.lot AS l GROUP BY l.person_id
                """
            )
        ):
            held = book.balance(session, book.account_id(account_code(row.person_id))).posted
            assert held == row.remaining
            assert held - row.owed == row.entries
            if row.owed:
                debt = book.balance(session, book.account_id(debt_code(row.person_id)))
                assert debt.posted == row.owed
