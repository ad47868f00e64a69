"""A lot for what earned it: once from each campaign, within its budget and its caps, or a note why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid
from core.text import Text
from ledger import book
from points import debts, texts
from points.campaigns import ASSET, Campaign
from points.earning import rules
from points.earning.rules import Granted
from points.entries import About, Change, account_code, write_entry
from points.lots import end_of_lot


@dataclass(frozen=True, slots=True)
class Occasion:
    """What happened: whose, when, how much of what the campaign counts steps of stands (`measured`), the facts that it
    carries, and the `sentence` of the history with what of it is known (`values`). `basis_twd` is kept with the lot of
    a payment, which is counted again from it."""

    about: About
    person_id: UUID
    happened_at: datetime
    measured: int
    facts: Mapping[str, Any]
    sentence: Text
    values: Mapping[str, object]
    basis_twd: int | None = None


def decide(session: Session, campaign: Campaign, occasion: Occasion, *, against: str | None, now: datetime) -> None:
    """Grant what this campaign, which the caller has locked, gives for it, unless that is decided already.

    `against` is a reason that is known already for which it earns nothing.
    """
    ids = {
        "campaign_id": campaign.id,
        "payment_id": occasion.about.id if occasion.about.kind == "payment" else None,
        "deed_id": occasion.about.id if occasion.about.kind == "deed" else None,
    }
    if session.execute(_DECIDED, ids).scalar_one():
        return
    wanted = campaign.terms.points_for(occasion.measured, occasion.happened_at)
    points, reason = 0, against
    if against is None:
        points, reason = allowed(session, campaign, occasion.person_id, occasion.happened_at, wanted)
    if reason is not None:
        session.execute(
            _NOT_GRANTED, {**ids, "person_id": occasion.person_id, "reason": reason, "points": wanted, "now": now}
        )
        return
    percent = rules.percent_at(campaign.terms.windows, occasion.happened_at)
    words = occasion.sentence.format(
        **occasion.values,
        campaign=campaign.terms.name,
        points=points,
        bonus=texts.BONUS.format(times=f"{percent / rules.NO_BONUS:g}") if percent > rules.NO_BONUS else "",
        capped=texts.CAPPED if points < wanted else "",
    )
    _add_lot(session, campaign, occasion, ids, points, words, now)


def granted_to(session: Session, campaign_id: UUID, person_id: UUID, at: datetime) -> Granted:
    """What this person has from this campaign and has not lost again, on that day in Taipei and in all."""
    start, end = rules.day_of(at)
    row = session.execute(
        _GRANTED, {"campaign_id": campaign_id, "person_id": person_id, "start": start, "end": end}
    ).one()
    return Granted(int(row.today), int(row.in_all), int(row.times))


def allowed(session: Session, campaign: Campaign, person_id: UUID, at: datetime, wanted: int) -> tuple[int, str | None]:
    """How many of the points wanted for what happened then caps and budget leave the person, and why where none.

    Exact while the campaign is locked.
    """
    if wanted <= 0:
        return 0, "below_step"
    points, reason = rules.cut(wanted, campaign.terms.caps, granted_to(session, campaign.id, person_id, at))
    if reason is None and book.balance(session, campaign.budget_account).available < points:
        return 0, "budget_exhausted"
    return points, reason


def _add_lot(
    session: Session,
    campaign: Campaign,
    occasion: Occasion,
    ids: Mapping[str, UUID | None],
    points: int,
    words: Text,
    now: datetime,
) -> None:
    lot_id, person_id, cause_id = new_uuid(), occasion.person_id, occasion.about.id
    session.execute(
        _ADD_LOT,
        {
            **ids, "person_id": person_id, "id": lot_id, "basis_twd": occasion.basis_twd, "points": points,
            "earned_at": occasion.happened_at,
            "expires_at": end_of_lot(occasion.happened_at, campaign.terms.lifetime_months),
        },
    )  # fmt: skip
    book.open_account(session, account_code(person_id), ASSET, now=now, never_negative=True)
    earned = Change(person_id, lot_id, occasion.about, "earn", cause_id, points, campaign.budget_account, words)
    write_entry(session, earned, now=now)
    debts.repay(
        session, person_id=person_id, lot_id=lot_id, about=occasion.about, cause_id=cause_id, points=points, now=now
    )


_DECIDED = text(
    """
    SELECT EXISTS (SELECT FROM points.lot
                    WHERE campaign_id = :campaign_id AND (payment_id = :payment_id OR deed_id = :deed_id))
        OR EXISTS (SELECT FROM points.not_granted
                    WHERE campaign_id = :campaign_id AND (payment_id = :payment_id OR deed_id = :deed_id))
    """
)
_NOT_GRANTED = text(
    """
    INSERT INTO points.not_granted (campaign_id, payment_id, deed_id, person_id, reason, points, decided_at)
    VALUES (:campaign_id, :payment_id, :deed_id, :person_id, :reason, :points, :now)
    """
)
_ADD_LOT = text(
    """
    INSERT INTO points.lot (person_id, id, campaign_id, payment_id, deed_id, basis_twd, amount, remaining, earned_at,
                            expires_at)
    VALUES (:person_id, :id, :campaign_id, :payment_id, :deed_id, :basis_twd, :points, :points, :earned_at, :expires_at)
    """
)
_GRANTED = text(
    """
    SELECT coalesce(sum(amount - taken_back), 0) AS in_all,
           coalesce(sum(amount - taken_back) FILTER (WHERE earned_at >= :start AND earned_at < :end), 0) AS today,
           count(*) FILTER (WHERE amount > taken_back) AS times
      FROM points.lot WHERE campaign_id = :campaign_id AND person_id = :person_id
    """
)
