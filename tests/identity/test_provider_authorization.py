"""What a site may ask when it sends somebody to sign in, and what it gets back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from identity_city import MEI, MING, City
from provider_site import (
    BY_TEXT,
    ISSUER,
    Site,
    browser,
    in_form,
    is_page,
    local,
    open_site,
    request_of,
    returned,
    sign_in_again,
    signed_in,
)

from core import clock
from identity import sessions
from identity.provider import authorization


@pytest.fixture
def site(city: City) -> Site:
    return open_site(city)


def test_somebody_signs_in_agrees_once_and_the_site_gets_a_code(city: City, site: Site) -> None:
    mei = signed_in(city)
    first = site.authorize(mei)
    assert is_page("/app/consent", first)
    answer = site.go_on(mei, first)
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("the state", ISSUER)
    # The second time there is nothing to ask.
    assert returned(site.authorize(mei), site.redirect_uri).keys() == {"code", "state", "iss"}


def test_who_is_not_signed_in_is_led_to_sign_in_and_goes_on_from_there(city: City, site: Site) -> None:
    led = site.authorize(None)
    assert is_page("/app/sign-in", led)
    assert "acr=urn%3Amykaohsiung%3Aloa%3A2" in led.headers["Location"]
    mei = signed_in(city)
    on = browser(city, mei).get(f"/oauth/authorize/continue?authorization={request_of(led)}")
    assert "code" in site.go_on(mei, on)


def test_who_does_not_agree_goes_back_with_a_refusal(city: City, site: Site) -> None:
    mei = signed_in(city)
    asked = request_of(site.authorize(mei))
    answer = mei.post(f"/v1/me/authorizations/{asked}/decision", {"is_agreed": False})
    back = returned(browser(city, mei).get(local(answer.json["continue_url"])), site.redirect_uri)
    assert back["error"] == "access_denied"
    assert (back["state"], back["iss"]) == ("the state", ISSUER)


def test_an_answered_request_is_answered_once(city: City, site: Site) -> None:
    mei = signed_in(city)
    led = site.authorize(mei)
    site.go_on(mei, led)
    again = browser(city, mei).get(f"/oauth/authorize/continue?authorization={request_of(led)}")
    assert (again.status_code, again.mimetype) == (400, "text/html")


def test_somebody_else_s_decision_is_not_mine(city: City, site: Site) -> None:
    mei, ming = signed_in(city), signed_in(city, MING)
    asked = request_of(site.authorize(mei))
    mei.post(f"/v1/me/authorizations/{asked}/decision", {"is_agreed": True, "claims": ["name"]})
    # Ming's browser gets hold of Mei's request: he is asked for himself.
    assert is_page("/app/consent", browser(city, ming).get(f"/oauth/authorize/continue?authorization={asked}"))


WRONG_ADDRESSES = [
    "https://library.example.gov.tw/callback/",
    "https://library.example.gov.tw/callback2",
    "https://library.example.gov.tw/callback%2F",
    "https://library.example.gov.tw%2Fcallback",
    "https://library.example.gov.tw/callback?extra=1",
    "https://library.example.gov.tw/callback#fragment",
    "https://library.example.gov.tw:443/callback",
    "https://LIBRARY.example.gov.tw/callback",
    "https://library.example.gov.tw/../callback",
    "https://library.example.gov.tw.evil.example/callback",
    "https://evil.example/https://library.example.gov.tw/callback",
    "http://library.example.gov.tw/callback",
    "//library.example.gov.tw/callback",
    "javascript:alert(1)",
    "https://library.example.gov.tw/callback\x00",
    "",
    ...,
]


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_row_18_an_address_that_is_not_exactly_the_registered_one_is_never_redirected_to(
    city: City, site: Site, address: Any
) -> None:
    mei = signed_in(city)
    site.code(mei)
    for answer in (site.authorize(mei, redirect_uri=address), site.authorize(None, redirect_uri=address)):
        assert (answer.status_code, answer.mimetype) == (400, "text/html")
        assert "Location" not in answer.headers and "evil.example" not in answer.text
        assert "無法登入" in answer.text and "cannot go on" in answer.text


@pytest.mark.parametrize("client_id", ["nobody", "", ..., "library\x00", "l" * 64, "' OR 1=1"])
def test_a_site_that_nobody_knows_is_never_redirected_to(city: City, site: Site, client_id: Any) -> None:
    answer = site.authorize(None, client_id=client_id)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


@pytest.mark.parametrize("status", ["proposed", "declined", "suspended"])
def test_a_site_that_is_not_approved_or_shut_opens_no_door(city: City, site: Site, status: str) -> None:
    at = "now()" if status == "suspended" else "NULL"
    city.sql(f"UPDATE identity.relying_party SET status = '{status}', suspended_at = {at}")
    assert site.authorize(None).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": ...}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": ...}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": ..., "code_challenge_method": ...}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ...}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "v" * 44}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "１０"}, "invalid_request"),
        ({"max_age": "9" * 40}, "invalid_request"),
        ({"claims": "name"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"id_token": []}'}, "invalid_request"),
        ({"claims": '{"id_token": {"name": 1}}'}, "invalid_request"),
        ({"claims": '{"a":' * 2000}, "invalid_request"),
        ({"claims": '{"id_token": {"sub": {"value": "a\\u0000b"}}}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"sub": {"value": 7}}}'}, "invalid_request"),
        ({"claims": "9" * 5000}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"nonce": "a\x00b"}, "invalid_request"),
        ({"id_token_hint": "no.such.token"}, "invalid_request"),
    ],
)
def test_row_18_a_request_that_breaks_a_rule_goes_back_as_an_error(
    city: City, site: Site, changes: dict[str, Any], error: str
) -> None:
    answer = returned(site.authorize(signed_in(city), **changes), site.redirect_uri)
    assert answer["error"] == error
    assert "code" not in answer
    assert (answer["state"], answer["iss"]) == ("the state", ISSUER)


def test_a_scope_that_is_known_but_not_registered_is_refused_and_one_nobody_knows_is_ignored(city: City) -> None:
    site = open_site(city, scopes=["openid", "profile"])
    mei = signed_in(city)
    assert returned(site.authorize(mei), site.redirect_uri)["error"] == "invalid_scope"
    assert "code" in site.sign_in(mei, scope="openid profile email address")


def test_what_nobody_knows_is_ignored_and_what_is_said_twice_is_not(city: City, site: Site) -> None:
    mei = signed_in(city)
    assert "code" in site.sign_in(mei, display="popup", claims_locales="zh", login_hint="A123456789", whatever="x")
    for name in ("state", "nonce", "client_id", "redirect_uri", "code_challenge", "scope"):
        twice = [*site.query().items(), (name, site.query()[name])]
        answer = browser(city, mei).get("/oauth/authorize", query_string=twice)
        assert (answer.status_code, answer.mimetype) == (400, "text/html"), name


def test_prompt_none_never_shows_a_page(city: City, site: Site) -> None:
    assert returned(site.authorize(None, prompt="none"), site.redirect_uri)["error"] == "login_required"
    mei = signed_in(city)
    assert returned(site.authorize(mei, prompt="none"), site.redirect_uri)["error"] == "consent_required"
    site.code(mei)
    assert "code" in returned(site.authorize(mei, prompt="none"), site.redirect_uri)
    for too_much in ({"acr_values": "urn:mykaohsiung:loa:4"}, {"max_age": "0"}):
        answer = site.authorize(mei, prompt="none", **too_much)
        assert returned(answer, site.redirect_uri)["error"] == "login_required"


def test_prompt_login_asks_somebody_who_is_signed_in_to_sign_in_again(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    led = site.authorize(mei, prompt="login")
    assert is_page("/app/sign-in", led)
    on = f"/oauth/authorize/continue?authorization={request_of(led)}"
    # Coming back with the session of before does not do.
    assert is_page("/app/sign-in", browser(city, mei).get(on))
    sign_in_again(city, mei)
    assert "code" in returned(browser(city, mei).get(on), site.redirect_uri)


@pytest.mark.parametrize("prompt", ["consent", "select_account"])
def test_other_prompts_ask_again_what_was_agreed_before(city: City, site: Site, prompt: str) -> None:
    mei = signed_in(city)
    site.code(mei)
    led = site.authorize(mei, prompt=prompt)
    assert is_page("/app/consent", led)
    assert "code" in site.go_on(mei, led)


def test_max_age_asks_who_signed_in_too_long_ago_to_sign_in_again(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    assert "code" in returned(site.authorize(mei, max_age="10000"), site.redirect_uri)
    city.sql("UPDATE identity.session SET auth_time = auth_time - interval '2 minutes'")
    led = site.authorize(mei, max_age="60")
    assert is_page("/app/sign-in", led)
    sign_in_again(city, mei)
    on = browser(city, mei).get(f"/oauth/authorize/continue?authorization={request_of(led)}")
    tokens = site.redeem(site.go_on(mei, on)["code"]).json
    assert site.believed(tokens["id_token"])["auth_time"] >= int(clock.now().timestamp()) - 30


ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:mykaohsiung:loa:3"]}}})


@pytest.mark.parametrize("asked", [{"acr_values": "urn:mykaohsiung:loa:3"}, {"claims": ESSENTIAL}])
def test_a_level_that_the_session_does_not_reach_is_stepped_up_to(
    city: City, site: Site, asked: dict[str, str]
) -> None:
    mei = signed_in(city, amr=BY_TEXT)
    assert "code" in site.sign_in(mei)
    led = site.authorize(mei, **asked)
    assert is_page("/app/sign-in", led) and "loa%3A3" in led.headers["Location"]
    on = f"/oauth/authorize/continue?authorization={request_of(led)}"
    assert is_page("/app/sign-in", browser(city, mei).get(on))
    sign_in_again(city, mei)
    tokens = site.redeem(returned(browser(city, mei).get(on), site.redirect_uri)["code"]).json
    assert site.believed(tokens["id_token"])["acr"] == "urn:mykaohsiung:loa:3"


def test_a_level_that_the_person_cannot_reach_goes_back_as_unmet_after_they_tried(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    led = site.authorize(mei, acr_values="urn:mykaohsiung:loa:4")
    assert is_page("/app/sign-in", led)
    sign_in_again(city, mei)
    on = browser(city, mei).get(f"/oauth/authorize/continue?authorization={request_of(led)}")
    assert returned(on, site.redirect_uri)["error"] == "unmet_authentication_requirements"


def test_an_essential_level_that_nobody_knows_is_unmet_and_an_unknown_wish_is_ignored(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    unknown = json.dumps({"id_token": {"acr": {"essential": True, "value": "urn:other:9"}}})
    assert returned(site.authorize(mei, claims=unknown), site.redirect_uri)["error"] == (
        "unmet_authentication_requirements"
    )
    assert "code" in returned(site.authorize(mei, acr_values="urn:other:9"), site.redirect_uri)


def test_a_hint_at_somebody_else_does_not_sign_in_whoever_is_there(city: City, site: Site) -> None:
    mei, ming = signed_in(city), signed_in(city, MING)
    hint = site.tokens(mei)["id_token"]
    site.code(ming)
    assert "code" in returned(site.authorize(mei, id_token_hint=hint, prompt="none"), site.redirect_uri)
    answer = returned(site.authorize(ming, id_token_hint=hint, prompt="none"), site.redirect_uri)
    assert answer["error"] == "login_required"
    led = site.authorize(ming, id_token_hint=hint)
    assert is_page("/app/sign-in", led)
    sign_in_again(city, ming)
    on = browser(city, ming).get(f"/oauth/authorize/continue?authorization={request_of(led)}")
    assert returned(on, site.redirect_uri)["error"] == "login_required"


def test_a_hint_that_was_issued_to_another_site_is_refused(city: City, site: Site) -> None:
    mei = signed_in(city)
    other = open_site(city, "museum", "museum.example.gov.tw")
    answer = returned(site.authorize(mei, id_token_hint=other.tokens(mei)["id_token"]), site.redirect_uri)
    assert answer["error"] == "invalid_request"


def test_an_answer_can_come_in_a_form(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    answer = site.authorize(mei, response_mode="form_post", state='"><script>x</script>')
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<script>x" not in answer.text
    action, fields = in_form(answer)
    assert action == site.redirect_uri
    assert fields.keys() == {"code", "state", "iss"} and fields["state"] == '"><script>x</script>'
    assert site.redeem(fields["code"]).status_code == 200


def test_a_request_can_come_in_a_form_from_another_site(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    # A browser sends no cookie of ours along with another site's form, and the request is gone on with from there.
    answer = browser(city, mei).post("/oauth/authorize", data=site.query(), headers={"Origin": "https://evil.example"})
    assert is_page("/oauth/authorize/continue", answer)
    assert "code" in returned(browser(city, mei).get(local(answer.headers["Location"])), site.redirect_uri)


def test_a_request_lapses(city: City, site: Site) -> None:
    mei = signed_in(city)
    asked = request_of(site.authorize(mei))
    late = clock.now() + authorization.LIFE
    with city.database.unit_of_work() as session, pytest.raises(authorization.ShownHere):
        authorization.proceed_with(session, asked, None, now=late)
    city.sql("UPDATE identity.authorization_request SET expires_at = now()")
    assert mei.get(f"/v1/me/authorizations/{asked}").status_code == 404
    assert browser(city, mei).get(f"/oauth/authorize/continue?authorization={asked}").status_code == 400


@pytest.mark.parametrize("named", ["", "aut_", "aut_01jd0000000000000000000000", "x" * 500, "ses_01", "\x00"])
def test_a_request_that_is_none_is_not_gone_on_with(city: City, named: str) -> None:
    answer = browser(city, None).get("/oauth/authorize/continue", query_string={"authorization": named})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


def test_a_pushed_request_is_the_one_that_counts_and_is_good_once(city: City, site: Site) -> None:
    mei = signed_in(city)
    pushed = site.post("/oauth/par", **site.query(scope="openid profile"))
    assert pushed.status_code == 201 and pushed.json["expires_in"] == 90
    uri = {"client_id": site.client_id, "request_uri": pushed.json["request_uri"]}
    # What stands beside it in the browser's address is not looked at.
    beside = uri | {"redirect_uri": "https://evil.example/", "state": "forged", "scope": "openid national_id"}
    answer = site.go_on(mei, browser(city, mei).get("/oauth/authorize", query_string=beside))
    assert answer["state"] == "the state"
    assert site.redeem(answer["code"]).json["scope"] == "openid profile"
    assert browser(city, mei).get("/oauth/authorize", query_string=uri).status_code == 400


def test_a_pushed_request_is_the_site_s_own_and_lapses(city: City, site: Site) -> None:
    other = open_site(city, "museum", "museum.example.gov.tw")
    pushed = site.post("/oauth/par", **site.query()).json["request_uri"]
    taken = {"client_id": other.client_id, "request_uri": pushed}
    assert browser(city, None).get("/oauth/authorize", query_string=taken).status_code == 400
    city.sql("UPDATE identity.pushed_request SET expires_at = now()")
    own = {"client_id": site.client_id, "request_uri": pushed}
    assert browser(city, None).get("/oauth/authorize", query_string=own).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"code_challenge": ...}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"client_id": "museum"}, "invalid_client"),
        ({"client_assertion": "a.b.c"}, "invalid_client"),
    ],
)
def test_a_pushed_request_is_held_to_the_same_rules_before_anybody_is_sent(
    city: City, site: Site, changes: dict[str, Any], error: str
) -> None:
    answer = site.post("/oauth/par", **site.query(**changes))
    assert (answer.status_code, answer.json["error"]) == (401 if error == "invalid_client" else 400, error)


def test_a_site_that_pushes_its_requests_sends_none_through_the_browser(city: City) -> None:
    site = open_site(city, requires_par=True)
    answer = returned(site.authorize(signed_in(city)), site.redirect_uri)
    assert answer["error"] == "invalid_request"
    assert site.post("/oauth/par", **site.query()).status_code == 201


def test_too_many_codes_for_one_person_are_refused_to_the_site(city: City, site: Site) -> None:
    mei = signed_in(city)
    site.code(mei)
    city.sql("UPDATE identity.attempt SET used = 1000 WHERE method = 'provider_codes'")
    assert returned(site.authorize(mei), site.redirect_uri)["error"] == "temporarily_unavailable"


def test_too_many_strangers_from_one_network_are_refused_here(city: City, site: Site) -> None:
    site.authorize(None)
    city.sql("UPDATE identity.attempt SET used = 100000, resets_at = now() + interval '1 minute'")
    assert site.authorize(None).status_code == 429


def test_a_session_in_an_officer_s_presence_opens_no_door_elsewhere(city: City, site: Site) -> None:
    mei = signed_in(city, MEI)
    site.code(mei)
    with city.database.unit_of_work() as session:
        actor = sessions.resolve(session, mei.token or "", clock.now())
        assert actor is not None
        visit = replace(actor, with_officer=actor.id)
        asked = request_of(site.authorize(None))
        step = authorization.proceed_with(session, asked, visit, now=clock.now() + timedelta(seconds=1))
    assert isinstance(step, authorization.GoTo) and "/app/sign-in" in step.url
