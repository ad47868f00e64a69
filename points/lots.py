"""What a payment's lots come to, and how long a lot lives."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date


def standing_basis_twd(session: Session, payment_id: UUID, basis_twd: int) -> int:
    """How much of a payment of `basis_twd` without the fee stands: less its refunds, nothing where it was undone."""
    values = {"payment_id": payment_id, "basis_twd": basis_twd}
    return int(session.execute(_STANDING_BASIS, values).scalar_one())


def points_for_payment(session: Session, payment_id: UUID) -> int | None:
    """The points that a payment has earned and not lost to a refund; None while nothing has been decided."""
    row = session.execute(_FOR_PAYMENT, {"payment_id": payment_id}).one()
    return None if row.points is None and not row.is_decided else int(row.points or 0)


def end_of_lot(earned_at: datetime, lifetime_months: int) -> datetime:
    """When points earned at that moment expire: the first moment after the month in Taipei that lies so many months
    later."""
    earned = taipei_date(earned_at)
    months = earned.year * 12 + earned.month + lifetime_months
    return datetime.combine(date(months // 12, months % 12 + 1, 1), time.min, TAIPEI)


_STANDING_BASIS = text(
    """
    SELECT CASE WHEN EXISTS (SELECT FROM points.undone_payment WHERE payment_id = :payment_id AND is_undone) THEN 0
                ELSE :basis_twd - coalesce((SELECT sum(amount_twd) FROM points.refunded_bill
                                             WHERE payment_id = :payment_id AND is_standing), 0) END
    """
)
_FOR_PAYMENT = text(
    """
    SELECT (SELECT sum(amount - taken_back) FROM points.lot WHERE payment_id = :payment_id) AS points,
           EXISTS (SELECT FROM points.not_granted WHERE payment_id = :payment_id) AS is_decided
    """
)
