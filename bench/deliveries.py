"""Pushes: how many a second through our whole path, what a sender remembers, how long an emergency takes to leave.

    python -m bench.deliveries [--devices N] [--rounds N] [--emergency N] [--delay SECONDS] [--sizes N,N,N]

Senders are processes (`python -m api.pusher`) on a durable PostgreSQL of their own; the provider is the sandbox of FCM.
The yardstick sends the same bodies to the same sandbox with `requests.Session`, from as many threads as a sender has,
and does nothing else: it reads no queue, opens no address, remembers nothing. All share the machine.

For the emergency the sandbox waits `--delay` seconds before each answer, as a network does, so that a sender's threads
are the limit and not the processors. The time runs from the second officer's approval to the last hand-over: the
audience is resolved within it, by this process in the place of a worker.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
import requests
import urllib3
from firebase_admin import messaging
from google.auth.transport.requests import Request

from bench import emergency, push_city
from bench.pushers import ROOT, Pushers, wait_until
from core import clock, db, embedded, migrate
from notify.channels.threads import THREADS
from partners.fcm import client as fcm_client
from partners.fcm.messages import Push

PROJECT = "mykaohsiung-demo"
_TRUNCATE = "TRUNCATE notify.device, notify.message, notify.delivery, notify.alert, notify.content CASCADE"
_LONGEST_SECONDS = 1800.0


@dataclass
class Result:
    """Deliveries a second of each round, ours and the yardstick's; MiB of a sender by audience; seconds of an emergency
    to `emergency_devices`, by number of senders, and without any delay at the provider."""

    devices: int
    delay_seconds: float
    emergency_devices: int
    ours: list[float] = field(default_factory=list)
    yardstick: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    rss_mib: dict[int, float] = field(default_factory=dict)
    emergency_seconds: dict[int, float] = field(default_factory=dict)
    undelayed_seconds: float = 0.0

    @property
    def ratio(self) -> float:
        """Ours as a share of the yardstick's."""
        return statistics.median(self.ours) / statistics.median(self.yardstick)

    @property
    def scaling(self) -> float:
        """How many times faster two senders are than one."""
        return self.emergency_seconds[1] / self.emergency_seconds[2]


class Scene:
    """A database and a sandbox of their own."""

    def __init__(self, folder: Path, database_url: str, sandbox_url: str) -> None:
        self.folder, self.database_url, self.sandbox_url = folder, database_url, sandbox_url

    def counts(self) -> dict[str, Any]:
        """What the sandbox's phones know."""
        answer: dict[str, Any] = urllib3.request("GET", f"{self.sandbox_url}/fcm/counts").json()
        return answer

    def clear(self) -> None:
        """No phone, no message, no switch."""
        urllib3.request("POST", f"{self.sandbox_url}/books/reset")
        urllib3.request("DELETE", f"{self.sandbox_url}/switches")
        with psycopg.connect(self.database_url) as connection:
            connection.execute(_TRUNCATE)

    def senders(self, number: int) -> Pushers:
        """So many senders."""
        return Pushers(self.database_url, self.sandbox_url, self.folder, number=number)

    def wait_for(self, accepted: int) -> float:
        """Wait until so many pushes have been accepted; answers when the last one was (Unix seconds)."""
        wait_until(lambda: self.counts()["accepted"] >= accepted, seconds=_LONGEST_SECONDS)
        return float(self.counts()["last_at"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=15_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--emergency", type=int, default=100_000)
    parser.add_argument("--delay", type=float, default=0.08)
    parser.add_argument("--sizes", default="1000,10000,100000")
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.sizes.split(",") if size]
    show(
        measure(
            devices=chosen.devices, rounds=chosen.rounds, emergency=chosen.emergency, delay=chosen.delay, sizes=sizes
        )
    )


def measure(*, devices: int, rounds: int, emergency: int, delay: float, sizes: Sequence[int]) -> Result:
    """Everything, with a database and a sandbox that are removed afterwards."""
    result = Result(devices, delay, emergency)
    with scene() as place:
        for _ in range(rounds):
            rate, cpu_ms = _ours(place, devices)
            result.ours.append(rate)
            result.cpu_ms.append(cpu_ms)
            result.yardstick.append(_bare(place, devices))
        for size in sizes:
            result.rss_mib[size] = _remembered(place, size)
        for senders in (1, 2):
            result.emergency_seconds[senders] = _emergency(place, emergency, senders, delay)
        result.undelayed_seconds = _emergency(place, emergency, 2, 0.0)
    return result


def show(result: Result) -> None:
    """Print what was measured."""
    ours, bare = statistics.median(result.ours), statistics.median(result.yardstick)
    rounds = ", ".join(f"{a:,.0f} beside {b:,.0f}" for a, b in zip(result.ours, result.yardstick, strict=True))
    print(f"deliveries/s, {result.devices:,} devices: {ours:,.0f}; bare requests {bare:,.0f}; {result.ratio:.2f} ×")
    print(f"  rounds: {rounds}; {statistics.median(result.cpu_ms):.2f} ms of processor a delivery")
    for size, mib in result.rss_mib.items():
        print(f"memory of a sender after {size:>9,} deliveries: {mib:,.0f} MiB")
    for senders, seconds in result.emergency_seconds.items():
        print(
            f"emergency to {result.emergency_devices:,} devices, {senders} sender(s), provider answers after "
            f"{result.delay_seconds * 1000:.0f} ms: {seconds:.1f} s ({seconds / result.emergency_devices * 1e5:.0f} s "
            "for 100,000)"
        )
    print(f"two senders beside one: {result.scaling:.2f} ×")
    print(f"2 senders, provider answers at once (the processors are the limit): {result.undelayed_seconds:.1f} s")


@contextmanager
def scene() -> Iterator[Scene]:
    """PostgreSQL and the sandbox, running in a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="mykh-bench-pushes-", dir="/var/tmp"))
    folder.chmod(0o755)
    server = embedded.start_postgres(folder)
    port = embedded.free_port()
    sandbox = None
    try:
        embedded.make_database(server, "pushes")
        migrate.to_head(server.url("pushes"))
        environment = os.environ | {"SANDBOX_PORT": str(port), "STATE_DIR": str(folder), "MYKH_DEMO": "1"}
        environment.pop("SANDBOX_PUSH_PORT", None)
        with open(folder / "sandbox.log", "wb") as log:
            sandbox = subprocess.Popen(
                [sys.executable, "-m", "partners.sandbox"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), seconds=60)
        yield Scene(folder, server.url("pushes"), url)
    finally:
        if sandbox is not None:
            sandbox.terminate()
            sandbox.wait(20)
        server.stop(immediately=True)
        embedded.remove_state(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/healthz", timeout=1.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _ours(place: Scene, devices: int) -> tuple[float, float]:
    """Deliveries a second of one sender, from its first hand-over to its last, and ms of processor for each."""
    place.clear()
    push_city.settle_phones(place.database_url, devices)
    with place.senders(1) as senders:
        before = senders.cpu_seconds()
        push_city.line_up(place.database_url)
        last_at = place.wait_for(devices)
        cpu_ms = (senders.cpu_seconds() - before) / devices * 1000
        rate = devices / (last_at - place.counts()["first_at"])
    return rate, cpu_ms


def _bare(place: Scene, devices: int) -> float:
    """Pushes a second of the yardstick, a process of its own."""
    place.clear()
    subprocess.run(
        [sys.executable, "-c", "import sys; from bench.deliveries import send_bare; send_bare(*sys.argv[1:])",
         place.sandbox_url, str(devices)], cwd=ROOT, check=True,
    )  # fmt: skip
    counts = place.counts()
    assert counts["accepted"] == devices, counts
    return float(devices / (counts["last_at"] - counts["first_at"]))


def send_bare(sandbox_url: str, devices: str) -> None:
    """The yardstick: the bodies that our client sends, from as many threads, each with a session of its own."""
    config = fcm_client.FcmConfig(project=PROJECT, url=f"{sandbox_url}/fcm")
    credentials = fcm_client._credentials(config)
    credentials.refresh(Request())
    headers = {"Authorization": f"Bearer {credentials.token}", "Content-Type": "application/json"}
    url = f"{config.url}/v1/projects/{PROJECT}/messages:send"

    def send_share(share: range) -> None:
        with requests.Session() as session:
            for nth in share:
                answer = session.post(url, data=_body(nth), headers=headers, timeout=5)
                assert answer.json()["name"], answer.text

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(send_share, [range(first, int(devices), THREADS) for first in range(THREADS)]))


def _body(nth: int) -> bytes:
    push = Push(
        "fid", f"fid-bare-{nth:07}", f"msg_{nth:026}", push_city.TITLE, push_city.BODY, "/app/inbox", 3600,
        {"kind": "alert"}, 9,
    )  # fmt: skip
    message = messaging._MessagingService.encode_message(fcm_client._message(push))
    return orjson.dumps({"message": message, "validate_only": False})


def _remembered(place: Scene, devices: int) -> float:
    """MiB of a sender that has sent so many."""
    place.clear()
    push_city.settle_phones(place.database_url, devices)
    with place.senders(1) as senders:
        push_city.line_up(place.database_url)
        place.wait_for(devices)
        return senders.rss_mib()


def _emergency(place: Scene, devices: int, number: int, delay: float) -> float:
    """Seconds from the second officer's approval to the last hand-over, resolving the audience included."""
    place.clear()
    push_city.settle_phones(place.database_url, devices)
    db.configure(place.database_url, connections=2)
    emergency.spread(clock.now())
    if delay:
        rule = {"partner": "fcm", "operation": "send", "mode": "slow", "params": {"seconds": delay}}
        assert urllib3.request("POST", f"{place.sandbox_url}/switches", json=rule).status < 300
    alert_id = emergency.entered(clock.now())
    with place.senders(number):
        started_at = time.time()
        emergency.approved_and_resolved(alert_id)
        return place.wait_for(devices) - started_at


if __name__ == "__main__":
    main()
