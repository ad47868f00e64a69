"""Another bank and a wallet against the whole running product: worker, sweeps, points and messages included."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from paying_city import Payer, more_parking, new_payer
from stack import Stack
from waiting import wait_until


def link_other_bank(stack: Stack, payer: Payer, *, balance_twd: int = 100_000) -> dict[str, Any]:
    account_no = f"{uuid.uuid4().int % 10**12:012d}"
    stack.sandbox.put(
        "ach/accounts", bank="822", account_no=account_no, national_id=payer.national_id, balance_twd=balance_twd
    )
    begun = payer.citizen.call("POST", "/v1/bank-links", {"bank": "822", "account_no": account_no})
    query = parse_qs(urlsplit(stack.sandbox.decide(begun["authorize_url"], decision="approve")).query)
    body = {"state": query["state"][0], "code": query["code"][0]}
    return payer.citizen.call("POST", f"/v1/bank-links/{begun['id']}/completion", body)  # type: ignore[no-any-return]


def status_of(payer: Payer, payment: dict[str, Any]) -> str:
    return str(payer.citizen.call("GET", f"/v1/payments/{payment['id']}")["status"])


def points_of(payer: Payer) -> int:
    return int(payer.citizen.call("GET", "/v1/points")["balance"])


def close_days(stack: Stack) -> None:
    stack.sandbox.asked("POST", "/books/ach/day-close", {"days": 2})


def test_row_33_a_returned_debit_gives_its_points_back_and_opens_the_bill_again(stack: Stack) -> None:
    payer = new_payer(stack, parking=[3000])
    payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    wait_until(lambda: points_of(payer) == 40)
    more_parking(stack, payer, [300])
    link = link_other_bank(stack, payer, balance_twd=269)
    payment = payer.citizen.pay(payer.bill_ids(), link["id"], points=30)
    assert (payment["status"], payment["rail"], payment["points_used"]) == ("provisional", "ach", 30)
    assert points_of(payer) == 10
    close_days(stack)
    wait_until(lambda: status_of(payer, payment) == "returned", seconds=40)
    wait_until(lambda: points_of(payer) == 40)
    assert [bill["amount"] for bill in payer.citizen.unpaid()] == [300]
    wait_until(
        lambda: any(
            len(notice["bills"]) == 1 and notice["kind"] != "bill.paid"
            for notice in stack.sandbox.read("bureaus/parking/news", payment_id=payment["id"])
        )
    )
    again = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    assert again["status"] == "captured"


def test_a_debit_that_is_not_returned_becomes_final_by_itself(stack: Stack) -> None:
    payer = new_payer(stack, parking=[120], fines=[600])
    payment = payer.citizen.pay(payer.bill_ids(), link_other_bank(stack, payer)["id"])
    assert (payment["status"], payment["fee"] > 0) == ("provisional", True)
    close_days(stack)
    wait_until(lambda: status_of(payer, payment) == "captured", seconds=40)


def test_a_wallets_payer_who_never_comes_back_is_found_to_have_paid(stack: Stack) -> None:
    payer = new_payer(stack, parking=[75])
    payment = payer.citizen.pay(payer.bill_ids(), rail="line_pay")
    assert payment["status"] == "action_required"
    stack.sandbox.decide(payment["action"]["url"], decision="pay")
    wait_until(lambda: status_of(payer, payment) == "captured", seconds=60)
    assert payer.citizen.unpaid() == []
