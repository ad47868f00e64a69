"""Rows 13, 34, 35 and 38: sessions that are planted, ridden on or outlived, and clocks that lie."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from typing import Any

import pytest
import urllib3
from citizen import Citizen, Refused
from paying_city import Payer
from running_city import sign_in
from stack import Stack

COOKIE = "__Host-session"


def with_cookie(stack: Stack, method: str, path: str, token: str, body: Any = None, **headers: str) -> Any:
    """One request by a browser that holds this session's cookie."""
    sent = {"Cookie": f"{COOKIE}={token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = {} if body is None else {"json": body}
    return urllib3.request(method, stack.api_url + path, headers=sent, redirect=False, **content)


def cookie_of(answer: Any) -> str:
    """The session's cookie that an answer sets."""
    jar: SimpleCookie = SimpleCookie(answer.headers["Set-Cookie"])
    return jar[COOKIE].value


def signed_in_by_cookie(stack: Stack, victim: Payer, planted: str) -> str:
    """The victim signs in by passkey in a browser whose cookie somebody else has planted; the cookie afterwards."""
    begun = with_cookie(stack, "POST", "/v1/auth/passkeys/login/options", planted, {}, Origin=stack.url).json()
    body = {
        "ceremony_id": begun["ceremony_id"],
        "credential": victim.citizen.device.get(begun["options"]),
        "transport": "cookie",
    }
    answer = with_cookie(stack, "POST", "/v1/auth/passkeys/login/verify", planted, body, Origin=stack.url)
    assert answer.status == 200, answer.data
    assert answer.json()["access_token"] is None
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in answer.headers["Set-Cookie"]
    return cookie_of(answer)


def test_row_13_a_planted_session_is_another_after_signing_in_and_dead_after_signing_out(
    stack: Stack, victim: Payer, stranger: Payer
) -> None:
    planted = str(stranger.citizen.token)
    own = signed_in_by_cookie(stack, victim, planted)
    assert own != planted
    assert with_cookie(stack, "GET", "/v1/me", planted).status == 401
    assert with_cookie(stack, "GET", "/v1/me", own).status == 200
    assert with_cookie(stack, "POST", "/v1/auth/logout", own, {}, Origin=stack.url).status == 204
    assert with_cookie(stack, "GET", "/v1/me", own).status == 401


def test_row_13_a_value_of_the_attacker_s_own_making_is_never_taken_over(stack: Stack, victim: Payer) -> None:
    own = signed_in_by_cookie(stack, victim, "attackers-own-value")
    assert own != "attackers-own-value"
    assert with_cookie(stack, "GET", "/v1/me", "attackers-own-value").status == 401


def test_row_13_a_rise_ends_the_session_below_it(stack: Stack, victim: Payer) -> None:
    citizen = stack.citizen()
    citizen.sign_in(victim.national_id, victim.password, victim.mobile)
    below = str(citizen.token)
    citizen.device = victim.citizen.device
    begun = citizen.call("POST", "/v1/auth/passkeys/login/options", {})
    body = {"ceremony_id": begun["ceremony_id"], "credential": citizen.device.get(begun["options"])}
    raised = citizen.call("POST", "/v1/auth/passkeys/login/verify", body)["access_token"]
    assert raised != below
    citizen.token = below
    with pytest.raises(Refused) as caught:
        citizen.call("GET", "/v1/me")
    assert caught.value.status == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost", "http://localhost:1"])
def test_row_34_another_site_changes_nothing_with_the_victim_s_cookie(stack: Stack, victim: Payer, origin: str) -> None:
    token = signed_in_by_cookie(stack, victim, "none")
    headers = {"Origin": origin} if origin else {}
    refused = with_cookie(stack, "POST", "/v1/auth/logout", token, {}, **headers)
    assert (refused.status, refused.json()["type"].rsplit("/", 1)[-1]) == (403, "cross-site-request")
    form = f"bill_ids={victim.bill_ids()[0]}&bank_link_id={victim.link['id']}"
    as_a_form = urllib3.request(
        "POST", f"{stack.api_url}/v1/payments", body=form.encode(),
        headers={"Cookie": f"{COOKIE}={token}", "Content-Type": "application/x-www-form-urlencoded", **headers},
    )  # fmt: skip
    assert as_a_form.status in (403, 415)
    assert with_cookie(stack, "GET", "/v1/me", token).status == 200


def test_row_34_no_other_origin_is_let_in_and_no_page_can_be_framed(stack: Stack, victim: Payer) -> None:
    for origin in ("https://evil.example", "null"):
        asked = urllib3.request(
            "OPTIONS", f"{stack.api_url}/v1/payments",
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )  # fmt: skip
        assert not [name for name in asked.headers if name.lower().startswith("access-control-allow")]
        read = urllib3.request(
            "GET",
            f"{stack.api_url}/v1/me",
            headers={"Origin": origin, "Authorization": f"Bearer {victim.citizen.token}"},
        )
        assert not [name for name in read.headers if name.lower().startswith("access-control-allow")]
    for page in ("/app", "/app/pay", "/app/sign-in", "/desk", "/docs", "/savings"):
        policy = urllib3.request("GET", stack.api_url + page).headers.get("Content-Security-Policy", "")
        assert "frame-ancestors 'none'" in policy, page


def test_row_35_tokens_are_dead_at_once_when_everything_else_is_ended(stack: Stack, victim: Payer) -> None:
    elsewhere = stack.citizen()
    elsewhere.device = victim.citizen.device
    sign_in(elsewhere)
    sessions = victim.citizen.call("GET", "/v1/me/sessions")["items"]
    other = next(each for each in sessions if not each["is_current"])
    victim.citizen.call("DELETE", f"/v1/me/sessions/{other['id']}")
    with pytest.raises(Refused) as caught:
        elsewhere.call("GET", "/v1/me")
    assert caught.value.status == 401
    assert victim.citizen.call("GET", "/v1/me")["id"] == victim.citizen.person_id


def test_row_35_a_removed_passkey_ends_what_it_began_and_signs_in_no_more(stack: Stack, victim: Payer) -> None:
    elsewhere = stack.citizen()
    elsewhere.device = victim.citizen.device
    sign_in(elsewhere)
    passkey = victim.citizen.call("GET", "/v1/me")["passkeys"][0]
    victim.citizen.call("DELETE", f"/v1/me/passkeys/{passkey['id']}")
    with pytest.raises(Refused) as caught:
        elsewhere.call("GET", "/v1/me")
    assert caught.value.status == 401
    with pytest.raises(Refused) as caught:
        sign_in(elsewhere)
    assert caught.value.slug == "assertion-refused"


def test_row_38_a_client_s_clock_changes_nothing(stack: Stack, victim: Payer) -> None:
    """Dates that a client sends are not asked; a signed request of a partner is judged by the server's clock."""
    for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2199 23:59:59 GMT"):
        citizen = Citizen(stack.api_url, stack.sandbox_url, origin=stack.url)
        citizen.token = victim.citizen.token
        assert citizen.call("GET", "/v1/me", Date=date)["id"] == victim.citizen.person_id
        payment = victim.citizen.begin([victim.bill_ids()[0]], str(victim.link["id"]))
        ends = json.dumps(payment)
        assert "1970" not in ends and "2199" not in ends
        forged = urllib3.request(
            "POST", f"{stack.api_url}/v1/webhooks/bank", body=b'{"type":"debit.booked","data":{}}',
            headers={"Date": date, "webhook-id": "x", "webhook-timestamp": "0", "webhook-signature": "v1,AAAA"},
        )  # fmt: skip
        assert forged.status in (401, 403)
