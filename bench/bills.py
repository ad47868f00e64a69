"""GET /v1/bills with the whole city in the database, beside the same with a thousandth of it.

    python -m bench.bills [--bills 20000000] [--seconds N] [--rounds N]

One server, two databases, one API on each: a small one with 2,700 citizens and 20,000 bills, and a large one with a
thousand times as many. Citizens have cars, motorcycles, parking fees by plate and fines by ID number, as many each in
both. The same clients then ask both in turn: cold (everybody for the first time after the server started anew and its
files were put out of the operating system's cache), and warm (the same people again).
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from api.prepare import prepare
from bench import load, running
from core import embedded
from core.crypto import token_hash

FULL = 20_000_000
BILLS_PER_CITIZEN = 20 / 2.7
FRACTION = 1_000
CONNECTIONS = 4
AIM = 1.5
_ASKED = 400
_FEWEST_CITIZENS = 500
_NEEDED_BYTES_PER_BILL = 1_000
_KEPT_FREE_BYTES = 10 << 30


@dataclass
class City:
    """One of the two databases: its size, and the seconds that answers took, by temperature."""

    name: str
    bills: int
    warm: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    filled_in_seconds: float = 0.0
    gigabytes: float = 0.0

    @property
    def citizens(self) -> int:
        """How many people live in it."""
        return round(self.bills / BILLS_PER_CITIZEN)


@dataclass(frozen=True, slots=True)
class Result:
    """Both cities, measured."""

    small: City
    large: City

    def ratio(self, share: float, *, cold: bool = False) -> float:
        """The large city's percentile beside the small one's."""
        return self._at(self.large, share, cold) / self._at(self.small, share, cold)

    @staticmethod
    def _at(city: City, share: float, cold: bool) -> float:
        return load.percentile(city.cold if cold else city.warm, share)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bills", type=int, default=FULL, help="in the large city")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each city in each round")
    parser.add_argument("--rounds", type=int, default=4)
    chosen = parser.parse_args()
    show(measure(bills=chosen.bills, seconds=chosen.seconds, rounds=chosen.rounds))


def measure(*, bills: int, seconds: float, rounds: int) -> Result:
    """Fill both cities and ask. Scales down, and says so, when the disk is too small."""
    with running.state_folder() as folder:
        free = shutil.disk_usage(folder).free - _KEPT_FREE_BYTES
        if bills * _NEEDED_BYTES_PER_BILL > free:
            bills = max(FRACTION, free // _NEEDED_BYTES_PER_BILL)
            print(f"the disk has room for {bills:,} bills only")
        result = Result(
            City("small", max(bills // FRACTION, round(_FEWEST_CITIZENS * BILLS_PER_CITIZEN))), City("large", bills)
        )
        filling = {"max_wal_size": "16GB", "shared_buffers": "2GB", "autovacuum": "off", "fsync": "off",
                   "wal_level": "minimal", "max_wal_senders": "0"}  # fmt: skip
        server = embedded.start_postgres(folder, filling)
        people: dict[str, list[str]] = {}
        try:
            for city in (result.small, result.large):
                people[city.name] = fill(server, city)
        finally:
            server.stop()
        _forget_files(server.data_dir)
        server = embedded.start_postgres(folder, {"shared_buffers": "2GB"})
        try:
            _ask(server, folder, result, people, seconds, rounds)
        finally:
            server.stop(immediately=True)
    return result


def show(result: Result) -> None:
    """Print percentiles and ratios."""
    print(f"\nGET /v1/bills at {CONNECTIONS} connections{'p50 ms':>12}{'p99 ms':>9}{'p50 cold':>10}{'p99 cold':>10}")
    for city in (result.small, result.large):
        cells = [load.percentile(of, share) * 1000 for of in (city.warm, city.cold) for share in (0.5, 0.99)]
        print(
            f"{city.bills:>12,} bills {city.citizens:>10,} citizens{cells[0]:>9.1f}{cells[1]:>9.1f}{cells[2]:>10.1f}"
            f"{cells[3]:>10.1f}   {city.gigabytes:.2f} GB, filled in {city.filled_in_seconds:,.0f} s"
        )
    ratios = [result.ratio(share, cold=cold) for cold in (False, True) for share in (0.5, 0.99)]
    print(
        f"{'ratio (aim < ' + str(AIM) + ' warm)':<37}"
        + f"{ratios[0]:>9.2f}{ratios[1]:>9.2f}{ratios[2]:>10.2f}{ratios[3]:>10.2f}"
    )


def fill(server: embedded.Postgres, city: City) -> list[str]:
    """Make a migrated database of that name and size; answers tokens of people in it who are signed in.

    Indexes are built after the rows, and no trigger runs, as nobody asks meanwhile.
    """
    started = time.monotonic()
    embedded.make_database(server, city.name)
    url = server.url(city.name)
    prepare(url)
    chosen = random.Random(2).sample(range(1, city.citizens + 1), _ASKED)
    tokens = [secrets.token_urlsafe(32) for _ in chosen]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'; SET session_replication_role = replica")
        for table, statement in _FILL.items():
            later = drop_indexes(connection, table)
            with connection.transaction():
                # What fills a table that this transaction has emptied need not be logged (wal_level = minimal).
                connection.execute(f"TRUNCATE {table} CASCADE")
                connection.execute(statement.format(citizens=city.citizens, bills=city.bills))
            for definition in later:
                connection.execute(definition)
        with connection.cursor() as cursor:
            cursor.executemany(
                _SESSION, [(token_hash(token), citizen) for token, citizen in zip(tokens, chosen, strict=True)]
            )
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        ((bills, size),) = connection.execute(
            "SELECT count(*), pg_database_size(current_database()) FROM wallet.bill"
        ).fetchall()
    assert bills == city.bills
    city.gigabytes, city.filled_in_seconds = size / 1e9, time.monotonic() - started
    print(f"{bills:,} bills of {city.citizens:,} citizens filled in {city.filled_in_seconds:,.0f} s", flush=True)
    return tokens


def drop_indexes(connection: psycopg.Connection[tuple[str, ...]], table: str) -> list[str]:
    """Drop the indexes that nothing refers to; answers the statements that make them again."""
    later = []
    for name, definition in connection.execute(_CONSTRAINTS, {"table": table}).fetchall():
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        later.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for name, definition in connection.execute(_INDEXES, {"table": table}).fetchall():
        connection.execute(f"DROP INDEX {name}")
        later.append(definition)
    return later


def _forget_files(data_dir: Path) -> None:
    """Write everything to the disk and take it out of the operating system's cache, without touching anybody else's."""
    for path in data_dir.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _ask(
    server: embedded.Postgres, folder: Path, result: Result, people: dict[str, list[str]], seconds: float, rounds: int
) -> None:
    cities = (result.small, result.large)
    requests = {
        city.name: [
            load.request("GET", "/v1/bills", {"Authorization": f"Bearer {token}"}) for token in people[city.name]
        ]
        for city in cities
    }
    with _api(server.url("small"), folder / "a") as small, _api(server.url("large"), folder / "b") as large:
        ports = {"small": small, "large": large}
        for city in cities:
            # The code paths become warm with a few people, who are left out of what counts as cold.
            first = iter(requests[city.name][:40])
            _drive(ports[city.name], first, [])
        for start in range(40, _ASKED, 40):
            for city in cities:
                _drive(ports[city.name], iter(requests[city.name][start : start + 40]), city.cold)
        for number in range(rounds):
            for city in cities if number % 2 else reversed(cities):
                until = time.perf_counter() + seconds
                turn = itertools.cycle(requests[city.name])
                _drive(
                    ports[city.name], itertools.takewhile(lambda _, u=until: time.perf_counter() < u, turn), city.warm
                )  # type: ignore[misc]


def _drive(port: int, requests: Iterator[bytes], latencies: list[float]) -> None:
    def client() -> load.Client:
        for content in requests:
            started = time.perf_counter()
            answer = yield content
            if answer.status != 200:
                raise load.LoadFailed(f"{answer.status}: {answer.body[:300]!r}")
            latencies.append(time.perf_counter() - started)

    load.drive(port, [client() for _ in range(CONNECTIONS)])


@contextmanager
def _api(url: str, folder: Path) -> Iterator[int]:
    port = embedded.free_port()
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "DATABASE_URL": url, "STATE_DIR": str(folder), "PORT": str(port), "MYKH_DEMO": "1"}
    with open(folder / "api.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.serve"], env=environment, cwd=running.ROOT, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not running.reaches(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the API did not start:\n{(folder / 'api.log').read_text(errors='replace')}")
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


# Person n. Sealed fields have the size of real ones; nobody opens them here. Blind indexes are as random as real ones.
_PERSON_ID = "lpad(to_hex({n}), 32, '0')::uuid"
_INDEX = "sha256(('citizen ' || {n})::bytea)"
_SEALED = "sha256(('sealed ' || {n})::bytea) || '\\x01020304050607'::bytea"
_FILL = {
    "identity.person": f"""
        INSERT INTO identity.person (id, national_id_sealed, national_id_index, mobile_sealed, mobile_index,
                                     password_hash, proofing_level, language, registered_at)
        SELECT {_PERSON_ID.format(n="n")}, {_SEALED.format(n="n")}, {_INDEX.format(n="n")}, {_SEALED.format(n="n")},
               sha256(('mobile ' || n)::bytea), repeat('x', 97), 3, 'zh-TW', now() - interval '1 year'
          FROM generate_series(1, {{citizens}}) AS n
    """,
    # 74 motorcycles and 34 cars for 100 people, as in Kaohsiung.
    "identity.vehicle": f"""
        INSERT INTO identity.vehicle (person_id, plate, vehicle, id, added_at)
        SELECT {_PERSON_ID.format(n="n")}, v.letter || lpad(n::text, 7, '0'), v.kind, uuidv7(), now()
          FROM generate_series(1, {{citizens}}) AS n,
               (VALUES ('M', 'motorcycle', 74), ('C', 'car', 34)) AS v(letter, kind, of_100)
         WHERE (n * 61) % 100 < v.of_100
    """,
    # Of ten bills seven are parking fees, found by plate, and three are fines, found by ID number. Each third bill goes
    # to one citizen in ten, because some park and drive far more than others. Nine of ten are settled.
    "wallet.bill": f"""
        INSERT INTO wallet.bill (id, bureau, kind, number, plate, vehicle, owner_index, owner_sealed, owner_sex,
                                 district, road, place, occurred_at, law_code, law_text, amount_twd, due_on,
                                 payable_by_agent, status, paid_channel, paid_at, batch_id, updated_at)
        SELECT uuidv7(), CASE WHEN fine THEN 'fines' ELSE 'parking' END, CASE WHEN fine THEN 'fine' ELSE 'parking' END,
               CASE WHEN fine THEN 'BX' || lpad(n::text, 8, '0') ELSE lpad(n::text, 16, '0') END,
               CASE WHEN n % 3 = 1 THEN 'C' ELSE 'M' END || lpad(c::text, 7, '0'),
               CASE WHEN n % 3 = 1 THEN 'car' ELSE 'motorcycle' END,
               CASE WHEN fine THEN {_INDEX.format(n="c")} END, CASE WHEN fine THEN {_SEALED.format(n="c")} END,
               CASE WHEN fine THEN 'male' END, '苓雅區', CASE WHEN NOT fine THEN '四維三路' END,
               CASE WHEN fine THEN '苓雅區四維三路' END, at, CASE WHEN fine THEN '5630101' END,
               CASE WHEN fine THEN '第56條第3項 違規停車' END, CASE WHEN fine THEN 600 ELSE 40 END,
               (at + interval '30 days')::date, true, CASE WHEN settled THEN 'paid' ELSE 'unpaid' END,
               CASE WHEN settled THEN '7-ELEVEN' END, CASE WHEN settled THEN at + interval '3 days' END,
               '00000000-0000-7000-8000-000000000001', at
          FROM (SELECT n, n % 10 >= 7 AS fine, hashint4(n) % 10 <> 0 AS settled,
                       now() - interval '3 years' * (1 - n::float / {{bills}}) AS at,
                       CASE WHEN n % 3 = 0 THEN c - c % 10 + 1 ELSE c END AS c
                  FROM (SELECT n::integer, 1 + (hashint8extended(n, 1) & 2147483647) % ({{citizens}} - 10) AS c
                          FROM generate_series(1, {{bills}}) AS n) AS drawn) AS bill
    """,
}
_SESSION = f"""
    INSERT INTO identity.session (token_hash, id, person_id, authenticator_level, amr, transport, auth_time, created_at,
                                  last_used_at, idle_until, expires_at)
    VALUES (%s, uuidv7(), {_PERSON_ID.format(n="%s::integer")}, 3, '{{swk,user}}', 'bearer', now(), now(), now(),
            now() + interval '1 day', now() + interval '1 day')
"""
_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint c
     WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u')
       AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.conrelid)
     ORDER BY contype
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
     WHERE indrelid = %(table)s::regclass
       AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


if __name__ == "__main__":
    main()
