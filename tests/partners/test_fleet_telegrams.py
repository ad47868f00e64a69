"""The telegrams to and from fleets: there and back, within TDS where TDS has them, and refused with a reason else."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from partners.fleets.checking import TelegramWrong
from partners.fleets.client import heard
from partners.fleets.contents import (
    FUNCTIONS,
    Chair,
    Content,
    CustomerTold,
    Door,
    FleetOffer,
    NoOffer,
    OrderWanted,
    RoughPlace,
    Wish,
)
from partners.fleets.telegrams import decode, encode
from tests.partners.fleet_telegrams import AT, CUSTOMER, HOME, HOSPITAL, ONE_OF_EACH, WISH, telegram

WITHOUT_TDS = {"cancel", "amend", "status", "error"}
BEFORE_A_BIND = (Wish, FleetOffer, NoOffer, OrderWanted)
places = st.builds(
    RoughPlace, st.floats(22.4, 23.5), st.floats(120.1, 121.1), st.sampled_from(["鳳山區", "三民區", "桃源區"])
)
doors = st.builds(
    Door,
    st.floats(22.4, 23.5),
    st.floats(120.1, 121.1),
    st.just("鳳山區"),
    st.text("光復路二段132巷弄之號", min_size=1),
)
minutes = st.integers(0, 600).map(lambda count: timedelta(minutes=count))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))
wishes = st.builds(
    lambda at, before, after, ride, **more: Wish(
        pick_up_at=at, window_starts_at=at - before, window_ends_at=at + after, arrive_by=None if ride is None else at + ride, **more
    ),
    moments, minutes, minutes, minutes.filter(bool) | st.none(),
    pickup=places, dropoff=places, functions=st.lists(st.sampled_from(FUNCTIONS), unique=True).map(tuple),
    chair=st.none() | st.builds(Chair, st.integers(20, 200), st.integers(20, 250), st.none() | st.integers(1, 600)),
    companions=st.integers(0, 8), is_asap=st.booleans(), may_be_pooled=st.booleans(),
    stops=st.lists(places, max_size=2).map(tuple),
)  # fmt: skip
phones = st.from_regex(r"0[0-9]{8,9}", fullmatch=True)
customers = st.builds(
    CustomerTold, st.text("陳美惠 Ng", min_size=1, max_size=20), phones, doors, doors, st.none() | st.just("陳大明"),
    st.none() | phones, st.text("請按門鈴", max_size=20),
)  # fmt: skip


@functools.cache
def tds_schema(path: Path) -> Draft4Validator:
    return Draft4Validator(orjson.loads(path.read_bytes()))


@pytest.fixture(scope="session")
def tds(samples_dir: Path) -> Draft4Validator:
    """TDS's own schema, which we do not ship."""
    path = samples_dir / "tds" / "drt-tds.schema.json"
    if not path.is_file():
        pytest.skip(f"no schema of TDS at {path}")
    return tds_schema(path)


def element(kind: str) -> str:
    first, *rest = kind.split("_")
    return first + "".join(word.title() for word in rest)


@pytest.mark.parametrize("content", ONE_OF_EACH, ids=lambda content: type(content).__name__)
def test_each_telegram_comes_back_as_it_went(content: Content) -> None:
    sent = telegram(content)
    assert decode(orjson.dumps(encode(sent))) == sent


@pytest.mark.parametrize("content", ONE_OF_EACH, ids=lambda content: type(content).__name__)
def test_what_tds_has_is_as_tds_has_it(content: Content, tds: Draft4Validator) -> None:
    written = encode(telegram(content))
    if written["kind"] in WITHOUT_TDS:
        assert written["tds"] is None
        return
    name = element(written["kind"])
    assert name in tds.schema["properties"]
    tds.validate({name: written["tds"]})


def test_the_oracle_does_refuse(tds: Draft4Validator) -> None:
    written = encode(telegram(WISH))["tds"]
    assert not tds.is_valid({"tripRequest": written | {"companions": 1}})
    assert not tds.is_valid({"customerInfo": {"customerMobilePhone": "0912345678"}})


@settings(max_examples=40, deadline=None)
@given(wish=wishes)
def test_any_wish_comes_back(wish: Wish) -> None:
    assert decode(orjson.dumps(encode(telegram(wish)))).content == wish


@settings(max_examples=30, deadline=None)
@given(told=customers)
def test_any_customer_comes_back_with_leading_zeros(told: CustomerTold) -> None:
    assert decode(orjson.dumps(encode(telegram(told)))).content == told


def test_before_a_bind_neither_name_nor_number_nor_door_goes_out() -> None:
    for content in (each for each in ONE_OF_EACH if isinstance(each, BEFORE_A_BIND)):
        text = orjson.dumps(encode(telegram(content))).decode()
        for secret in (
            CUSTOMER.name,
            CUSTOMER.phone,
            HOME.address,
            "光復路",
            "132",
            HOME.directions,
            "22.6268",
            "120.3572",
        ):
            assert secret not in text, (content, secret)


def test_a_place_before_a_bind_is_within_100_metres_and_no_closer() -> None:
    assert (HOME.rough.latitude, HOME.rough.longitude) == (22.627, 120.357)
    at = encode(telegram(WISH))["tds"]["pickupAddress"]["geographicLocation"]
    assert at == {"@typeOfCoordinate": "WGS84", "@precision": 100, "@lat": 22.627, "@long": 120.357}


def test_the_address_with_lane_alley_and_a_number_that_is_none_is_kept() -> None:
    written = encode(telegram(CUSTOMER))["more"]["pickup"]
    assert written["@street"] == "光復路二段132巷8弄12之3號"
    assert written["manualDescriptionAddress"]["@manualText"] == "按一樓門鈴，走斜坡"


def test_numbers_are_text_beside_tds() -> None:
    written = encode(telegram(CUSTOMER))
    assert (written["more"]["phone"], written["more"]["caregiver_phone"]) == ("0912345678", "077001234")
    assert "0912345678" not in orjson.dumps(written["tds"]).decode()


def test_times_leave_in_taipei_whatever_they_came_in() -> None:
    new_york = AT.astimezone(timezone(timedelta(hours=-5)))
    written = encode(telegram(replace(WISH, pick_up_at=new_york)))
    assert written["tds"]["pickupTime"]["@time"] == "2026-12-01T09:30:00+08:00"
    assert written["sent_at"] == "2026-12-01T09:30:00.000+08:00"


def put(pointer: str, value: Any) -> Callable[[dict[str, Any]], None]:
    *way, last = pointer.strip("/").split("/")

    def change(written: dict[str, Any]) -> None:
        for step in way:
            written = written[int(step)] if isinstance(written, list) else written[step]
        written[last] = value

    return change


def drop(pointer: str) -> Callable[[dict[str, Any]], None]:
    *way, last = pointer.strip("/").split("/")

    def change(written: dict[str, Any]) -> None:
        for step in way:
            written = written[step]
        del written[last]

    return change


HOLD = OrderWanted("hold", "OF1", HOME.rough, HOSPITAL.rough, AT)
TASK_CONFIRMED = next(each for each in ONE_OF_EACH if type(each).__name__ == "TaskConfirmed")
OFFER = next(each for each in ONE_OF_EACH if isinstance(each, FleetOffer))
DONE = next(each for each in ONE_OF_EACH if type(each).__name__ == "TripDone")
BAD: tuple[tuple[Content, Callable[[dict[str, Any]], None], str, str], ...] = (
    (WISH, put("version", "2"), "/version", "version_unknown"),
    (WISH, put("id", "1"), "/id", "id_not_uuid"),
    (WISH, put("kind", "taxi"), "/kind", "kind_unknown"),
    (WISH, drop("trip"), "", "missing"),
    (WISH, put("sent_at", "2026-12-01T09:30:00"), "/sent_at", "time_not_taipei"),
    (WISH, put("answer_by", "2026-12-01T01:30:00Z"), "/answer_by", "time_not_taipei"),
    (WISH, put("answer_by", None), "/answer_by", "missing"),
    (WISH, put("tds/pickupTime/@time", "2026-12-01T09:30:00"), "/tds/pickupTime/@time", "time_not_taipei"),
    (WISH, put("tds/pickupTime/@time", "2026-12-01T10:30:00+09:00"), "/tds/pickupTime/@time", "time_not_taipei"),
    (WISH, put("tds/pickupTime/@time", "2026-02-30T09:30:00+08:00"), "/tds/pickupTime/@time", "time_not_taipei"),
    (WISH, put("tds/pickupTime/@time", "2026-12-01T11:30:00+08:00"), "/tds/pickupTime", "outside_its_window"),
    (WISH, put("tds/appointmentTime/@time", "2026-12-01T09:30:00+08:00"), "/tds/appointmentTime", "arrives_before_pickup"),
    (WISH, put("tds/pickupAddress/@street", "光復路"), "/tds/pickupAddress/@street", "door_before_bind"),
    (WISH, put("tds/pickupAddress/geographicLocation/@lat", 22.62684), "/tds/pickupAddress/geographicLocation/@lat", "place_too_exact"),
    (WISH, put("tds/pickupAddress/geographicLocation/@precision", 1), "/tds/pickupAddress/geographicLocation/@precision", "place_too_exact"),
    *((WISH, put("tds/@specialAttributes", ["W", code]), "/tds/@specialAttributes/1", "diagnosis") for code in ("KD", "MH", "MIP", "IDD", "NDD", "SI", "HIP", "VIP", "SD", "TD")),
    (WISH, put("tds/@specialAttributes", ["A"]), "/tds/@specialAttributes/0", "not_a_function"),
    (WISH, put("tds/@specialAttributes", ["W", "W"]), "/tds/@specialAttributes", "twice"),
    (WISH, put("tds/companions", 1), "/tds", "unknown_field"),
    (WISH, put("more/companions", 9), "/more/companions", "out_of_range"),
    (WISH, put("more/chair/width_cm", "68"), "/more/chair/width_cm", "wrong_type"),
    (WISH, put("tds", None), "/tds", "wrong_type"),
    (HOLD, put("tds/customerName", "陳美惠"), "/tds/customerName", "name_before_bind"),
    (HOLD, put("tds/customerMobilePhone", 912345678), "/tds/customerMobilePhone", "phone_in_tds"),
    (HOLD, put("tds/@tripPurpose", ["D"]), "/tds/@tripPurpose", "diagnosis"),
    (HOLD, put("tds/tripTicketId", "ford_2"), "/tds/tripTicketId", "trip_differs"),
    (HOLD, put("more/phase", "bind"), "/more/fleet_order", "nothing_held_is_named"),
    (ONE_OF_EACH[6], put("more/lapses_at", None), "/more/lapses_at", "hold_without_end"),
    (CUSTOMER, put("tds/customerMobilePhone", 912345678), "/tds/customerMobilePhone", "phone_in_tds"),
    (CUSTOMER, put("tds/requiredCareComments", "洗腎"), "/tds/requiredCareComments", "diagnosis"),
    (CUSTOMER, put("tds/dateOfBirth", "1950-01-01"), "/tds/dateOfBirth", "not_needed"),
    (CUSTOMER, put("more/phone", "912345678"), "/more/phone", "phone_not_text_with_zero"),
    (CUSTOMER, put("more/phone", 912345678), "/more/phone", "phone_not_text_with_zero"),
    (CUSTOMER, put("more/caregiver_phone", "+886912345678"), "/more/caregiver_phone", "phone_not_text_with_zero"),
    (CUSTOMER, put("more/pickup/@streetNo", 12), "/more/pickup/@streetNo", "street_number_belongs_in_street"),
    (TASK_CONFIRMED, put("tds/@tripStatus", "performed"), "/tds/@tripStatus", "trip_status_differs"),
    (TASK_CONFIRMED, drop("tds/@tripStatus"), "/tds", "missing"),
    (TASK_CONFIRMED, drop("tds/tripStatus"), "/tds", "missing"),
    (DONE, put("tds/@fareAmount", 1), "/tds/@fareAmount", "fare_differs"),
    (DONE, put("tds/cost", 240.5), "/tds/cost", "wrong_type"),
    (OFFER, drop("more/lapses_at"), "/more", "missing"),
    (OFFER, put("tds/tripAvailable", False), "/more", "missing"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("content", "change", "pointer", "reason"), BAD, ids=lambda each: each if isinstance(each, str) else ""
)
def test_what_is_wrong_is_refused_with_its_place_and_reason(
    content: Content, change: Callable[[dict[str, Any]], None], pointer: str, reason: str
) -> None:
    written = copy.deepcopy(encode(telegram(content)))
    change(written)
    with pytest.raises(TelegramWrong) as refused:
        decode(orjson.dumps(written))
    assert (refused.value.pointer, refused.value.reason) == (pointer, reason)


@pytest.mark.parametrize(("content", "reason"), [(b"{", "not_json"), (b"[]", "not_an_object"), (b"\xff", "not_json")])
def test_what_is_no_telegram_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(TelegramWrong) as refused:
        decode(content)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (replace(WISH, pick_up_at=AT.replace(tzinfo=None)), "time_not_taipei"),
        (replace(WISH, functions=("KD",)), "diagnosis"),
        (replace(WISH, chair=Chair(300, 110)), "out_of_range"),
        (replace(CUSTOMER, phone="912345678"), "phone_not_text_with_zero"),
        (replace(OFFER, confidence=1.5), "out_of_range"),
    ],
)
def test_what_would_be_wrong_is_not_sent(content: Content, reason: str) -> None:
    with pytest.raises(TelegramWrong) as refused:
        encode(telegram(content))
    assert refused.value.reason == reason


def test_a_refusal_names_no_value_that_may_say_who_somebody_is() -> None:
    written = encode(telegram(CUSTOMER))
    written["more"]["phone"] = "shhh-0912-345-678"
    with pytest.raises(TelegramWrong) as refused:
        decode(written)
    assert "0912" not in str(refused.value)


def test_only_what_is_told_unasked_is_heard() -> None:
    for content in ONE_OF_EACH:
        body = orjson.dumps(encode(telegram(content)))
        if type(content).__name__ in (
            "FleetOrder",
            "VehicleSeen",
            "TaskConfirmed",
            "TripDone",
            "VehicleAt",
            "FleetStatus",
        ):
            assert heard(body)[1] == content
        else:
            with pytest.raises(TelegramWrong, match="not_told_unasked"):
                heard(body)
