"""Points: only the rider's own faults count; appeals are decided by somebody else, in time and once, and told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from planted_rides import PICK_UP, Planted, heard_again, plant, told
from signed_in import SignedIn, sign_in
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy import text

from accessibility import events
from accessibility.conduct import appeals, points
from accessibility.conduct.errors import AppealTooLate
from core import clock, db
from core.ids import new_uuid, typeid

END = PICK_UP + timedelta(minutes=15)


@pytest.fixture
def rider(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.fixture
def desk(client: FlaskClient) -> SignedInOfficer:
    return signed_in_officer(client, "mobility", bureau="social_affairs")


def missed(ride: Planted, by: str = "rider", **more: Any) -> points.Point:
    """The fleet says that somebody was not there; what was written down of it."""
    event = told(events.RIDE_NO_SHOW, ride.facts(by=by, **more), at=END)
    heard_again(event, events.RIDE_NO_SHOW)
    with db.unit_of_work() as session:
        (point,) = points.standing(session, ride.rider_id, END).entries
    return point


def recorded(kind: str) -> list[dict[str, Any]]:
    with db.unit_of_work() as session:
        return [
            row.payload
            for row in session.execute(text("SELECT payload FROM core.outbox WHERE kind = :kind"), {"kind": kind})
        ]


@pytest.mark.parametrize(
    ("planted", "by", "why", "count"),
    [
        ({}, "rider", "not_there", 2),
        ({}, "fleet", "fleet_not_there", 0),
        ({"at_door": None}, "rider", "no_proof", 0),
        ({"at_door": timedelta(minutes=16)}, "rider", "fleet_late", 0),
        ({"at_door": timedelta(minutes=15)}, "rider", "fleet_did_not_wait", 0),
        ({"at_door": timedelta(minutes=11)}, "rider", "fleet_did_not_wait", 0),
        ({"at_door": timedelta(minutes=10)}, "rider", "not_there", 2),
        ({"late_minutes_told": 20}, "rider", "told_later", 0),
    ],
)
def test_only_a_rider_who_let_a_punctual_vehicle_wait_gets_points(
    rider: SignedIn, planted: dict[str, Any], by: str, why: str, count: int
) -> None:
    point = missed(plant(rider.person_id, "rehabus", status="no_show", **planted), by)
    assert (point.why, point.points, point.counts) == (why, count, count > 0)
    assert len(recorded(events.POINT_RECORDED)) == (count > 0)
    (seen,) = rider.call("GET", "/v1/rider/no-shows").json["items"]
    assert (seen["may_appeal"], seen["points"]) == (count > 0, count)


@pytest.mark.parametrize(("metres", "why"), [(None, "not_there"), (299, "not_there"), (301, "wrong_door")])
def test_a_vehicle_at_the_wrong_door_met_nobody_by_its_own_fault(rider: SignedIn, metres: int | None, why: str) -> None:
    point = missed(plant(rider.person_id, "yellow", status="no_show"), metres=metres)
    assert (point.why, point.counts) == (why, why == "not_there")


def test_who_said_hours_before_that_they_were_at_the_door_was_not_there(rider: SignedIn) -> None:
    ride = plant(rider.person_id, "rehabus", status="no_show")
    says_at_door(ride, PICK_UP - timedelta(hours=5))
    assert missed(ride).why == "not_there"


def test_who_said_at_the_time_that_they_were_at_the_door_gets_no_points(rider: SignedIn) -> None:
    ride = plant(rider.person_id, "rehabus", status="no_show")
    says_at_door(ride, PICK_UP)
    assert (missed(ride).why, missed(ride).points) == ("rider_was_there", 0)


def says_at_door(ride: Planted, at: datetime) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text(
                "INSERT INTO accessibility.ride_event (rider_id, id, ride_id, kind, at, source) "
                "VALUES (:rider, :id, :ride, 'rider_at_door', :at, 'rider')"
            ),
            {"rider": ride.rider_id, "id": new_uuid(), "ride": ride.id, "at": at},
        )


@pytest.mark.parametrize(
    ("fleet", "by", "is_late", "late_told", "why"),
    [
        ("rehabus", "rider", True, 0, "cancelled_late"),
        ("rehabus", "rider", True, 12, "fleet_was_late_already"),
        ("rehabus", "rider", False, 0, None),
        ("rehabus", "fleet", True, 0, None),
        ("rehabus", "city", True, 0, None),
        ("yellow", "rider", True, 0, None),
    ],
)
def test_a_late_cancellation_counts_as_the_fleet_s_terms_said(
    rider: SignedIn, fleet: str, by: str, is_late: bool, late_told: int, why: str | None
) -> None:
    with db.unit_of_work() as session:
        session.execute(_TERMS, {"now": PICK_UP - timedelta(days=1)})
    ride = plant(rider.person_id, fleet, status="cancelled", late_minutes_told=late_told)
    told(events.RIDE_CANCELLED, ride.facts(by=by, is_late=is_late, fee_twd=0), at=PICK_UP - timedelta(minutes=30))
    with db.unit_of_work() as session:
        standing = points.standing(session, rider.person_id, END)
    assert [(each.why, each.points) for each in standing.entries] == (
        [] if why is None else [(why, 1 if why == "cancelled_late" else 0)]
    )


def test_points_run_out_and_suspend_nobody_before_that_is_confirmed(rider: SignedIn) -> None:
    for _ in range(3):
        ride = plant(rider.person_id, "rehabus", status="no_show")
        told(events.RIDE_NO_SHOW, ride.facts(by="rider"), at=END)
    with db.unit_of_work() as session:
        standing = points.standing(session, rider.person_id, END)
        assert (standing.points, standing.suspended_until) == (6, None)
        assert points.standing(session, rider.person_id, END + timedelta(days=90)).points == 0
        session.execute(
            text(
                "INSERT INTO accessibility.conduct_rule SELECT :at, terms || '{\"suspends\": true}', 'letter', true "
                "FROM accessibility.conduct_rule"
            ),
            {"at": END},
        )
        assert points.standing(session, rider.person_id, END).suspended_until == END + timedelta(days=14)
        assert points.standing(session, rider.person_id, END + timedelta(days=15)).suspended_until is None


def fresh(rider: SignedIn, **more: Any) -> str:
    """A point of these days; its id."""
    now = clock.now()
    ride = plant(rider.person_id, "rehabus", status="no_show", pick_up_at=now - timedelta(minutes=30))
    told(events.RIDE_NO_SHOW, ride.facts(by="rider", **more), at=now)
    (item,) = rider.call("GET", "/v1/rider/no-shows").json["items"]
    assert (item["points"], item["counts"], item["may_appeal"]) == (2, True, True)
    return str(item["id"])


def test_an_appeal_is_made_once_decided_once_and_lifts_the_point(rider: SignedIn, desk: SignedInOfficer) -> None:
    point = fresh(rider)
    made = rider.call("POST", f"/v1/rider/no-shows/{point}/appeal", {"reason": "門鈴壞了，我一直在門口"})
    assert made.status_code == 201 and made.json["items"][0]["appeal"]["status"] == "open"
    again = rider.call("POST", f"/v1/rider/no-shows/{point}/appeal", {"reason": "again"})
    assert again.status_code == 409 and again.json["type"].endswith("/appealed-already")
    meanwhile = rider.call("GET", "/v1/rider/no-shows").json
    assert (meanwhile["points"], meanwhile["items"][0]["counts"]) == (0, False), "as the message about it says"
    (waiting,) = desk.call("GET", "/v1/desk/ride-appeals").json["items"]
    assert waiting["reason"] == "門鈴壞了，我一直在門口" and not waiting["is_recorded_by_me"]
    body = {"is_granted": True, "words": "照片顯示車停在後門"}
    decided = desk.call("POST", f"/v1/desk/ride-appeals/{waiting['id']}/decision", body)
    assert (decided.status_code, decided.json["status"]) == (200, "granted")
    assert desk.call("POST", f"/v1/desk/ride-appeals/{waiting['id']}/decision", body).status_code == 409
    seen = rider.call("GET", "/v1/rider/no-shows").json
    assert seen["points"] == 0 and seen["items"][0]["appeal"]["decision"] == "照片顯示車停在後門"
    (fact,) = recorded(events.APPEAL_DECIDED)
    assert (fact["status"], fact["rider_id"]) == ("granted", str(rider.person_id))
    assert rider.call("POST", f"/v1/rider/no-shows/{point}/appeal", {"reason": "x"}).status_code == 409


def test_whoever_recorded_a_point_does_not_decide_about_it(
    rider: SignedIn, desk: SignedInOfficer, client: FlaskClient
) -> None:
    point = fresh(rider, recorded_by=str(desk.officer_id))
    rider.call("POST", f"/v1/rider/no-shows/{point}/appeal", {"reason": "the bell is broken"})
    (mine,) = desk.call("GET", "/v1/desk/ride-appeals?recorded_by=me").json["items"]
    assert mine["is_recorded_by_me"]
    body = {"is_granted": False, "words": "the vehicle waited"}
    refused = desk.call("POST", f"/v1/desk/ride-appeals/{mine['id']}/decision", body)
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[1]) == (403, "recorded-by-you")
    other = signed_in_officer(client, "mobility", bureau="social_affairs")
    assert other.call("GET", "/v1/desk/ride-appeals?recorded_by=me").json["items"] == []
    assert other.call("POST", f"/v1/desk/ride-appeals/{mine['id']}/decision", body).status_code == 200
    (told_of,) = desk.call("GET", "/v1/desk/ride-appeals?recorded_by=me&status=refused").json["items"]
    assert told_of["decision"] == "the vehicle waited"
    assert rider.call("GET", "/v1/rider/no-shows").json["points"] == 2


def test_an_appeal_has_its_time_and_its_rider(rider: SignedIn, client: FlaskClient) -> None:
    point = missed(plant(rider.person_id, "rehabus", status="no_show"))
    with db.unit_of_work() as session, pytest.raises(AppealTooLate):
        actor = signed_in_officer(client, "mobility").actor
        late = point.recorded_at + timedelta(days=30, seconds=1)
        appeals.make(session, actor, rider.person_id, point.id, reason="late", now=late)
    other = sign_in(client, national_id="B123456780", mobile="0987654321")
    path = f"/v1/rider/no-shows/{typeid('rpt', point.id)}/appeal"
    assert other.call("POST", path, {"reason": "mine?"}).status_code == 404
    assert (
        rider.call("POST", f"/v1/rider/no-shows/{typeid('rpt', new_uuid())}/appeal", {"reason": "x"}).status_code == 404
    )
    fault = plant(rider.person_id, "rehabus", status="no_show", at_door=None)
    told(events.RIDE_NO_SHOW, fault.facts(by="rider"), at=END)
    entries = rider.call("GET", "/v1/rider/no-shows").json["items"]
    free = next(each for each in entries if each["points"] == 0)
    answer = rider.call("POST", f"/v1/rider/no-shows/{free['id']}/appeal", {"reason": "x"})
    assert answer.json["type"].endswith("/nothing-to-appeal")


def test_a_dispatcher_sees_neither_appeals_nor_complaints(client: FlaskClient) -> None:
    dispatcher = signed_in_officer(client, "dispatcher", bureau="transport")
    for path in ("ride-appeals", "ride-complaints", "ride-fairness", "lost-items"):
        assert dispatcher.call("GET", f"/v1/desk/{path}").status_code == 403


_TERMS = text(
    """
    INSERT INTO accessibility.fleet_terms (fleet, valid_from, opens_at, closes_at, areas_beyond, tiers, closes_minutes,
        is_only_for_eligible, free_until_minutes, late_fee_twd, late_points, is_pooled_obligatory, widest_chair_cm,
        longest_chair_cm, heaviest_chair_kg, source, is_confirmed)
    SELECT code, :now, '06:00', '23:00', '{}', '[]', 60, true, 180, 0, CASE code WHEN 'rehabus' THEN 1 ELSE 0 END, true,
           80, 130, 300, 'test', false
      FROM accessibility.fleet
    """
)
