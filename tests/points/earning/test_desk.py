"""Campaigns at the desk: two persons, the terms that both saw, a budget, and a dry run that writes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from core.clock import taipei_date
from core.ids import new_uuid
from tests.points.conftest import NOW, bring, budget_left, captured, recorded
from tests.points.earning.test_deeds import held, ride

PATH = "/v1/points-desk/campaigns"


def written(**changed: Any) -> dict[str, Any]:
    now = clock.now()
    return {
        "code": "ride-and-earn",
        "name": {"zh": "搭捷運集點", "en": "Points for riding"},
        "bureau": "transport",
        "event_kind": "deed.ride",
        "points_per_event": 3,
        "points_per_person_and_day": 6,
        "conditions": [{"fact": "is_complete", "equal": True}],
        "windows": [{"percent": 200, "week_days": [6, 7], "from_time": "22:00"}],
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=30)).isoformat(),
        "budget_points": 1_000,
        **changed,
    }


@pytest.fixture
def two(client: FlaskClient) -> tuple[SignedInOfficer, SignedInOfficer]:
    first = signed_in_officer(client, "points_officer", bureau="economic")
    return first, signed_in_officer(client, "points_officer", bureau="economic")


def post(officer: SignedInOfficer, path: str, body: Any = None, **headers: str) -> TestResponse:
    return officer.call("POST", path, body, language="en", **{"Idempotency_Key": str(uuid4()), **headers})


def drafted(officer: SignedInOfficer, **changed: Any) -> str:
    answer = post(officer, PATH, written(**changed))
    assert answer.status_code == 201, answer.text
    return f"{PATH}/{answer.json['id']}"


def running(two: tuple[SignedInOfficer, SignedInOfficer], **changed: Any) -> str:
    path = drafted(two[0], **changed)
    assert post(two[0], f"{path}/approval", If_Match='"1"').status_code == 202
    assert post(two[1], f"{path}/approval", If_Match='"1"').status_code == 200
    return path


def slug(answer: TestResponse) -> str:
    return answer.json["type"].rsplit("/", 1)[-1]


def test_a_draft_grants_nothing_and_the_second_officer_opens_it_with_its_budget(two: Any) -> None:
    path = drafted(two[0])
    draft = two[0].call("GET", path, language="en").json
    assert (draft["status"], draft["budget_left"], draft["version"]) == ("draft", None, 1)
    assert draft["how"] == [
        "A metro or light-rail ride: 3 points each time",
        "only when entered and left",
        "2 times as many Sat, Sun 22:00–24:00",
        "at most 6 points a day for one person",
        "the points expire at the end of the month 12 months later",
    ]
    person = new_uuid()
    ride(person, clock.now())
    assert held(person, "ride-and-earn") == 0
    assert post(two[0], f"{path}/approval", If_Match='"1"').json["status"] == "proposed"
    assert slug(post(two[0], f"{path}/approval", If_Match='"1"')) == "second-person-needed"
    opened = post(two[1], f"{path}/approval", If_Match='"1"').json
    assert (opened["status"], opened["budget_left"]) == ("running", 1_000)
    ride(person, clock.now() - timedelta(hours=23))
    assert held(person, "ride-and-earn") in (3, 6)


def test_what_is_proposed_stays_as_it_is_and_nobody_approves_what_they_have_not_read(two: Any) -> None:
    path = drafted(two[0])
    assert two[0].call("PUT", path, written(points_per_event=5)).status_code == 422, "the code does not change"
    anew = written(points_per_event=5)
    del anew["code"]
    assert two[0].call("PUT", path, anew).status_code == 428
    proposed = post(two[0], f"{path}/approval", If_Match='"1"').json
    assert slug(two[0].call("PUT", path, anew, If_Match='"1"')) == "points-campaign-waits"
    assert two[0].call("POST", f"/v1/approvals/{proposed['approval_id']}/withdrawal", {}).status_code == 200
    assert two[0].call("PUT", path, anew, If_Match='"1"').json["version"] == 2
    assert two[0].call("PUT", path, anew, If_Match='"1"').status_code == 412
    assert post(two[0], f"{path}/approval", If_Match='"2"').status_code == 202
    assert post(two[1], f"{path}/approval", If_Match='"1"').status_code == 412
    assert post(two[1], f"{path}/approval").status_code == 428
    assert post(two[1], f"{path}/approval", If_Match='"2"').json["points_per_event"] == 5
    assert slug(two[0].call("PUT", path, anew, If_Match='"3"')) == "points-campaign-state-wrong"


def test_both_officers_at_once_fund_it_once(two: Any) -> None:
    path = drafted(two[0])
    third = signed_in_officer(two[0].client, "points_officer", bureau="economic")
    assert post(two[0], f"{path}/approval", If_Match='"1"').status_code == 202
    client = two[0].client.application.test_client

    def approve(officer: SignedInOfficer) -> int:
        mine = SignedInOfficer(client(), officer.officer_id, officer.staff_number, officer.token, officer.actor)
        return post(mine, f"{path}/approval", If_Match='"1"').status_code

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(approve, (two[1], third)))[0] == 200
    assert budget_left("ride-and-earn") == 1_000


def test_a_larger_budget_takes_two_who_mean_the_same_number(two: Any) -> None:
    path = running(two)
    more = {"points": 500, "reason": "many rides"}
    assert post(two[0], f"{path}/budget", more).status_code == 202
    assert budget_left("ride-and-earn") == 1_000
    assert slug(post(two[0], f"{path}/budget", more)) == "second-person-needed"
    assert slug(post(two[1], f"{path}/budget", {**more, "points": 5_000})) == "points-campaign-waits"
    done = post(two[1], f"{path}/budget", more).json
    assert (done["budget_points"], done["budget_left"]) == (1_500, 1_500)
    declined = post(two[0], f"{path}/budget", more).json["increase_approval_id"]
    assert two[1].decide(declined, is_approved=False).status_code == 200
    assert two[0].call("GET", path).json["increase_approval_id"] is None
    assert budget_left("ride-and-earn") == 1_500


def test_what_happened_before_an_early_end_still_earns(two: Any) -> None:
    path = running(two)
    before = clock.now() - timedelta(seconds=1)
    assert two[0].call("POST", f"{path}/ending", {"reason": "the budget is used elsewhere"}).json["status"] == "ended"
    person = new_uuid()
    ride(person, clock.now())
    assert held(person, "ride-and-earn") == 0
    ride(person, before)
    assert held(person, "ride-and-earn") > 0
    assert slug(two[0].call("POST", f"{path}/ending", {"reason": "again"})) == "points-campaign-state-wrong"
    assert slug(post(two[1], f"{path}/budget", {"points": 1, "reason": "more"})) == "points-campaign-state-wrong"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"points_per_event": 0}, "/points_per_event"),
        ({"valid_until": "2020-01-01T00:00:00+08:00"}, "/valid_until"),
        ({"conditions": [{"fact": "income", "least": 3}]}, "/conditions/0"),
        ({"conditions": [{"fact": "is_complete", "of": ["yes"]}]}, "/conditions/0"),
        ({"conditions": [{"fact": "is_complete"}]}, "/conditions/0"),
        ({"windows": [{"percent": 200, "from_time": "10:00", "until_time": "10:00"}]}, "/windows/0"),
        ({"windows": [{"percent": 200, "from_day": "2026-12-02", "until_day": "2026-12-01"}]}, "/windows/0"),
        ({"rail": "card"}, "/rail"),
        ({"event_kind": "deed.passkey", "conditions": [], "points_per_step": 1}, "/points_per_step"),
        ({"event_kind": "wallet.payment_captured", "conditions": [], "week_days": [1]}, "/week_days"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_name(two: Any, changed: dict[str, Any], pointer: str) -> None:
    answer = post(two[0], PATH, written(**changed))
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_a_code_is_taken_once(two: Any) -> None:
    drafted(two[0])
    assert slug(post(two[1], PATH, written())) == "points-campaign-code-taken"


def test_a_dry_run_counts_as_granting_does_and_writes_nothing(two: Any) -> None:
    path = drafted(
        two[0], event_kind="wallet.payment_captured", conditions=[{"fact": "due_before", "equal": True}], windows=[],
        points_per_event=10, points_per_step=1, step=100, points_per_person_and_day=30, budget_points=2_000,
    )  # fmt: skip
    month, people = "2026-11", [new_uuid() for _ in range(80)]
    moments = (clock.on_the_wire(NOW - timedelta(hours=1) + timedelta(seconds=number)) for number in range(160))
    payments = [captured(person, captured_at=next(moments)) for person in people for _ in range(2)]
    late = captured(people[0], due_before=False)
    bring(*(recorded("wallet.payment_captured", paid) for paid in (*payments, late)))
    before = _rows()
    result = two[0].call("POST", f"{path}/dry-run", {"month": month}, language="en").json
    # 22 and 8 for each, which 2,000 points are for 66 people; 22 more are not there.
    assert (result["points"], result["cut_by_caps"], result["cut_by_budget"]) == (66 * 30, 66 * 14, 14 * 44)
    assert abs(result["people"]["value"] - 66) <= 21
    assert sum(day["points"] for day in result["days"]) == result["points"]
    assert _rows() == before
    assert two[0].call("POST", f"{path}/dry-run", {"month": month}, language="en").json == result


def test_a_dry_run_tells_what_each_window_would_have_granted(two: Any) -> None:
    night = {"percent": 200, "week_days": [5], "from_time": "22:00", "until_time": "02:00"}
    path = drafted(
        two[0], event_kind="wallet.payment_captured", conditions=[], points_per_event=10, budget_points=100_000,
        points_per_person_and_day=None, windows=[night, {"percent": 150, "week_days": [6]}],
    )  # fmt: skip
    # A Friday night, the Saturday after it, and a Thursday on which no window holds.
    moments = ("2026-10-30T23:00:00+08:00", "2026-10-31T01:00:00+08:00", "2026-10-31T09:00:00+08:00",
               "2026-10-29T01:00:00+08:00")  # fmt: skip
    for moment in moments:
        for _ in range(60):
            recorded("wallet.payment_captured", captured(new_uuid(), captured_at=moment))
    result = two[0].call("POST", f"{path}/dry-run", {"month": "2026-10"}, language="en").json
    assert [each["points"] for each in result["windows"]] == [120 * 20, 60 * 15]
    assert result["points"] == 120 * 20 + 60 * 15 + 60 * 10
    assert result["windows"][0]["when"] == "2 times as many Fri 22:00–02:00 the next day"


def test_a_dry_run_does_not_tell_of_few(two: Any) -> None:
    path = drafted(two[0])
    now = clock.now()
    for _ in range(3):
        ride(new_uuid(), now)
    result = two[0].call("POST", f"{path}/dry-run", {"month": taipei_date(now).isoformat()[:7]}, language="en").json
    assert result["people"] == {"value": None, "text": "under 20"}
    assert result["points"] is None
    [day] = [day for day in result["days"] if day["points"] is None]
    assert day["day"] == taipei_date(now).isoformat()


def test_only_points_officers_write_and_auditors_read(client: FlaskClient, two: Any) -> None:
    path = drafted(two[0])
    finance = signed_in_officer(client, "finance")
    auditor = signed_in_officer(client, "auditor")
    assert finance.call("GET", path).status_code == 403
    assert auditor.call("GET", PATH).status_code == 200
    assert post(auditor, PATH, written(code="other")).status_code == 403


def _rows() -> list[int]:
    with db.unit_of_work() as session:
        tables = ("points.lot", "points.not_granted", "points.entry", "points.deed", "ledger.transfer", "core.outbox")
        return [session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]
