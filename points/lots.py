"""Lots: granted for a payment, taken back when its money goes back, and never without their transfer in the book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from core.outbox import Event
from core.text import Text
from ledger import book
from points import campaigns, texts
from points.campaigns import ASSET, Campaign

# Paid here first and again elsewhere: our payment stands, and what goes back is the amount of the other one.
_THE_OTHER_CAME_BACK = "paid_elsewhere_again"


def grant_for_payment(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_captured: one lot from each campaign that the payment earns from, or a note why there is none."""
    paid = event.payload
    paid_at = datetime.fromisoformat(paid["captured_at"])
    payment_id, person_id = UUID(paid["payment_id"]), UUID(paid["person_id"])
    for campaign in campaigns.locked_for_payment(session, rail=paid["rail"], paid_at=paid_at):
        if session.execute(_DECIDED, {"campaign_id": campaign.id, "payment_id": payment_id}).scalar_one():
            continue
        basis_twd = paid["amount_twd"] - _refunded_twd(session, payment_id)
        wanted = campaign.terms.points_for(basis_twd)
        allowed = min(wanted, _left_today(session, campaign, person_id, paid_at, wanted))
        reason = _reason_against(session, campaign, wanted, allowed)
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
            basis_twd=paid["amount_twd"],
            points=allowed,
            paid_at=paid_at,
            words=words,
            now=now,
        )


def take_back_for_refund(session: Session, event: Event, now: datetime) -> None:
    """wallet.bill_refunded: the points follow the money. What is left of the payment keeps its points; the rest goes
    back into the campaign's budget, as far as it has not expired."""
    refund = event.payload
    if refund["reason"] == _THE_OTHER_CAME_BACK:
        return
    refund_id, payment_id = UUID(refund["refund_id"]), UUID(refund["payment_id"])
    open_campaigns = campaigns.locked_for_refund(session)
    is_new = session.execute(
        _REMEMBER_REFUND,
        {"refund_id": refund_id, "payment_id": payment_id, "amount_twd": refund["amount_twd"], "now": now},
    ).scalar()
    if is_new is None:
        return
    refunded_twd = _refunded_twd(session, payment_id)
    for lot in session.execute(_LOTS_OF_PAYMENT, {"payment_id": payment_id}).all():
        campaign = open_campaigns[lot.campaign_id]
        kept = min(lot.amount, campaign.terms.points_for(lot.basis_twd - refunded_twd))
        points = min(lot.amount - lot.taken_back - kept, lot.remaining)
        if points <= 0:
            continue
        session.execute(_SHRINK, {"id": lot.id, "person_id": lot.person_id, "points": points})
        words = texts.TAKEN_BACK.format(campaign=campaign.terms.name, amount=f"{refund['amount_twd']:,}", points=points)
        write_entry(
            session,
            Change(
                person_id=lot.person_id,
                lot_id=lot.id,
                payment_id=payment_id,
                kind="reverse",
                cause_id=refund_id,
                points=-points,
                other_account=campaign.budget_account,
                words=words,
            ),
            now=now,
        )


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


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a lot: `points` above zero come from `other_account` of the book, below zero they go there."""

    person_id: UUID
    lot_id: UUID
    payment_id: UUID
    kind: str
    cause_id: UUID
    points: int
    other_account: UUID
    words: Text


def write_entry(session: Session, *changes: Change, now: datetime) -> None:
    """Write changes into the people's histories and, as one group, into the book."""
    postings = [_posting(change) for change in changes]
    session.execute(
        _ENTRY,
        [
            {
                "person_id": change.person_id, "id": new_uuid(), "lot_id": change.lot_id,
                "payment_id": change.payment_id, "amount": change.points, "kind": change.kind,
                "cause_id": change.cause_id, "transfer_id": posting.id, "reason_zh": change.words.zh,
                "reason_en": change.words.en, "now": now,
            }
            for change, posting in zip(changes, postings, strict=True)
        ],
    )  # fmt: skip
    book.post(session, postings, now=now)


def account_code(person_id: UUID) -> str:
    """The code of a person's points account in the book."""
    return f"points:person:{person_id}"


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
    earned = Change(person_id, lot_id, payment_id, "earn", payment_id, points, campaign.budget_account, words)
    write_entry(session, earned, now=now)


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


def _refunded_twd(session: Session, payment_id: UUID) -> int:
    return int(session.execute(_REFUNDED, {"payment_id": payment_id}).scalar_one())


def _posting(change: Change) -> book.Posting:
    person = book.account_id(account_code(change.person_id))
    debit, credit = (change.other_account, person) if change.points > 0 else (person, change.other_account)
    transfer_id = uuid5(change.lot_id, f"{change.kind} {change.cause_id}")
    return book.Posting(
        transfer_id, debit, credit, abs(change.points), ASSET, f"points {change.kind}", str(change.lot_id)
    )


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
_ENTRY = text(
    """
    INSERT INTO points.entry (person_id, id, lot_id, payment_id, amount, kind, cause_id, transfer_id, reason_zh,
                              reason_en, at)
    VALUES (:person_id, :id, :lot_id, :payment_id, :amount, :kind, :cause_id, :transfer_id, :reason_zh, :reason_en,
            :now)
    """
)
_GRANTED_BETWEEN = text(
    """
    SELECT coalesce(sum(amount - taken_back), 0) FROM points.lot
     WHERE campaign_id = :campaign_id AND person_id = :person_id AND earned_at >= :start AND earned_at < :end
    """
)
_REMEMBER_REFUND = text(
    """
    INSERT INTO points.refunded_bill (refund_id, payment_id, amount_twd, recorded_at)
    VALUES (:refund_id, :payment_id, :amount_twd, :now)
    ON CONFLICT (refund_id) DO NOTHING
    RETURNING refund_id
    """
)
_REFUNDED = text("SELECT coalesce(sum(amount_twd), 0) FROM points.refunded_bill WHERE payment_id = :payment_id")
_LOTS_OF_PAYMENT = text("SELECT * FROM points.lot WHERE payment_id = :payment_id ORDER BY id FOR NO KEY UPDATE")
_SHRINK = text(
    """
    UPDATE points.lot SET remaining = remaining - :points, taken_back = taken_back + :points
     WHERE person_id = :person_id AND id = :id
    """
)
_FOR_PAYMENT = text(
    """
    SELECT (SELECT sum(amount - taken_back) FROM points.lot WHERE payment_id = :payment_id) AS points,
           EXISTS (SELECT FROM points.not_granted WHERE payment_id = :payment_id) AS is_decided
    """
)
