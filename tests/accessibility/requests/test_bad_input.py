"""What cannot be asked for: each thing that is wrong is refused over HTTP with its own type, where it stands in the
request, and what to do about it, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from accessibility.riders.profile import Wheelchair
from core.clock import on_the_wire
from tests.accessibility.rides.city import HOME, HOSPITAL
from tests.accessibility.rides.test_routes import Rider, rider, signed_in, town

__all__ = ["rider", "town"]
FROM = {"latitude": HOME.latitude, "longitude": HOME.longitude}
TO = {"latitude": HOSPITAL.latitude, "longitude": HOSPITAL.longitude}
PINGTUNG = {"latitude": 22.6762, "longitude": 120.4929}
HENGCHUN = {"latitude": 22.0, "longitude": 120.74}


def wrong_wishes(rider: Rider) -> list[tuple[dict[str, Any], str, str]]:
    """What is sent instead of a good wish's members, the problem's type, and where the fault stands."""

    def at(hours: float) -> str:
        return on_the_wire(rider.town.now + timedelta(hours=hours))

    return [
        ({"pick_up_at": at(-3)}, "pick-up-in-the-past", "/pick_up_at"),
        ({"pick_up_at": None, "arrive_by": at(-3)}, "pick-up-in-the-past", "/arrive_by"),
        ({"return": {"at": at(-3)}}, "pick-up-in-the-past", "/return/at"),
        ({"arrive_by": at(4)}, "arrive-by-before-pick-up", "/arrive_by"),
        ({"arrive_by": at(5.05)}, "arrive-by-not-reachable", "/arrive_by"),
        ({"return": {"at": at(4)}}, "return-before-arrival", "/return/at"),
        ({"return": {"at": at(9), "will_call": True}}, "invalid-request", "/return/at"),
        ({"pick_up_at": at(24 * 90)}, "ride-too-far-ahead", "/pick_up_at"),
        ({"pick_up_at": "2026-02-30T10:00:00+08:00"}, "invalid-request", "/pick_up_at"),
        ({"pick_up_at": "2026-12-01T10:00:00"}, "invalid-request", "/pick_up_at"),
        ({"pick_up_at": "9999-12-31T23:59:59-12:00"}, "invalid-request", "/pick_up_at"),
        ({"pick_up_at": "明天九點"}, "invalid-request", "/pick_up_at"),
        ({"pick_up_at": None}, "invalid-request", "/pick_up_at"),
        ({"asap": True}, "invalid-request", "/asap"),
        ({"to": FROM}, "ride-to-the-same-place", "to"),
        ({"stops": [FROM]}, "ride-to-the-same-place", "stops/0"),
        ({"stops": [TO] * 400}, "invalid-request", "/stops"),
        ({"stops": [HENGCHUN]}, "outside-service-area", "stops/0"),
        ({"from": PINGTUNG}, "outside-service-area", "from"),
        ({"to": HENGCHUN}, "outside-service-area", "to"),
        ({"to": {"latitude": 22.3, "longitude": 119.9}}, "place-not-in-taiwan", "to"),
        ({"to": {"latitude": TO["longitude"], "longitude": TO["latitude"]}}, "place-not-in-taiwan", "to"),
        ({"to": {"latitude": 22.6}}, "invalid-request", "/to/longitude"),
        ({"to": {"latitude": "nan", "longitude": 120.3}}, "invalid-request", "/to/latitude"),
        ({"to": {"label": "桃園區"}}, "place-not-located", "to"),
        ({"to": {"address": "桃園市桃園區縣府路1號"}}, "place-not-located", "to"),
        ({"to": TO | {"address": "桃園市桃園區縣府路1號"}}, "address-elsewhere", "to"),
        ({"to": {"label": "桃源區"}}, "place-too-vague", "to"),
        ({"to": {"label": "K\u0430ohsiung Main Station"}}, "place-not-located", "to"),
        ({"to": {"place_id": "krtc-R99"}}, "not-found", "to"),
        ({"to": "高雄車站"}, "invalid-request", "/to"),
        ({"companions": -1}, "invalid-request", "/companions"),
        ({"companions": "２"}, "invalid-request", "/companions"),
        ({"has_dog": 2}, "invalid-request", "/has_dog"),
        ({"purpose": "dialysis"}, "invalid-request", "/purpose"),
        ({"notes": "字" * 201}, "invalid-request", "/notes"),
        ({"notes": "a\u202eb"}, "invalid-request", "/notes"),
        ({"notes": "a\u0000b"}, "invalid-request", "/notes"),
    ]


def asked(rider: Rider, wrong: Mapping[str, Any], language: str, key: str = "") -> Any:
    at = on_the_wire(rider.town.now + timedelta(hours=5))
    wish = {"from": FROM, "to": TO, "pick_up_at": at, "purpose": "medical"} | dict(wrong)
    return rider.call("POST", "/v1/ride-requests", wish, language=language, key=key)


def test_each_thing_that_is_wrong_is_named_with_its_place_in_both_languages(rider: Rider) -> None:
    for wrong, slug, place in wrong_wishes(rider):
        for language in ("zh-TW", "en"):
            answer = asked(rider, wrong, language)
            said = answer.get_json()
            assert said["type"].endswith(f"/problems/{slug}"), (wrong, said)
            assert answer.status_code == (404 if slug == "not-found" else 422)
            assert place in (said.get("place"), *(each["pointer"] for each in said.get("errors", []))), (wrong, said)
            for words in (said["title"], said["detail"], *(each["detail"] for each in said.get("errors", []))):
                assert any("\u4e00" <= letter <= "\u9fff" for letter in words) or language == "en", (wrong, words)
                assert "{" not in words
    assert rider.town.calls == []


def test_who_meant_taoyuan_district_or_swapped_the_numbers_reads_so(rider: Rider) -> None:
    meant = asked(rider, {"to": {"label": "桃園區"}}, "zh-TW").get_json()
    assert meant["district"] == "64000370" and "桃源區" in meant["detail"]
    swapped = {"to": {"latitude": TO["longitude"], "longitude": TO["latitude"]}}
    assert "swapped" in asked(rider, swapped, "en").get_json()["detail"]
    at_sea = {"to": {"latitude": 22.3, "longitude": 119.9}}
    assert "at sea" in asked(rider, at_sea, "en").get_json()["detail"]


def test_a_chair_that_cannot_be_or_fits_no_vehicle_says_its_measure_and_the_limit(
    rider: Rider, client: FlaskClient
) -> None:
    body = rider.call("GET", "/v1/rider").get_json()
    profile = {name: body[name] for name in body if name not in ("version", "functions")}
    etag = rider.call("GET", "/v1/rider").headers["ETag"]
    for chair, measure in (({"width_cm": 0}, "width_cm"), ({"weight_kg": 9999}, "weight_kg")):
        wanted = profile | {"wheelchair": profile["wheelchair"] | chair}
        headers = {"Authorization": f"Bearer {rider.token}", "If-Match": etag, "Accept-Language": "zh-TW"}
        refused = client.put("/v1/rider", json=wanted, headers=headers)
        assert refused.status_code == 422
        said: Any = refused.get_json()
        assert [each["measure"] for each in said["measures"]] == [measure]
        assert str(said["measures"][0]["least"]) in said["detail"]
    wide = signed_in(rider.town, client, rider.town.rider(Wheelchair("electric", 110, 140)))
    said = asked(wide, {}, "en").get_json()
    assert said["type"].endswith("/no-vehicle-fits")
    assert "width is 110 cm" in said["detail"] and "takes 90 cm" in said["detail"]


def test_a_key_repeats_one_request_and_no_other(rider: Rider) -> None:
    notes = {"notes": "請按門鈴 🦽👩‍🦽"}
    first, again = (asked(rider, notes, "en", key="once") for _ in range(2))
    assert first.status_code == 201 and again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json()["id"] == first.get_json()["id"]
    assert first.get_json()["notes"] == notes["notes"]
    other = asked(rider, {"notes": "別的"}, "zh-TW", key="once")
    assert other.get_json()["type"].endswith("/idempotency-key-reused")
    assert asked(rider, notes, "en", key="twice").get_json()["id"] != first.get_json()["id"]
