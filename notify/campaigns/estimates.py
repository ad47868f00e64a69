"""Before sending: how many it would reach, and what sleep, the cap and the deadline will do. Counts, never people.

The same question has the same answer all day, for whoever asks, and an officer and a bureau may ask only so many
different ones: see `counts.py` and docs/campaigns.md for what that keeps from being told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
import rfc8785
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import counts
from core.clock import TAIPEI, on_the_wire, taipei_date
from core.counts import Count
from identity.actors import Actor
from notify import reach
from notify.campaigns import forecasts, schedules
from notify.campaigns.campaigns import Campaign
from notify.campaigns.errors import EstimatesUsedUp
from notify.campaigns.forecasts import OF_AUDIENCE, OF_SENDING

MOST_OF_OFFICER, MOST_OF_BUREAU = 40, 120
"""Different questions a day."""

_OF_REACH = ("reachable", "unreachable")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What would become of an audience if it were sent to at `at`.

    `asleep_now`: in their quiet hours then; `expired`: awake only after the deadline; `would_send_today`: rung then, on
    waking, or in the evening for which the day's last ring is kept; `capped`: no room left that day (`would_wait` for
    tomorrow, or only lie in the inbox and the evening's digest: `would_digest`); `unreachable`: no push reaches them,
    and no paid channel that the campaign has money for: the inbox alone.
    """

    at: datetime
    made_at: datetime
    audience: Count
    reachable: Count
    unreachable: Count
    asleep_now: Count
    capped: Count
    expired: Count
    would_send_today: Count
    would_wait: Count
    would_digest: Count


def of_campaign(session: Session, campaign: Campaign, *, by: Actor, now: datetime) -> Estimate:
    """What sending this campaign when it is planned would do. Raises EstimatesUsedUp."""
    is_at_once = isinstance(campaign.planned, schedules.Now)
    planned = (schedules.first_after(campaign.planned, now) or now).astimezone(TAIPEI)
    following = schedules.next_after(campaign.planned, planned)
    day = taipei_date(now)
    question = _question(campaign, day)
    whole = _about_reach(question, campaign) | {
        "priority": campaign.priority,
        "deadline": on_the_wire(campaign.deadline) if campaign.deadline else None,
        "next": on_the_wire(following) if following else None,
        # Within an hour it is the same question, so that nobody averages over moments.
        "at": on_the_wire(planned.replace(minute=0, second=0, microsecond=0)),
    }
    _ask(session, by, _hash_of(whole), now)
    answer, made_at = _answer(session, campaign, question, whole, planned, day, now)
    numbers = {name: Count(answer[name]) for name in (*OF_AUDIENCE, *OF_SENDING)}
    return Estimate(at=made_at if is_at_once else planned, made_at=made_at, **numbers)


def audience_of(campaign: Campaign, found: int, now: datetime) -> Count:
    """How an audience of so many people is published today: as an estimate of the same campaign would say."""
    return _published_audience(_question(campaign, taipei_date(now)), found)


def _question(campaign: Campaign, day: date) -> dict[str, Any]:
    return {"topic": campaign.topic_id, "audience": campaign.audience, "day": day.isoformat()}


def _published_audience(question: Mapping[str, Any], found: int) -> Count:
    return counts.published(found, {**question, "of": "audience"})


def _about_reach(question: Mapping[str, Any], campaign: Campaign) -> dict[str, Any]:
    """The question whom it reaches, which depends on what the campaign pays for: nothing, as a rule."""
    if not any(reach.paid_channels(campaign.channels).values()):
        return {**question}
    return {**question, "channels": campaign.channels}


def _ask(session: Session, by: Actor, question_hash: bytes, now: datetime) -> None:
    """Write down that the question was asked. Raises EstimatesUsedUp where that would be one too many."""
    day = taipei_date(now)
    values = {"officer": by.id, "bureau": by.bureau, "day": day, "hash": question_hash}
    session.execute(_ONE_AT_A_TIME, {"bureau": by.bureau})
    is_new = session.execute(_ASK, values).scalar() is not None
    asked = session.execute(_ASKED, values).one()
    if is_new and (asked.by_officer > MOST_OF_OFFICER or asked.by_bureau > MOST_OF_BUREAU):
        midnight = datetime.combine(day + timedelta(days=1), time(), TAIPEI)
        raise EstimatesUsedUp(headers={"Retry-After": str(int((midnight - now).total_seconds()) + 1)})


def _answer(
    session: Session,
    campaign: Campaign,
    question: Mapping[str, Any],
    whole: Mapping[str, Any],
    planned: datetime,
    day: date,
    now: datetime,
) -> tuple[dict[str, int | None], datetime]:
    """The answer that was given to the question today, or a new one, which is kept."""
    kept = _kept(session, whole, day)
    if kept is None:
        exact = forecasts.counted(session, campaign, at=planned, now=now)
        about_reach = _about_reach(question, campaign)
        of_audience = {"audience": _published_audience(question, exact["audience"]).value}
        of_reach = {name: counts.published(exact[name], {**about_reach, "of": name}).value for name in _OF_REACH}
        of_sending = {name: counts.published(exact[name], {**whole, "of": name}).value for name in OF_SENDING}
        # Questions that differ in their hour or priority alone share what they say of the audience.
        of_audience = _keep(session, question, of_audience, day, now)[0]
        of_reach = _keep(session, {**about_reach, "of": "reach"}, of_reach, day, now)[0]
        kept = _keep(session, whole, {**of_audience, **of_reach, **of_sending}, day, now)
    return kept


def _keep(
    session: Session, question: Mapping[str, Any], answer: Mapping[str, int | None], day: date, now: datetime
) -> tuple[dict[str, int | None], datetime]:
    document = orjson.dumps(dict(answer)).decode()
    session.execute(_KEEP, {"hash": _hash_of(question), "day": day, "answer": document, "now": now})
    kept = _kept(session, question, day)
    assert kept is not None, "it was just written"
    return kept


def _kept(session: Session, question: Mapping[str, Any], day: date) -> tuple[dict[str, int | None], datetime] | None:
    row = session.execute(_KEPT, {"hash": _hash_of(question), "day": day}).one_or_none()
    return None if row is None else (row.answer, row.made_at)


def _hash_of(question: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(rfc8785.dumps(dict(question))).digest()


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('estimates of ' || :bureau, 0))")
_ASK = text(
    """
    INSERT INTO notify.estimate_asked (officer_id, day, query_hash, bureau)
    VALUES (:officer, :day, :hash, :bureau) ON CONFLICT DO NOTHING RETURNING true
    """
)
_ASKED = text(
    """
    SELECT count(*) FILTER (WHERE officer_id = :officer) AS by_officer, count(DISTINCT query_hash) AS by_bureau
      FROM notify.estimate_asked WHERE bureau = :bureau AND day = :day
    """
)
_KEPT = text("SELECT answer, made_at FROM notify.estimate WHERE query_hash = :hash AND day = :day")
_KEEP = text(
    """
    INSERT INTO notify.estimate (query_hash, day, answer, made_at)
    VALUES (:hash, :day, CAST(:answer AS jsonb), :now) ON CONFLICT DO NOTHING
    """
)
