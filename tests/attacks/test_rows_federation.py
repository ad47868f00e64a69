"""Rows 18 to 20: signing in through an account elsewhere, attacked over HTTP with browsers that keep their cookies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from citizen import Citizen
from oidc_browser import ProvidersAnswer, approve, confirm_on_phone
from stack import Stack
from strangers import mobile, national_id, new_number

pytestmark = pytest.mark.usefixtures("sandbox")
_http = urllib3.PoolManager(retries=False)


@dataclass
class CookieJar:
    """A browser: it keeps the city's cookies, and sends them with what stays on the city's site."""

    stack: Stack
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: str) -> urllib3.BaseHTTPResponse:
        return self._sent("GET", path + (f"?{urlencode(query)}" if query else ""))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._sent(method, path, body=json.dumps(body), content_type="application/json", origin=self.stack.url)
        return json.loads(answer.data) if answer.data else {}

    def start(self, provider: str, **query: str) -> str:
        return str(self.get(f"/v1/auth/social/{provider}/start", **query).headers["Location"])

    def come_back(self, answer: ProvidersAnswer) -> urllib3.BaseHTTPResponse:
        path = "/v1/auth/social" + answer.target.partition("/v1/auth/social")[2]
        return self.get(path, **answer.members)

    def is_signed_in(self) -> bool:
        return self.get("/v1/me").status == 200

    def _sent(
        self, method: str, path: str, *, body: str | None = None, content_type: str = "", origin: str = ""
    ) -> Any:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"Content-Type": content_type, "Origin": origin} if origin else {}
        answer = _http.request(method, self.stack.api_url + path, body=body, headers=headers, redirect=False)
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer


def somebody_with(stack: Stack, account: str) -> tuple[CookieJar, str]:
    """Somebody new whose LINE account is linked, and their e-mail address there."""
    number = new_number()
    citizen = Citizen(stack.api_url, stack.sandbox_url, origin=stack.url)
    citizen.register(national_id(number), mobile(number), f"harbour light {number}")
    browser = CookieJar(stack, {"__Host-session": citizen.token or ""})
    email = f"{account}-{number}@example.tw"
    browser.come_back(approve(browser.start("line", link="1"), f"{account}-{number}", email=email))
    waiting = browser.call("GET", "/v1/auth/social/pending-link")
    linked = browser.call("POST", "/v1/me/linked-accounts", {"pending_link_id": waiting["id"]})
    assert linked["provider"] == "line", linked
    return browser, email


def test_row_18_an_attackers_answer_in_the_victims_browser_signs_nobody_in(stack: Stack) -> None:
    attacker, _ = somebody_with(stack, "attacker")
    own = attacker.call("GET", "/v1/me/linked-accounts")["items"][0]["label"].partition("@")[0]
    answer = approve(attacker.start("line"), own)
    victim = CookieJar(stack)
    assert victim.come_back(answer).status == 409
    victim.start("line")
    assert victim.come_back(answer).status == 409
    assert not victim.is_signed_in()


def test_row_18_state_code_and_issuer_that_do_not_belong_together_are_refused(stack: Stack) -> None:
    _, email = somebody_with(stack, "victim")
    account = email.partition("@")[0]
    browser = CookieJar(stack)
    answer = approve(browser.start("line"), account)
    for changed in ({"state": "x" * 43}, {"code": "x"}, {"iss": "https://another.example"}):
        begun = approve(browser.start("line"), account)
        refused = browser.come_back(ProvidersAnswer(begun.target, "GET", begun.members | changed))
        assert refused.status in (401, 409), changed
    assert not browser.is_signed_in()
    assert browser.come_back(answer).status == 303
    assert browser.come_back(answer).status == 409


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/app\\@evil.example", "/appevil"])
def test_row_18_nobody_is_sent_on_to_another_site(stack: Stack, place: str) -> None:
    assert CookieJar(stack).get("/v1/auth/social/line/start", return_to=place).status == 422


def test_row_19_a_line_account_with_the_victims_e_mail_address_is_not_the_victims(stack: Stack) -> None:
    victim, email = somebody_with(stack, "victim")
    thief = CookieJar(stack)
    for provider in ("line", "google"):
        answer = thief.come_back(approve(thief.start(provider), f"thief of {email}", email=email))
        assert (answer.status, answer.headers["Location"]) == (303, "/app/link-account")
        assert not thief.is_signed_in()
    assert len(victim.call("GET", "/v1/me/linked-accounts")["items"]) == 1


@pytest.mark.parametrize(
    "mode", ["alg_none", "hs256_public_key", "wrong_aud", "wrong_iss", "wrong_nonce", "expired_token"]
)
def test_row_20_an_id_token_that_proves_nothing_registers_nobody(stack: Stack, mode: str) -> None:
    number = national_id(new_number())
    browser = CookieJar(stack)
    answer = confirm_on_phone(browser.start("mobile_id"), number)
    stack.sandbox.set_switch("mobile_id", "token", mode, count=1)
    refused = browser.come_back(answer)
    assert refused.status == 401
    assert number not in refused.data.decode()
    assert not browser.is_signed_in()
