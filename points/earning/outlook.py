"""What one person can still earn: from each campaign that runs, and with one payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger import book
from points.campaigns import Campaign, campaign_from
from points.earning import granting, rules
from points.earning.kinds import KINDS, PAYMENT_CAPTURED
from points.earning.settling import days_done


@dataclass(frozen=True, slots=True)
class Outlook:
    """A campaign that runs, and what of it is left for a person; None: without that limit. `days_done` of this week,
    where a campaign is for whole weeks."""

    campaign: Campaign
    is_budget_left: bool
    left_today: int | None
    left_in_all: int | None
    times_left: int | None
    days_done: list[int]


class Part(NamedTuple):
    """What one campaign would grant, and the reason where it is nothing."""

    campaign: Campaign
    points: int
    reason: str | None


def of_person(session: Session, person_id: UUID, now: datetime) -> list[Outlook]:
    """Every campaign that runs now, what ends first before the others."""
    return [_outlook(session, campaign, person_id, now) for campaign in _running(session, list(KINDS), now)]


def of_payment(session: Session, person_id: UUID, facts: Mapping[str, Any], now: datetime) -> list[Part]:
    """What a payment with these facts would earn this person now, from each campaign that it is for."""
    parts = []
    for campaign in _running(session, [PAYMENT_CAPTURED], now):
        terms = campaign.terms
        if terms.rail not in (None, facts["rail"]) or not rules.are_met(terms.conditions, facts):
            continue
        wanted = terms.points_for(facts["amount_twd"], now)
        parts.append(Part(campaign, *granting.allowed(session, campaign, person_id, now, wanted)))
    return parts


def _outlook(session: Session, campaign: Campaign, person_id: UUID, now: datetime) -> Outlook:
    granted, caps = granting.granted_to(session, campaign.id, person_id, now), campaign.terms.caps
    done: set[int] = set()
    if campaign.terms.week_days:
        done = days_done(session, campaign, person_id, *rules.week_of(now)) & set(campaign.terms.week_days)
    in_all = None if caps.in_all is None else max(0, caps.in_all - granted.in_all)
    today = None if caps.day is None else max(0, caps.day - granted.today)
    return Outlook(
        campaign=campaign,
        is_budget_left=book.balance(session, campaign.budget_account).available > 0,
        left_today=today if in_all is None or today is None else min(today, in_all),
        left_in_all=in_all,
        times_left=None if caps.times is None else max(0, caps.times - granted.times),
        days_done=sorted(done),
    )


def _running(session: Session, event_kinds: list[str], now: datetime) -> list[Campaign]:
    return [campaign_from(row) for row in session.execute(_RUNNING, {"kinds": event_kinds, "now": now})]


_RUNNING = text(
    """
    SELECT * FROM points.campaign
     WHERE event_kind = ANY(:kinds) AND status = 'approved' AND valid_from <= :now AND :now < valid_until
     ORDER BY valid_until, id LIMIT 100
    """
)
