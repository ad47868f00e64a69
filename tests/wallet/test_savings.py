"""What was saved: sums that somebody else can do over, the book behind them, and nothing of anybody."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from paid_payments import becomes, paid
from sqlalchemy import text

from core import clock, db
from core.clock import TAIPEI
from core.db import Database
from core.ids import new_uuid
from wallet import savings

OCTOBER = datetime(2026, 10, 10, 12, tzinfo=TAIPEI)
SEPTEMBER = datetime(2026, 9, 10, 12, tzinfo=TAIPEI)
# The price list done over by hand: payer's fee, city's flat part, city's hundredths of a percent.
STORE = {"parking": (0, 4, 0), "fine": (7, 0, 0)}
RAILS = {
    ("bank_of_kaohsiung", "parking"): (0, 0, 0), ("bank_of_kaohsiung", "fine"): (5, 0, 0),
    ("card", "parking"): (0, 0, 180), ("card", "fine"): (20, 0, 0), ("ach", "parking"): (0, 5, 0),
}  # fmt: skip
PAYMENTS = [
    ("bank_of_kaohsiung", "parking", [60, 40, 20], OCTOBER), ("bank_of_kaohsiung", "fine", [600], OCTOBER),
    ("card", "parking", [333, 77], OCTOBER), ("card", "fine", [1800], SEPTEMBER), ("ach", "parking", [90], SEPTEMBER),
    ("bank_of_kaohsiung", "parking", [45], SEPTEMBER),
]  # fmt: skip


def refreshed(at: datetime | None = None) -> None:
    with db.unit_of_work() as session:
        savings.refresh(session, now=at or clock.now())


def shown(client: FlaskClient, month: str = "") -> dict[str, Any]:
    answer = client.get(f"/v1/savings{'/' + month if month else ''}")
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def by_hand(month: datetime) -> tuple[int, int, int]:
    """Saved by payers, by the city, and the amount paid, of `PAYMENTS` in that month."""
    payers, city, amount = 0, 0, 0
    for rail, kind in RAILS:
        mine = [bill for r, k, bills, at in PAYMENTS if (r, k, at) == (rail, kind, month) for bill in bills]
        if not mine:
            continue
        fee, flat, points = RAILS[rail, kind]
        payers += len(mine) * (STORE[kind][0] - fee)
        cost = len(mine) * flat + Decimal(sum(mine) * points) / 10_000
        city += len(mine) * STORE[kind][1] - int(cost.to_integral_value(ROUND_HALF_UP))
        amount += sum(mine)
    return payers, city, amount


@pytest.fixture
def months_of_payments(client: FlaskClient) -> FlaskClient:
    for rail, kind, amounts, at in PAYMENTS:
        paid(new_uuid(), amounts, rail=rail, kind=kind, at=at)
    refreshed()
    return client


def test_every_month_is_what_an_independent_sum_says(months_of_payments: FlaskClient) -> None:
    months = {month["month"]: month for month in shown(months_of_payments)["months"]}
    assert list(months) == ["2026-09", "2026-10", "2026-11"]
    for name, at in (("2026-09", SEPTEMBER), ("2026-10", OCTOBER)):
        saved = months[name]["saved"]
        assert (saved["payer"], saved["city"], months[name]["amount"]) == by_hand(at)
        assert saved["total"] == saved["payer"] + saved["city"]
    assert months["2026-11"]["bills"] == 0


def test_the_total_is_the_sum_of_the_months_and_a_month_is_the_sum_of_its_lines(
    months_of_payments: FlaskClient,
) -> None:
    whole = shown(months_of_payments)
    for part in ("at_a_store", "here", "saved"):
        assert whole["total"][part]["total"] == sum(month[part]["total"] for month in whole["months"])
    month = shown(months_of_payments, "2026-10")
    assert month["total"]["saved"]["total"] == sum(line["saved"]["total"] for line in month["lines"])
    assert month["total"] == {key: whole["months"][1][key] for key in month["total"]}


def test_a_rail_that_costs_more_than_a_store_shows_a_loss(months_of_payments: FlaskClient) -> None:
    lines = {(line["rail"], line["kind"]): line for line in shown(months_of_payments, "2026-09")["lines"]}
    assert lines["card", "fine"]["saved"] == {"payer": -13, "city": 0, "total": -13}


def test_each_number_can_be_held_against_the_book(months_of_payments: FlaskClient) -> None:
    month = shown(months_of_payments, "2026-10")
    credits = {moved["account"]: moved["credits"] for moved in month["book"]}
    amounts: dict[str, int] = {}
    for line in month["lines"]:
        amounts[line["kind"]] = amounts.get(line["kind"], 0) + line["amount"]
    assert (credits["bureau_payable:parking"], credits["bureau_payable:fines"]) == (amounts["parking"], amounts["fine"])
    assert credits["fee_payable:bank_of_kaohsiung"] == 5
    assert all(moved["means"] for moved in month["book"])
    prices = {(price["rail"], price["kind"]): price for price in month["prices"]}
    assert prices["store_barcode", "fine"]["fee"] == 7 and "NT$7" in prices["store_barcode", "fine"]["source"]
    assert prices["store_barcode", "parking"]["city_source"].startswith("assumption")


def test_what_is_undone_later_leaves_the_month_it_was_paid_in(client: FlaskClient) -> None:
    stays, goes = (paid(new_uuid(), [60], at=SEPTEMBER) for _ in range(2))
    now = clock.now()
    refreshed(now)
    assert shown(client, "2026-09")["total"]["bills"] == 2
    becomes(goes, "charged_back")
    refreshed(now + timedelta(days=1))
    assert shown(client, "2026-09")["total"]["bills"] == 1
    assert stays.amount_twd == shown(client, "2026-09")["total"]["amount"]


def test_a_month_with_one_payment_is_shown_like_any_other(client: FlaskClient) -> None:
    paid(new_uuid(), [600], kind="fine", at=OCTOBER)
    refreshed()
    assert shown(client)["months"][0]["bills"] == 1


def test_a_price_that_changes_within_a_month_counts_from_its_day(client: FlaskClient) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text("INSERT INTO wallet.tariff (rail, bill_kind, fee_twd, valid_from, source) "
                 "VALUES ('store_barcode', 'fine', 10, '2026-10-10', 'a new contract')")
        )  # fmt: skip
    for at in (OCTOBER - timedelta(days=1), OCTOBER):
        paid(new_uuid(), [600], kind="fine", at=at)
    refreshed()
    assert shown(client, "2026-10")["total"]["at_a_store"]["payer"] == 7 + 10


def test_a_month_begins_at_midnight_in_taipei(client: FlaskClient) -> None:
    begins = datetime(2026, 9, 30, 16, tzinfo=UTC)
    paid(new_uuid(), [1], at=begins - timedelta(microseconds=1))
    paid(new_uuid(), [20], at=begins)
    refreshed()
    assert [month["amount"] for month in shown(client)["months"][:2]] == [1, 20]


def test_rebuilding_again_or_twice_at_once_changes_nothing(client: FlaskClient, database: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    paid(new_uuid(), [60, 70])
    refreshed()
    before = shown(client) | {"as_of": ""}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: refreshed(), range(8)))
    assert shown(client) | {"as_of": ""} == before


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "202610", "2999-01", "2025-12", "all"])
def test_a_month_that_cannot_be_is_not_found(client: FlaskClient, month: str) -> None:
    assert client.get(f"/v1/savings/{month}").status_code == 404


def test_before_anything_is_paid_there_is_nothing_to_show(client: FlaskClient) -> None:
    refreshed()
    assert shown(client)["months"] == [] and shown(client)["total"]["saved"]["total"] == 0
    assert "還沒有付款紀錄" in client.get("/savings").text


def test_the_page_has_a_chart_told_in_words_too_and_the_table_in_both_languages(
    months_of_payments: FlaskClient,
) -> None:
    page = months_of_payments.get("/savings")
    assert page.status_code == 200 and page.mimetype == "text/html"
    whole = shown(months_of_payments)
    drawn = re.search(r"<svg.*?</svg>", page.text, re.DOTALL)
    assert drawn is not None
    picture = ElementTree.fromstring(drawn[0])
    told = picture.findtext("desc") or ""
    for month in whole["months"]:
        assert f"{month['month']}: NT${month['saved']['total']:,}" in told
        assert f'href="{month["url"]}"' in page.text
    assert len(picture.findall("rect")) == len(whole["months"])
    assert f"NT$ {whole['total']['saved']['total']:,}" in page.text
    assert "市民省下" in page.text and "Saved by citizens" in page.text and "<script" not in page.text


def test_the_chart_stands_on_its_line_when_months_are_losses(client: FlaskClient) -> None:
    paid(new_uuid(), [600], rail="card", kind="fine", at=SEPTEMBER)
    paid(new_uuid(), [600], kind="fine", at=OCTOBER)
    refreshed()
    page = client.get("/savings").text
    assert 'class="loss"' in page and 'class="gain"' in page
    bars = re.findall(r'<rect .*? y="([-0-9.]+)" .*? height="([-0-9.]+)"', page)
    assert len(bars) == 3
    assert all(0 <= float(top) <= float(top) + float(height) <= 240 for top, height in bars)


def test_a_year_of_months_has_at_most_twelve_labels(client: FlaskClient) -> None:
    paid(new_uuid(), [60], at=datetime(2026, 1, 5, tzinfo=TAIPEI))
    refreshed()
    assert date(2026, 1, 1) <= clock.taipei_date(clock.now())
    assert 1 <= client.get("/savings").text.count('class="month"') <= 12
