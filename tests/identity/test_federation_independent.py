"""Our client against an OpenID provider that we have not written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from federated_browser import Browser
from identity_city import MEI, City
from independent_provider import CALLBACK, IndependentProvider, client, new_key, signed_in_at
from oidc_browser import ProvidersAnswer

from identity import federation_ports
from partners.oidc import documents
from partners.oidc.client import OpenIdClient

KEY = new_key("first")


@pytest.fixture(scope="module")
def honest() -> Iterator[IndependentProvider]:
    """A provider at which the city has the clients `city`, and others for what is wrong."""
    both = ("google", "line")
    clients = [client("city", both), client("another", both), client("shared", both, "HS256")]
    running = IndependentProvider([KEY], clients).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def attacker() -> Iterator[IndependentProvider]:
    """Another provider, that the city takes for "line"."""
    running = IndependentProvider([new_key("attacker")], [client("city", ("line",))]).start()
    yield running
    running.stop()


@pytest.fixture
def mei(city: City, honest: IndependentProvider) -> Browser:
    """Mei's browser; her account at the honest provider is linked."""
    federation_ports.plug_in({"google": OpenIdClient(honest.known_to_us("google"))})
    city.enrolled(MEI)
    browser = Browser(city)
    browser.sign_in_as(MEI[0])
    browser.come_back(signed_in_at(browser.start("google", link="1")))
    assert browser.say_yes().status_code == 201
    return browser


@pytest.fixture
def other(city: City, mei: Browser) -> Browser:
    """Another browser, a program's."""
    return Browser(city, accepts="*/*")


def test_a_linked_account_signs_in(mei: Browser, other: Browser) -> None:
    assert other.come_back(signed_in_at(other.start("google"))).headers["Location"] == "/app"
    assert other.me()["id"] == mei.me()["id"]
    assert mei.linked()[0]["label"] == "mei@example.tw"


def test_another_account_there_signs_nobody_in(other: Browser) -> None:
    assert other.come_back(signed_in_at(other.start("google"), "ming")).headers["Location"] == "/app/link-account"
    assert other.me() is None


def test_row_18_the_state_of_another_request_is_refused(other: Browser) -> None:
    first, second = other.start("google"), other.start("google")
    answer = signed_in_at(first, state="x" * 43)
    assert other.come_back(answer).status_code == 409
    crossed = signed_in_at(first).members | {"state": signed_in_at(second).members["state"]}
    assert other.come_back(ProvidersAnswer(CALLBACK.format("google"), "GET", crossed)).status_code == 401
    assert other.me() is None


def test_row_18_a_nonce_that_was_changed_on_the_way_is_noticed(other: Browser) -> None:
    assert other.come_back(signed_in_at(other.start("google"), nonce="injected")).status_code == 401


def test_row_18_a_code_challenge_that_was_changed_on_the_way_is_noticed(other: Browser) -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert other.come_back(signed_in_at(other.start("google"), code_challenge=challenge)).status_code == 401


def test_row_18_a_code_is_used_once(other: Browser, honest: IndependentProvider) -> None:
    answer = signed_in_at(other.start("google"))
    assert other.come_back(answer).status_code == 303
    assert other.come_back(answer).status_code == 409
    # In a second request of the same browser, the code itself is spent.
    again = signed_in_at(other.start("google")).members | {"code": answer.members["code"]}
    assert other.come_back(ProvidersAnswer(CALLBACK.format("google"), "GET", again)).status_code == 401


def test_row_18_the_code_of_another_client_is_refused(other: Browser) -> None:
    assert other.come_back(signed_in_at(other.start("google"), client_id="another")).status_code == 401


def test_row_18_login_csrf_an_answer_without_its_browser_is_refused(city: City, other: Browser) -> None:
    answer = signed_in_at(other.start("google"))
    assert Browser(city, accepts="*/*").come_back(answer).status_code == 409


def test_row_18_mix_up_a_code_never_reaches_the_provider_that_did_not_give_it(
    city: City, mei: Browser, other: Browser, honest: IndependentProvider, attacker: IndependentProvider
) -> None:
    """The attacker's provider sends the browser on to the honest one, and hopes for its code (RFC 9207 §1)."""
    federation_ports.plug_in(
        {
            "google": OpenIdClient(honest.known_to_us("google")),
            "line": OpenIdClient(attacker.known_to_us("line")),
        }
    )
    address = other.start("line").replace(str(attacker.port), str(honest.port))
    answer = signed_in_at(address)
    assert answer.members["iss"] == f"http://127.0.0.1:{honest.port}"
    assert other.come_back(answer).status_code == 401
    without = {name: value for name, value in signed_in_at(address).members.items() if name != "iss"}
    other.start("line")
    assert other.come_back(ProvidersAnswer(answer.target, "GET", without)).status_code == 409
    time.sleep(0.2)
    assert attacker.lines == [], "the code never went there"
    assert other.me() is None


def test_row_20_id_tokens_signed_with_a_shared_secret_are_refused_where_a_key_was_agreed(
    mei: Browser, other: Browser, honest: IndependentProvider
) -> None:
    federation_ports.plug_in({"google": OpenIdClient(honest.known_to_us("google", "shared"))})
    assert other.come_back(signed_in_at(other.start("google"))).status_code == 401
    assert other.me() is None


def test_row_20_a_provider_that_calls_itself_otherwise_is_not_used(other: Browser, honest: IndependentProvider) -> None:
    elsewhere = replace(honest.known_to_us("google"), issuer=f"http://localhost:{honest.port}")
    federation_ports.plug_in({"google": OpenIdClient(elsewhere)})
    assert other.get("/v1/auth/social/google/start").status_code == 503


def test_keys_change_without_anybody_noticing(
    mei: Browser, other: Browser, honest: IndependentProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "LEAST_SECONDS_BETWEEN", 0.0)
    new = new_key("second")
    for keys in ([new, KEY], [new], [KEY]):
        honest.with_keys(*keys)
        assert other.come_back(signed_in_at(other.start("google"))).headers["Location"] == "/app", keys[0]["kid"]
        assert other.me()["id"] == mei.me()["id"]
