"""Money sent to another proven account of the same payer, once per reference, and never to anybody else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sandbox_process import SandboxBooks
from webhook_listener import Listener

from partners import wire
from partners.bank.client import BankClient, Credit, Mandate
from partners.desk.demo_people import DEMO_PEOPLE

Granted = Callable[..., Mandate]
TREASURY = "9017-9000-0001"


@pytest.fixture
def two_accounts(granted: Granted) -> tuple[Mandate, Mandate]:
    """Two mandates of one holder, on two accounts with NT$100,000 each; NT$605 were debited from the first."""
    person = "Y100000005"
    first = granted(national_id=person)
    return first, granted(national_id=person, account=other_account(first))


def other_account(mandate: Mandate) -> str:
    return ACCOUNTS[1] if mandate.account_masked.endswith(ACCOUNTS[0][-4:]) else ACCOUNTS[0]


# The bank numbers the accounts of whoever else comes after those of the demo's people.
ACCOUNTS = tuple(f"9017-1000-{len(DEMO_PEOPLE) + more:04d}" for more in (2, 3))


def send(bank: BankClient, mandate: Mandate, amount_twd: int, reference: str = "ref_1", **more: str) -> Credit:
    return bank.refund_to(
        reference=reference, mandate_id=mandate.mandate_id, amount_twd=amount_twd, purpose="退款", **more
    )


def test_a_refund_whose_account_is_closed_goes_to_the_payers_other_account(
    bank: BankClient, books: SandboxBooks, two_accounts: tuple[Mandate, Mandate]
) -> None:
    first, second = two_accounts
    bank.debit(reference="pay_1", mandate_id=first.mandate_id, amount_twd=605, purpose="罰鍰")
    books.asked("POST", f"/books/bank/accounts/{ACCOUNTS[0]}/closing")
    assert bank.refund(reference="ref_0", debit_reference="pay_1", amount_twd=605).reason == "account_closed"
    assert send(bank, first, 605, debit_reference="pay_1").reason == "account_closed"
    credit = send(bank, second, 605, "ref_2", debit_reference="pay_1")
    assert (credit.status, credit.amount_twd, credit.debit_reference) == ("booked", 605, "pay_1")
    assert bank.find_credit("ref_2") == credit
    assert (books.balance(ACCOUNTS[1]), books.balance(TREASURY)) == (100_605, 0)


def test_cash_paid_twice_goes_to_an_account_without_any_debit(
    bank: BankClient, books: SandboxBooks, two_accounts: tuple[Mandate, Mandate]
) -> None:
    books.put("bank/incoming", reference="STORE1", party="7-ELEVEN", amount_twd=600)
    assert send(bank, two_accounts[0], 600).status == "booked"
    assert (books.balance(ACCOUNTS[0]), books.balance(TREASURY)) == (100_600, 0)


def test_the_same_reference_is_the_same_credit(
    bank: BankClient, books: SandboxBooks, two_accounts: tuple[Mandate, Mandate], city: Listener
) -> None:
    first, second = two_accounts
    with ThreadPoolExecutor(8) as threads:
        credits = list(threads.map(lambda _: send(bank, first, 600), range(16)))
    assert len(set(credits)) == 1
    assert books.balance(ACCOUNTS[0]) == 100_600
    for mandate, amount in ((first, 601), (second, 600)):
        with pytest.raises(wire.Refused) as refusal:
            send(bank, mandate, amount)
        assert (refusal.value.status, refusal.value.code) == (409, "reference_reused")
    assert [heard.body["type"] for heard in city.settled()] == ["credit.booked"]


def test_no_more_goes_back_than_is_left_of_the_debit_by_whichever_way(
    bank: BankClient, two_accounts: tuple[Mandate, Mandate]
) -> None:
    first, second = two_accounts
    bank.debit(reference="pay_1", mandate_id=first.mandate_id, amount_twd=605, purpose="罰鍰")
    assert bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=300).status == "booked"
    assert send(bank, second, 306, "ref_2", debit_reference="pay_1").reason == "exceeds_debit"
    assert send(bank, second, 305, "ref_3", debit_reference="pay_1").status == "booked"
    assert bank.refund(reference="ref_4", debit_reference="pay_1", amount_twd=1).reason == "exceeds_debit"


def test_a_debit_is_given_back_to_its_own_holder_alone(bank: BankClient, granted: Granted) -> None:
    mine, anothers = granted(), granted(national_id="E934041203")
    bank.debit(reference="pay_1", mandate_id=mine.mandate_id, amount_twd=605, purpose="罰鍰")
    assert send(bank, anothers, 600, debit_reference="pay_1").reason == "other_holder"


def test_a_revoked_mandate_still_proves_whose_account_it_is(
    bank: BankClient, two_accounts: tuple[Mandate, Mandate]
) -> None:
    bank.revoke_mandate(two_accounts[0].mandate_id)
    assert send(bank, two_accounts[0], 600).status == "booked"


def test_what_nobody_knows_is_rejected_or_refused(bank: BankClient, granted: Granted) -> None:
    assert bank.find_credit("ref_never") is None
    credit = bank.refund_to(reference="ref_1", mandate_id="mdt_never", amount_twd=5, purpose="x")
    assert credit.reason == "mandate_not_found"
    with pytest.raises(wire.Refused) as refusal:
        send(bank, granted(), 5, "ref_2", debit_reference="pay_never")
    assert (refusal.value.status, refusal.value.code) == (404, "debit_not_found")


def test_a_switch_closes_the_account_for_one_order(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted()
    bank.debit(reference="pay_1", mandate_id=mandate.mandate_id, amount_twd=605, purpose="罰鍰")
    books.set_switch("bank", "refund", "account_closed", count=1)
    books.set_switch("bank", "credit_order", "account_closed", count=1)
    assert bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=5).reason == "account_closed"
    assert send(bank, mandate, 5, "ref_2").reason == "account_closed"
    assert send(bank, mandate, 5, "ref_3").status == "booked"


def test_no_answer_to_a_credit_order_is_resolved_by_asking(
    bank: BankClient, books: SandboxBooks, granted: Granted
) -> None:
    mandate = granted()
    books.set_switch("bank", "credit_order", "timeout_after", count=1, seconds=0.3)
    with pytest.raises(wire.NoAnswer):
        send(bank, mandate, 600)
    found = bank.find_credit("ref_1")
    assert found is not None and found.status == "booked"
    assert send(bank, mandate, 600) == found
