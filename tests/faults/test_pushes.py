"""kill -9 of senders in the middle of a send, and every mood of the provider: all is delivered, no phone rings twice."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
import urllib3
from sandbox_process import SandboxBooks, SandboxProcess, start_sandbox

from bench import push_city
from bench.pushers import Pushers, wait_until
from core import db

IS_LONG = int(os.environ.get("FAULT_ROUNDS", "10")) >= 200
DEVICES = 100_000 if IS_LONG else 3_000
KILLS = 8 if IS_LONG else 3
MOOD_SECONDS = 60 if IS_LONG else 3
MOOD_DEVICES = 20_000 if IS_LONG else 600
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
# Calls that a sender of 32 threads can have in the air when it is killed.
IN_THE_AIR = 32
MOODS: list[tuple[str, dict[str, float]]] = [
    ("quota", {"seconds": MOOD_SECONDS}),
    ("timeout_before", {"seconds": 0}),
    ("maintenance", {"seconds": MOOD_SECONDS}),
    ("error_500", {}),
]

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = start_sandbox(Path(tmp_path_factory.mktemp("push-faults")))
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxBooks]:
    books = SandboxBooks(sandbox_process.url)
    books.clear_switches()
    books.reset()
    yield books
    books.clear_switches()


def counts(sandbox: SandboxBooks) -> dict[str, float]:
    answer: dict[str, float] = urllib3.request("GET", f"{sandbox.url}/fcm/counts").json()
    return answer


def has_taken(sandbox: SandboxBooks, number: float) -> bool:
    return counts(sandbox)["accepted"] >= number


def is_done(database: db.Database) -> bool:
    with psycopg.connect(database.url) as connection:
        return connection.execute("SELECT 1 FROM notify.delivery WHERE status = 'pending' LIMIT 1").fetchone() is None


def check(database: db.Database, city: push_city.PhoneCity, found: dict[str, float]) -> None:
    """Every phone that is there shows the message once; the others are forgotten."""
    assert push_city.states(database.url) == {"handed_over": len(city.live), "gone": len(city.gone)} or not city.gone
    assert found["notified"] == len(city.live)
    assert found["accepted"] == found["notified"] + found["repeated"]
    with psycopg.connect(database.url) as connection:
        gone = connection.execute(
            "SELECT count(*) FROM notify.device WHERE gone_reason = 'unregistered' AND address_sealed IS NULL"
        ).fetchone()
    assert gone == (len(city.gone),)


def test_senders_killed_in_the_middle_deliver_all_within_a_minute_and_no_phone_rings_twice(
    database: db.Database, sandbox: SandboxBooks, tmp_path: Path
) -> None:
    print(f"\nFAULT_SEED={SEED} devices={DEVICES}")
    chance = random.Random(SEED)
    city = push_city.settle_phones(database.url, DEVICES, gone_share=0.05)
    push_city.line_up(database.url, urgency=3)
    with Pushers(database.url, sandbox.url, tmp_path, number=2) as pushers:
        for nth in range(KILLS):
            enough = len(city.live) * (nth + chance.uniform(0.2, 0.8)) / (KILLS + 1)
            wait_until(partial(has_taken, sandbox, enough), seconds=300, every=0.02)
            pushers.kill(chance.randrange(2))
        left = push_city.states(database.url).get("pending", 0)
        seconds = wait_until(lambda: is_done(database), seconds=60)
        found, in_doubt = counts(sandbox), pushers.in_doubt()
    print(
        f"{KILLS} kills, {left} left at the last: done {seconds:.1f} s later; {found}; {in_doubt} calls were in the air"
    )
    check(database, city, found)
    assert found["repeated"] <= in_doubt <= KILLS * IN_THE_AIR


@pytest.mark.parametrize(("mode", "params"), MOODS if IS_LONG else MOODS[:2])
def test_a_provider_that_is_closed_or_broken_for_a_while_costs_no_message_and_no_attempt(
    database: db.Database, sandbox: SandboxBooks, tmp_path: Path, mode: str, params: dict[str, float]
) -> None:
    city = push_city.settle_phones(database.url, MOOD_DEVICES, gone_share=0.05)
    with Pushers(database.url, sandbox.url, tmp_path) as pushers:
        sandbox.set_switch("fcm", "send", mode, **params)
        push_city.line_up(database.url, urgency=3)
        wait_until(lambda: counts(sandbox)["refused"] > 0, seconds=30)
        time.sleep(MOOD_SECONDS)
        during = counts(sandbox)
        sandbox.clear_switches()
        seconds = wait_until(lambda: is_done(database), seconds=60)
        found = counts(sandbox)
    print(f"{mode}: {during['refused']:.0f} calls refused in {MOOD_SECONDS} s; done {seconds:.1f} s later; {found}")
    check(database, city, found)
    # Nobody knocks on a door that said until when it is closed, and few on one behind which nobody answers.
    assert during["refused"] <= 3 * IN_THE_AIR + MOOD_SECONDS
    with psycopg.connect(database.url) as connection:
        most = connection.execute("SELECT max(attempts - excused) FROM notify.delivery").fetchone()
    assert most is not None and most[0] <= (1 if mode in ("quota", "maintenance") else 6)
    assert pushers.log.read_text().count("Traceback") == 0
