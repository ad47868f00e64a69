"""Sign-ins a second by password and text message, beside the rate at which argon2 itself weighs passwords.

    python -m bench.sign_ins [--people N] [--seconds N] [--rounds N]

A sign-in is POST /v1/auth/password/login, the code, POST /v1/auth/otp/verify, and ends in a session. The product runs
as `mykaohsiung run` starts it; the worker stands still meanwhile (SIGSTOP), and the bench reads each code out of the
text message that waits to be sent. The yardstick, in turns with it, is the same hash weighed over and over by a thread
for each core, without HTTP or database: weighing is slow on purpose, so nothing signs people in faster than that.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import psycopg

from bench import load, running
from bench.payers import national_ids
from core import clock, crypto, db
from identity import levels, passwords, people

CONNECTIONS = 8
PASSWORD = "harbour light over two waves"
_LONGEST_WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who knows their ID number and, like everybody here, the one password."""

    id: UUID
    national_id: str


@dataclass
class Result:
    """What was measured, round by round: sign-ins and weighings a second, and how many seconds each sign-in took.

    `parameters` are argon2's as they stand in the hash.
    """

    parameters: str
    rates: list[float] = field(default_factory=list)
    hash_rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Sign-ins beside weighings: the median of the rounds' ratios."""
        return statistics.median(ours / raw for ours, raw in zip(self.rates, self.hash_rates, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=400, help="each is sent ten codes at the most")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each in each round")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    show(measure(people=chosen.people, seconds=chosen.seconds, rounds=chosen.rounds))


def measure(*, people: int, seconds: float, rounds: int) -> Result:
    """Ask a running copy of the product of its own."""
    weighed = passwords.hash_of(PASSWORD)
    result = Result(parameters=weighed.split("$")[3])
    with running.product() as product, psycopg.connect(product.database_url, autocommit=True) as connection:
        database = db.configure(product.database_url)
        turn = itertools.cycle(_enrolled(database, people, weighed))
        database.engine.dispose()
        os.killpg(product.pid("worker"), signal.SIGSTOP)
        try:
            _drive(product.port, connection, turn, min(seconds, _LONGEST_WARM_UP_SECONDS))
            for _ in range(rounds):
                started = time.perf_counter()
                latencies = _drive(product.port, connection, turn, seconds)
                result.rates.append(len(latencies) / (time.perf_counter() - started))
                result.latencies += latencies
                result.hash_rates.append(_weighings(weighed, seconds))
        finally:
            os.killpg(product.pid("worker"), signal.SIGCONT)
    return result


def show(result: Result) -> None:
    """Print both rates, their ratio, and how long a sign-in took."""
    p50, p99 = (load.percentile(result.latencies, share) * 1000 for share in (0.5, 0.99))
    print(f"argon2id {result.parameters}; {CONNECTIONS} connections, {os.cpu_count()} cores for everything")
    print(f"{statistics.median(result.rates):,.1f} sign-ins/s, p50 {p50:,.0f} ms, p99 {p99:,.0f} ms")
    print(f"{statistics.median(result.hash_rates):,.1f} weighings/s of argon2 alone; ratio {result.ratio:.2f}")


def _enrolled(database: db.Database, count: int, password_hash: str) -> list[Person]:
    found = []
    with database.unit_of_work() as session:
        for number, national_id in enumerate(itertools.islice(national_ids(), count)):
            person_id = people.enrol(
                session, national_id=national_id, mobile=f"09{number:08d}", password_hash=password_hash,
                proofing_level=levels.PROVED_BY_MOBILE, language="zh-TW", now=clock.now(),
            )  # fmt: skip
            assert person_id is not None
            found.append(Person(person_id, national_id))
    return found


def _drive(
    port: int, connection: psycopg.Connection[tuple[bytes, UUID]], turn: Iterator[Person], seconds: float
) -> list[float]:
    took: list[float] = []
    ends_at = time.perf_counter() + seconds
    is_over: Callable[[], bool] = lambda: time.perf_counter() > ends_at  # noqa: E731
    load.drive(port, [_signing_in(connection, turn, is_over, took.append) for _ in range(CONNECTIONS)])
    return took


def _signing_in(
    connection: psycopg.Connection[tuple[bytes, UUID]],
    turn: Iterator[Person],
    is_over: Callable[[], bool],
    seen: Callable[[float], None],
) -> load.Client:
    while not is_over():
        person = next(turn)
        started = time.perf_counter()
        challenge = yield _post("/v1/auth/password/login", national_id=person.national_id, password=PASSWORD)
        if challenge.status != 202:
            raise load.LoadFailed(f"{challenge.status}: {challenge.body[:300]!r}")
        challenge_id = orjson.loads(challenge.body)["challenge_id"]
        answer = yield _post("/v1/auth/otp/verify", challenge_id=challenge_id, code=_code_of(connection, person.id))
        if answer.status != 200:
            raise load.LoadFailed(f"{answer.status}: {answer.body[:300]!r}")
        seen(time.perf_counter() - started)


def _code_of(connection: psycopg.Connection[tuple[bytes, UUID]], person_id: UUID) -> str:
    row = connection.execute(_NEWEST_MESSAGE, (person_id,)).fetchone()
    assert row is not None
    sealed, sms_id = row
    message = crypto.open_sealed(bytes(sealed), table="identity.sms", column="body", row_id=sms_id).decode()
    found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", message)
    assert found is not None
    return found.group()


def _weighings(password_hash: str, seconds: float) -> float:
    """Weighings a second by as many threads as there are cores; argon2 lets go of the interpreter meanwhile."""
    ends_at = time.perf_counter() + seconds

    def weigh(_: int) -> int:
        count = 0
        while time.perf_counter() < ends_at:
            assert passwords.is_right(PASSWORD, password_hash)
            count += 1
        return count

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(weigh, range(threads))) / seconds


def _post(path: str, **body: str) -> bytes:
    return load.request("POST", path, body=orjson.dumps(body))


_NEWEST_MESSAGE = (
    "SELECT body_sealed, id FROM identity.sms WHERE person_id = %s AND body_sealed IS NOT NULL "
    "ORDER BY created_at DESC LIMIT 1"
)


if __name__ == "__main__":
    main()
