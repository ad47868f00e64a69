"""Points plus money in one payment: both, or neither."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from citizen import Refused
from paying_city import Payer, more_parking, new_payer, paid_elsewhere_file, send_bills
from stack import Stack
from waiting import wait_until

from core import clock


@pytest.fixture
def saver(stack: Stack) -> Payer:
    """Somebody with 40 points from an earlier payment, and two parking fees: NT$60 and NT$25."""
    payer = new_payer(stack, parking=[3000])
    # A device that keeps no counter: two signatures at once may arrive in either order.
    payer.citizen.device.has_counter = False
    payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    wait_until(lambda: points(payer) == 40)
    more_parking(stack, payer, [60, 25])
    return payer


def points(payer: Payer) -> int:
    return int(payer.citizen.call("GET", "/v1/points")["balance"])


def shown(payer: Payer, payment: dict[str, Any]) -> dict[str, Any]:
    return payer.citizen.call("GET", f"/v1/payments/{payment['id']}")  # type: ignore[no-any-return]


def debited(stack: Stack, payment: dict[str, Any]) -> list[int]:
    return [
        debit["amount_twd"] for debit in stack.sandbox.debits(reference=payment["id"]) if debit["status"] == "booked"
    ]


def test_points_pay_their_part_and_the_bank_the_rest(stack: Stack, saver: Payer) -> None:
    payment = saver.citizen.begin(saver.bill_ids(), saver.link["id"], points=35)
    assert '"points":35' in payment["instruction"]
    payment = saver.citizen.confirm(payment)
    assert (payment["status"], payment["total"], payment["points_used"]) == ("captured", 85, 35)
    assert debited(stack, payment) == [50]
    # 10 for the payment; NT$50 of money is no whole hundred, and points earn no points.
    wait_until(lambda: points(saver) == 40 - 35 + 10)
    entries = saver.citizen.call("GET", "/v1/points/entries")["items"]
    assert [entry["amount"] for entry in entries if entry["kind"] == "spend"] == [-35]


def test_a_bill_can_be_paid_in_points_alone(stack: Stack, saver: Payer) -> None:
    (bill,) = [bill["id"] for bill in saver.bills if bill["amount"] == 25]
    payment = saver.citizen.pay([bill], rail="points")
    assert (payment["status"], payment["points_used"], debited(stack, payment)) == ("captured", 25, [])
    assert points(saver) == 15
    assert shown(saver, payment)["receipt_url"]


def test_where_the_money_fails_the_points_are_free_again(stack: Stack, saver: Payer) -> None:
    stack.sandbox.set_switch("bank", "debit", "insufficient_funds", count=1)
    payment = saver.citizen.pay(saver.bill_ids(), saver.link["id"], points=30)
    assert payment["status"] == "failed"
    assert points(saver) == 40
    assert len(saver.citizen.unpaid()) == 2


def test_where_the_points_are_not_enough_no_money_moves(stack: Stack, saver: Payer) -> None:
    payment = saver.citizen.begin(saver.bill_ids(), saver.link["id"], points=41)
    with pytest.raises(Refused) as refused:
        saver.citizen.confirm(payment)
    assert (refused.value.status, refused.value.slug) == (409, "not-enough-points")
    assert debited(stack, payment) == []
    assert points(saver) == 40


def test_more_points_than_the_bills_cost_are_refused(saver: Payer) -> None:
    with pytest.raises(Refused) as refused:
        saver.citizen.begin(saver.bill_ids(), saver.link["id"], points=86)
    assert refused.value.status == 422


def test_the_same_points_are_never_spent_twice(stack: Stack, saver: Payer) -> None:
    payments = [saver.citizen.begin([bill], saver.link["id"], points=24) for bill in saver.bill_ids()]

    def confirm(payment: dict[str, Any]) -> str:
        try:
            return str(saver.citizen.confirm(payment)["status"])
        except Refused as refused:
            return refused.slug

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(confirm, payments))
    assert outcomes == ["captured", "not-enough-points"]
    captured = [payment for payment in payments if shown(saver, payment)["status"] == "captured"]
    assert len(captured) == 1
    assert sum(sum(debited(stack, payment)) for payment in payments) == captured[0]["total"] - 24


def test_a_bill_that_a_store_took_first_gives_money_and_points_back(stack: Stack, saver: Payer) -> None:
    bill = next(bill for bill in saver.bills if bill["amount"] == 60)
    before = clock.now()
    payment = saver.citizen.pay([bill["id"]], saver.link["id"], points=20)
    assert payment["status"] == "captured"
    send_bills(stack, "paid-elsewhere", paid_elsewhere_file([(bill["number"], 60, before)]))
    wait_until(lambda: shown(saver, payment)["status"] == "refunded")
    refunds = stack.sandbox.refunds(debit_reference=payment["id"])
    assert [refund["amount_twd"] for refund in refunds] == [40]
    wait_until(lambda: points(saver) == 40)
