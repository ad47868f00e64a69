"""Reports on points beside ten times as many entries and transfers, and beside adding all of them up.

Run: python -m bench.points_reports [--entries 2000000]. Starts a PostgreSQL of its own. Lots, histories and transfers
of two years are written at a tenth of the size and counted; each report is read; then the other nine tenths follow, and
each is read again. With it stands what one statement takes that adds the same up row by row. Reports and row by row
must say the same.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import db, embedded, migrate
from core.text import Text
from ledger import book
from ledger import tasks as ledger_tasks
from points import day_sums, reports
from points.campaigns import Terms, open_campaign

ENTRIES = 2_000_000
CAMPAIGNS = 20
AIM = 2.0
"""A report with ten times as many rows of the same days takes at most so many times as long."""
_BEGUN = datetime(2024, 11, 1, tzinfo=UTC)
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_FIRST, _LAST = date(2025, 11, 1), date(2026, 10, 31)
_READS = 5


@dataclass
class Result:
    """Seconds of each report with a tenth of the entries and with all, of adding up row by row, and of counting."""

    entries: int
    few: dict[str, float] = field(default_factory=dict)
    many: dict[str, float] = field(default_factory=dict)
    row_by_row: dict[str, float] = field(default_factory=dict)
    counting: float = 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    show(measure(entries=parser.parse_args().entries))


def measure(*, entries: int) -> Result:
    """Fill a database in two steps and read the reports after each."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {"shared_buffers": "512MB", "max_wal_size": "8GB"})
        try:
            embedded.make_database(server, "points")
            migrate.to_head(server.url("points"))
            database = db.configure(server.url("points"))
            result = Result(entries)
            with database.unit_of_work() as session:
                for number in range(CAMPAIGNS):
                    open_campaign(session, _terms(number), budget_points=10**9, now=_BEGUN)
            _fill(database, entries // 10)
            result.few = {name: _seconds(read) for name, read in _READERS.items()}
            result.counting = _fill(database, entries - entries // 10)
            result.many = {name: _seconds(read) for name, read in _READERS.items()}
            result.row_by_row = {
                name: _seconds(lambda session, sql=sql: session.execute(text(sql)).all(), times=1)  # type: ignore[misc]
                for name, sql in _ROW_BY_ROW.items()
            }
            _check(database)
            database.engine.dispose()
            return result
        finally:
            server.stop()


def show(result: Result) -> None:
    """Print it."""
    for name, seconds in result.many.items():
        few, row_by_row = result.few[name], result.row_by_row[name]
        print(f"{name}: {seconds * 1000:,.0f} ms, {few * 1000:,.0f} ms with a tenth, {row_by_row:,.2f} s row by row")
    counted = result.entries - result.entries // 10
    print(f"{counted:,} entries and as many transfers counted in {result.counting:,.1f} s")


def _seconds(read: Callable[[Session], Any], *, times: int = _READS) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with db.unit_of_work() as session:
            read(session)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _terms(number: int) -> Terms:
    return Terms(
        code=f"bench-{number}", name=Text("測速", "Bench"), bureau=f"bureau-{number % 5}", rail=None,
        points_per_payment=1, points_per_step=0, step_twd=100, points_per_person_and_day=None, lifetime_months=12,
        valid_from=_BEGUN, valid_until=datetime(2030, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def _fill(database: db.Database, entries: int) -> float:
    """Two entries and two transfers for each lot: earned, then used at a merchant or lapsed. Answers how many seconds
    counting took."""
    with database.unit_of_work() as session:
        for code in ("points:person:bench", "points:merchant:bench", "points:expired"):
            book.open_account(session, code, "PT", now=_BEGUN, is_hot=True)
    with database.unit_of_work() as session:
        # Rows as they would be after years; balances are not what is measured.
        session.execute(text("SET LOCAL session_replication_role = replica; SET LOCAL statement_timeout = 0"))
        values = {
            "lots": entries // 2, "begun": _BEGUN, "campaigns": CAMPAIGNS,
            "person": book.account_id("points:person:bench"), "merchant": book.account_id("points:merchant:bench"),
            "expired": book.account_id("points:expired"),
        }  # fmt: skip
        for statement in (_LOTS, _ENTRIES, _TRANSFERS):
            session.execute(text(statement), values)
    with database.single_statements() as session:
        session.execute(text("SET statement_timeout = 0"))
        session.execute(text("VACUUM ANALYZE points.lot, points.entry, ledger.transfer"))
    began = time.perf_counter()
    day_sums.sum_up_days()
    ledger_tasks.sum_up_days()
    return time.perf_counter() - began


def _check(database: db.Database) -> None:
    with database.unit_of_work() as session:
        cohorts = reports.breakage(session, _BEGUN.date(), _NOW.date())
        owed = reports.liability(session, _LAST, _NOW)
        costs = reports.costs(session, _FIRST, _LAST, by="bureau")
        told = session.execute(text(_ROW_BY_ROW["breakage"])).all()
        booked = {row.name: int(row.balance) for row in session.execute(text(_ROW_BY_ROW["liability"]))}
        spent = session.execute(text(_ROW_BY_ROW["costs"])).all()
    if [(each.month, each.lots, each.issued, each.lapsed, each.left) for each in cohorts] != [
        (row.month, row.lots, row.issued, row.lapsed, row.left_over) for row in told
    ]:
        raise SystemExit("cohorts differ")
    if booked != owed.accounts or not owed.is_balanced:
        raise SystemExit("the book differs")
    if not costs.is_reconciled or sum(line.used for line in costs.lines) != sum(row.used for row in spent):
        raise SystemExit("costs differ")


_READERS: dict[str, Callable[[Session], Any]] = {
    "liability": lambda session: reports.liability(session, _LAST, _NOW),
    "breakage": lambda session: reports.breakage(session, _BEGUN.date(), _NOW.date()),
    "costs": lambda session: reports.costs(session, _FIRST, _LAST, by="bureau"),
}
# Lots of one hour after the other, so that rows lie as they would; one of three lapses.
_LOTS = """
    INSERT INTO points.lot (person_id, id, campaign_id, deed_id, amount, remaining, expired, earned_at, expires_at)
    SELECT gen_random_uuid(), gen_random_uuid(), c.id, gen_random_uuid(), 20, 0, CASE WHEN n % 3 = 0 THEN 20 ELSE 0 END,
           CAST(:begun AS timestamptz) + n * (interval '360 days' / :lots),
           CAST(:begun AS timestamptz) + n * (interval '360 days' / :lots) + interval '360 days'
      FROM generate_series(0, :lots - 1) AS n
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM points.campaign) AS c
        ON c.number = n % :campaigns
"""
_ENTRIES = """
    INSERT INTO points.entry (person_id, id, lot_id, about_kind, about_id, amount, kind, cause_id, transfer_id,
                              reason_zh, reason_en, at)
    SELECT l.person_id, gen_random_uuid(), l.id, CASE e.kind WHEN 'spend' THEN 'redemption' ELSE 'deed' END, l.deed_id,
           e.amount, e.kind, l.deed_id, gen_random_uuid(), '測速', 'Bench', e.at
      FROM points.lot AS l, LATERAL (
           SELECT 20 AS amount, 'earn' AS kind, l.earned_at AS at
            UNION ALL
           SELECT -20, CASE WHEN l.expired > 0 THEN 'expire' ELSE 'spend' END,
                  CASE WHEN l.expired > 0 THEN l.expires_at ELSE l.earned_at + interval '40 days' END) AS e
     WHERE NOT EXISTS (SELECT FROM points.entry AS known WHERE known.lot_id = l.id)
"""
_TRANSFERS = """
    INSERT INTO ledger.transfer (id, group_id, recorded_at, kind, asset, debit_account, credit_account, amount, reason,
                                 subject)
    SELECT e.transfer_id, e.transfer_id, e.at, 'posted', 'PT',
           CASE e.kind WHEN 'earn' THEN c.budget_account ELSE :person END,
           CASE e.kind WHEN 'earn' THEN :person WHEN 'expire' THEN :expired ELSE :merchant END, 20, 'bench', ''
      FROM points.entry AS e JOIN points.lot AS l ON l.person_id = e.person_id AND l.id = e.lot_id
      JOIN points.campaign AS c ON c.id = l.campaign_id
     WHERE NOT EXISTS (SELECT FROM ledger.transfer AS known WHERE known.id = e.transfer_id)
"""
_ROW_BY_ROW = {
    "liability": """
        SELECT split_part(a.code, ':', 1) || ':' || split_part(a.code, ':', 2) AS name, sum(s.balance) AS balance
          FROM (SELECT credit_account AS account_id, sum(amount) AS balance FROM ledger.transfer
                 WHERE asset = 'PT' AND kind IN ('posted', 'post') AND recorded_at < '2026-10-31 16:00Z' GROUP BY 1
                 UNION ALL
                SELECT debit_account, -sum(amount) FROM ledger.transfer
                 WHERE asset = 'PT' AND kind IN ('posted', 'post') AND recorded_at < '2026-10-31 16:00Z' GROUP BY 1) s
          JOIN ledger.account AS a ON a.id = s.account_id GROUP BY 1
    """,
    "breakage": """
        SELECT date_trunc('month', earned_at AT TIME ZONE 'Asia/Taipei')::date AS month, count(*) AS lots,
               sum(amount) AS issued, sum(expired) AS lapsed, sum(remaining) AS left_over
          FROM points.lot WHERE earned_at >= '2024-10-31 16:00Z' AND earned_at < '2026-11-30 16:00Z'
         GROUP BY 1 ORDER BY 1
    """,
    "costs": """
        SELECT c.bureau, coalesce(-sum(e.amount) FILTER (WHERE e.kind IN ('spend', 'return')), 0) AS used
          FROM points.entry AS e JOIN points.lot AS l ON l.person_id = e.person_id AND l.id = e.lot_id
          JOIN points.campaign AS c ON c.id = l.campaign_id
         WHERE e.at >= '2025-10-31 16:00Z' AND e.at < '2026-10-31 16:00Z' GROUP BY 1
    """,
}


if __name__ == "__main__":
    main()
