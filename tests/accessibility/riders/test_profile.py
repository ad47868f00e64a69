"""What a rider says once: read with its version, saved whole, and refused where it cannot be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from delegating import Somebody, agreed, somebody
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from sqlalchemy import text
from werkzeug.test import TestResponse

from accessibility.riders import profile
from accessibility.riders.profile import RiderProfile, Wheelchair
from core import db

MING_HUI: dict[str, Any] = {
    "wheelchair": {"kind": "electric", "width_cm": 68, "length_cm": 112, "weight_kg": 185},
    "can_transfer": False,
    "companions_usual": 1,
    "service_dog": False,
    "needs": ["door_to_door", "oxygen"],
    "languages": ["nan-TW", "zh-TW"],
    "contact": {"way": "sms", "phone": "０９５５-100-001"},
    "fleet_order": ["rehabus", "harbour"],
    "notes_for_driver": "電動輪椅不可折疊",
}


def save(who: SignedIn | Somebody, version: int | None, **change: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {who.token}"}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return who.client.put("/v1/rider", json=MING_HUI | change, headers=headers)


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


def test_whoever_has_said_nothing_has_the_defaults(client: FlaskClient) -> None:
    answer = sign_in(client).call("GET", "/v1/rider")
    assert answer.status_code == 200 and answer.headers["ETag"] == '"0"'
    assert answer.json["wheelchair"] == {"kind": "none", "width_cm": None, "length_cm": None, "weight_kg": None}
    assert (answer.json["version"], answer.json["functions"]) == (0, [])


def test_what_is_saved_is_read_again_and_the_phone_keeps_its_zero(client: FlaskClient) -> None:
    who = sign_in(client)
    saved = save(who, 0)
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"1"'), saved.text
    read = who.call("GET", "/v1/rider").json
    assert read == saved.json
    assert read["contact"] == {"way": "sms", "phone": "0955100001"}
    assert read["functions"] == ["W", "E", "D2D", "O"]
    with db.unit_of_work() as session:
        mine = profile.of(session, who.person_id)
        row = session.execute(text("SELECT contact_phone_sealed, notes_sealed FROM accessibility.rider")).one()
    assert mine.fleet_order == ("rehabus", "harbour") and mine.notes_for_driver == "電動輪椅不可折疊"
    assert b"0955100001" not in bytes(row.contact_phone_sealed)
    assert "電動".encode() not in bytes(row.notes_sealed)


def test_nobody_overwrites_what_they_have_not_read(client: FlaskClient) -> None:
    who = sign_in(client)
    assert (save(who, None).status_code, slug(save(who, None))) == (428, "precondition-required")
    assert save(who, 1).status_code == 412
    assert save(who, 0).status_code == 200
    assert slug(save(who, 0)) == "precondition-failed"
    changed = save(who, 1, wheelchair={"kind": "none"}, service_dog=True, can_transfer=True, needs=[])
    assert (changed.json["version"], changed.json["functions"]) == (2, ["SA"])
    assert slug(save(who, 1)) == "precondition-failed"


@pytest.mark.parametrize(
    ("size", "wrong"),
    [
        ({"width_cm": 680}, {"width_cm"}),
        ({"width_cm": 10, "length_cm": 20}, {"width_cm", "length_cm"}),
        ({"weight_kg": 5}, {"weight_kg"}),
        ({"length_cm": 201}, {"length_cm"}),
    ],
)
def test_a_size_that_no_wheelchair_has_names_the_measure(client: FlaskClient, size: Any, wrong: set[str]) -> None:
    chair = MING_HUI["wheelchair"] | size
    answer = save(sign_in(client), 0, wheelchair=chair)
    assert (answer.status_code, slug(answer)) == (422, "wheelchair-size-unlikely")
    assert {each["measure"] for each in answer.json["measures"]} == wrong


@pytest.mark.parametrize(
    "change",
    [
        {"needs": ["diabetes"]},
        {"wheelchair": {"kind": "electric"}},
        {"wheelchair": {"kind": "none", "width_cm": 60}},
        {"wheelchair": {"kind": "rocket", "width_cm": 60, "length_cm": 100}},
        {"companions_usual": 9},
        {"companions_usual": "1"},
        {"can_transfer": "yes"},
        {"contact": {"way": "pigeon", "phone": None}},
        {"notes_for_driver": "a\u0007b"},
        {"languages": []},
        {"diagnosis": "x"},
    ],
)
def test_what_is_not_understood_is_refused_with_its_member(client: FlaskClient, change: Any) -> None:
    answer = save(sign_in(client), 0, **change)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert answer.json["errors"][0]["pointer"].startswith(f"/{next(iter(change))}")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("07-336-8333", "073368333"), ("(07) 336 8333", "073368333"), ("+886 7 336 8333", "073368333"),
        ("0955100001", "0955100001"), ("+886955100001", "0955100001"), ("02-2345-6789", "0223456789"),
        ("955100001", None), ("73368333", None), ("0955-10001", None), ("886955100001", None), ("1999", None),
    ],
)  # fmt: skip
def test_a_number_has_its_leading_zero_or_is_none(client: FlaskClient, typed: str, kept: str | None) -> None:
    answer = save(sign_in(client), 0, contact={"way": "telephone", "phone": typed})
    if kept is None:
        assert (answer.status_code, slug(answer)) == (422, "phone-number-wrong")
    else:
        assert answer.json["contact"]["phone"] == kept


def test_text_messages_need_a_mobile(client: FlaskClient) -> None:
    answer = save(sign_in(client), 0, contact={"way": "sms", "phone": "07-3368333"})
    assert slug(answer) == "phone-number-wrong" and "手機" in answer.json["detail"]


def test_a_caregiver_reads_and_saves_as_far_as_was_agreed_and_it_is_in_the_log(client: FlaskClient) -> None:
    mother, caregiver = somebody(client, 5_700_001), somebody(client, 5_700_002)
    books = caregiver.acting(agreed(mother, caregiver, "rides:book"))
    assert save(books, 0).status_code == 200
    assert mother.got("GET", "/v1/rider")["version"] == 1
    entries = mother.got("GET", "/v1/me/access-log")["items"]
    assert "您的乘車需求與常用地點" in {each["what_words"] for each in entries}
    reads = caregiver.acting(agreed(mother, caregiver, "rides:read"))
    assert reads.send("GET", "/v1/rider").status_code == 200
    assert (save(reads, 1).status_code, slug(save(reads, 1))) == (403, "not-delegated")
    pays = caregiver.acting(agreed(mother, caregiver, "bills:read"))
    assert slug(pays.send("GET", "/v1/rider")) == "not-delegated"


def test_a_chair_has_its_place_also_where_its_rider_can_move_to_a_seat() -> None:
    chair = Wheelchair("electric", 66, 115)
    by_transfer = {each: RiderProfile(UUID(int=1), 0, chair, can_transfer=each).functions for each in (True, False)}
    assert by_transfer == {True: ("W", "WT", "E"), False: ("W", "E")}
