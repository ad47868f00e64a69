"""Paying by a wallet: sent to its page, back with a word that is not believed, confirmed by the city, booked once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bank_city import BankCustomer
from flask.testing import FlaskClient
from other_rails import pay_by, put_other_rails_behind
from sandbox_process import SandboxBooks
from signed_in_officer import signed_in_officer
from sqlalchemy import text

from core import clock, db
from ledger import book
from wallet import resolving


@pytest.fixture(autouse=True)
def rails(bank_books: SandboxBooks) -> Iterator[None]:
    """The clearing house and the wallets of the sandbox."""
    undo = put_other_rails_behind(bank_books)
    yield
    undo()


def begun(customer: BankCustomer, *amounts: int, rail: str = "jkopay") -> dict[str, Any]:
    """A payment whose payer has to go to the wallet's page."""
    bills = customer.owe_parking(*(amounts or (60, 90)))
    payment = pay_by(customer, [bill["id"] for bill in bills], rail=rail)
    assert (payment["status"], payment["action"]["type"]) == ("action_required", "redirect"), payment
    return payment


def came_back(customer: BankCustomer, payment: dict[str, Any], result: dict[str, str]) -> dict[str, Any]:
    path = f"/v1/payments/{payment['id']}/completion"
    return customer.got("POST", path, {"result": result}, Idempotency_Key=str(uuid.uuid4()))  # type: ignore[no-any-return]


def decided(books: SandboxBooks, payment: dict[str, Any], decision: str = "pay") -> dict[str, str]:
    back = urlsplit(books.decide(payment["action"]["url"], decision=decision))
    assert back.path == "/app/payment-return"
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def shown(customer: BankCustomer, payment: dict[str, Any]) -> dict[str, Any]:
    return customer.got("GET", f"/v1/payments/{payment['id']}")  # type: ignore[no-any-return]


def resolve() -> None:
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment SET next_ask_at = now() - interval '1 s' WHERE ended_at IS NULL"))
    resolving.resolve_due(clock.now())


@pytest.mark.parametrize("rail", ["jkopay", "line_pay"])
def test_a_payer_agrees_comes_back_and_has_paid(customer: BankCustomer, bank_books: SandboxBooks, rail: str) -> None:
    payment = begun(customer, rail=rail)
    result = decided(bank_books, payment)
    assert result["payment"] == payment["id"]
    done = came_back(customer, payment, result)
    assert (done["status"], done["total"], done["rail"]) == ("captured", 150, rail)
    assert (customer.unpaid(), bool(done["receipt_url"])) == ([], True)
    (taken,) = bank_books.read("ewallets/payments", wallet=rail)
    assert (taken["reference"], taken["status"], taken["booked_twd"]) == (payment["id"], "confirmed", 150)
    assert came_back(customer, payment, result)["status"] == "captured"


def test_what_the_browser_brings_back_is_not_believed(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    payment = begun(customer)
    forged = {"reference": payment["id"], "transaction_id": "txn_of_somebody_else"}
    assert came_back(customer, payment, forged)["status"] == "action_required"
    decided(bank_books, payment)
    assert came_back(customer, payment, forged)["status"] == "captured"
    assert bank_books.read("ewallets/payments")[0]["transaction_id"] != "txn_of_somebody_else"


def test_a_payer_whose_browser_never_comes_back_has_paid_all_the_same(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    payment = begun(customer)
    decided(bank_books, payment)
    resolve()
    assert shown(customer, payment)["status"] == "captured"


def test_a_payer_who_cancels_there_owes_as_before(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    payment = begun(customer)
    after = came_back(customer, payment, decided(bank_books, payment, "cancel"))
    assert (after["status"], after["failure"]["code"]) == ("failed", "payer_cancelled")
    assert len(customer.unpaid()) == 2


def test_a_wallet_with_too_little_in_it_fails_the_payment(customer: BankCustomer, bank_books: SandboxBooks) -> None:
    bank_books.set_switch("jkopay", "reservation", "insufficient_funds")
    payment = begun(customer)
    after = came_back(customer, payment, decided(bank_books, payment))
    assert (after["status"], after["failure"]["code"]) == ("failed", "insufficient_funds")


def test_a_reservation_that_nobody_answers_is_waited_for_and_then_over(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("jkopay", "reservation", "expires_soon", seconds=2)
    payment = begun(customer)
    resolve()
    assert shown(customer, payment)["status"] == "action_required"
    time.sleep(2.1)
    resolve()
    after = shown(customer, payment)
    assert (after["status"], after["failure"]["code"]) == ("failed", "not_confirmed")
    assert len(customer.unpaid()) == 2


@pytest.mark.parametrize("mode", ["timeout_before", "timeout_after", "error_500_after", "bad_signature"])
def test_silence_at_the_confirmation_is_not_known_until_the_wallet_has_said(
    customer: BankCustomer, bank_books: SandboxBooks, mode: str
) -> None:
    payment = begun(customer)
    result = decided(bank_books, payment)
    more = {"seconds": 3.0} if mode.startswith("timeout") else {}
    bank_books.set_switch("jkopay", "confirmation", mode, count=1, **more)
    assert came_back(customer, payment, result)["status"] == "unknown"
    resolve()
    assert shown(customer, payment)["status"] == "captured"
    assert len(bank_books.read("ewallets/payments", status="confirmed")) == 1


def test_silence_at_the_reservation_is_asked_about_and_made_anew_under_the_same_reference(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("jkopay", "reservation", "timeout_before", count=1, seconds=3)
    bills = [bill["id"] for bill in customer.owe_parking(60)]
    payment = pay_by(customer, bills, rail="jkopay")
    assert payment["status"] == "unknown"
    resolve()
    payment = shown(customer, payment)
    assert payment["status"] == "action_required"
    assert came_back(customer, payment, decided(bank_books, payment))["status"] == "captured"
    assert len(bank_books.read("ewallets/payments")) == 1


def test_row_20_another_amount_than_agreed_is_not_taken_as_paid(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    bank_books.set_switch("jkopay", "confirmation", "books_more", twd=100)
    payment = begun(customer, 60)
    assert came_back(customer, payment, decided(bank_books, payment))["status"] not in ("captured", "failed")
    with db.unit_of_work() as session:
        (row,) = session.execute(text("SELECT payload FROM core.outbox WHERE kind = 'wallet.payment_disagrees'"))
    assert (row.payload["ours_twd"], row.payload["theirs_twd"]) == (60, 160)
    assert [bill["status"] for bill in customer.got("GET", "/v1/bills")["items"]] == ["processing"]


def test_a_payment_of_which_another_amount_was_taken_is_ended_by_two_officers(
    customer: BankCustomer, bank_books: SandboxBooks, client: FlaskClient
) -> None:
    hsu, tsai = signed_in_officer(client, "finance"), signed_in_officer(client, "finance")
    path, body = "/v1/officer/payments/{}/corrections", {"status": "failed", "reason": "街口多扣了一百元"}
    waiting = begun(customer, 60)
    assert hsu.call("POST", path.format(waiting["id"]), body).status_code == 409
    bank_books.set_switch("jkopay", "confirmation", "books_more", twd=100)
    came_back(customer, waiting, decided(bank_books, waiting))
    proposed = hsu.call("POST", path.format(waiting["id"]), body)
    assert proposed.status_code == 202, proposed.text
    assert tsai.decide(proposed.json["approval_id"], is_approved=True).status_code == 200
    ended = shown(customer, waiting)
    assert (ended["status"], ended["failure"]["code"], len(customer.unpaid())) == ("failed", "other_amount", 1)
    with db.unit_of_work() as session:
        assert all(not line.debits_pending for line in book.trial_balance(session))


def test_the_book_adds_up_after_what_was_paid_and_what_was_not(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    first = begun(customer, 60)
    came_back(customer, first, decided(bank_books, first))
    second = begun(customer, 70, rail="line_pay")
    came_back(customer, second, decided(bank_books, second, "cancel"))
    with db.unit_of_work() as session:
        assert all(line.is_balanced for line in book.trial_balance(session))
