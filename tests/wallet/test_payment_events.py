"""What happened to a payment, for its payer and for officers; and corrections, which take two of them."""

from __future__ import annotations

from typing import Any

import pytest
from bank_city import BankCustomer, bank_customer, uuid_of
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from core import clock, db
from tests.wallet.money_back import (
    ask,
    bring_points,
    bureaus_behind,
    in_the_book,
    paid,
    sent,
    split,
    status_of,
    withdraw,
)
from wallet import outcomes
from wallet.payments import lock_items, lock_payment
from wallet.rails.contract import Booked

__all__ = ["bureaus_behind"]


@pytest.fixture
def hsu(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance")


@pytest.fixture
def tsai(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance")


def events(customer: BankCustomer, payment: dict[str, Any]) -> list[tuple[str, str]]:
    items = customer.got("GET", f"/v1/payments/{payment['id']}/events")["items"]
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    assert all(item["text"] for item in items)
    return [(item["kind"], item["status"]) for item in items]


def test_a_payment_and_its_refund_are_told_in_order(customer: BankCustomer, bureaus_behind: SandboxBooks) -> None:
    payment = paid(customer, 600)
    withdraw(bureaus_behind, payment)
    sent(ask(customer, payment, "bill_withdrawn").json)
    told = [event for event in events(customer, payment) if event[0] != "bureau_notice"]
    assert told[:3] == [
        ("payment", "awaiting_authorization"),
        ("payment", "debiting"),
        ("payment", "captured"),
    ]
    assert set(told[3:]) == {("refund", "requested"), ("refund", "completed"), ("payment", "refunded")}


def test_somebody_elses_events_are_not_found_and_officers_see_causes(
    customer: BankCustomer, client: FlaskClient, hsu: SignedInOfficer
) -> None:
    payment = paid(customer, 600)
    stranger = bank_customer(client, customer.books)
    assert stranger.send("GET", f"/v1/payments/{payment['id']}/events").status_code == 404
    items = hsu.call("GET", f"/v1/officer/payments/{payment['id']}/events").json["items"]
    assert items[1]["cause"] == "the payer's assertion over the instruction is verified"
    assert [entry["what"] for entry in customer.got("GET", "/v1/me/access-log")["items"]]
    assert hsu.call("GET", "/v1/officer/payments/pay_" + "0" * 26 + "/events").status_code == 404


def given_up(customer: BankCustomer) -> dict[str, Any]:
    """A payment that was booked at the bank, and that we had given up meanwhile."""
    customer.books.set_switch("bank", "debit", "timeout_after", count=1, seconds=4)
    link = customer.link_account()
    (bill,) = customer.owe_parking(600)
    payment = customer.pay([bill["id"]], link)
    give_up(payment)
    return payment


def give_up(payment: dict[str, Any]) -> None:
    assert payment["status"] == "unknown"
    with db.unit_of_work() as session:
        identifier = uuid_of("pay", payment["id"])
        items = [each.item for each in lock_items(session, identifier)]
        outcomes.fail(session, lock_payment(session, identifier), items, "not_executed", now=clock.now())


def correct(officer: SignedInOfficer, payment: dict[str, Any], status: str) -> Any:
    body = {"status": status, "reason": "對帳單上有這筆扣款"}
    return officer.call("POST", f"/v1/officer/payments/{payment['id']}/corrections", body)


def test_row_41_a_debit_that_the_bank_shows_is_captured_after_all_by_two_officers(
    customer: BankCustomer, hsu: SignedInOfficer, tsai: SignedInOfficer
) -> None:
    payment = given_up(customer)
    assert (status_of(customer, payment), len(customer.unpaid())) == ("failed", 1)
    proposed = correct(hsu, payment, "captured")
    assert proposed.status_code == 202, proposed.text
    assert status_of(customer, payment) == "failed"
    approval_id = proposed.json["approval_id"]
    assert hsu.decide(approval_id, is_approved=True).status_code in (403, 409)
    assert tsai.decide(approval_id, is_approved=True).status_code == 200
    shown = customer.got("GET", f"/v1/payments/{payment['id']}")
    assert (shown["status"], shown["failure"], bool(shown["receipt_url"])) == ("captured", None, True)
    assert customer.unpaid() == []
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}
    last = hsu.call("GET", f"/v1/officer/payments/{payment['id']}/events", language="en").json["items"][-1]
    assert (last["status"], last["correction"]) == ("captured", approval_id)
    assert last["text"].endswith("(corrected by two officers)")


def test_what_the_rail_does_not_show_cannot_be_proposed(customer: BankCustomer, hsu: SignedInOfficer) -> None:
    payment = paid(customer, 600)
    answer = correct(hsu, payment, "failed")
    assert (answer.status_code, answer.json["rail_says"]) == (409, "booked")
    assert correct(hsu, payment, "captured").status_code == 409
    assert correct(hsu, payment, "refunded").status_code == 422


def test_a_debit_that_the_bank_never_had_is_taken_out_again(
    customer: BankCustomer, hsu: SignedInOfficer, tsai: SignedInOfficer
) -> None:
    link = customer.link_account()
    (bill,) = customer.owe_parking(600)
    customer.books.set_switch("bank", "debit", "timeout_before", count=1, seconds=4)
    payment = customer.pay([bill["id"]], link)
    with db.unit_of_work() as session:
        outcomes.record(session, uuid_of("pay", payment["id"]), Booked("never", 600, clock.now()), now=clock.now())
    assert status_of(customer, payment) == "captured"
    proposed = correct(hsu, payment, "failed")
    assert tsai.decide(proposed.json["approval_id"], is_approved=True).status_code == 200
    assert (status_of(customer, payment), len(customer.unpaid())) == ("failed", 1)
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}


def test_a_correction_that_was_overtaken_leaves_everything_as_it_is(
    customer: BankCustomer, hsu: SignedInOfficer, tsai: SignedInOfficer
) -> None:
    payment = given_up(customer)
    first, second = (correct(hsu, payment, "captured").json["approval_id"] for _ in range(2))
    assert tsai.decide(first, is_approved=True).status_code == 200
    assert tsai.decide(second, is_approved=True).status_code == 409
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}


def test_money_that_came_after_all_for_a_bill_paid_otherwise_goes_back(
    customer: BankCustomer, hsu: SignedInOfficer, tsai: SignedInOfficer
) -> None:
    payment = given_up(customer)
    (bill,) = customer.unpaid()
    link = next(link for link in customer.got("GET", "/v1/bank-links")["items"] if link["status"] == "active")
    again = customer.pay([bill["id"]], link)
    assert again["status"] == "captured"
    assert tsai.decide(correct(hsu, payment, "captured").json["approval_id"], is_approved=True).status_code == 200
    (refund,) = customer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    assert (refund["reason"], refund["amount"]) == ("paid_again_meanwhile", 600)
    sent(refund)
    assert [status_of(customer, each) for each in (payment, again)] == ["refunded", "captured"]
    assert (customer.unpaid(), in_the_book()) == ([], {"clearing": 600, "parking": 600, "held": 0})
    assert customer.got("GET", f"/v1/bills/{bill['id']}")["status"] == "paid"


def test_a_payment_given_up_while_its_payer_pays_again_waits_for_nobody(
    customer: BankCustomer, hsu: SignedInOfficer, tsai: SignedInOfficer
) -> None:
    payment = given_up(customer)
    (bill,) = customer.unpaid()
    link = next(link for link in customer.got("GET", "/v1/bank-links")["items"] if link["status"] == "active")
    begun = customer.begin([bill["id"]], link).json
    assert tsai.decide(correct(hsu, payment, "captured").json["approval_id"], is_approved=True).status_code == 200
    assert [status_of(customer, each) for each in (payment, begun)] == ["captured", "cancelled"]
    assert customer.unpaid() == []


def test_points_of_a_payment_that_was_booked_after_all_are_spent_as_far_as_they_are_there(
    customer: BankCustomer, hsu: SignedInOfficer, tsai: SignedInOfficer
) -> None:
    paid(customer, 3000)
    bring_points()
    customer.books.set_switch("bank", "debit", "timeout_after", count=1, seconds=4)
    payment = split(customer, 60, points=35)
    give_up(payment)
    assert customer.got("GET", "/v1/points")["balance"] == 40
    assert tsai.decide(correct(hsu, payment, "captured").json["approval_id"], is_approved=True).status_code == 200
    assert customer.got("GET", "/v1/points")["balance"] == 5
    assert customer.unpaid() == []
    assert in_the_book() == {"clearing": 3025, "parking": 3060, "held": 0}


def test_no_correction_passes_the_database_without_a_decision(customer: BankCustomer) -> None:
    payment = given_up(customer)
    with pytest.raises(Exception, match="does not go from failed to captured"), db.unit_of_work() as session:
        session.execute(
            text("UPDATE wallet.payment SET status = 'captured' WHERE id = :id"), {"id": uuid_of("pay", payment["id"])}
        )
