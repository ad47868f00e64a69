"""A person's balance and history: the p99 of somebody with ten thousand entries beside somebody's with ten.

Run: python -m bench.points_reads [--reads N]. A PostgreSQL of its own; both have five lots open and read pages of ten,
in turn, through the use cases behind `GET /v1/points` and `GET /v1/points/entries`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from bench.load import percentile
from core import db, embedded, migrate
from core.ids import new_uuid
from core.text import Text
from points import history
from points.campaigns import Terms, open_campaign

AIM = 1.3
LONG, SHORT = 10_000, 10
OTHERS = 2_000
_OPEN = 5
_NOW = datetime(2026, 11, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds of each read, by its name, of the one with the long history and of the one with the short."""

    long: dict[str, list[float]]
    short: dict[str, list[float]]

    def milliseconds(self, name: str, share: float) -> tuple[float, float]:
        """(long, short)."""
        return percentile(self.long[name], share) * 1000, percentile(self.short[name], share) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--reads", type=int, default=2_000)
    show(measure(reads=parser.parse_args().reads))


def measure(*, reads: int) -> Result:
    """Fill a database, then read of both in turn, so many times each."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {"shared_buffers": "256MB"})
        try:
            embedded.make_database(server, "points")
            migrate.to_head(server.url("points"))
            database = db.configure(server.url("points"))
            long, short = _fill(database)
            result = Result({"balance": [], "history": []}, {"balance": [], "history": []})
            for turn in range(reads + 50):
                for person, kept in ((long, result.long), (short, result.short)):
                    for name in ("balance", "history"):
                        took = _read(name, person)
                        if turn >= 50:
                            kept[name].append(took)
            database.engine.dispose()
            return result
        finally:
            server.stop()


def show(result: Result) -> None:
    """Print it."""
    for name in result.long:
        for share, label in ((0.5, "p50"), (0.99, "p99")):
            long, short = result.milliseconds(name, share)
            print(
                f"{name} {label}: {long:.2f} ms with {LONG:,} entries, {short:.2f} ms with {SHORT}: {long / short:.2f}"
            )


def _read(name: str, person: UUID) -> float:
    began = time.perf_counter()
    with db.unit_of_work() as session:
        if name == "balance":
            history.standing(session, person_id=person, now=_NOW)
        else:
            history.entries(session, person_id=person, limit=10, cursor=None)
    return time.perf_counter() - began


def _fill(database: db.Database) -> tuple[UUID, UUID]:
    terms = Terms(
        code="bench", name=Text("測速", "Bench"), bureau="finance", rail=None, points_per_payment=1, points_per_step=0,
        step_twd=100, points_per_person_and_day=None, lifetime_months=12, valid_from=_NOW,
        valid_until=datetime(2030, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    with database.unit_of_work() as session:
        campaign_id = open_campaign(session, terms, budget_points=1_000, now=_NOW)
    people = [new_uuid() for _ in range(OTHERS + 1)]
    long = new_uuid()
    with database.unit_of_work() as session:
        values = {"campaign_id": campaign_id, "now": _NOW, "open": _OPEN}
        session.execute(_LOTS, {**values, "people": people, "lots": SHORT - _OPEN})
        session.execute(_LOTS, {**values, "people": [long], "lots": LONG // 2})
        session.execute(_EARNED, values)
        session.execute(_SPENT, values)
    with database.single_statements() as session:
        session.execute(text("VACUUM ANALYZE points.lot, points.entry"))
    return long, people[0]


_LOTS = text(
    """
    INSERT INTO points.lot (person_id, id, campaign_id, deed_id, amount, remaining, earned_at, expires_at)
    SELECT p.person, gen_random_uuid(), :campaign_id, gen_random_uuid(), 20,
           CASE WHEN n > CAST(:lots AS integer) - CAST(:open AS integer) THEN 20 ELSE 0 END,
           CAST(:now AS timestamptz) - n * interval '1 hour',
           CAST(:now AS timestamptz) + interval '1 day' * (1 + n % 300)
      FROM unnest(CAST(:people AS uuid[])) AS p (person), generate_series(1, CAST(:lots AS integer)) AS n
    """
)
_ENTRY = """
    INSERT INTO points.entry (person_id, id, lot_id, about_kind, about_id, amount, kind, cause_id, transfer_id,
                              reason_zh, reason_en, at)
"""
_EARNED = text(
    f"""
    {_ENTRY}
    SELECT person_id, gen_random_uuid(), id, 'deed', deed_id, 20, 'earn', deed_id, gen_random_uuid(), '測速', 'Bench',
           earned_at FROM points.lot
    """
)
# Each lot has two lines, as many as a history of that length needs; the reads do not add them up.
_SPENT = text(
    f"""
    {_ENTRY}
    SELECT person_id, gen_random_uuid(), id, 'payment', gen_random_uuid(), -20, 'spend', gen_random_uuid(),
           gen_random_uuid(), '測速', 'Bench', earned_at + interval '1 minute' FROM points.lot
    """
)


if __name__ == "__main__":
    main()
