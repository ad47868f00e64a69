"""POST /v1/webhooks/adyen while the worker stands still: proven, stored, acknowledged, and nothing else.

    python -m bench.webhooks [--seconds N] [--rounds N] [--connections N]

Every notice is another one, signed, about a payment that is none of ours. The worker is stopped (SIGSTOP) meanwhile, as
in an outage of everything behind the front door; afterwards it goes on, and the time until the last notice is weighed
is taken, too. The yardstick is `pgbench` committing one small row at a time into the same server, in turns with it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson
import psycopg

from bench import load, running
from core.settings import DEMO_ADYEN_HMAC_KEY
from partners.adyen.webhooks import key_of, sign_item

CONNECTIONS = 16
AIM_P99_SECONDS = 1.0
_PREPARED_PER_SECOND = 1_500
_LEFT = "SELECT count(*) FROM wallet.webhook_message WHERE status = 'received'"
_ROW = "INSERT INTO bench_row VALUES (DEFAULT, 'AUTHORISATION', now());\n"


@dataclass
class Result:
    """Seconds that answers took, notices a second of each round, rows a second of the yardstick, and the drain."""

    rates: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    taken: int = 0
    drained_per_second: float = 0.0

    @property
    def p99_seconds(self) -> float:
        """What 99 of 100 answers did not exceed; the processor gives up after ten seconds."""
        return load.percentile(self.took, 0.99)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    chosen = parser.parse_args()
    show(measure(rounds=chosen.rounds, seconds=chosen.seconds, connections=chosen.connections))


def measure(*, rounds: int, seconds: float, connections: int = CONNECTIONS) -> Result:
    """Intake and yardstick in turns, and the drain at the end."""
    result = Result()
    with running.product() as product:
        with psycopg.connect(product.database_url, autocommit=True) as database:
            database.execute("CREATE TABLE bench_row (id bigserial PRIMARY KEY, kind text, at timestamptz)")
        script = product.state_dir / "row.sql"
        script.write_text(_ROW)
        notices = _notices()
        os.killpg(product.pid("worker"), signal.SIGSTOP)
        try:
            for _ in range(rounds):
                _take_in(product, notices, seconds, connections, result)
                report = product.pgbench("mykaohsiung", "-n", "-f", str(script), "-c", str(connections),
                                         "-T", str(max(1, int(seconds))))  # fmt: skip
                result.rows.append(float(re.search(r"tps = ([0-9.]+)", report)[1]))  # type: ignore[index]
        finally:
            os.killpg(product.pid("worker"), signal.SIGCONT)
        result.drained_per_second = _drain(product, result.taken)
    return result


def show(result: Result) -> None:
    """The numbers, in words."""
    rate, rows = statistics.median(result.rates), statistics.median(result.rows)
    p50 = load.percentile(result.took, 0.5)
    print(f"{rate:,.0f} notices/s taken in, worker stopped ({result.taken:,} in all); {rows:,.0f} rows/s pgbench")
    print(f"answered in p50 {p50 * 1000:,.1f} ms, p99 {result.p99_seconds * 1000:,.1f} ms")
    print(f"weighed afterwards at {result.drained_per_second:,.0f}/s until none was left")


def _take_in(
    product: running.Product, notices: Iterator[bytes], seconds: float, connections: int, result: Result
) -> None:
    # Signing is the processor's work, not ours: it is done before the clock starts.
    prepared = iter(list(itertools.islice(notices, int(_PREPARED_PER_SECOND * seconds))))
    took: list[float] = []
    started = time.perf_counter()
    ends = started + seconds
    left = itertools.count(int(_PREPARED_PER_SECOND * seconds) - connections, -1)
    until: Callable[[], bool] = lambda: time.perf_counter() >= ends or next(left) <= 0  # noqa: E731
    load.drive(product.port, [load.repeated(lambda: next(prepared), until, took.append) for _ in range(connections)])
    result.rates.append(len(took) / (time.perf_counter() - started))
    result.took += took
    result.taken += len(took)


def _drain(product: running.Product, taken: int) -> float:
    started = time.perf_counter()
    with psycopg.connect(product.database_url, autocommit=True) as database:
        while True:
            left = database.execute(_LEFT).fetchone()
            if left == (0,):
                return taken / (time.perf_counter() - started)
            if time.perf_counter() - started > 1200:
                raise SystemExit("not all notices were weighed within twenty minutes")
            time.sleep(0.2)


def _notices() -> Iterator[bytes]:
    key = key_of(DEMO_ADYEN_HMAC_KEY)
    for number in itertools.count():
        item = {
            "pspReference": f"BENCH{number:011d}",
            "merchantReference": f"bench-{number}",
            "merchantAccountCode": "KaohsiungCity",
            "amount": {"currency": "TWD", "value": 60000},
            "eventCode": "AUTHORISATION",
            "success": "true",
            "eventDate": "2026-11-05T10:00:00+08:00",
            "paymentMethod": "visa",
            "reason": "087330:1111:03/2030",
        }
        item["additionalData"] = {"cardSummary": "1111", "hmacSignature": sign_item(item, key)}
        body = orjson.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": item}]})
        yield load.request("POST", "/v1/webhooks/adyen", body=body)


if __name__ == "__main__":
    main()
