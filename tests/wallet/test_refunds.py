"""Refunds: for a reason that can be proven, in parts, never above what was captured, and followed to the end."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from bank_city import BankCustomer, bank_customer, uuid_of
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core import clock, db
from core.ids import new_uuid
from core.outbox import Event
from notify.money_back import tell_of_refund
from tests.wallet.money_back import (
    ask,
    bring_points,
    bureaus_behind,
    in_the_book,
    paid,
    recorded,
    refund_uuid,
    sent,
    shown,
    split,
    status_of,
    withdraw,
)
from wallet import refund_outcomes, refunds
from wallet.rails.contract import Accepted, Returned
from wallet.undoing import undo

__all__ = ["bureaus_behind"]


@pytest.fixture
def payer(customer: BankCustomer, bureaus_behind: SandboxBooks) -> BankCustomer:
    return customer


def test_a_bill_that_its_bureau_has_withdrawn_comes_back_whole(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    answer = ask(payer, payment, "bill_withdrawn")
    assert answer.status_code == 201, answer.text
    refund = answer.json
    assert (refund["amount"], refund["status"], refund["rail"]) == (600, "requested", "bank_of_kaohsiung")
    assert date.fromisoformat(refund["expected_on"]) > date(2026, 1, 1)
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 600}
    sent(refund)
    done = shown(payer, refund)
    assert [step["status"] for step in done["steps"]] == ["requested", "completed"]
    assert done["completed_at"] and done["failure"] is None
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    assert payer.books.refunds(debit_reference=payment["id"])[0]["amount_twd"] == 600
    assert status_of(payer, payment) == "refunded"


def test_a_reason_that_nothing_proves_is_refused(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    for reason, needs in (
        ("bill_withdrawn", "bureau_void"), ("wrong_amount", "bureau_amount"), ("duplicate", "reported_elsewhere"),
    ):  # fmt: skip
        answer = ask(payer, payment, reason)
        assert (answer.status_code, answer.json["needs"]) == (409, needs)
        assert answer.json["type"].endswith("/refund-not-allowed")
    for reason in ("goodwill", "paid_elsewhere_first", "because"):
        assert ask(payer, payment, reason).status_code == 422
    assert in_the_book()["held"] == 0


def test_of_an_amount_that_the_bureau_corrected_the_difference_comes_back_once(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    payer.books.put("bureaus/parking/bills", number=payment["bills"][0]["number"], amount_twd=450, status="paid")
    first = ask(payer, payment, "wrong_amount")
    assert (first.status_code, first.json["amount"]) == (201, 150)
    again = ask(payer, payment, "wrong_amount")
    assert (again.status_code, again.json["left"]) == (422, 0)
    sent(first.json)
    assert status_of(payer, payment) == "captured"


def test_row_22_ten_partial_refunds_at_once_never_exceed_what_was_captured(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)

    def one(_: int) -> tuple[int, Any]:
        with payer.client.application.test_client() as client:
            answer = ask(BankCustomer(client, payer.books, payer.person_id, "", payer.token, ""), payment,
                         "bill_withdrawn", 100)  # fmt: skip
            return answer.status_code, answer.json

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(one, range(10)))
    taken = [body for status, body in answers if status == 201]
    losers = [body for status, body in answers if status != 201]
    assert len(taken) == 6 and len({refund["id"] for refund in taken}) == 6
    assert {body["status"] for body in losers} == {422}
    assert all(body["type"].endswith("/refund-exceeds-payment") for body in losers)
    for refund in taken:
        sent(refund)
    assert sum(r["amount_twd"] for r in payer.books.refunds(debit_reference=payment["id"], status="booked")) == 600
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    assert status_of(payer, payment) == "refunded"


def test_the_database_itself_refuses_more_than_was_captured(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    with pytest.raises(IntegrityError, match="never_refunded_above_captured"), db.unit_of_work() as session:
        session.execute(text("UPDATE wallet.payment_item SET refunding_twd = amount_twd + 1"))
    assert status_of(payer, payment) == "captured"


def test_the_same_key_asks_for_one_refund(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    body = {"bill_id": payment["bills"][0]["bill_id"], "reason": "bill_withdrawn", "amount": 100}
    path = f"/v1/payments/{payment['id']}/refunds"
    answers = [payer.send("POST", path, body, Idempotency_Key="one").json for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(payer.got("GET", path)["items"]) == 1
    assert payer.send("POST", path, body).status_code == 400


def test_somebody_elses_refund_is_not_found(payer: BankCustomer, client: FlaskClient) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    other = bank_customer(client, payer.books)
    assert other.send("GET", f"/v1/refunds/{refund['id']}").status_code == 404
    assert ask(other, payment, "bill_withdrawn").status_code == 404
    body = {"bank_link_id": "blk_" + "0" * 26}
    assert other.send("POST", f"/v1/refunds/{refund['id']}/account", body, Idempotency_Key="k").status_code == 404


@pytest.mark.parametrize("mode", ["timeout_after", "error_500"])
def test_a_refund_without_an_answer_is_asked_about_and_paid_once(payer: BankCustomer, mode: str) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    payer.books.set_switch("bank", "refund", mode, count=1, **({"seconds": 4} if mode == "timeout_after" else {}))
    sent(refund)
    assert shown(payer, refund)["status"] == "unknown"
    sent(refund)
    assert shown(payer, refund)["status"] == "completed"
    assert [r["amount_twd"] for r in payer.books.refunds(debit_reference=payment["id"])] == [600]


def test_where_the_account_is_closed_the_citizen_chooses_another_proven_one(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    closed, other = payer.accounts()
    payer.books.put("bank/accounts", account_no=closed["account_no"], status="closed", holder_name="存戶",
                    balance_twd=closed["balance_twd"], national_id=payer.identity_no)  # fmt: skip
    refund = ask(payer, payment, "bill_withdrawn").json
    sent(refund)
    failed = shown(payer, refund)
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "account_closed")
    assert failed["can_choose_account"]
    assert [fact["can_choose_account"] for fact in recorded("wallet.refund_failed")] == [True]
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}
    link = payer.link_account(1)
    path = f"/v1/refunds/{refund['id']}/account"
    again = payer.got("POST", path, {"bank_link_id": link["id"]}, Idempotency_Key=str(uuid.uuid4()))
    assert (again["status"], again["account"]) == ("requested", link["account"])
    sent(refund)
    done = shown(payer, refund)
    assert [step["status"] for step in done["steps"]] == ["requested", "failed", "requested", "completed"]
    assert payer.books.balance(other["account_no"]) == 100_600
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}
    late = payer.send("POST", path, {"bank_link_id": link["id"]}, Idempotency_Key=str(uuid.uuid4()))
    assert late.status_code == 409


def test_row_23_a_refund_that_succeeded_and_came_back_is_undone_again_and_told(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    sent(refund)
    assert status_of(payer, payment) == "refunded"
    for _ in range(3):
        with db.unit_of_work() as session:
            refunds.came_back(session, refund_uuid(refund), "refunded_reversed", clock.now())
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}
    assert status_of(payer, payment) == "captured"
    (told,) = recorded("wallet.refund_failed")
    assert (told["was_completed"], told["failure_code"]) == (True, "refunded_reversed")
    assert shown(payer, refund)["can_choose_account"]
    assert [step["status"] for step in shown(payer, refund)["steps"]] == ["requested", "completed", "failed"]


def test_a_refund_that_was_taken_on_waits_for_the_last_word_whatever_comes_first(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    now = clock.now()
    with db.unit_of_work() as session:
        refund_outcomes.record(session, refund_uuid(refund), Accepted("psp-1"), tries=1, now=now)
    assert shown(payer, refund)["status"] == "pending"
    for _ in range(2):
        with db.unit_of_work() as session:
            refunds.completed(session, refund_uuid(refund), "psp-1", now, now)
    with db.unit_of_work() as session:
        # The answer to our own request arrives after the webhook that overtook it.
        refund_outcomes.record(session, refund_uuid(refund), Accepted("psp-1"), tries=1, now=now)
    assert shown(payer, refund)["status"] == "completed"
    assert len(recorded("wallet.bill_refunded")) == 1
    assert in_the_book()["clearing"] == 0


def test_a_refund_refused_before_it_was_said_to_be_done_stays_failed_when_the_success_arrives_late(
    payer: BankCustomer,
) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    now = clock.now()
    with db.unit_of_work() as session:
        refunds.came_back(session, refund_uuid(refund), "refund_failed", now)
        assert not refunds.completed(session, refund_uuid(refund), "psp-1", now, now)
    assert shown(payer, refund)["status"] == "failed"
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}


def test_row_14_a_word_about_a_refund_that_we_never_ordered_changes_nothing(payer: BankCustomer) -> None:
    paid(payer, 600)
    with db.unit_of_work() as session:
        assert not refunds.completed(session, new_uuid(), "psp-1", clock.now(), clock.now())
        assert not refunds.came_back(session, new_uuid(), "x", clock.now())
        assert refunds.id_of_reference(session, new_uuid()) is None
    assert in_the_book() == {"clearing": 600, "parking": 600, "held": 0}


def test_a_refund_of_a_payment_that_was_undone_is_not_sent(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    with db.unit_of_work() as session:
        assert undo(session, uuid_of("pay", payment["id"]), "charged_back", reason="fraud", now=clock.now())
    sent(refund)
    failed = shown(payer, refund)
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "payment_undone")
    assert not failed["can_choose_account"]
    assert payer.books.refunds(debit_reference=payment["id"]) == []
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}


def test_points_follow_and_the_message_is_written_in_both_languages(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    sent(ask(payer, payment, "bill_withdrawn").json)
    (fact,) = recorded("wallet.bill_refunded")
    assert (fact["amount_twd"], fact["points_pt"], fact["reason"]) == (600, 0, "bill_withdrawn")
    with db.unit_of_work() as session:
        tell_of_refund(session, Event(new_uuid(), "wallet.bill_refunded", fact, clock.now()), clock.now())
    (message,) = [m for m in payer.got("GET", "/v1/inbox")["items"] if m["kind"] == "refund_completed"]
    assert "600" in message["body"]


# ---- officers


@pytest.fixture
def hsu(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance")


def give_back(officer: SignedInOfficer, payment: dict[str, Any], amount: int, reason: str = "goodwill") -> Any:
    body = {"payment_id": payment["id"], "bill_id": payment["bills"][0]["bill_id"], "amount": amount,
            "reason": reason, "note": "案號 115-7"}  # fmt: skip
    return officer.call("POST", "/v1/refunds", body, Idempotency_Key=str(uuid.uuid4()))


def test_an_officer_gives_back_alone_up_to_the_limit_and_not_in_parts_above_it(
    payer: BankCustomer, hsu: SignedInOfficer
) -> None:
    payment = paid(payer, 4500)
    small = give_back(hsu, payment, 2000)
    assert (small.status_code, small.json["status"], small.json["asked_by"]) == (201, "requested", "officer")
    second = give_back(hsu, payment, 1500)
    assert (second.json["status"], second.json["approval_id"][:4]) == ("proposed", "apr_")
    items = payer.got("GET", f"/v1/payments/{payment['id']}/refunds")["items"]
    assert [item["amount"] for item in items] == [2000]


def test_above_the_limit_a_second_officer_decides(
    payer: BankCustomer, hsu: SignedInOfficer, client: FlaskClient
) -> None:
    payment = paid(payer, 4500)
    refund = give_back(hsu, payment, 4500).json
    assert hsu.decide(refund["approval_id"], is_approved=True).status_code in (403, 409)
    assert give_back(hsu, payment, 1).status_code == 422
    tsai = signed_in_officer(client, "finance")
    assert tsai.decide(refund["approval_id"], is_approved=True, note="同意").status_code == 200
    sent(refund)
    done = shown(payer, refund)
    assert [step["status"] for step in done["steps"]] == ["proposed", "requested", "completed"]
    assert in_the_book() == {"clearing": 0, "parking": 0, "held": 0}


def test_what_a_second_officer_declines_is_free_to_be_given_back_again(
    payer: BankCustomer, hsu: SignedInOfficer, client: FlaskClient
) -> None:
    payment = paid(payer, 4500)
    refund = give_back(hsu, payment, 4500).json
    tsai = signed_in_officer(client, "finance")
    assert tsai.decide(refund["approval_id"], is_approved=False, note="證據不足").status_code == 200
    assert payer.send("GET", f"/v1/refunds/{refund['id']}").status_code == 404
    assert give_back(hsu, payment, 2000).status_code == 201
    listed = hsu.call("GET", f"/v1/officer/payments/{payment['id']}/refunds").json["items"]
    assert [item["status"] for item in listed] == ["declined", "requested"]


def test_a_bill_that_was_somebody_elses_is_owed_again_once_all_of_it_is_back(
    payer: BankCustomer, hsu: SignedInOfficer
) -> None:
    payment = paid(payer, 600)
    for amount in (200, 400):
        assert payer.unpaid() == []
        sent(give_back(hsu, payment, amount, "wrong_bill").json)
    assert [bill["id"] for bill in payer.unpaid()] == [payment["bills"][0]["bill_id"]]


def test_an_officer_reading_refunds_is_written_into_the_citizens_access_log(
    payer: BankCustomer, hsu: SignedInOfficer
) -> None:
    payment = paid(payer, 600)
    give_back(hsu, payment, 100)
    entries = payer.got("GET", "/v1/me/access-log")["items"]
    assert len(entries) == 1
    assert signed_in_officer(payer.client, "auditor").call("POST", "/v1/refunds", {}).status_code == 403


def test_a_late_refund_of_a_provisional_payment_waits(payer: BankCustomer) -> None:
    payment = paid(payer, 600)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn").json
    with db.unit_of_work() as session:
        session.execute(text("ALTER TABLE wallet.payment DISABLE TRIGGER payment_moves"))
        session.execute(text("UPDATE wallet.payment SET status = 'provisional', final_on = CURRENT_DATE + 1"))
    sent(refund)
    assert payer.books.refunds(debit_reference=payment["id"]) == []
    with db.unit_of_work() as session:
        next_try = session.execute(text("SELECT next_try_at FROM wallet.refund")).scalar_one()
        session.execute(text("UPDATE wallet.payment SET status = 'captured'"))
    assert next_try > clock.now() + timedelta(minutes=30)
    sent(refund)
    assert shown(payer, refund)["status"] == "completed"


def test_what_the_rail_gives_back_is_what_the_book_says(payer: BankCustomer) -> None:
    payment = paid(payer, 600, 250)
    withdraw(payer.books, payment)
    refund = ask(payer, payment, "bill_withdrawn", 100).json
    with db.unit_of_work() as session:
        refund_outcomes.record(
            session, refund_uuid(refund), Returned("r-1", 100, clock.now()), tries=1, now=clock.now()
        )
    assert in_the_book() == {"clearing": 750, "parking": 750, "held": 0}
    assert status_of(payer, payment) == "captured"


def test_of_a_payment_in_money_and_points_the_money_comes_back_first_and_the_rest_as_points(
    payer: BankCustomer,
) -> None:
    paid(payer, 3000)
    bring_points()
    assert payer.got("GET", "/v1/points")["balance"] == 40
    payment = split(payer, 60, points=35)
    withdraw(payer.books, payment)
    before = in_the_book()
    refunds_made = [ask(payer, payment, "bill_withdrawn", amount).json for amount in (20, 30, 10)]
    assert [refund["in_points"] for refund in refunds_made] == [0, 25, 10]
    for refund in refunds_made:
        sent(refund)
        assert shown(payer, refund)["status"] == "completed"
    assert payer.got("GET", "/v1/points")["balance"] == 40
    assert [r["amount_twd"] for r in payer.books.refunds(debit_reference=payment["id"])] == [20, 5]
    after = in_the_book()
    assert (before["clearing"] - after["clearing"], before["parking"] - after["parking"]) == (25, 60)
    assert after["held"] == 0
    assert status_of(payer, payment) == "refunded"
