"""The yearly statement: every payment of the year, its sums, and truthfully what does not stand any more."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from paid_payments import becomes, given_back, paid
from paying_citizen import PayingCitizen, paying_citizen

from core.clock import TAIPEI
from core.ids import new_uuid, typeid
from wallet.receipts import Standing
from wallet.statement_pdf import statement_pdf
from wallet.statements import StatedPayment, Statement

NEW_YEAR = datetime(2026, 1, 1, tzinfo=TAIPEI)
JUNE = datetime(2026, 6, 15, 12, tzinfo=TAIPEI)


@pytest.fixture
def mei(client: FlaskClient) -> PayingCitizen:
    return paying_citizen(client, 1, ())


def year_of(person: PayingCitizen, year: int = 2026, **headers: str) -> dict[str, Any]:
    answer = person.send("GET", f"/v1/receipts/years/{year}", **headers)
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def test_it_lists_what_i_paid_oldest_first_with_sums(mei: PayingCitizen) -> None:
    paid(mei.person_id, [600], kind="fine", at=JUNE)
    paid(mei.person_id, [60, 40], at=JUNE - timedelta(days=30))
    paid(new_uuid(), [9999], at=JUNE)
    shown = year_of(mei)
    assert [sorted(line["amount"] for line in payment["lines"]) for payment in shown["payments"]] == [[40, 60], [600]]
    sums = {name: shown[name] for name in ("parking", "fines", "fees", "total", "given_back", "standing")}
    assert sums == {"parking": 100, "fines": 600, "fees": 5, "total": 705, "given_back": 0, "standing": 705}
    assert shown["year_words"] == "115年（2026）" and shown["payer"].startswith("Y1") and "****" in shown["payer"]


def test_what_does_not_stand_any_more_is_said_and_not_counted(mei: PayingCitizen) -> None:
    undone, back, partly = (paid(mei.person_id, [600], kind="fine", at=JUNE) for _ in range(3))
    becomes(undone, "returned")
    given_back(back, 600, fee_twd=5)
    given_back(partly, 200)
    shown = year_of(mei)
    assert sorted((payment["status"], payment["standing"]) for payment in shown["payments"]) == [
        ("partly_returned", 405), ("returned", 0), ("withdrawn", 0),
    ]  # fmt: skip
    assert (shown["total"], shown["given_back"], shown["standing"]) == (1815, 1410, 405)


def test_a_year_begins_and_ends_at_midnight_in_taipei(mei: PayingCitizen) -> None:
    next_year = datetime(2027, 1, 1, tzinfo=TAIPEI)
    for at in (NEW_YEAR, next_year - timedelta(microseconds=1), next_year):
        paid(mei.person_id, [60], at=at)
    assert [payment["paid_at"] for payment in year_of(mei)["payments"]] == [
        "2026-01-01T00:00:00+08:00", "2026-12-31T23:59:59+08:00",
    ]  # fmt: skip


@pytest.mark.parametrize("year", ["2025", "2999", "26", "２０２６", "next", "02026"])
def test_a_year_that_cannot_be_is_not_found(mei: PayingCitizen, year: str) -> None:
    assert mei.send("GET", f"/v1/receipts/years/{year}").status_code == 404


def test_a_year_without_payments_is_empty_and_not_listed(mei: PayingCitizen) -> None:
    assert year_of(mei)["payments"] == []
    assert mei.send("GET", "/v1/receipts/years").json["items"] == []
    paid(mei.person_id, [60], at=JUNE)
    assert [year["year"] for year in mei.send("GET", "/v1/receipts/years").json["items"]] == [2026]


def test_the_file_for_spreadsheets_adds_up_to_what_stands(mei: PayingCitizen) -> None:
    paid(mei.person_id, [600, 60], kind="fine", at=JUNE)
    given_back(paid(mei.person_id, [500], at=JUNE), 200)
    answer = mei.send("GET", "/v1/receipts/years/2026?format=csv", Accept_Language="en")
    assert answer.content_type == "text/csv; charset=utf-8" and answer.data.startswith(b"\xef\xbb\xbf")
    header, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
    assert header[:4] == ["Receipt", "Payment", "Paid at", "Paid by"]
    assert sum(int(line[6]) for line in lines) == year_of(mei)["standing"] == 970
    assert [line[4] for line in lines if int(line[6]) < 0] == ["Given back"]


@pytest.mark.parametrize(("how", "kind"), [("?format=pdf", {}), ("", {"Accept": "application/pdf"})])
def test_the_paper_comes_by_format_or_by_accept(mei: PayingCitizen, how: str, kind: dict[str, str]) -> None:
    paid(mei.person_id, [60], at=JUNE)
    for language in ("zh-TW", "en"):
        answer = mei.send("GET", f"/v1/receipts/years/2026{how}", Accept_Language=language, **kind)
        assert answer.data.startswith(b"%PDF-1.7") and answer.content_type == "application/pdf"
        assert f"/Lang ({language})".encode() in answer.data


def test_a_long_year_goes_on_to_more_sheets_and_is_the_same_bytes_again() -> None:
    standing = Standing("captured", JUNE, 600, 0, None)
    many = Statement(
        2026, tuple(StatedPayment(new_uuid(), "K1", "card", "VISA ***1", 0, 0, standing, ()) for _ in range(120))
    )
    made = [statement_pdf(many, "A12****789", "zh-TW", made_at=datetime(2027, 1, 5, tzinfo=UTC)) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].count(b"/Type /Page\n") + made[0].count(b"/Type /Page ") >= 4


def test_the_receipt_itself_says_what_has_become_of_the_payment(mei: PayingCitizen) -> None:
    payment = paid(mei.person_id, [600], kind="fine", at=JUNE)
    path = f"/v1/payments/{typeid('pay', payment.id)}/receipt"
    assert (mei.send("GET", path).json["status"], mei.send("GET", path).json["given_back"]) == ("paid", 0)
    whole = mei.send("GET", f"{path}?format=pdf").data
    given_back(payment, 100)
    assert (mei.send("GET", path).json["status"], mei.send("GET", path).json["given_back"]) == ("partly_returned", 100)
    assert mei.send("GET", f"{path}?format=pdf").data != whole
