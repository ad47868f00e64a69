"""kill -9 of anything at any moment, under a stream of payments: nothing is lost, nobody pays twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import urllib3
from citizen import Refused
from faults.books import check, settled
from paying_city import Payer, more_parking, new_payer
from stack import Stack

from bench import push_city
from bench.pushers import wait_until
from core import embedded

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "10"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
PAYERS = 6
PHONES = 100_000 if ROUNDS >= 200 else 2_000
VICTIMS = ("api", "worker", "beat", "pusher")

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    """A copy of its own: durable, and killed all the time."""
    folder = Path("/var/tmp") / f"mykh-faults-{os.getpid()}"
    running = Stack(folder).start()
    yield running
    running.remove()


class Stream:
    """People who keep paying, whatever happens to the servers; what they saw is no evidence, the books are."""

    def __init__(self, payers: list[Payer], seed: int) -> None:
        self.payers = payers
        self.stop = threading.Event()
        self.answered = 0
        self.threads = [
            threading.Thread(target=self._pay_on, args=(payer, random.Random(seed + index)))
            for index, payer in enumerate(payers)
        ]

    def __enter__(self) -> Stream:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def _pay_on(self, payer: Payer, chance: random.Random) -> None:
        bills = list(payer.bill_ids())
        while not self.stop.is_set() and bills:
            chosen = bills[: chance.randint(1, 2)]
            try:
                payment = payer.citizen.begin(chosen, payer.link["id"], key=str(uuid.uuid4()))
                payer.citizen.confirm(payment)
                self.answered += 1
                bills = bills[len(chosen) :]
            except Refused as refused:
                if refused.slug in ("bill-already-paid", "bill-being-paid"):
                    bills = bills[len(chosen) :]
                time.sleep(0.05)
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)


def test_killed_at_random_moments_everything_agrees_within_a_minute(own_stack: Stack) -> None:
    print(f"\nFAULT_SEED={SEED} FAULT_ROUNDS={ROUNDS}")
    chance = random.Random(SEED)
    stack = own_stack
    payers = [new_payer(stack, parking=[30] * 150, daily=9_000_000) for _ in range(PAYERS)]
    for start in range(0, ROUNDS, 10):
        with Stream(payers, SEED + start) as stream:
            for _ in range(min(10, ROUNDS - start)):
                time.sleep(chance.uniform(0.2, 1.6))
                stack.kill(chance.choice(VICTIMS))
            time.sleep(1)
        seconds = settled(stack)
        statuses = check(stack, stack.sandbox)
        print(f"{min(start + 10, ROUNDS)} kills: settled after {seconds:.1f} s, {statuses}, {stream.answered} answered")
        assert statuses.get("captured", 0) > 0
        if start + 10 < ROUNDS:
            stack.wait_until_up()
            for payer in payers:
                more_parking(stack, payer, [30] * 60)


def test_killed_while_the_bank_misbehaves_nobody_is_debited_twice(own_stack: Stack) -> None:
    stack = own_stack
    chance = random.Random(SEED + 1)
    for mode, hold in (
        ("timeout_after", {"seconds": 9}),
        ("error_500_after", {}),
        ("bad_signature", {}),
        ("slow", {"seconds": 1}),
    ):
        stack.sandbox.set_switch("bank", "debit", mode, rate=0.1, **hold)
    payers = [new_payer(stack, parking=[40] * 40, daily=9_000_000) for _ in range(4)]
    with Stream(payers, SEED + 7):
        for _ in range(3):
            time.sleep(chance.uniform(1.0, 2.0))
            stack.kill(chance.choice(VICTIMS))
        time.sleep(1)
    stack.sandbox.clear_switches()
    settled(stack)
    check(stack, stack.sandbox)


def test_the_whole_copy_killed_and_started_again_keeps_everything(own_stack: Stack) -> None:
    stack = own_stack
    payer = new_payer(stack, parking=[25] * 6)
    done = payer.citizen.pay(payer.bill_ids()[:2], payer.link["id"])
    stack.stop()
    started_at = time.monotonic()
    stack.start()
    assert time.monotonic() - started_at < 30
    assert payer.citizen.call("GET", f"/v1/payments/{done['id']}")["status"] == "captured"
    assert payer.citizen.pay(payer.bill_ids()[2:], payer.link["id"])["status"] == "captured"
    settled(stack)
    check(stack, stack.sandbox)


def test_pushes_go_on_though_the_broker_is_flushed_and_worker_and_sender_are_killed(own_stack: Stack) -> None:
    stack = own_stack
    before = _counts(stack)
    city = push_city.settle_phones(stack.database_url, PHONES, gone_share=0.05, name=f"flushed-{SEED}")
    event = push_city.line_up(stack.database_url, urgency=4)
    for victim, share in (("pusher", 0.4), ("worker", 0.7)):
        so_many = before["accepted"] + share * len(city.live)
        wait_until(lambda so_many=so_many: _counts(stack)["accepted"] > so_many, seconds=30 + PHONES / 200, every=0.05)
        with redis.Redis(port=int((stack.state_dir / "redis.port").read_text())) as broker:
            broker.flushall()
        stack.kill(victim)
    seconds = wait_until(lambda: _handed_over(stack, event) == len(city.live), seconds=60)
    found = _counts(stack)
    repeated = found["repeated"] - before["repeated"]
    print(f"{PHONES} phones, done {seconds:.1f} s after the last kill, {repeated:.0f} calls repeated")
    assert found["accepted"] - found["repeated"] >= before["accepted"] - before["repeated"] + len(city.live)
    assert repeated <= 32
    settled(stack)


def _counts(stack: Stack) -> dict[str, float]:
    answer: dict[str, float] = urllib3.request("GET", f"{stack.sandbox_url}/fcm/counts").json()
    return answer


def _handed_over(stack: Stack, event: uuid.UUID) -> int:
    with stack.database() as connection:
        row = connection.execute(
            "SELECT count(*) FROM notify.delivery WHERE event_id = %s AND status = 'handed_over'", (event,)
        ).fetchone()
        assert row is not None
        return int(str(row[0]))


@pytest.fixture
def engines() -> Iterator[tuple[embedded.Postgres, embedded.Redis, Path]]:
    """PostgreSQL and Redis that are not the product's own, as in a data centre."""
    folder = Path("/var/tmp") / f"mykh-engines-{os.getpid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    postgres, redis = embedded.start_postgres(folder), embedded.start_redis(folder)
    embedded.make_database(postgres, "city")
    yield postgres, redis, folder
    redis.stop()
    postgres.stop(immediately=True)
    shutil.rmtree(folder, ignore_errors=True)


def test_database_and_broker_gone_for_twenty_seconds_are_survived_without_a_restart(
    engines: tuple[embedded.Postgres, embedded.Redis, Path],
) -> None:
    postgres, redis, folder = engines
    state = Path("/var/tmp") / f"mykh-outage-{os.getpid()}"
    stack = Stack(state, DATABASE_URL=postgres.url("city"), BROKER_URL=redis.url)
    stack.environment["DATABASE_URL"], stack.environment["BROKER_URL"] = postgres.url("city"), redis.url
    stack.start()
    restarted: list[object] = []
    try:
        assert not (state / "postgres").exists(), "a given database was not used alone"
        payers = [new_payer(stack, parking=[30] * 200, daily=9_000_000) for _ in range(2)]
        with Stream(payers, SEED):
            time.sleep(1)
            postgres.stop(immediately=True)
            time.sleep(1)
            with pytest.raises(Refused) as refused:
                payers[0].citizen.call("GET", "/v1/me")
            assert refused.value.status == 503
            assert int(refused.value.headers["Retry-After"]) > 0
            assert urllib3.request("GET", f"{stack.api_url}/readyz").status == 503
            assert urllib3.request("GET", f"{stack.api_url}/healthz").status == 200
            time.sleep(19)
            restarted.append(embedded.start_postgres(folder))
            _answers_again(payers[0])
            port = int(redis.url.rsplit(":", 1)[1].split("/")[0])
            redis.process.kill()
            redis.process.wait()
            time.sleep(1)
            before = _captured(stack)
            time.sleep(18)
            assert _captured(stack) > before, "payments stopped though only the broker is away"
            restarted.append(embedded.start_redis(folder, port=port))
            time.sleep(1)
        settled(stack)
        check(stack, stack.sandbox)
    finally:
        stack.stop()
        for engine in restarted:
            engine.stop()  # type: ignore[attr-defined]
        shutil.rmtree(state, ignore_errors=True)


def _captured(stack: Stack) -> int:
    with stack.database() as connection:
        (number,) = connection.execute("SELECT count(*) FROM wallet.payment WHERE status = 'captured'").fetchone()  # type: ignore[misc]
        return int(str(number))


def _answers_again(payer: Payer) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            payer.citizen.call("GET", "/v1/me")
            return
        except Refused as refused:
            assert refused.status == 503
            time.sleep(0.2)
    raise AssertionError("no answer 15 s after PostgreSQL came back")


def test_what_has_happened_goes_on_at_once_though_nobody_asks_for_the_sweeps(own_stack: Stack) -> None:
    beat = own_stack.pid("beat")
    os.kill(beat, signal.SIGSTOP)
    try:
        # The code that she types comes by an event that the API hands to the worker itself.
        new_payer(own_stack)
    finally:
        os.kill(beat, signal.SIGCONT)
