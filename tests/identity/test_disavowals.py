"""“That was not me”: the link, what it shuts and ends, who opens it again, and the desk's cases."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from identity_city import MEI, MING, City, Phone
from recovering_city import app_code, challenge, not_me_token, set_up_app
from signed_in_officer import SignedInOfficer, signed_in_officer
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from core.ids import typeid


def _told(city: City) -> tuple[Phone, str]:
    """Somebody whose password was just changed, by whoever, and the link that they got."""
    phone = city.enrolled(MEI)
    phone.sign_in()
    changed = phone.post("/v1/me/password", {"current_password": phone.password, "new_password": "somebody else's now"})
    assert changed.status_code == 204
    return phone, not_me_token(city, phone.mobile)


def _say(city: City, token: str) -> TestResponse:
    return city.phone().post("/v1/auth/disavowals", {"token": token})


def _officer(city: City, *roles: str) -> SignedInOfficer:
    return signed_in_officer(city.app.test_client(use_cookies=False), *roles)


def _proved_at_the_counter(counter: SignedInOfficer) -> None:
    """Somebody shows their papers, and the officer compares them with the face."""
    asked = {"national_id": MEI[0], "purpose": "lost_credentials", "case_number": "115-KH-000123"}
    at = f"/v1/counter/cases/{counter.call('POST', '/v1/counter/cases', asked).json['id']}"
    assert counter.call("PUT", f"{at}/papers", {"papers": ["id_card", "health_card"]}).status_code == 200
    assert counter.call("PUT", f"{at}/person", {"name": "王小美", "language": "zh-TW"}).status_code == 200
    assert counter.call("POST", f"{at}/proof", {}).status_code == 200


def _case(city: City, officer: SignedInOfficer) -> Any:
    item = officer.call("GET", "/v1/cases").json["items"][0]
    return officer.call("GET", f"/v1/cases/{item['id']}").json


def test_looking_shows_what_it_was_and_changes_nothing(city: City) -> None:
    phone, token = _told(city)
    for _ in range(2):
        shown = city.phone().post("/v1/auth/disavowals/preview", {"token": token})
        assert shown.status_code == 200, shown.json
        assert shown.json["kind"] == "password_changed"
        assert len(shown.json["shuts"]) == 3
        assert shown.json["case_number"] is None
    assert MEI[0] not in shown.text and MEI[1] not in shown.text
    assert phone.get("/v1/me").status_code == 200
    assert phone.get("/v1/me/method-locks").json["items"] == []


def test_it_shuts_the_ways_in_ends_the_sessions_opens_a_case_and_tells_the_person(city: City) -> None:
    thief, token = _told(city)
    number = _say(city, token).json["case_number"]
    assert thief.get("/v1/me").status_code == 401
    refused = thief.log_in("somebody else's now")
    assert refused.status_code == 403
    assert refused.json["type"].endswith("/problems/method-shut")
    assert f"案件編號 {number}" in city.messages_to(MEI[1])[-1]
    assert "not-me" not in city.messages_to(MEI[1])[-1]


def test_a_wrong_password_learns_nothing_of_what_is_shut(city: City) -> None:
    phone, token = _told(city)
    _say(city, token)
    refused = phone.log_in("not the password at all")
    assert refused.status_code == 401
    assert refused.json["type"].endswith("/problems/credentials-refused")


def test_other_ways_in_keep_working_and_their_sessions_too(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    phone.sign_in_with_passkey()
    other = city.enrolled(MEI)
    other.sign_in()
    phone.post("/v1/me/recovery-codes")
    _say(city, not_me_token(city, MEI[1]))
    # The recovery codes are shut; the passkey and password with text message are not.
    assert other.get("/v1/me").status_code == 200
    assert phone.sign_in_with_passkey().status_code == 200
    assert [item["method"] for item in phone.get("/v1/me/method-locks").json["items"]] == ["recovery_code"]


def test_an_app_that_somebody_else_set_up_is_shut(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    phone.sign_in_with_passkey()
    secret = set_up_app(phone)
    _say(city, not_me_token(city, MEI[1]))
    body = {"challenge_id": challenge(phone, "totp").json["challenge_id"], "code": app_code(secret)}
    assert phone.post("/v1/auth/totp/verify", body).json["type"].endswith("/problems/method-shut")
    assert city.phone(MEI).sign_in().status_code == 200


def test_the_way_in_of_whoever_did_it_is_shut_too(city: City) -> None:
    thief = city.enrolled(MEI)
    thief.sign_in()
    thief.post("/v1/me/recovery-codes")
    token = not_me_token(city, MEI[1])
    assert len(city.phone().post("/v1/auth/disavowals/preview", {"token": token}).json["shuts"]) == 2
    _say(city, token)
    assert thief.get("/v1/me").status_code == 401
    assert thief.log_in().json["type"].endswith("/problems/method-shut")


def test_said_twice_it_is_one_case(city: City) -> None:
    _, token = _told(city)
    assert _say(city, token).json == _say(city, token).json
    assert city.sql("SELECT count(*) FROM identity.security_case")[0][0] == 1
    shown = city.phone().post("/v1/auth/disavowals/preview", {"token": token})
    assert shown.json["case_number"] == _say(city, token).json["case_number"]


def test_a_link_that_nobody_was_given_and_an_old_one_are_refused(city: City) -> None:
    _, token = _told(city)
    assert _say(city, "A" * 43).status_code == 404
    city.sql("UPDATE identity.disavowal SET expires_at = now()")
    assert _say(city, token).json["type"].endswith("/problems/link-lapsed")


def test_the_inbox_asks_for_a_session_of_that_person(city: City) -> None:
    phone, _ = _told(city)
    other = city.enrolled(MING)
    other.sign_in()
    notice_id = typeid("ntc", city.sql("SELECT id FROM identity.disavowal ORDER BY made_at DESC LIMIT 1")[0][0])
    assert other.get(f"/v1/me/security-notices/{notice_id}").status_code == 404
    assert other.post(f"/v1/me/security-notices/{notice_id}/disavowal").status_code == 404
    assert phone.get(f"/v1/me/security-notices/{notice_id}").json["kind"] == "password_changed"
    assert phone.post(f"/v1/me/security-notices/{notice_id}/disavowal").status_code == 200
    assert phone.get("/v1/me").status_code == 401


def test_the_desk_sees_the_case_masked_and_the_person_sees_that_it_was_read(city: City) -> None:
    _, token = _told(city)
    number = _say(city, token).json["case_number"]
    operator = _officer(city, "operator")
    listed = operator.call("GET", "/v1/cases").json["items"]
    assert [item["number"] for item in listed] == [number]
    assert city.sql("SELECT count(*) FROM identity.access_log")[0][0] == 0
    case = _case(city, operator)
    assert case["national_id"] == "A12****789"
    assert [event["kind"] for event in case["events"]] == ["opened"] + ["method_locked"] * 3 + ["sessions_ended"]
    read = city.sql("SELECT person_id, what, purpose FROM identity.access_log")
    assert [(row.what, row.purpose) for row in read] == [("security_case", "security_report")]


@pytest.mark.parametrize("role", ["finance", "auditor", "bureau_officer"])
def test_other_officers_see_no_cases(city: City, role: str) -> None:
    assert _officer(city, role).call("GET", "/v1/cases").status_code == 403


def test_the_counter_opens_a_way_in_again_and_the_operator_cannot(city: City) -> None:
    phone, token = _told(city)
    _say(city, token)
    counter, operator = _officer(city, "counter"), _officer(city, "operator")
    assert _case(city, counter)["may_unlock"] is False
    body = {"method": "password_sms", "note": "核對身分證與健保卡"}
    case = _case(city, counter)
    assert operator.call("POST", f"/v1/cases/{case['id']}/unlocking", body).status_code == 403
    refused = counter.call("POST", f"/v1/cases/{case['id']}/unlocking", body)
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[1]) == (409, "not-proved-yet")
    _proved_at_the_counter(counter)
    assert _case(city, counter)["may_unlock"] is True
    # A colleague has not seen the papers.
    assert _officer(city, "counter").call("POST", f"/v1/cases/{case['id']}/unlocking", body).status_code == 409
    assert counter.call("POST", f"/v1/cases/{case['id']}/unlocking", body).status_code == 200
    assert counter.call("POST", f"/v1/cases/{case['id']}/unlocking", body).status_code == 409
    assert phone.log_in("somebody else's now").status_code == 202
    assert any("登入方式已恢復" in text for text in city.messages_to(phone.mobile))


def test_a_resolved_case_stays_as_it_is_and_what_is_shut_stays_shut(city: City) -> None:
    phone, token = _told(city)
    _say(city, token)
    operator = _officer(city, "operator")
    case = _case(city, operator)
    assert operator.call("POST", f"/v1/cases/{case['id']}/notes", {"note": "已致電"}).status_code == 200
    done = operator.call("POST", f"/v1/cases/{case['id']}/resolution", {"note": "本人確認"})
    assert done.json["status"] == "resolved"
    for late in ("notes", "resolution"):
        assert operator.call("POST", f"/v1/cases/{case['id']}/{late}", {"note": "再一次"}).status_code == 409
    assert operator.call("GET", "/v1/cases").json["items"] == []
    assert operator.call("GET", "/v1/cases?status=resolved").json["items"][0]["number"] == case["number"]
    assert phone.log_in("somebody else's now").status_code == 403


def test_an_officer_does_not_look_after_their_own_case(city: City) -> None:
    _, token = _told(city)
    _say(city, token)
    counter = _officer(city, "counter")
    item = counter.call("GET", "/v1/cases").json["items"][0]
    city.sql(
        "UPDATE identity.officer SET national_id_index = (SELECT national_id_index FROM identity.person) WHERE id = :id",
        id=counter.officer_id,
    )
    assert counter.call("GET", f"/v1/cases/{item['id']}").status_code == 403


def test_what_happened_in_a_case_is_never_rewritten(city: City) -> None:
    _, token = _told(city)
    _say(city, token)
    for rewriting in ("UPDATE identity.security_case_event SET note = ''", "DELETE FROM identity.security_case_event"):
        with pytest.raises(DBAPIError, match="only grows"):
            city.sql(rewriting)


def test_the_person_opens_it_again_from_level_four_only(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    phone.sign_in_with_passkey()
    phone.post("/v1/me/recovery-codes")
    _say(city, not_me_token(city, MEI[1]))
    release = "/v1/me/method-locks/recovery_code/release"
    phone.sign_in_with_passkey()
    refused = phone.post(release)
    assert refused.status_code == 401
    assert 'acr_values="urn:mykaohsiung:loa:4"' in refused.headers["WWW-Authenticate"]
    city.sql("UPDATE identity.person SET proofing_level = 4")
    assert phone.post(release).status_code == 204
    assert phone.post(release).status_code == 409
    assert phone.get("/v1/me/method-locks").json["items"] == []


def test_a_link_has_256_bits_and_is_stored_hashed(city: City) -> None:
    _, token = _told(city)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", token)
    stored: list[tuple[bytes, UUID]] = city.sql("SELECT token_hash, id FROM identity.disavowal")
    assert token.encode() not in b"".join(bytes(row[0]) for row in stored)
