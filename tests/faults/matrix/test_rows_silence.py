"""Rows 9 to 11: a rail that says nothing, whether or not it acted, and one that cannot even be asked."""

from __future__ import annotations

from typing import Any

import pytest
from citizen import Refused
from running_city import City, CityPayer
from waiting import wait_until


def unanswered(payer: CityPayer, mode: str) -> dict[str, Any]:
    """A payment whose debit the bank did not answer."""
    payer.city.stack.sandbox.set_switch("bank", "debit", mode, count=1, seconds=0.1)
    payment = payer.by_bank()
    assert payment["status"] == "unknown"
    return payment


def test_row_09_a_debit_that_never_happened_is_found_out_and_only_then_the_bill_is_owed_again(city: City) -> None:
    payer = city.payer(parking=(60,))
    city.stack.sandbox.set_switch("bank", "debit_lookup", "error_500")
    payment = unanswered(payer, "timeout_before")
    assert payer.owed() == []
    city.let_pass(minutes=11)
    wait_until(lambda: city.number("SELECT max(times_asked) FROM wallet.payment WHERE status = 'unknown'") >= 1)
    assert (payer.status(payment), payer.owed()) == ("unknown", [])
    city.stack.sandbox.clear_switches()
    city.let_pass(minutes=6)
    assert payer.becomes(payment, "failed", "captured") == "failed"
    assert payer.now(payment)["failure"]["code"] == "not_executed"
    assert payer.owed() == [60]
    assert payer.by_bank()["status"] == "captured"


def test_row_09_within_ten_minutes_a_debit_that_never_happened_is_ordered_once_more(city: City) -> None:
    payer = city.payer(parking=(60,))
    payment = unanswered(payer, "timeout_before")
    assert payer.becomes(payment, "captured", "failed") == "captured"
    assert len(city.stack.sandbox.debits(reference=payment["id"])) == 1


@pytest.mark.parametrize("mode", ["timeout_after", "error_500_after", "bad_signature"])
def test_row_10_a_debit_that_did_happen_is_found_out_and_nobody_pays_it_again_meanwhile(city: City, mode: str) -> None:
    payer = city.payer(parking=(60,))
    city.stack.sandbox.set_switch("bank", "debit", mode, count=1)
    city.stack.sandbox.set_switch("bank", "debit_lookup", "error_500", count=1)
    payment = payer.by_bank()
    assert payment["status"] == "unknown"
    with pytest.raises(Refused) as refused:
        payer.by_bank()
    assert (refused.value.status, refused.value.slug) == (409, "bill-being-paid")
    city.let_pass(seconds=30)
    assert payer.becomes(payment, "captured", "failed") == "captured"
    assert len(city.stack.sandbox.debits(reference=payment["id"])) == 1


def test_row_11_what_cannot_be_asked_for_a_day_stays_unknown_and_alarms_and_is_never_guessed(city: City) -> None:
    payer = city.payer(parking=(60,))
    for operation in ("debit_lookup", "statement"):
        city.stack.sandbox.set_switch("bank", operation, "error_500")
    payment = unanswered(payer, "timeout_after")
    for _ in range(5):
        city.let_pass(hours=5)
        city.sweep("wallet.resolve_due", "wallet.reconciliation.look_for_missing")
    wait_until(lambda: city.breaks(f"&payment_id={payment['id']}"), seconds=30)
    (found,) = city.breaks(f"&payment_id={payment['id']}")
    assert (found["kind"], found["cause"], found["ours"]) == ("missing_theirs", "not_decided", 60)
    assert city.metric('mykaohsiung_open_breaks{kind="missing_theirs"}') >= 1
    payer.sign_in_again()
    assert (payer.status(payment), payer.owed()) == ("unknown", [])
    city.stack.sandbox.clear_switches()
    city.let_pass(minutes=6)
    assert payer.becomes(payment, "captured", "failed") == "captured"
    city.sweep("wallet.reconciliation.catch_up")
    wait_until(lambda: not city.breaks(f"&payment_id={payment['id']}"), seconds=30)
