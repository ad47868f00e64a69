"""Registering over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from identity_city import MEI, City, invented
from recovering_city import ask_for_reset, bring_events, finish_reset, later, prove_reset


def test_a_newcomer_registers_with_id_number_mobile_and_password_and_is_signed_in_by_the_code(city: City) -> None:
    phone = city.phone(invented(1))
    asked = phone.register()
    assert asked.status_code == 202
    assert asked.json["sent_to"] == "09******01"
    session = phone.give_code(asked)
    assert session.status_code == 200
    assert session.json["acr"] == "urn:mykaohsiung:loa:2"
    assert session.json["amr"] == ["pwd", "sms"]
    assert session.json["has_passkey"] is False
    me = phone.get("/v1/me").json
    assert me["id"] == session.json["person_id"]
    assert me["national_id"] == f"{phone.national_id[:3]}****{phone.national_id[-3:]}"


def test_numbers_are_found_however_they_are_typed(city: City) -> None:
    national_id, mobile, password = invented(2)
    wide = national_id.lower().translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    asked = city.phone((f" {wide} ", f"+886-{mobile[1:4]}-{mobile[4:]}", password)).register()
    assert asked.status_code == 202
    phone = city.phone((national_id, mobile, password))
    assert phone.give_code(asked).status_code == 200
    assert phone.sign_in().status_code == 200


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("national_id", "A123456788"),
        ("national_id", "A12345678"),
        ("national_id", 5),
        ("mobile", "0812345678"),
        ("mobile", "+1 555 0100"),
        ("password", "short"),
        ("password", "x" * 129),
        ("nickname", "Mei"),
    ],
)
def test_what_is_not_well_formed_is_refused_with_the_member_named(city: City, member: str, value: object) -> None:
    body: dict[str, object] = {"national_id": MEI[0], "mobile": MEI[1], "password": "a long password"}
    answer = city.phone().post("/v1/auth/password/register", body | {member: value})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{member}"


@pytest.mark.parametrize("password",
    ["1234567890", "Password123", "aaaaaaaaaaaa", "my A123456789!", "x0912345678x", "basketball1", "1qaz2wsx3edc",
     "taiwan12345", "mykaohsiung1", "qwertyuiop1"],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_is_refused(city: City, password: str) -> None:
    answer = city.phone((MEI[0], MEI[1], password)).register()
    assert answer.status_code == 422
    assert answer.json["type"].endswith("/problems/password-refused")


def test_an_id_number_that_is_registered_answers_like_any_other_and_its_holder_gets_a_notice(city: City) -> None:
    city.enrolled(MEI)
    stranger = city.phone((MEI[0], "0955000123", "the stranger's password"))
    newcomer = city.phone((invented(5)[0], "0955000124", "the newcomer's password"))
    of_stranger, of_newcomer = stranger.register(), newcomer.register()
    assert of_stranger.status_code == of_newcomer.status_code == 202
    assert of_stranger.json.keys() == of_newcomer.json.keys()
    assert of_stranger.json["sent_to"] == "09******23"
    assert city.messages_to("0955000123") == []
    (notice,) = city.messages_to(MEI[1])
    assert "註冊" in notice
    assert MEI[0] not in notice


def test_a_holder_gets_one_such_notice_a_day_however_often_strangers_try(city: City) -> None:
    city.enrolled(MEI)
    for number in range(4):
        city.phone((MEI[0], f"095500020{number}", "the stranger's password")).register()
    assert len(city.messages_to(MEI[1])) == 1


def test_no_code_whatever_verifies_a_stranger_s_challenge(city: City) -> None:
    city.enrolled(MEI)
    stranger = city.phone((MEI[0], "0955000123", "the stranger's password"))
    asked = stranger.register()
    # Even the very code whose hash lies in the row.
    city.sql(
        "UPDATE identity.otp_challenge SET code_hash = :hash WHERE is_decoy", hash=_hash(asked.json["challenge_id"])
    )
    answer = stranger.give_code(asked, "424242")
    assert answer.status_code == 401
    assert answer.json["type"].endswith("/problems/code-refused")
    assert city.phone(MEI).log_in("the stranger's password").status_code == 401


def test_both_a_new_and_a_known_id_number_cost_one_password_hash(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    city.enrolled(MEI)
    hashed: list[str] = []
    real = PasswordHasher.hash
    monkeypatch.setattr(PasswordHasher, "hash", lambda self, password: hashed.append(password) or real(self, password))
    city.phone((MEI[0], "0955000123", "the stranger's password")).register()
    assert len(hashed) == 1
    city.phone(invented(9)).register()
    assert len(hashed) == 2


def test_whose_mobile_is_tied_to_somebody_else_stays_at_level_one_and_sees_no_vehicles(city: City) -> None:
    national_id, mobile, password = invented(3)
    city.outside.put("sms/numbers", national_id=MEI[0], mobile=mobile)
    phone = city.phone((national_id, mobile, password))
    session = phone.give_code(phone.register())
    assert session.json["acr"] == "urn:mykaohsiung:loa:1"
    refused = phone.get("/v1/me/vehicles")
    assert refused.status_code == 401
    assert 'acr_values="urn:mykaohsiung:loa:2"' in refused.headers["WWW-Authenticate"]
    assert phone.post("/v1/auth/passkeys/registration/options").status_code == 401


def test_an_id_number_taken_without_proof_goes_to_whoever_proves_it(city: City) -> None:
    national_id, mobile, password = invented(4)
    city.outside.put("sms/numbers", national_id=MEI[0], mobile="0955000999")
    squatter = city.phone((national_id, "0955000999", "the squatter's password"))
    squatter.give_code(squatter.register())
    holder = city.phone((national_id, mobile, password))
    session = holder.give_code(holder.register())
    assert session.json["acr"] == "urn:mykaohsiung:loa:2"
    assert squatter.get("/v1/me").status_code == 401
    assert squatter.log_in().status_code == 401


@pytest.mark.parametrize("has_given_evidence", [False, True])
def test_a_reset_that_was_begun_without_proof_ends_with_the_taking_over(city: City, has_given_evidence: bool) -> None:
    national_id, mobile, password = invented(7)
    city.outside.put("sms/numbers", national_id=MEI[0], mobile="0955000998")
    squatter = city.phone((national_id, "0955000998", "the squatter's password"))
    squatter.give_code(squatter.register())
    asked = ask_for_reset(squatter)
    bring_events(city)
    sent = city.code_for(squatter.mobile)
    proved = prove_reset(city, squatter, asked, sent) if has_given_evidence else None
    holder = city.phone((national_id, mobile, password))
    assert holder.give_code(holder.register()).status_code == 200
    if proved is None:
        assert prove_reset(city, squatter, asked, sent).status_code == 401
    else:
        later(city, days=1)
        assert finish_reset(squatter, proved.json, "the squatter's again").status_code == 409
    assert holder.log_in().status_code == 202


def test_without_proof_nobody_takes_an_id_number_that_another_has_begun_with(city: City) -> None:
    national_id, _, password = invented(6)
    for mobile in ("0955000991", "0955000992"):
        city.outside.put("sms/numbers", national_id=invented(int(mobile[-3:]))[0], mobile=mobile)
    first, second = (city.phone((national_id, mobile, password)) for mobile in ("0955000991", "0955000992"))
    assert first.give_code(first.register()).status_code == 200
    answer = second.give_code(second.register())
    assert answer.status_code == 403
    assert first.get("/v1/me").status_code == 200


def test_while_the_telephone_company_is_silent_the_code_stays_good(city: City) -> None:
    phone = city.phone(invented(7))
    asked = phone.register()
    code = city.code_for(phone.mobile)
    city.outside.set_switch("sms", "number_verification", "error_500", count=1)
    answer = phone.give_code(asked, code)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert phone.give_code(asked, code).status_code == 200
    assert phone.give_code(asked, code).status_code == 401


def test_one_code_given_from_many_devices_at_once_enrols_one_person_and_begins_one_session(city: City) -> None:
    person = invented(11)
    asked = city.phone(person).register()
    code = city.code_for(person[1])
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: city.phone(person).give_code(asked, code).status_code, range(6)))
    assert sorted(statuses) == [200] + [401] * 5
    assert city.sql("SELECT count(*) FROM identity.person") == [(1,)]
    assert city.sql("SELECT count(*) FROM identity.session") == [(1,)]


def test_neither_id_number_nor_mobile_nor_password_nor_code_is_readable_in_the_database(city: City) -> None:
    phone = city.phone(invented(8))
    asked = phone.register()
    code = city.code_for(phone.mobile)
    phone.give_code(asked, code)
    everything = ""
    for (table,) in city.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'identity'"):
        everything += str(city.sql(f"SELECT to_jsonb(t) FROM identity.{table} t"))
    everything += str(city.sql("SELECT payload FROM core.outbox"))
    for secret in (phone.national_id, phone.mobile, phone.password, phone.token, f"'{code}'"):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def _hash(challenge_id: str) -> bytes:
    from core.crypto import blind_index
    from core.ids import parse_typeid

    return blind_index(f"{parse_typeid('otp', challenge_id)}:424242", purpose="otp_code")
