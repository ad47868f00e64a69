"""Money back by the rail it came from: into the wallet at once, to another bank by a credit that takes its days."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bank_city import BankCustomer
from other_rails import link_other_bank, pay_by, put_other_rails_behind
from paying_city import paid_elsewhere_file
from sandbox_process import SandboxBooks
from sqlalchemy import text

from core import clock, db
from ledger import book
from wallet import ach_returns, bill_batches, refunds
from wallet.double_payments import reported_elsewhere


@pytest.fixture(autouse=True)
def rails(bank_books: SandboxBooks) -> Iterator[None]:
    """The clearing house and the wallets of the sandbox."""
    undo = put_other_rails_behind(bank_books)
    yield
    undo()


def store_reports(bill: dict[str, Any], at: datetime) -> None:
    """A store says that it took cash for this bill as well."""
    content = paid_elsewhere_file([(bill["number"], bill["amount"], at)])
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [content], source="paid-elsewhere", sender=None, now=clock.now(),
            on_reported_elsewhere=reported_elsewhere,
        )  # fmt: skip


def send_refunds() -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.refund SET next_try_at = now() - interval '1 s' WHERE next_try_at > now()"))
    refunds.send_due(clock.now())


def refunded(customer: BankCustomer, payment: dict[str, Any]) -> list[str]:
    items = customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    return [refund["status"] for refund in items]


def is_balanced() -> bool:
    with db.unit_of_work() as session:
        return all(line.is_balanced for line in book.trial_balance(session))


def test_a_wallets_payment_of_a_bill_that_was_paid_before_goes_back_into_the_wallet(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    earlier = clock.now()
    bill, other = customer.owe_parking(60, 90)
    payment = pay_by(customer, [bill["id"], other["id"]], rail="jkopay")
    back = urlsplit(bank_books.decide(payment["action"]["url"], decision="pay"))
    result = {name: values[0] for name, values in parse_qs(back.query).items()}
    path = f"/v1/payments/{payment['id']}/completion"
    assert customer.got("POST", path, {"result": result}, Idempotency_Key=str(uuid.uuid4()))["status"] == "captured"
    store_reports(bill, earlier)
    send_refunds()
    assert refunded(customer, payment) == ["completed"]
    (refund,) = bank_books.read("ewallets/refunds", wallet="jkopay")
    assert (refund["payment_reference"], refund["amount_twd"]) == (payment["id"], bill["amount"])
    send_refunds()
    assert len(bank_books.read("ewallets/refunds")) == 1
    assert is_balanced()


def test_another_banks_debit_goes_back_once_it_is_final_and_is_done_when_the_credit_is(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    earlier = clock.now()
    (bill,) = customer.owe_parking(60)
    payment = pay_by(customer, [bill["id"]], bank_link_id=link_other_bank(customer)["id"])
    assert payment["status"] == "provisional"
    store_reports(bill, earlier)
    send_refunds()
    assert bank_books.read("ach/entries", kind="credit") == [], "what may still be returned must not go back twice"
    bank_books.asked("POST", "/books/ach/day-close", {"days": 2})
    ach_returns.take_return_files(clock.now())
    send_refunds()
    assert refunded(customer, payment) == ["pending"]
    bank_books.asked("POST", "/books/ach/day-close", {"days": 2})
    send_refunds()
    assert refunded(customer, payment) == ["completed"]
    (credit,) = bank_books.read("ach/entries", kind="credit")
    assert (credit["amount_twd"], credit["status"]) == (60, "settled")
    assert is_balanced()


def test_a_credit_to_a_closed_account_comes_back_and_the_refund_has_failed(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    earlier = clock.now()
    (bill,) = customer.owe_parking(60)
    link = link_other_bank(customer, account_no="123456789012")
    payment = pay_by(customer, [bill["id"]], bank_link_id=link["id"])
    bank_books.asked("POST", "/books/ach/day-close", {"days": 2})
    ach_returns.take_return_files(clock.now())
    bank_books.put(
        "ach/accounts", bank="812", account_no="123456789012", national_id=customer.identity_no, balance_twd=0,
        status="closed",
    )  # fmt: skip
    store_reports(bill, earlier)
    send_refunds()
    bank_books.asked("POST", "/books/ach/day-close", {"days": 2})
    ach_returns.take_return_files(clock.now())
    send_refunds()
    assert refunded(customer, payment) == ["failed"]
    with db.unit_of_work() as session:
        (row,) = session.execute(text("SELECT kind, effect FROM wallet.ach_return"))
    assert tuple(row) == ("credit", "refund")
    assert is_balanced()
