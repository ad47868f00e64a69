"""Signing in with the mobile ID of the state: it names the ID number, so it registers and proves people."""

from __future__ import annotations

import logging

import oidc_browser
import pytest
from federated_browser import Browser
from identity_city import MEI, MING, City
from sandbox_process import SandboxBooks

from core import clock
from core.settings import read
from identity import federation_ports, levels, locks, people, proofing
from partners.oidc.client import OpenIdClient
from partners.oidc.providers import registered


@pytest.fixture(autouse=True)
def providers(outside: SandboxBooks) -> None:
    """The city is registered at the sandbox's providers."""
    of = read({"SANDBOX_URL": outside.url})
    federation_ports.plug_in({each.name: OpenIdClient(registered(each)) for each in of.oidc})


def _name_of(city: City, national_id: str) -> str | None:
    with city.database.unit_of_work() as session:
        person = people.find(session, national_id)
        assert person is not None
        return people.name_of(session, person.id)


def test_it_signs_in_the_person_of_that_id_number_at_level_3(city: City) -> None:
    city.enrolled(MEI)
    browser = Browser(city)
    answer = browser.with_mobile_id(MEI[0], return_to="/app/inbox")
    assert answer.headers["Location"] == "/app/inbox"
    me = browser.me()
    assert me["national_id"] == "A12****789"
    assert me["acr"] == "urn:mykaohsiung:loa:3"
    session = browser.send("GET", "/v1/me/sessions").json["items"][0]
    assert session["amr"] == ["mob", "user", "mfa"]


def test_it_proves_who_somebody_is_and_tells_them(city: City) -> None:
    city.enrolled(MEI)
    Browser(city).with_mobile_id(MEI[0])
    rows = city.sql("SELECT p.proofing_level, e.method, e.reference FROM identity.person p "
                    "JOIN identity.proofing e ON e.person_id = p.id WHERE e.method = 'mobile_id'")  # fmt: skip
    ((level, method, reference),) = rows
    assert (level, method) == (levels.PROVED_IN_PERSON, "mobile_id")
    assert MEI[0] not in reference
    assert any("您的身分已確認" in message for message in city.messages_to(MEI[1]))


def test_it_registers_somebody_new_without_password_and_mobile(city: City) -> None:
    browser = Browser(city)
    browser.with_mobile_id(MING[0], "林志明")
    me = browser.me()
    assert me["acr"] == "urn:mykaohsiung:loa:3"
    ((level, has_password, has_mobile),) = city.sql(
        "SELECT proofing_level, password_hash IS NOT NULL, mobile_index IS NOT NULL FROM identity.person"
    )
    assert (level, has_password, has_mobile) == (levels.PROVED_IN_PERSON, False, False)
    assert _name_of(city, MING[0]) == "林志明"
    again = Browser(city)
    again.with_mobile_id(MING[0])
    assert again.me()["id"] == me["id"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("林志明", "林志明"), ("Kacaw‧Fuyan", "Kacaw·Fuyan"), ("𠮷田", "𠮷田"), ("Мэй Wang", None), ("王\u202e美", None)],
)
def test_the_name_is_taken_as_a_name_or_not_at_all(city: City, told: str, kept: str | None) -> None:
    browser = Browser(city)
    browser.with_mobile_id("E261622434", told)
    assert browser.me() is not None
    assert _name_of(city, "E261622434") == kept


def test_an_id_number_that_nobody_had_proved_goes_to_its_holder(city: City) -> None:
    with city.database.unit_of_work() as session:
        squatter = people.enrol(
            session, national_id=MEI[0], mobile="0955000001", password_hash="x", proofing_level=levels.SELF_ASSERTED,
            language="zh-TW", now=clock.now(),
        )  # fmt: skip
    old = Browser(city)
    old.sign_in_as(MEI[0])
    assert old.me() is not None
    holder = Browser(city)
    holder.with_mobile_id(MEI[0])
    assert holder.me()["acr"] == "urn:mykaohsiung:loa:3"
    assert old.me() is None
    ((password, mobile),) = city.sql(
        "SELECT password_hash, mobile_index FROM identity.person WHERE id = :id", id=squatter
    )
    assert (password, mobile) == (None, None)


def test_the_wrong_number_on_the_phone_signs_nobody_in(city: City) -> None:
    city.enrolled(MEI)
    browser = Browser(city)
    answer = oidc_browser.confirm_on_phone(browser.start("mobile_id"), MEI[0], number="5")
    assert "federation-cancelled" in browser.come_back(answer).headers["Location"]
    assert browser.me() is None


@pytest.mark.parametrize(
    "mode", ["low_acr", "old_authentication", "alg_none", "hs256_public_key", "wrong_aud", "expired_token"]
)
def test_row_20_a_token_that_does_not_prove_it_registers_and_signs_in_nobody(
    city: City, outside: SandboxBooks, mode: str
) -> None:
    outside.set_switch("mobile_id", "token", mode)
    browser = Browser(city, accepts="*/*")
    assert browser.with_mobile_id(MING[0]).status_code == 401
    assert browser.me() is None
    assert browser.count("person") == 0


def test_row_18_login_csrf_somebody_elses_phone_signs_in_their_browser_alone(city: City) -> None:
    attacker, victim = Browser(city), Browser(city)
    answer = oidc_browser.confirm_on_phone(attacker.start("mobile_id"), MING[0])
    assert "federation-ended" in victim.come_back(answer).headers["Location"]
    assert victim.me() is None


def test_a_rise_to_level_3_gives_a_new_session_and_ends_the_old_one(city: City) -> None:
    city.enrolled(MEI)
    browser = Browser(city)
    browser.sign_in_as(MEI[0])
    before = browser.client.get_cookie("__Host-session")
    browser.with_mobile_id(MEI[0], acr="urn:mykaohsiung:loa:3", return_to="/app/me/security")
    after = browser.client.get_cookie("__Host-session")
    assert before is not None and after is not None and before.value != after.value
    assert browser.me()["acr"].endswith(":3")
    old = city.app.test_client().get("/v1/me", headers={"Authorization": f"Bearer {before.value}"})
    assert old.status_code == 401


def test_another_persons_mobile_id_leads_to_a_page_that_says_so(city: City) -> None:
    city.enrolled(MEI)
    browser = Browser(city)
    browser.sign_in_as(MEI[0])
    answer = browser.with_mobile_id(MING[0], return_to="/app/pay?bills=bill_1")
    assert answer.headers["Location"] == "/app/account-return?outcome=other-person"
    assert browser.me()["national_id"].startswith("E17")


def test_nothing_of_it_is_logged(city: City, outside: SandboxBooks, caplog: pytest.LogCaptureFixture) -> None:
    # The requests of the test itself would fill the log at this level, so urllib3 keeps its own.
    for ours in ("mykaohsiung", "authlib", "requests"):
        caplog.set_level(logging.DEBUG, ours)
    browser = Browser(city, accepts="*/*")
    answer = oidc_browser.confirm_on_phone(browser.start("mobile_id"), MING[0], "林志明")
    browser.come_back(answer)
    outside.set_switch("mobile_id", "token", "wrong_nonce", count=1)
    browser.with_mobile_id(MING[0], "林志明")
    assert "an answer of mobile_id was refused" in caplog.text
    for secret in (MING[0], "林志明", answer.members["code"], answer.members["state"]):
        assert secret not in caplog.text


def test_it_reaches_3_and_no_higher_and_is_not_linked(city: City) -> None:
    program = Browser(city, accepts="*/*")
    assert program.get("/v1/auth/social/mobile_id/start", acr="urn:mykaohsiung:loa:4").status_code == 422
    assert program.get("/v1/auth/social/mobile_id/start", link="1").status_code == 422


def test_who_said_that_was_not_me_is_not_signed_in_by_it(city: City) -> None:
    city.enrolled(MEI)
    with city.database.unit_of_work() as session:
        person = people.find(session, MEI[0])
        assert person is not None
        proofing.raise_to(session, person.id, 4, method="counter", reference="case", now=clock.now())
        locks.lock(session, person.id, "mobile_id", reason="not me", now=clock.now())
    browser = Browser(city, accepts="*/*")
    assert browser.with_mobile_id(MEI[0]).status_code == 403
    assert browser.me() is None


def test_a_first_passkey_can_be_made_from_it(city: City) -> None:
    browser = Browser(city)
    browser.with_mobile_id(MING[0], "林志明")
    begun = browser.send("POST", "/v1/auth/passkeys/registration/options", {})
    assert begun.status_code == 200, begun.get_data(as_text=True)
