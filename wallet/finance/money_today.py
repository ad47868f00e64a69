"""The money of today in a few sums: payments that are under way, what was captured, breaks, files, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import taipei_date
from wallet import states
from wallet.reconciliation.day_close import span_of
from wallet.reconciliation.sources import SOURCES

# How long a payment may stand in a state before somebody should look. Assumptions, as docs/finance_desk.md says.
WITHIN: Final = {
    states.DEBITING: timedelta(minutes=5),
    states.UNKNOWN: timedelta(hours=1),
    states.ACTION_REQUIRED: timedelta(hours=1),
}


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Payments in one state that is not the end. Money in NT$, without what points pay; `late` is how many of them have
    stood there longer than they should."""

    status: str
    number: int
    total_twd: int
    oldest_at: datetime | None
    late: int


@dataclass(frozen=True, slots=True)
class Captured:
    """What one rail has brought since midnight in Taipei. Money in NT$; `points_pt` of the total are points."""

    rail: str
    number: int
    total_twd: int
    points_pt: int


@dataclass(frozen=True, slots=True)
class OpenBreaks:
    """The open breaks of one kind: how many, how much waits for its place (NT$), and how many are how old in days."""

    kind: str
    number: int
    suspense_twd: int
    oldest_at: datetime
    up_to_1: int
    up_to_3: int
    up_to_7: int
    older: int


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The files of one sender. `is_refused` says that its latest file was refused and no good one has come since."""

    source: str
    taken_today: int
    refused_today: int
    last_day: date | None
    last_taken_at: datetime | None
    is_refused: bool
    refused_at: datetime | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Things that wait: how many, since when, how much money (NT$)."""

    number: int
    since: datetime | None
    amount_twd: int


def under_way(session: Session, *, now: datetime) -> list[UnderWay]:
    """Every state that is not the end, also where nothing stands in it."""
    rows = {row.status: row for row in session.execute(_UNDER_WAY, _limits(now))}
    return [
        UnderWay(**rows[state]._mapping) if state in rows else UnderWay(state, 0, 0, None, 0)
        for state in (states.DEBITING, states.UNKNOWN, states.ACTION_REQUIRED, states.PROVISIONAL)
    ]


@dataclass(frozen=True, slots=True)
class LatePayment:
    """A payment that has stood in its state longer than it should. Money in NT$, without what points pay."""

    id: UUID
    status: str
    rail: str
    total_twd: int
    since: datetime


def late_payments(session: Session, *, now: datetime, limit: int) -> list[LatePayment]:
    """The payments behind `late`, the longest first; nothing says who paid."""
    rows = session.execute(_LATE, _limits(now) | {"limit": limit})
    return [LatePayment(**row._mapping) for row in rows]


def _limits(now: datetime) -> dict[str, Any]:
    return {f"{state}_limit": now - within for state, within in WITHIN.items()} | {"today": taipei_date(now)}


def captured(session: Session, day: date) -> list[Captured]:
    """What was booked on that day in Taipei and still stands, by rail, the most first."""
    start, end = span_of(day)
    values = {"start": start, "end": end, "standing": [*states.COUNTS_AS_PAID, states.REFUNDED]}
    return [Captured(**row._mapping) for row in session.execute(_CAPTURED, values)]


def open_breaks(session: Session, *, now: datetime) -> list[OpenBreaks]:
    """By kind."""
    days = {f"day_{days}": now - timedelta(days=days) for days in (1, 3, 7)}
    return [OpenBreaks(**row._mapping) for row in session.execute(_BREAKS, days)]


def files(session: Session, *, now: datetime) -> list[SourceFiles]:
    """Every sender, also one of whom nothing has come yet."""
    start, _ = span_of(taipei_date(now))
    rows = {row.source: row for row in session.execute(_FILES, {"start": start})}
    found = []
    for name in SOURCES:
        row = rows.get(name)
        if row is None:
            found.append(SourceFiles(name, 0, 0, None, None, False, None, None))
            continue
        is_refused = row.refused_at is not None and (row.taken_at is None or row.refused_at > row.taken_at)
        found.append(
            SourceFiles(name, row.taken_today, row.refused_today, row.last_day, row.taken_at, is_refused,
                        row.refused_at if is_refused else None, row.refusal if is_refused else None)
        )  # fmt: skip
    return found


def waiting(session: Session, *, now: datetime) -> dict[str, Waiting]:
    """What waits beside payments and breaks, by the code of `wallet.finance.needs`; what is none is left out."""
    return {
        row.what: Waiting(row.number, row.since, row.amount_twd)
        for row in session.execute(_WAITING, {"now": now, "today": taipei_date(now), "since": now - timedelta(days=14)})
        if row.number
    }


_UNDER_WAY = text(
    """
    SELECT status, count(*)::int AS number, sum(amount_twd + fee_twd - points_pt)::bigint AS total_twd,
           min(coalesce(authorized_at, created_at)) AS oldest_at,
           count(*) FILTER (WHERE coalesce(authorized_at, created_at) < CASE status WHEN 'debiting' THEN :debiting_limit
               WHEN 'unknown' THEN :unknown_limit ELSE :action_required_limit END)::int AS late
      FROM wallet.payment WHERE status IN ('debiting', 'unknown', 'action_required') GROUP BY status
    UNION ALL
    SELECT status, count(*)::int, sum(amount_twd + fee_twd - points_pt)::bigint, min(coalesce(booked_at, created_at)),
           count(*) FILTER (WHERE final_on < :today)::int
      FROM wallet.payment WHERE status = 'provisional' GROUP BY status
    """
)
_LATE = text(
    """
    SELECT id, status, rail, amount_twd + fee_twd - points_pt AS total_twd,
           coalesce(authorized_at, created_at) AS since
      FROM wallet.payment
     WHERE (status = 'debiting' AND coalesce(authorized_at, created_at) < :debiting_limit)
        OR (status = 'unknown' AND coalesce(authorized_at, created_at) < :unknown_limit)
        OR (status = 'action_required' AND coalesce(authorized_at, created_at) < :action_required_limit)
        OR (status = 'provisional' AND final_on < :today)
     ORDER BY since LIMIT :limit
    """
)
_CAPTURED = text(
    """
    SELECT rail, count(*)::int AS number, sum(amount_twd + fee_twd)::bigint AS total_twd,
           sum(points_pt)::bigint AS points_pt
      FROM wallet.payment WHERE booked_at >= :start AND booked_at < :end AND status = ANY(:standing)
     GROUP BY rail ORDER BY total_twd DESC, rail
    """
)
_BREAKS = text(
    """
    SELECT kind, count(*)::int AS number, sum(suspense_twd)::bigint AS suspense_twd, min(opened_at) AS oldest_at,
           count(*) FILTER (WHERE opened_at >= :day_1)::int AS up_to_1,
           count(*) FILTER (WHERE opened_at < :day_1 AND opened_at >= :day_3)::int AS up_to_3,
           count(*) FILTER (WHERE opened_at < :day_3 AND opened_at >= :day_7)::int AS up_to_7,
           count(*) FILTER (WHERE opened_at < :day_7)::int AS older
      FROM wallet.reconciliation_break WHERE status <> 'closed' GROUP BY kind ORDER BY kind
    """
)
_FILES = text(
    """
    SELECT source, count(*) FILTER (WHERE status = 'taken' AND received_at >= :start)::int AS taken_today,
           count(*) FILTER (WHERE status = 'refused' AND received_at >= :start)::int AS refused_today,
           max(last_day) FILTER (WHERE status = 'taken') AS last_day,
           max(received_at) FILTER (WHERE status = 'taken') AS taken_at,
           max(received_at) FILTER (WHERE status = 'refused') AS refused_at,
           (array_agg(refusal ORDER BY received_at DESC) FILTER (WHERE status = 'refused'))[1] AS refusal
      FROM wallet.statement_file GROUP BY source
    """
)
_WAITING = text(
    """
    SELECT 'return_file_refused' AS what, count(*)::int AS number, min(first_seen_at) AS since, 0::bigint AS amount_twd
      FROM wallet.ach_file_problem WHERE resolved_at IS NULL
    UNION ALL
    SELECT 'collection_file_refused', count(*)::int, min(f.received_at), 0
      FROM wallet.collection_file f
     WHERE f.status = 'refused' AND f.received_at >= :since
       AND NOT EXISTS (SELECT FROM wallet.collection_file g WHERE g.channel = f.channel AND g.status = 'taken'
                          AND g.received_at > f.received_at)
    UNION ALL
    SELECT CASE WHEN status = 'failed' THEN 'refunds_failed' ELSE 'refunds_late' END, count(*)::int,
           min(coalesce(failed_at, created_at)), sum(amount_twd + fee_twd)::bigint
      FROM wallet.refund
     WHERE status NOT IN ('completed', 'declined')
       AND (status = 'failed' OR (status IN ('requested', 'unknown', 'pending') AND expected_on < :today))
     GROUP BY 1
    UNION ALL
    SELECT 'disputes_to_answer', count(*)::int, min(opened_at), coalesce(sum(amount_twd), 0)::bigint
      FROM wallet.dispute WHERE status = 'opened' AND (defend_until IS NULL OR defend_until > :now)
    UNION ALL
    SELECT 'notices_given_up', count(*)::int, min(gave_up_at), 0
      FROM wallet.bureau_notice WHERE acknowledged_at IS NULL AND gave_up_at IS NOT NULL
    """
)
