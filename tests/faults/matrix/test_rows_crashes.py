"""Rows 6 to 8: killed before the call to the bank, after it, and the database killed under load."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import urllib3
from citizen import Refused
from running_city import City, CityPayer
from waiting import wait_until

KILLS = 3
CLIENTS = 8


def confirm_and_be_cut_off(payer: CityPayer, payment: dict[str, Any]) -> threading.Thread:
    """Confirm in a thread whose request will die with the API."""

    def confirm() -> None:
        try:
            payer.citizen.confirm(payment)
        except (Refused, urllib3.exceptions.HTTPError):
            return

    thread = threading.Thread(target=confirm)
    thread.start()
    return thread


def kill_while_debiting(city: City, payer: CityPayer, mode: str) -> dict[str, Any]:
    """The API dies while it waits for the bank's answer; the payment as it was begun."""
    payment = payer.citizen.begin(payer.bills, payer.link)
    city.stack.sandbox.set_switch("bank", "debit", mode, count=1, seconds=2)
    thread = confirm_and_be_cut_off(payer, payment)
    wait_until(lambda: city.number("SELECT count(*) FROM wallet.payment WHERE status = 'debiting'"))
    time.sleep(0.3)
    city.stack.kill("api")
    thread.join()
    city.stack.wait_until_up()
    return payment


def test_row_06_killed_before_the_bank_acted_the_payment_ends_by_itself_with_one_debit_at_most(city: City) -> None:
    payer = city.payer(parking=(60,))
    payment = kill_while_debiting(city, payer, "timeout_before")
    assert payer.status(payment) in ("debiting", "unknown", "captured")
    city.let_pass(seconds=20)
    assert payer.becomes(payment, "captured", "failed") == "captured"
    assert len(city.stack.sandbox.debits(reference=payment["id"])) == 1


def test_row_06_killed_before_the_payers_word_nothing_is_debited_and_the_bill_comes_free(city: City) -> None:
    payer = city.payer(parking=(60,))
    payment = payer.citizen.begin(payer.bills, payer.link)
    city.stack.kill("api")
    city.stack.wait_until_up()
    city.let_pass(minutes=6)
    city.sweep("wallet.expire_abandoned_payments")
    assert payer.becomes(payment, "expired") == "expired"
    assert payer.owed() == [60] and city.stack.sandbox.debits(reference=payment["id"]) == []


def test_row_07_killed_after_the_bank_acted_the_payer_is_never_told_that_it_failed(city: City) -> None:
    payer = city.payer(parking=(60,))
    payment = kill_while_debiting(city, payer, "timeout_after")
    seen = {payer.status(payment)}
    assert payer.owed() == []
    city.let_pass(seconds=20)
    wait_until(lambda: seen.add(payer.status(payment)) or "captured" in seen)
    assert seen <= {"debiting", "unknown", "captured"}
    assert len(city.stack.sandbox.debits(reference=payment["id"])) == 1
    assert city.number("SELECT count(*) FROM wallet.receipt AS r JOIN wallet.payment AS p ON p.id = r.payment_id "
                       "JOIN wallet.payment_item AS i ON i.payment_id = p.id WHERE i.number = %s",
                       payment["bills"][0]["number"]) == 1  # fmt: skip


def test_row_08_the_database_killed_three_times_under_load_keeps_every_payment_that_was_answered(city: City) -> None:
    payers = [city.payer(parking=(30,) * 12) for _ in range(CLIENTS)]
    acknowledged: list[tuple[CityPayer, dict[str, Any]]] = []
    is_over = threading.Event()

    def pay_on(payer: CityPayer) -> None:
        bills = list(payer.bills)
        while bills and not is_over.is_set():
            try:
                begun = payer.citizen.begin(bills[:1], payer.link, key=str(uuid.uuid4()))
                done = payer.citizen.confirm(begun)
                if done["status"] == "captured":
                    acknowledged.append((payer, done))
                bills.pop(0)
            except Refused as refused:
                assert refused.status in (409, 503), refused
                if refused.slug == "bill-already-paid":
                    bills.pop(0)
                time.sleep(0.1)
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)

    threads = [threading.Thread(target=pay_on, args=(payer,)) for payer in payers]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(0.8)
        old = _postmaster(city.stack.state_dir)
        _kill_all(old)
        wait_until(partial(_is_another, city, old), seconds=30)
    time.sleep(1.5)
    is_over.set()
    for thread in threads:
        thread.join(60)
    wait_until(partial(_answers, payers))
    city.let_pass(seconds=30)
    assert len(acknowledged) > CLIENTS
    for payer, done in acknowledged:
        assert payer.becomes(done, "captured"), "a payment that was answered is gone"


def _answers(payers: list[CityPayer]) -> bool:
    """Connections of before are noticed one by one: a 503 each, which says to come again."""
    try:
        return all(payer.citizen.call("GET", "/v1/payments?limit=1") for payer in payers * 4)
    except Refused as refused:
        assert refused.status == 503
        return False


def _postmaster(state_dir: Path) -> int:
    return int((state_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def _kill_all(parent: int) -> None:
    """The server and every process of it at once, as when the power goes."""
    children = [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == parent
    ]
    for pid in (parent, *children):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _parent(entry: Path) -> int:
    try:
        text = (entry / "stat").read_text()
    except OSError:
        return 0
    return int(text[text.rindex(")") + 2 :].split()[1])


def _is_another(city: City, old: int) -> bool:
    try:
        return _postmaster(city.stack.state_dir) != old and city.number("SELECT 1") == 1
    except (OSError, ValueError, psycopg.OperationalError):
        return False
