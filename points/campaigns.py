"""Campaigns: who funds points, for paying how, how many, and from which budget. A campaign is a row, not code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from core.ids import new_uuid
from core.text import Text
from ledger import book

PAYMENT_CAPTURED = "wallet.payment_captured"
ASSET = "PT"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign promises. Points per payment, and `points_per_step` for each whole `step_twd` paid without the
    fee; `rail` None means any. Lots live `lifetime_months` and expire at the end of that month in Taipei."""

    code: str
    name: Text
    bureau: str
    rail: str | None
    points_per_payment: int
    points_per_step: int
    step_twd: int
    points_per_person_and_day: int | None
    lifetime_months: int
    valid_from: datetime
    valid_until: datetime

    def points_for(self, basis_twd: int) -> int:
        """The points for a payment of that much without the fee; none where everything has been refunded."""
        if basis_twd <= 0:
            return 0
        return self.points_per_payment + self.points_per_step * (basis_twd // self.step_twd)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that is open. `budget_account` is its account in the book, which may not go below zero."""

    id: UUID
    terms: Terms
    budget_account: UUID


def open_campaign(session: Session, terms: Terms, *, budget_points: int, now: datetime) -> UUID | None:
    """Open a campaign with `budget_points`, funded by its bureau. Answers its id, or None when the code is in use."""
    budget = book.account_id(f"points:campaign:{terms.code}")
    campaign_id = session.execute(
        _OPEN,
        {
            "id": new_uuid(), "code": terms.code, "name_zh": terms.name.zh, "name_en": terms.name.en,
            "bureau": terms.bureau, "event_kind": PAYMENT_CAPTURED, "rail": terms.rail,
            "points_per_payment": terms.points_per_payment, "points_per_step": terms.points_per_step,
            "step_twd": terms.step_twd, "daily": terms.points_per_person_and_day, "months": terms.lifetime_months,
            "valid_from": terms.valid_from, "valid_until": terms.valid_until, "budget_account": budget, "now": now,
        },
    ).scalar()  # fmt: skip
    if campaign_id is None:
        return None
    book.open_account(session, f"points:campaign:{terms.code}", ASSET, now=now, never_negative=True)
    funding = book.open_account(
        session, f"points:funding:{terms.bureau}", ASSET, now=now, normal_side=book.Side.DEBIT, is_hot=True
    )
    funded = book.Posting(
        uuid5(campaign_id, "budget"), funding, budget, budget_points, ASSET, "campaign budget", terms.code
    )
    book.post(session, [funded], now=now)
    return UUID(str(campaign_id))


def ensure_demo_campaign(session: Session, now: datetime) -> None:
    """The demo city's campaign: 10 points for each payment from the city's own bank, and 1 for every NT$100 of it."""
    year = now.astimezone(TAIPEI).year
    terms = Terms(
        code="pay-from-bank-of-kaohsiung",
        name=Text("高雄銀行繳費集點", "Points for paying from the Bank of Kaohsiung"),
        bureau="finance",
        rail="bank_of_kaohsiung",
        points_per_payment=10,
        points_per_step=1,
        step_twd=100,
        points_per_person_and_day=None,
        lifetime_months=12,
        valid_from=datetime(year, 1, 1, tzinfo=TAIPEI),
        valid_until=datetime(year + 2, 1, 1, tzinfo=TAIPEI),
    )
    open_campaign(session, terms, budget_points=1_000_000_000, now=now)


def locked_for_payment(session: Session, *, rail: str, paid_at: datetime) -> list[Campaign]:
    """The campaigns that such a payment earns from, locked until the transaction ends.

    The lock makes budget and daily cap exact. It costs no more than the book does anyway: a balance that may not go
    below zero is one row that its spenders take turns at.
    """
    rows = session.execute(_FOR_PAYMENT, {"event_kind": PAYMENT_CAPTURED, "rail": rail, "paid_at": paid_at})
    return [_campaign(row) for row in rows]


def locked_for_refund(session: Session) -> dict[UUID, Campaign]:
    """All campaigns that payments may have earned from, locked, so that a grant and a refund of it take turns."""
    rows = session.execute(_ALL, {"event_kind": PAYMENT_CAPTURED})
    return {row.id: _campaign(row) for row in rows}


def _campaign(row: Row[Any]) -> Campaign:
    terms = Terms(
        code=row.code,
        name=Text(row.name_zh, row.name_en),
        bureau=row.bureau,
        rail=row.rail,
        points_per_payment=row.points_per_payment,
        points_per_step=row.points_per_step,
        step_twd=row.step_twd,
        points_per_person_and_day=row.points_per_person_and_day,
        lifetime_months=row.lifetime_months,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
    return Campaign(row.id, terms, row.budget_account)


_OPEN = text(
    """
    INSERT INTO points.campaign (id, code, name_zh, name_en, bureau, event_kind, rail, points_per_payment,
                                 points_per_step, step_twd, points_per_person_and_day, lifetime_months, valid_from,
                                 valid_until, budget_account, created_at)
    VALUES (:id, :code, :name_zh, :name_en, :bureau, :event_kind, :rail, :points_per_payment, :points_per_step,
            :step_twd, :daily, :months, :valid_from, :valid_until, :budget_account, :now)
    ON CONFLICT (code) DO NOTHING
    RETURNING id
    """
)
_FOR_PAYMENT = text(
    """
    SELECT * FROM points.campaign
     WHERE event_kind = :event_kind AND (rail IS NULL OR rail = :rail)
       AND valid_from <= :paid_at AND :paid_at < valid_until
     ORDER BY id FOR NO KEY UPDATE
    """
)
_ALL = text("SELECT * FROM points.campaign WHERE event_kind = :event_kind ORDER BY id FOR NO KEY UPDATE")
