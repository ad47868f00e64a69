"""The finance desk over HTTP: files, breaks, money in transit, the trial balance, and closing a day."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from settling_city import adyen_file, open_city, pay, settled, statement
from signed_in_officer import SignedInOfficer, signed_in_officer
from werkzeug.test import TestResponse

from wallet.reconciliation import files


@pytest.fixture(autouse=True)
def city(client: FlaskClient) -> None:
    open_city()


@pytest.fixture
def mei(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance", name="王承辦")


@pytest.fixture
def lin(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "finance", name="林科長")


@pytest.fixture
def auditor(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "auditor", name="審計")


def send(officer: SignedInOfficer, source: str, content: bytes, **headers: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {officer.token}", "Content-Type": "application/octet-stream"}
    return officer.client.post(f"/v1/reconciliation/files?source={source}", data=content, headers=sent | headers)


def got(officer: SignedInOfficer, path: str, **how: Any) -> dict[str, Any]:
    answer = officer.call("GET", path, **how)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_a_file_is_taken_once_listed_and_recognised_when_it_comes_again(mei: SignedInOfficer) -> None:
    content = adyen_file([settled(pay("card", 600))])
    first = send(mei, "adyen", content)
    assert first.status_code == 201 and first.json is not None
    assert first.json["matched"] == 1 and first.json["net"] == 590 and first.json["received_from"] == "王承辦"
    again = send(mei, "adyen", content)
    assert again.status_code == 200 and again.json is not None and again.json["is_repeat"]
    assert got(mei, first.headers["Location"])["id"] == first.json["id"]
    assert [item["id"] for item in got(mei, "/v1/reconciliation/files?source=adyen")["items"]] == [first.json["id"]]


def test_a_refused_file_says_why_and_is_listed_as_refused(mei: SignedInOfficer) -> None:
    refused = send(mei, "bank", statement([("x", 5, "B1")], closing=1))
    assert refused.status_code == 422 and refused.json is not None
    assert refused.json["type"].endswith("/problems/statement-totals-wrong")
    (item,) = got(mei, "/v1/reconciliation/files")["items"]
    assert (item["status"], item["refusal"]) == ("refused", "statement-totals-wrong")


def test_a_file_that_is_not_what_was_sent_is_refused(mei: SignedInOfficer) -> None:
    content = adyen_file([settled(pay("card", 600))])
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert send(mei, "adyen", content, **{"Content-Digest": f"sha-256=:{wrong}:"}).status_code == 400
    right = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert send(mei, "adyen", content, **{"Content-Digest": f"sha-256=:{right}:"}).status_code == 201


def test_compressed_and_strange_uploads_are_refused(mei: SignedInOfficer) -> None:
    assert send(mei, "adyen", b"x", **{"Content-Encoding": "gzip"}).status_code == 422
    assert send(mei, "adyen", b"x", **{"Content-Type": "image/png"}).status_code == 415
    assert send(mei, "nobody", b"x").status_code == 422


def test_an_upload_that_says_it_is_too_large_is_refused_unread(
    mei: SignedInOfficer, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = adyen_file([settled(pay("card", 600))])
    monkeypatch.setattr(files, "FILE_BYTES_MAX", len(content) - 1)
    assert send(mei, "adyen", content).status_code == 413
    monkeypatch.setattr(files, "FILE_BYTES_MAX", len(content))
    assert send(mei, "adyen", content).status_code == 201


def test_a_break_is_found_taken_over_explained_and_closed_by_two_persons(
    mei: SignedInOfficer, lin: SignedInOfficer
) -> None:
    paid = pay("card", 600)
    send(mei, "adyen", adyen_file([settled(paid, gross=590)]))
    (item,) = got(mei, "/v1/reconciliation/breaks?kind=amount&rail=card", language="en")["items"]
    assert (item["ours"], item["theirs"], item["difference"], item["in_suspense"]) == (600, 590, -10, -10)
    assert item["cause_words"] == "Their amount is not ours" and item["needs_counter_account"]
    path = f"/v1/reconciliation/breaks/{item['id']}"
    assert mei.call("POST", f"{path}/assignment", {}).status_code == 200
    explained = mei.call("POST", f"{path}/explanation", {"explanation": "折讓"}).json
    assert explained is not None and (explained["owner"], explained["explanation"]) == ("王承辦", "折讓")
    proposed = mei.call("POST", f"{path}/adjustment", {"counter_account": "rail_costs:card", "reason": "折讓"})
    assert proposed.status_code == 202 and proposed.json is not None
    again = mei.call("POST", f"{path}/adjustment", {"counter_account": "rail_costs:card", "reason": "折讓"})
    assert again.status_code == 409
    assert mei.decide(proposed.json["approval_id"], is_approved=True).status_code == 403
    assert lin.decide(proposed.json["approval_id"], is_approved=True).status_code == 200
    whole = got(mei, path)
    assert (whole["status"], whole["closed_by"]) == ("closed", "adjustment")
    assert [step["what"] for step in whole["history"]] == ["opened", "assigned", "explained", "proposed", "adjusted"]
    assert got(mei, "/v1/reconciliation/breaks")["items"] == []
    assert len(got(mei, "/v1/reconciliation/breaks?status=all")["items"]) == 1
    by_payment = f"/v1/reconciliation/breaks?status=all&payment_id={paid.reference}"
    assert len(got(mei, by_payment)["items"]) == 1


def test_breaks_are_listed_in_pages_and_by_age(mei: SignedInOfficer) -> None:
    send(mei, "bank", statement([(f"unknown {n}", 5, f"B{n}") for n in range(5)]))
    seen, cursor = [], ""
    while True:
        page = got(mei, f"/v1/reconciliation/breaks?limit=2{cursor}")
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 5
    assert got(mei, "/v1/reconciliation/breaks?older_than=1")["items"] == []


def test_the_trial_balance_balances_now_and_then(mei: SignedInOfficer) -> None:
    pay("card", 600)
    body = got(mei, "/v1/ledger/trial-balance")
    accounts = {item["account"]: item["balance"] for item in body["accounts"]}
    assert body["is_balanced"] and accounts["adyen_clearing"] == 600 and accounts["bureau_payable:parking"] == 600
    then = got(mei, "/v1/ledger/trial-balance?as_of=2026-01-01T00:00:00%2B08:00")
    assert all(item["balance"] == 0 for item in then["accounts"])
    assert mei.call("GET", "/v1/ledger/trial-balance?as_of=yesterday").status_code == 422


def test_money_in_transit_is_shown_with_what_explains_it(mei: SignedInOfficer) -> None:
    pay("card", 600)
    items = {item["account"]: item for item in got(mei, "/v1/reconciliation/in-transit")["items"]}
    assert (items["adyen_clearing"]["balance"], items["adyen_clearing"]["unexplained"]) == (600, 0)


def test_a_day_is_closed_exported_and_reopened_over_http(mei: SignedInOfficer, lin: SignedInOfficer) -> None:
    day = "/v1/reconciliation/days/2026-01-05"
    refused = mei.call("POST", f"{day}/close", {})
    assert refused.status_code == 409 and refused.json is not None and refused.json["missing_files"] == ["bank"]

    send(mei, "bank", statement([], day=date(2026, 1, 5)))
    closed = mei.call("POST", f"{day}/close", {})
    assert closed.status_code == 200 and closed.json == mei.call("POST", f"{day}/close", {}).json
    assert [item["day"] for item in got(mei, "/v1/reconciliation/days")["items"]] == ["2026-01-05"]
    exported = mei.call("GET", f"{day}/export.csv")
    assert exported.status_code == 200 and exported.content_type.startswith("text/csv") and "TOTAL" in exported.text
    proposed = mei.call("POST", f"{day}/reopening", {"reason": "補登"})
    assert proposed.status_code == 202 and proposed.json is not None
    assert lin.decide(proposed.json["approval_id"], is_approved=True).status_code == 200
    assert mei.call("GET", f"{day}/export.csv").status_code == 409
    for nonsense in ("2026-02-30", "today", "20260105"):
        assert mei.call("POST", f"/v1/reconciliation/days/{nonsense}/close", {}).status_code == 404


def test_an_auditor_reads_and_changes_nothing_and_others_do_neither(
    client: FlaskClient, mei: SignedInOfficer, auditor: SignedInOfficer
) -> None:
    send(mei, "bank", statement([("unknown", 5, "B1")]))
    (item,) = got(auditor, "/v1/reconciliation/breaks")["items"]
    for path in ("files", "in-transit", "days"):
        assert auditor.call("GET", f"/v1/reconciliation/{path}").status_code == 200
    assert send(auditor, "bank", b"x").status_code == 403
    assert auditor.call("POST", f"/v1/reconciliation/breaks/{item['id']}/assignment", {}).status_code == 403
    assert auditor.call("POST", "/v1/reconciliation/days/2026-01-05/close", {}).status_code == 403
    of_a_bureau = signed_in_officer(client, "bureau_officer", bureau="parking")
    assert of_a_bureau.call("GET", "/v1/reconciliation/breaks").status_code == 403
    assert client.get("/v1/reconciliation/breaks").status_code == 401


def test_open_breaks_and_what_is_overdue_are_gauges(client: FlaskClient, mei: SignedInOfficer) -> None:
    send(mei, "bank", statement([("unknown", 5, "B1"), ("strange", 7, "B2")]))
    numbers = client.get("/metrics").text
    assert 'mykaohsiung_open_breaks{kind="missing_ours"} 2.0' in numbers
    assert 'mykaohsiung_break_suspense_twd{kind="missing_ours"} 12.0' in numbers
