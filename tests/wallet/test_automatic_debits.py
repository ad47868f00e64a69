"""Automatic debit: signed words, a notice the day before, caps, skipping, stopping, and no debit made twice."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from bank_city import BankCustomer, at, bank_customer, uuid_of
from flask.testing import FlaskClient
from paying_city import new_payer, parking_file
from sandbox_process import SandboxBooks
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from stack import Stack
from waiting import wait_until

from api import delivery, wiring
from core import clock, db
from core.outbox import Event
from wallet import (
    authorization,
    automatic_debits,
    automatic_payments,
    bill_batches,
    mandates,
    outcomes,
    planned_debits,
    resolving,
    starting,
)
from wallet.debit_days import times_for
from wallet.double_payments import reported_elsewhere


@pytest.fixture
def link(customer: BankCustomer) -> dict[str, Any]:
    return customer.link_account()


def proposed(customer: BankCustomer, link: dict[str, Any], per_bill: int, monthly: int) -> dict[str, Any]:
    body = {"bank_link_id": link["id"], "per_bill_cap": per_bill, "monthly_cap": monthly}
    return customer.got("PUT", "/v1/automatic-debits", body)  # type: ignore[no-any-return]


def turned_on(
    customer: BankCustomer, link: dict[str, Any], *, per_bill: int = 500, monthly: int = 2000
) -> dict[str, Any]:
    proposal = proposed(customer, link, per_bill, monthly)
    credential = {"credential": customer.device.get(proposal["authorization"]["options"])}
    return customer.got("POST", f"/v1/automatic-debits/{proposal['id']}/authorization", credential)  # type: ignore[no-any-return]


def plans(customer: BankCustomer) -> list[dict[str, Any]]:
    """The planned debits, oldest first."""
    return list(reversed(customer.got("GET", "/v1/automatic-debits/planned")["items"]))


def told(kind: str) -> list[dict[str, Any]]:
    with db.unit_of_work() as session:
        rows = session.execute(
            text("SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY recorded_at, id"),
            {"kind": f"wallet.automatic_debit_{kind}"},
        )
        return [row.payload for row in rows]


def planned(customer: BankCustomer, link: dict[str, Any], *amounts: int, **caps: int) -> tuple[datetime, datetime]:
    """Turns it on, plans these fees and answers when they are told of and made."""
    bills = customer.owe_parking(*amounts)
    turned_on(customer, link, **caps)
    now = clock.now()
    automatic_payments.plan_due(now)
    times = times_for(date.fromisoformat(bills[0]["due_on"]), now)
    assert times is not None
    return times.announce_at, times.debit_at


def announced(customer: BankCustomer, link: dict[str, Any], *amounts: int, **caps: int) -> datetime:
    """The same, and told of; answers when they are made."""
    announce_at, debit_at = planned(customer, link, *amounts, **caps)
    automatic_payments.debit_due(announce_at)
    return debit_at


def booked(books: SandboxBooks) -> list[int]:
    return [debit["amount_twd"] for debit in books.debits(status="booked")]


def statuses(customer: BankCustomer) -> list[str]:
    return [each["status"] for each in plans(customer)]


# The standing instruction


def test_the_words_say_what_is_agreed_to_and_their_hash_is_what_the_phone_signs(
    customer: BankCustomer, link: dict[str, Any]
) -> None:
    proposal = proposed(customer, link, 300, 1500)
    words = json.loads(proposal["instruction"])
    assert {name: words[name] for name in ("type", "what", "account", "per_bill_cap", "monthly_cap", "currency")} == {
        "type": "mykaohsiung.automatic_debit", "what": "parking", "account": link["account"], "per_bill_cap": 300,
        "monthly_cap": 1500, "currency": "TWD",
    }  # fmt: skip
    challenge = proposal["authorization"]["options"]["challenge"]
    digest = hashlib.sha256(proposal["instruction"].encode()).digest()
    assert base64.urlsafe_b64decode(challenge + "=") == digest
    assert customer.got("GET", "/v1/automatic-debits")["is_on"] is False


def test_signed_it_is_on_and_the_evidence_is_kept_as_it_was(customer: BankCustomer, link: dict[str, Any]) -> None:
    standing = turned_on(customer, link, per_bill=300, monthly=1500)
    assert standing["is_on"] is True and standing["proposal"] is None
    terms = standing["terms"]
    assert (terms["per_bill_cap"], terms["monthly_cap"], terms["bank_link_id"]) == (300, 1500, link["id"])
    identifier = {"id": uuid_of("adb", terms["id"])}
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT * FROM wallet.automatic_debit WHERE id = :id"), identifier).one()
    client_data = json.loads(base64.urlsafe_b64decode(row.evidence["clientDataJSON"] + "=="))
    assert base64.urlsafe_b64decode(client_data["challenge"] + "=") == hashlib.sha256(row.instruction.encode()).digest()
    assert row.evidence["signature"] and row.evidence["public_key"] and row.passkey_id
    for change in ("monthly_cap_twd = 9999", "instruction = '{}'", "evidence = '{}'"):
        with pytest.raises(DBAPIError, match="what was signed is not changed"), db.unit_of_work() as session:
            session.execute(text(f"UPDATE wallet.automatic_debit SET {change} WHERE id = :id"), identifier)
    with pytest.raises(DBAPIError, match="append-only"), db.unit_of_work() as session:
        session.execute(text("DELETE FROM wallet.automatic_debit"))


@pytest.mark.parametrize(
    "device", [{"user_verified": False}, {"challenge": b"x" * 32}, {"origin": "https://evil.example"}]
)
def test_a_false_assertion_turns_nothing_on_and_ends_the_proposal(
    customer: BankCustomer, link: dict[str, Any], device: dict[str, Any]
) -> None:
    proposal = proposed(customer, link, 300, 1500)
    path = f"/v1/automatic-debits/{proposal['id']}/authorization"
    options = proposal["authorization"]["options"]
    refused = customer.send("POST", path, {"credential": customer.device.get(options, **device)})
    assert refused.status_code == 401
    again = customer.send("POST", path, {"credential": customer.device.get(options)})
    assert (again.status_code, again.json["type"].rsplit("/", 1)[1]) == (409, "automatic-debit-not-awaiting")
    assert customer.got("GET", "/v1/automatic-debits")["is_on"] is False


def test_it_takes_a_passkey_session_an_active_account_of_ones_own_and_caps_that_fit(
    customer: BankCustomer, link: dict[str, Any], client: FlaskClient
) -> None:
    body = {"bank_link_id": link["id"], "per_bill_cap": 300, "monthly_cap": 1500}
    for wrong in (
        {"monthly_cap": 299},
        {"per_bill_cap": 0},
        {"per_bill_cap": 300.5},
        {"per_bill_cap": "300"},
        {"per_bill_cap": True},
        {"monthly_cap": 1e18},
    ):
        assert customer.send("PUT", "/v1/automatic-debits", body | wrong).status_code == 422
    assert bank_customer(client, customer.books).send("PUT", "/v1/automatic-debits", body).status_code == 404
    strong, customer.token = customer.token, customer.weak_token()
    assert customer.send("PUT", "/v1/automatic-debits", body).status_code == 401
    customer.token = strong
    path, tag = f"/v1/bank-links/{link['id']}", f'"{link["version"]}"'
    customer.got("PATCH", path, {"status": "paused"}, If_Match=tag)
    refused = customer.send("PUT", "/v1/automatic-debits", body)
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[1]) == (409, "automatic-debit-account")


def test_other_words_replace_those_in_force_once_they_are_signed(customer: BankCustomer, link: dict[str, Any]) -> None:
    announce_at, _ = planned(customer, link, 60)
    first = customer.got("GET", "/v1/automatic-debits")["terms"]["id"]
    proposed(customer, link, 40, 1000)
    assert customer.got("GET", "/v1/automatic-debits")["terms"]["id"] == first
    second = turned_on(customer, link, per_bill=50, monthly=1000)["terms"]
    assert second["id"] != first and second["per_bill_cap"] == 50
    # What was planned goes on under the new words, and their cap counts.
    automatic_payments.debit_due(announce_at)
    assert [(each["status"], each["reason"]) for each in plans(customer)] == [("left", "over_bill_cap")]


# From the plan to the debit


def test_a_parking_fee_is_told_of_the_day_before_and_debited_once(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    announce_at, debit_at = planned(customer, link, 60)
    (plan,) = plans(customer)
    assert (plan["status"], plan["amount"], plan["announced_at"], plan["can_skip"]) == ("planned", 60, None, True)
    for moment in (announce_at - timedelta(minutes=1), announce_at, announce_at + timedelta(hours=1)):
        automatic_payments.debit_due(moment)
    (notice,) = told("announced")
    assert (notice["amount_twd"], notice["plate"], notice["account"]) == (60, customer.plate, link["account"])
    assert datetime.fromisoformat(notice["debit_at"]) == debit_at
    assert (debit_at.date() - announce_at.date()).days == 1
    automatic_payments.debit_due(debit_at - timedelta(seconds=1))
    assert booked(bank_books) == []
    for _ in range(3):
        automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == [60]
    (plan,) = plans(customer)
    assert (plan["status"], plan["can_skip"]) == ("paid", False)
    payment = customer.got("GET", f"/v1/payments/{plan['payment_id']}")
    assert (payment["status"], payment["initiated_by"], payment["total"]) == ("captured", "automatic_debit", 60)
    assert payment["receipt_url"] is not None
    assert customer.unpaid() == []
    assert customer.got("GET", "/v1/automatic-debits")["debited_this_month"] in (0, 60)


def test_a_fee_is_planned_once_however_often_and_by_how_many_it_is_looked_for(
    customer: BankCustomer, link: dict[str, Any]
) -> None:
    customer.owe_parking(20, 30)
    turned_on(customer, link)

    def look(number: int) -> None:
        with db.unit_of_work() as session:
            planned_debits.plan(session, customer.person_id, now=clock.now())

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(look, range(12)))
    assert statuses(customer) == ["planned", "planned"]
    customer.owe_parking(40)
    automatic_payments.plan_due(clock.now())
    automatic_payments.plan_due(clock.now() + planned_debits.PLAN_EVERY * 2)
    assert sorted(plan["amount"] for plan in plans(customer)) == [20, 30, 40]


def test_nothing_is_planned_while_it_is_off_and_fines_never_are(customer: BankCustomer, link: dict[str, Any]) -> None:
    customer.owe_parking(20)
    proposed(customer, link, 500, 2000)
    automatic_payments.plan_due(clock.now())
    with db.unit_of_work() as session:
        assert planned_debits.plan(session, customer.person_id, now=clock.now()) == 0
        session.execute(text("UPDATE wallet.bill SET kind = 'fine', bureau = 'fines'"))
    turned_on(customer, link)
    automatic_payments.plan_due(clock.now())
    assert plans(customer) == []


def test_the_notice_goes_out_once_from_several_workers(customer: BankCustomer, link: dict[str, Any]) -> None:
    announce_at, _ = planned(customer, link, 10, 20, 30)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(automatic_payments.debit_due, [announce_at] * 6))
    assert sorted(notice["amount_twd"] for notice in told("announced")) == [10, 20, 30]


def test_killed_between_the_intent_and_the_bank_it_is_debited_once(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    (plan,) = plans(customer)
    planned_id, bill_id = uuid_of("apd", plan["id"]), uuid_of("bill", plan["bill_id"])
    with db.unit_of_work() as session:
        payment = automatic_payments.start_automatic(session, planned_id, customer.person_id, bill_id, now=debit_at)
    assert payment is not None
    # The worker dies here: the payment is committed, the bank was never called.
    for minutes in (0, 1, 10):
        automatic_payments.debit_due(debit_at + timedelta(minutes=minutes))
    assert booked(bank_books) == [] and statuses(customer) == ["debiting"]
    resolving.resolve_due(debit_at + timedelta(minutes=1))
    resolving.resolve_due(debit_at + timedelta(minutes=2))
    automatic_payments.conclude_due(debit_at + timedelta(minutes=2))
    automatic_payments.debit_due(debit_at + timedelta(minutes=3))
    assert booked(bank_books) == [60] and statuses(customer) == ["paid"]


def test_killed_between_the_bank_and_the_outcome_it_is_debited_once(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    (plan,) = plans(customer)
    with db.unit_of_work() as session:
        payment = automatic_payments.start_automatic(
            session, uuid_of("apd", plan["id"]), customer.person_id, uuid_of("bill", plan["bill_id"]), now=debit_at
        )
    assert payment is not None
    authorization.order_debit(payment)
    automatic_payments.debit_due(debit_at + timedelta(minutes=1))
    resolving.resolve_due(debit_at + timedelta(minutes=1))
    automatic_payments.conclude_due(debit_at + timedelta(minutes=1))
    assert booked(bank_books) == [60] and statuses(customer) == ["paid"]


@pytest.mark.parametrize("mode", ["timeout_after", "error_500"])
def test_no_answer_from_the_bank_is_resolved_by_asking(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks, mode: str
) -> None:
    debit_at = announced(customer, link, 60)
    bank_books.set_switch("bank", "debit", mode, count=1, **({"seconds": 0.2} if mode == "timeout_after" else {}))
    automatic_payments.debit_due(debit_at)
    assert statuses(customer) == ["debiting"]
    resolving.resolve_due(clock.now() + timedelta(minutes=1))
    automatic_payments.conclude_due(clock.now())
    assert booked(bank_books) == [60] and statuses(customer) == ["paid"]


# Caps


def test_the_months_cap_holds_when_several_workers_debit_at_once(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, *[60] * 6, per_bill=60, monthly=200)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(automatic_payments.debit_due, [debit_at] * 6))
    automatic_payments.debit_due(debit_at + timedelta(minutes=1))
    assert booked(bank_books) == [60, 60, 60]
    assert sorted(statuses(customer)) == ["left"] * 3 + ["paid"] * 3
    assert {notice["reason"] for notice in told("not_made")} == {"over_monthly_cap"}
    with db.unit_of_work() as session:
        standing = automatic_debits.standing_of(session, customer.person_id, now=debit_at)
    assert standing.debited_this_month_twd == 180


def test_a_month_is_a_month_in_taipei() -> None:
    assert automatic_debits.month_of(at("2026-11-30 23:59")) == date(2026, 11, 1)
    assert automatic_debits.month_of(at("2026-12-01 00:00")) == date(2026, 12, 1)


def test_what_is_left_of_the_month_does_not_carry_over_and_the_next_begins_whole(client: FlaskClient) -> None:
    person = UUID(int=7)
    november, december = (
        automatic_debits.month_of(at("2026-11-30 23:59")),
        automatic_debits.month_of(at("2026-12-01 00:00")),
    )
    with db.unit_of_work() as session:
        assert automatic_debits.reserve(session, person, 80, 100, month=november)
        assert not automatic_debits.reserve(session, person, 21, 100, month=november)
        assert automatic_debits.reserve(session, person, 100, 100, month=december)
        assert not automatic_debits.reserve(session, person, 1, 100, month=december)
        automatic_debits.give_back(session, person, 30, month=november)
        assert automatic_debits.reserve(session, person, 50, 100, month=november)
        assert not automatic_debits.reserve(session, person, 101, 100, month=date(2027, 1, 1))


def test_a_fee_over_the_cap_for_a_bill_is_left_and_told_soon(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    planned(customer, link, 61, per_bill=60)
    automatic_payments.debit_due(clock.now() + timedelta(days=1))
    assert [(plan["status"], plan["reason"]) for plan in plans(customer)] == [("left", "over_bill_cap")]
    (notice,) = told("not_made")
    assert (notice["reason"], notice["retry_at"]) == ("over_bill_cap", None)
    assert "自行繳納" in plans(customer)[0]["message"]


# Skipping and stopping


def test_one_is_skipped_and_taken_back_until_its_moment(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks, client: FlaskClient
) -> None:
    debit_at = announced(customer, link, 60, 70)
    first, second = plans(customer)
    path = f"/v1/automatic-debits/planned/{first['id']}/skip"
    assert bank_customer(client, bank_books).send("POST", path).status_code == 404
    for _ in range(2):
        skipped = customer.got("POST", path)
        assert (skipped["status"], skipped["can_skip"], skipped["can_take_skip_back"]) == ("skipped", False, True)
    assert customer.got("DELETE", path)["status"] == "planned"
    customer.got("POST", path)
    automatic_payments.debit_due(debit_at)
    assert {plan["id"]: plan["status"] for plan in plans(customer)} == {first["id"]: "skipped", second["id"]: "paid"}
    assert booked(bank_books) == [second["amount"]]
    automatic_payments.plan_due(clock.now() + timedelta(hours=1))
    assert len(plans(customer)) == 2
    too_late = customer.send("POST", f"/v1/automatic-debits/planned/{second['id']}/skip")
    assert (too_late.status_code, too_late.json["debit_status"]) == (409, "paid")
    with db.unit_of_work() as session, pytest.raises(planned_debits.DebitHasBegun):
        planned_debits.take_skip_back(
            session, person_id=customer.person_id, planned_id=uuid_of("apd", first["id"]), now=debit_at
        )


def test_taken_back_before_it_was_told_of_it_is_told_of_at_its_time(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    announce_at, debit_at = planned(customer, link, 60)
    path = f"/v1/automatic-debits/planned/{plans(customer)[0]['id']}/skip"
    customer.got("POST", path)
    customer.got("DELETE", path)
    automatic_payments.debit_due(clock.now() + timedelta(minutes=1))
    assert told("announced") == []
    automatic_payments.debit_due(announce_at)
    assert len(told("announced")) == 1
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == [60]


def test_a_skip_that_races_with_the_debit_is_either_in_time_or_refused(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, *range(10, 18))

    def skip(planned_id: str) -> int:
        with db.unit_of_work() as session:
            try:
                planned_debits.skip(
                    session, person_id=customer.person_id, planned_id=uuid_of("apd", planned_id), now=debit_at
                )
            except planned_debits.DebitHasBegun:
                return 0
        return 1

    with ThreadPoolExecutor(5) as threads:
        sweeps = [threads.submit(automatic_payments.debit_due, debit_at) for _ in range(2)]
        skipped = sum(threads.map(skip, [plan["id"] for plan in plans(customer)]))
        for sweep in sweeps:
            sweep.result()
    automatic_payments.debit_due(debit_at + timedelta(minutes=1))
    by_status = {plan["amount"]: plan["status"] for plan in plans(customer)}
    assert set(by_status.values()) <= {"skipped", "paid"}
    assert list(by_status.values()).count("skipped") == skipped
    assert sorted(booked(bank_books)) == sorted(amount for amount, status in by_status.items() if status == "paid")


def test_stopped_nothing_happens_that_has_not_begun(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60, 70)
    first, _ = plans(customer)
    # One is on its way to the bank when it is stopped.
    with db.unit_of_work() as session:
        payment = automatic_payments.start_automatic(
            session, uuid_of("apd", first["id"]), customer.person_id, uuid_of("bill", first["bill_id"]), now=debit_at
        )
    assert payment is not None
    customer.token = customer.weak_token()
    standing = customer.got("DELETE", "/v1/automatic-debits")
    assert (standing["is_on"], standing["terms"], standing["stopped_reason"]) == (False, None, "citizen")
    assert customer.got("DELETE", "/v1/automatic-debits")["is_on"] is False
    automatic_payments.debit_due(debit_at)
    automatic_payments.plan_due(debit_at)
    outcome = authorization.order_debit(payment)
    with db.unit_of_work() as session:
        outcomes.record(session, payment.id, outcome, now=debit_at)
    automatic_payments.conclude_due(debit_at)
    assert booked(bank_books) == [first["amount"]]
    assert {plan["id"]: plan["status"] for plan in plans(customer)} == {first["id"]: "paid"}
    assert [notice["reason"] for notice in told("stopped")] == ["citizen"]


def test_stopping_races_with_the_sweep_and_every_debit_is_either_made_once_or_never(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, *range(10, 18))

    def stop() -> None:
        with db.unit_of_work() as session:
            automatic_debits.stop(session, person_id=customer.person_id, reason="citizen", now=debit_at)

    with ThreadPoolExecutor(3) as threads:
        running = [threads.submit(automatic_payments.debit_due, debit_at) for _ in range(2)]
        running.append(threads.submit(stop))
        for each in running:
            each.result()
    before = sorted(booked(bank_books))
    automatic_payments.debit_due(debit_at + timedelta(minutes=1))
    assert sorted(booked(bank_books)) == before
    with db.unit_of_work() as session:
        rows = session.execute(text("SELECT status, amount_twd FROM wallet.planned_debit")).all()
    assert sorted(row.amount_twd for row in rows if row.status == "paid") == before
    assert {row.status for row in rows} <= {"paid", "stopped"}


def test_turned_on_again_what_was_stopped_is_planned_anew(customer: BankCustomer, link: dict[str, Any]) -> None:
    planned(customer, link, 60)
    customer.got("DELETE", "/v1/automatic-debits")
    assert plans(customer) == []
    turned_on(customer, link)
    automatic_payments.plan_due(clock.now())
    assert statuses(customer) == ["planned"]


# What happens meanwhile


def test_a_bill_paid_otherwise_is_not_debited(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    assert customer.pay([customer.unpaid()[0]["id"]], link)["status"] == "captured"
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == [60]
    assert [(plan["status"], plan["reason"]) for plan in plans(customer)] == [("dropped", "paid")]
    assert told("not_made") == []


def test_a_bill_that_its_owner_is_paying_right_now_is_left_to_them(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    payment = customer.begin([customer.unpaid()[0]["id"]], link).json
    automatic_payments.debit_due(debit_at)
    assert statuses(customer) == ["planned"] and booked(bank_books) == []
    shown = customer.got("GET", f"/v1/payments/{payment['id']}")
    assert shown["status"] == "awaiting_authorization"
    customer.got("POST", f"/v1/payments/{payment['id']}/cancellation")
    automatic_payments.debit_due(debit_at + timedelta(minutes=6))
    assert booked(bank_books) == [60]


def test_a_debit_and_its_owner_beginning_to_pay_at_once_do_not_wait_for_each_other(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    (bill,) = customer.unpaid()
    with ThreadPoolExecutor(1) as threads, db.unit_of_work() as session:
        starting.one_at_a_time(session, customer.person_id)
        debit = threads.submit(automatic_payments.debit_due, debit_at)
        wait_until(_somebody_waits)
        with db.unit_of_work() as other:
            is_free = other.execute(
                text("SELECT 1 FROM wallet.bill WHERE id = :id FOR UPDATE SKIP LOCKED"),
                {"id": uuid_of("bill", bill["id"])},
            ).first()
        assert is_free is not None
        session.commit()
        debit.result()
    assert booked(bank_books) == [60]


def _somebody_waits() -> bool:
    with db.unit_of_work() as session:
        return bool(session.execute(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")).scalar())


def test_another_amount_than_was_told_is_told_again_and_debited_a_day_later(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    number = plans(customer)[0]["number"]
    with db.unit_of_work() as session:
        bill_batches.receive(
            session, [parking_file(customer.plate, [90], number=number)], source="parking", sender=None,
            now=clock.now(), on_reported_elsewhere=reported_elsewhere,
        )  # fmt: skip
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == []
    assert [notice["amount_twd"] for notice in told("announced")] == [60, 90]
    automatic_payments.debit_due(debit_at + timedelta(days=1))
    assert booked(bank_books) == [90]


def test_too_little_money_is_told_tried_once_more_and_then_left(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    bank_books.set_switch("bank", "debit", "insufficient_funds", count=2)
    automatic_payments.debit_due(debit_at)
    (plan,) = plans(customer)
    assert (plan["status"], plan["reason"]) == ("planned", "insufficient_funds")
    assert datetime.fromisoformat(plan["debit_at"]) == debit_at + timedelta(days=1)
    automatic_payments.debit_due(debit_at + timedelta(hours=1))
    automatic_payments.debit_due(debit_at + timedelta(days=1))
    automatic_payments.debit_due(debit_at + timedelta(days=2))
    assert statuses(customer) == ["left"]
    assert booked(bank_books) == [] and len(bank_books.debits()) == 2
    assert [(fact["reason"], fact["retry_at"] is not None) for fact in told("not_made")] == [
        ("insufficient_funds", True),
        ("insufficient_funds", False),
    ]
    assert len(customer.unpaid()) == 1
    with db.unit_of_work() as session:
        assert automatic_debits.standing_of(session, customer.person_id, now=debit_at).debited_this_month_twd == 0


def test_money_that_is_there_the_next_day_pays_it(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    bank_books.set_switch("bank", "debit", "insufficient_funds", count=1)
    automatic_payments.debit_due(debit_at)
    automatic_payments.debit_due(debit_at + timedelta(days=1))
    assert statuses(customer) == ["paid"] and booked(bank_books) == [60]


def test_a_mandate_that_ended_is_not_tried_again(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    bank_books.set_switch("bank", "debit", "mandate_revoked", count=1)
    automatic_payments.debit_due(debit_at)
    assert [(plan["status"], plan["reason"]) for plan in plans(customer)] == [("left", "mandate_revoked")]


def test_over_the_banks_own_limit_is_foreseen_and_tried_the_next_day(
    customer: BankCustomer, bank_books: SandboxBooks
) -> None:
    link = customer.link_account(per_payment_limit="100", daily_limit="100", monthly_limit="1000")
    debit_at = announced(customer, link, 60, 70)
    automatic_payments.debit_due(debit_at)
    assert len(booked(bank_books)) == 1
    assert len(bank_books.debits()) == 1
    assert sorted(statuses(customer)) == ["paid", "planned"]
    assert [fact["reason"] for fact in told("not_made")] == ["limit_exceeded"]


def test_a_paused_account_leaves_the_bill_to_its_owner(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    tag = customer.send("GET", f"/v1/bank-links/{link['id']}").headers["ETag"]
    customer.got("PATCH", f"/v1/bank-links/{link['id']}", {"status": "paused"}, If_Match=tag)
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == []
    assert [(plan["status"], plan["reason"]) for plan in plans(customer)] == [("left", "account_paused")]


def test_an_account_that_ended_at_the_bank_stops_it(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    (mandate,) = bank_books.mandates()
    bank_books.asked("POST", f"/books/bank/mandates/{mandate['mandate_id']}/revocation")
    mandates.check_due(clock.now() + timedelta(days=1, minutes=1))
    with db.unit_of_work() as session:
        fact = session.execute(text("SELECT payload FROM core.outbox WHERE kind = 'wallet.bank_link_ended'")).one()
        event = Event(UUID(int=1), "wallet.bank_link_ended", fact.payload, debit_at)
        automatic_debits.stop_with_its_account(session, event, debit_at)
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == []
    standing = customer.got("GET", "/v1/automatic-debits")
    assert (standing["is_on"], standing["stopped_reason"]) == (False, "account_ended")


def test_a_vehicle_that_is_no_longer_theirs_is_not_paid_for(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    (vehicle,) = customer.got("GET", "/v1/me/vehicles")["items"]
    customer.send("DELETE", f"/v1/me/vehicles/{vehicle['id']}")
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == []
    assert [(plan["status"], plan["reason"]) for plan in plans(customer)] == [("dropped", "not_yours")]


def test_workers_that_slept_through_the_day_of_the_notice_tell_late_and_debit_a_day_later_or_not_at_all(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    _, debit_at = planned(customer, link, 60)
    automatic_payments.debit_due(debit_at)
    assert booked(bank_books) == [] and len(told("announced")) == 1
    automatic_payments.debit_due(debit_at + timedelta(days=1))
    assert booked(bank_books) == [60]
    planned_again = customer.owe_parking(70)
    automatic_payments.plan_due(clock.now() + timedelta(hours=1))
    after = datetime.fromisoformat(f"{planned_again[0]['due_on']}T09:00:00+08:00") + timedelta(days=1)
    automatic_payments.debit_due(after)
    assert plans(customer)[-1]["reason"] == "too_late"
    assert booked(bank_books) == [60]


# What people are told


def deliver_all() -> None:
    """Bring every recorded event to its consumers, twice, as a crash between two workers may."""
    for _ in range(2):
        with db.unit_of_work() as session:
            ids = [row.id for row in session.execute(text("SELECT id FROM core.outbox ORDER BY recorded_at, id"))]
            session.execute(text("UPDATE core.outbox SET settled_at = NULL"))
        delivery.deliver(ids, wiring.consumers_by_kind())


def inbox(customer: BankCustomer, kind: str, language: str = "zh-TW") -> list[dict[str, Any]]:
    items = customer.got("GET", "/v1/inbox", Accept_Language=language)["items"]
    return [message for message in items if message["kind"] == kind]


def test_the_notice_says_how_much_for_which_vehicle_when_and_how_to_skip_it(
    customer: BankCustomer, link: dict[str, Any]
) -> None:
    debit_at = announced(customer, link, 1060, per_bill=2000)
    deliver_all()
    (message,) = inbox(customer, "automatic_debit_announced")
    assert message["title"] == "明天自動扣繳停車費 NT$1,060"
    tail, moment = customer.plate[-2:], f"{debit_at:%H:%M}"
    assert all(words in message["body"] for words in (f"末兩碼 {tail}", moment, link["account"], "略過"))
    assert customer.plate not in message["title"] + message["body"]
    (english,) = inbox(customer, "automatic_debit_announced", "en")
    assert all(words in english["body"] for words in (f"ends in {tail}", f"{debit_at:%Y-%m-%d %H:%M}", "Skip"))
    assert message["link"] == "/app/automatic-debits"


def test_a_failure_is_told_once_with_what_happens_next(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    debit_at = announced(customer, link, 60)
    bank_books.set_switch("bank", "debit", "insufficient_funds", count=2)
    automatic_payments.debit_due(debit_at)
    automatic_payments.debit_due(debit_at + timedelta(days=1))
    deliver_all()
    (again,) = inbox(customer, "automatic_debit_to_be_retried")
    assert "餘額不足" in again["body"]
    (left,) = inbox(customer, "automatic_debit_left")
    assert "自行繳納" in left["body"]
    assert inbox(customer, "payment_failed") == []


def test_an_end_is_told_whoever_brought_it_about(
    customer: BankCustomer, link: dict[str, Any], bank_books: SandboxBooks
) -> None:
    announced(customer, link, 60)
    (mandate,) = bank_books.mandates()
    bank_books.asked("POST", f"/books/bank/mandates/{mandate['mandate_id']}/revocation")
    mandates.check_due(clock.now() + timedelta(days=1, minutes=1))
    deliver_all()
    deliver_all()
    (ended,) = inbox(customer, "bank_link_ended")
    assert link["account"] in ended["title"]
    (stopped,) = inbox(customer, "automatic_debit_stopped")
    assert "已解除連結" in stopped["body"]
    assert customer.got("GET", "/v1/automatic-debits")["is_on"] is False


def test_in_the_running_city_a_new_fee_is_planned_by_itself_and_skipped_by_a_tap(stack: Stack) -> None:
    payer = new_payer(stack, parking=[60])
    call, terms = payer.citizen.call, {"bank_link_id": payer.link["id"], "per_bill_cap": 500, "monthly_cap": 2000}
    proposal = call("PUT", "/v1/automatic-debits", terms)
    credential = {"credential": payer.citizen.device.get(proposal["authorization"]["options"])}
    assert call("POST", f"/v1/automatic-debits/{proposal['id']}/authorization", credential)["is_on"] is True
    (plan,) = wait_until(lambda: call("GET", "/v1/automatic-debits/planned")["items"], seconds=60)
    assert (plan["status"], plan["bill_id"], plan["amount"]) == ("planned", payer.bill_ids()[0], 60)
    assert call("POST", f"/v1/automatic-debits/planned/{plan['id']}/skip")["status"] == "skipped"
