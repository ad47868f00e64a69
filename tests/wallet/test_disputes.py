"""Disputes: notices in any order and many times move the money, the bills and the dispute once for each step."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from bank_city import BankCustomer, uuid_of
from flask.testing import FlaskClient
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core import clock, db
from tests.wallet.money_back import in_the_book, paid, recorded, status_of
from wallet import disputes
from wallet.disputes import Kind, Notice

NOTICED: Kind = "NOTIFICATION_OF_CHARGEBACK"
TAKEN: Kind = "CHARGEBACK"
GIVEN: Kind = "CHARGEBACK_REVERSED"
AGAIN: Kind = "SECOND_CHARGEBACK"


def say(payment: dict[str, Any], *kinds: Kind, **changed: Any) -> None:
    """The processor says so."""
    for kind in kinds:
        values: dict[str, Any] = {
            "payment_id": uuid_of("pay", payment["id"]),
            "kind": kind,
            "reference": "dispute-1",
            "reason": "Fraud",
            "reason_code": "10.4",
            "amount_twd": payment["total"],
            "happened_at": clock.now(),
        }
        with db.unit_of_work() as session:
            assert disputes.take_notice(session, Notice(**values | changed), clock.now())


def standing() -> tuple[str, int]:
    """The only dispute's state, and how far the money went."""
    with db.unit_of_work() as session:
        (dispute,) = disputes.page(session, status=None, limit=5, before=None)
        return dispute.status, dispute.steps_done


@pytest.fixture
def hsu(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance")


def only_dispute(officer: SignedInOfficer) -> dict[str, Any]:
    (item,) = officer.call("GET", "/v1/disputes").json["items"]
    return officer.call("GET", f"/v1/disputes/{item['id']}").json  # type: ignore[no-any-return]


def test_row_25_a_chargeback_opens_the_bill_and_a_won_dispute_closes_it_again_once(customer: BankCustomer) -> None:
    payment = paid(customer, 600)
    say(payment, NOTICED)
    assert (status_of(customer, payment), customer.unpaid()) == ("captured", [])
    say(payment, TAKEN, TAKEN)
    assert status_of(customer, payment) == "charged_back"
    assert [bill["amount"] for bill in customer.unpaid()] == [600]
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    say(payment, GIVEN, GIVEN)
    assert (status_of(customer, payment), customer.unpaid()) == ("captured", [])
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}
    assert standing() == ("won", 2)
    events = customer.got("GET", f"/v1/payments/{payment['id']}/events")["items"]
    moves = [event["status"] for event in events if event["kind"] == "payment"]
    assert moves[-3:] == ["captured", "charged_back", "captured"]
    assert [len(recorded(kind)) for kind in ("wallet.payment_undone", "wallet.payment_restored")] == [1, 1]
    assert [len(recorded(kind)) for kind in ("wallet.dispute_opened", "wallet.dispute_closed")] == [1, 1]


def test_a_second_chargeback_takes_it_again_and_a_lost_ruling_leaves_it_there(customer: BankCustomer) -> None:
    payment = paid(customer, 600)
    say(payment, NOTICED, TAKEN, GIVEN, AGAIN)
    assert (standing(), status_of(customer, payment)) == (("second_chargeback", 3), "charged_back")
    say(payment, "PREARBITRATION_LOST")
    assert (standing(), status_of(customer, payment)) == (("lost", 3), "charged_back")
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    assert [fact["status"] for fact in recorded("wallet.dispute_closed")] == ["won", "lost"]


def test_a_ruling_for_the_city_brings_the_money_after_a_second_chargeback(customer: BankCustomer) -> None:
    payment = paid(customer, 600)
    say(payment, TAKEN, GIVEN, AGAIN, "PREARBITRATION_WON")
    assert (standing(), status_of(customer, payment)) == (("won", 4), "captured")
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}


@pytest.mark.parametrize("order", list(itertools.permutations([NOTICED, TAKEN, GIVEN, AGAIN]))[::3])
def test_notices_in_any_order_end_where_the_right_order_ends(customer: BankCustomer, order: tuple[Kind, ...]) -> None:
    payment = paid(customer, 600)
    say(payment, *order, *order)
    assert (standing(), status_of(customer, payment)) == (("second_chargeback", 3), "charged_back")
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    with db.unit_of_work() as session:
        taken = session.execute(
            text("SELECT count(*) FROM wallet.state_change WHERE machine = 'payment' AND target = 'charged_back'")
        ).scalar_one()
    assert taken == 2


def test_a_bill_that_was_paid_otherwise_meanwhile_comes_back_when_the_dispute_is_won(customer: BankCustomer) -> None:
    first = paid(customer, 600)
    say(first, TAKEN)
    (bill,) = customer.unpaid()
    link = next(link for link in customer.got("GET", "/v1/bank-links")["items"] if link["status"] == "active")
    second = customer.pay([bill["id"]], link)
    assert second["status"] == "captured"
    say(first, GIVEN)
    (refund,) = customer.got("GET", f"/v1/payments/{first['id']}/refunds")["items"]
    assert (refund["reason"], refund["amount"]) == ("paid_again_meanwhile", 600)
    assert customer.unpaid() == []


def test_a_notice_about_a_payment_that_is_not_paid_yet_has_to_come_again(customer: BankCustomer) -> None:
    link = customer.link_account()
    (bill,) = customer.owe_parking(600)
    payment = customer.begin([bill["id"]], link).json
    with db.unit_of_work() as session:
        notice = Notice(uuid_of("pay", payment["id"]), TAKEN, "d", "Fraud", "10.4", 600, clock.now())
        assert not disputes.take_notice(session, notice, clock.now())
        assert disputes.page(session, status=None, limit=5, before=None) == []


def test_evidence_is_made_of_what_was_signed_and_kept_as_it_was_submitted(
    customer: BankCustomer, hsu: SignedInOfficer
) -> None:
    payment = paid(customer, 600)
    say(payment, NOTICED, TAKEN, defend_until=clock.now() + timedelta(days=20))
    dispute = only_dispute(hsu)
    body = {"note": "付款人當天以指紋確認。"}
    answer = hsu.call("POST", f"/v1/disputes/{dispute['id']}/evidence", body)
    assert (answer.status_code, answer.json["status"]) == (200, "evidence_submitted")
    evidence = answer.json["evidence"]
    assert hashlib.sha256(evidence["package"].encode()).hexdigest() == evidence["package_sha256"]
    package = json.loads(evidence["package"])
    signed = package["signed_instruction"]
    assert signed["text"] == payment["instruction"]
    assert hashlib.sha256(signed["text"].encode()).hexdigest() == signed["challenge_sha256"]
    assert package["passkey_assertion"]["user_verified"] and package["note"] == body["note"]
    assert customer.identity_no not in evidence["package"]
    again = hsu.call("POST", f"/v1/disputes/{dispute['id']}/evidence", body)
    assert (again.status_code, again.json["dispute_status"]) == (409, "evidence_submitted")
    with pytest.raises(ProgrammingError, match="append-only"), db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.dispute_evidence SET package = '{}'"))
    say(payment, GIVEN)
    assert only_dispute(hsu)["status"] == "won"
    assert [notice["kind"] for notice in only_dispute(hsu)["notices"]] == [NOTICED, TAKEN, GIVEN]


def test_evidence_comes_too_late_when_the_time_to_defend_has_passed(
    customer: BankCustomer, hsu: SignedInOfficer
) -> None:
    payment = paid(customer, 600)
    say(payment, NOTICED, TAKEN, defend_until=clock.now() - timedelta(seconds=1))
    dispute = only_dispute(hsu)
    assert hsu.call("POST", f"/v1/disputes/{dispute['id']}/evidence", {"note": "x"}).status_code == 409
    say(payment, "DISPUTE_DEFENSE_PERIOD_ENDED")
    assert standing() == ("lost", 1)


def test_an_accepted_dispute_stays_accepted_and_the_money_goes_all_the_same(
    customer: BankCustomer, hsu: SignedInOfficer
) -> None:
    payment = paid(customer, 600)
    say(payment, NOTICED)
    dispute = only_dispute(hsu)
    assert hsu.call("POST", f"/v1/disputes/{dispute['id']}/acceptance").json["status"] == "accepted"
    say(payment, TAKEN)
    assert (standing(), status_of(customer, payment)) == (("accepted", 1), "charged_back")
    assert hsu.call("POST", f"/v1/disputes/{dispute['id']}/acceptance").status_code == 409


def test_every_look_of_an_officer_is_seen_by_the_citizen(
    customer: BankCustomer, hsu: SignedInOfficer, client: FlaskClient
) -> None:
    say(paid(customer, 600), NOTICED)
    only_dispute(hsu)
    assert len(customer.got("GET", "/v1/me/access-log")["items"]) == 2
    bureau = signed_in_officer(client, "bureau_officer", bureau="parking")
    assert bureau.call("GET", "/v1/disputes").status_code == 403
