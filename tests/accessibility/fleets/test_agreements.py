"""Fleets' terms at the desk: proposed with their source, agreed to by another officer, counting from a day on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from accessibility.fleets import city, terms
from core import clock, db
from core.clock import TAIPEI, taipei_date
from tests.signed_in_officer import SignedInOfficer, signed_in_officer

AT = "/v1/dispatch/fleets/harbour/terms"


@pytest.fixture
def officer(client: FlaskClient) -> SignedInOfficer:
    with db.unit_of_work() as session:
        city.ensure_fleets(session)
    return signed_in_officer(client, "dispatcher", bureau="transport")


def wanted(**changed: Any) -> dict[str, Any]:
    """The fleet drives by day, and a late cancellation costs more."""
    usual = {
        "first_day": str(taipei_date(clock.now()) + timedelta(days=3)), "opens_at": "06:00", "closes_at": "22:00",
        "areas": ["64000050", "64000060"], "areas_beyond": [], "tiers": [{"opens_days": 7, "purposes": ["medical"]},
        {"opens_days": 3}], "closes_minutes": 60, "is_only_for_eligible": False, "free_until_minutes": 120,
        "late_fee_twd": 80, "late_points": 0, "is_pooled_obligatory": False, "widest_chair_cm": 80,
        "longest_chair_cm": 130, "heaviest_chair_kg": 300, "source": "車隊 115 年 11 月 20 日來函", "is_confirmed": True,
    }  # fmt: skip
    return usual | changed


def propose(officer: SignedInOfficer, body: dict[str, Any], fleet: str = "harbour") -> Any:
    return officer.call("POST", f"/v1/dispatch/fleets/{fleet}/terms", body, Idempotency_Key=str(uuid4()))


def test_terms_count_from_their_day_once_two_officers_agree(client: FlaskClient, officer: SignedInOfficer) -> None:
    assert [each["fleet"] for each in officer.call("GET", "/v1/dispatch/fleets").json["items"]][1] == "yellow"
    (first,) = officer.call("GET", AT).json["versions"]
    assert (first["counts"], first["is_confirmed"], first["late_fee_twd"]) == ("now", False, 50)
    made = propose(officer, wanted())
    assert made.status_code == 202, made.text
    approval = made.json["approval_id"]
    assert officer.decide(approval, is_approved=True).status_code == 403, "nobody agrees with themselves"
    assert len(officer.call("GET", AT).json["versions"]) == 1
    second = signed_in_officer(client, "dispatcher", bureau="transport")
    shown = second.call("GET", f"/v1/approvals/{approval}").text
    assert "每日 06:00–22:00" in shown and "車隊 115 年 11 月 20 日來函" in shown
    assert second.decide(approval, is_approved=True).status_code == 200
    later, now = officer.call("GET", AT).json["versions"]
    assert (later["counts"], now["counts"]) == ("later", "now")
    assert {name: later[name] for name in ("late_fee_twd", "is_confirmed", "areas")} == {
        "late_fee_twd": 80, "is_confirmed": True, "areas": ["64000050", "64000060"],
    }  # fmt: skip
    assert later["tiers"][0]["purposes"] == ["medical"] and later["booking_words"]
    begins = datetime.fromisoformat(wanted()["first_day"]).replace(tzinfo=TAIPEI)
    with db.unit_of_work() as session:
        for moment, fee in ((begins - timedelta(seconds=1), 50), (begins, 80)):
            known = terms.of_fleet(session, "harbour", moment)
            assert known is not None and known.terms.late_fee_twd == fee
            assert {each.code: each.terms.late_fee_twd for each in terms.in_force(session, moment)}["harbour"] == fee


def test_what_would_change_today_or_is_there_already_is_refused(client: FlaskClient, officer: SignedInOfficer) -> None:
    today = taipei_date(clock.now())
    for day in (today, today - timedelta(days=1), today + timedelta(days=400)):
        refused = propose(officer, wanted(first_day=str(day)))
        assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/first_day"
    assert propose(officer, wanted(), fleet="nobody").status_code == 404
    assert officer.call("GET", "/v1/dispatch/fleets/nobody/terms").status_code == 404
    assert propose(officer, wanted(tiers=[])).status_code == 422
    twice = [propose(officer, wanted()).json["approval_id"] for _ in range(2)]
    second = signed_in_officer(client, "dispatcher", bureau="transport")
    assert second.decide(twice[0], is_approved=True).status_code == 200
    assert second.decide(twice[1], is_approved=True).status_code == 409
    assert propose(officer, wanted()).status_code == 409
    auditor = signed_in_officer(client, "auditor")
    assert auditor.call("GET", AT).status_code == 200 and propose(auditor, wanted()).status_code == 403
