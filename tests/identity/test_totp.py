"""Codes of an app over HTTP: set up, sign in, replay, counting, and not a word about who has one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from identity_city import MEI, MING, City, Phone
from recovering_city import STEP, answer_by_app, app_code, challenge, set_up_app
from waiting import wait_until

from core import clock


def _with_app(city: City) -> tuple[Phone, str]:
    phone = city.enrolled(MEI)
    phone.sign_in()
    return phone, set_up_app(phone)


def _wrong(secret: str) -> str:
    right = {app_code(secret, step) for step in (-1, 0, 1, 2)}
    return next(code for code in ("000000", "000001", "000002", "000003", "000004") if code not in right)


def _steps_pass(city: City, steps: int) -> None:
    city.sql("UPDATE identity.totp SET last_step = last_step - :steps", steps=steps)


def test_password_and_app_reach_level_three_without_a_text_message_but_do_not_resist_phishing(city: City) -> None:
    phone, secret = _with_app(city)
    before = len(city.messages_to(phone.mobile))
    asked = challenge(phone, "totp")
    assert asked.status_code == 202
    assert asked.json["sent_to"] is None
    session = answer_by_app(phone, asked, app_code(secret))
    assert session.status_code == 200, session.json
    assert session.json["acr"] == "urn:mykaohsiung:loa:3"
    assert session.json["amr"] == ["pwd", "otp"]
    assert session.json["phishing_resistant"] is False
    assert len(city.messages_to(phone.mobile)) == before


def test_the_secret_comes_as_text_address_and_picture_and_is_sealed(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    begun = phone.post("/v1/me/totp").json
    address = urlsplit(begun["otpauth_uri"])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query)["secret"] == [begun["secret"]]
    assert MEI[0] not in begun["otpauth_uri"]
    assert begun["qr_svg"].startswith("<svg ")
    stored = bytes(city.sql("SELECT secret_sealed FROM identity.totp")[0][0])
    assert begun["secret"].encode() not in stored


def test_an_app_signs_in_only_once_its_code_was_given(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    begun = phone.post("/v1/me/totp").json
    assert answer_by_app(city.phone(MEI), challenge(phone, "totp"), app_code(begun["secret"])).status_code == 401
    assert phone.post(f"/v1/me/totp/{begun['id']}/confirmation", {"code": _wrong(begun["secret"])}).status_code == 401
    assert phone.get("/v1/me/totp").json["confirmed_at"] is None
    city.sql("UPDATE identity.totp SET created_at = created_at - interval '10 minutes'")
    late = phone.post(f"/v1/me/totp/{begun['id']}/confirmation", {"code": app_code(begun["secret"])})
    assert late.status_code == 404


def test_each_step_of_the_clock_is_used_once(city: City) -> None:
    phone, secret = _with_app(city)
    code = app_code(secret)
    assert answer_by_app(phone, challenge(phone, "totp"), code).status_code == 200
    replayed = answer_by_app(city.phone(MEI), challenge(phone, "totp"), code)
    assert replayed.status_code == 401
    assert replayed.json["type"].endswith("/problems/code-refused")
    # Nor is one that was shown earlier and never given.
    assert answer_by_app(city.phone(MEI), challenge(phone, "totp"), app_code(secret, -1)).status_code == 401
    assert answer_by_app(phone, challenge(phone, "totp"), app_code(secret, 1)).status_code == 200


def test_two_devices_at_once_use_a_code_once(city: City) -> None:
    phone, secret = _with_app(city)
    code, asked = app_code(secret), [challenge(phone, "totp") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda one: answer_by_app(city.phone(MEI), one, code).status_code, asked))
    assert sorted(statuses) == [200, 401, 401, 401]


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_a_clock_may_be_one_step_off(city: City, steps: int, status: int) -> None:
    phone, secret = _with_app(city)
    _steps_pass(city, 5)
    # About to turn, the clock would make the code one of another step: wait until it has.
    wait_until(lambda: (clock.now() + STEP / 10).second % 30 >= 3)
    assert answer_by_app(phone, challenge(phone, "totp"), app_code(secret, steps)).status_code == status


def test_fifty_parallel_wrong_codes_are_weighed_exactly_five_times_and_other_ways_still_work(city: City) -> None:
    phone, secret = _with_app(city)
    asked, wrong = challenge(phone, "totp"), _wrong(secret)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: answer_by_app(city.phone(MEI), asked, wrong).status_code, range(50)))
    assert sorted(statuses) == [401] * 5 + [429] * 45
    # Neither a right code nor a new challenge opens it.
    assert answer_by_app(phone, challenge(phone, "totp"), app_code(secret)).status_code == 429
    assert phone.sign_in().status_code == 200


def test_a_challenge_says_nothing_about_which_factors_somebody_has(city: City) -> None:
    phone, _ = _with_app(city)
    without = city.enrolled(MING)
    answers = [challenge(who, factor) for who in (phone, without) for factor in ("totp", "recovery_code")]
    assert {answer.status_code for answer in answers} == {202}
    assert {frozenset(answer.json) for answer in answers} == {frozenset(("challenge_id", "expires_at", "sent_to"))}
    assert {answer.json["sent_to"] for answer in answers} == {None}
    refused = answer_by_app(without, answers[2], "123456"), answer_by_app(phone, answers[0], "123456")
    assert [answer.status_code for answer in refused] == [401, 401]
    assert refused[0].json == refused[1].json


def test_no_guessed_text_message_answers_a_challenge_without_one(city: City) -> None:
    phone, _ = _with_app(city)
    asked = challenge(phone, "totp")
    assert (
        phone.post("/v1/auth/otp/verify", {"challenge_id": asked.json["challenge_id"], "code": "000000"}).status_code
        == 401
    )
    # The one sent for another challenge is good for that one only.
    other = phone.log_in()
    code = city.code_for(phone.mobile)
    assert (
        phone.post("/v1/auth/otp/verify", {"challenge_id": asked.json["challenge_id"], "code": code}).status_code == 401
    )
    assert phone.give_code(other, code).status_code == 200


def test_a_challenge_by_text_message_can_be_answered_by_the_app(city: City) -> None:
    phone, secret = _with_app(city)
    assert answer_by_app(phone, phone.log_in(), app_code(secret)).status_code == 200


def test_replacing_or_removing_an_app_takes_level_three(city: City) -> None:
    phone, secret = _with_app(city)
    for refused in (phone.post("/v1/me/totp"), phone.send("DELETE", "/v1/me/totp")):
        assert refused.status_code == 401
        assert 'acr_values="urn:mykaohsiung:loa:3"' in refused.headers["WWW-Authenticate"]
    answer_by_app(phone, challenge(phone, "totp"), app_code(secret))
    assert phone.send("DELETE", "/v1/me/totp").status_code == 204
    assert phone.send("DELETE", "/v1/me/totp").status_code == 404
    assert answer_by_app(city.phone(MEI), challenge(phone, "totp"), app_code(secret, 1)).status_code == 401


def test_setting_up_ends_other_sessions_and_every_channel_tells_of_it(city: City) -> None:
    other = city.enrolled(MEI)
    other.sign_in()
    phone, _ = _with_app(city)
    assert phone.get("/v1/me").status_code == 200
    assert other.get("/v1/me").status_code == 401
    assert any("驗證器 App" in text and "/app/not-me?token=" in text for text in city.messages_to(phone.mobile))
    told = city.sql("SELECT payload->>'kind' FROM core.outbox WHERE kind = 'identity.security_notice'")
    assert "totp_added" in {row[0] for row in told}


def test_only_somebody_who_has_just_signed_in_sets_one_up(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes'")
    refused = phone.post("/v1/me/totp")
    assert refused.status_code == 401
    assert 'max_age="900"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize("code", ["12345", "1234567", "１２３４５６", "123456\n", "", 123456])
def test_only_six_digits_are_a_code(city: City, code: object) -> None:
    body = {"challenge_id": "otp_01jd0000000000000000000000", "code": code}
    assert city.phone().post("/v1/auth/totp/verify", body).status_code == 422
