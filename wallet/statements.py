"""A year's receipts of one person: every payment that was paid in it, and what has become of each since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI
from wallet.payments import Item, items_of
from wallet.receipts import GIVEN_BACK, Standing

FIRST_YEAR: Final = 2026


@dataclass(frozen=True, slots=True)
class StatedPayment:
    """One payment of the year, with what has become of it since. Money in NT$."""

    payment_id: UUID
    receipt_number: str
    rail: str
    account_masked: str
    fee_twd: int
    points_pt: int
    standing: Standing
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A year of payments, oldest first, and their sums. Money in NT$."""

    year: int
    payments: tuple[StatedPayment, ...]

    def sum_of(self, kind: str) -> int:
        """The bills of a kind in all payments, as they were paid."""
        return sum(item.amount_twd for payment in self.payments for item in payment.items if item.kind == kind)

    @property
    def fees_twd(self) -> int:
        """Service fees, as they were paid."""
        return sum(payment.fee_twd for payment in self.payments)

    @property
    def total_twd(self) -> int:
        """Everything, as it was paid."""
        return sum(payment.standing.total_twd for payment in self.payments)

    @property
    def standing_twd(self) -> int:
        """What of it stands today."""
        return sum(payment.standing.standing_twd for payment in self.payments)

    @property
    def gone_back_twd(self) -> int:
        """What does not stand: gone back to the payer, withdrawn, or taken back."""
        return self.total_twd - self.standing_twd


def statement_of(session: Session, person_id: UUID, year: int) -> Statement:
    """The person's statement for a calendar year in Taipei."""
    begin, end = datetime(year, 1, 1, tzinfo=TAIPEI), datetime(year + 1, 1, 1, tzinfo=TAIPEI)
    rows = session.execute(_OF_YEAR, {"person_id": person_id, "begin": begin, "end": end}).all()
    items = items_of(session, [row.payment_id for row in rows])
    return Statement(year, tuple(_stated(rows, items)))


def years_of(session: Session, person_id: UUID) -> list[int]:
    """The calendar years (Taipei) in which this person paid something, newest first."""
    return [int(row.year) for row in session.execute(_YEARS, {"person_id": person_id})]


def _stated(rows: Sequence[Any], items: Mapping[UUID, list[Item]]) -> Iterator[StatedPayment]:
    for row in rows:
        standing = Standing(row.payment_status, row.paid_at, row.total_twd, row.given_back_twd, None)
        yield StatedPayment(
            row.payment_id, row.receipt_number, row.rail, row.account_masked, row.fee_twd, row.points_pt, standing,
            tuple(items[row.payment_id]),
        )  # fmt: skip


_OF_YEAR = text(
    f"""
    SELECT p.id AS payment_id, r.number AS receipt_number, p.booked_at AS paid_at, p.rail, p.account_masked,
           p.status AS payment_status, p.fee_twd, p.amount_twd + p.fee_twd AS total_twd, p.points_pt,
           {GIVEN_BACK} AS given_back_twd
      FROM wallet.payment p JOIN wallet.receipt r ON r.payment_id = p.id
     WHERE p.person_id = :person_id AND p.booked_at >= :begin AND p.booked_at < :end
     ORDER BY p.booked_at, p.id
    """  # noqa: S608
)
_YEARS = text(
    """
    SELECT DISTINCT extract(year FROM p.booked_at AT TIME ZONE 'Asia/Taipei') AS year
      FROM wallet.payment p JOIN wallet.receipt r ON r.payment_id = p.id
     WHERE p.person_id = :person_id AND p.booked_at IS NOT NULL ORDER BY year DESC
    """
)
