"""Every way to pay a bill, compared: cheapest for both first, nothing hidden, and why something is not possible."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from paying_citizen import PayingCitizen, paying_citizen
from sqlalchemy import text

from core import clock, db
from core.clock import taipei_date
from core.ids import parse_typeid
from wallet import starting
from wallet.bills import bills_for_payment, owner_of
from wallet.errors import BillNotPayable
from wallet.rail_names import NAMES


@pytest.fixture
def mei(client: FlaskClient) -> PayingCitizen:
    return paying_citizen(client, 1, (600,))


def quotes_of(person: PayingCitizen, **changes: Any) -> dict[str, dict[str, Any]]:
    """The quotes for this person's first bill, by rail; `changes` are made to the bill before."""
    (bill_id, *_) = person.bill_ids()
    if changes:
        columns = ", ".join(f"{column} = :{column}" for column in changes)
        with db.unit_of_work() as session:
            session.execute(text(f"UPDATE wallet.bill SET {columns} WHERE id = :id"),
                            changes | {"id": parse_typeid("bill", bill_id)})  # fmt: skip
    answer = person.send("GET", f"/v1/bills/{bill_id}/quotes")
    assert answer.status_code == 200, answer.json
    return {item["rail"]: item for item in answer.json["items"]}


def yesterday() -> date:
    return taipei_date(clock.now()) - timedelta(days=1)


def test_every_rail_is_there_and_the_cheapest_for_both_comes_first(mei: PayingCitizen) -> None:
    quotes = quotes_of(mei)
    assert set(quotes) == set(NAMES)
    possible = [quote for quote in quotes.values() if quote["is_available"]]
    assert list(quotes.values())[: len(possible)] == possible
    costs = [quote["fee"] + quote["city_cost"] for quote in possible]
    assert costs == sorted(costs)
    first = possible[0]
    assert (first["rail"], first["fee"], first["city_cost"]) == ("bank_of_kaohsiung", 0, 0)
    assert first["is_recommended"] and first["recommended_because"] == "您和市府都不用付手續費"
    assert sum(quote["is_recommended"] for quote in quotes.values()) == 1
    assert all(quote["source"] and quote["city_source"] and quote["terms_source"] for quote in quotes.values())


def test_a_fine_names_the_fee_of_each_rail_and_when_it_counts(mei: PayingCitizen) -> None:
    quotes = quotes_of(mei, kind="fine", bureau="fines", amount_twd=600)
    fees = {rail: quote["fee"] for rail, quote in quotes.items()}
    assert fees == {
        "bank_of_kaohsiung": 5, "ach": 10, "card": 20, "apple_pay": 20, "google_pay": 20, "jkopay": 13, "line_pay": 13,
        "points": 0, "store_barcode": 7, "twqr": 13,
    }  # fmt: skip
    assert all(quote["total"] == 600 + quote["fee"] for quote in quotes.values())
    today = taipei_date(clock.now())
    counts = {rail: (quote["counts_as_paid"], quote["counts_as_paid_on"]) for rail, quote in quotes.items()}
    assert counts["card"] == ("at_once", today.isoformat())
    assert counts["store_barcode"] == ("after_store_file", (today + timedelta(days=3)).isoformat())
    assert counts["ach"][0] == "next_business_day" and counts["ach"][1] > today.isoformat()


def test_a_share_of_the_amount_is_rounded_to_the_nearest_dollar(mei: PayingCitizen) -> None:
    assert [quotes_of(mei, amount_twd=amount)["card"]["city_cost"] for amount in (27, 28, 600, 1000)] == [0, 1, 11, 18]


def test_what_the_law_caps_is_barred_above_the_cap_and_only_there(mei: PayingCitizen) -> None:
    at_the_cap, above = (
        quotes_of(mei, kind="fine", bureau="fines", amount_twd=5000), quotes_of(mei, amount_twd=5001)
    )  # fmt: skip
    capped = {"jkopay", "line_pay", "store_barcode", "twqr"}
    assert {rail for rail, quote in above.items() if quote["item_cap"]} == capped
    assert not {rail for rail, quote in at_the_cap.items() if quote["unavailable_reason"] == "over_item_cap"}
    barred = {rail for rail, quote in above.items() if quote["unavailable_reason"] == "over_item_cap"}
    assert barred >= {"store_barcode", "twqr"} and barred <= capped
    assert "NT$5,000" in above["twqr"]["unavailable_words"]


def test_a_late_fine_is_barred_where_the_case_is_not_closed_in_real_time(mei: PayingCitizen) -> None:
    quotes = quotes_of(mei, kind="fine", bureau="fines", due_on=yesterday())
    barred = {rail for rail, quote in quotes.items() if quote["unavailable_reason"] == "overdue_fine"}
    assert {"store_barcode", "twqr"} <= barred <= {"store_barcode", "twqr", "ach"}
    assert quotes["bank_of_kaohsiung"]["is_available"]


def test_the_payers_own_limit_and_missing_link_are_said(client: FlaskClient, mei: PayingCitizen) -> None:
    over = quotes_of(mei, kind="fine", bureau="fines", amount_twd=4996)
    assert over["bank_of_kaohsiung"]["unavailable_reason"] == "over_link_limit"
    assert over["bank_of_kaohsiung"]["limit"] == 5000
    mei.send("DELETE", f"/v1/bank-links/{mei.link_id}")
    assert quotes_of(mei, amount_twd=20)["bank_of_kaohsiung"]["unavailable_reason"] == "no_linked_account"
    assert quotes_of(mei)["points"]["unavailable_reason"] == "not_enough_points"


def test_a_bill_that_cannot_be_paid_shows_every_rail_with_the_bills_own_reason(mei: PayingCitizen) -> None:
    quotes = quotes_of(mei, kind="fine", bureau="fines", payable_by_agent=False)
    assert {quote["unavailable_reason"] for quote in quotes.values()} == {"not_payable_by_agent"}
    assert not any(quote["is_recommended"] for quote in quotes.values())


@pytest.mark.parametrize(("is_late", "words"), [(True, "第59條"), (False, "其他處分")])
def test_why_an_agent_may_not_take_a_fine_is_explained_with_what_to_do_instead(
    mei: PayingCitizen, is_late: bool, words: str
) -> None:
    due_on = yesterday() if is_late else yesterday() + timedelta(days=20)
    quotes_of(mei, kind="fine", bureau="fines", payable_by_agent=False, due_on=due_on)
    (bill,) = mei.send("GET", "/v1/bills").json["items"]
    assert (bill["not_payable_reason"], bill["is_payable"]) == ("not_payable_by_agent", False)
    assert words in bill["not_payable_explanation"] and "處罰機關" in bill["not_payable_explanation"]
    english = mei.send("GET", f"/v1/bills/{bill['id']}", Accept_Language="en").json["not_payable_explanation"]
    assert "authority" in english


def test_a_payable_bill_has_nothing_to_explain(mei: PayingCitizen) -> None:
    (bill,) = mei.send("GET", "/v1/bills").json["items"]
    assert bill["not_payable_explanation"] is None


def test_somebody_elses_bill_is_not_found(client: FlaskClient, mei: PayingCitizen) -> None:
    other = paying_citizen(client, 2, (20,))
    assert other.send("GET", f"/v1/bills/{mei.bill_ids()[0]}/quotes").status_code == 404


def test_a_tariff_that_begins_tomorrow_is_not_quoted_today(mei: PayingCitizen) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text("INSERT INTO wallet.tariff (rail, bill_kind, fee_twd, valid_from, source) "
                 "VALUES ('card', 'parking', 99, :day, 'a new contract')"),
            {"day": taipei_date(clock.now()) + timedelta(days=1)},
        )  # fmt: skip
    assert quotes_of(mei)["card"]["fee"] == 0


@pytest.mark.parametrize(
    ("rail", "changes", "reason"),
    [
        ("jkopay", {"amount_twd": 5001}, "over_item_cap"),
        ("line_pay", {"amount_twd": 5001}, "over_item_cap"),
        ("ach", {"due_on": date(2026, 1, 2)}, "overdue_fine"),
    ],
)
def test_what_is_barred_by_law_cannot_be_paid_by_asking_directly_either(
    mei: PayingCitizen, rail: str, changes: dict[str, Any], reason: str
) -> None:
    quote = quotes_of(mei, kind="fine", bureau="fines", **changes)[rail]
    assert quote["unavailable_reason"] == reason
    with db.unit_of_work() as session, pytest.raises(BillNotPayable) as refused:
        bills = bills_for_payment(session, owner_of(session, mei.person_id), [parse_typeid("bill", mei.bill_ids()[0])])
        starting._items(session, bills, rail, clock.now())
    assert refused.value.extensions["reason"] == reason
