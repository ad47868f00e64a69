"""What people type, and what they find."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from accessibility.places import catalogue
from core import district_shapes
from core.districts import DISTRICTS


def found(client: FlaskClient, q: str, language: str = "zh-TW", **query: Any) -> Any:
    answer = client.get("/v1/places", query_string={"q": q, **query}, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.json


def labels(client: FlaskClient, q: str, **query: Any) -> list[str]:
    return [each["label_zh"] for each in found(client, q, **query)["items"]]


def test_every_place_lies_in_its_district() -> None:
    ids = [each.id for each in catalogue.entries()]
    assert len(ids) == len(set(ids)) >= 160
    for each in catalogue.entries():
        assert each.district in DISTRICTS
        assert district_shapes.is_in_or_beside(each.district, each.latitude, each.longitude), each


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("鳳山", "鳳山區"), ("鳳山站", "鳳山"), ("高雄市鳳山區", "鳳山區"), ("fengshan", "鳳山區"), ("830", "鳳山區"),
        ("台鐵美術館", "臺鐵美術館"), ("臺鐵美術館", "臺鐵美術館"), ("Ｒ１１", "高雄車站"), ("r10", "美麗島"),
        ("捷運美麗島站", "美麗島"), ("formosa", "美麗島"), ("Boulevard", "美麗島"), ("灣仔內", "灣仔內（大順鼎山）"),
        ("聖功醫院", "聖功醫院"), ("st joseph", "聖功醫院"), ("雄中", "高雄高中"), ("桃源", "桃源區"),
    ],
)  # fmt: skip
def test_a_place_is_found_however_it_is_written(client: FlaskClient, typed: str, first: str) -> None:
    assert labels(client, typed)[0] == first


def test_exact_names_come_first_then_beginnings_then_what_contains_them(client: FlaskClient) -> None:
    assert labels(client, "前鎮")[:3] == ["前鎮區", "前鎮高中", "前鎮之星"]
    inside = labels(client, "國小", limit=50)
    assert len(inside) > 15 and all("國小" in each for each in inside)
    assert labels(client, "沒有這個地方") == labels(client, "　、") == []


def test_a_hospital_comes_before_the_stop_that_is_named_after_it(client: FlaskClient) -> None:
    named_so = [each["kind"] for each in found(client, "聖功醫院")["items"] if each["label_zh"] == "聖功醫院"]
    assert named_so == ["hospital", "light_rail"]


def test_of_equally_good_ones_the_nearest_is_first(client: FlaskClient) -> None:
    by_the_harbour = found(client, "國小", near="22.5652,120.3568", limit=3)["items"]
    assert by_the_harbour[0]["label_zh"] == "紅毛港國小"
    away = [each["kilometres"] for each in by_the_harbour]
    assert away == sorted(away) and 0 < away[0] < 5
    assert found(client, "國小")["items"][0]["kilometres"] is None


def test_english_names_for_those_who_read_english(client: FlaskClient) -> None:
    (school, *_) = found(client, "鹽埕國小", language="en")["items"]
    assert (school["label"], school["kind_name"], school["district_name"]) == (
        "Yancheng Elementary School", "school", "Yancheng",
    )  # fmt: skip


@pytest.mark.parametrize("typed", ["桃園市", "桃園", "桃園區", "桃園縣", "桃園市中壢區"])
def test_taoyuan_city_is_not_taoyuan_district(client: FlaskClient, typed: str) -> None:
    answer = found(client, typed)
    assert answer["items"][0]["label_zh"] == "桃源區" and "桃園市" in answer["hint"]
    assert "Taoyuan District" in found(client, typed, language="en")["hint"]


def test_a_place_elsewhere_is_looked_for_on_the_map(client: FlaskClient) -> None:
    assert "臺北市" in found(client, "台北市政府")["hint"]
    assert found(client, "高雄市政府")["hint"] is None


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": "x" * 61}, {"q": "a", "near": "22.6"}, {"q": "a", "near": "95,120"}, {"q": "a", "near": "22.6,120.3x"},
              {"q": "a", "limit": "0"}, {"q": "a\u0007"}],
)  # fmt: skip
def test_a_query_that_is_none_is_refused(client: FlaskClient, query: Any) -> None:
    assert client.get("/v1/places", query_string=query).status_code == 422
