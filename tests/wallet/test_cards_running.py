"""Cards in the whole running product: the processor's own notices, the worker, and nobody helping along."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from card_desk import enter_card
from paying_city import new_payer
from stack import Stack


def wait_until(what: Callable[[], Any], *, seconds: float = 30.0) -> Any:
    """The first true answer of `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not become true in time")


def test_a_payer_who_never_comes_back_has_paid_and_a_dispute_reopens_the_bill(stack: Stack) -> None:
    payer = new_payer(stack, parking=[600])
    payment = payer.citizen.pay(payer.bill_ids(), rail="card")
    assert payment["status"] == "action_required", payment
    assert enter_card(payment["action"]["url"], keep="yes").status == 303

    def standing() -> str:
        return str(payer.citizen.call("GET", f"/v1/payments/{payment['id']}")["status"])

    wait_until(lambda: standing() == "captured")
    assert payer.citizen.unpaid() == []
    (card,) = wait_until(lambda: payer.citizen.call("GET", "/v1/cards")["items"])
    assert card["label"] == "Visa ***1111"
    stack.sandbox.asked("POST", f"/books/adyen/payments/{payment['id']}/dispute/chargeback")
    wait_until(lambda: standing() == "charged_back")
    assert len(payer.citizen.unpaid()) == 1
    again = payer.citizen.pay(payer.bill_ids(), card_id=card["id"])
    assert again["status"] == "captured"
