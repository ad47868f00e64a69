"""Row 43: the database as it was at T, put back; what the rails did after T is asked for, or found in their files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_city import City, new_folder
from stack import ROOT
from waiting import wait_until

from core import embedded


@pytest.fixture
def own_city() -> Iterator[City]:
    """A copy of its own: part of its memory will be lost."""
    city = City.started(new_folder("restore"))
    yield city
    city.stop()


def test_row_43_what_happened_after_the_backup_is_asked_for_or_found_and_explained(own_city: City) -> None:
    city, sandbox = own_city, own_city.stack.sandbox
    before, unanswered, on_the_page, after = (city.payer(parking=(amount,)) for amount in (101, 102, 103, 104))
    known = before.by_bank()
    sandbox.set_switch("bank", "debit_lookup", "error_500")
    sandbox.set_switch("bank", "debit", "timeout_after", count=1, seconds=0.1)
    open_debit = unanswered.by_bank()
    open_card = on_the_page.card_page()
    assert (open_debit["status"], open_card["status"]) == ("unknown", "action_required")

    backup = base_backup(city)
    sandbox.clear_switches()
    on_the_page.back(open_card, on_the_page.enter(open_card))
    lost = after.by_bank()
    city.let_pass(seconds=30)
    assert unanswered.becomes(open_debit, "captured") == "captured"

    city.stack.stop()
    put_back(city, backup)
    city.stack.start()
    assert before.status(known) == "captured"
    city.let_pass(seconds=30)
    assert unanswered.becomes(open_debit, "captured", "failed") == "captured"
    assert on_the_page.status(open_card) == "action_required"
    sandbox.asked("POST", "/books/adyen/batches")
    assert on_the_page.becomes(open_card, "captured", "failed", seconds=60) == "captured"
    assert [len(sandbox.debits(reference=each["id"])) for each in (known, open_debit, lost)] == [1, 1, 1]
    assert len(sandbox.read("adyen/payments", reference=open_card["id"])) == 1

    city.let_pass(days=1)
    city.sweep("wallet.reconciliation.fetch_files")
    wait_until(lambda: lost["id"] in [each["our_reference"] for each in city.breaks()], seconds=60)
    city.sweep("wallet.reconciliation.catch_up")
    (found,) = wait_until(lambda: len(left := city.breaks()) == 1 and left, seconds=60)
    assert (found["kind"], found["our_reference"]) == ("missing_ours", lost["id"])
    assert (found["theirs"], found["in_suspense"]) == (104, 104)
    settle(city, found["id"])
    transit = city.officer().call("GET", "/v1/reconciliation/in-transit")["items"]
    assert {each["unexplained"] for each in transit} == {0} and city.breaks() == []
    assert city.officer().call("GET", "/v1/ledger/trial-balance")["is_balanced"]
    command = [sys.executable, "-m", "api", "ledger", "verify"]
    verified = subprocess.run(
        command, cwd=ROOT, env=city.stack.environment, capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stderr


def settle(city: City, break_id: str) -> None:
    """Two officers say where the money of a payment that nobody remembers belongs."""
    wanted = {"counter_account": "bureau_payable:parking", "reason": "還原後依銀行對帳單補記"}
    proposed = city.officer().call("POST", f"/v1/reconciliation/breaks/{break_id}/adjustment", wanted)
    city.officer("second", "finance").decide(proposed["approval_id"])


def base_backup(city: City) -> Path:
    """The server's files as of now, taken while it runs."""
    into = city.stack.state_dir / "backup"
    socket = city.stack.database_url.rpartition("host=")[2]
    subprocess.run(
        [embedded.postgres_binaries() / "pg_basebackup", "-h", socket, "-U", "postgres", "-D", into, "-X", "fetch",
         "--checkpoint=fast"],
        check=True, capture_output=True,
    )  # fmt: skip
    return into


def put_back(city: City, backup: Path) -> None:
    """The backup in the place of the server's files, which must not be in use."""
    data = (city.stack.state_dir / "postgres").resolve()
    owner = data.stat()
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    for path in (data, *data.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    data.chmod(0o700)
