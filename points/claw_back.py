"""The points follow what earned them: taken back when it goes, given again when it comes after all.

What a payment has earned is counted again from the money of it that stands; what a deed has earned, from whether it
stands (`points.earning.deeds`). Points too many are taken from the own lot, then from the person's other points, the
soonest to expire first, then owed. Each fact about the money (a refund, a return, a chargeback, and the end of each) is
noted with its time, so that facts may come in any order and many times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.outbox import Event
from core.text import Text
from ledger import book
from points import campaigns, debts, expiry, texts
from points.campaigns import Campaign
from points.earning.kinds import PAYMENT_CAPTURED
from points.entries import Change, about_lot, write_entry
from points.lots import end_of_lot, standing_basis_twd

# Paid here first and again elsewhere: our payment stands, and what goes back is the amount of the other one.
_THE_OTHER_CAME_BACK = "paid_elsewhere_again"
# Points given again are good for a month at least, also where their lot has ended in between.
_GRACE_MONTHS = 1


def refund_completed(session: Session, event: Event, now: datetime) -> None:
    """wallet.bill_refunded: so much less of the payment stands."""
    _note_refund(session, event, texts.REFUNDED, is_standing=True, now=now)


def refund_came_back(session: Session, event: Event, now: datetime) -> None:
    """wallet.refund_failed after its success: so much more of the payment stands again."""
    if event.payload["was_completed"]:
        _note_refund(session, event, texts.CAME_BACK, is_standing=False, now=now)


def payment_undone(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_undone: nothing of the payment stands."""
    what = texts.CHARGED_BACK if event.payload["how"] == "charged_back" else texts.RETURNED
    _note_payment(session, event, what, is_undone=True, now=now)


def payment_restored(session: Session, event: Event, now: datetime) -> None:
    """wallet.payment_restored: what was taken back for its undoing is given again."""
    _note_payment(session, event, texts.RESTORED, is_undone=False, now=now)


def _note_refund(session: Session, event: Event, what: Text, *, is_standing: bool, now: datetime) -> None:
    refund = event.payload
    # Points earn no points: what went back as points is no loss of money. Older events know of none.
    in_money_twd = refund["amount_twd"] - refund.get("points_pt", 0)
    if refund["reason"] == _THE_OTHER_CAME_BACK or not in_money_twd:
        return
    open_campaigns = campaigns.locked_of_kind(session, PAYMENT_CAPTURED)
    is_news = session.execute(
        _NOTE_REFUND,
        {"refund_id": UUID(refund["refund_id"]), "payment_id": UUID(refund["payment_id"]),
         "amount_twd": in_money_twd, "is_standing": is_standing, "at": event.recorded_at},
    ).scalar()  # fmt: skip
    if is_news is not None:
        _recount_payment(session, event, open_campaigns, what.format(amount=f"{in_money_twd:,}"), now)


def _note_payment(session: Session, event: Event, what: Text, *, is_undone: bool, now: datetime) -> None:
    open_campaigns = campaigns.locked_of_kind(session, PAYMENT_CAPTURED)
    is_news = session.execute(
        _NOTE_PAYMENT,
        {"payment_id": UUID(event.payload["payment_id"]), "is_undone": is_undone, "at": event.recorded_at},
    ).scalar()
    if is_news is not None:
        _recount_payment(session, event, open_campaigns, what, now)


@dataclass(frozen=True, slots=True)
class _Recount:
    """One lot whose points are counted again: why, for which campaign, and the person's lots as they are, locked."""

    cause_id: UUID
    what: Text
    campaign: Campaign
    lot: Any
    others: list[Any]


def _recount_payment(
    session: Session, event: Event, open_campaigns: dict[UUID, Campaign], what: Text, now: datetime
) -> None:
    person_id, payment_id = UUID(event.payload["person_id"]), UUID(event.payload["payment_id"])

    def entitled(lot: Any, campaign: Campaign) -> int:
        standing_twd = standing_basis_twd(session, payment_id, lot.basis_twd)
        return campaign.terms.points_for(standing_twd, lot.earned_at) if standing_twd > 0 else 0

    lot_ids = session.execute(_LOTS_OF_PAYMENT, {"payment_id": payment_id}).scalars()
    recount(
        session, person_id=person_id, lot_ids=list(lot_ids), open_campaigns=open_campaigns, entitled=entitled,
        cause_id=event.id, what=what, now=now,
    )  # fmt: skip


def recount(
    session: Session,
    *,
    person_id: UUID,
    lot_ids: Collection[UUID],
    open_campaigns: dict[UUID, Campaign],
    entitled: Callable[[Any, Campaign], int],
    cause_id: UUID,
    what: Text,
    now: datetime,
) -> None:
    """Count these lots of the person again: take back what is above what `entitled` answers for a lot, or give again.

    Their campaigns are locked by the caller; `what` has happened, by the event `cause_id`.
    """
    if not lot_ids:
        return
    expiry.lapse(session, person_id, lot_ids, now)
    lots = session.execute(_LOTS, {"person_id": person_id, "ids": list(lot_ids), "now": now}).all()
    remaining = {lot.id: int(lot.remaining) for lot in lots}
    for lot in lots:
        if lot.id not in lot_ids:
            continue
        campaign = open_campaigns[lot.campaign_id]
        due = min(lot.amount, entitled(lot, campaign))
        held = lot.amount - lot.taken_back - lot.waived - lot.expired
        each = _Recount(cause_id, what, campaign, lot, [other for other in lots if other.id != lot.id])
        if held > due:
            _take_back(session, each, held - due, remaining, now)
        elif held < due and lot.taken_back > 0:
            _give_again(session, each, min(lot.taken_back, due - held), now)


def _take_back(session: Session, recount: _Recount, points: int, remaining: dict[UUID, int], now: datetime) -> None:
    lot, campaign, changes, missing = recount.lot, recount.campaign, [], points
    for source in (lot, *recount.others):
        taken = min(missing, remaining[source.id])
        if taken == 0:
            continue
        missing -= taken
        remaining[source.id] -= taken
        is_own = source.id == lot.id
        words = (texts.TAKEN_BACK if is_own else texts.TAKEN_FROM_OTHERS).format(
            campaign=campaign.terms.name, what=recount.what, points=taken
        )
        cause_id = recount.cause_id if is_own else uuid5(recount.cause_id, str(lot.id))
        session.execute(_TAKE, {"person_id": lot.person_id, "id": source.id, "points": taken})
        changes.append(
            Change(
                lot.person_id, source.id, about_lot(lot), "reverse", cause_id, -taken, campaign.budget_account, words
            )
        )
    if changes:
        write_entry(session, *changes, now=now)
    owed = missing and debts.owe(
        session, person_id=lot.person_id, lot_id=lot.id, about=about_lot(lot), cause_id=recount.cause_id,
        points=missing, budget_account=campaign.budget_account, campaign=campaign.terms.name, what=recount.what,
        now=now,
    )  # fmt: skip
    waived = missing - owed
    session.execute(_SET_BACK, {"person_id": lot.person_id, "id": lot.id, "taken": points - waived, "waived": waived})


def _give_again(session: Session, recount: _Recount, points: int, now: datetime) -> None:
    lot, campaign = recount.lot, recount.campaign
    given = min(points, book.balance(session, campaign.budget_account).available)
    if given <= 0:
        return
    session.execute(
        _GIVE,
        {
            "person_id": lot.person_id,
            "id": lot.id,
            "points": given,
            "until": end_of_lot(now, _GRACE_MONTHS),
            "now": now,
        },
    )
    words = texts.GIVEN_AGAIN.format(campaign=campaign.terms.name, what=recount.what, points=given)
    change = Change(
        lot.person_id, lot.id, about_lot(lot), "restore", recount.cause_id, given, campaign.budget_account, words
    )
    write_entry(session, change, now=now)
    debts.repay(
        session, person_id=lot.person_id, lot_id=lot.id, about=about_lot(lot), cause_id=recount.cause_id,
        points=given, now=now,
    )  # fmt: skip


# A fact counts only if it is newer than what is known.
_NOTE_REFUND = text(
    """
    INSERT INTO points.refunded_bill AS known (refund_id, payment_id, amount_twd, is_standing, recorded_at)
    VALUES (:refund_id, :payment_id, :amount_twd, :is_standing, :at)
    ON CONFLICT (refund_id) DO UPDATE SET is_standing = excluded.is_standing, recorded_at = excluded.recorded_at
     WHERE known.recorded_at < excluded.recorded_at
    RETURNING refund_id
    """
)
_NOTE_PAYMENT = text(
    """
    INSERT INTO points.undone_payment AS known (payment_id, is_undone, recorded_at)
    VALUES (:payment_id, :is_undone, :at)
    ON CONFLICT (payment_id) DO UPDATE SET is_undone = excluded.is_undone, recorded_at = excluded.recorded_at
     WHERE known.recorded_at < excluded.recorded_at
    RETURNING payment_id
    """
)
_LOTS_OF_PAYMENT = text("SELECT id FROM points.lot WHERE payment_id = :payment_id")
# Everybody who needs several lots of a person locks them in the order of their ids, whichever they use first.
_LOTS = text(
    """
    WITH lot AS (
        SELECT * FROM points.lot
         WHERE person_id = :person_id AND (id = ANY(:ids) OR (remaining > 0 AND expires_at > :now))
         ORDER BY id FOR NO KEY UPDATE
    )
    SELECT * FROM lot ORDER BY expires_at, id
    """
)
_TAKE = text("UPDATE points.lot SET remaining = remaining - :points WHERE person_id = :person_id AND id = :id")
_SET_BACK = text(
    "UPDATE points.lot SET taken_back = taken_back + :taken, waived = waived + :waived "
    "WHERE person_id = :person_id AND id = :id"
)
_GIVE = text(
    """
    UPDATE points.lot
       SET remaining = remaining + :points, taken_back = taken_back - :points,
           expires_at = CASE WHEN expires_at > :now THEN expires_at ELSE :until END
     WHERE person_id = :person_id AND id = :id
    """
)
