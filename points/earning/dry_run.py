"""What a campaign would have granted in a month, from what really happened in it. Nothing is written.

It counts with the same rules as granting: as if the campaign had run all that month with its whole budget. What was
refunded or undone since is left out. Windows keep their dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import counts
from core.clock import TAIPEI, taipei_date
from core.counts import Count
from points.campaigns import Terms
from points.earning import kinds, payments, rules, settling, wording
from points.earning.desk import DeskCampaign
from points.earning.rules import Granted

# A payment may be recorded so much later than the bank booked it, or earlier by the bank's clock.
_LATE, _AHEAD = timedelta(days=7), timedelta(hours=1)


class _Happened(NamedTuple):
    at: datetime
    person_id: UUID
    measured: int
    facts: dict[str, Any]


@dataclass(slots=True)
class _Sum:
    """What came out of one day, or of the month."""

    people: set[UUID] = field(default_factory=set)
    points: int = 0


@dataclass(slots=True)
class DryRun:
    """What would have been granted: in all, by day in Taipei and by window, and what caps and the budget would have
    cut, in points.
    `question` is what the numbers of people answer."""

    month: date
    budget_points: int
    question: dict[str, Any]
    total: _Sum = field(default_factory=_Sum)
    days: dict[date, _Sum] = field(default_factory=dict)
    windows: list[_Sum] = field(default_factory=list)
    cut_by_caps: int = 0
    cut_by_budget: int = 0


def run(session: Session, campaign: DeskCampaign, month: date) -> DryRun:
    """Try the campaign's terms out on the month that begins with this day."""
    terms = campaign.terms
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    question = {"points_campaign": str(campaign.id), "version": campaign.version, "month": str(month)}
    result = DryRun(month, campaign.budget_points, question)
    result.windows = [_Sum() for _ in terms.windows]
    result.days = {month + timedelta(days=number): _Sum() for number in range((following - month).days)}
    _simulate(terms, result, _happened(session, terms, list(result.days)))
    return result


def shown(result: DryRun, campaign: DeskCampaign, language: str) -> dict[str, Any]:
    """The result over the wire: where few people earn, their points are not told either."""
    people = counts.published(len(result.total.people), result.question)
    is_few = people.value is None
    days = []
    for day, each in result.days.items():
        on_day = counts.published(len(each.people), {**result.question, "day": str(day)})
        points = _told(each.points, on_day.value is None)
        days.append({"day": day.isoformat(), "people": _count(on_day, language), "points": points})
    windows = []
    for place, (window, each) in enumerate(zip(campaign.terms.windows, result.windows, strict=True)):
        in_it = counts.published(len(each.people), {**result.question, "window": place})
        points = _told(each.points, in_it.value is None)
        when = wording.window(window).in_language(language)
        windows.append({"when": when, "people": _count(in_it, language), "points": points})
    return {
        "month": result.month.isoformat()[:7],
        "people": _count(people, language),
        "points": _told(result.total.points, is_few),
        "cut_by_caps": _told(result.cut_by_caps, is_few),
        "cut_by_budget": _told(result.cut_by_budget, is_few),
        "budget_points": result.budget_points,
        "days": days,
        "windows": windows,
    }


def _simulate(terms: Terms, result: DryRun, happened: Iterator[_Happened]) -> None:
    had: dict[UUID, Granted] = defaultdict(Granted)
    last_day: dict[UUID, date] = {}
    weeks: dict[tuple[UUID, datetime], set[int]] = defaultdict(set)
    for each in happened:
        if not rules.are_met(terms.conditions, each.facts):
            continue
        if terms.week_days and not _makes_whole(terms, weeks, each):
            continue
        day, before = taipei_date(each.at), had[each.person_id]
        if last_day.get(each.person_id) != day:
            before = before._replace(today=0)
        wanted = terms.points_for(each.measured, each.at)
        allowed, _ = rules.cut(wanted, terms.caps, before)
        result.cut_by_caps += wanted - allowed
        if result.total.points + allowed > result.budget_points:
            result.cut_by_budget += allowed
            continue
        if allowed == 0:
            continue
        last_day[each.person_id] = day
        had[each.person_id] = Granted(before.today + allowed, before.in_all + allowed, before.times + 1)
        window = rules.best_at(terms.windows, each.at)
        in_window = [] if window is None else [result.windows[window]]
        for each_sum in (result.total, result.days[day], *in_window):
            each_sum.people.add(each.person_id)
            each_sum.points += allowed


def _makes_whole(terms: Terms, weeks: dict[tuple[UUID, datetime], set[int]], each: _Happened) -> bool:
    """Whether this is what makes the person's week whole."""
    week, day = weeks[each.person_id, rules.week_of(each.at)[0]], rules.week_day(each.at)
    if day not in terms.week_days or day in week:
        return False
    week.add(day)
    return week == set(terms.week_days)


def _happened(session: Session, terms: Terms, days: list[date]) -> Iterator[_Happened]:
    """What happened, in its order; read day by day, so that a month never lies in memory at once."""
    for day in days:
        start = datetime.combine(day, time.min, TAIPEI)
        between = {"start": start, "end": start + timedelta(days=1)}
        if terms.event_kind == kinds.PAYMENT_CAPTURED:
            recorded = {"earliest": start - _AHEAD, "latest": between["end"] + _LATE}
            yield from _payments(session, terms, {**between, **recorded, "kind": terms.event_kind})
        else:
            yield from _deeds(session, {**between, "kind": terms.event_kind.removeprefix(kinds.event_of(""))})


def _payments(session: Session, terms: Terms, between: dict[str, Any]) -> Iterator[_Happened]:
    for row in session.execute(_PAYMENTS, between):
        paid = row.payload
        money_twd = payments.money_of(paid)
        if money_twd <= 0 or row.is_undone or terms.rail not in (None, paid["rail"]):
            continue
        at = datetime.fromisoformat(paid["captured_at"])
        standing_twd = money_twd - int(row.refunded_twd)
        if standing_twd > 0:
            yield _Happened(at, UUID(paid["person_id"]), standing_twd, payments.facts_of(paid))


def _deeds(session: Session, between: dict[str, Any]) -> Iterator[_Happened]:
    for row in session.execute(_DEEDS, between):
        yield _Happened(row.happened_at, row.person_id, settling.measured(between["kind"], row.facts), row.facts)


def _told(points: int, is_few: bool) -> int | None:
    return None if is_few and points else points


def _count(count: Count, language: str) -> dict[str, Any]:
    return {"value": count.value, "text": count.text.in_language(language)}


_PAYMENTS = text(
    """
    SELECT o.payload,
           coalesce((SELECT is_undone FROM points.undone_payment AS u
                      WHERE u.payment_id = CAST(o.payload ->> 'payment_id' AS uuid)), false) AS is_undone,
           coalesce((SELECT sum(amount_twd) FROM points.refunded_bill AS r
                      WHERE r.payment_id = CAST(o.payload ->> 'payment_id' AS uuid) AND r.is_standing), 0)
               AS refunded_twd
      FROM core.outbox AS o
     WHERE o.kind = :kind AND o.recorded_at >= :earliest AND o.recorded_at < :latest
       AND CAST(o.payload ->> 'captured_at' AS timestamptz) >= :start
       AND CAST(o.payload ->> 'captured_at' AS timestamptz) < :end
     ORDER BY CAST(o.payload ->> 'captured_at' AS timestamptz), o.id
    """
)
_DEEDS = text(
    """
    SELECT happened_at, person_id, facts FROM points.deed
     WHERE kind = :kind AND happened_at >= :start AND happened_at < :end AND person_id IS NOT NULL
       AND undone_at IS NULL
     ORDER BY happened_at, id
    """
)
