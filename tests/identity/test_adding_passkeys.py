"""Who may add a passkey: the first by evidence or just after registering, a further one by what no forged page takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from identity_city import MEI, MING, NOON, City
from sqlalchemy import text

from core.db import Database
from core.ids import new_uuid
from identity import new_passkeys, people
from identity.actors import Actor

LATELY = NOON - timedelta(minutes=15)
TOO_LONG_AGO = NOON - timedelta(minutes=15, seconds=1)
AN_OFFICER = new_uuid()


def _person(database: Database, *, is_open: bool, has_passkey: bool) -> UUID:
    with database.unit_of_work() as session:
        person_id = people.enrol_demo_person(session, national_id=MEI[0], mobile=MEI[1], password=MEI[2], now=NOON)
        until = NOON + timedelta(seconds=1) if is_open else NOON
        session.execute(text("UPDATE identity.person SET first_passkey_until = :until"), {"until": until})
        if has_passkey:
            session.execute(
                text(
                    "INSERT INTO identity.passkey (person_id, credential_id, id, public_key, sign_count, "
                    "is_backup_eligible, is_backed_up, transports, aaguid, name, created_at) VALUES "
                    "(:person, decode(repeat('00', 16), 'hex'), :id, '\\x00', 0, false, false, '{}', :id, 'x', :now)"
                ),
                {"person": person_id, "id": new_uuid(), "now": NOON},
            )
    return person_id


# has one | window open | amr | level | resists phishing | when | with an officer → what is asked for
CASES: list[tuple[bool, bool, str, int, bool, Any, bool, int | None]] = [
    (False, True, "pwd sms", 2, False, TOO_LONG_AGO, False, None),
    (False, True, "pwd sms", 1, False, LATELY, False, 4),
    (False, False, "pwd sms", 2, False, LATELY, False, 4),
    (False, False, "pwd otp", 3, False, LATELY, False, 4),
    (False, False, "pwd rc", 2, False, LATELY, False, 4),
    (False, False, "fed", 1, False, LATELY, False, 4),
    (False, False, "card pin", 2, False, LATELY, False, 4),
    (False, False, "sc pin", 4, True, LATELY, False, None),
    (False, False, "sc pin", 4, True, TOO_LONG_AGO, False, 4),
    (False, False, "mob user mfa", 3, True, LATELY, False, None),
    (False, True, "counter", 2, False, LATELY, True, 4),
    (True, True, "pwd sms", 2, False, LATELY, False, 3),
    (True, True, "pwd otp", 3, False, LATELY, False, 3),
    (True, False, "hwk user", 3, True, LATELY, False, None),
    (True, False, "swk user", 3, True, LATELY, False, None),
    (True, False, "hwk user", 3, True, TOO_LONG_AGO, False, 3),
    (True, False, "sc pin", 4, True, LATELY, False, None),
    (True, False, "hwk user", 1, False, LATELY, False, 3),
]


@pytest.mark.parametrize(("has_one", "is_open", "amr", "loa", "resists", "auth_time", "is_visit", "asked"), CASES)
def test_who_may_add_a_passkey(
    database: Database,
    has_one: bool,
    is_open: bool,
    amr: str,
    loa: int,
    resists: bool,
    auth_time: Any,
    is_visit: bool,
    asked: int | None,
) -> None:
    actor = Actor(
        kind="citizen",
        id=_person(database, is_open=is_open, has_passkey=has_one),
        loa=loa,
        amr=tuple(amr.split()),
        auth_time=auth_time,
        is_phishing_resistant=resists,
        with_officer=AN_OFFICER if is_visit else None,
    )
    with database.unit_of_work() as session:
        missing = new_passkeys.what_is_missing(session, actor, now=NOON)
        assert new_passkeys.may_add(session, actor, now=NOON) is (asked is None)
    assert (missing and missing.extensions["acr_values"]) == (f"urn:mykaohsiung:loa:{asked}" if asked else None)


def test_from_a_weak_session_none_is_added_and_the_answer_says_what_is_wanted(city: City) -> None:
    phone = city.enrolled(MEI)
    city.sql("UPDATE identity.person SET first_passkey_until = NULL")
    phone.sign_in()
    answer = phone.post("/v1/auth/passkeys/registration/options")
    assert answer.status_code == 401
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'acr_values="urn:mykaohsiung:loa:4"' in challenge
    assert 'max_age="900"' in challenge
    assert answer.json["phishing_resistant"] is True
    assert city.sql("SELECT count(*) FROM identity.passkey") == [(0,)]


def test_the_time_after_registering_closes_with_the_first_passkey(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    assert city.sql("SELECT first_passkey_until FROM identity.person") == [(None,)]


def test_a_session_of_a_passkey_that_is_a_quarter_of_an_hour_old_signs_in_again_first(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes'")
    assert phone.get("/v1/me/passkeys").json["can_add_now"] is False
    assert phone.post("/v1/auth/passkeys/registration/options").status_code == 401
    phone.sign_in_with_passkey()
    assert phone.get("/v1/me/passkeys").json["can_add_now"] is True
    assert phone.add_passkey("second").status_code == 201


def test_a_session_that_has_grown_too_old_between_the_two_steps_adds_none(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    begun = phone.begin_passkey()
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '16 minutes'")
    body = {"ceremony_id": begun["ceremony_id"], "credential": phone.authenticator.create(begun["options"])}
    assert phone.post("/v1/auth/passkeys/registration/verify", body).status_code == 401
    assert city.sql("SELECT count(*) FROM identity.passkey") == [(1,)]


def test_when_a_passkey_is_added_every_other_session_is_dead_at_once(city: City) -> None:
    phone, elsewhere = city.enrolled(MEI), city.enrolled(MEI)
    phone.sign_in()
    elsewhere.sign_in()
    phone.add_passkey()
    assert elsewhere.get("/v1/me").status_code == 401
    assert phone.get("/v1/me").status_code == 200


class TestMyPasskeys:
    def test_each_says_its_name_where_it_was_used_last_and_whether_it_is_synced(self, city: City) -> None:
        phone = city.enrolled(MEI, address="203.0.113.77")
        phone.sign_in()
        phone.add_passkey("手機")
        (item,) = phone.get("/v1/me/passkeys", **{"Accept-Language": "en"}).json["items"]
        assert item["name"] == "手機"
        assert item["is_synced"] is False
        assert item["last_used_place"] == "Network 203.0.113.*"
        phone.address = "2001:db8:7:9::5"
        phone.sign_in_with_passkey()
        (item,) = phone.get("/v1/me/passkeys").json["items"]
        assert item["last_used_place"] == "網路 2001:db8:7:*"

    def test_one_is_renamed_and_nothing_else_of_it_is_changed(self, city: City) -> None:
        phone = city.enrolled(MEI)
        phone.sign_in()
        passkey_id = phone.add_passkey("old").json["passkey_id"]
        before = phone.get("/v1/me/passkeys").json["items"][0]
        answer = phone.send("PATCH", f"/v1/me/passkeys/{passkey_id}", {"name": "工作用的筆電"})
        assert answer.json == before | {"name": "工作用的筆電"}
        for body in ({"name": "x", "is_synced": True}, {"name": ""}, {"name": "x" * 61}, {}, {"name": "a\u202eb"}):
            assert phone.send("PATCH", f"/v1/me/passkeys/{passkey_id}", body).status_code == 422
        assert phone.get("/v1/me/passkeys").json["items"][0]["name"] == "工作用的筆電"

    def test_somebody_else_s_is_not_found(self, city: City) -> None:
        mei, ming = city.enrolled(MEI), city.enrolled(MING)
        mei.sign_in()
        passkey_id = mei.add_passkey("hers").json["passkey_id"]
        ming.sign_in()
        for other in (passkey_id, "psk_00000000000000000000000000", "nonsense"):
            assert ming.send("PATCH", f"/v1/me/passkeys/{other}", {"name": "mine"}).status_code == 404
        assert mei.get("/v1/me/passkeys").json["items"][0]["name"] == "hers"
