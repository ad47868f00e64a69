"""Rows 21 to 25 and 31: captures that fail, refunds in a race, refunds that bounce, points that are spent, disputes."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from citizen import Refused
from running_city import City, CityPayer, at_once
from waiting import wait_until


def withdrawn(city: City, payment: dict[str, Any]) -> None:
    """The bureau withdraws the payment's bills: whoever paid them gets their money back when they ask."""
    for bill in payment["bills"]:
        wait_until(partial(_is_known_to_be_paid, city, bill["number"]))
        city.stack.sandbox.put("bureaus/parking/bills", number=bill["number"], amount_twd=bill["amount"], status="void")


def _is_known_to_be_paid(city: City, number: str) -> bool:
    return [each["status"] for each in city.stack.sandbox.bills("parking", number=number)] == ["paid"]


def ask_back(payer: CityPayer, payment: dict[str, Any], amount: int | None = None) -> dict[str, Any]:
    """The citizen asks for the first bill's money back. Raises Refused."""
    body = {"bill_id": payment["bills"][0]["bill_id"], "reason": "bill_withdrawn", "amount": amount}
    path = f"/v1/payments/{payment['id']}/refunds"
    return payer.citizen.call("POST", path, body, key=str(uuid.uuid4()))  # type: ignore[no-any-return]


def refund_becomes(payer: CityPayer, refund: dict[str, Any], *statuses: str) -> dict[str, Any]:
    """Wait until the refund stands at one of these; the refund."""

    def there() -> dict[str, Any] | None:
        shown = payer.citizen.call("GET", f"/v1/refunds/{refund['id']}")
        return dict(shown) if shown["status"] in statuses else None

    return wait_until(there, seconds=30)  # type: ignore[no-any-return]


def kinds(payer: CityPayer, payment: dict[str, Any]) -> list[str]:
    """What happened to the payment itself."""
    items = payer.citizen.call("GET", f"/v1/payments/{payment['id']}/events")["items"]
    return [item["status"] for item in items if item["kind"] == "payment"]


def in_the_book(city: City, code: str) -> int:
    """The balance of an account, as the finance desk sees it."""
    items = city.officer().call("GET", "/v1/ledger/trial-balance")["accounts"]
    return int(next((item["balance"] for item in items if item["account"] == code), 0))


def test_row_21_a_capture_that_fails_after_all_makes_the_bill_owed_again_and_the_citizen_is_told(city: City) -> None:
    payer = city.payer(parking=(3000, 600))
    before = payer.earn(payer.bills[0])
    payment = payer.citizen.pay(payer.bills[1:], rail="card", points=30)
    done = payer.back(payment, payer.enter(payment))
    assert (done["status"], payer.points()["balance"]) == ("captured", before - 30)
    city.stack.sandbox.asked("POST", f"/books/adyen/payments/{payment['id']}/capture-failure")
    assert payer.becomes(payment, "returned") == "returned"
    wait_until(lambda: payer.points()["balance"] == before)
    assert payer.owed() == [600]
    wait_until(lambda: any("600" in each["body"] or payment["bills"][0]["number"] in each["body"]
                           for each in payer.citizen.call("GET", "/v1/inbox?limit=50")["items"]
                           if each["kind"] != "payment_receipt"))  # fmt: skip


def test_row_22_ten_partial_refunds_at_once_give_back_what_was_captured_and_not_a_dollar_more(city: City) -> None:
    payer = city.payer(parking=(600,))
    payment = payer.by_bank()
    withdrawn(city, payment)
    answers = at_once(10, lambda _: ask_back(payer, payment, 100))
    losers = [each for each in answers if isinstance(each, Refused)]
    assert len(losers) == 4 and {(each.status, each.slug) for each in losers} == {(422, "refund-exceeds-payment")}
    for refund in answers:
        if not isinstance(refund, Refused):
            refund_becomes(payer, refund, "completed")
    given = city.stack.sandbox.refunds(debit_reference=payment["id"], status="booked")
    assert sum(each["amount_twd"] for each in given) == 600
    assert payer.status(payment) == "refunded"


def test_row_23_a_refund_that_is_said_to_be_done_and_bounces_is_undone_and_sent_to_a_proven_account(city: City) -> None:
    payer = city.payer(parking=(600,))
    payment = payer.by_card()
    withdrawn(city, payment)
    payable = in_the_book(city, "bureau_payable:parking")
    city.stack.sandbox.set_switch("adyen", "refund", "refund_reversed", count=1)
    refund = ask_back(payer, payment)
    failed = refund_becomes(payer, refund, "failed")
    steps = [step["status"] for step in failed["steps"]]
    assert steps[-2:] == ["completed", "failed"], steps
    assert in_the_book(city, "bureau_payable:parking") == payable and failed["can_choose_account"]
    assert payer.becomes(payment, "captured") == "captured"
    wait_until(lambda: any(each["kind"] != "payment_receipt" for each in
                           payer.citizen.call("GET", "/v1/inbox?limit=50")["items"]))  # fmt: skip
    body = {"bank_link_id": payer.link}
    payer.citizen.call("POST", f"/v1/refunds/{refund['id']}/account", body, key=str(uuid.uuid4()))
    refund_becomes(payer, refund, "completed")
    orders = city.stack.sandbox.read("bank/credit-orders", status="booked")
    assert 600 in [order["amount_twd"] for order in orders]


def test_row_23_a_refund_that_fails_where_it_was_taken_leaves_the_payment_standing(city: City) -> None:
    payer = city.payer(parking=(450,))
    payment = payer.by_card()
    withdrawn(city, payment)
    city.stack.sandbox.set_switch("adyen", "refund", "refund_failed", count=1)
    refund = ask_back(payer, payment)
    refund_becomes(payer, refund, "failed")
    assert payer.status(payment) == "captured"


def test_row_24_points_that_a_refunded_payment_earned_and_that_are_spent_are_owed_and_repaid(city: City) -> None:
    payer = city.payer(parking=(3000, 45, 3000))
    earned = payer.earn(payer.bills[0])
    first = payer.citizen.call("GET", "/v1/payments")["items"][0]
    spent = payer.citizen.pay(payer.bills[1:2], payer.link, points=earned - 10)
    assert spent["status"] == "captured"
    withdrawn(city, first)
    refund_becomes(payer, ask_back(payer, first), "completed")
    owed = wait_until(lambda: payer.points()["owed"])
    assert payer.points()["balance"] == -owed < 0
    payer.by_bank(payer.bills[2])
    wait_until(lambda: payer.points()["owed"] == 0)
    entries = payer.citizen.call("GET", "/v1/points/entries")["items"]
    assert -sum(entry["amount"] for entry in entries if entry["kind"] == "repay") == owed
    assert sum(entry["amount"] for entry in entries) == payer.points()["balance"] >= 0


def test_row_25_a_chargeback_opens_the_bill_once_and_a_won_dispute_closes_it_once(city: City) -> None:
    payer = city.payer(parking=(600,))
    payment = payer.by_card()
    dispute = f"/books/adyen/payments/{payment['id']}/dispute"
    city.stack.sandbox.asked("POST", f"{dispute}/notice")
    city.stack.sandbox.asked("POST", f"{dispute}/chargeback")
    assert payer.becomes(payment, "charged_back") == "charged_back"
    assert payer.owed() == [600]
    city.stack.sandbox.asked("POST", f"{dispute}/reversal")
    assert payer.becomes(payment, "captured") == "captured"
    assert payer.owed() == []
    happened = kinds(payer, payment)
    assert (happened.count("captured"), happened.count("charged_back")) == (2, 1), happened
    wanted = ["bill.paid", "bill.payment_withdrawn", "bill.payment_restored"]
    wait_until(lambda: told(city, payment) == wanted)


def told(city: City, payment: dict[str, Any]) -> list[str]:
    """What the bureau was told of the payment, in order."""
    return [news["kind"] for news in city.stack.sandbox.news("parking", payment_id=payment["id"])]


def test_row_31_points_that_were_set_aside_for_a_payment_whose_money_failed_are_there_again(city: City) -> None:
    payer = city.payer(parking=(3000, 300))
    before = payer.earn(payer.bills[0])
    city.stack.sandbox.set_switch("bank", "debit", "insufficient_funds", count=1)
    payment = payer.by_bank(payer.bills[1], points=30)
    assert payment["status"] == "failed"
    assert payer.points()["balance"] == before and payer.owed() == [300]
    city.stack.sandbox.set_switch("bank", "debit", "timeout_after", count=1, seconds=0.1)
    city.stack.sandbox.set_switch("bank", "debit_lookup", "error_500", count=1)
    again = payer.by_bank(payer.bills[1], points=30)
    assert (again["status"], payer.points()["balance"]) == ("unknown", before - 30)
    assert payer.becomes(again, "captured") == "captured"
    (debit,) = city.stack.sandbox.debits(reference=again["id"])
    assert debit["amount_twd"] == 270
