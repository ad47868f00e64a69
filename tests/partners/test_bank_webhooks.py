"""What the bank says unasked: signed, repeated until heard, and told to arrive badly."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sandbox_process import SandboxBooks
from webhook_listener import Listener

from partners import wire
from partners.bank.client import BankClient, Debit, Mandate

Granted = Callable[..., Mandate]
SECRET = "sandbox-bank-secret"


def pay(bank: BankClient, mandate: Mandate, reference: str = "pay_1") -> Debit:
    return bank.debit(reference=reference, mandate_id=mandate.mandate_id, amount_twd=605, purpose="罰鍰")


def test_a_booked_debit_is_told_signed(bank: BankClient, granted: Granted, city: Listener) -> None:
    debit = pay(bank, granted())
    (heard,) = city.wait_for(1)
    assert heard.path == "/v1/webhooks/bank"
    wire.verify_webhook(SECRET, heard.headers, heard.content)
    assert heard.body["type"] == "debit.booked"
    assert heard.body["data"]["reference"] == debit.reference
    assert heard.body["data"]["debit_id"] == debit.debit_id
    with pytest.raises(wire.NotGenuine):
        wire.verify_webhook(SECRET, heard.headers, heard.content.replace(b"605", b"606"))


def test_a_debit_asked_for_again_is_told_once(bank: BankClient, granted: Granted, city: Listener) -> None:
    mandate = granted()
    pay(bank, mandate)
    pay(bank, mandate)
    city.wait_for(1)
    assert len(city.settled()) == 1


def test_rejections_refunds_and_revocations_are_told(
    bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener
) -> None:
    mandate = granted()
    pay(bank, mandate)
    bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    books.asked("POST", f"/books/bank/mandates/{mandate.mandate_id}/revocation")
    pay(bank, mandate, "pay_2")
    told = [heard.body["type"] for heard in city.wait_for(4)]
    assert told == ["debit.booked", "refund.booked", "mandate.revoked", "debit.rejected"]


def test_duplicates_carry_the_same_id(bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener) -> None:
    books.set_switch("bank", "debit", "duplicate_webhook", n=5)
    pay(bank, granted())
    heard = city.wait_for(5)
    assert len({one.headers["webhook-id"] for one in heard}) == 1
    assert len(city.settled()) == 5


def test_a_webhook_can_be_overtaken(bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener) -> None:
    mandate = granted()
    books.set_switch("bank", "debit", "reorder_webhook", count=1, delay=1)
    pay(bank, mandate, "pay_1")
    pay(bank, mandate, "pay_2")
    assert [one.body["data"]["reference"] for one in city.wait_for(2)] == ["pay_2", "pay_1"]


def test_a_webhook_can_get_lost(bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener) -> None:
    books.set_switch("bank", "debit", "drop_webhook")
    pay(bank, granted())
    assert city.settled() == []
    assert [webhook["state"] for webhook in books.webhooks()] == ["dropped"]


def test_a_webhook_comes_before_the_answer_that_never_comes(
    bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener
) -> None:
    mandate = granted()
    books.set_switch("bank", "debit", "timeout_after", seconds=2)
    with pytest.raises(wire.NoAnswer):
        pay(bank, mandate)
    assert city.wait_for(1)[0].body["type"] == "debit.booked"


def test_a_webhook_that_is_not_acknowledged_comes_again(
    bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener
) -> None:
    city.status = 503
    pay(bank, granted())
    city.wait_for(2)
    city.status = 204
    heard = city.wait_for(3, seconds=8)
    assert len({one.headers["webhook-id"] for one in heard}) == 1
    deadline = time.monotonic() + 5
    while books.webhooks()[0]["state"] != "delivered" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert books.webhooks()[0]["state"] == "delivered"


def test_the_bank_can_be_told_to_keep_quiet(
    bank: BankClient, books: SandboxBooks, granted: Granted, city: Listener
) -> None:
    books.set_settings(webhooks=False)
    pay(bank, granted())
    assert books.webhooks() == []
    assert city.settled(seconds=0.2) == []
