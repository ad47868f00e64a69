"""A day of the demo city, both ways: with one request for all fleets, and with each fleet by itself.

Run: python -m bench.ride_day.running [--legs 2400] [--vans 170] [--taxis 1] [--seed N] [--picture FILE]

In a PostgreSQL of its own, with a clock that moves from the first booking, a week before, to the end of the day. What
riders were told, what vehicles did and what stands in the fleets' books are then held against each other.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.ride_day import alone, audit, demand, measures, plot, together
from bench.ride_day.audit import Verdict
from bench.ride_day.companies import COMPANIES, Company
from bench.ride_day.diary import Diary
from bench.ride_day.measures import Measures
from core import clock, db, embedded, migrate

SEED = 20_261_207
LEGS, VANS = 2_400, 170


@dataclass(frozen=True, slots=True)
class Result:
    """Both days, what the audit found in each, and the CPU seconds of the first one with its database."""

    legs: int
    vans: int
    taxis: int
    together: Diary
    alone: Diary
    verdict: Verdict
    verdict_alone: Verdict
    cpu_seconds: float

    @property
    def ours(self) -> Measures:
        """The day with one request for all, in numbers."""
        return measures.measure(self.together, self.verdict)

    @property
    def theirs(self) -> Measures:
        """The day with each fleet by itself, in numbers."""
        return measures.measure(self.alone, self.verdict_alone)


class Clock:
    """The clock that the product follows in this process."""

    def __init__(self, ahead_file: Path) -> None:
        self._file = ahead_file
        self._puts = 0

    def put(self, moment: datetime) -> None:
        """It is that moment now."""
        clock.put_ahead(self._file, moment - datetime.now(UTC))
        # A clock is read anew when its file has another stamp, and stamps of the system are some milliseconds apart.
        self._puts += 1
        os.utime(self._file, ns=(self._puts, self._puts))


def companies(share: float, tempers: float = 1.0) -> tuple[Company, ...]:
    """The taxi companies with that share of their vehicles, one at least, and so many times as often in a temper."""
    return tuple(
        replace(each, vehicles=max(1, round(each.vehicles * share)), temper=each.temper.times(tempers))
        for each in COMPANIES
    )  # fmt: skip


def run(
    *,
    legs: int,
    vans: int,
    taxis: float = 1.0,
    tempers: float = 1.0,
    seed: int = SEED,
    folder: Path,
    until: datetime = together.END,
) -> Result:
    """Both days until that moment, the first in the database that this process is pointed at. Nobody sets out in the
    last two hours of it."""
    fleets = companies(taxis, tempers)
    wanted = [
        each
        for each in demand.errands(legs=legs, seed=seed)
        if until == together.END or all(leg.leaves_at < until - timedelta(hours=2) for leg in each.legs)
    ]
    hands = Clock(folder / "ahead")
    clock.follow(folder / "ahead")
    began = time.process_time()
    try:
        ours = together.live(wanted, seed=seed, vans=vans, companies=fleets, put=hands.put, until=until)
    finally:
        clock.follow(None)
    seconds = time.process_time() - began
    theirs = alone.live(wanted, seed=seed, vans=vans, companies=fleets, until=until)
    return Result(
        sum(len(each.legs) for each in wanted), vans, sum(each.vehicles for each in fleets), ours, theirs,
        audit.audit(ours, until), audit.audit(theirs, until), seconds,
    )  # fmt: skip


def measure(*, legs: int = LEGS, vans: int = VANS, taxis: float = 1.0, seed: int = SEED) -> Result:
    """Both days, in a PostgreSQL of their own."""
    with _postgres() as (server, folder):
        embedded.make_database(server, "city")
        migrate.to_head(server.url("city"))
        db.configure(server.url("city"))
        result = run(legs=legs, vans=vans, taxis=taxis, seed=seed, folder=folder)
    # The server's own share is known once it has ended.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return replace(result, cpu_seconds=result.cpu_seconds + used.ru_utime + used.ru_stime)


def show(result: Result) -> None:
    """Print the table, and whatever the audit found."""
    print(
        f"{result.legs:,} rides wanted, {result.vans} vans, {result.taxis} taxis; {result.cpu_seconds:,.0f} s of a core"
    )
    print(f"{'':<46}{'one request for all':<40}each fleet by itself")
    for what, ours, theirs in measures.rows(result.ours, result.theirs):
        print(f"{what:<46}{ours:<40}{theirs}")
    for finding in result.verdict.findings:
        print(f"FOUND {finding.fault} {finding.of} {finding.detail}")


@contextmanager
def _postgres() -> Iterator[tuple[embedded.Postgres, Path]]:
    with tempfile.TemporaryDirectory(prefix="mykh-ride-day-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        options = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        server = embedded.start_postgres(folder, options)
        try:
            yield server, folder
        finally:
            server.stop(immediately=True)


def main() -> None:
    """Live through both days and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--legs", type=int, default=LEGS)
    parser.add_argument("--vans", type=int, default=VANS)
    parser.add_argument("--taxis", type=float, default=1.0, help="share of the sixty taxis")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--picture", type=Path)
    chosen = parser.parse_args()
    result = measure(legs=chosen.legs, vans=chosen.vans, taxis=chosen.taxis, seed=chosen.seed)
    show(result)
    if chosen.picture is not None:
        chosen.picture.write_text(plot.svg(result), encoding="utf-8")
    sys.exit(1 if result.verdict.findings else 0)


if __name__ == "__main__":
    main()
