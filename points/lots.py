"""Lots: granted for a payment, once from each campaign, within its budget and the daily cap."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from core.outbox import Event
from core.text import Text
from ledger import book
from points import campaigns, debts, texts
from points.campaigns import ASSET, Campaign
from points.entries import Change, about_payment, account_code, write_entry


def grant_for_payment(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_captured: one lot from each campaign that the payment earns from, or a note why there is none."""
    paid = event.payload
    paid_at = datetime.fromisoformat(paid["captured_at"])
    payment_id, person_id = UUID(paid["payment_id"]), UUID(paid["person_id"])
    for campaign in campaigns.locked_for_payment(session, rail=paid["rail"], paid_at=paid_at):
        if session.execute(_DECIDED, {"campaign_id": campaign.id, "payment_id": payment_id}).scalar_one():
            continue
        # Points earn no points: only what was paid in money counts.
        paid_in_money_twd = paid["amount_twd"] - paid.get("points_pt", 0)
        basis_twd = standing_basis_twd(session, payment_id, paid_in_money_twd)
        wanted = campaign.terms.points_for(basis_twd)
        allowed = min(wanted, _left_today(session, campaign, person_id, paid_at, wanted))
        reason = _reason_against(session, campaign, wanted, allowed) if paid_in_money_twd else "paid_in_points"
        if reason is not None:
            session.execute(
                _NOT_GRANTED,
                {"campaign_id": campaign.id, "payment_id": payment_id, "person_id": person_id, "reason": reason,
                 "points": wanted, "now": now},
            )  # fmt: skip
            continue
        words = texts.EARNED.format(
            campaign=campaign.terms.name,
            basis=f"{basis_twd:,}",
            points=allowed,
            capped=texts.CAPPED if allowed < wanted else "",
        )
        _grant(
            session,
            campaign,
            person_id=person_id,
            payment_id=payment_id,
            basis_twd=paid_in_money_twd,
            points=allowed,
            paid_at=paid_at,
            words=words,
            now=now,
        )


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


def _grant(
    session: Session,
    campaign: Campaign,
    *,
    person_id: UUID,
    payment_id: UUID,
    basis_twd: int,
    points: int,
    paid_at: datetime,
    words: Text,
    now: datetime,
) -> None:
    lot_id = new_uuid()
    session.execute(
        _ADD_LOT,
        {
            "person_id": person_id, "id": lot_id, "campaign_id": campaign.id, "payment_id": payment_id,
            "basis_twd": basis_twd, "points": points, "earned_at": paid_at,
            "expires_at": end_of_lot(paid_at, campaign.terms.lifetime_months),
        },
    )  # fmt: skip
    book.open_account(session, account_code(person_id), ASSET, now=now, never_negative=True)
    earned = Change(
        person_id, lot_id, about_payment(payment_id), "earn", payment_id, points, campaign.budget_account, words
    )
    write_entry(session, earned, now=now)
    debts.repay(
        session, person_id=person_id, lot_id=lot_id, about=earned.about, cause_id=payment_id, points=points, now=now
    )


def _reason_against(session: Session, campaign: Campaign, wanted: int, allowed: int) -> str | None:
    if wanted <= 0:
        return "refunded"
    if allowed <= 0:
        return "daily_cap"
    return "budget_exhausted" if book.balance(session, campaign.budget_account).available < allowed else None


def _left_today(session: Session, campaign: Campaign, person_id: UUID, paid_at: datetime, wanted: int) -> int:
    cap = campaign.terms.points_per_person_and_day
    if cap is None:
        return wanted
    midnight = datetime.combine(taipei_date(paid_at), time.min, TAIPEI)
    granted = session.execute(
        _GRANTED_BETWEEN,
        {"campaign_id": campaign.id, "person_id": person_id, "start": midnight, "end": midnight + timedelta(days=1)},
    ).scalar_one()
    return max(0, cap - int(granted))


_DECIDED = text(
    """
    SELECT EXISTS (SELECT FROM points.lot WHERE campaign_id = :campaign_id AND payment_id = :payment_id)
        OR EXISTS (SELECT FROM points.not_granted WHERE campaign_id = :campaign_id AND payment_id = :payment_id)
    """
)
_NOT_GRANTED = text(
    """
    INSERT INTO points.not_granted (campaign_id, payment_id, person_id, reason, points, decided_at)
    VALUES (:campaign_id, :payment_id, :person_id, :reason, :points, :now)
    """
)
_ADD_LOT = text(
    """
    INSERT INTO points.lot (person_id, id, campaign_id, payment_id, basis_twd, amount, remaining, earned_at, expires_at)
    VALUES (:person_id, :id, :campaign_id, :payment_id, :basis_twd, :points, :points, :earned_at, :expires_at)
    """
)
_GRANTED_BETWEEN = text(
    """
    SELECT coalesce(sum(amount - taken_back), 0) FROM points.lot
     WHERE campaign_id = :campaign_id AND person_id = :person_id AND earned_at >= :start AND earned_at < :end
    """
)
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
