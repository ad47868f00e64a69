"""Signing in by password and code over HTTP: counting, locking, and saying nothing about who is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from identity_city import MEI, MING, City, invented


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def _lift_locks(city: City) -> None:
    city.sql("UPDATE identity.attempt SET resets_at = resets_at - interval '15 minutes'")


def test_password_and_code_reach_level_two(city: City) -> None:
    phone = city.enrolled(MEI)
    session = phone.sign_in()
    assert session.status_code == 200
    assert session.json["acr"] == "urn:mykaohsiung:loa:2"
    assert session.json["token_type"] == "Bearer"
    assert phone.get("/v1/me").json["mobile"] == "09******78"


def test_a_known_and_an_unknown_id_number_are_refused_alike_and_both_weighed(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.enrolled(MEI)
    weighed: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, hash: str, password: str) -> Any:
        weighed.append(hash)
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    known = city.phone(MEI).log_in("not her password")
    unknown = city.phone(invented(1)).log_in("not a password")
    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.json == unknown.json
    assert len(weighed) == 2
    # Same parameters, so the same time.
    assert weighed[0].split("$")[:4] == weighed[1].split("$")[:4]


def test_five_failures_lock_the_password_for_fifteen_minutes_known_or_not(city: City) -> None:
    city.enrolled(MEI)
    for person in (MEI, invented(1)):
        phone = city.phone(person)
        answers = [phone.log_in("not the password") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert 895 <= int(answers[-1].headers["Retry-After"]) <= 900
    # Not even the right one is weighed now.
    assert city.phone(MEI).log_in().status_code == 429


def test_a_lock_ends_by_itself_and_counting_begins_anew(city: City) -> None:
    phone = city.enrolled(MEI)
    for _ in range(6):
        phone.log_in("not the password")
    _lift_locks(city)
    assert [phone.log_in("not the password").status_code for _ in range(4)] == [401] * 4
    assert phone.log_in().status_code == 202


def test_success_clears_what_was_counted(city: City) -> None:
    phone = city.enrolled(MEI)
    for _ in range(2):
        for _ in range(4):
            assert phone.log_in("not the password").status_code == 401
        assert phone.sign_in().status_code == 200


def test_fifty_parallel_wrong_passwords_are_weighed_exactly_five_times(city: City) -> None:
    city.enrolled(MEI)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: city.phone(MEI).log_in("not the password").status_code, range(50)))
    assert sorted(statuses) == [401] * 5 + [429] * 45


def test_fifty_parallel_wrong_codes_are_weighed_exactly_five_times_and_a_passkey_still_works(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    asked = phone.log_in()
    wrong = _wrong(city.code_for(phone.mobile))
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: city.phone(MEI).give_code(asked, wrong).status_code, range(50)))
    assert sorted(statuses) == [401] * 5 + [429] * 45
    assert phone.give_code(asked).status_code == 429
    assert phone.sign_in_with_passkey().status_code == 200


def test_another_code_does_not_reset_the_count(city: City) -> None:
    phone = city.enrolled(MEI)
    statuses = []
    for _ in range(5):
        asked = phone.log_in()
        statuses.append(phone.give_code(asked, _wrong(city.code_for(phone.mobile))).status_code)
    assert statuses == [401] * 5
    assert phone.log_in().status_code == 429


def test_a_code_is_good_for_its_own_challenge_only(city: City) -> None:
    mei, ming = city.enrolled(MEI), city.enrolled(MING)
    of_mei, of_ming = mei.log_in(), ming.log_in()
    assert ming.give_code(of_ming, city.code_for(mei.mobile)).status_code == 401
    assert mei.give_code(of_mei, city.code_for(ming.mobile)).status_code == 401
    first = mei.log_in()
    code = city.code_for(mei.mobile)
    second = mei.log_in()
    assert mei.give_code(second, code).status_code == 401
    assert mei.give_code(first, code).status_code == 200


def test_a_code_is_used_once_and_lapses_after_five_minutes(city: City) -> None:
    phone = city.enrolled(MEI)
    asked = phone.log_in()
    code = city.code_for(phone.mobile)
    assert phone.give_code(asked, code).status_code == 200
    assert phone.give_code(asked, code).status_code == 401
    asked = phone.log_in()
    code = city.code_for(phone.mobile)
    city.sql("UPDATE identity.otp_challenge SET expires_at = expires_at - interval '5 minutes'")
    assert phone.give_code(asked, code).status_code == 401


def test_two_devices_cannot_both_use_one_code(city: City) -> None:
    phone = city.enrolled(MEI)
    asked = phone.log_in()
    code = city.code_for(phone.mobile)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: city.phone(MEI).give_code(asked, code).status_code, range(8)))
    assert sorted(statuses)[0] == 200
    assert statuses.count(200) == 1


def test_nobody_is_sent_more_than_ten_codes_in_fifteen_minutes(city: City) -> None:
    phone = city.enrolled(MEI)
    assert [phone.log_in().status_code for _ in range(11)] == [202] * 10 + [429]
    assert len(city.messages_to(phone.mobile)) == 10


def test_a_challenge_that_nobody_was_given_is_refused_like_a_wrong_code(city: City) -> None:
    body = {"challenge_id": "otp_01jd0000000000000000000000", "code": "000000"}
    answer = city.phone().post("/v1/auth/otp/verify", body)
    assert answer.status_code == 401
    assert answer.json["type"].endswith("/problems/code-refused")


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "１２３４５６", "123456\n", "", 123456])
def test_only_six_digits_are_a_code(city: City, code: object) -> None:
    body = {"challenge_id": "otp_01jd0000000000000000000000", "code": code}
    assert city.phone().post("/v1/auth/otp/verify", body).status_code == 422


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(city: City) -> None:
    phone = city.enrolled(MEI)
    older = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(phone.password)
    city.sql("UPDATE identity.person SET password_hash = :older", older=older)
    assert phone.log_in().status_code == 202
    assert city.sql("SELECT password_hash FROM identity.person")[0][0] != older
    assert phone.log_in().status_code == 202
