"""GET /v1/bills/{id}/quotes, which compares every way to pay, beside GET /v1/bills of the same people in the same run.

    python -m bench.quotes [--people N] [--seconds N] [--rounds N]

The product runs as `mykaohsiung run` starts it; a few connections ask both, in turns, on the same machine.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import load, running
from bench.payers import Payer, charge, enrol
from core import db
from partners.desk.books import Books

CONNECTIONS = 4
AIM = 1.5
_BILLS_EACH = 8


@dataclass
class Result:
    """The seconds that answers took, by address, round by round."""

    quotes: list[list[float]] = field(default_factory=list)
    bills: list[list[float]] = field(default_factory=list)

    def ratio(self, share: float) -> float:
        """A percentile of quotes beside the same of the list: the median of the rounds' ratios."""
        return statistics.median(
            load.percentile(quotes, share) / load.percentile(bills, share)
            for quotes, bills in zip(self.quotes, self.bills, strict=True)
        )

    def milliseconds(self, what: str, share: float) -> float:
        """A percentile over all rounds, in ms."""
        rounds = self.quotes if what == "quotes" else self.bills
        return load.percentile(itertools.chain.from_iterable(rounds), share) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each address in each round")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    show(measure(people=chosen.people, seconds=chosen.seconds, rounds=chosen.rounds))


def measure(*, people: int, seconds: float, rounds: int) -> Result:
    """Ask a running copy of the product of its own."""
    result = Result()
    with running.product() as product:
        database = db.configure(product.database_url)
        books = Books(product.state_dir / "sandbox.db", (), ())
        payers = enrol(database, books, product.origin, people, with_devices=False)
        bills = charge(product.database_url, payers, _BILLS_EACH)
        lists = [_ask(payer, "/v1/bills") for payer in payers]
        quotes = [_ask(payer, f"/v1/bills/{each[0]}/quotes") for payer, each in zip(payers, bills, strict=True)]
        for requests in (lists, quotes):
            _drive(product.port, requests, 0.5)
        for _ in range(rounds):
            result.bills.append(_drive(product.port, lists, seconds))
            result.quotes.append(_drive(product.port, quotes, seconds))
        database.engine.dispose()
    return result


def show(result: Result) -> None:
    """Print both, and their ratio."""
    print(f"\n{CONNECTIONS} connections{'p50 ms':>12}{'p99 ms':>9}")
    for what, address in (("bills", "GET /v1/bills"), ("quotes", "GET …/quotes")):
        print(f"{address:<16}{result.milliseconds(what, 0.5):>8.1f}{result.milliseconds(what, 0.99):>9.1f}")
    print(f"{'ratio':<16}{result.ratio(0.5):>8.2f}{result.ratio(0.99):>9.2f}   (aim: p99 at most {AIM})")


def _ask(payer: Payer, path: str) -> bytes:
    return load.request("GET", path, {"Authorization": f"Bearer {payer.token}"})


def _drive(port: int, requests: list[bytes], seconds: float) -> list[float]:
    took: list[float] = []
    ends_at = time.perf_counter() + seconds
    is_over: Callable[[], bool] = lambda: time.perf_counter() > ends_at  # noqa: E731
    turn = itertools.cycle(requests)
    load.drive(port, [load.repeated(lambda: next(turn), is_over, took.append) for _ in range(CONNECTIONS)])
    return took


if __name__ == "__main__":
    main()
