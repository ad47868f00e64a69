"""A first mobile number for people who registered without one: a code proves it, and it proves nothing more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from identity_city import MEI, MING, City, Phone
from werkzeug.test import TestResponse

from core import clock
from identity import levels, people, sessions, tasks

MOBILE = "0955123456"


@pytest.fixture
def mei(city: City) -> Phone:
    """Mei, who registered with her mobile ID and is signed in with it."""
    with city.database.unit_of_work() as session:
        person_id = people.enrol(
            session, national_id=MEI[0], mobile=None, password_hash=None, proofing_level=levels.PROVED_IN_PERSON,
            language="zh-TW", now=clock.now(),
        )  # fmt: skip
        assert person_id is not None
    return signed_in(city, MEI[0], ("mob", "user", "mfa"))


def signed_in(city: City, national_id: str, amr: tuple[str, ...]) -> Phone:
    with city.database.unit_of_work() as session:
        person = people.find(session, national_id)
        assert person is not None
        issued = sessions.begin(
            session, person_id=person.id, amr=amr, transport="bearer", user_agent="", replaces=None, now=clock.now()
        )
    phone = city.phone()
    phone.token = issued.token
    return phone


def give(phone: Phone, mobile: str = MOBILE) -> TestResponse:
    return phone.post("/v1/me/mobile", {"mobile": mobile})


def verify(phone: Phone, challenge: TestResponse, code: str) -> TestResponse:
    body = {"challenge_id": challenge.json["challenge_id"], "code": code}
    return phone.post("/v1/me/mobile/verification", body)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_number_is_theirs_once_its_code_comes_back(city: City, mei: Phone) -> None:
    assert mei.get("/v1/me").json["mobile"] is None
    asked = give(mei)
    assert (asked.status_code, asked.json["sent_to"]) == (202, "09******56")
    assert mei.get("/v1/me").json["mobile"] is None
    assert verify(mei, asked, city.code_for(MOBILE)).status_code == 204
    assert mei.get("/v1/me").json["mobile"] == "09******56"
    assert any("已登記到您的帳號" in message for message in city.messages_to(MOBILE))


def test_it_proves_nobody(city: City, mei: Phone) -> None:
    before = mei.get("/v1/me").json["acr"]
    verify(mei, give(mei), city.code_for(MOBILE))
    assert mei.get("/v1/me").json["acr"] == before
    assert city.sql("SELECT count(*) FROM identity.proofing")[0][0] == 0


def test_a_code_is_good_once_for_five_minutes_and_for_the_newest_number(city: City, mei: Phone) -> None:
    first = give(mei)
    old = city.code_for(MOBILE)
    second = give(mei, "0955654321")
    assert verify(mei, first, old).status_code == 401
    assert verify(mei, second, old).status_code in (401,)
    city.sql("UPDATE identity.first_mobile SET expires_at = expires_at - interval '6 min'")
    assert verify(mei, second, city.code_for("0955654321")).status_code == 401
    assert mei.get("/v1/me").json["mobile"] is None


def test_row_14_fifty_wrong_codes_at_once_are_weighed_five_times_and_another_code_resets_nothing(
    city: City, mei: Phone
) -> None:
    asked = give(mei)
    code = city.code_for(MOBILE)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: verify(mei, asked, wrong(code)).status_code, range(50)))
    assert answers.count(401) == 5
    assert answers.count(429) == 45
    assert give(mei).status_code == 429
    assert verify(mei, asked, code).status_code == 429


def test_row_16_one_number_gets_ten_codes_and_no_more(city: City, mei: Phone) -> None:
    answers = [give(mei).status_code for _ in range(12)]
    assert answers == [202] * 10 + [429] * 2


def test_who_has_one_changes_it_at_a_counter(city: City) -> None:
    city.enrolled(MING)
    ming = signed_in(city, MING[0], ("hwk", "user"))
    refused = give(ming)
    assert refused.status_code == 409
    assert refused.json["type"].endswith("/mobile-known")


def test_it_takes_level_3_in_a_way_no_forged_page_can_take(city: City, mei: Phone) -> None:
    weak = signed_in(city, MEI[0], ("card", "pin"))
    assert give(weak).status_code == 401
    assert give(city.phone()).status_code == 401


def test_another_persons_code_is_refused(city: City, mei: Phone) -> None:
    with city.database.unit_of_work() as session:
        people.enrol(
            session, national_id=MING[0], mobile=None, password_hash=None, proofing_level=levels.PROVED_IN_PERSON,
            language="zh-TW", now=clock.now(),
        )  # fmt: skip
    ming = signed_in(city, MING[0], ("mob", "user", "mfa"))
    asked = give(mei)
    assert verify(ming, asked, city.code_for(MOBILE)).status_code == 401
    assert ming.get("/v1/me").json["mobile"] is None


def test_what_has_lapsed_is_forgotten(city: City, mei: Phone) -> None:
    give(mei)
    tasks.forget_lapsed(clock.now() + timedelta(hours=2))
    assert city.sql("SELECT count(*) FROM identity.first_mobile")[0][0] == 0
