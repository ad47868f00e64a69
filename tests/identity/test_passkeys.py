"""Passkeys over HTTP and as the proof under a payment: every way to cheat is refused, and nothing breaks on nonsense."""

from __future__ import annotations

import hashlib
import os
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from identity_city import MEI, MING, NOON, City, Phone
from software_authenticator import SoftwareAuthenticator, b64, unb64
from sqlalchemy import event

from core.ids import parse_typeid
from identity import passkeys
from identity.errors import AssertionRefused, AssertionRefusedAndNoted

CHALLENGE = hashlib.sha256(b"pay 605").digest()


@pytest.fixture
def mei(city: City) -> Phone:
    """Somebody signed in, with a passkey."""
    phone = city.enrolled(MEI)
    phone.sign_in()
    assert phone.add_passkey("手機").status_code == 201
    return phone


def _person(phone: Phone) -> UUID:
    return parse_typeid("per", phone.get("/v1/me").json["id"])


def _verify(phone: Phone, credential: Any, person_id: UUID, challenge: bytes = CHALLENGE) -> passkeys.VerifiedPasskey:
    with phone.city.database.unit_of_work() as session:
        return passkeys.verify_assertion(
            session, person_id=person_id, credential=credential, challenge=challenge, now=NOON
        )


def _options(phone: Phone, person_id: UUID) -> dict[str, Any]:
    with phone.city.database.unit_of_work() as session:
        return passkeys.assertion_options(session, person_id, CHALLENGE, NOON)


class TestAdding:
    def test_the_options_demand_a_discoverable_key_and_a_verified_user(self, city: City) -> None:
        phone = city.enrolled(MEI)
        phone.sign_in()
        options = phone.begin_passkey()["options"]
        assert options["rp"]["id"] == "localhost"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["user"]["name"] == "A12****789"
        assert len(unb64(options["challenge"])) == 32

    def test_it_raises_the_session_to_level_three_and_sends_a_notice(self, city: City) -> None:
        phone = city.enrolled(MEI)
        phone.sign_in()
        answer = phone.add_passkey("我的手機")
        assert answer.json["acr"] == "urn:mykaohsiung:loa:3"
        assert answer.json["amr"] == ["pwd", "sms", "hwk", "user"]
        assert answer.json["has_passkey"] is True
        (passkey,) = phone.get("/v1/me").json["passkeys"]
        assert (passkey["id"], passkey["name"], passkey["is_synced"]) == (answer.json["passkey_id"], "我的手機", False)
        assert "我的手機" in city.messages_to(phone.mobile)[-1]
        kinds = [kind for (kind,) in city.sql("SELECT kind FROM core.outbox ORDER BY recorded_at, id")]
        assert "identity.security_notice" in kinds
        [(person_id, passkey_id)] = city.sql(
            "SELECT payload->>'person_id', payload->>'passkey_id' FROM core.outbox WHERE kind = 'identity.passkey_added'"
        )
        assert UUID(person_id) == _person(phone)
        assert UUID(passkey_id) == parse_typeid("psk", passkey["id"])

    def test_from_a_session_by_password_no_second_passkey_is_added(self, mei: Phone) -> None:
        mei.sign_in()
        answer = mei.post("/v1/auth/passkeys/registration/options")
        assert answer.status_code == 401
        assert 'acr_values="urn:mykaohsiung:loa:3"' in answer.headers["WWW-Authenticate"]
        mei.sign_in_with_passkey()
        assert mei.add_passkey("second").status_code == 201

    def test_of_two_first_passkeys_begun_by_password_the_second_is_refused(self, city: City) -> None:
        owner, thief = city.enrolled(MEI), city.enrolled(MEI)
        owner.sign_in()
        thief.sign_in()
        begun = thief.begin_passkey()
        assert owner.add_passkey().status_code == 201
        credential = thief.authenticator.create(begun["options"])
        answer = thief.post(
            "/v1/auth/passkeys/registration/verify", {"ceremony_id": begun["ceremony_id"], "credential": credential}
        )
        assert answer.status_code == 401
        assert len(owner.get("/v1/me").json["passkeys"]) == 1

    @pytest.mark.parametrize(
        "lie",
        [
            {"user_verified": False},
            {"user_present": False},
            {"origin": "http://localhost.evil.example"},
            {"origin": "http://127.0.0.1:8080"},
            {"rp_id": "evil.example"},
            {"challenge": bytes(32)},
        ],
    )
    def test_a_device_that_lies_adds_nothing_and_the_ceremony_is_used_up(self, city: City, lie: dict[str, Any]) -> None:
        phone = city.enrolled(MEI)
        phone.sign_in()
        begun = phone.begin_passkey()
        body = {"ceremony_id": begun["ceremony_id"], "credential": phone.authenticator.create(begun["options"], **lie)}
        assert phone.post("/v1/auth/passkeys/registration/verify", body).status_code == 422
        body["credential"] = phone.authenticator.create(begun["options"])
        assert phone.post("/v1/auth/passkeys/registration/verify", body).status_code == 409
        assert phone.get("/v1/me").json["passkeys"] == []

    def test_a_ceremony_belongs_to_the_session_that_began_it(self, city: City) -> None:
        mei, ming = city.enrolled(MEI), city.enrolled(MING)
        mei.sign_in()
        ming.sign_in()
        begun = mei.begin_passkey()
        body = {"ceremony_id": begun["ceremony_id"], "credential": ming.authenticator.create(begun["options"])}
        assert ming.post("/v1/auth/passkeys/registration/verify", body).status_code == 409

    def test_a_key_that_is_registered_is_not_registered_again(self, mei: Phone) -> None:
        begun = mei.begin_passkey()
        credential = mei.authenticator.create(begun["options"])
        body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
        assert mei.kept(mei.post("/v1/auth/passkeys/registration/verify", body)).status_code == 201
        key = mei.authenticator.credentials[unb64(credential["id"])]
        begun = mei.begin_passkey()
        mei.authenticator.credentials.clear()
        again = mei.authenticator.create(begun["options"])
        forged = next(iter(mei.authenticator.credentials.values()))
        attestation = unb64(again["response"]["attestationObject"]).replace(forged.id, key.id)
        again["response"]["attestationObject"] = b64(attestation)
        again["id"] = again["rawId"] = b64(key.id)
        body = {"ceremony_id": begun["ceremony_id"], "credential": again}
        assert mei.post("/v1/auth/passkeys/registration/verify", body).status_code == 422

    @pytest.mark.parametrize("name", ["", "x" * 61, "a\nb", "a\n", "\u0000"])
    def test_a_name_is_short_and_one_line(self, city: City, name: str) -> None:
        phone = city.enrolled(MEI)
        phone.sign_in()
        begun = phone.begin_passkey()
        body = {
            "ceremony_id": begun["ceremony_id"],
            "credential": phone.authenticator.create(begun["options"]),
            "name": name,
        }
        assert phone.post("/v1/auth/passkeys/registration/verify", body).status_code == 422


class TestSigningIn:
    def test_a_passkey_alone_reaches_level_three_without_saying_who_first(self, mei: Phone) -> None:
        begun = mei.begin_passkey_login()
        assert begun["options"]["allowCredentials"] == []
        assert begun["options"]["userVerification"] == "required"
        session = mei.finish_passkey_login(begun, mei.authenticator.get(begun["options"]))
        assert session.status_code == 200
        assert session.json["acr"] == "urn:mykaohsiung:loa:3"
        assert session.json["amr"] == ["hwk", "user"]

    def test_a_synced_passkey_is_named_as_one(self, city: City) -> None:
        phone = city.enrolled(MEI, authenticator=SoftwareAuthenticator(is_synced=True, has_counter=False))
        phone.sign_in()
        phone.add_passkey()
        assert phone.get("/v1/me").json["passkeys"][0]["is_synced"] is True
        for _ in range(2):
            assert phone.sign_in_with_passkey().json["amr"] == ["swk", "user"]

    @pytest.mark.parametrize(
        "lie",
        [
            {"user_verified": False},
            {"user_present": False},
            {"origin": "https://localhost:8080"},
            {"rp_id": "evil.example"},
            {"challenge": bytes(32)},
            {"is_cross_origin": True},
        ],
    )
    def test_a_device_that_lies_does_not_get_in(self, mei: Phone, lie: dict[str, Any]) -> None:
        answer = mei.sign_in_with_passkey(**lie)
        assert answer.status_code == 401
        assert answer.json["type"].endswith("/problems/assertion-refused")

    def test_an_answer_is_good_once_and_for_its_own_ceremony(self, mei: Phone) -> None:
        begun = mei.begin_passkey_login()
        credential = mei.authenticator.get(begun["options"])
        assert mei.finish_passkey_login(begun, credential).status_code == 200
        assert mei.finish_passkey_login(begun, credential).status_code == 409
        assert mei.finish_passkey_login(mei.begin_passkey_login(), credential).status_code == 401

    def test_a_refused_answer_uses_up_the_ceremony(self, mei: Phone) -> None:
        begun = mei.begin_passkey_login()
        assert (
            mei.finish_passkey_login(begun, mei.authenticator.get(begun["options"], user_verified=False)).status_code
            == 401
        )
        assert mei.finish_passkey_login(begun, mei.authenticator.get(begun["options"])).status_code == 409

    def test_a_ceremony_lapses_after_five_minutes(self, mei: Phone) -> None:
        begun = mei.begin_passkey_login()
        mei.city.sql("UPDATE identity.ceremony SET expires_at = expires_at - interval '5 minutes'")
        assert mei.finish_passkey_login(begun, mei.authenticator.get(begun["options"])).status_code == 409

    def test_a_ceremony_for_adding_is_none_for_signing_in(self, mei: Phone) -> None:
        begun = mei.begin_passkey()
        assert mei.finish_passkey_login(begun, mei.authenticator.get(begun["options"])).status_code == 409

    def test_a_key_does_not_speak_for_another_person(self, city: City, mei: Phone) -> None:
        ming = city.enrolled(MING)
        ming.sign_in()
        ming.add_passkey()
        begun = ming.begin_passkey_login()
        credential = ming.authenticator.get(begun["options"])
        credential["response"]["userHandle"] = b64(_person(mei).bytes)
        assert ming.finish_passkey_login(begun, credential).status_code == 401

    def test_a_copy_with_an_old_counter_is_refused_and_noted(self, mei: Phone) -> None:
        for _ in range(3):
            assert mei.sign_in_with_passkey().status_code == 200
        assert mei.sign_in_with_passkey(sign_count=2).status_code == 401
        ((noted,),) = mei.city.sql("SELECT counter_regressed_at FROM identity.passkey")
        assert noted is not None
        assert mei.sign_in_with_passkey().status_code == 200

    def test_a_forged_signature_cannot_make_a_passkey_look_copied(self, mei: Phone) -> None:
        mei.sign_in_with_passkey()
        begun = mei.begin_passkey_login()
        credential = mei.authenticator.get(begun["options"], sign_count=0)
        credential["response"]["signature"] = b64(os.urandom(70))
        assert mei.finish_passkey_login(begun, credential).status_code == 401
        assert mei.city.sql("SELECT counter_regressed_at FROM identity.passkey") == [(None,)]


class TestRemoving:
    def test_it_signs_in_nobody_any_more_and_its_owner_is_told(self, mei: Phone) -> None:
        (held,) = mei.get("/v1/me").json["passkeys"]
        assert mei.send("DELETE", f"/v1/me/passkeys/{held['id']}").status_code == 204
        assert mei.get("/v1/me").json["passkeys"] == []
        notice = mei.city.messages_to(mei.mobile)[-1]
        assert "移除" in notice
        assert "手機" in notice
        assert mei.sign_in_with_passkey().status_code == 401

    def test_every_other_session_ends_and_this_one_stays(self, mei: Phone) -> None:
        elsewhere, by_password = (mei.city.phone(MEI, authenticator=mei.authenticator) for _ in range(2))
        elsewhere.sign_in_with_passkey()
        by_password.sign_in()
        (held,) = mei.get("/v1/me").json["passkeys"]
        mei.send("DELETE", f"/v1/me/passkeys/{held['id']}")
        assert elsewhere.get("/v1/me").status_code == 401
        assert by_password.get("/v1/me").status_code == 401
        assert mei.get("/v1/me").status_code == 200

    def test_after_the_last_one_a_session_by_password_adds_none(self, mei: Phone) -> None:
        (held,) = mei.get("/v1/me").json["passkeys"]
        mei.send("DELETE", f"/v1/me/passkeys/{held['id']}")
        mei.sign_in()
        answer = mei.post("/v1/auth/passkeys/registration/options")
        assert answer.status_code == 401
        assert answer.json["acr_values"] == "urn:mykaohsiung:loa:4"

    def test_a_session_by_password_removes_none(self, mei: Phone) -> None:
        (held,) = mei.get("/v1/me").json["passkeys"]
        mei.sign_in()
        answer = mei.send("DELETE", f"/v1/me/passkeys/{held['id']}")
        assert answer.status_code == 401
        assert 'acr_values="urn:mykaohsiung:loa:3"' in answer.headers["WWW-Authenticate"]
        assert len(mei.get("/v1/me").json["passkeys"]) == 1

    def test_somebody_else_s_is_not_found_and_stays(self, city: City, mei: Phone) -> None:
        (held,) = mei.get("/v1/me").json["passkeys"]
        ming = city.enrolled(MING)
        ming.sign_in()
        ming.add_passkey()
        for passkey_id in (held["id"], "psk_00000000000000000000000000", "psk_x", "veh_1"):
            assert ming.send("DELETE", f"/v1/me/passkeys/{passkey_id}").status_code == 404
        assert len(mei.get("/v1/me").json["passkeys"]) == 1


class TestAsProofOfAnInstruction:
    def test_a_signature_over_the_instruction_by_ones_own_passkey_holds(self, mei: Phone) -> None:
        person_id = _person(mei)
        options = _options(mei, person_id)
        assert options["userVerification"] == "required"
        assert unb64(options["challenge"]) == CHALLENGE
        assert [unb64(each["id"]) for each in options["allowCredentials"]] == list(mei.authenticator.credentials)
        verified = _verify(mei, mei.authenticator.get(options), person_id)
        assert verified.is_synced is False

    def test_it_costs_one_query_and_one_update(self, mei: Phone) -> None:
        person_id = _person(mei)
        credential = mei.authenticator.get(_options(mei, person_id))
        statements: list[str] = []
        event.listen(mei.city.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        _verify(mei, credential, person_id)
        assert len(statements) == 2

    @pytest.mark.parametrize(
        "lie",
        [
            {"user_verified": False},
            {"user_present": False},
            {"origin": "http://127.0.0.1:8080"},
            {"rp_id": "127.0.0.1"},
            {"challenge": hashlib.sha256(b"pay 604").digest()},
            {"is_cross_origin": True},
        ],
    )
    def test_a_lie_is_refused_and_leaves_nothing_behind(self, mei: Phone, lie: dict[str, Any]) -> None:
        person_id = _person(mei)
        options = _options(mei, person_id)
        before = mei.city.sql("SELECT sign_count, last_used_at FROM identity.passkey")
        with pytest.raises(AssertionRefused) as refused:
            _verify(mei, mei.authenticator.get(options, **lie), person_id)
        assert not refused.value.keeps
        assert mei.city.sql("SELECT sign_count, last_used_at FROM identity.passkey") == before

    def test_another_person_s_assertion_is_refused(self, city: City, mei: Phone) -> None:
        ming = city.enrolled(MING)
        ming.sign_in()
        ming.add_passkey()
        credential = ming.authenticator.get(_options(mei, _person(mei)))
        with pytest.raises(AssertionRefused):
            _verify(mei, credential, _person(mei))
        del credential["response"]["userHandle"]
        with pytest.raises(AssertionRefused):
            _verify(mei, credential, _person(mei))

    def test_an_old_counter_is_refused_and_the_note_of_it_stays(self, mei: Phone) -> None:
        person_id = _person(mei)
        options = _options(mei, person_id)
        _verify(mei, mei.authenticator.get(options), person_id)
        with pytest.raises(AssertionRefusedAndNoted):
            _verify(mei, mei.authenticator.get(options, sign_count=1), person_id)
        assert mei.city.sql("SELECT 1 FROM identity.passkey WHERE counter_regressed_at IS NOT NULL") == [(1,)]

    def test_a_registration_is_no_assertion(self, mei: Phone) -> None:
        person_id = _person(mei)
        made = mei.authenticator.create({"challenge": b64(CHALLENGE), "user": {"id": b64(person_id.bytes)}})
        with pytest.raises(AssertionRefused):
            _verify(mei, made, person_id)

    def test_a_key_that_says_it_has_become_syncable_is_refused(self, mei: Phone) -> None:
        person_id = _person(mei)
        mei.authenticator.is_synced = True
        with pytest.raises(AssertionRefused):
            _verify(mei, mei.authenticator.get(_options(mei, person_id)), person_id)

    def test_nonsense_of_any_shape_is_a_refusal(self, mei: Phone) -> None:
        person_id = _person(mei)
        real = mei.authenticator.get(_options(mei, person_id))
        json_values = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary().map(b64),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
            max_leaves=8,
        )
        members = ("id", "rawId", "type", "authenticatorAttachment", "response")
        inner_members = ("clientDataJSON", "authenticatorData", "signature", "userHandle")

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def refuses(data: st.DataObject) -> None:
            credential: Any = deepcopy(real)
            shape = data.draw(st.sampled_from(("whole", "member", "inner", "client data")))
            if shape == "whole":
                credential = data.draw(json_values)
            elif shape == "member":
                credential[data.draw(st.sampled_from(members))] = data.draw(json_values)
            elif shape == "inner":
                credential["response"][data.draw(st.sampled_from(inner_members))] = data.draw(json_values)
            else:
                credential["response"]["clientDataJSON"] = b64(repr(data.draw(json_values)).encode("utf-8", "replace"))
            # Leaving out what is optional changes nothing, so it is broken in any case.
            if isinstance(credential, dict) and isinstance(credential.get("response"), dict):
                credential["response"]["signature"] = data.draw(st.binary(max_size=80).map(b64))
            with pytest.raises(AssertionRefused):
                _verify(mei, credential, person_id)

        refuses()

    def test_a_deeply_nested_client_data_is_a_refusal(self, mei: Phone) -> None:
        person_id = _person(mei)
        credential = mei.authenticator.get(_options(mei, person_id))
        credential["response"]["clientDataJSON"] = b64(b"[" * 100_000)
        with pytest.raises(AssertionRefused):
            _verify(mei, credential, person_id)


def test_a_ceremony_id_of_the_right_form_that_was_never_given_out_is_refused(mei: Phone) -> None:
    begun = {"ceremony_id": "cer_01jd0000000000000000000000"}
    credential = mei.authenticator.get({"challenge": b64(CHALLENGE)})
    assert mei.finish_passkey_login(begun, credential).status_code == 409


def test_what_has_lapsed_is_forgotten(mei: Phone) -> None:
    from core import clock
    from identity import tasks

    mei.begin_passkey_login()
    tasks.forget_lapsed(clock.now() + timedelta(days=2))
    assert mei.city.sql("SELECT count(*) FROM identity.ceremony") == [(0,)]
    assert mei.city.sql("SELECT count(*) FROM identity.otp_challenge") == [(0,)]
    assert mei.city.sql("SELECT count(*) FROM identity.session") == [(2,)]
