"""Who may book rides: asked of the register, kept while it is silent, decided at a desk where there is a paper."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from counter_city import counter
from delegating import agreed, somebody
from flask.testing import FlaskClient
from sandbox_process import SandboxBooks
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text
from werkzeug.test import TestResponse

from accessibility.riders import eligibility
from accessibility.riders.errors import MedicalTripsOnly, NotEligible
from core import clock, db
from core.clock import taipei_date
from core.errors import Unavailable

MING_HUI = "E120400010"
SU_CHEN = "E220400021"
GRANDMOTHER = "E261622434"
CHECK = "/v1/rider/eligibility/check"
PAPERS = "/v1/rider/eligibility/papers"


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def rider(client: FlaskClient, national_id: str = MING_HUI, mobile: str = "0955100001") -> SignedIn:
    return sign_in(client, national_id, mobile)


def required(who: SignedIn, purpose: str = "other", later: timedelta = timedelta()) -> eligibility.Eligibility:
    with db.unit_of_work() as session:
        return eligibility.require(session, who.person_id, purpose, clock.now() + later)


def paper(days_ago: int = 3, issuer: str = "高雄市立民生醫院") -> dict[str, str]:
    return {"issuer": issuer, "issued_on": (taipei_date(clock.now()) - timedelta(days_ago)).isoformat()}


def test_the_register_is_asked_and_nothing_is_typed(client: FlaskClient, register: SandboxBooks) -> None:
    who = rider(client)
    before = who.call("GET", "/v1/rider/eligibility").json
    assert (before["is_eligible"], before["reason"], before["asked_at"]) == (False, "not_asked", None)
    with pytest.raises(NotEligible):
        required(who)
    found = who.call("POST", CHECK)
    assert found.status_code == 200, found.text
    assert (found.json["is_eligible"], found.json["severity"], found.json["books_first"]) == (True, "severe", True)
    assert found.json["needs_wheelchair"] and not found.json["medical_only"] and found.json["asked_at"]
    assert who.call("GET", "/v1/rider/eligibility").json == found.json
    entitled = required(who)
    assert (entitled.severity, entitled.card, entitled.is_low_income) == ("severe", "disability", False)
    assert not required(rider_of(client, SU_CHEN)).needs_wheelchair


def rider_of(client: FlaskClient, national_id: str) -> SignedIn:
    who = rider(client, national_id, "0955100002")
    assert who.call("POST", CHECK).status_code == 200
    return who


def test_what_is_kept_of_it_holds_no_diagnosis(client: FlaskClient, register: SandboxBooks) -> None:
    rider_of(client, MING_HUI)
    (known,) = register.read("disability/certificates", national_id=MING_HUI)
    assert known["classes"] == "第七類"
    with db.unit_of_work() as session:
        row = session.execute(text("SELECT to_jsonb(e)::text AS kept FROM accessibility.entitlement e")).one()
    assert "第七類" not in row.kept and "visual" not in row.kept


def test_without_a_certificate_the_answer_says_what_can_be_done(client: FlaskClient, register: SandboxBooks) -> None:
    who = rider(client, GRANDMOTHER, "0933222111")
    found = who.call("POST", CHECK).json
    assert (found["is_eligible"], found["reason"]) == (False, "none") and "診斷文件" in found["in_words"]
    with pytest.raises(NotEligible) as refused:
        required(who)
    assert refused.value.extensions == {"reason": "none"}
    with db.unit_of_work() as session:
        assert eligibility.cards_of(session, who.person_id, clock.now()) == ("senior",)


def test_a_certificate_counts_to_its_last_day(client: FlaskClient, register: SandboxBooks) -> None:
    last = taipei_date(clock.now()) + timedelta(days=10)
    register.put("disability/certificates", national_id=MING_HUI, severity="mild", valid_until=last.isoformat())
    who = rider_of(client, MING_HUI)
    assert required(who, later=timedelta(days=10)).valid_until == last
    with pytest.raises(NotEligible) as refused:
        required(who, later=timedelta(days=11))
    assert refused.value.extensions == {"reason": "run_out"}
    # Booked today, for a ride on a day that it does not reach.
    with db.unit_of_work() as session:
        assert eligibility.require(session, who.person_id, "other", clock.now(), on=last).severity == "mild"
        with pytest.raises(NotEligible):
            eligibility.require(session, who.person_id, "other", clock.now(), on=last + timedelta(days=1))


@pytest.mark.parametrize("mode", ["timeout_before", "error_500", "bad_signature", "unknown_severity", "maintenance"])
def test_a_register_that_cannot_be_believed_changes_nothing(
    client: FlaskClient, register: SandboxBooks, mode: str
) -> None:
    who = rider_of(client, MING_HUI)
    register.set_switch("bureaus", "ride_standing", mode)
    assert slug(who.call("POST", CHECK)) == "unavailable"
    assert required(who).severity == "severe"
    eligibility.refresh(who.person_id, clock.now() + timedelta(days=2))
    with pytest.raises(Unavailable):
        eligibility.refresh(who.person_id, clock.now() + timedelta(days=91))
    with pytest.raises(NotEligible):
        required(who, later=timedelta(days=91))


def test_a_wrong_answer_is_put_right_by_the_next_one(client: FlaskClient, register: SandboxBooks) -> None:
    who = rider(client)
    register.set_switch("bureaus", "ride_standing", "forgets_certificate", count=1)
    assert who.call("POST", CHECK).json["is_eligible"] is False
    assert who.call("POST", CHECK).json["is_eligible"] is True
    # Before a request it is asked once a day, whoever asks.
    register.set_switch("bureaus", "ride_standing", "forgets_certificate", count=1)
    eligibility.refresh(who.person_id, clock.now() + timedelta(hours=1))
    assert required(who).severity == "severe"
    eligibility.refresh(who.person_id, clock.now() + timedelta(hours=25))
    with pytest.raises(NotEligible):
        required(who, later=timedelta(hours=25))


def test_the_register_is_asked_ten_times_a_day_at_most(client: FlaskClient, register: SandboxBooks) -> None:
    who = rider(client)
    answers = [who.call("POST", CHECK).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_a_paper_is_decided_at_the_desk_and_good_for_medical_trips(client: FlaskClient, register: SandboxBooks) -> None:
    who, desk = rider(client, GRANDMOTHER, "0933222111"), signed_in_officer(client, "mobility", bureau="social_affairs")
    handed_in = who.call("POST", PAPERS, paper())
    assert (handed_in.status_code, handed_in.json["status"]) == (201, "waiting"), handed_in.text
    assert slug(who.call("POST", PAPERS, paper())) == "wheelchair-paper-waiting"
    (shown,) = desk.call("GET", "/v1/desk/ride-papers").json["items"]
    assert (shown["id"], shown["rider_number"]) == (handed_in.json["id"], "E26****434")
    until = (taipei_date(clock.now()) + timedelta(days=90)).isoformat()
    accepted = desk.call("POST", f"/v1/desk/ride-papers/{shown['id']}/acceptance", {"valid_until": until})
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted"), accepted.text
    mine = who.call("GET", "/v1/rider/eligibility").json
    assert (mine["is_eligible"], mine["medical_only"], mine["severity"], mine["valid_until"]) == (
        True, True, None, until,
    )  # fmt: skip
    assert required(who, "medical").needs_wheelchair
    with pytest.raises(MedicalTripsOnly):
        required(who, "work")
    with pytest.raises(NotEligible):
        required(who, "medical", timedelta(days=91))
    log = [each["what_words"] for each in who.call("GET", "/v1/me/access-log").json["items"]]
    assert log == ["決定您的診斷文件", "您登記的診斷文件（開立單位、日期）"]


def test_a_decision_stands(client: FlaskClient, register: SandboxBooks) -> None:
    who, desk = rider(client), signed_in_officer(client, "mobility")
    first = who.call("POST", PAPERS, paper()).json["id"]
    refused = desk.call("POST", f"/v1/desk/ride-papers/{first}/refusal", {"reason": "文件沒有寫需要輪椅"})
    assert refused.json["reason"] == "文件沒有寫需要輪椅"
    until = {"valid_until": (taipei_date(clock.now()) + timedelta(days=9)).isoformat()}
    assert slug(desk.call("POST", f"/v1/desk/ride-papers/{first}/acceptance", until)) == "wheelchair-paper-decided"
    assert slug(who.call("DELETE", f"{PAPERS}/{first}")) == "wheelchair-paper-decided"
    second = who.call("POST", PAPERS, paper()).json["id"]
    assert who.call("DELETE", f"{PAPERS}/{second}").json["status"] == "withdrawn"
    assert slug(desk.call("POST", f"/v1/desk/ride-papers/{second}/acceptance", until)) == "wheelchair-paper-decided"
    assert [each["status"] for each in who.call("GET", "/v1/rider/eligibility").json["papers"]] == [
        "withdrawn", "refused",
    ]  # fmt: skip
    other = rider(client, SU_CHEN, "0955100002")
    assert other.call("DELETE", f"{PAPERS}/{second}").status_code == 404


@pytest.mark.parametrize(
    ("days_ago", "days_ahead"), [(-1, 30), (366, 30), (3, 0), (3, 367)]
)  # fmt: skip
def test_days_that_cannot_be_are_refused(
    client: FlaskClient, register: SandboxBooks, days_ago: int, days_ahead: int
) -> None:
    who, desk = rider(client), signed_in_officer(client, "mobility")
    handed_in = who.call("POST", PAPERS, paper(days_ago))
    if handed_in.status_code == 201:
        until = {"valid_until": (taipei_date(clock.now()) + timedelta(days_ahead)).isoformat()}
        handed_in = desk.call("POST", f"/v1/desk/ride-papers/{handed_in.json['id']}/acceptance", until)
    assert slug(handed_in) == "wheelchair-paper-date-wrong"


def test_the_desk_lists_the_oldest_first_and_only_to_its_officers(client: FlaskClient, register: SandboxBooks) -> None:
    for number in range(5_710_001, 5_710_004):
        somebody(client, number).got("POST", PAPERS, paper())
    desk: SignedInOfficer = signed_in_officer(client, "mobility")
    first = desk.call("GET", "/v1/desk/ride-papers?limit=2").json
    rest = desk.call("GET", f"/v1/desk/ride-papers?limit=2&cursor={first['next_cursor']}").json
    moments = [each["handed_in_at"] for each in (*first["items"], *rest["items"])]
    assert len(moments) == 3 and moments == sorted(moments) and rest["next_cursor"] is None
    assert signed_in_officer(client, "finance").call("GET", "/v1/desk/ride-papers").status_code == 403


def test_a_caregiver_and_an_officer_beside_the_rider_can_have_it_asked(
    client: FlaskClient, register: SandboxBooks
) -> None:
    mother, caregiver = somebody(client, 5_720_001), somebody(client, 5_720_002)
    reads = caregiver.acting(agreed(mother, caregiver, "rides:read"))
    assert reads.send("GET", "/v1/rider/eligibility").status_code == 200
    assert slug(reads.send("POST", CHECK)) == "not-delegated"
    assert caregiver.acting(agreed(mother, caregiver, "rides:book")).send("POST", CHECK).status_code == 200
    desk = counter(client)
    rider(client)
    visit: Any = desk.visit(desk.proved(MING_HUI, mobile="0955100001"))
    together = client.application.test_client(use_cookies=False).post(
        CHECK, headers={"Authorization": f"Bearer {visit['access_token']}"}
    )
    assert together.json["is_eligible"] is True
