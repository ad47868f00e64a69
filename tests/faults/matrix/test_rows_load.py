"""Rows 37 to 39: no connection left, locks that last, orders that cross, and what is left to do when load ends."""

from __future__ import annotations

import os
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import urllib3
from citizen import Refused
from faults.books import settled
from running_city import City, CityPayer, at_once
from sqlalchemy.exc import DBAPIError

from core import clock, db
from core.ids import new_uuid
from ledger import book
from ledger.book import Posting

SECONDS = 60.0 if "FAULT_ROUNDS" in os.environ else 4.0
CLIENTS = 64 if "FAULT_ROUNDS" in os.environ else 16
DRAIN_SECONDS = 30.0


def test_row_37_with_no_connection_left_and_a_lock_that_lasts_people_are_told_to_come_again(city: City) -> None:
    payers = [city.payer(parking=(40,)) for _ in range(8)]
    with city.front_door(DATABASE_CONNECTIONS="2") as url, city.stack.database() as blocker:
        citizens = [payer.on_another_device(url) for payer in payers]
        blocker.autocommit = False
        plates = [payer.payer.plate for payer in payers]
        blocker.execute("SELECT 1 FROM wallet.bill WHERE plate = ANY(%s) FOR UPDATE", (plates,))
        began = time.monotonic()
        answers = at_once(24, lambda number: citizens[number % 8].begin(payers[number % 8].bills,
                                                                        payers[number % 8].link))  # fmt: skip
        took = time.monotonic() - began
        blocker.rollback()
        assert all(isinstance(each, Refused) and each.status == 503 for each in answers), answers
        assert all(int(each.headers["Retry-After"]) > 0 for each in answers)
        assert took < 25
        assert [citizen.call("GET", "/v1/payments")["items"] for citizen in citizens] == [[]] * 8
        for citizen, payer in zip(citizens, payers, strict=True):
            assert citizen.pay(payer.bills, payer.link)["status"] == "captured"


def test_row_38_payments_over_the_same_bills_in_opposite_orders_never_deadlock(city: City) -> None:
    payers = [city.payer(parking=(30,) * 6) for _ in range(4)]
    before = city.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    until = time.monotonic() + SECONDS
    seen: Counter[int] = Counter()

    def wish(number: int) -> None:
        payer = payers[number % len(payers)]
        citizen = payer.on_another_device()
        bills = payer.bills if number % 2 else payer.bills[::-1]
        while time.monotonic() < until:
            try:
                payment = citizen.begin(bills[: 2 + number % 3], payer.link)
                if number % 5 == 0:
                    citizen.call("POST", f"/v1/payments/{payment['id']}/cancellation", {})
                elif number % 7 == 0:
                    citizen.confirm(payment)
                seen[200] += 1
            except Refused as refused:
                seen[refused.status] += 1

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(wish, range(CLIENTS)))
    assert seen[200] > CLIENTS and set(seen) <= {200, 409}, seen
    after = city.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert after == before
    assert _crossing_transfers(city) == 0


def _crossing_transfers(city: City) -> int:
    """Transfers each way between two accounts that may not go below zero, by clients at once: how many failed."""
    database = db.Database(city.stack.database_url, connections=CLIENTS)
    with database.unit_of_work() as session:
        pair = [book.open_account(session, f"twd:crossing:{uuid.uuid4()}", "TWD", now=clock.now()) for _ in range(2)]

    def post(number: int) -> int:
        one, two = pair if number % 2 else pair[::-1]
        there = Posting(new_uuid(), one, two, 1, "TWD", reason="crossing", subject="crossing")
        back = Posting(new_uuid(), two, one, 1, "TWD", reason="crossing", subject="crossing")
        try:
            with database.unit_of_work() as session:
                book.post(session, [there, back], now=clock.now())
        except DBAPIError:
            return 1
        return 0

    with ThreadPoolExecutor(CLIENTS) as threads:
        failed = sum(threads.map(post, range(CLIENTS * 20)))
    database.engine.dispose()
    return failed


def test_row_39_what_a_burst_of_payments_leaves_to_do_is_done_soon_after_it_ends(city: City) -> None:
    payers = [city.payer(parking=(20,) * 8) for _ in range(8)]

    def pay_all(payer: CityPayer) -> int:
        done = [payer.by_bank(bill) for bill in payer.bills]
        return sum(each["status"] == "captured" for each in done)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(pay_all, payers)) == 64
    assert settled(city.stack, seconds=DRAIN_SECONDS) < DRAIN_SECONDS
    held = city.number("SELECT sum(debits_pending) FROM ledger.counters")
    waiting = urllib3.request("GET", f"{city.stack.api_url}/readyz").status
    assert (held, waiting) == (0, 200)
