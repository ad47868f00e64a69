"""What is agreed with a partner changes by two officers' word alone, and never what was offered before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from signed_in_officer import SignedInOfficer, signed_in_officer

from core import clock, db
from core.clock import taipei_date
from core.ids import parse_typeid
from identity import approvals
from identity.errors import ApprovalWithoutEffect
from points.exchange import terms
from tests.points.exchange.city import City

RATE = {
    "direction": "out", "points_step": 10, "value_step": 8, "fee_points": 1, "least_points": 20, "most_points": 1_000,
    "most_points_day": 1_000, "most_points_month": 4_000, "source": "合約第 12 條",
}  # fmt: skip


@pytest.fixture
def officers(kaohsiung: City, client: FlaskClient) -> tuple[SignedInOfficer, SignedInOfficer]:
    one, other = (signed_in_officer(client, "points_officer", bureau="economic") for _ in range(2))
    return one, other


def propose(by: SignedInOfficer, what: str, body: dict[str, Any], *, partner: str = "seveneleven") -> Any:
    return by.call("POST", f"/v1/points-desk/partners/{partner}/{what}", body, Idempotency_Key=str(uuid4()))


def agreed(by: SignedInOfficer, partner: str = "seveneleven") -> dict[str, Any]:
    return dict(by.call("GET", f"/v1/points-desk/partners/{partner}/agreements").json)


def offered_now(partner: str, now: datetime) -> terms.Rate | None:
    with db.unit_of_work() as session:
        return terms.rate_of(session, partner, "out", now)


def test_a_rate_counts_from_its_day_on_and_what_was_quoted_stays(
    officers: tuple[SignedInOfficer, SignedInOfficer],
) -> None:
    one, other = officers
    now = clock.now()
    tomorrow = taipei_date(now) + timedelta(days=1)
    proposed = propose(one, "rates", RATE | {"first_day": tomorrow.isoformat()})
    assert proposed.status_code == 202, proposed.json
    assert one.decide(proposed.json["approval_id"], is_approved=True).status_code == 403
    before = offered_now("seveneleven", now)
    assert before is not None and (before.points_step, before.value_step) == (10, 9)
    assert offered_now("seveneleven", now + timedelta(days=2)) == before
    assert other.decide(proposed.json["approval_id"], is_approved=True).status_code == 200
    assert offered_now("seveneleven", now) == before
    after = offered_now("seveneleven", now + timedelta(days=2))
    assert after is not None and (after.value_step, after.fee_points) == (8, 1)
    assert [(each["first_day"], each["counts"], each["value_step"]) for each in agreed(other)["rates"]] == [
        (tomorrow.isoformat(), "later", 8), ("2026-01-01", "now", 9),
    ]  # fmt: skip
    again = propose(other, "rates", RATE | {"first_day": tomorrow.isoformat()})
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (409, "partner-agreed-already")


def test_of_two_rates_for_one_day_one_is_agreed_and_a_late_yes_changes_nothing_of_today(
    officers: tuple[SignedInOfficer, SignedInOfficer],
) -> None:
    one, other = officers
    now = clock.now()
    tomorrow = (taipei_date(now) + timedelta(days=1)).isoformat()
    first, second = (propose(one, "rates", RATE | {"first_day": tomorrow, "value_step": n}) for n in (7, 6))
    assert other.decide(first.json["approval_id"], is_approved=True).status_code == 200
    assert other.decide(second.json["approval_id"], is_approved=True).status_code == 409
    later = (taipei_date(now) + timedelta(days=2)).isoformat()
    late = propose(one, "rates", RATE | {"first_day": later})
    approval_id = parse_typeid("apr", late.json["approval_id"])
    with db.unit_of_work() as session, pytest.raises(ApprovalWithoutEffect):
        approvals.decide(
            session, approval_id, by=other.actor, is_approved=True, note="", now=now + timedelta(days=3)
        )  # fmt: skip
    assert [each["value_step"] for each in agreed(one)["rates"]] == [7, 9]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"first_day": "2026-01-01"}, "first_day"),
        ({"least_points": 25}, "least_points"),
        ({"fee_points": 20}, "fee_points"),
        ({"most_points": 10}, "most_points"),
        ({"most_points_day": 500}, "most_points_day"),
        ({"most_points_month": 900}, "most_points_month"),
        ({"points_step": 0}, "points_step"),
        ({"value_step": 0.5}, "value_step"),
        ({"source": ""}, "source"),
    ],
)
def test_a_rate_that_does_not_fit_together_is_refused_and_says_where(
    officers: tuple[SignedInOfficer, SignedInOfficer], changes: dict[str, Any], pointer: str
) -> None:
    tomorrow = (taipei_date(clock.now()) + timedelta(days=1)).isoformat()
    refused = propose(officers[0], "rates", RATE | {"first_day": tomorrow} | changes)
    assert refused.status_code == 422
    assert pointer in str(refused.json["errors"])


def test_more_budget_is_there_once_and_the_book_still_adds_up(
    officers: tuple[SignedInOfficer, SignedInOfficer],
) -> None:
    one, other = officers
    with db.unit_of_work() as session:
        before = terms.balance_of(session, terms.budget_code("ipass"))
    proposed = propose(one, "budget-additions", {"points": 5_000, "source": "追加預算"}, partner="ipass")
    with db.unit_of_work() as session:
        assert terms.balance_of(session, terms.budget_code("ipass")) == before
    for _ in range(2):
        other.decide(proposed.json["approval_id"], is_approved=True)
    with db.unit_of_work() as session:
        assert terms.balance_of(session, terms.budget_code("ipass")) == before + 5_000


def test_the_account_is_shown_whole_to_whoever_decides_and_masked_afterwards(
    officers: tuple[SignedInOfficer, SignedInOfficer],
) -> None:
    one, other = officers
    wanted = {"payee": "來來超商", "bank_code": "812", "account": "812299990001", "payment_days": 15, "source": "來函"}
    approval = propose(one, "account-changes", wanted, partner="okmart").json["approval_id"]
    assert "812299990001" in str(other.call("GET", f"/v1/approvals/{approval}").json)
    assert agreed(one, "okmart")["payee"] == "來來超商股份有限公司"
    other.decide(approval, is_approved=True)
    found = agreed(one, "okmart")
    assert (found["payee"], found["account"], found["payment_days"]) == ("來來超商", "812 ***0001", 15)
    assert propose(one, "account-changes", wanted | {"account": "12-34"}, partner="okmart").status_code == 422


def test_a_partner_that_is_shut_is_offered_no_more_and_comes_back(
    officers: tuple[SignedInOfficer, SignedInOfficer],
) -> None:
    one, other = officers
    assert propose(one, "openings", {"is_open": True, "source": "x"}).status_code == 409
    for is_open in (False, True):
        approval = propose(one, "openings", {"is_open": is_open, "source": "決議"}).json["approval_id"]
        other.decide(approval, is_approved=True)
        assert (offered_now("seveneleven", clock.now()) is not None) == is_open
        listed = one.call("GET", "/v1/points-desk/partners").json["items"]
        assert {each["code"]: each["is_open"] for each in listed}["seveneleven"] == is_open
    assert propose(one, "openings", {"is_open": False, "source": "x"}, partner="nobody").status_code == 404
