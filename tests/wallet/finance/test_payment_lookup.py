"""One payment by its exact name: found for a stated purpose, told to whose it is, and never by person."""

from __future__ import annotations

from typing import Any

import pytest
from bank_city import BankCustomer
from flask.testing import FlaskClient
from sent_statements import statements_of
from signed_in_officer import SignedInOfficer, signed_in_officer

from core.db import Database
from tests.wallet.money_back import bureaus_behind, paid

__all__ = ["bureaus_behind"]


@pytest.fixture
def mei(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance", name="王承辦")


@pytest.fixture
def auditor(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "auditor", name="審計")


def looked_up(officer: SignedInOfficer, identifier: str, purpose: str = "citizen_request") -> list[dict[str, Any]]:
    body = {"identifier": identifier, "purpose": purpose}
    answer = officer.call("POST", "/v1/officer/payment-lookups", body)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def log_of(customer: BankCustomer) -> list[dict[str, Any]]:
    return list(customer.got("GET", "/v1/me/access-log")["items"])


def test_a_payment_is_found_by_each_of_its_exact_names(customer: BankCustomer, mei: SignedInOfficer) -> None:
    payment = paid(customer, 300, 40)
    receipt = customer.got("GET", f"/v1/payments/{payment['id']}/receipt")
    names = [payment["id"], payment["bills"][0]["number"], payment["bills"][1]["number"], receipt["number"]]
    (whole,) = looked_up(mei, payment["id"])
    for name in [*names, receipt["number"].lower(), whole["external_id"]]:
        assert [found["id"] for found in looked_up(mei, name)] == [payment["id"]], name
    assert whole["receipt_number"] == receipt["number"] and whole["total"] == payment["total"]
    assert sorted(bill["left"] for bill in whole["bills"]) == [40, 300]


def test_part_of_a_name_or_a_person_finds_nothing_and_nothing_is_told(
    customer: BankCustomer, mei: SignedInOfficer
) -> None:
    payment = paid(customer, 300)
    number = payment["bills"][0]["number"]
    for name in (number[:-1], f"{number}0", payment["id"][:-1], "A123456789", "1234", "ABC-1235"):
        assert looked_up(mei, name) == [], name
    body = {"identifier": f"{number[:6]}%", "purpose": "refund"}
    assert mei.call("POST", "/v1/officer/payment-lookups", body).status_code == 422
    assert log_of(customer) == []


def test_without_a_purpose_nothing_is_shown_and_with_one_the_citizen_reads_it(
    customer: BankCustomer, mei: SignedInOfficer, auditor: SignedInOfficer
) -> None:
    payment = paid(customer, 300)
    assert mei.call("POST", "/v1/officer/payment-lookups", {"identifier": payment["id"]}).status_code == 422
    assert mei.call("GET", f"/v1/officer/payments/{payment['id']}").status_code == 422
    assert mei.call("GET", f"/v1/officer/payments/{payment['id']}?purpose=curiosity").status_code == 422
    assert log_of(customer) == []
    looked_up(auditor, payment["id"], "audit")
    assert mei.call("GET", f"/v1/officer/payments/{payment['id']}?purpose=refund").status_code == 200
    assert mei.call("GET", f"/v1/officer/payments/{payment['id']}/events?purpose=dispute").status_code == 200
    told = log_of(customer)
    assert [entry["purpose"] for entry in told] == ["dispute", "refund", "audit"]
    assert {entry["reference"] for entry in told} == {payment["id"]}


def test_a_whole_payment_says_what_may_be_asked_for_and_nothing_about_who_paid(
    customer: BankCustomer, mei: SignedInOfficer
) -> None:
    payment = paid(customer, 300)
    answer = mei.call("GET", f"/v1/officer/payments/{payment['id']}?purpose=refund", language="en")
    assert answer.status_code == 200 and "per_" not in answer.text and "national_id" not in answer.text
    assert answer.json["two_persons_above"] == 3000 and answer.json["corrections"] == ["failed"]
    assert {reason["code"] for reason in answer.json["refund_reasons"]} == {
        "duplicate", "bill_withdrawn", "wrong_amount", "wrong_bill", "goodwill",
    }  # fmt: skip
    assert mei.call("GET", "/v1/officer/payments/pay_01j00000000000000000000000?purpose=refund").status_code == 404


def test_refunds_that_are_not_at_their_end_are_listed_oldest_first_and_told(
    customer: BankCustomer, mei: SignedInOfficer, bureaus_behind: Any
) -> None:
    payment = paid(customer, 4000, 300)
    for bill in payment["bills"]:
        body = {"payment_id": payment["id"], "bill_id": bill["bill_id"], "amount": bill["amount"], "reason": "goodwill",
                "note": "測試"}  # fmt: skip
        assert mei.call("POST", "/v1/refunds", body, Idempotency_Key=bill["bill_id"]).status_code == 201
    before = len(log_of(customer))
    items = mei.call("GET", "/v1/officer/refunds").json["items"]
    assert {item["status"]: item["approval_id"] is not None for item in items} == {"proposed": True, "requested": False}
    assert len(log_of(customer)) == before + 1
    first = mei.call("GET", "/v1/officer/refunds?limit=1").json
    rest = mei.call("GET", f"/v1/officer/refunds?limit=1&cursor={first['next_cursor']}").json
    assert [*first["items"], *rest["items"]] == items and rest["next_cursor"] is None
    assert [item["status"] for item in mei.call("GET", "/v1/officer/refunds?status=proposed").json["items"]] == [
        "proposed"
    ]
    refund = looked_up(mei, items[0]["id"])
    assert [found["id"] for found in refund] == [payment["id"]]


def test_a_look_up_takes_seven_statements_however_many_bills(
    customer: BankCustomer, mei: SignedInOfficer, database: Database
) -> None:
    """The caller, the names, the payment, its bills, what is left, what is beside, the access log."""
    payment = paid(customer, *(20,) * 12)
    with statements_of(database) as sent:
        assert len(looked_up(mei, payment["id"])) == 1
    assert len(sent) <= 7, sent
