"""Lots expired a second, and what other traffic feels of it.

Run: python -m bench.points_expiry [--lots 5000000] [--batch N] [--rest N] [--most-seconds N]. Starts a PostgreSQL of
its own (durable). People have five lots that have ended and one that has not. All the time some of them spend a point;
by turns a process of its own expires what is due for some seconds and pauses, so that the p99 of both stand beside each
other under the same load of the machine. Printed is also what the sweep and its backend took of the processors.
Afterwards the lots, the histories and the book must say the same.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
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
from ledger import book
from points import expiry, tender
from points.campaigns import Terms, open_campaign
from points.entries import account_code

LOTS = 50_000
ENDED_PER_PERSON = 5
POINTS_PER_LOT = 20
SPARE = 1_000
USERS = 4
USES_PER_SECOND = 40
WORK_SECONDS, PAUSE_SECONDS = 3.0, 3.0
AIM = 1.5
"""Other traffic's p99 during it is at most so many times its p99 without."""
ENDED = datetime(2027, 11, 30, 16, tzinfo=UTC)
_BEGUN = datetime(2026, 11, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """Lots and the seconds of the turns in which they were expired; how long a use of a point took, in seconds, in the
    other turns and beside them. `processor_seconds`: of the sweep and of its backend."""

    lots: int
    seconds: float
    processor_seconds: float
    quiet: list[float]
    during: list[float]

    @property
    def rate(self) -> float:
        """Lots a second."""
        return self.lots / self.seconds

    @property
    def rate_of_a_processor(self) -> float:
        """Lots for each second of processor time."""
        return self.lots / self.processor_seconds

    def milliseconds(self, of: list[float], share: float) -> float:
        """A percentile in milliseconds."""
        return percentile(of, share) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--lots", type=int, default=LOTS)
    parser.add_argument("--batch", type=int, default=expiry.BATCH, help="lots in one transaction")
    parser.add_argument("--rest", type=float, default=expiry.REST, help="times what a batch took, after each")
    parser.add_argument("--most-seconds", type=float, default=3600.0, help="then it stops where it is")
    arguments = parser.parse_args()
    show(measure(**vars(arguments)))


def measure(*, lots: int, batch: int = expiry.BATCH, rest: float = expiry.REST, most_seconds: float = 3600.0) -> Result:
    """Fill a database, let people use points, and by turns expire lots beside them until none is left."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {"shared_buffers": "512MB", "max_wal_size": "8GB"})
        try:
            embedded.make_database(server, "points")
            migrate.to_head(server.url("points"))
            database = db.configure(server.url("points"))
            people = _fill(database, lots // ENDED_PER_PERSON)
            result = _by_turns(people, server.url("points"), batch, rest, most_seconds)
            _check(database, result.lots, len(people) * ENDED_PER_PERSON - result.lots)
            database.engine.dispose()
            return result
        finally:
            server.stop()


def _by_turns(people: list[UUID], url: str, batch: int, rest: float, most_seconds: float) -> Result:
    # In a process of its own, as in a worker: the measuring threads share no interpreter with it.
    sweep = subprocess.Popen(
        [sys.executable, "-m", "bench.points_expiry_sweep", url, str(batch), str(rest), str(WORK_SECONDS)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert sweep.stdin is not None
    assert sweep.stdout is not None
    traffic = _Traffic(people)
    lots, seconds, processor_seconds, ends_at = 0, 0.0, 0.0, time.monotonic() + most_seconds
    try:
        while True:
            time.sleep(PAUSE_SECONDS)
            traffic.is_beside = True
            sweep.stdin.write("go\n")
            sweep.stdin.flush()
            said = sweep.stdout.readline().split()
            traffic.is_beside = False
            if len(said) != 3:
                raise SystemExit("the sweep failed")
            lots, seconds, processor_seconds = lots + int(said[0]), seconds + float(said[1]), float(said[2])
            if not int(said[0]) or time.monotonic() > ends_at:
                return Result(lots, seconds, processor_seconds, traffic.took[False], traffic.took[True])
    finally:
        traffic.stop()
        sweep.stdin.close()
        sweep.wait(60)


def show(result: Result) -> None:
    """Print it."""
    print(f"{result.lots:,} lots in {result.seconds:,.1f} s: {result.rate:,.0f} lots/s")
    print(f"{result.processor_seconds:,.1f} s of processors: {result.rate_of_a_processor:,.0f} lots for each of them")
    for name, of in (("alone", result.quiet), ("during it", result.during)):
        p50, p99 = (result.milliseconds(of, share) for share in (0.5, 0.99))
        print(f"a use of points {name}: p50 {p50:,.1f} ms, p99 {p99:,.1f} ms ({len(of):,} uses)")


def _fill(database: db.Database, people: int) -> list[UUID]:
    terms = Terms(
        code="bench", name=Text("測速", "Bench"), bureau="finance", rail=None, points_per_payment=1, points_per_step=0,
        step_twd=100, points_per_person_and_day=None, lifetime_months=12, valid_from=_BEGUN, valid_until=ENDED,
    )  # fmt: skip
    ids = [new_uuid() for _ in range(people)]
    each = ENDED_PER_PERSON * POINTS_PER_LOT + SPARE
    with database.unit_of_work() as session:
        campaign_id = open_campaign(session, terms, budget_points=people * each, now=_BEGUN)
    for start in range(0, people, 20_000):
        some = ids[start : start + 20_000]
        with database.unit_of_work() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            codes = [account_code(person) for person in some]
            values = {"people": some, "codes": codes, "accounts": [book.account_id(code) for code in codes],
                      "now": _BEGUN, "campaign_id": campaign_id, "end": ENDED, "points": POINTS_PER_LOT,
                      "lots": ENDED_PER_PERSON, "spare": SPARE, "each": each,
                      "budget": book.account_id("points:campaign:bench")}  # fmt: skip
            for statement in (_ACCOUNTS, _LOTS, _TRANSFERS):
                session.execute(statement, values)
    with database.single_statements() as session:
        session.execute(text("SET statement_timeout = 0"))
        session.execute(text("VACUUM ANALYZE points.lot, ledger.transfer, ledger.balance, ledger.account"))
    return ids


class _Traffic:
    """Uses of one point each, so many a second; how long each took, from when it was due, beside the sweep or not."""

    def __init__(self, people: list[UUID]) -> None:
        self.took: dict[bool, list[float]] = {False: [], True: []}
        self.is_beside = False
        self._is_over = False
        self._people = people
        self._users = [threading.Thread(target=self._use, args=(number,)) for number in range(USERS)]
        for user in self._users:
            user.start()

    def stop(self) -> None:
        self._is_over = True
        for user in self._users:
            user.join()

    def _use(self, seed: int) -> None:
        chance = random.Random(seed)
        due = time.monotonic() + seed / USES_PER_SECOND
        while not self._is_over:
            time.sleep(max(0.0, due - time.monotonic()))
            is_beside = self.is_beside
            with db.unit_of_work() as session:
                what = tender.For("redemption", new_uuid(), "points:merchant:bench", Text("{points}", "{points}"))
                tender.spend_for(session, what, person_id=chance.choice(self._people), points=1, now=ENDED)
            self.took[is_beside].append(time.monotonic() - due)
            due += USERS / USES_PER_SECOND


def _check(database: db.Database, lots: int, left: int) -> None:
    with database.unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        told = session.execute(_TOLD).one()
        expired = book.balance(session, book.account_id("points:expired")).posted
        if not all(line.is_balanced for line in book.trial_balance(session)):
            raise SystemExit("the book does not add up")
    if not (
        told.entries == lots and told.points == told.lapsed == expired == lots * POINTS_PER_LOT and told.left == left
    ):
        raise SystemExit(f"lots, histories and the book differ: {told}, {expired}")


_ACCOUNTS = text(
    """
    INSERT INTO ledger.account (id, code, asset, normal_side, is_hot, never_negative, opened_at)
    SELECT u.id, u.code, 'PT', 'credit', false, true, :now
      FROM unnest(CAST(:accounts AS uuid[]), CAST(:codes AS text[])) AS u (id, code)
    """
)
_LOTS = text(
    """
    INSERT INTO points.lot (person_id, id, campaign_id, deed_id, amount, remaining, earned_at, expires_at)
    SELECT p.person, gen_random_uuid(), :campaign_id, gen_random_uuid(), a.points, a.points, :now, a.ends_at
      FROM unnest(CAST(:people AS uuid[])) AS p (person),
           LATERAL (SELECT CAST(:points AS bigint) AS points, CAST(:end AS timestamptz) AS ends_at
                      FROM generate_series(1, :lots)
                     UNION ALL SELECT :spare, CAST(:end AS timestamptz) + interval '1 year') AS a
    """
)
_TRANSFERS = text(
    """
    INSERT INTO ledger.transfer (id, group_id, recorded_at, kind, asset, debit_account, credit_account, amount, reason,
                                 subject)
    SELECT gen_random_uuid(), gen_random_uuid(), :now, 'posted', 'PT', :budget, u.id, :each, 'earned', ''
      FROM unnest(CAST(:accounts AS uuid[])) AS u (id)
    """
)
_TOLD = text(
    """
    SELECT (SELECT count(*) FROM points.entry WHERE kind = 'expire') AS entries,
           (SELECT coalesce(-sum(amount), 0) FROM points.entry WHERE kind = 'expire') AS points,
           (SELECT sum(expired) FROM points.lot) AS lapsed,
           (SELECT count(*) FROM points.lot WHERE remaining > 0 AND expires_at <= '2027-11-30 16:00Z') AS left
    """
)


if __name__ == "__main__":
    main()
