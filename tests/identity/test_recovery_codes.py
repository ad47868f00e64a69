"""Recovery codes over HTTP: ten, shown once, each good once, after a password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from identity_city import MEI, MING, City, Phone
from recovering_city import answer_by_recovery_code, challenge


def _with_codes(city: City) -> tuple[Phone, list[str]]:
    phone = city.enrolled(MEI)
    phone.sign_in()
    made = phone.post("/v1/me/recovery-codes")
    assert made.status_code == 201, made.json
    return phone, made.json["codes"]


def test_ten_different_codes_are_shown_once_and_stored_hashed(city: City) -> None:
    phone, codes = _with_codes(city)
    assert len(set(codes)) == 10
    assert phone.get("/v1/me/recovery-codes").json["left"] == 10
    assert "codes" not in phone.get("/v1/me/recovery-codes").json
    stored = [bytes(row[0]) for row in city.sql("SELECT code_hash FROM identity.recovery_code")]
    assert len(stored) == 10
    assert not any(code.replace("-", "").encode() in b"".join(stored) for code in codes)


def test_password_and_a_recovery_code_reach_level_two_and_every_channel_tells_of_it(city: City) -> None:
    phone, codes = _with_codes(city)
    session = answer_by_recovery_code(phone, challenge(phone, "recovery_code"), codes[3])
    assert session.status_code == 200, session.json
    assert session.json["acr"] == "urn:mykaohsiung:loa:2"
    assert session.json["amr"] == ["pwd", "rc"]
    assert phone.get("/v1/me/recovery-codes").json["left"] == 9
    assert any("復原碼已被使用，還剩 9 組" in text for text in city.messages_to(phone.mobile))
    told = city.sql("SELECT payload->>'kind' FROM core.outbox WHERE kind = 'identity.security_notice'")
    assert "recovery_code_used" in {row[0] for row in told}


def test_a_code_is_good_once_also_for_many_at_once(city: City) -> None:
    phone, codes = _with_codes(city)
    asked = [challenge(phone, "recovery_code") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(
            pool.map(lambda one: answer_by_recovery_code(city.phone(MEI), one, codes[0]).status_code, asked)
        )
    assert sorted(statuses) == [200, 401, 401, 401]
    assert answer_by_recovery_code(phone, challenge(phone, "recovery_code"), codes[0]).status_code == 401


def test_making_new_ones_ends_the_old(city: City) -> None:
    phone, old = _with_codes(city)
    new = phone.post("/v1/me/recovery-codes").json["codes"]
    assert answer_by_recovery_code(city.phone(MEI), challenge(phone, "recovery_code"), old[0]).status_code == 401
    assert answer_by_recovery_code(city.phone(MEI), challenge(phone, "recovery_code"), new[0]).status_code == 200


def test_what_is_misread_or_typed_in_full_width_is_put_right(city: City) -> None:
    phone, codes = _with_codes(city)
    typed = codes[0].replace("-", " ").lower().replace("0", "o").replace("1", "l")
    assert answer_by_recovery_code(phone, challenge(phone, "recovery_code"), typed).status_code == 200


@pytest.mark.parametrize("code", ["", "7KQ2M", "7KQ2M-9XWT", "7KQ2M-9XWTU", "7KQ2M-9XWTD-AAAAA", 1234567890])
def test_only_ten_letters_and_digits_are_a_code(city: City, code: object) -> None:
    body = {"challenge_id": "otp_01jd0000000000000000000000", "code": code}
    assert city.phone().post("/v1/auth/recovery-codes/verify", body).status_code == 422


def test_fifty_parallel_wrong_codes_are_weighed_exactly_five_times_and_other_ways_still_work(city: City) -> None:
    phone, codes = _with_codes(city)
    asked = challenge(phone, "recovery_code")
    with ThreadPoolExecutor(16) as pool:
        statuses = list(
            pool.map(lambda _: answer_by_recovery_code(city.phone(MEI), asked, "00000-00000").status_code, range(50))
        )
    assert sorted(statuses) == [401] * 5 + [429] * 45
    assert answer_by_recovery_code(phone, challenge(phone, "recovery_code"), codes[0]).status_code == 429
    assert phone.sign_in().status_code == 200


def test_somebody_elses_code_and_none_at_all_are_refused_alike(city: City) -> None:
    _, codes = _with_codes(city)
    without = city.enrolled(MING)
    others = answer_by_recovery_code(without, challenge(without, "recovery_code"), codes[0])
    wrong = answer_by_recovery_code(city.phone(MEI), challenge(city.phone(MEI), "recovery_code"), "00000-00000")
    assert (others.status_code, wrong.status_code) == (401, 401)
    assert others.json == wrong.json


def test_a_crash_between_counting_and_weighing_keeps_the_try_and_the_code(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, codes = _with_codes(city)
    asked = challenge(phone, "recovery_code")
    with monkeypatch.context() as crashing:
        crashing.setattr("identity.passwords.hash_with", lambda *_: (_ for _ in ()).throw(MemoryError))
        assert answer_by_recovery_code(city.phone(MEI), asked, codes[0]).status_code == 500
    assert city.sql("SELECT used FROM identity.attempt WHERE method = 'recovery_code'") == [(1,)]
    assert answer_by_recovery_code(phone, asked, codes[0]).status_code == 200


def test_only_somebody_who_has_just_signed_in_makes_them(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes'")
    assert phone.post("/v1/me/recovery-codes").status_code == 401
