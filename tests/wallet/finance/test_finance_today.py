"""The money of today: sums that an officer sees at once, and what needs somebody now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sent_statements import statements_of
from settling_city import adyen_file, open_city, pay, settled, statement, take
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from core.db import Database


@pytest.fixture(autouse=True)
def city(client: FlaskClient) -> None:
    open_city(clock.now())


@pytest.fixture
def mei(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance", name="王承辦")


@pytest.fixture
def lin(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance", name="林科長")


def today(officer: SignedInOfficer, **how: Any) -> dict[str, Any]:
    answer = officer.call("GET", "/v1/finance/today", **how)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def needs(officer: SignedInOfficer) -> dict[str, dict[str, Any]]:
    return {need["what"]: need for need in today(officer)["needs"]}


def run(sql: str, **values: Any) -> None:
    with db.unit_of_work() as session:
        session.execute(text(sql), values)


def test_where_nothing_waits_nothing_is_needed(mei: SignedInOfficer) -> None:
    body = today(mei)
    assert body["needs"] == [] and body["captured"] == [] and body["breaks"] == [] and body["open_days"] == []
    assert {state["status"]: state["number"] for state in body["under_way"]} == {
        "debiting": 0, "unknown": 0, "action_required": 0, "provisional": 0,
    }  # fmt: skip
    assert len(body["files"]) == 7 and not any(file["is_missing"] or file["is_refused"] for file in body["files"])


def test_payments_are_summed_by_state_with_the_age_of_the_oldest(mei: SignedInOfficer) -> None:
    now = clock.now()
    pay("card", 600, at=now - timedelta(hours=3), status="unknown")
    pay("card", 400, at=now, status="unknown")
    pay("ach", 300, at=now, status="provisional")
    states = {state["status"]: state for state in today(mei)["under_way"]}
    assert (states["unknown"]["number"], states["unknown"]["total"], states["unknown"]["late"]) == (2, 1000, 1)
    assert states["unknown"]["oldest_at"][:16] == clock.on_the_wire(now - timedelta(hours=3))[:16]
    assert (states["provisional"]["number"], states["provisional"]["within_minutes"]) == (1, None)
    assert needs(mei)["payments_late"]["number"] == 1
    (late,) = mei.call("GET", "/v1/finance/late-payments").json["items"]
    assert (late["status"], late["rail"], late["total"]) == ("unknown", "card", 600)


def test_what_was_captured_today_is_summed_by_rail_and_what_failed_is_not(mei: SignedInOfficer) -> None:
    now = clock.now()
    pay("card", 600, fee=20, at=now)
    pay("card", 100, at=now)
    pay("bank_of_kaohsiung", 50, at=now)
    pay("jkopay", 999, at=now, status="failed")
    pay("line_pay", 70, at=now - timedelta(days=1, hours=1))
    body = today(mei, language="en")
    assert [(rail["name"], rail["number"], rail["total"]) for rail in body["captured"]] == [
        ("Credit or debit card", 2, 720),
        ("Bank of Kaohsiung account", 1, 50),
    ]
    assert body["captured_total"] == 770


def test_breaks_are_counted_by_kind_and_age_and_needed_until_somebody_owns_them(mei: SignedInOfficer) -> None:
    take("adyen", adyen_file([settled(pay("card", 600), gross=590)]), now=clock.now() - timedelta(days=2))
    (kind,) = today(mei)["breaks"]
    assert (kind["kind"], kind["number"], kind["in_suspense"], kind["up_to_1"], kind["up_to_3"]) == (
        "amount", 1, -10, 0, 1,
    )  # fmt: skip
    assert needs(mei)["breaks_without_owner"]["number"] == 1
    (item,) = mei.call("GET", "/v1/reconciliation/breaks?owner=nobody").json["items"]
    mei.call("POST", f"/v1/reconciliation/breaks/{item['id']}/assignment", {})
    assert "breaks_without_owner" not in needs(mei) and needs(mei)["breaks_mine"]["number"] == 1
    assert len(mei.call("GET", "/v1/reconciliation/breaks?owner=me").json["items"]) == 1
    assert mei.call("GET", "/v1/reconciliation/breaks?owner=nobody").json["items"] == []


def test_a_proposal_is_needed_by_the_other_officer_alone(mei: SignedInOfficer, lin: SignedInOfficer) -> None:
    take("adyen", adyen_file([settled(pay("card", 600), gross=590)]), now=clock.now())
    (item,) = mei.call("GET", "/v1/reconciliation/breaks").json["items"]
    body = {"counter_account": "rail_costs:card", "reason": "折讓"}
    assert mei.call("POST", f"/v1/reconciliation/breaks/{item['id']}/adjustment", body).status_code == 202
    assert "approvals" not in needs(mei) and needs(lin)["approvals"]["number"] == 1


def test_a_refused_return_file_alarms_before_anything_else(mei: SignedInOfficer) -> None:
    now = clock.now()
    pay("card", 600, at=now - timedelta(days=1), status="unknown")
    run(
        "INSERT INTO wallet.ach_file_problem (day, wrong, digest, detail, first_seen_at, last_seen_at) "
        "VALUES (:day, 'totals_wrong', '\\x00', '合計不符', :now, :now)",
        day=taipei_date(now), now=now,
    )  # fmt: skip
    first = today(mei)["needs"][0]
    assert first["what"] == "return_file_refused" and first["is_alarm"]
    run("UPDATE wallet.ach_file_problem SET resolved_at = :now", now=now)
    assert "return_file_refused" not in needs(mei)


def test_a_refused_statement_alarms_until_a_good_one_comes(mei: SignedInOfficer) -> None:
    day = taipei_date(clock.now()) - timedelta(days=1)
    headers = {"Authorization": f"Bearer {mei.token}", "Content-Type": "application/xml"}
    bad, good = statement([], day=day, closing=1), statement([], day=day)
    mei.client.post("/v1/reconciliation/files?source=bank", data=bad, headers=headers)
    assert needs(mei)["file_refused"]["detail"] == "bank"
    (bank,) = [file for file in today(mei)["files"] if file["source"] == "bank"]
    assert bank["is_refused"] and bank["refusal"] == "statement-totals-wrong" and bank["refused_today"] == 1
    sent = mei.client.post("/v1/reconciliation/files?source=bank", data=good, headers=headers)
    assert len(sent.json["content_sha256"]) == 64
    assert "file_refused" not in needs(mei)


def test_a_bureau_that_cannot_be_told_and_a_refund_that_did_not_arrive_are_needed(mei: SignedInOfficer) -> None:
    now = clock.now()
    run(
        "INSERT INTO wallet.bureau_notice (id, payment_id, bureau, body, created_at, happened_at, gave_up_at, tries) "
        "VALUES (:id, :id, 'parking', '{}', :now, :now, :now, 12)",
        id=uuid4(), now=now,
    )  # fmt: skip
    run(
        "INSERT INTO wallet.refund (id, payment_id, bill_id, person_id, reason, amount_twd, fee_twd, status, created_at)"
        " VALUES (:id, :id, :id, :id, 'goodwill', 100, 0, 'requested', :now)",
        id=uuid4(), now=now,
    )  # fmt: skip
    run("UPDATE wallet.refund SET status = 'failed', failed_at = :now", now=now)
    found = needs(mei)
    assert found["notices_given_up"]["number"] == 1 and found["notices_given_up"]["is_alarm"]
    assert (found["refunds_failed"]["number"], found["refunds_failed"]["amount"]) == (1, 100)


def test_days_since_the_first_are_to_be_closed_each_with_what_it_lacks(mei: SignedInOfficer) -> None:
    now = clock.now()
    two_days_ago, yesterday = (taipei_date(now) - timedelta(days=days) for days in (2, 1))
    take("bank", statement([], day=two_days_ago), now=now)
    pay("jkopay", 50, at=now - timedelta(days=1))
    items = mei.call("GET", "/v1/reconciliation/open-days").json["items"]
    assert [(item["day"], item["missing_files"]) for item in items] == [
        (yesterday.isoformat(), ["bank", "jkopay"]),
        (two_days_ago.isoformat(), []),
    ]
    ready = mei.call("GET", f"/v1/reconciliation/days/{two_days_ago}/readiness").json
    assert ready["is_over"] and ready["is_ready"] and ready["figures"]["debit_total"] == 0
    lacking = mei.call("GET", f"/v1/reconciliation/days/{yesterday}/readiness").json
    assert not lacking["is_ready"] and lacking["missing_files"] == ["bank", "jkopay"]
    assert lacking["figures"]["debit_total"] == 50
    assert mei.call("POST", f"/v1/reconciliation/days/{two_days_ago}/close", {}).status_code == 200
    items = mei.call("GET", "/v1/reconciliation/open-days").json["items"]
    assert [item["day"] for item in items] == [yesterday.isoformat()]
    assert needs(mei)["files_missing"]["detail"] == "bank, jkopay"
    assert mei.call("GET", "/v1/reconciliation/days/yesterday/readiness").status_code == 404


def test_the_look_at_today_takes_the_same_statements_however_much_there_is(
    mei: SignedInOfficer, database: Database
) -> None:
    """The caller, under way, files, the first day, days, captured, what waits, breaks (twice), proposals."""
    with statements_of(database) as sent:
        today(mei)
    few = len(sent)
    now = clock.now()
    for number in range(12):
        pay(("card", "jkopay", "ach")[number % 3], 100 + number, at=now - timedelta(days=number % 4))
    take("adyen", adyen_file([settled(pay("card", 600, at=now), gross=500 + n) for n in range(5)]), now=now)
    with statements_of(database) as sent:
        today(mei)
    assert few <= 12 and len(sent) <= 12, sent


def test_only_finance_and_audit_look_at_today(client: FlaskClient) -> None:
    assert signed_in_officer(client, "auditor").call("GET", "/v1/finance/today").status_code == 200
    assert (
        signed_in_officer(client, "bureau_officer", bureau="parking").call("GET", "/v1/finance/today").status_code
        == 403
    )
