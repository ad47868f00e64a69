"""Money that came too much: seen by whoever the bill belongs to, sent once to an account of theirs, and explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bank_city import BankCustomer
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from paying_city import paid_elsewhere_file
from slip_city import balances, paid, report, slip_for
from sqlalchemy import text

from core import clock, db
from wallet import bill_batches, overpayments
from wallet.double_payments import reported_elsewhere
from wallet.reconciliation import in_transit

PARKING = "bureau_payable:parking"


@pytest.fixture
def citizen(client: FlaskClient) -> PayingCitizen:
    return paying_citizen(client, 7, (45, 30))


def rows(statement: str, **values: Any) -> list[Any]:
    with db.unit_of_work() as session:
        return list(session.execute(text(statement), values))


def overpaid(citizen: PayingCitizen | BankCustomer) -> list[dict[str, Any]]:
    return list(citizen.send("GET", "/v1/overpayments").json["items"])


def events(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in rows("SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY id", kind=kind)]


def test_what_came_too_much_reaches_the_linked_account_whole(customer: BankCustomer) -> None:
    link = customer.link_account()
    (owed,) = customer.owe_parking(45)
    slip = slip_for(customer, owed["id"])
    report(paid(slip))
    report(paid(slip, at=clock.now() + timedelta(minutes=5), channel="ok"), channel="ok")
    (found,) = overpaid(customer)
    customer.got(
        "POST", f"/v1/overpayments/{found['id']}/return", {"bank_link_id": link["id"]}, Idempotency_Key="key-return"
    )
    for _ in range(2):
        overpayments.send_due(clock.now() + timedelta(seconds=60))
    (returned,) = overpaid(customer)
    assert (returned["status"], returned["failure"]) == ("returned", None)
    assert customer.books.balance(customer.accounts()[0]["account_no"]) == 100_045
    assert balances(PARKING, "bank_clearing:bank_of_kaohsiung") == [45, -45]
    assert [fact["amount_twd"] for fact in events("wallet.overpayment_returned")] == [45]


@pytest.mark.parametrize("mode", ["timeout_after", "error_500_after", "error_500"])
def test_a_bank_that_does_not_answer_is_asked_again_and_pays_once(customer: BankCustomer, mode: str) -> None:
    link = customer.link_account()
    (owed,) = customer.owe_parking(45)
    slip = slip_for(customer, owed["id"])
    report(paid(slip))
    report(paid(slip, at=clock.now() + timedelta(minutes=5), channel="ok"), channel="ok")
    (found,) = overpaid(customer)
    customer.got(
        "POST", f"/v1/overpayments/{found['id']}/return", {"bank_link_id": link["id"]}, Idempotency_Key="key-return"
    )
    hold = {} if mode.startswith("error") else {"seconds": 3}
    customer.books.set_switch("bank", "credit_order", mode, count=1, **hold)
    overpayments.send_due(clock.now())
    assert overpaid(customer)[0]["status"] == "ordered"
    overpayments.send_due(clock.now() + timedelta(seconds=60))
    assert overpaid(customer)[0]["status"] == "returned"
    assert customer.books.balance(customer.accounts()[0]["account_no"]) == 100_045


def test_an_account_that_is_closed_leaves_the_money_to_be_sent_elsewhere(customer: BankCustomer) -> None:
    first, second = customer.link_account(0), customer.link_account(1)
    (owed,) = customer.owe_parking(45)
    slip = slip_for(customer, owed["id"])
    report(paid(slip))
    report(paid(slip, at=clock.now() + timedelta(minutes=5), channel="ok"), channel="ok")
    (found,) = overpaid(customer)
    path = f"/v1/overpayments/{found['id']}/return"
    customer.got("POST", path, {"bank_link_id": first["id"]}, Idempotency_Key="key-1")
    customer.books.set_switch("bank", "credit_order", "account_closed", count=1)
    overpayments.send_due(clock.now())
    (refused,) = overpaid(customer)
    assert (refused["status"], refused["failure"]) == ("open", "account_closed")
    (told,) = events("wallet.overpayment_not_returned")
    assert (told["amount_twd"], told["account"]) == (45, first["account"])
    assert balances(PARKING) == [90]
    customer.got("POST", path, {"bank_link_id": second["id"]}, Idempotency_Key="key-2")
    overpayments.send_due(clock.now() + timedelta(seconds=1))
    assert overpaid(customer)[0]["status"] == "returned"
    assert customer.books.balance(customer.accounts()[1]["account_no"]) == 100_045


def give_back(
    citizen: PayingCitizen, found: dict[str, Any], *, key: str = "key-return", link_id: str | None = None
) -> Any:
    """POST …/return."""
    body = {"bank_link_id": link_id or citizen.link_id}
    return citizen.send("POST", f"/v1/overpayments/{found['id']}/return", body, Idempotency_Key=key)


def one_overpayment(citizen: PayingCitizen) -> dict[str, Any]:
    slip = slip_for(citizen, citizen.bill_ids()[0])
    report(paid(slip))
    report(paid(slip, channel="ok", at=clock.now() + timedelta(minutes=5)), channel="ok")
    (found,) = overpaid(citizen)
    return found


def test_the_citizen_has_it_sent_to_a_linked_account_once(citizen: PayingCitizen) -> None:
    found = one_overpayment(citizen)
    answer = give_back(citizen, found)
    assert answer.status_code == 200, answer.text
    assert (answer.json["status"], answer.json["account"]) == ("ordered", "***1234")
    assert give_back(citizen, found).json == answer.json
    assert give_back(citizen, found, key="another-key").json["type"].endswith("overpayment-not-open")
    (order,) = rows("SELECT amount_twd, status FROM wallet.overpayment")
    assert tuple(order) == (found["amount"], "ordered")


def test_an_account_at_another_bank_cannot_take_it(citizen: PayingCitizen) -> None:
    found = one_overpayment(citizen)
    with db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.bank_link SET bank = '822'"))
    refused = give_back(citizen, found)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/bank_link_id")
    assert overpaid(citizen)[0]["status"] == "open"


def test_everybody_who_sees_it_is_named_where_it_is_found(citizen: PayingCitizen, client: FlaskClient) -> None:
    paying_citizen(client, 8)
    one_overpayment(citizen)
    (slip,) = rows("SELECT DISTINCT person_id FROM wallet.payment_slip")
    assert [fact["person_ids"] for fact in events("wallet.overpayment_found")] == [[str(slip.person_id)]]


def test_nobody_else_sees_or_takes_it(citizen: PayingCitizen, client: FlaskClient) -> None:
    found, other = one_overpayment(citizen), paying_citizen(client, 8)
    assert overpaid(other) == []
    assert give_back(other, found).status_code == 404
    assert give_back(citizen, found, link_id=other.link_id).status_code == 404


def test_every_dollar_in_a_clearing_account_is_explained_before_and_after_the_way_back(customer: BankCustomer) -> None:
    link = customer.link_account()
    owed = customer.owe_parking(45, 30)
    slips = [slip_for(customer, one["id"]) for one in owed]
    report(*map(paid, slips))
    report(paid(slips[0], at=clock.now() + timedelta(minutes=5), channel="ok"), channel="ok")
    elsewhere = paid_elsewhere_file([(owed[1]["number"], 30, clock.now())], "郵局")
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [elsewhere], source="paid-elsewhere", sender=None, now=clock.now(),
            on_reported_elsewhere=reported_elsewhere,
        )  # fmt: skip
    overpayments.note_everywhere(clock.now())
    for number, found in enumerate(overpaid(customer)):
        customer.got(
            "POST", f"/v1/overpayments/{found['id']}/return", {"bank_link_id": link["id"]},
            Idempotency_Key=f"key-{number}",
        )  # fmt: skip
    overpayments.send_due(clock.now() + timedelta(seconds=1))
    assert [one["status"] for one in overpaid(customer)] == ["returned", "returned"]
    with db.unit_of_work() as session:
        assert in_transit.unexplained(session, now=clock.now()) == []
