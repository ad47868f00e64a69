"""Rows 40 and 41: rows of the book changed behind its back, and adjustments by staff."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any

import psycopg
import pytest
from citizen import Refused
from faults.books import check, settled
from running_city import City
from settling_city import adyen_file, adyen_row
from stack import ROOT

from core import db
from core.clock import now, taipei_date
from ledger import checkpoints, days


def ledger(city: City, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `mykaohsiung ledger …` against the running copy."""
    command = [sys.executable, "-m", "api", "ledger", *arguments]
    return subprocess.run(command, cwd=ROOT, env=city.stack.environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger.transfer SET amount = amount + 1",
        "DELETE FROM ledger.transfer",
        "TRUNCATE ledger.transfer CASCADE",
    ],
)
def test_row_40_the_book_refuses_to_be_changed(city: City, change: str) -> None:
    city.payer(parking=(60,)).by_bank()
    with city.stack.database() as connection, pytest.raises(psycopg.Error):
        connection.execute(change)


def test_row_40_a_row_that_a_superuser_changed_is_named(city: City) -> None:
    payer = city.payer(parking=(61,))
    payment = payer.by_bank()
    settled(city.stack)
    check(city.stack, city.stack.sandbox)
    _rolled_up(city)
    ((victim, amount),) = city.rows(
        "SELECT t.id, t.amount FROM ledger.transfer AS t JOIN wallet.payment_item AS i ON i.hold_id = t.pending_id "
        "WHERE i.number = %s",
        payment["bills"][0]["number"],
    )
    _force(city, victim, amount + 1)
    try:
        found = ledger(city, "verify")
        assert found.returncode == 1 and str(victim) in found.stderr
    finally:
        _force(city, victim, amount)
    assert ledger(city, "verify").returncode == 0


def _rolled_up(city: City) -> None:
    """What is in the book now is in its checkpoints and in the sums of its days: none of them takes over what is only
    changed for a moment."""
    database = db.Database(city.stack.database_url)
    with database.unit_of_work() as session:
        checkpoints.roll_up(session, now())
        days.sum_up(session)
    database.engine.dispose()


def test_row_41_an_adjustment_takes_two_persons_a_reason_and_one_transfer_that_auditors_see(city: City) -> None:
    mei, lin = city.officer("finance"), city.officer("second", "finance")
    reference = "pay_01jxxxxxxxxxxxxxxxxxxxxxxx"
    nobodys = adyen_row("Settled", ours=reference, theirs="PSPNOBODY0000001", gross=55, net=55, batch="9002",
                        day=taipei_date(now()))  # fmt: skip
    mei.send_file("adyen", adyen_file([nobodys], batch="9002", day=taipei_date(now())))
    (found,) = [each for each in city.breaks("&kind=missing_ours") if each["our_reference"] == reference]
    assert found["in_suspense"] == 55
    path = f"/v1/reconciliation/breaks/{found['id']}"
    wanted = {"counter_account": "bureau_payable:parking", "reason": "民眾溢繳"}
    with pytest.raises(Refused) as refused:
        mei.call("POST", f"{path}/adjustment", {**wanted, "reason": ""})
    assert refused.value.status == 422
    transfers = city.number("SELECT count(*) FROM ledger.transfer")
    proposed = mei.call("POST", f"{path}/adjustment", wanted)
    with pytest.raises(Refused) as refused:
        mei.decide(proposed["approval_id"])
    assert refused.value.status == 403
    assert city.number("SELECT count(*) FROM ledger.transfer") == transfers
    lin.decide(proposed["approval_id"])
    assert city.number("SELECT count(*) FROM ledger.transfer") == transfers + 1
    shown: dict[str, Any] = city.officer("auditor").call("GET", path)
    assert (shown["status"], shown["closed_by"], shown["history"][-1]["what"]) == ("closed", "adjustment", "adjusted")
    assert [step["note"] for step in shown["history"] if step["what"] == "proposed"] == ["民眾溢繳"]


def _force(city: City, transfer: uuid.UUID, amount: int) -> None:
    """What only the owner of the server can do."""
    with city.stack.database() as connection:
        connection.autocommit = False
        connection.execute("ALTER TABLE ledger.transfer DISABLE TRIGGER transfer_is_immutable")
        connection.execute("UPDATE ledger.transfer SET amount = %s WHERE id = %s", (amount, transfer))
        connection.execute("ALTER TABLE ledger.transfer ENABLE ALWAYS TRIGGER transfer_is_immutable")
        connection.commit()
