"""Which ways to sign in are offered: only what reaches the level asked for, and nothing about anybody to strangers."""

from __future__ import annotations

from typing import Any

import pytest
from identity_city import MEI, City, Phone
from software_authenticator import SoftwareAuthenticator

from identity import levels, methods

LOA = "urn:mykaohsiung:loa:"


def _offered(phone: Phone, query: str = "") -> dict[str, dict[str, Any]]:
    answer = phone.get(f"/v1/auth/methods{query}")
    assert answer.status_code == 200, answer.json
    return {item["method"]: item for item in answer.json["items"]}


@pytest.mark.parametrize("asked", [1, 2, 3, 4])
@pytest.mark.parametrize("is_resistant", [True, False])
def test_only_ways_that_reach_the_level_asked_for_are_offered(city: City, asked: int, is_resistant: bool) -> None:
    resistant = f"&phishing_resistant={'true' if is_resistant else 'false'}"
    offered = _offered(city.phone(), f"?acr={LOA}{asked}{resistant}")
    for method in methods.METHODS:
        worth = levels.strength_of(method.amr)
        reaches = worth.level >= asked and (worth.is_phishing_resistant or not is_resistant)
        assert (method.id in offered) is (reaches and (method.is_offered is None or method.is_offered())), method.id


def test_a_passkey_reaches_level_three_and_a_text_message_does_not(city: City) -> None:
    offered = _offered(city.phone(), f"?acr={LOA}3")
    assert "passkey" in offered
    assert "password_sms" not in offered


def test_every_way_has_an_id_of_its_own_and_words_in_both_languages() -> None:
    assert len({method.id for method in methods.METHODS}) == len(methods.METHODS)
    for method in methods.METHODS:
        assert method.label.zh and method.label.en and method.hint.zh and method.hint.en
        assert levels.strength_of(method.amr).level > 0, method.id


def test_strangers_learn_nothing_of_anybody_and_the_signed_in_what_they_have_set_up(city: City) -> None:
    phone = city.enrolled(MEI)
    assert {item["is_set_up"] for item in _offered(phone).values()} == {None}
    assert {item["can_be_set_up_now"] for item in _offered(phone).values()} == {None}
    phone.sign_in()
    before = _offered(phone)
    assert (before["passkey"]["is_set_up"], before["passkey"]["can_be_set_up_now"]) == (False, True)
    assert before["password_sms"]["is_set_up"] is True
    phone.add_passkey()
    assert _offered(phone)["passkey"]["is_set_up"] is True


def test_somebody_proved_by_mobile_is_not_offered_a_passkey_for_level_four(city: City) -> None:
    phone = city.enrolled(MEI)
    phone.sign_in()
    phone.add_passkey()
    assert "passkey" in _offered(phone, f"?acr={LOA}3")
    assert "passkey" not in _offered(phone, f"?acr={LOA}4")


def test_a_synced_passkey_is_not_set_up_for_level_four_and_one_that_stays_in_its_device_is(city: City) -> None:
    phone = city.enrolled(MEI, authenticator=SoftwareAuthenticator(is_synced=True, has_counter=False))
    phone.sign_in()
    phone.add_passkey()
    city.sql("UPDATE identity.person SET proofing_level = 4")
    assert _offered(phone, f"?acr={LOA}3")["passkey"]["is_set_up"] is True
    assert _offered(phone, f"?acr={LOA}4")["passkey"]["is_set_up"] is False
    phone.authenticator = SoftwareAuthenticator()
    phone.add_passkey()
    assert _offered(phone, f"?acr={LOA}4")["passkey"]["is_set_up"] is True


@pytest.mark.parametrize("query", ["?acr=high", f"?acr={LOA}5", f"?acr={LOA}3%0A", "?phishing_resistant=yes", "?x=1"])
def test_anything_else_that_is_asked_for_is_refused(city: City, query: str) -> None:
    assert city.phone().get(f"/v1/auth/methods{query}").status_code == 422
