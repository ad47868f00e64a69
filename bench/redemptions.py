"""Redemptions a second over HTTP at 32 tills' requests at once, beside pgbench's TPC-B on the same PostgreSQL in turns.

    python -m bench.redemptions [--rounds N] [--seconds N] [--no-messages] [--profile FOLDER]

A redemption is POST /v1/merchant/redemptions with a code that a phone made: till and key found, code weighed and used
up, sign-in looked at, limits counted, points taken from their lots, history, book, event, answer kept under its
Idempotency-Key; committed durably. Everybody has five lots. What follows (a message to the person) runs in the worker
at the same time, unless it is stopped. At the end lots, history and book are compared to the point.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
import psycopg
from sqlalchemy import text

from bench import load, running
from bench.payers import national_ids
from core import clock, db
from core.crypto import token_hash
from core.ids import new_uuid
from core.text import Text
from identity import levels, people, sessions
from ledger import audit, book
from points.campaigns import ASSET, Terms, open_campaign
from points.entries import About, Change, account_code, write_entry
from points.lots import end_of_lot
from points.till import pay_codes

CLIENTS = 32
AIM = 0.2
SCALE = 50
_LOTS, _POINTS_PER_LOT = 5, 2_000
_POINTS = 3
_KEYS_PER_SESSION = 40
_KEYS_PER_SECOND = 250


@dataclass(frozen=True, slots=True)
class Phone:
    """Somebody signed in with points."""

    person_id: UUID
    token: str


@dataclass
class Round:
    """One round: redemptions answered within the window, the seconds of each, and what the parts cost."""

    seconds: float
    tpc_b: float = 0.0
    drain_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Redemptions a second."""
        return len(self.latencies) / self.seconds


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured, over all rounds."""

    rounds: list[Round]

    @property
    def ratio(self) -> float:
        """Redemptions a second beside TPC-B transactions a second: the median of the rounds' ratios."""
        return statistics.median(each.rate / each.tpc_b for each in self.rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--scale", type=int, default=SCALE, help="of TPC-B")
    parser.add_argument("--no-messages", action="store_true", help="stop the worker meanwhile")
    parser.add_argument("--profile", type=Path, help="write a flame graph of the API here")
    chosen = parser.parse_args()
    show(
        measure(
            rounds=chosen.rounds, seconds=chosen.seconds, people=chosen.people, scale=chosen.scale,
            messages=not chosen.no_messages, profile=chosen.profile,
        )
    )  # fmt: skip


def measure(
    *,
    rounds: int,
    seconds: float,
    people: int = 400,
    scale: int = SCALE,
    messages: bool = True,
    profile: Path | None = None,
) -> Result:
    """Run the rounds on a copy of the product of its own. Raises SystemExit when the books disagree afterwards."""
    with running.product() as product:
        database = db.configure(product.database_url)
        phones, tills = _people(database, people), _tills(database, 16)
        with psycopg.connect(product.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE tpcb")
            connection.execute("UPDATE points.velocity_limit SET most_points = 1000000000, most_times = 1000000000")
        product.pgbench("tpcb", "--initialize", "--scale", str(scale), "--quiet")
        _redeem(product, phones, tills, Round(min(3.0, seconds)), messages=messages)
        done = []
        for number in range(rounds):
            each = Round(seconds)
            print(f"round {number + 1} of {rounds}", end="", flush=True)
            _redeem(product, phones, tills, each, messages=messages, profile=profile if number == rounds - 1 else None)
            with psycopg.connect(product.url_of("postgres"), autocommit=True) as connection:
                connection.execute("CHECKPOINT")
            each.tpc_b = _tpc_b(product, max(3, int(seconds / 2)))
            caught_up = f"caught up after {each.drain_seconds:.1f} s"
            print(f"  {each.rate:,.0f} redemptions/s ({caught_up}), TPC-B {each.tpc_b:,.0f}")
            done.append(each)
        check(database)
        database.engine.dispose()
    return Result(done)


def show(result: Result) -> None:
    """Print the rates, the latencies, and where the processors' time went."""
    rounds = result.rounds
    latencies = [seconds for each in rounds for seconds in each.latencies]
    print(
        f"\n{CLIENTS} clients: {statistics.median(each.rate for each in rounds):,.0f} redemptions/s "
        f"({min(each.rate for each in rounds):,.0f} to {max(each.rate for each in rounds):,.0f}), "
        f"p50 {load.percentile(latencies, 0.5) * 1000:,.0f} ms, p99 {load.percentile(latencies, 0.99) * 1000:,.0f} ms\n"
        f"TPC-B: {statistics.median(each.tpc_b for each in rounds):,.0f} transactions/s; "
        f"ratio {result.ratio:.3f}, aim {AIM}\n"
    )
    print(f"{'processor time':<16}{'ms each':>10}   (load and catching up together)")
    for name in sorted({name for each in rounds for name in each.cpu}):
        print(f"{name:<16}{sum(each.cpu.get(name, 0.0) for each in rounds) * 1000 / len(latencies):>10.2f}")


def check(database: db.Database) -> None:
    """Compare redemptions, lots, history and book. Raises SystemExit naming what disagrees."""
    with database.unit_of_work() as session:
        done = session.execute(
            text("SELECT coalesce(sum(points), 0) FROM points.redemption WHERE status = 'done'")
        ).scalar()
        others = session.execute(text("SELECT count(*) FROM points.redemption WHERE status <> 'done'")).scalar()
        used = session.execute(text("SELECT sum(amount - remaining) FROM points.lot")).scalar()
        told = session.execute(text("SELECT -sum(amount) FROM points.entry WHERE kind = 'spend'")).scalar()
        accounts = session.execute(text("SELECT DISTINCT 'points:merchant:' || merchant_id FROM points.redemption"))
        earned = sum(book.balance(session, book.account_id(code)).posted for code in accounts.scalars())
        claims = {
            "every redemption is done": others == 0,
            "lots": used == done,
            "history": told == done,
            "merchants": earned == done,
            "the book balances": all(line.is_balanced for line in book.trial_balance(session))
            and not audit.disagreements(session),
        }
    print(f"{done:,} points: " + ", ".join(claim for claim, holds in claims.items() if holds) + " agree")
    broken = [claim for claim, holds in claims.items() if not holds]
    if broken:
        raise SystemExit(f"not so: {broken}: redeemed {done}, lots {used}, history {told}, merchants {earned}")


def _redeem(
    product: running.Product,
    phones: Sequence[Phone],
    tills: Sequence[str],
    each: Round,
    *,
    messages: bool,
    profile: Path | None = None,
) -> None:
    codes = _codes(product, phones, each.seconds)
    if not messages:
        os.kill(product.pid("worker"), signal.SIGSTOP)
    flame = _flame(product, profile, each.seconds) if profile else None
    before = product.cpu_seconds()
    until = time.perf_counter() + each.seconds
    load.drive(product.port, [_client(codes, tills[number % len(tills)], each, until) for number in range(CLIENTS)])
    ended = time.perf_counter()
    if not messages:
        each.cpu = running.difference(before, product.cpu_seconds())
        os.kill(product.pid("worker"), signal.SIGCONT)
    while _pending(product):
        time.sleep(0.2)
    each.drain_seconds = time.perf_counter() - ended
    each.cpu = each.cpu or running.difference(before, product.cpu_seconds())
    if flame is not None:
        flame.wait()


def _client(codes: deque[tuple[str, bytes, int]], till: str, each: Round, until: float) -> load.Client:
    """Takes one code after the other."""
    while True:
        started = time.perf_counter()
        if started >= until:
            return
        if not codes:
            raise load.LoadFailed("the codes ran out")
        number, key, back = codes.popleft()
        code = pay_codes.code_of(number, key, int(time.time()) // pay_codes.STEP_SECONDS - back)
        headers = {"Authorization": f"Bearer {till}", "Idempotency-Key": secrets.token_hex(16)}
        answer = yield load.request(
            "POST", "/v1/merchant/redemptions", headers, orjson.dumps({"code": code, "points": _POINTS})
        )
        if answer.status == 409 and b"pay-code-" in answer.body:
            # The step went by between the two: a cashier would scan again.
            continue
        if answer.status != 201 or b'"status":"done"' not in answer.body:
            raise load.LoadFailed(f"{answer.status}: {answer.body[:500]!r}")
        now = time.perf_counter()
        if now <= until:
            each.latencies.append(now - started)


def _codes(product: running.Product, phones: Sequence[Phone], seconds: float) -> deque[tuple[str, bytes, int]]:
    """Keys enough for the round, so that none waits for its phone's next step: of each the code of the step before, and
    later the one of the present step."""
    _forget_keys(product)
    wanted = min(len(phones) * (_KEYS_PER_SESSION - 1), int(seconds * _KEYS_PER_SECOND))
    keys: list[tuple[str, bytes]] = []
    turns = iter(itertools.islice(itertools.cycle(phones), wanted))

    def ask() -> load.Client:
        for phone in turns:
            answer = yield load.request("POST", "/v1/points/pay-codes", {"Authorization": f"Bearer {phone.token}"})
            if answer.status != 201:
                raise load.LoadFailed(f"{answer.status}: {answer.body[:300]!r}")
            given = orjson.loads(answer.body)
            keys.append((given["number"], base64.urlsafe_b64decode(given["key"] + "=")))

    load.drive(product.port, [ask() for _ in range(8)])
    return deque((number, key, back) for back in (1, 0) for number, key in keys)


def _forget_keys(product: running.Product) -> None:
    with psycopg.connect(product.database_url, autocommit=True) as connection:
        connection.execute("UPDATE points.pay_token SET made_at = made_at - interval '1 hour'")


def _people(database: db.Database, count: int) -> list[Phone]:
    now = clock.now()
    terms = Terms(
        code="bench", name=Text("測試", "bench"), bureau="economic", rail="bench", points_per_payment=1,
        points_per_step=0, step_twd=100, points_per_person_and_day=None, lifetime_months=12,
        valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=30),
    )  # fmt: skip
    found: list[Phone] = []
    with database.unit_of_work() as session:
        campaign = open_campaign(session, terms, budget_points=10**10, now=now)
        budget = book.account_id("points:campaign:bench")
        for number, national_id in enumerate(itertools.islice(national_ids(), count)):
            person_id = people.enrol(
                session, national_id=national_id, mobile=f"09{number:08d}", password_hash="-",
                proofing_level=levels.PROVED_BY_MOBILE, language="zh-TW", now=now,
            )  # fmt: skip
            assert person_id is not None
            issued = sessions.begin(
                session, person_id=person_id, amr=("swk", "user"), transport="bearer", user_agent="bench",
                replaces=None, now=now,
            )  # fmt: skip
            book.open_account(session, account_code(person_id), ASSET, now=now, never_negative=True)
            changes = []
            for months in range(1, _LOTS + 1):
                lot_id, payment_id = new_uuid(), new_uuid()
                session.execute(
                    _LOT,
                    {"person_id": person_id, "id": lot_id, "campaign": campaign, "payment": payment_id,
                     "points": _POINTS_PER_LOT, "now": now, "until": end_of_lot(now, months)},
                )  # fmt: skip
                about = About("payment", payment_id)
                words = Text("測試", "bench")
                changes.append(Change(person_id, lot_id, about, "earn", payment_id, _POINTS_PER_LOT, budget, words))
            write_entry(session, *changes, now=now)
            found.append(Phone(person_id, issued.token))
    return found


def _tills(database: db.Database, count: int) -> list[str]:
    """Tokens of tills with an open shift, each of a merchant of its own."""
    now, found = clock.now(), []
    with database.unit_of_work() as session:
        for number in range(count):
            token = secrets.token_urlsafe(32)
            ids = {name: new_uuid() for name in ("merchant", "branch", "staff", "till", "shift", "owner")}
            values = {**ids, "number": f"{number:04d}", "business_id": f"{83_000_000 + number}", "now": now,
                      "until": now + timedelta(hours=12), "hash": token_hash(token)}  # fmt: skip
            for statement in _SHOP:
                session.execute(statement, values)
            found.append(token)
    return found


def _pending(product: running.Product) -> int:
    with psycopg.connect(product.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM core.outbox WHERE settled_at IS NULL").fetchone()
    assert row is not None
    return int(row[0])


def _tpc_b(product: running.Product, seconds: int) -> float:
    report = product.pgbench(
        "tpcb", "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}"
    )
    return float(re.findall(r"tps = ([\d.]+)", report)[0])


def _flame(product: running.Product, folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    spy = str(Path(sys.executable).with_name("py-spy"))
    options = ["--subprocesses", "--function", "--gil", "--nonblocking", "--rate", "199", "--format", "raw"]
    output = ["--duration", f"{seconds:.0f}", "--output", str(folder / "api.folded")]
    command = [spy, "record", "--pid", str(product.pid("api")), *options, *output]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _statements() -> Iterator[str]:
    yield """INSERT INTO points.merchant (id, business_id, name, category, owner_person_id, phone, status, applied_at,
                                          approved_at)
             VALUES (:merchant, :business_id, '測試', 'food', :owner, '075550123', 'approved', :now, :now)"""
    yield """INSERT INTO points.branch (id, merchant_id, name, address, district, latitude, longitude, shop_code,
                                        opened_at)
             VALUES (:branch, :merchant, '總店', '五福四路 1 號', '64000010', 22.6237, 120.2841, 'BENCH0' || :number,
                     :now)"""
    yield """INSERT INTO points.staff (id, merchant_id, number, name, pin_hash, added_at)
             VALUES (:staff, :merchant, '01', '測試', '-', :now)"""
    yield """INSERT INTO points.till (id, merchant_id, branch_id, name, token_hash, added_at, enrolled_at)
             VALUES (:till, :merchant, :branch, '一', :hash, :now, :now)"""
    yield """INSERT INTO points.till_shift (id, till_id, staff_id, begun_at, ends_at)
             VALUES (:shift, :till, :staff, :now, :until)"""


_SHOP = tuple(map(text, _statements()))
_LOT = text(
    """
    INSERT INTO points.lot (person_id, id, campaign_id, payment_id, basis_twd, amount, remaining, earned_at, expires_at)
    VALUES (:person_id, :id, :campaign, :payment, 100, :points, :points, :now, :until)
    """
)


if __name__ == "__main__":
    main()
