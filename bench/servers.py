"""Which WSGI server: the same requests at the same applications, by the same load generator, in turn.

    python -m bench.servers [--rounds N] [--seconds N]

Three requests at 32 connections kept alive: a trivial Flask answer, our GET /healthz, and our GET /v1/bills with eight
bills of a signed-in citizen. Each server runs two processes of 16 threads; waitress, which has no processes, one of 32.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from api.prepare import prepare
from bench import load, running
from bench.payers import charge, enrol
from core import db, embedded
from partners.bank import accounts
from partners.desk.books import Books

CONNECTIONS = 32
CHOSEN = "granian"
AIM = 1.0
_BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Contender:
    """A server: how it is started for an application factory on a port, and which package it needs."""

    name: str
    package: str
    command: Callable[[str, int], list[str]]


CONTENDERS = (
    Contender(
        "granian",
        "granian",
        lambda factory, port: [
            str(_BIN / "granian"), "--interface", "wsgi", "--factory", "--workers", "2", "--blocking-threads", "16",
            "--host", "127.0.0.1", "--port", str(port), "--backlog", "1024", "--no-ws",
            "--log-level", "error", factory,
        ],
    ),
    Contender(
        "gunicorn",
        "gunicorn",
        lambda factory, port: [
            str(_BIN / "gunicorn"), "--worker-class", "gthread", "--workers", "2", "--threads", "16", "--keep-alive",
            "60", "--bind", f"127.0.0.1:{port}", "--log-level", "warning", f"{factory}()",
        ],
    ),
    Contender(
        "waitress",
        "waitress",
        lambda factory, port: [
            str(_BIN / "waitress-serve"), "--threads", "32", "--listen", f"127.0.0.1:{port}", "--call", factory,
        ],
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """A request: its name, the application factory that answers it, and the bytes to send, over and over."""

    name: str
    factory: str
    requests: Sequence[bytes]


Rates = dict[str, dict[str, list[float]]]


def trivial() -> Flask:
    """The smallest application there is."""
    app = Flask(__name__)

    @app.get("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each server and request in each round")
    chosen = parser.parse_args()
    show(measure(rounds=chosen.rounds, seconds=chosen.seconds))


def measure(*, rounds: int, seconds: float) -> Rates:
    """Requests a second by request and server, one number for each round."""
    with running.state_folder() as folder:
        server = embedded.start_postgres(folder)
        try:
            embedded.make_database(server, "mykaohsiung")
            url = server.url("mykaohsiung")
            prepare(url)
            targets = _targets(url, folder)
            return _in_turn(targets, url, folder, rounds, seconds)
        finally:
            server.stop()


def show(rates: Rates) -> None:
    """Print the table."""
    print(
        f"{'requests/s at ' + str(CONNECTIONS) + ' connections':<34}" + "".join(f"{name:>20}" for name in _installed())
    )
    for target, by_server in rates.items():
        cells = []
        for name in _installed():
            cell = f"{statistics.median(by_server[name]):,.0f}"
            if name != CHOSEN:
                cell += f" (÷ {ratio(rates, target, name):.2f})"
            cells.append(f"{cell:>20}")
        print(f"{target:<34}" + "".join(cells))


def ratio(rates: Rates, target: str, other: str = "gunicorn") -> float:
    """How many times as many requests the chosen server answers as the other: the median of the rounds' ratios."""
    pairs = zip(rates[target][CHOSEN], rates[target][other], strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)


def _targets(url: str, folder: Path) -> list[Target]:
    database = db.configure(url)
    payers = enrol(
        database, Books(folder / "bank.db", (accounts.SCHEMA,), ()), "http://localhost", 64, with_devices=False
    )
    charge(url, payers, 8)
    database.engine.dispose()
    return [
        Target("trivial Flask answer", "bench.servers:trivial", [load.request("GET", "/")]),
        Target("GET /healthz", "api.serve:app", [load.request("GET", "/healthz")]),
        Target(
            "GET /v1/bills, 8 bills",
            "api.serve:app",
            [load.request("GET", "/v1/bills", {"Authorization": f"Bearer {payer.token}"}) for payer in payers],
        ),
    ]


def _in_turn(targets: Sequence[Target], url: str, folder: Path, rounds: int, seconds: float) -> Rates:
    rates: Rates = {target.name: {name: [] for name in _installed()} for target in targets}
    environment = {**os.environ, "DATABASE_URL": url, "STATE_DIR": str(folder), "MYKH_DEMO": "1"}
    environment["PYTHONPATH"] = str(running.ROOT)
    factories = dict.fromkeys(target.factory for target in targets)
    contenders = [contender for contender in CONTENDERS if contender.name in _installed()]
    for _, factory, contender in itertools.product(range(rounds), factories, contenders):
        with _serving(contender, factory, environment) as port:
            for target in (target for target in targets if target.factory == factory):
                _rate(port, target, min(1.0, seconds))
                rates[target.name][contender.name].append(_rate(port, target, seconds))
    return rates


@contextmanager
def _serving(contender: Contender, factory: str, environment: dict[str, str]) -> Iterator[int]:
    port = embedded.free_port()
    process = subprocess.Popen(
        contender.command(factory, port), env=environment, cwd=running.ROOT, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 30
        while not running.reaches(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{contender.name} did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _rate(port: int, target: Target, seconds: float) -> float:
    turn = itertools.cycle(target.requests)
    latencies: list[float] = []
    until = time.perf_counter() + seconds
    clients = [
        load.repeated(lambda: next(turn), lambda: time.perf_counter() >= until, latencies.append)
        for _ in range(CONNECTIONS)
    ]
    load.drive(port, clients)
    return len(latencies) / seconds


def _installed() -> list[str]:
    return [contender.name for contender in CONTENDERS if importlib.util.find_spec(contender.package)]


if __name__ == "__main__":
    main()
