"""The city's OpenID client at the sandbox's four providers: whom it believes, and whom not."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import oidc_browser
import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey
from oidc_browser import approve, confirm_on_phone
from sandbox_process import SandboxBooks

from core.settings import read
from partners import wire
from partners.oidc import documents, id_tokens
from partners.oidc.client import Identity, OpenIdClient, Request
from partners.oidc.documents import NotBelieved, Published
from partners.oidc.id_tokens import Expected
from partners.oidc.providers import Provider, registered

SOCIAL = ("line", "google", "apple")
ALL = (*SOCIAL, "mobile_id")


def provider_at(books: SandboxBooks, name: str) -> Provider:
    found = {each.name: registered(each) for each in read({"SANDBOX_URL": books.url}).oidc}
    return found[name]


@pytest.fixture(params=ALL)
def client(request: pytest.FixtureRequest, books: SandboxBooks) -> OpenIdClient:
    """The city as a client of each provider in turn."""
    return OpenIdClient(provider_at(books, request.param))


def request_at(name: str, **other: Any) -> Request:
    return Request(
        f"http://localhost:8080/v1/auth/social/{name}/callback",
        state=other.get("state", "state-1"),
        nonce=other.get("nonce", "nonce-1"),
        code_verifier=other.get("code_verifier", "v" * 43),
        begun_at=datetime.now(UTC),
    )


def base64url(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def answered(client: OpenIdClient, asked: Request, **form: str) -> dict[str, str]:
    """What the browser brings back when the person agrees."""
    address = client.authorization_url(asked, language="zh-TW")
    if client.name == "mobile_id":
        return confirm_on_phone(address, form.get("national_id", "A123456789"), form.get("name", "")).members
    return approve(address, **form).members


def identified(client: OpenIdClient, asked: Request, answer: dict[str, str], **other: Any) -> Identity:
    now = other.pop("now", datetime.now(UTC))
    given = {"code": answer["code"], "iss": answer.get("iss"), **other}
    return client.identity(asked, **given, now=now)


def signed_in(client: OpenIdClient, **form: str) -> Identity:
    asked = request_at(client.name)
    return identified(client, asked, answered(client, asked, **form))


def test_each_provider_proves_who_came_back(client: OpenIdClient) -> None:
    first, again = signed_in(client), signed_in(client)
    assert first.issuer == client.provider.issuer
    assert (first.issuer, first.subject) == (again.issuer, again.subject)


def test_two_accounts_with_one_e_mail_are_two_subjects(books: SandboxBooks) -> None:
    line = OpenIdClient(provider_at(books, "line"))
    one = signed_in(line, account="mei", email="same@example.tw")
    other = signed_in(line, account="thief", email="same@example.tw")
    assert one.claims["email"] == other.claims["email"]
    assert one.subject != other.subject


def test_the_request_carries_state_nonce_and_pkce_with_s256(client: OpenIdClient) -> None:
    sent = oidc_browser.asked(client.authorization_url(request_at(client.name), language="en"))
    assert (sent["state"], sent["nonce"], sent["response_type"]) == ("state-1", "nonce-1", "code")
    assert sent["code_challenge_method"] == "S256"
    assert sent["code_challenge"] not in ("", "v" * 43)
    assert "client_secret" not in sent


def test_line_signs_with_its_channels_secret_and_for_its_app_with_a_key(books: SandboxBooks) -> None:
    line = OpenIdClient(provider_at(books, "line"))
    assert signed_in(line).claims["amr"] == ["linesso"]
    books.set_switch("line", "token", "es256")
    assert signed_in(line).subject == signed_in(line).subject


def test_google_names_the_domain_that_an_account_is_of(books: SandboxBooks) -> None:
    google = OpenIdClient(provider_at(books, "google"))
    assert signed_in(google, account="at-work", email="mei@kcg.gov.tw").claims["hd"] == "kcg.gov.tw"
    assert "hd" not in signed_in(google, account="at-home", email="mei@gmail.com").claims


def test_apple_gives_the_name_once_and_an_address_that_forwards(books: SandboxBooks) -> None:
    apple = OpenIdClient(provider_at(books, "apple"))
    asked = request_at("apple")
    first = answered(apple, asked, account="new", name="王小美", hide_email="1")
    assert json.loads(first["user"])["name"]["firstName"] == "王小美"
    claims = identified(apple, asked, first).claims
    assert claims["is_private_email"] is True
    assert claims["email"].endswith("@privaterelay.appleid.com")
    assert "name" not in claims
    assert "user" not in answered(apple, request_at("apple"), account="new", name="王小美")


def test_apple_is_answered_with_a_secret_signed_for_the_moment(books: SandboxBooks) -> None:
    signed = provider_at(books, "apple")
    forged = replace(signed, signing_key=provider_at(books, "mobile_id").decryption_key)
    with pytest.raises(wire.Refused):
        signed_in(OpenIdClient(forged))


def test_the_mobile_id_names_the_national_id_in_a_token_that_only_we_can_read(books: SandboxBooks) -> None:
    mobile_id = OpenIdClient(provider_at(books, "mobile_id"))
    claims = signed_in(mobile_id, national_id="E179864328", name="林志明").claims
    assert (claims["national_id"], claims["name"]) == ("E179864328", "林志明")
    with pytest.raises(NotBelieved):
        signed_in(OpenIdClient(replace(mobile_id.provider, decryption_key="")))


def test_a_token_of_the_mobile_id_that_is_not_encrypted_is_not_taken(books: SandboxBooks) -> None:
    line_as_mobile = replace(provider_at(books, "line"), decryption_key=provider_at(books, "mobile_id").decryption_key)
    with pytest.raises(NotBelieved):
        signed_in(OpenIdClient(line_as_mobile))


def test_the_wrong_number_on_the_phone_is_a_refusal(books: SandboxBooks) -> None:
    mobile_id = OpenIdClient(provider_at(books, "mobile_id"))
    address = mobile_id.authorization_url(request_at("mobile_id"), language="zh-TW")
    assert confirm_on_phone(address, "A123456789", number="5").members["error"] == "access_denied"


@pytest.mark.parametrize(
    "mode",
    ["wrong_nonce", "wrong_iss", "wrong_aud", "expired_token", "wrong_at_hash", "alg_none", "hs256_public_key",
     "withheld_key"],
)  # fmt: skip
def test_an_id_token_that_is_not_right_proves_nothing(client: OpenIdClient, books: SandboxBooks, mode: str) -> None:
    books.set_switch(client.name, "token", mode)
    with pytest.raises(NotBelieved):
        signed_in(client)
    books.clear_switches()
    assert signed_in(client).subject


@pytest.mark.parametrize("mode", ["low_acr", "old_authentication"])
def test_a_mobile_id_that_did_not_authenticate_strongly_just_now_proves_nothing(books: SandboxBooks, mode: str) -> None:
    books.set_switch("mobile_id", "token", mode)
    with pytest.raises(NotBelieved):
        signed_in(OpenIdClient(provider_at(books, "mobile_id")))


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"kid": ["a"]},
        {},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/cert"},
        {"crit": ["exp"], "exp": 1},
    ],
)
def test_a_token_does_not_choose_the_key_that_it_is_weighed_with(books: SandboxBooks, header: dict[str, Any]) -> None:
    google = OpenIdClient(provider_at(books, "google"))
    published = Published("google", google.provider.issuer)
    own = RSAKey.generate_key(2048)
    now = datetime.now(UTC)
    claims = {
        "iss": google.provider.issuer, "sub": "1", "aud": google.provider.client_id, "nonce": "nonce-1",
        "iat": int(now.timestamp()), "exp": int(now.timestamp()) + 300,
    }  # fmt: skip
    for embedded in ({}, {"jwk": own.as_dict(private=False)}):
        head = base64url(json.dumps({"alg": "RS256", **header, **embedded}))
        unsigned = f"{head}.{base64url(json.dumps(claims))}"
        signature = own.private_key.sign(unsigned.encode(), PKCS1v15(), SHA256())
        forged = f"{unsigned}.{base64url(signature)}"
        with pytest.raises(NotBelieved):
            id_tokens.verified(forged, google.provider, published, Expected("nonce-1", None, now), now=now)


def test_somebody_elses_data_at_userinfo_are_not_taken(books: SandboxBooks) -> None:
    books.set_switch("google", "userinfo", "other_sub")
    with pytest.raises(NotBelieved):
        signed_in(OpenIdClient(provider_at(books, "google")))


def test_an_answer_that_names_another_issuer_never_sees_its_code_exchanged(books: SandboxBooks) -> None:
    google = OpenIdClient(provider_at(books, "google"))
    asked = request_at("google")
    answer = answered(google, asked)
    for mixed_up in ("https://another.example", None, ""):
        with pytest.raises(NotBelieved):
            identified(google, asked, answer, iss=mixed_up)
    assert identified(google, asked, answer).subject, "the code was not spent"


def test_a_code_is_good_once_and_only_with_its_own_verifier_and_nonce(client: OpenIdClient) -> None:
    asked = request_at(client.name)
    for other in (replace(asked, code_verifier="w" * 43), replace(asked, nonce="nonce-2")):
        with pytest.raises(NotBelieved):
            identified(client, other, answered(client, asked))
    answer = answered(client, asked)
    assert identified(client, asked, answer).subject
    with pytest.raises(NotBelieved):
        identified(client, asked, answer)


def test_a_code_or_a_token_of_another_client_proves_nothing(client: OpenIdClient) -> None:
    asked = request_at(client.name)
    elsewhere = OpenIdClient(replace(client.provider, client_id="another-app", secret="another-apps-secret"))
    with pytest.raises(NotBelieved):
        identified(client, asked, answered(elsewhere, asked))


def test_a_token_of_an_hour_ago_or_from_the_future_proves_nothing(client: OpenIdClient) -> None:
    asked = request_at(client.name)
    for shift in (timedelta(hours=1), -timedelta(hours=1)):
        # Apple already refuses the secret that we sign for such a moment.
        with pytest.raises(wire.Refused if client.name == "apple" else NotBelieved):
            identified(client, asked, answered(client, asked), now=datetime.now(UTC) + shift)


def test_new_keys_of_a_provider_are_fetched_when_a_token_names_one(client: OpenIdClient, books: SandboxBooks) -> None:
    signed_in(client)
    books.set_switch(client.name, "token", "new_key", count=1)
    documents_seldom, documents.LEAST_SECONDS_BETWEEN = documents.LEAST_SECONDS_BETWEEN, 0.0
    try:
        assert signed_in(client).subject
    finally:
        documents.LEAST_SECONDS_BETWEEN = documents_seldom


def test_tokens_with_unknown_keys_do_not_make_us_ask_again_and_again(books: SandboxBooks) -> None:
    google = OpenIdClient(provider_at(books, "google"))
    signed_in(google)
    books.set_switch("google", "token", "withheld_key")
    books.set_switch("google", "jwks", "error_500", count=1)
    for _ in range(5):
        with pytest.raises(NotBelieved):
            signed_in(google)
    (left,) = [rule for rule in books.asked("GET", "/switches")["rules"] if rule["mode"] == "error_500"]
    assert left["count"] == 1, "the keys were fetched a moment ago, so nobody asked"


@pytest.mark.parametrize("operation", ["discovery", "token"])
@pytest.mark.parametrize(
    ("mode", "failure"),
    [("error_500", wire.NoAnswer), ("maintenance", wire.Unavailable), ("timeout_before", wire.NoAnswer)],
)
def test_a_provider_in_trouble_is_a_failed_call(
    books: SandboxBooks, operation: str, mode: str, failure: type[wire.CallFailed]
) -> None:
    google = OpenIdClient(provider_at(books, "google"))
    books.set_switch("google", operation, mode, **({"seconds": 0.1} if mode == "timeout_before" else {}))
    with pytest.raises(failure):
        signed_in(google)


def test_a_provider_that_is_not_there_was_not_reached(books: SandboxBooks) -> None:
    nowhere = replace(provider_at(books, "google"), issuer="http://127.0.0.1:1/oidc/google")
    with pytest.raises(wire.NotReached):
        OpenIdClient(nowhere).authorization_url(request_at("google"), language="en")


def test_after_a_failure_nobody_waits_for_the_same_one_again(books: SandboxBooks) -> None:
    books.set_switch("google", "discovery", "error_500", count=1)
    google = OpenIdClient(provider_at(books, "google"))
    with pytest.raises(wire.NoAnswer):
        signed_in(google)
    with pytest.raises(wire.Unavailable) as closed:
        signed_in(google)
    assert 1 <= closed.value.retry_after_seconds <= 5


def test_a_provider_that_hangs_does_not_take_every_thread_with_it(books: SandboxBooks) -> None:
    line = OpenIdClient(provider_at(books, "line"))
    asked = request_at("line")
    codes = [answered(line, asked) for _ in range(10)]
    books.set_switch("line", "token", "timeout_before", seconds=2.5)

    def fails(answer: dict[str, str]) -> str:
        with pytest.raises(wire.CallFailed) as failure:
            identified(line, asked, answer)
        return failure.typename

    with ThreadPoolExecutor(10) as threads:
        failures = Counter(threads.map(fails, codes))
    assert failures == {"NoAnswer": 6, "Unavailable": 4}


def test_a_description_of_another_issuer_is_refused(books: SandboxBooks) -> None:
    other_name = replace(
        provider_at(books, "google"), issuer=books.url.replace("127.0.0.1", "localhost") + "/oidc/google"
    )
    with pytest.raises(NotBelieved):
        OpenIdClient(other_name).authorization_url(request_at("google"), language="en")


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [("https://login.example/token", True), ("http://127.0.0.1:8090/x", True), ("http://login.example/token", False),
     ("ftp://login.example", False), ("//login.example", False), (None, False), ("https://[bad", False)],
)  # fmt: skip
def test_codes_go_out_under_tls_alone(address: object, is_safe: bool) -> None:
    assert documents.is_safe_address(address) is is_safe


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("operation", ["discovery", "authorize", "token", "userinfo", "jwks"])
def test_every_operation_of_a_provider_can_be_told_to_misbehave(books: SandboxBooks, name: str, operation: str) -> None:
    books.set_switch(name, operation, "error_500")
    path = {"discovery": ".well-known/openid-configuration"}.get(operation, operation)
    method = "POST" if operation == "token" else "GET"
    assert urllib3.request(method, f"{books.url}/oidc/{name}/{path}").status == 500


@pytest.mark.parametrize(
    "changed",
    [{"redirect_uri": "http://localhost:8080/v1/auth/social/line/callback/evil"}, {"client_id": "nobody"},
     {"code_challenge_method": "plain"}, {"code_challenge": ""}, {"response_type": "token"}],
)  # fmt: skip
def test_the_sandbox_shows_no_page_for_a_request_it_does_not_know(books: SandboxBooks, changed: dict[str, str]) -> None:
    line = OpenIdClient(provider_at(books, "line"))
    address = line.authorization_url(request_at("line"), language="en")
    sent = oidc_browser.asked(address) | changed
    page = urllib3.request("GET", address.partition("?")[0], fields=sent, redirect=False)
    assert page.status == 400
    assert "location" not in page.headers


def test_no_page_of_a_provider_loads_anything_or_can_be_framed(books: SandboxBooks) -> None:
    for name in ALL:
        client = OpenIdClient(provider_at(books, name))
        page = urllib3.request("GET", client.authorization_url(request_at(name), language="en"))
        assert page.status == 200
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert not re.search(r'(?:src|href)="http', page.data.decode())


def test_what_an_id_token_holds_is_not_logged_with_the_identity(books: SandboxBooks) -> None:
    shown = repr(signed_in(OpenIdClient(provider_at(books, "mobile_id"))))
    assert "A123456789" not in shown
    assert "sandbox-mobile-id-login-secret" not in repr(OpenIdClient(provider_at(books, "mobile_id")))
