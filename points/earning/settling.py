"""Deeds that earn, and that lose again what they earned when they are undone.

Whatever is delivered twice, late or at once: a deed is counted again as it stands, with its campaigns locked, so the
last count sees the last word.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from core.outbox import Event
from core.text import Text
from identity.words import BUREAU_NAMES
from points import campaigns, claw_back, texts
from points.campaigns import Campaign
from points.earning import deeds, granting, kinds, rules
from points.earning.deeds import Deed
from points.earning.granting import Occasion
from points.entries import About

_CITY = Text("市政府", "the city")


def settle(session: Session, event: Event, now: datetime) -> None:
    """points.deed_recorded, points.deed_undone: what the deed earns, or what is taken back for it."""
    deed = deeds.get(session, UUID(event.payload["deed_id"]))
    if deed.person_id is None:
        return
    event_kind = kinds.event_of(deed.kind)
    known = campaigns.locked_of_kind(session, event_kind)
    # What was read before the lock may be old.
    deed = deeds.get(session, deed.id)
    met = [each for each in known.values() if _is_for(each, deed)]
    for campaign in met:
        if campaign.terms.week_days:
            _settle_week(session, campaign, deed, event, now)
        else:
            granting.decide(
                session, campaign, _occasion(deed, texts.EARNED_BY_DEED), against=_undone(deed), now=now
            )  # fmt: skip
    if deed.undone_at is not None:
        lots = session.execute(_LOTS_OF_DEED, {"deed_id": deed.id}).all()
        own = [lot.id for lot in lots if not known[lot.campaign_id].terms.week_days]
        _recount(session, deed, own, known, event, stands=False, now=now)


def days_done(session: Session, campaign: Campaign, person_id: UUID, start: datetime, end: datetime) -> set[int]:
    """On which days (1: Monday) of the week from `start` to `end` the person did what the campaign is for."""
    kind = campaign.terms.event_kind.removeprefix(kinds.event_of(""))
    rows = session.execute(_STANDING, {"person_id": person_id, "kind": kind, "start": start, "end": end})
    return {
        rules.week_day(row.happened_at)
        for row in rows
        if campaign.terms.valid_from <= row.happened_at < campaign.counts_until
        and rules.are_met(campaign.terms.conditions, row.facts)
    }


def _is_for(campaign: Campaign, deed: Deed) -> bool:
    terms = campaign.terms
    return (
        terms.valid_from <= deed.happened_at < campaign.counts_until
        and (not terms.week_days or rules.week_day(deed.happened_at) in terms.week_days)
        and rules.are_met(terms.conditions, deed.facts)
    )


def _settle_week(session: Session, campaign: Campaign, deed: Deed, event: Event, now: datetime) -> None:
    """Of a campaign for whole weeks: the deed that makes the week whole earns; the lot of a week lives by the week."""
    assert deed.person_id is not None
    start, end = rules.week_of(deed.happened_at)
    of_week = {"campaign_id": campaign.id, "person_id": deed.person_id, "start": start, "end": end}
    is_whole = days_done(session, campaign, deed.person_id, start, end) >= set(campaign.terms.week_days)
    lot_id = session.execute(_LOT_OF_WEEK, of_week).scalar()
    if lot_id is not None:
        _recount(session, deed, [lot_id], {campaign.id: campaign}, event, stands=is_whole, now=now)
    against = _undone(deed) or ("week_rewarded" if lot_id is not None else None if is_whole else "week_incomplete")
    granting.decide(session, campaign, _occasion(deed, texts.EARNED_BY_WEEK), against=against, now=now)


def _recount(
    session: Session,
    deed: Deed,
    lot_ids: list[UUID],
    known: dict[UUID, Campaign],
    event: Event,
    *,
    stands: bool,
    now: datetime,
) -> None:
    assert deed.person_id is not None

    def entitled(lot: Any, _campaign: Campaign) -> int:
        return int(lot.amount) if stands else 0

    source = BUREAU_NAMES.get(deed.source, _CITY)
    words = texts.DEED_STANDS if deed.undone_at is None else texts.DEED_UNDONE
    what = words.format(day=_day(deed), deed=kinds.KINDS[kinds.event_of(deed.kind)].noun, source=source)
    claw_back.recount(
        session, person_id=deed.person_id, lot_ids=lot_ids, open_campaigns=known, entitled=entitled,
        cause_id=event.id, what=what, now=now,
    )  # fmt: skip


def _occasion(deed: Deed, sentence: Text) -> Occasion:
    assert deed.person_id is not None
    kind = kinds.KINDS[kinds.event_of(deed.kind)]
    return Occasion(
        about=About("deed", deed.id),
        person_id=deed.person_id,
        happened_at=deed.happened_at,
        measured=measured(deed.kind, deed.facts),
        facts=deed.facts,
        sentence=sentence,
        values={"deed": kind.noun, "day": _day(deed)},
    )


def measured(kind: str, facts: dict[str, Any]) -> int:
    """How much of what steps are counted of a deed of this kind says."""
    measure = kinds.KINDS[kinds.event_of(kind)].measure
    return int(facts.get(measure, 0)) if measure else 0


def _undone(deed: Deed) -> str | None:
    return "undone" if deed.undone_at is not None else None


def _day(deed: Deed) -> str:
    return taipei_date(deed.happened_at).isoformat()


_LOTS_OF_DEED = text("SELECT id, campaign_id FROM points.lot WHERE deed_id = :deed_id")
_LOT_OF_WEEK = text(
    """
    SELECT id FROM points.lot
     WHERE campaign_id = :campaign_id AND person_id = :person_id AND earned_at >= :start AND earned_at < :end
    """
)
_STANDING = text(
    """
    SELECT happened_at, facts FROM points.deed
     WHERE person_id = :person_id AND kind = :kind AND happened_at >= :start AND happened_at < :end
       AND undone_at IS NULL
    """
)
