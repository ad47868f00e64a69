"""Transfers a second into one hot account at 32 connections, beside TPC-B and a balance on one row, on one server.

Run: python -m bench.ledger [--seconds N] [--rounds N]. Starts a PostgreSQL of its own (durable: fsync and synchronous
commit on), runs the contenders in turn inside each round, because a disk's speed drifts by more than they differ, and
prints the medians, their ratios within a round, and whether the book adds up afterwards.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from core import db, embedded, migrate
from ledger import audit, book, checkpoints
from ledger.book import Side

CLIENTS = 32
SCALE = 50
COLD_ACCOUNTS = 10_000
_FUNDS = 1_000_000_000

# A cold account's id is its number, so that the script can choose one without a look-up.
_COLD = "lpad((:cold)::text, 32, '0')::uuid"
# Ids come from the load generator, as they come from the application: the millisecond first, then chance (UUIDv7).
_MILLISECOND = "lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0')"
_ID = f"({_MILLISECOND} || '7' || lpad(to_hex((:chance)::bigint), 19, '0'))::uuid"
_PAYABLE = "ffffffff-0000-0000-0000-000000000001"

TPC_B = "TPC-B (pgbench, scale 50)"
BOOK = "the book: cold to hot account"
NAIVE = "one-row balance: statements, foreign keys"
NAIVE_AT_BEST = "one-row balance: one function, no keys"


@dataclass(frozen=True)
class Contender:
    """`script` is pgbench's; None runs its built-in TPC-B."""

    name: str
    database: str
    script: str | None


CONTENDERS = (
    Contender(TPC_B, "tpcb", None),
    Contender(
        BOOK,
        "book",
        f"""
        \\set cold random(1, {COLD_ACCOUNTS})
        \\set chance random(1, 9000000000000000000)
        SELECT ledger.apply({_ID}, now(), ARRAY[{_ID}], '{{posted}}', '{{TWD}}', ARRAY[{_COLD}], '{{{_PAYABLE}}}',
                            '{{5}}', '{{NULL}}', '{{NULL}}', '{{NULL}}', '{{payment}}', '{{pay_01jd}}');
        """,
    ),
    Contender(
        NAIVE,
        "naive",
        f"""
        \\set cold random(1, {COLD_ACCOUNTS})
        \\set chance random(1, 9000000000000000000)
        BEGIN;
        INSERT INTO transfer VALUES ({_ID}, :cold, 0, 5, now(), 'payment', 'pay_01jd');
        UPDATE account SET balance = balance - 5 WHERE id = :cold;
        UPDATE account SET balance = balance + 5 WHERE id = 0;
        COMMIT;
        """,
    ),
    Contender(
        NAIVE_AT_BEST,
        "naive",
        f"""
        \\set cold random(1, {COLD_ACCOUNTS})
        \\set chance random(1, 9000000000000000000)
        SELECT move({_ID}, :cold, 0, 5);
        """,
    ),
)

_NAIVE_SCHEMA = f"""
    CREATE TABLE account (id integer PRIMARY KEY, balance bigint NOT NULL CHECK (id = 0 OR balance >= 0))
        WITH (fillfactor = 50);
    CREATE TABLE transfer (id uuid PRIMARY KEY, debit integer NOT NULL REFERENCES account,
        credit integer NOT NULL REFERENCES account, amount bigint NOT NULL, recorded_at timestamptz NOT NULL,
        reason text NOT NULL, subject text NOT NULL);
    CREATE TABLE bare_transfer (LIKE transfer INCLUDING INDEXES);
    INSERT INTO account SELECT n, {_FUNDS} FROM generate_series(0, {COLD_ACCOUNTS}) AS n;
    CREATE FUNCTION move(id uuid, debit integer, credit integer, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO bare_transfer VALUES (id, debit, credit, amount, now(), 'payment', 'pay_01jd');
        UPDATE account AS a SET balance = a.balance - amount WHERE a.id = debit;
        UPDATE account AS a SET balance = a.balance + amount WHERE a.id = credit;
    END $$;
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=5, help="of each contender in each round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    run(arguments.rounds, arguments.seconds)


def run(rounds: int, seconds: int) -> dict[str, list[float]]:
    """Measure on a server of its own, print, and answer each contender's transactions a second in each round."""
    with tempfile.TemporaryDirectory(prefix="mykh-bench-", dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.start_postgres(Path(folder), {"shared_buffers": "1GB", "max_wal_size": "8GB"})
        try:
            prepare(server)
            rates, acknowledged = measure(server, rounds, seconds)
            show(rates)
            check(server, acknowledged)
            return rates
        finally:
            server.stop()


def prepare(server: embedded.Postgres) -> None:
    """Fill the three databases."""
    for name in ("tpcb", "book", "naive"):
        embedded.make_database(server, name)
    _pgbench(server, "tpcb", "--initialize", "--scale", str(SCALE), "--quiet")
    with psycopg.connect(server.url("naive"), autocommit=True) as connection:
        connection.execute(_NAIVE_SCHEMA)
        connection.execute("VACUUM ANALYZE")
    migrate.to_head(server.url("book"))
    now = datetime.now(UTC)
    with db.configure(server.url("book")).unit_of_work() as session:
        opening = book.open_account(session, "twd:opening", "TWD", now=now, normal_side=Side.DEBIT, is_hot=True)
    with psycopg.connect(server.url("book"), autocommit=True) as connection:
        connection.execute(
            "SELECT ledger.open_account(%s, 'twd:payable', 'TWD', 'credit', true, false, now())", (_PAYABLE,)
        )
        connection.execute(
            "SELECT count(ledger.open_account(lpad(n::text, 32, '0')::uuid, 'twd:cold:' || n, 'TWD', 'credit', false,"
            " true, now())) FROM generate_series(1, %s) AS n",
            (COLD_ACCOUNTS,),
        )
        connection.execute(
            "SELECT count(ledger.apply(id, now(), ARRAY[id], '{posted}', '{TWD}', ARRAY[%s::uuid], ARRAY[id],"
            " ARRAY[%s::bigint], '{NULL}', '{NULL}', '{NULL}', '{opening}', '{x}'))"
            " FROM ledger.account WHERE never_negative",
            (opening, _FUNDS),
        )
        connection.execute("VACUUM ANALYZE")


def measure(server: embedded.Postgres, rounds: int, seconds: int) -> tuple[dict[str, list[float]], int]:
    """Each contender's transactions a second in each round, and how many transfers the book has acknowledged."""
    rates: dict[str, list[float]] = {contender.name: [] for contender in CONTENDERS}
    acknowledged = 0
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", end="", flush=True)
        for contender in CONTENDERS:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            options = ["--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}"]
            script = None
            if contender.script is not None:
                script = "\n".join(
                    line.strip() if line.strip().startswith("\\") else line
                    for line in contender.script.strip().splitlines()
                )
                options += ["--file=-"]
            report = _pgbench(server, contender.database, *options, script=script)
            rate = float(re.findall(r"tps = ([\d.]+)", report)[0])
            rates[contender.name].append(rate)
            if contender.name == BOOK:
                acknowledged += int(re.findall(r"actually processed: (\d+)", report)[0])
            print(f"  {rate:,.0f}", end="", flush=True)
        print()
    return rates, acknowledged


def show(rates: Mapping[str, list[float]]) -> None:
    """Print medians, and ratios taken within each round."""
    print(f"\n{CLIENTS} connections, {os.cpu_count()} cores shared with the load generator, durable commits")
    print(f"{'':42}{'tx/s (median)':>14}{'min':>8}{'max':>8}{'× TPC-B':>10}{'book is ×':>11}")
    for name, measured in rates.items():
        to_tpc_b = statistics.median(rate / base for rate, base in zip(measured, rates[TPC_B], strict=True))
        of_book = statistics.median(mine / rate for mine, rate in zip(rates[BOOK], measured, strict=True))
        print(
            f"{name:42}{statistics.median(measured):14,.0f}{min(measured):8,.0f}{max(measured):8,.0f}"
            f"{to_tpc_b:10.2f}{of_book:11.2f}"
        )


def check(server: embedded.Postgres, acknowledged: int) -> None:
    """Print whether everything acknowledged is in the book, and whether it adds up, before and after a roll-up."""
    database = db.configure(server.url("book"))
    now = datetime.now(UTC)
    with psycopg.connect(server.url("book")) as connection:
        row = connection.execute("SELECT count(*) FROM ledger.transfer WHERE reason = 'payment'").fetchone()
        assert row is not None
    print(f"\nacknowledged {acknowledged:,}, in the book {row[0]:,}")
    payable = 5 * acknowledged
    for moment in ("before", "after"):
        with database.unit_of_work() as session:
            (line,) = book.trial_balance(session)
            wrong = audit.disagreements(session)
            started = time.perf_counter()
            hot = book.balance(session, UUID(_PAYABLE)).posted
            read_ms = (time.perf_counter() - started) * 1000
        print(
            f"{moment} the roll-up: sum {line.debits_posted - line.credits_posted}, hot account {hot:,} "
            f"(expected {payable:,}), read in {read_ms:,.1f} ms, accounts that disagree: {len(wrong)}"
        )
        if hot != payable or wrong or not line.is_balanced or row[0] != acknowledged:
            raise SystemExit("the book does not add up")
        if moment == "before":
            started = time.perf_counter()
            with database.unit_of_work() as session:
                folded = checkpoints.roll_up(session, now)
            print(f"roll-up: {folded:,} entries folded in {time.perf_counter() - started:.2f} s")
    database.engine.dispose()


def _pgbench(server: embedded.Postgres, database: str, *options: str, script: str | None = None) -> str:
    ran = subprocess.run(
        [embedded.postgres_binaries() / "pgbench", "-h", server.socket_dir, "-U", "postgres", *options, database],
        input=script, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0 or "ERROR" in ran.stderr:
        raise SystemExit(f"pgbench failed: {ran.stderr[-800:]}")
    return ran.stdout


if __name__ == "__main__":
    main()
