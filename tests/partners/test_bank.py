"""The bank: mandates within limits, debits and refunds exactly once by reference."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sandbox_process import SandboxBooks

from partners import wire
from partners.bank.client import BankClient, Debit, Mandate

MEI, CHIH_MING = "A123456789", "E179864328"
MEIS_ACCOUNT, TREASURY = "9017-0000-1234", "9017-9000-0001"
Granted = Callable[..., Mandate]


def pay(bank: BankClient, mandate: Mandate, amount_twd: int, reference: str = "pay_1") -> Debit:
    return bank.debit(reference=reference, mandate_id=mandate.mandate_id, amount_twd=amount_twd, purpose="罰鍰")


def test_a_debit_moves_money_to_the_city(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    debit = pay(bank, granted(), 605)
    assert (debit.status, debit.reason, debit.amount_twd) == ("booked", None, 605)
    assert books.balance(MEIS_ACCOUNT) == 50_000 - 605
    assert books.balance(TREASURY) == 605
    assert bank.find_debit("pay_1") == debit


def test_the_same_reference_is_the_same_debit(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted()
    with ThreadPoolExecutor(8) as threads:
        debits = list(threads.map(lambda _: pay(bank, mandate, 605), range(16)))
    assert len(set(debits)) == 1
    assert books.balance(TREASURY) == 605


def test_a_reference_used_for_another_amount_is_refused(bank: BankClient, granted: Granted) -> None:
    mandate = granted()
    pay(bank, mandate, 605)
    with pytest.raises(wire.Refused) as refusal:
        pay(bank, mandate, 606)
    assert (refusal.value.status, refusal.value.code) == (409, "reference_reused")


def test_an_unknown_reference_is_found_to_be_none(bank: BankClient) -> None:
    assert bank.find_debit("pay_never") is None
    assert bank.find_refund("ref_never") is None
    assert bank.find_mandate("mdt_never") is None


def test_an_account_with_too_little_rejects(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    debit = pay(bank, granted(national_id=CHIH_MING), 605)
    assert (debit.status, debit.reason) == ("rejected", "insufficient_funds")
    assert pay(bank, granted(national_id=CHIH_MING), 300, "pay_2").status == "booked"
    assert books.balance("9017-0000-2345") == 0


def test_a_rejected_debit_stays_rejected(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted(national_id=CHIH_MING)
    first = pay(bank, mandate, 605)
    (account,) = books.accounts(national_id=CHIH_MING)
    books.put("bank/accounts", **account | {"balance_twd": 10_000})
    assert pay(bank, mandate, 605) == first == bank.find_debit("pay_1")


def test_limits_hold_per_payment_and_per_day(bank: BankClient, granted: Granted) -> None:
    mandate = granted(per_payment_limit="1000", daily_limit="1500")
    assert pay(bank, mandate, 1001, "pay_1").reason == "limit_exceeded"
    assert pay(bank, mandate, 1000, "pay_2").status == "booked"
    assert pay(bank, mandate, 501, "pay_3").reason == "limit_exceeded"
    assert pay(bank, mandate, 500, "pay_4").status == "booked"


def test_the_month_has_a_limit_of_its_own(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted(per_payment_limit="1000", daily_limit="2000", monthly_limit="2500")
    assert mandate.monthly_limit_twd == 2500
    assert [pay(bank, mandate, 1000, f"pay_{n}").status for n in (1, 2)] == ["booked", "booked"]
    # A new day begins for the mandate, the month goes on.
    (row,) = books.mandates(mandate_id=mandate.mandate_id)
    assert (row["spent_twd"], row["spent_in_month_twd"]) == (2000, 2000)
    assert row["spent_in"] == row["spent_on"][:7]
    other = granted(per_payment_limit="2000", daily_limit="2500", monthly_limit="2500")
    assert pay(bank, other, 2000, "pay_3").status == "booked"
    assert pay(bank, other, 501, "pay_4").reason == "limit_exceeded"
    assert pay(bank, other, 500, "pay_5").status == "booked"


def test_a_revoked_mandate_rejects_and_can_be_revoked_again(bank: BankClient, granted: Granted) -> None:
    mandate = granted()
    assert bank.revoke_mandate(mandate.mandate_id).status == "revoked"
    assert bank.revoke_mandate(mandate.mandate_id).status == "revoked"
    assert pay(bank, mandate, 605).reason == "mandate_revoked"
    found = bank.find_mandate(mandate.mandate_id)
    assert found is not None and found.status == "revoked"


def test_a_mandate_nobody_granted_rejects(bank: BankClient) -> None:
    debit = bank.debit(reference="pay_1", mandate_id="mdt_never", amount_twd=5, purpose="x")
    assert debit.reason == "mandate_not_found"


def test_a_closed_account_rejects(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted()
    (account,) = books.accounts(national_id=MEI)
    books.put("bank/accounts", **account | {"status": "closed"})
    assert pay(bank, mandate, 605).reason == "account_closed"


def test_a_refund_goes_back_once_to_the_account_it_came_from(
    bank: BankClient, books: SandboxBooks, granted: Granted
) -> None:
    pay(bank, granted(), 605)
    first = bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    assert first.status == "booked"
    assert bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=600) == first
    assert bank.find_refund("ref_1") == first
    assert (books.balance(MEIS_ACCOUNT), books.balance(TREASURY)) == (50_000 - 5, 5)
    with pytest.raises(wire.Refused) as refusal:
        bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=5)
    assert refusal.value.code == "reference_reused"


def test_no_more_is_refunded_than_was_debited(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    pay(bank, granted(), 605)
    with ThreadPoolExecutor(4) as threads:
        refunds = list(
            threads.map(lambda n: bank.refund(reference=f"ref_{n}", debit_reference="pay_1", amount_twd=300), range(6))
        )
    assert sorted(refund.status for refund in refunds) == ["booked"] * 2 + ["rejected"] * 4
    assert {refund.reason for refund in refunds} == {None, "exceeds_debit"}
    assert books.balance(MEIS_ACCOUNT) == 50_000 - 5


def test_an_account_closed_meanwhile_takes_no_refund(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    pay(bank, granted(), 605)
    books.asked("POST", f"/books/bank/accounts/{MEIS_ACCOUNT}/closing")
    refund = bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=600)
    assert (refund.status, refund.reason) == ("rejected", "account_closed")
    assert books.balance(TREASURY) == 605


def test_only_a_booked_debit_can_be_refunded(bank: BankClient, granted: Granted) -> None:
    pay(bank, granted(national_id=CHIH_MING), 605)
    with pytest.raises(wire.Refused) as refusal:
        bank.refund(reference="ref_1", debit_reference="pay_1", amount_twd=5)
    assert (refusal.value.status, refusal.value.code) == (404, "debit_not_found")


def test_debits_at_the_same_time_never_overdraw(bank: BankClient, books: SandboxBooks, granted: Granted) -> None:
    mandate = granted(national_id=CHIH_MING)
    with ThreadPoolExecutor(8) as threads:
        debits = list(threads.map(lambda n: pay(bank, mandate, 100, f"pay_{n}"), range(8)))
    assert sorted(debit.status for debit in debits) == ["booked"] * 3 + ["rejected"] * 5
    assert books.balance("9017-0000-2345") == 0


@pytest.mark.parametrize("amount", [0, -5])
def test_an_amount_that_is_none_is_refused(bank: BankClient, granted: Granted, amount: int) -> None:
    with pytest.raises(wire.Refused) as refusal:
        pay(bank, granted(), amount)
    assert refusal.value.status == 422


def test_the_idempotency_key_must_be_the_reference(bank: BankClient, granted: Granted) -> None:
    body = {"reference": "pay_1", "mandate_id": granted().mandate_id, "amount": 5, "currency": "TWD", "purpose": "x"}
    with pytest.raises(wire.Refused) as refusal:
        wire.call(bank.peer, "POST", "/v1/debits", body, idempotency_key="pay_2")
    assert refusal.value.code == "idempotency_key"
    with pytest.raises(wire.Refused):
        wire.call(bank.peer, "POST", "/v1/debits", {**body, "currency": "USD"}, idempotency_key="pay_1")
