"""How fast a bureau's file is taken over, and in how much memory, beside the least that any import has to do.

    python -m bench.feeds [--rows 1000000]

The yardstick, in the same run on the same server and file: Python's `csv.reader` over the decoded file and a bare COPY
of its cells into a table of texts without an index. It validates nothing, seals nothing, merges nothing. Every run is a
process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from core import db, embedded, migrate
from wallet import bill_batches
from wallet.feed_lines import read_lines
from wallet.feed_profiles import PROFILES

NOW = datetime(2026, 11, 19, 15, tzinfo=UTC)
CHUNK_BYTES = 1 << 18
ROADS = (("苓雅區", "四維三路"), ("三民區", "建國三路"), ("左營區", "博愛三路"), ("鳳山區", "光遠路"))
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def main() -> None:
    """Run the bench and print its table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--one", nargs=4, metavar=("WHAT", "SOURCE", "FILE", "URL"), help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.one:
        print(json.dumps(run_one(*chosen.one)))
        return
    measure(chosen.rows)


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run: rows a second, beside how many the yardstick did of the same file, and its peak memory."""

    source: str
    what: str
    rate: float
    yardstick_rate: float
    peak_mib: float


def measure(rows: int) -> list[Run]:
    """Measure every source with files of `rows` lines, on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder))
        try:
            return bench(server, Path(folder), rows)
        finally:
            server.stop(immediately=True)


def bench(server: embedded.Postgres, folder: Path, rows: int) -> list[Run]:
    """Measure every source, print a row for each run, and answer them."""
    runs = []
    print(f"{'source':<16}{'run':<32}{'rows':>11}{'rows/s':>11}{'beside yardstick':>18}{'peak MiB':>10}")
    for source in PROFILES:
        file = folder / f"{source}.csv"
        write_file(source, file, rows)
        embedded.make_database(server, source)
        migrate.to_head(server.url(source))
        yardstick = None
        for what, label in (
            ("yardstick", "csv.reader + bare COPY"),
            ("read", "read and validate only"),
            ("take-over", "the whole import"),
            ("newer", "newer file, same bills"),
        ):
            if what == "newer":
                append_line(source, file, rows)
            done = subprocess.run(
                [sys.executable, "-m", "bench.feeds", "--one", what, source, file, server.url(source)],
                check=True, capture_output=True, text=True, env={**os.environ, "MYKH_DEMO": "1"},
            )  # fmt: skip
            result = json.loads(done.stdout)
            rate = result["rows"] / result["seconds"]
            yardstick = yardstick or rate
            runs.append(Run(source, what, rate, yardstick, result["peak_mib"]))
            print(
                f"{source:<16}{label:<32}{result['rows']:>11,}{rate:>11,.0f}{rate / yardstick:>17.2f}×"
                f"{result['peak_mib']:>10.0f}", flush=True,
            )  # fmt: skip
        file.unlink()
    return runs


def run_one(what: str, source: str, file: str, url: str) -> dict[str, float]:
    """One measured run in this process: rows, seconds, peak memory in MiB."""
    database = db.configure(url)
    with open(file, "rb") as opened:
        chunks = iter(lambda: opened.read(CHUNK_BYTES), b"")
        start = time.perf_counter()
        if what == "yardstick":
            rows = bare_copy(file, PROFILES[source].encoding, url)
        elif what == "read":
            lines = read_lines(chunks, PROFILES[source], today=NOW.date())
            rows = sum(1 for _ in lines)
        else:
            with database.unit_of_work() as session:
                rows = bill_batches.receive(
                    session, chunks, source=source, sender=None, now=NOW, on_reported_elsewhere=_nothing_of_ours
                ).rows
        seconds = time.perf_counter() - start
    return {"rows": rows, "seconds": seconds, "peak_mib": peak_mib()}


def bare_copy(file: str, encoding: str, url: str) -> int:
    """The yardstick; answers the rows copied."""
    with open(file, encoding=encoding, newline="") as text, psycopg.connect(url) as connection:
        records = csv.reader(text)
        columns = ", ".join(f"c{number} text" for number in range(len(next(records))))
        connection.execute(f"CREATE TABLE yardstick ({columns})")
        with connection.cursor().copy("COPY yardstick FROM STDIN") as copy:
            for record in records:
                copy.write_row(record)
        ((rows,),) = connection.execute("SELECT count(*) FROM yardstick").fetchall()
    return int(rows)


def peak_mib() -> float:
    """The most memory this process has held."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def write_file(source: str, file: Path, rows: int) -> None:
    """A file of `rows` good lines in the source's own shape."""
    with open(file, "w", encoding=PROFILES[source].encoding, newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(PROFILES[source].headers)
        writer.writerows(itertools.islice(lines_of(source), rows))


def append_line(source: str, file: Path, rows: int) -> None:
    """One line more makes it another content: a newer file that repeats every bill of the one before."""
    with open(file, "a", encoding=PROFILES[source].encoding, newline="") as out:
        line = next(itertools.islice(lines_of(source), rows, None))
        csv.writer(out, lineterminator="\r\n").writerow(line)


def lines_of(source: str) -> Iterator[list[str]]:
    """Endless good lines of a source; no two have the same number."""
    for n in itertools.count():
        # A multiplier without a common factor scatters the numbers as real ones are, and never repeats one.
        scattered = n * 7_368_787 % 648_000_000
        district, road = ROADS[n % len(ROADS)]
        plate = f"{LETTERS[n % 24]}{LETTERS[n // 24 % 24]}{LETTERS[n // 576 % 24]}-{1000 + scattered % 9000}"
        day, minute = f"1151{n % 2}{n % 18 + 1:02d}", f"{7 + n % 14:02d}:{n % 60:02d}"
        number = f"{'ABCDEFGHJ'[scattered // 9_000_000 % 9]}{LETTERS[scattered // 375_000 % 24]}"
        notice = f"{number}{LETTERS[scattered % 24]}{scattered // 24 % 1_000_000:06d}"
        if source == "parking":
            yield [f"{scattered:016d}", plate, "汽車", day, minute, road, district, "計時", "40", "1151231", "未繳"]
        elif source == "fines":
            yield [
                notice, plate, owner(scattered), "1", f"2026-1{n % 2}-{n % 18 + 1:02d} {minute}", f"{district}{road}",
                "5630101", "第56條第3項 違規停車", "1151231", "600", "Y", "未結",
            ]  # fmt: skip
        else:
            yield [f"{scattered:016d}", "全家", "40", "202611191400", f"{n:012d}"]


def owner(n: int) -> str:
    """An invented national ID number with a right check digit (E = Kaohsiung: 1 and 4)."""
    digits = f"1{n % 10_000_000:07d}"
    total = 1 + 9 * 4 + sum(weight * int(digit) for weight, digit in zip((8, 7, 6, 5, 4, 3, 2, 1), digits, strict=True))
    return f"E{digits}{-total % 10}"


def _nothing_of_ours(session: object, **_: object) -> None:
    raise AssertionError("no payment of ours is in this database")


if __name__ == "__main__":
    main()
