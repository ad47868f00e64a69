"""A month of payments over every rail, everybody outside misbehaving, and at its end every dollar explained.

    python -m bench.month [--payments N] [--days N] [--people N] [--seed N] [--picture FILE]

The product runs as `mykaohsiung run` starts it, its clock put from day to day. People pay over HTTP by every rail there
is; each way in which a partner can misbehave strikes one request in twenty. Files of all rails are fetched each day,
money comes back, is disputed and paid twice, and a finance officer tries to close each day. Then the switches are
turned off, the last files come, and our book is held against everybody else's.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import urllib3
from celery import Celery

from api import demo_bureaus
from api.demo import FINES_HEADER, PARKING_HEADER
from bench import month_books, month_plot, running
from bench.month_books import Verdict
from bench.month_people import NotDone, Person
from bench.month_plot import Day
from bench.payers import enrol, national_ids
from core import clock, db
from core.clock import TAIPEI
from identity import officer_sessions, officers
from partners.desk.books import Books
from partners.desk.misbehaviour import MODES, OPERATIONS
from partners.desk.switches import is_applicable

RATE = 0.05
CLIENTS = 16
_PAYMENTS_A_DAY_EACH = 4
_SPARE_BILLS = 3
_CHARGEBACKS, _WON = 0.03, 0.5
_SETTLING_DAYS = 12
# A partner that is silent holds a connection; a second of it shows as much as ten.
_SECONDS = {"slow": 0.1, "timeout_before": 0.3, "timeout_after": 0.3, "maintenance": 1.0}
_NIGHTLY = (
    "wallet.expire_abandoned_payments", "wallet.resolve_due", "wallet.take_return_files",
    "wallet.fetch_collection_files", "wallet.send_due_refunds", "wallet.send_due_overpayments",
    "wallet.find_overpayments", "wallet.send_due_notices.parking", "wallet.send_due_notices.fines",
    "wallet.reconciliation.fetch_files", "wallet.reconciliation.catch_up",
)  # fmt: skip


@dataclass
class Month:
    """What came of it."""

    seed: int
    people: int
    days: list[Day] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    seconds: float = 0.0

    @property
    def payments(self) -> int:
        """All payments there are, cash included, whatever became of them."""
        return sum(sum(statuses.values()) for statuses in self.verdict.payments.values())


def main() -> None:
    """Live through it, print what came of it, end with 1 where something is not explained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payments", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0, help="0: a new one, which is printed")
    parser.add_argument("--picture", type=Path, help="write the plot here")
    chosen = parser.parse_args()
    month = measure(payments=chosen.payments, days=chosen.days, people=chosen.people, seed=chosen.seed)
    show(month)
    if chosen.picture:
        title = f"{month.payments:,} payments, {chosen.days} days, everything misbehaving at 5 % (seed {month.seed})"
        chosen.picture.write_text(month_plot.svg(month.days, title=title))
    if month.verdict.wrong:
        sys.exit(1)


def measure(*, payments: int, days: int, people: int, seed: int = 0) -> Month:
    """Run it on a copy of the product of its own; the same seed makes the same wishes and the same faults."""
    seed = seed or random.SystemRandom().randrange(1, 10**9)
    print(f"seed {seed}", flush=True)
    month, began = Month(seed, people), time.monotonic()
    with running.state_folder() as folder:
        ahead = folder / "clock"
        product = running.Product(folder, CLOCK_AHEAD_FILE=str(ahead), ARGON2_MEMORY_KIB="1024")
        clock.follow(ahead)
        try:
            product.start()
            _City(product, ahead, month).live(payments, days)
        finally:
            clock.follow(None)
            product.stop()
    month.seconds = time.monotonic() - began
    return month


def show(month: Month) -> None:
    """Print payments by rail and status, files, breaks, closed days, and what is wrong."""
    print(f"seed {month.seed}: {month.payments:,} payments of {month.people} people in {month.seconds:,.0f} s")
    for rail, statuses in month.verdict.payments.items():
        print(f"  {rail:<22}" + "  ".join(f"{name} {number:,}" for name, number in sorted(statuses.items())))
    for what, counted in (("people saw", month.seen), ("days", month.closed), ("breaks", month.verdict.breaks),
                          ("of them open", month.verdict.open_breaks)):  # fmt: skip
        print(f"  {what}: " + ", ".join(f"{name} {number:,}" for name, number in counted.most_common()))
    for source, statuses in month.files.items():
        print(f"  files of {source:<12}" + "  ".join(f"{name} {number}" for name, number in sorted(statuses.items())))
    verdict = month.verdict
    print(f"  {verdict.explained} differences between our book and a rail's own, each named by a break")
    print(f"  {verdict.waiting_for_people} payments booked in another amount than agreed wait for people, as breaks")
    print(f"  NT${verdict.suspense_twd:,} in suspense, all of it of breaks that are open")
    for line in verdict.wrong:
        print(f"  WRONG: {line}")
    print("  every dollar is explained" if not verdict.wrong else f"  {len(verdict.wrong)} things are not explained")


class _City:
    """The running copy, its people and its days."""

    def __init__(self, product: running.Product, ahead: Path, month: Month) -> None:
        self.product, self.ahead, self.month = product, ahead, month
        self.url = f"http://127.0.0.1:{product.port}"
        self.sandbox = f"http://127.0.0.1:{product.sandbox_port}"
        self.http = urllib3.PoolManager(maxsize=CLIENTS * 2, retries=False)
        self.chance = random.Random(month.seed)
        self.numbers = iter(range(10**9, 10**10))
        self.today = clock.now().astimezone(TAIPEI).date() + timedelta(days=1)
        self.disputed: list[str] = []
        port = (product.state_dir / "redis.port").read_text()
        self.beat = Celery(broker=f"redis://127.0.0.1:{port}/0")

    def live(self, payments: int, days: int) -> None:
        """All of it."""
        database = db.configure(self.product.database_url)
        books = Books(self.product.state_dir / "sandbox.db", (), ())
        payers = enrol(database, books, self.product.origin, self.month.people, with_devices=True)
        people = [Person(payer, self.url, self.sandbox, self.http, payer.token) for payer in payers]
        self._owners = self._ids_of(people)
        self._begin_day(self.today)
        self._charge(people, 1)
        self._all(people, Person.sign_in)
        self._all(people, Person.settle_in)
        time.sleep(3)
        self._all(people, Person.find_card)
        self._misbehave()
        wanted = payments - len(people)
        for number in range(days):
            share = wanted * (number + 1) // days - wanted * number // days
            self._day(people, share)
            print(f"  {self.today}: {share} payments wanted, {time.strftime('%H:%M:%S')}", flush=True)
            self._night()
        self._sandbox("DELETE", "/switches")
        for _ in range(_SETTLING_DAYS):
            self._night()
        self._until_settled()
        self.month.seen.update(sum((person.seen for person in people), Counter()))
        self._look_back(days)
        self.month.verdict = month_books.verdict(self.product.database_url, self.sandbox)
        database.engine.dispose()

    def _day(self, people: list[Person], payments: int) -> None:
        active = self.chance.sample(people, min(len(people), -(-payments // _PAYMENTS_A_DAY_EACH)))
        shares = [payments // len(active) + (number < payments % len(active)) for number in range(len(active))]
        self._charge(active, max(shares) + _SPARE_BILLS)
        seeds = [self.chance.randrange(10**9) for _ in active]
        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(lambda each: each[0].day(random.Random(each[1]), each[2]),
                             zip(active, seeds, shares, strict=True)))  # fmt: skip
        self._dispute(active)

    def _night(self) -> None:
        """The processor closes its batch, the day ends for everybody, and what lies ready is fetched."""
        self._sandbox("POST", "/books/adyen/batches")
        self._wait_for_the_worker()
        self._begin_day(self.today + timedelta(days=1))
        for _ in range(3):
            self._sweep(*_NIGHTLY)
            self._wait_for_the_worker()
        self._sweep("wallet.reconciliation.look_for_missing")
        self._close(self.today - timedelta(days=1))

    def _begin_day(self, day: date) -> None:
        """It is nine in the morning in Taipei."""
        self.today = day
        clock.put_ahead(self.ahead, datetime.combine(day, datetime.min.time(), TAIPEI) + timedelta(hours=9)
                        - datetime.now(TAIPEI))  # fmt: skip

    def _misbehave(self) -> None:
        """Each mode strikes one request in twenty wherever it fits."""
        places = [(partner, operation) for partner, each in OPERATIONS.items() for operation in each]
        rules = [
            {"partner": "*", "operation": "*", "mode": mode, "rate": RATE,
             "params": {"seconds": _SECONDS[mode]} if mode in _SECONDS else {}}
            for mode in MODES
            if any(is_applicable(mode, *place) for place in places) and mode != "expires_soon"
        ]  # fmt: skip
        self._sandbox("PUT", "/switches", {"seed": self.month.seed, "rules": rules})

    def _charge(self, people: list[Person], each: int) -> None:
        """Each of them owes so many more; the bureaus send them in. One in four is a fine."""
        parking, fines = [PARKING_HEADER], [FINES_HEADER]
        due, seen = self.today + timedelta(days=14), self.today - timedelta(days=2)
        for person in people:
            for _ in range(each):
                number = next(self.numbers)
                if self.chance.random() < 0.25:
                    amount = self.chance.choice((300, 600, 900, 1200))
                    fines.append((f"BM{number % 10_000_000:07d}", person.payer.plate, self._owners[person.payer.plate],
                                  "", f"{seen} 10:00", "苓雅區四維三路", "5630101", "第56條第3項 違規停車", f"{due}",
                                  str(amount), "Y", "未結"))  # fmt: skip
                else:
                    amount = self.chance.choice((20, 25, 30, 40, 50, 60, 80, 120, 150, 240))
                    parking.append((f"3{number:015d}", person.payer.plate, "汽車", f"{seen}", "10:00", "四維三路",
                                    "苓雅區", "計時", str(amount), f"{due}", "未繳"))  # fmt: skip
        self._send("parking", "parking-demo", parking, "cp950")
        self._send("fines", "fines-demo", fines, "utf-8-sig")

    def _send(self, source: str, client: str, rows: list[Any], encoding: str) -> None:
        if len(rows) == 1:
            return
        key = demo_bureaus.key_path(self.product.state_dir, client)
        assertion = demo_bureaus.client_assertion(client, key, self.product.origin, clock.now())
        token = self.http.request(
            "POST", f"{self.url}/oauth/token", encode_multipart=False,
            fields={"grant_type": "client_credentials", "client_assertion": assertion,
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
        ).json()["access_token"]  # fmt: skip
        content = "\r\n".join(",".join(row) for row in rows) + "\r\n"
        answer = self.http.request(
            "POST", f"{self.url}/v1/bureau/bill-batches?source={source}", body=content.encode(encoding),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}, timeout=120.0,
        )  # fmt: skip
        taken = orjson.loads(answer.data)
        if answer.status not in (200, 201) or taken["refused"]:
            raise SystemExit(f"the bureau's file was not taken: {taken}")

    def _ids_of(self, people: list[Person]) -> dict[str, str]:
        """Whose ID number belongs to which car: people are enrolled in the order of their numbers."""
        return {person.payer.plate: number for person, number in zip(people, national_ids(), strict=False)}

    def _dispute(self, active: list[Person]) -> None:
        won, self.disputed = self.disputed, []
        for reference in won:
            if self.chance.random() < _WON:
                self._sandbox("POST", f"/books/adyen/payments/{reference}/dispute/reversal")
        for person in active:
            for reference in person.by_card:
                if self.chance.random() < _CHARGEBACKS:
                    self._sandbox("POST", f"/books/adyen/payments/{reference}/dispute/chargeback")
                    self.disputed.append(reference)
            person.by_card = []

    def _close(self, day: date) -> None:
        """A finance officer closes the day, or is told what is in the way."""
        with db.unit_of_work() as session:
            who = officers.add(session, staff_number="M00001", name="月結", bureau="treasury", roles=("finance",),
                               now=clock.now())  # fmt: skip
            token = officer_sessions.begin(session, who, amr=("hwk", "user"), transport="bearer", user_agent="",
                                           now=clock.now()).token  # fmt: skip
        answer = self.http.request("POST", f"{self.url}/v1/reconciliation/days/{day}/close", json={}, timeout=60.0,
                                   headers={"Authorization": f"Bearer {token}"})  # fmt: skip
        problem = orjson.loads(answer.data)
        if answer.status == 200:
            self.month.closed["closed"] += 1
            return
        reasons = [name for name in ("missing_files", "untyped_differences", "statement_gaps") if problem.get(name)]
        self.month.closed["kept open: " + ", ".join(reasons or [str(answer.status)])] += 1
        if problem.get("untyped_differences"):
            print(f"  {day}: {problem['untyped_differences']}", flush=True)

    def _sweep(self, *names: str) -> None:
        for name in names:
            self.beat.send_task("sweeps.run", args=[name], queue="sweeps", ignore_result=True)

    def _wait_for_the_worker(self, seconds: float = 8.0) -> None:
        """Until nothing waits in its queues and hardly an event is open; faults may keep some open for long."""
        time.sleep(0.5)
        deadline = time.monotonic() + seconds
        with self.beat.connection_for_read() as connection:
            while time.monotonic() < deadline:
                waiting = connection.default_channel.client.llen("sweeps") + connection.default_channel.client.llen(
                    "events"
                )
                if waiting == 0 and self._number(_STILL_OPEN) == 0:
                    return
                time.sleep(0.3)

    def _until_settled(self) -> None:
        for _ in range(30):
            self._sweep(*_NIGHTLY)
            self._wait_for_the_worker()
            if self._number(_UNDER_WAY) == 0:
                return
            self._begin_day(self.today + timedelta(days=1))

    def _look_back(self, days: int) -> None:
        with psycopg.connect(self.product.database_url, autocommit=True) as connection:
            rows = connection.execute(_DAYS).fetchall()
            for source, status, number in connection.execute(
                "SELECT source, CASE status WHEN 'refused' THEN 'refused: ' || refusal ELSE status END, count(*) "
                "FROM wallet.statement_file GROUP BY 1, 2 ORDER BY 1, 2"
            ):
                self.month.files.setdefault(str(source), {})[str(status)] = int(number)
        self.month.days = [Day(*row) for row in rows]

    def _number(self, question: str) -> int:
        with psycopg.connect(self.product.database_url, autocommit=True) as connection:
            return int(connection.execute(question).fetchone()[0])  # type: ignore[index]

    def _sandbox(self, method: str, path: str, body: Any = None) -> None:
        answer = self.http.request(method, self.sandbox + path, json=body, timeout=120.0)
        if answer.status >= 500:
            raise SystemExit(f"{method} {path}: {answer.status} {answer.data.decode()[:300]}")

    def _all(self, people: list[Person], act: Any) -> None:
        def one(person: Person) -> None:
            try:
                act(person)
            except NotDone as problem:
                person.seen[str(problem)] += 1

        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(one, people))


_STILL_OPEN = "SELECT count(*) FROM core.outbox WHERE settled_at IS NULL"
_UNDER_WAY = (
    "SELECT (SELECT count(*) FROM wallet.payment WHERE status IN ('debiting', 'unknown', 'action_required', "
    "'provisional', 'awaiting_authorization')) + (SELECT count(*) FROM wallet.refund WHERE status IN ('requested', "
    "'unknown', 'pending')) + (SELECT count(*) FROM core.outbox WHERE settled_at IS NULL) + (SELECT count(*) FROM "
    "wallet.bureau_notice WHERE acknowledged_at IS NULL AND gave_up_at IS NULL)"
)
_DAYS = """
WITH moved AS (
    SELECT (booked_at AT TIME ZONE 'Asia/Taipei')::date AS day, amount_twd + fee_twd AS captured, 0 AS refunded,
           0 AS returned, 0 AS breaks FROM wallet.payment WHERE booked_at IS NOT NULL
    UNION ALL
    SELECT (completed_at AT TIME ZONE 'Asia/Taipei')::date, 0, amount_twd + fee_twd, 0, 0
      FROM wallet.refund WHERE status = 'completed'
    UNION ALL
    SELECT (undone_at AT TIME ZONE 'Asia/Taipei')::date, 0, 0, amount_twd + fee_twd, 0
      FROM wallet.payment WHERE undone_at IS NOT NULL
    UNION ALL
    SELECT (opened_at AT TIME ZONE 'Asia/Taipei')::date, 0, 0, 0, 1 FROM wallet.reconciliation_break
)
SELECT day, sum(captured)::int, sum(refunded)::int, sum(returned)::int, sum(breaks)::int
  FROM moved GROUP BY day ORDER BY day
"""


if __name__ == "__main__":
    main()
