"""What became of a campaign, and who in the city sends how much: counts as they may be published, never people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import counts
from core.clock import on_the_wire, taipei_date
from core.counts import Count
from core.ids import typeid
from core.text import Text
from identity.words import BUREAU_NAMES
from notify.campaigns import tallies
from notify.campaigns.campaigns import Campaign

SENDING = ("sent", "opened", "dismissed", "unsubscribed", "complained", "lost_to_cap")
_CAP_LOSSES = ("digested", "expired_cap")


@dataclass(frozen=True, slots=True)
class RunReport:
    """One sending and its counts; for `lost_to_cap` it did not ring, because no day had room: digested, or expired."""

    id: UUID
    status: str
    is_held: bool
    begun_at: datetime
    resolved_at: datetime | None
    ended_at: datetime | None
    deadline: datetime
    counts: dict[str, Count]


@dataclass(frozen=True, slots=True)
class Report:
    """All sendings of a campaign, the latest first, and their sums."""

    totals: dict[str, Count]
    runs: Sequence[RunReport]


@dataclass(frozen=True, slots=True)
class Sending:
    """What a bureau sent about a topic in the week that began on that Monday."""

    bureau: str
    topic: str
    topic_name: Text
    week: date
    runs: int
    counts: dict[str, Count]


def of_campaign(session: Session, campaign: Campaign) -> Report:
    """The report of one campaign."""
    rows = session.execute(_RUNS, {"campaign_id": campaign.id}).all()
    exact = tallies.read_each(session, [row.id for row in rows])
    reports = [
        RunReport(
            row.id, row.status, row.is_held, row.begun_at, row.resolved_at, row.ended_at, row.deadline,
            _published(exact[row.id], [row.id]),
        )
        for row in rows
    ]  # fmt: skip
    sums = {what: sum(of_run[what] for of_run in exact.values()) for what in tallies.WHATS}
    return Report(_published(sums, [row.id for row in rows]), reports)


def as_csv(report: Report, campaign: Campaign) -> str:
    """The report as CSV (RFC 4180): a line for each sending, few people as an empty cell."""
    names = [*tallies.WHATS, "lost_to_cap"]
    written = io.StringIO()
    out = csv.writer(written)
    out.writerow(["campaign", "run", "begun_at", "ended_at", "status", *names])
    for run in report.runs:
        ended = on_the_wire(run.ended_at) if run.ended_at else ""
        values = [run.counts[name].value for name in names]
        out.writerow(
            [typeid("cmp", campaign.id), typeid("run", run.id), on_the_wire(run.begun_at), ended, run.status]
            + ["" if value is None else value for value in values]
        )
    return written.getvalue()


def of_city(session: Session, *, weeks: int, now: datetime) -> list[Sending]:
    """What every bureau sent in so many weeks up to this one, by topic and week, the latest first."""
    today = taipei_date(now)
    monday = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    found: dict[tuple[str, str, date], dict[str, int]] = {}
    names: dict[str, Text] = {}
    runs: dict[tuple[str, str, date], list[UUID]] = {}
    for row in session.execute(_CITY, {"since": monday}):
        key = (row.bureau, row.topic, row.week)
        names[row.topic], runs[key] = Text(row.name_zh, row.name_en), row.runs
        found.setdefault(key, dict.fromkeys(tallies.WHATS, 0))
        if row.what is not None:
            found[key][row.what] = int(row.n)
    return [
        Sending(
            bureau, topic, names[topic], week, len(runs[bureau, topic, week]),
            _published(exact, runs[bureau, topic, week]),
        )
        for (bureau, topic, week), exact in sorted(found.items(), key=lambda each: each[0][2], reverse=True)
    ]  # fmt: skip


def bureau_name(bureau: str) -> Text:
    """The bureau's name as people read it."""
    return BUREAU_NAMES[bureau]


def _published(exact: dict[str, int], runs: Sequence[UUID]) -> dict[str, Count]:
    """What these runs come to: one question about the same runs, wherever it is shown, and therefore one noise."""
    about = {"runs": sorted(str(run) for run in runs)}
    whole = exact | {"lost_to_cap": sum(exact[what] for what in _CAP_LOSSES)}
    return {what: counts.published(n, {**about, "of": what}) for what, n in whole.items()}


_RUNS = text(
    """
    SELECT id, status, is_held, begun_at, resolved_at, ended_at, deadline FROM notify.run
     WHERE campaign_id = :campaign_id ORDER BY begun_at DESC LIMIT 400
    """
)
_CITY = text(
    """
    WITH run AS (
        SELECT r.id, c.bureau, t.code AS topic, t.name_zh, t.name_en,
               date_trunc('week', r.begun_at AT TIME ZONE 'Asia/Taipei')::date AS week
          FROM notify.run r JOIN notify.campaign c ON c.id = r.campaign_id JOIN notify.topic t ON t.id = c.topic_id
         WHERE r.begun_at >= CAST(:since AS date)::timestamp AT TIME ZONE 'Asia/Taipei'
    ), sums AS (
        SELECT run.bureau, run.topic, run.week, y.what, sum(y.n) AS n
          FROM run JOIN notify.run_tally y ON y.run_id = run.id GROUP BY 1, 2, 3, 4
    ), weeks AS (
        SELECT bureau, topic, week, min(name_zh) AS name_zh, min(name_en) AS name_en, array_agg(id) AS runs
          FROM run GROUP BY 1, 2, 3
    )
    SELECT w.bureau, w.topic, w.name_zh, w.name_en, w.week, w.runs, s.what, s.n
      FROM weeks w LEFT JOIN sums s USING (bureau, topic, week)
     ORDER BY w.week DESC, w.bureau, w.topic
    """
)
