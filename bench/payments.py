"""Whole payments a second over HTTP at 32 clients, beside pgbench's TPC-B on the same PostgreSQL in the same rounds.

    python -m bench.payments [--rounds N] [--seconds N] [--profile FOLDER] [--no-webhooks] [--no-devices]

A whole payment is POST /v1/payments, an ECDSA assertion by a software device, POST …/authorization, the debit at the
bank's sandbox, the book, the outbox. Everything shares the machine: API, PostgreSQL (durable commits), Redis, worker,
beat, the sandbox of outside systems, and this load generator. What follows a payment (message, push, points, notice to
the bureau) runs in the worker at the same time; how long it takes to catch up after the load ends is reported. At the
end the books are compared to the dollar.
"""

from __future__ import annotations

import argparse
import itertools
import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
import urllib3

from bench import load, running
from bench.payers import FEE_TWD, Payer, charge, enrol
from core import db
from core.ids import typeid
from ledger import audit, book
from partners.desk.books import Books
from wallet.book import BANK_CLEARING

CLIENTS = 32
SCALE = 50
AIM = 0.15
_DRAIN_SECONDS = 300.0


@dataclass
class Round:
    """One round: payments answered within the window, the seconds of each, and what the parts cost."""

    seconds: float
    tpc_b: float = 0.0
    drain_seconds: float = 0.0
    answered: int = 0
    latencies: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Accepted payments a second."""
        return self.answered / self.seconds

    @property
    def finished_rate(self) -> float:
        """Payments a second when the clock stops only after everything that follows them is done too."""
        return len(self.latencies) / (self.seconds + self.drain_seconds)


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured, over all rounds."""

    rounds: list[Round]

    @property
    def ratio(self) -> float:
        """Payments a second beside TPC-B transactions a second: the median of the rounds' ratios."""
        return statistics.median(each.rate / each.tpc_b for each in self.rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="of payments in each round")
    parser.add_argument("--people", type=int, default=640)
    parser.add_argument("--scale", type=int, default=SCALE, help="of TPC-B")
    parser.add_argument("--no-webhooks", action="store_true", help="the bank sends no webhooks of its own")
    parser.add_argument("--no-devices", action="store_true", help="nobody has a phone to push to")
    parser.add_argument("--profile", type=Path, help="write flame graphs of API, worker and sandbox here")
    chosen = parser.parse_args()
    result = measure(
        rounds=chosen.rounds, seconds=chosen.seconds, people=chosen.people, scale=chosen.scale,
        webhooks=not chosen.no_webhooks, with_devices=not chosen.no_devices, profile=chosen.profile,
    )  # fmt: skip
    show(result)


def measure(
    *,
    rounds: int,
    seconds: float,
    people: int = 640,
    scale: int = SCALE,
    webhooks: bool = True,
    with_devices: bool = True,
    profile: Path | None = None,
) -> Result:
    """Run the rounds on a copy of the product of its own. Raises SystemExit when the books disagree afterwards."""
    with running.product() as product:
        database = db.configure(product.database_url)
        payers = enrol(database, Books(product.state_dir / "sandbox.db", (), ()), product.origin, people,
                       with_devices=with_devices)  # fmt: skip
        _switch(product, webhooks=webhooks)
        with psycopg.connect(product.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE tpcb")
        product.pgbench("tpcb", "--initialize", "--scale", str(scale), "--quiet")
        _pay_for(product, payers, Round(min(3.0, seconds)), 600)
        done = []
        for number in range(rounds):
            each = Round(seconds)
            print(f"round {number + 1} of {rounds}", end="", flush=True)
            flames = _flames(product, profile, seconds) if profile and number == rounds - 1 else []
            _pay_for(product, payers, each, int(seconds * 1200))
            for flame in flames:
                flame.wait()
            with psycopg.connect(product.url_of("postgres"), autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            each.tpc_b = _tpc_b(product, max(3, int(seconds / 3)))
            print(
                f"  {each.rate:,.0f} payments/s (caught up after {each.drain_seconds:.1f} s), TPC-B {each.tpc_b:,.0f}"
            )
            done.append(each)
        check(product, database)
        database.engine.dispose()
    return Result(done)


def show(result: Result) -> None:
    """Print the rates, the latencies, and where the processors' time went."""
    rounds = result.rounds
    latencies = [seconds for each in rounds for seconds in each.latencies]
    print(
        f"\n{CLIENTS} clients: {statistics.median(each.rate for each in rounds):,.0f} payments/s "
        f"({min(each.rate for each in rounds):,.0f} to {max(each.rate for each in rounds):,.0f}), "
        f"p50 {load.percentile(latencies, 0.5) * 1000:,.0f} ms, p99 {load.percentile(latencies, 0.99) * 1000:,.0f} ms\n"
        f"with all that follows: {statistics.median(each.finished_rate for each in rounds):,.0f} payments/s; "
        f"caught up {statistics.median(each.drain_seconds for each in rounds):,.1f} s after the load ended\n"
        f"TPC-B: {statistics.median(each.tpc_b for each in rounds):,.0f} transactions/s; "
        f"ratio {result.ratio:.3f}, aim {AIM}"
    )
    payments = len(latencies)
    total = sum(sum(each.cpu.values()) for each in rounds)
    print(f"\n{'processor time':<16}{'ms/payment':>12}{'share':>8}   (load and catching up together)")
    for name in sorted({name for each in rounds for name in each.cpu}):
        spent = sum(each.cpu.get(name, 0.0) for each in rounds)
        print(f"{name:<16}{spent * 1000 / payments:>12.2f}{spent / total:>8.0%}")
    print(f"{'all':<16}{total * 1000 / payments:>12.2f}")


def check(product: running.Product, database: db.Database) -> None:
    """Compare our payments, the book, the bank's books and the bureaus'; and count what follows each payment once.

    Raises SystemExit naming what disagrees.
    """
    with psycopg.connect(product.database_url) as connection:
        ours: dict[str, Any] = {name: connection.execute(query).fetchone()[0] for name, query in _COUNTS.items()}  # type: ignore[index]
    with database.unit_of_work() as session:
        lines = book.trial_balance(session)
        wrong = audit.disagreements(session)
        clearing = book.balance(session, book.account_id(BANK_CLEARING))
    with product.sandbox_books() as books:
        debits, twice, bank_twd = books.execute(
            "SELECT count(*), count(*) - count(DISTINCT reference), sum(amount_twd) FROM bank_debit"
            " WHERE status = 'booked'"
        ).fetchone()
        paid, paid_twd = books.execute(
            "SELECT count(*), sum(paid_twd) FROM bureau_bill WHERE status = 'paid' AND times_paid = 1"
        ).fetchone()
    captured, twd = ours["captured"], ours["captured_twd"]
    claims = {
        "every payment is final": ours["open"] == 0,
        "the bank debited each payment once": (debits, twice) == (captured, 0),
        "the bank's book is ours": bank_twd == twd == clearing.posted,
        "the book balances": all(line.is_balanced for line in lines) and not wrong,
        "the bureau was told of each bill once": (paid, paid_twd) == (captured, twd),
        "one receipt each": ours["receipts"] == captured,
        "one message each": ours["messages"] == captured,
        "one decision on points each": ours["points"] == captured,
        "one acknowledged notice each": ours["notices"] == captured,
        "no bill is paid twice": ours["bills_paid"] == captured,
    }
    print(f"{captured:,} payments, NT${twd:,}: " + "; ".join(claim for claim, holds in claims.items() if holds))
    broken = [claim for claim, holds in claims.items() if not holds]
    if broken:
        raise SystemExit(f"not so: {'; '.join(broken)}\n{ours} bank {debits, twice, bank_twd} bureau {paid, paid_twd}")


def _pay_for(product: running.Product, payers: Sequence[Payer], each: Round, bills: int) -> None:
    """Drive the load for the round's seconds, then wait until everything that follows is done."""
    owed = charge(product.database_url, list(payers), bills // len(payers) + 1)
    before = product.cpu_seconds()
    until = time.perf_counter() + each.seconds
    queues = [
        [(payer, bill) for bill, payer in _in_turn(payers[start::CLIENTS], owed[start::CLIENTS])]
        for start in range(CLIENTS)
    ]
    load.drive(product.port, [_client(queue, each, until) for queue in queues])
    ended = time.perf_counter()
    while _pending(product):
        if time.perf_counter() - ended > _DRAIN_SECONDS:
            raise SystemExit(f"not caught up after {_DRAIN_SECONDS:.0f} s: {_pending(product)} left")
        time.sleep(0.2)
    each.drain_seconds = time.perf_counter() - ended
    each.cpu = running.difference(before, product.cpu_seconds())


def _in_turn(payers: Sequence[Payer], owed: Sequence[list[str]]) -> list[tuple[str, Payer]]:
    return [(bill, payer) for bills in zip(*owed, strict=True) for bill, payer in zip(bills, payers, strict=True)]


def _client(queue: list[tuple[Payer, str]], each: Round, until: float) -> load.Client:
    """Pays one bill after the other; a payment that was begun is finished."""
    for payer, bill in queue:
        started = time.perf_counter()
        if started >= until:
            return
        headers = {"Authorization": f"Bearer {payer.token}", "Idempotency-Key": secrets.token_hex(16)}
        body = orjson.dumps({"bill_ids": [bill], "bank_link_id": typeid("blk", payer.link_id)})
        begun = yield load.request("POST", "/v1/payments", headers, body)
        if begun.status != 201:
            raise load.LoadFailed(f"{begun.status}: {begun.body[:500]!r}")
        payment = orjson.loads(begun.body)
        assertion = payer.assertion(payment["authorization"]["options"]["challenge"])
        headers["Idempotency-Key"] = secrets.token_hex(16)
        ended = yield load.request("POST", f"/v1/payments/{payment['id']}/authorization", headers, assertion)
        if ended.status != 200 or b'"status":"captured"' not in ended.body:
            raise load.LoadFailed(f"{ended.status}: {ended.body[:500]!r}")
        now = time.perf_counter()
        each.latencies.append(now - started)
        each.answered += now <= until
    raise load.LoadFailed("the bills ran out: charge more")


def _pending(product: running.Product) -> int:
    """How many events, notices and pushes are not done with."""
    with psycopg.connect(product.database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM core.outbox WHERE settled_at IS NULL)"
            " + (SELECT count(*) FROM wallet.bureau_notice WHERE acknowledged_at IS NULL)"
            " + (SELECT count(*) FROM notify.delivery WHERE status = 'pending')"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _tpc_b(product: running.Product, seconds: int) -> float:
    report = product.pgbench(
        "tpcb", "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}"
    )
    return float(re.findall(r"tps = ([\d.]+)", report)[0])


def _switch(product: running.Product, *, webhooks: bool) -> None:
    answer = urllib3.request(
        "PUT", f"http://127.0.0.1:{product.sandbox_port}/switches", json={"settings": {"webhooks": webhooks}}
    )
    if answer.status != 200:
        raise SystemExit(f"the sandbox's switches: {answer.status} {answer.data[:300]!r}")


def _flames(product: running.Product, folder: Path, seconds: float) -> list[subprocess.Popen[bytes]]:
    """py-spy on the API's workers, the Celery worker and the sandbox, for as long as the load lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    spy = str(Path(sys.executable).with_name("py-spy"))
    # Only what holds the interpreter is sampled, so that waiting for PostgreSQL or the bank does not count.
    options = [
        "--subprocesses",
        "--function",
        "--gil",
        "--nonblocking",
        "--rate",
        "199",
        "--duration",
        f"{seconds:.0f}",
    ]
    found = []
    for name, (form, suffix) in itertools.product(
        ("api", "worker", "sandbox"), (("flamegraph", "svg"), ("raw", "folded"))
    ):
        output = ["--format", form, "--output", str(folder / f"{name}.{suffix}")]
        command = [spy, "record", "--pid", str(product.pid(name)), *options, *output]
        found.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    return found


_COUNTS = {
    "captured": "SELECT count(*) FROM wallet.payment WHERE status = 'captured'",
    "captured_twd": "SELECT coalesce(sum(amount_twd + fee_twd), 0)::bigint FROM wallet.payment"
    " WHERE status = 'captured'",
    "open": "SELECT count(*) FROM wallet.payment WHERE status <> 'captured'",
    "receipts": "SELECT count(*) FROM wallet.receipt",
    "messages": "SELECT count(*) FROM notify.message WHERE kind = 'payment_receipt'",
    "points": "SELECT (SELECT count(*) FROM points.lot) + (SELECT count(*) FROM points.not_granted)",
    "notices": "SELECT count(*) FROM wallet.bureau_notice WHERE acknowledged_at IS NOT NULL",
    "bills_paid": f"SELECT count(*) FROM wallet.bill WHERE status = 'paid' AND amount_twd = {FEE_TWD}",
}


if __name__ == "__main__":
    main()
