"""Paying at a store, over the running product: the phone's slip, the till, the night's file, the bureau's notice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from citizen import Refused
from paying_city import Payer, new_payer
from sandbox_process import post_form
from stack import Stack


def wait_until(happened: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := happened():
            return found
        time.sleep(0.3)
    raise AssertionError("it did not happen in time")


def slip_for(payer: Payer, bill: dict[str, Any], channel: str = "store_barcode") -> dict[str, Any]:
    made = payer.citizen.call("POST", f"/v1/bills/{bill['id']}/payment-slips", {"channel": channel})
    assert isinstance(made, dict)
    return made


def pay_at(stack: Stack, slip: dict[str, Any], channel: str) -> None:
    code = {f"segment_{number}": part for number, part in enumerate(slip["segments"], 1)}
    assert post_form(f"{stack.sandbox_url}/stores/till", channel=channel, **code).status == 200


def close_the_day(stack: Stack) -> None:
    assert urllib3.request("POST", f"{stack.sandbox_url}/stores/closing").status == 201


def test_cash_at_two_stores_for_one_fine_pays_it_once_and_comes_back_once(stack: Stack) -> None:
    payer = new_payer(stack, fines=[600])
    (bill,) = payer.bills
    slip = slip_for(payer, bill)
    assert (slip["total"], slip["fee"]) == (607, 7)
    before = stack.sandbox.balance(account_of(stack, payer))
    for channel in ("7-eleven", "family"):
        pay_at(stack, slip, channel)
    close_the_day(stack)
    wait_until(lambda: payer.citizen.call("GET", f"/v1/bills/{bill['id']}")["status"] == "paid")
    wait_until(lambda: [row for row in stack.sandbox.bills("fines", number=bill["number"]) if row["status"] == "paid"])
    (found,) = wait_until(lambda: payer.citizen.call("GET", "/v1/overpayments")["items"])
    payer.citizen.call(
        "POST", f"/v1/overpayments/{found['id']}/return", {"bank_link_id": payer.link["id"]}, key="return-1"
    )
    wait_until(lambda: payer.citizen.call("GET", "/v1/overpayments")["items"][0]["status"] == "returned")
    assert stack.sandbox.balance(account_of(stack, payer)) == before + 600


def test_a_fine_that_its_bureau_made_dearer_gets_no_slip_until_the_citizen_has_seen_it(stack: Stack) -> None:
    payer = new_payer(stack, fines=[600])
    (bill,) = payer.bills
    stack.sandbox.put(
        "bureaus/fines/bills", number=bill["number"], amount_twd=700, status="unpaid", payable_by_agent=True
    )
    with pytest.raises(Refused) as refused:
        slip_for(payer, bill)
    assert (refused.value.slug, refused.value.body["amount"]) == ("amount-not-confirmed", 700)
    assert slip_for(payer, bill)["amount"] == 700


def account_of(stack: Stack, payer: Payer) -> str:
    """The account that the payer has linked."""
    accounts = stack.sandbox.accounts(national_id=payer.national_id)
    return next(str(one["account_no"]) for one in accounts if one["account_no"].endswith(payer.linked_account[-4:]))
