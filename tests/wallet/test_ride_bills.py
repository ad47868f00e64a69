"""The fare of a ride as a bill: owed once, paid and receipted as any other, lowered before and after it is paid."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bank_city import BankCustomer
from sandbox_process import SandboxBooks
from sqlalchemy import text

from api.delivery import deliver
from core import clock, db
from core.ids import new_uuid, parse_typeid, typeid
from core.outbox import Consumer
from ledger import book
from tests.wallet.money_back import ask, sent, shown
from wallet import bureau_notices
from wallet.book import RIDES, bureau_payable
from wallet.events import PAYMENT_CAPTURED
from wallet.ride_bills import FareBeingPaid, RideBills

BILLS = RideBills()


def owe(customer: BankCustomer, amount: int, *, ride_id: UUID | None = None) -> tuple[UUID, dict[str, Any]]:
    """A ride that is done; its id and its bill as the citizen sees it."""
    ride_id, now = ride_id or new_uuid(), clock.now()
    with db.unit_of_work() as session:
        BILLS.owe(
            session, ride_id=ride_id, rider_id=customer.person_id, amount_twd=amount, payee="黃衫計程車",
            done_at=now - timedelta(minutes=5), due_on=clock.taipei_date(now + timedelta(days=30)), now=now,
        )  # fmt: skip
    return ride_id, next(bill for bill in customer.unpaid() if bill["number"] == typeid("ride", ride_id))


def lower(ride_id: UUID, amount: int) -> str:
    with db.unit_of_work() as session:
        return BILLS.lower(session, ride_id=ride_id, amount_twd=amount, now=clock.now())


def test_a_fare_is_owed_once_and_paid_like_any_bill(customer: BankCustomer) -> None:
    ride_id, bill = owe(customer, 135)
    owe(customer, 999, ride_id=ride_id)
    (seen,) = [each for each in customer.unpaid() if each["kind"] == "ride"]
    assert seen == bill
    assert (bill["amount"], bill["is_payable"], bill["place"]) == (135, True, "黃衫計程車")
    link = customer.link_account()
    quotes = customer.got("GET", f"/v1/bills/{bill['id']}/quotes")["items"]
    by_rail = {quote["rail"]: quote for quote in quotes}
    assert by_rail["bank_of_kaohsiung"]["is_available"] and by_rail["bank_of_kaohsiung"]["fee"] == 0
    assert not {"store_barcode", "twqr"} & by_rail.keys()
    payment = customer.pay([bill["id"]], link)
    assert (payment["status"], payment["amount"], payment["bills"][0]["kind"]) == ("captured", 135, "ride")
    receipt = customer.got("GET", f"/v1/payments/{payment['id']}/receipt?format=json")
    over = datetime.fromisoformat(bill["occurred_at"]).astimezone(clock.TAIPEI)
    (line,) = receipt["lines"]
    assert line["description"] == f"無障礙接送車資 黃衫計程車 {over:%Y-%m-%d %H:%M}"
    assert (line["number"], line["amount"], receipt["total"], receipt["fee"]) == (bill["number"], 135, 135, 0)
    assert customer.send("GET", f"/v1/payments/{payment['id']}/receipt?format=pdf").data.startswith(b"%PDF")
    year = clock.taipei_date(clock.now()).year
    assert customer.got("GET", f"/v1/receipts/years/{year}")["rides"] == 135
    with db.unit_of_work() as session:
        assert book.balance(session, book.account_id(bureau_payable(RIDES))).posted == 135
        assert BILLS.standing(session, ride_id=ride_id) == (parse_typeid("bill", bill["id"]), "paid")
    # Nobody keeps a register of rides: no bureau is told of the payment.
    with db.unit_of_work() as session:
        captured = session.execute(text("SELECT id FROM core.outbox WHERE kind = :kind"), {"kind": PAYMENT_CAPTURED})
        ids = list(captured.scalars())
    consumer = Consumer(bureau_notices.CONSUMER, PAYMENT_CAPTURED, bureau_notices.write_paid)
    deliver(ids, {PAYMENT_CAPTURED: [consumer]})
    with db.unit_of_work() as session:
        assert bureau_notices.page_of_notices(
            session, bureau=None, status="all", number=None, limit=9, before=None
        ) == []  # fmt: skip


def test_an_unpaid_fare_is_lowered_and_one_of_nothing_is_void(customer: BankCustomer) -> None:
    ride_id, bill = owe(customer, 135)
    link = customer.link_account()
    begun = customer.begin([bill["id"]], link).json
    assert [lower(ride_id, amount) for amount in (150, 135, 100, 100)] == [
        "unchanged", "unchanged", "lowered", "unchanged",
    ]  # fmt: skip
    assert customer.got("GET", f"/v1/payments/{begun['id']}")["status"] == "cancelled"
    assert customer.got("GET", f"/v1/bills/{bill['id']}")["amount"] == 100
    assert [lower(ride_id, 0), lower(ride_id, 0)] == ["lowered", "unchanged"]
    assert customer.got("GET", f"/v1/bills/{bill['id']}")["status"] == "void"
    assert lower(new_uuid(), 0) == "unchanged"


def test_what_was_paid_beyond_a_lowered_fare_comes_back_once(customer: BankCustomer) -> None:
    ride_id, bill = owe(customer, 135)
    payment = customer.pay([bill["id"]], customer.link_account())
    assert [lower(ride_id, 90), lower(ride_id, 90), lower(ride_id, 120), lower(ride_id, 0)] == [
        "refunded", "unchanged", "unchanged", "refunded",
    ]  # fmt: skip
    found = customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    assert sorted(refund["amount"] for refund in found) == [45, 90]
    sent(found[0])
    assert shown(customer, found[0])["status"] == "completed"
    assert "更正" in shown(customer, found[0])["message"]


def test_no_register_proves_anything_about_a_ride(customer: BankCustomer) -> None:
    _, bill = owe(customer, 135)
    payment = customer.pay([bill["id"]], customer.link_account())
    for reason in ("bill_withdrawn", "wrong_amount"):
        answer = ask(customer, payment, reason)
        assert (answer.status_code, answer.json["type"].rsplit("/", 1)[1]) == (409, "refund-not-allowed")


def test_a_fare_waits_with_its_correction_while_it_is_being_paid(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    ride_id, bill = owe(customer, 135)
    link = customer.link_account()
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bill SET claimed_by = :other WHERE number = :number"),
                        {"other": new_uuid(), "number": bill["number"]})  # fmt: skip
    with pytest.raises(FareBeingPaid):
        lower(ride_id, 90)
    assert customer.begin([bill["id"]], link).status_code == 409


def test_a_ride_costs_what_a_platform_may_take_at_most(customer: BankCustomer) -> None:
    with pytest.raises(AssertionError):
        owe(customer, 5_001)
    owe(customer, 5_000)
