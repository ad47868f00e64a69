"""What comes after a ride reaches its rider in words without holes, and nobody who only followed the ride."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from core import db
from core.ids import new_uuid
from core.outbox import Event
from notify import ride_care
from tests.notify.conftest import NOW, bring
from tests.notify.test_rides import City, Happened, city, fact, happened, rider, told

__all__ = ["city", "happened", "rider"]

FACTS: list[tuple[str, dict[str, Any], str]] = [
    ("fare_lowered", {"less_twd": 1_035, "rider_pays_twd": 100}, "ride_fare_lowered"),
    ("point_recorded", {"point_id": "x", "kind": "no_show", "points": 2}, "ride_point_recorded"),
    ("point_recorded", {"point_id": "x", "kind": "late_cancel", "points": 1}, "ride_point_recorded"),
    ("appeal_decided", {"point_id": "x", "status": "granted"}, "ride_appeal_granted"),
    ("appeal_decided", {"point_id": "x", "status": "refused"}, "ride_appeal_refused"),
    ("lost_item_found", {"lost_id": "x"}, "ride_lost_item_found"),
    ("lost_item_handed_over", {"lost_id": "x"}, "ride_lost_item_handed_over"),
    ("lost_item_not_found", {"lost_id": "x"}, "ride_lost_item_not_found"),
]


@pytest.mark.parametrize(("kind", "more", "message"), FACTS)
def test_each_fact_is_told_whole(
    rider: UUID, city: City, happened: Happened, kind: str, more: dict[str, Any], message: str
) -> None:
    bring(happened(f"accessibility.{kind}", fact(rider, **more)))
    (seen,) = told(rider)
    assert seen.kind == message
    for words in (seen.title.zh, seen.title.en, seen.body.zh, seen.body.en, seen.link):
        assert words and not re.search(r"[{}]|None", words)


def test_every_kind_is_tried() -> None:
    without_a_ride = {"accessibility.complaint_answered", "accessibility.wheelchair_paper_decided"}
    assert {f"accessibility.{kind}" for kind, _, _ in FACTS} | without_a_ride == set(ride_care.KINDS)


def test_an_answer_names_neither_ride_nor_fleet(rider: UUID, city: City, happened: Happened) -> None:
    payload = {"complaint_id": str(new_uuid()), "rider_id": str(rider)}
    bring(happened("accessibility.complaint_answered", payload))
    (seen,) = told(rider)
    assert seen.kind == "ride_opinion_answered" and "Yellow" not in seen.body.en


@pytest.mark.parametrize("status", ["accepted", "refused"])
def test_a_paper_that_was_decided_is_told_without_a_word_of_why(
    rider: UUID, city: City, happened: Happened, status: str
) -> None:
    payload = {"rider_id": str(rider), "paper_id": str(new_uuid()), "status": status, "valid_until": None,
               "reason": "文件沒有寫明需要輪椅"}  # fmt: skip
    bring(happened("accessibility.wheelchair_paper_decided", payload))
    (seen,) = told(rider)
    assert (seen.kind, seen.link) == (f"ride_paper_{status}", "/app/rides/profile")
    assert "輪椅" not in seen.title.zh + seen.body.zh and "wheelchair" not in seen.title.en + seen.body.en


def test_who_rings_cannot_tell_a_complaint_an_appeal_a_paper_and_a_lost_thing_apart(
    rider: UUID, city: City, database: db.Database
) -> None:
    """Calls are made by those who plan rides: of whatever comes before and after one, all calls are the same."""
    city.way, city.phone = "telephone", "072345678"
    told_of = [(kind, fact(rider) | more) for kind, more, _ in FACTS] + [
        ("complaint_answered", {"complaint_id": str(new_uuid()), "rider_id": str(rider)}),
        ("wheelchair_paper_decided", {"rider_id": str(rider), "paper_id": str(new_uuid()), "status": "refused"}),
    ]
    with db.unit_of_work() as session:
        for kind, payload in told_of:
            ride_care.tell(session, Event(new_uuid(), f"accessibility.{kind}", payload, NOW), NOW)
    assert {kind for kind, _ in told_of} == {kind.removeprefix("accessibility.") for kind in ride_care.KINDS}
    calls = [{name: value for name, value in call.items() if name != "call_id"} for call in city.calls]
    assert len(calls) == len(told_of) and all(call == calls[0] for call in calls)
    assert (calls[0]["phone"], calls[0]["ride_id"]) == ("072345678", None)
    assert "1999" in calls[0]["words"].zh and "1999" in calls[0]["words"].en


def test_news_of_before_and_after_a_ride_wait_for_the_morning(rider: UUID, city: City, database: db.Database) -> None:
    city.way = "telephone"
    night = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 02:00 in Taipei
    with db.unit_of_work() as session:
        decided = fact(rider, status="granted")
        ride_care.tell(session, Event(new_uuid(), "accessibility.appeal_decided", decided, night), night)
    assert [call["due_at"] for call in city.calls] == [datetime(2026, 11, 22, 23, 0, tzinfo=UTC)]
