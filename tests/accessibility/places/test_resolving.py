"""Places as clients send them: a pin and its words, a favourite, a place of the search, or a clear refusal."""

from __future__ import annotations

from typing import Any

import pytest
from delegating import agreed, somebody
from flask.testing import FlaskClient
from signed_in import SignedIn, sign_in
from werkzeug.test import TestResponse

from accessibility.places import addresses, area, lookup
from accessibility.places.errors import (
    AddressElsewhere,
    NotInTaiwan,
    OutsideServiceArea,
    PlaceNotLocated,
    PlaceTooVague,
)
from accessibility.places.place import Place
from core import db
from core.errors import InvalidRequest, NotFound, Problem

FENGSHAN = {"latitude": 22.6273, "longitude": 120.3579}
PINGTUNG = {"latitude": 22.6694, "longitude": 120.4861}
TAOYUAN_CITY = {"latitude": 24.9937, "longitude": 121.3010}
TAOYUAN_DISTRICT = {"latitude": 23.1594, "longitude": 120.7640}
TAINAN_WEST = {"latitude": 22.9908, "longitude": 120.2025}


def resolved(who: SignedIn, body: dict[str, Any]) -> Place:
    with db.unit_of_work() as session:
        return lookup.resolve(session, who.person_id, body, end="dropoff")


def slug(answer: TestResponse) -> str:
    return str(answer.json["type"]).rsplit("/", 1)[1]


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [
        ("高雄市鳳山區光復路二段132巷8弄12之3號", "高雄市鳳山區光復路二段132巷8弄12之3號"),
        ("830高雄市鳳山區光復路２段１３２巷８弄１２－３號", "高雄市鳳山區光復路2段132巷8弄12之3號"),
        ("83042 高雄市 鳳山區光復路 12號之3 5樓", "高雄市鳳山區光復路12之3號5樓"),
    ],
)
def test_an_address_is_tidied_and_keeps_lane_alley_and_number(typed: str, tidy: str) -> None:
    assert addresses.tidy(typed) == tidy
    assert addresses.district_named(typed) == "64000120"


def test_a_pin_with_its_words_is_a_place(client: FlaskClient) -> None:
    body = FENGSHAN | {
        "label": " 阿明　家 ",
        "address": "高雄市鳳山區光復路二段132巷8弄12-3號",
        "directions": "後門有坡道",
    }
    assert resolved(sign_in(client), body) == Place(
        22.6273, 120.3579, "64000120", "阿明 家", "高雄市鳳山區光復路二段132巷8弄12之3號", "後門有坡道"
    )


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"latitude": 22.6}, InvalidRequest),
        ({"longitude": 120.3, "label": "家"}, InvalidRequest),
        ({"latitude": 120.3, "longitude": 22.6}, NotInTaiwan),
        ({"latitude": 22.0, "longitude": 118.0}, NotInTaiwan),
        ({"latitude": 35.68, "longitude": 139.76}, NotInTaiwan),
        ({}, PlaceNotLocated),
        ({"address": "高雄市鳳山區光復路二段132巷8弄12之3號"}, PlaceNotLocated),
        ({"label": "鳳山區"}, PlaceTooVague),
        ({"place_id": "district-64000120"}, PlaceTooVague),
        ({"place_id": "krtc-R99"}, NotFound),
        ({"place_id": "rplc_01jd0000000000000000000000"}, NotFound),
        ({"latitude": 25.04, "longitude": 121.51}, OutsideServiceArea),
        (TAOYUAN_CITY, OutsideServiceArea),
        (FENGSHAN | {"address": "桃園市桃園區縣府路1號"}, AddressElsewhere),
        (FENGSHAN | {"address": "桃園縣中壢市中正路1號"}, AddressElsewhere),
        (FENGSHAN | {"address": "台北市信義區市府路1號"}, AddressElsewhere),
        (FENGSHAN | {"address": "高雄市桃源區南橫公路1號"}, AddressElsewhere),
        (PINGTUNG | {"address": "高雄市鳳山區光復路1號"}, AddressElsewhere),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused(client: FlaskClient, body: Any, refusal: type[Problem]) -> None:
    with pytest.raises(refusal):
        resolved(sign_in(client), body)


def test_who_meant_taoyuan_district_is_told_so(client: FlaskClient) -> None:
    who = sign_in(client)
    for body in (TAOYUAN_CITY, FENGSHAN | {"address": "桃園市桃源區1號"}):
        with pytest.raises(Problem) as refused:
            resolved(who, body)
        assert refused.value.extensions == {"place": "dropoff", "district": "64000370"}
        assert refused.value.detail is not None and "桃源區" in refused.value.detail.zh
    there = resolved(who, TAOYUAN_DISTRICT | {"address": "高雄縣桃源區南進巷180號"})
    assert there.district == "64000370"


def test_an_address_at_a_border_need_not_be_of_the_pin_s_district(client: FlaskClient) -> None:
    # The stop is in 左營區 by its address, and across the simplified border by its coordinates.
    place = resolved(sign_in(client), {"latitude": 22.6574, "longitude": 120.3064, "address": "左營區大順一路1號"})
    assert place.district in ("64000020", "64000030")


def test_a_place_of_the_search_or_its_whole_name_is_a_place(client: FlaskClient) -> None:
    who = sign_in(client)
    by_id = resolved(who, {"place_id": "krtc-R11", "directions": "一號出口電梯"})
    assert (by_id.label, by_id.district, by_id.directions) == ("高雄車站", "64000050", "一號出口電梯")
    assert resolved(who, {"label": "阮綜合醫院"}).district == "64000080"


def test_a_pin_tells_where_it_is(client: FlaskClient) -> None:
    def at(pin: dict[str, float], language: str = "zh-TW") -> Any:
        return client.get("/v1/places/at", query_string=pin, headers={"Accept-Language": language}).json

    here = at(FENGSHAN)
    assert (here["district"], here["district_name"], here["is_in_city"]) == ("64000120", "鳳山區", True)
    beyond = at(PINGTUNG, "en")
    assert (beyond["district"], beyond["is_in_service_area"], beyond["is_in_city"]) == ("10013010", True, False)
    assert "the way back" in beyond["words"]
    other_city = at(TAOYUAN_CITY)
    assert (other_city["district"], other_city["is_in_service_area"], other_city["meant"]) == (None, False, "64000370")
    assert at({"latitude": 120.3, "longitude": 22.6})["status"] == 422
    answer = client.get("/v1/places/at", query_string={"latitude": "35.6", "longitude": "139.7"})
    assert slug(answer) == "place-not-in-taiwan"


def test_rides_end_beyond_the_city_where_the_rule_says_so() -> None:
    def place(district: str) -> Place:
        return Place(0, 0, district, "x")

    qieding, lingya = place("64000260"), place("64000080")
    pingtung, tainan_west, rende = place("10013010"), place("67000370"), place("67000270")
    area.check(lingya, qieding, purpose="other")
    area.check(lingya, pingtung, purpose="other")
    area.check(pingtung, lingya, purpose="other", is_return=True)
    area.check(lingya, rende, purpose="work")
    area.check(qieding, tainan_west, purpose="medical")
    area.check(tainan_west, qieding, purpose="medical", is_return=True)
    for start, end, purpose, wrong in (
        (pingtung, lingya, "other", "from"),
        (rende, pingtung, "medical", "from"),
        (lingya, tainan_west, "medical", "to"),
        (qieding, tainan_west, "school", "to"),
    ):
        with pytest.raises(OutsideServiceArea) as refused:
            area.check(start, end, purpose=purpose)
        assert refused.value.extensions["place"] == wrong


def test_the_rule_is_data_with_its_source(client: FlaskClient) -> None:
    rule = client.get("/v1/places/service-area").json
    assert "復康巴士" in rule["source"] and rule["is_confirmed"] is False
    assert {each["allowance"] for each in rule["towns"]} == {"adjoining", "hospitals"}
    assert len(rule["towns"]) == 19 and "64000260" in rule["border_districts"]


def test_favourites_are_kept_changed_and_forgotten(client: FlaskClient) -> None:
    who = sign_in(client)
    saved = who.call("POST", "/v1/rider/places", FENGSHAN | {"name": "家", "directions": "後門"})
    assert (saved.status_code, saved.headers["ETag"]) == (201, '"1"'), saved.text
    path = f"/v1/rider/places/{saved.json['place_id']}"
    assert resolved(who, {"place_id": saved.json["place_id"]}).directions == "後門"

    def change(body: Any, version: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {who.token}", "If-Match": version}
        return client.patch(path, json=body, headers=headers)

    assert who.call("PATCH", path, {"name": "老家"}).status_code == 428
    changed = change({"name": "老家"}, '"1"').json
    assert (changed["name"], changed["directions"], changed["version"]) == ("老家", "後門", 2)
    assert change({"directions": ""}, '"1"').status_code == 412
    moved = change({"place": {"place_id": "krtc-R11"}}, '"2"').json
    assert (moved["label"], moved["district_name"], moved["name"]) == ("高雄車站", "三民區", "老家")
    assert slug(change({"place": TAOYUAN_CITY}, '"3"')) == "outside-service-area"
    stranger = sign_in(client, "E179864328", "0987654321")
    assert stranger.call("GET", "/v1/rider/places").json == {"items": []}
    assert stranger.call("DELETE", path).status_code == 404
    assert who.call("DELETE", path).status_code == 204
    assert who.call("GET", "/v1/rider/places").json == {"items": []}


def test_the_list_of_favourites_is_full_at_fifty(client: FlaskClient) -> None:
    who = sign_in(client)
    answers = [who.call("POST", "/v1/rider/places", FENGSHAN | {"name": f"家{n}"}) for n in range(51)]
    assert {each.status_code for each in answers[:50]} == {201}
    assert slug(answers[50]) == "too-many-favourite-places"


@pytest.mark.parametrize("name", ["", " ", "　", "x" * 21, "a\u0007"])
def test_a_name_that_is_none_is_refused(client: FlaskClient, name: str) -> None:
    assert sign_in(client).call("POST", "/v1/rider/places", FENGSHAN | {"name": name}).status_code == 422


def test_a_caregiver_sees_the_places_and_needs_the_scope_to_change_them(client: FlaskClient) -> None:
    mother, caregiver = somebody(client, 5_730_001), somebody(client, 5_730_002)
    mother.got("POST", "/v1/rider/places", FENGSHAN | {"name": "家"})
    reads = caregiver.acting(agreed(mother, caregiver, "rides:read"))
    assert len(reads.got("GET", "/v1/rider/places")["items"]) == 1
    refused = reads.send("POST", "/v1/rider/places", FENGSHAN | {"name": "x"})
    assert (refused.status_code, slug(refused)) == (403, "not-delegated")
    books = caregiver.acting(agreed(mother, caregiver, "rides:book"))
    assert books.send("POST", "/v1/rider/places", FENGSHAN | {"name": "醫院"}).status_code == 201
    assert len(mother.got("GET", "/v1/rider/places")["items"]) == 2
