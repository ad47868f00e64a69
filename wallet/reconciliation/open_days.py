"""Days that are over and not closed, and what each of them still lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.clock import TAIPEI, taipei_date
from wallet.reconciliation.sources import BANK, SOURCES

_LOOK_BACK_DAYS: Final = 62


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A day in Taipei that can be closed once nothing of `missing_files` (sources) is missing any more.

    `version` counts how often it was closed before; above 0 it was reopened.
    """

    day: date
    version: int
    missing_files: tuple[str, ...]


def open_days(session: Session, *, now: datetime) -> list[OpenDay]:
    """The days since the first of ours that are over and not closed, newest first; at most two months back."""
    yesterday = taipei_date(now) - timedelta(days=1)
    first = session.execute(_FIRST).scalar()
    if first is None or first > yesterday:
        return []
    daily = [source for source in SOURCES.values() if source.is_daily and source.name != BANK]
    values = {
        "first": max(first, yesterday - timedelta(days=_LOOK_BACK_DAYS)),
        "yesterday": yesterday,
        "bank": BANK,
        "zone": TAIPEI.key,
        "sources": [source.name for source in daily for _ in source.rails],
        "rails": [rail for source in daily for rail in source.rails],
    }
    return [OpenDay(row.day, row.version, tuple(row.missing)) for row in session.execute(_DAYS, values)]


# Ids of payments are in the order of time, so the first one is found without reading the others.
_FIRST = text(
    """
    SELECT least((SELECT min(day) FROM wallet.accounting_day),
                 (SELECT min(first_day) FROM wallet.statement_file WHERE status = 'taken'),
                 (SELECT (created_at AT TIME ZONE 'Asia/Taipei')::date FROM wallet.payment ORDER BY id LIMIT 1))
    """
)
_DAYS = text(
    """
    WITH open_day AS (
        SELECT d::date AS day,
               (SELECT coalesce(max(a.version), 0) FROM wallet.accounting_day a WHERE a.day = d::date) AS version
          FROM generate_series(CAST(:first AS date), CAST(:yesterday AS date), interval '1 day') AS d
         WHERE NOT EXISTS (SELECT FROM wallet.accounting_day a WHERE a.day = d::date AND a.is_closed)
    ), expected AS (
        SELECT o.day, CAST(:bank AS text) AS source FROM open_day o
        UNION
        SELECT o.day, s.source
          FROM open_day o CROSS JOIN unnest(CAST(:sources AS text[]), CAST(:rails AS text[])) AS s (source, rail)
         WHERE EXISTS (SELECT FROM wallet.payment p
                        WHERE p.rail = s.rail AND p.booked_at >= o.day::timestamp AT TIME ZONE :zone
                          AND p.booked_at < (o.day + 1)::timestamp AT TIME ZONE :zone)
    )
    SELECT o.day, o.version,
           coalesce((SELECT array_agg(e.source ORDER BY e.source) FROM expected e
                      WHERE e.day = o.day
                        AND NOT EXISTS (SELECT FROM wallet.statement_file f
                                         WHERE f.status = 'taken' AND f.source = e.source
                                           AND o.day BETWEEN f.first_day AND f.last_day)), '{}') AS missing
      FROM open_day o ORDER BY o.day DESC
    """
)
