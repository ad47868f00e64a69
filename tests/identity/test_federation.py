"""Signing in with LINE, Google and Apple: whom an account signs in, how it is linked, and what a stranger can do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import oidc_browser
import pytest
from federated_browser import Browser
from identity_city import MEI, MING, City
from oidc_browser import ProvidersAnswer, approve, deny
from sandbox_process import SandboxBooks

from core import clock
from core.settings import read
from identity import federation_ports, locks, people, tasks
from partners.oidc.client import OpenIdClient
from partners.oidc.providers import registered

SOCIAL = ("line", "google", "apple")
_ENDED = "/app/account-return?outcome=federation-ended&provider={}"


@pytest.fixture(autouse=True)
def providers(outside: SandboxBooks) -> None:
    """The city is registered at the sandbox's providers."""
    of = read({"SANDBOX_URL": outside.url})
    federation_ports.plug_in({each.name: OpenIdClient(registered(each)) for each in of.oidc})


@pytest.fixture(params=SOCIAL)
def provider(request: pytest.FixtureRequest) -> str:
    """Each of the three in turn."""
    return str(request.param)


@pytest.fixture
def mei(city: City) -> Browser:
    """Mei's browser; she is registered and has signed in with password and text message."""
    city.enrolled(MEI)
    browser = Browser(city)
    browser.sign_in_as(MEI[0])
    return browser


def test_a_linked_account_signs_its_person_in_at_level_1(city: City, mei: Browser, provider: str) -> None:
    assert mei.link(provider).status_code == 201
    elsewhere = Browser(city)
    answer = elsewhere.through(provider, return_to="/app/inbox")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/inbox")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax"))
    me = elsewhere.me()
    assert me["id"] == mei.me()["id"]
    assert me["acr"] == "urn:mykaohsiung:loa:1"
    assert elsewhere.send("GET", "/v1/me/sessions").json["items"][0]["amr"] == ["fed"]


def test_a_program_gets_the_session_itself(city: City, mei: Browser, provider: str) -> None:
    mei.link(provider)
    program = Browser(city, accepts="*/*")
    answer = program.through(provider, transport="bearer")
    assert answer.status_code == 200
    assert answer.json["access_token"]
    assert answer.json["amr"] == ["fed"]


def test_an_account_that_nobody_linked_signs_nobody_in_and_waits_to_be_linked(
    city: City, mei: Browser, provider: str
) -> None:
    stranger = Browser(city)
    answer = stranger.through(provider)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/link-account")
    assert stranger.me() is None
    waiting = stranger.send("GET", "/v1/auth/social/pending-link").json
    assert waiting["provider"] == provider
    assert waiting["label"] == "mei@example.tw"
    # Signed in another way in the same browser, they are asked, say yes, and from then on it signs them in.
    stranger.sign_in_as(MEI[0])
    assert stranger.linked() == []
    assert stranger.say_yes().status_code == 201
    assert [item["provider"] for item in stranger.linked()] == [provider]
    fresh = Browser(city)
    fresh.through(provider)
    assert fresh.me()["id"] == mei.me()["id"]


def test_a_program_is_told_of_an_account_that_waits(city: City, provider: str) -> None:
    answer = Browser(city, accepts="*/*").through(provider, transport="bearer")
    assert answer.status_code == 202
    assert answer.json["provider"] == provider


def test_who_says_no_leaves_nothing_behind(city: City, provider: str) -> None:
    browser = Browser(city)
    browser.through(provider)
    assert browser.count("pending_link") == 1
    assert browser.send("DELETE", "/v1/auth/social/pending-link").status_code == 204
    assert browser.count("pending_link") == 0
    assert browser.send("GET", "/v1/auth/social/pending-link").status_code == 404


def test_row_19_a_line_account_with_somebodys_e_mail_signs_nobody_in_and_links_nothing(
    city: City, mei: Browser, provider: str
) -> None:
    mei.link(provider, account="mei", email="mei@example.tw")
    thief = Browser(city)
    answer = thief.through(provider, account="thief", email="mei@example.tw")
    assert answer.headers["Location"] == "/app/link-account"
    assert thief.me() is None
    assert len(mei.linked()) == 1
    # Even signed in as themselves, they get their own account linked and not hers.
    city.enrolled(MING)
    thief.sign_in_as(MING[0])
    assert thief.say_yes().status_code == 201
    again = Browser(city)
    again.through(provider, account="thief", email="mei@example.tw")
    assert again.me()["id"] == thief.me()["id"] != mei.me()["id"]


def test_row_19_the_same_subject_at_another_provider_is_another_account(city: City, mei: Browser) -> None:
    mei.link("line")
    other = Browser(city)
    other.through("google", account="mei")
    assert other.me() is None


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda answer: answer | {"state": "x" * 43},
        lambda answer: {name: value for name, value in answer.items() if name != "state"},
        lambda answer: answer | {"state": ""},
    ],
)
def test_row_18_an_answer_with_another_state_or_none_is_refused(
    city: City, mei: Browser, provider: str, spoiled: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    mei.link(provider)
    browser = Browser(city, accepts="*/*")
    answer = approve(browser.start(provider))
    refused = browser.come_back(ProvidersAnswer(answer.target, answer.method, spoiled(answer.members)))
    assert refused.status_code in (409, 422)
    assert browser.me() is None


def test_row_18_an_answer_brought_twice_counts_once(city: City, mei: Browser, provider: str) -> None:
    mei.link(provider)
    browser = Browser(city)
    answer = approve(browser.start(provider))
    assert browser.come_back(answer).headers["Location"] == "/app"
    again = browser.come_back(answer)
    assert again.headers["Location"] == _ENDED.format(provider)


def test_row_18_an_answer_brought_eight_times_at_once_counts_once(city: City, mei: Browser) -> None:
    mei.link("line")
    browser = Browser(city)
    answer = approve(browser.start("line"))
    cookie = browser.client.get_cookie("__Host-federation")
    assert cookie is not None

    def bring(_: int) -> str:
        client = city.app.test_client(use_cookies=False)
        headers = {"Accept": "text/html", "Cookie": f"__Host-federation={cookie.value}"}
        return client.get("/v1/auth/social/line/callback", query_string=answer.members, headers=headers).location or ""

    with ThreadPoolExecutor(8) as threads:
        places = list(threads.map(bring, range(8)))
    assert sorted(places) == ["/app", *[_ENDED.format("line")] * 7]


def test_row_18_an_answer_of_eleven_minutes_ago_is_refused(city: City, provider: str) -> None:
    browser = Browser(city)
    answer = approve(browser.start(provider))
    city.sql("UPDATE identity.federation_request SET begun_at = begun_at - interval '11 min', "
             "expires_at = expires_at - interval '11 min'")  # fmt: skip
    assert browser.come_back(answer).headers["Location"] == _ENDED.format(provider)


def test_row_18_login_csrf_an_answer_in_a_browser_that_did_not_ask_is_refused(
    city: City, mei: Browser, provider: str
) -> None:
    """The attacker approves with an account of their own and has the victim's browser bring the answer."""
    city.enrolled(MING)
    attacker = Browser(city)
    attacker.sign_in_as(MING[0])
    attacker.link(provider, account="attacker")
    answer = approve(Browser.start(attacker, provider), "attacker")
    victim = Browser(city)
    for _ in range(2):
        assert victim.come_back(answer).headers["Location"] == _ENDED.format(provider)
    assert victim.me() is None
    mei_before = mei.me()["id"]
    mei.come_back(answer)
    assert mei.me()["id"] == mei_before
    # The victim's attempt does not spoil the attacker's own, nor the other way round.
    assert attacker.come_back(answer).status_code == 303


def test_row_18_an_answer_at_another_providers_callback_is_refused(city: City, mei: Browser) -> None:
    mei.link("google")
    browser = Browser(city, accepts="*/*")
    google = approve(browser.start("google"))
    mixed_up = browser.come_back(ProvidersAnswer(google.target.replace("google", "line"), "GET", google.members))
    assert mixed_up.status_code == 409
    assert browser.come_back(google).headers["Location"] == "/app"


@pytest.mark.parametrize("iss", ["https://another.example", None])
def test_row_18_mix_up_an_answer_that_names_another_issuer_is_refused(
    city: City, mei: Browser, iss: str | None
) -> None:
    mei.link("google")
    browser = Browser(city, accepts="*/*")
    answer = approve(browser.start("google"))
    members = {name: value for name, value in answer.members.items() if name != "iss"} | ({"iss": iss} if iss else {})
    refused = browser.come_back(ProvidersAnswer(answer.target, "GET", members))
    assert refused.status_code == 401
    assert refused.json["type"].endswith("/federation-refused")
    assert browser.me() is None


def test_row_18_two_codes_at_once_each_belong_to_their_own_request(city: City, mei: Browser) -> None:
    mei.link("line")
    browser = Browser(city, accepts="*/*")
    first, second = approve(browser.start("line")), approve(browser.start("line"))
    crossed = ProvidersAnswer(first.target, "GET", first.members | {"code": second.members["code"]})
    assert browser.come_back(crossed).status_code == 401
    assert browser.me() is None
    # Brought to the request that it belongs to, the same code is good.
    assert browser.come_back(second).headers["Location"] == "/app"


def test_row_18_the_code_of_another_client_is_refused(city: City, mei: Browser) -> None:
    mei.link("line")
    browser = Browser(city, accepts="*/*")
    address = browser.start("line")
    other = approve(address.replace("mykaohsiung-line", "another-app"))
    assert browser.come_back(other).status_code == 401


@pytest.mark.parametrize(
    "mode",
    ["alg_none", "hs256_public_key", "expired_token", "wrong_aud", "wrong_iss", "wrong_nonce", "withheld_key"],
)
def test_row_20_an_id_token_that_is_not_right_signs_nobody_in(
    city: City, mei: Browser, outside: SandboxBooks, provider: str, mode: str
) -> None:
    mei.link(provider)
    outside.set_switch(provider, "token", mode, count=1)
    browser = Browser(city, accepts="*/*")
    refused = browser.through(provider, transport="bearer")
    assert refused.status_code == 401
    assert "WWW-Authenticate" in refused.headers
    assert mode not in refused.get_data(as_text=True), "why is for our log alone"
    assert browser.me() is None


def test_row_20_an_id_token_is_no_access_token(city: City, mei: Browser, outside: SandboxBooks) -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZWkifQ."
    answer = city.app.test_client().get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "place",
    ["https://evil.example", "//evil.example", "/app//evil.example\\", "/application", "/app/../v1/auth/logout",
     "/app\r\nSet-Cookie: x=1", "javascript:alert(1)", "/app?next=<script>", "/app/" + "x" * 500, "/desk"],
)  # fmt: skip
def test_nobody_is_led_off_the_phone(city: City, place: str) -> None:
    refused = Browser(city, accepts="*/*").get("/v1/auth/social/line/start", return_to=place)
    assert refused.status_code == 422


def test_cancelling_at_the_provider_is_no_failure(city: City, provider: str) -> None:
    browser = Browser(city)
    calm = browser.come_back(deny(browser.start(provider)))
    assert calm.headers["Location"] == f"/app/account-return?outcome=federation-cancelled&provider={provider}"
    program = Browser(city, accepts="*/*")
    assert program.come_back(deny(program.start(provider))).status_code == 403


@pytest.mark.parametrize(
    ("error", "status"), [("temporarily_unavailable", 503), ("server_error", 503), ("invalid_scope", 401)]
)
def test_an_error_that_a_provider_answers_with_is_no_sign_in(city: City, error: str, status: int) -> None:
    program = Browser(city, accepts="*/*")
    answer = deny(program.start("line"))
    told = program.come_back(ProvidersAnswer(answer.target, "GET", answer.members | {"error": error}))
    assert told.status_code == status


def test_a_provider_that_cannot_be_reached_is_503_and_other_ways_keep_working(
    city: City, outside: SandboxBooks, provider: str
) -> None:
    phone = city.enrolled(MEI)
    outside.set_switch(provider, "discovery", "error_500")
    program = Browser(city, accepts="*/*")
    closed = program.get(f"/v1/auth/social/{provider}/start")
    assert closed.status_code == 503
    assert int(closed.headers["Retry-After"]) > 0
    assert Browser(city).get(f"/v1/auth/social/{provider}/start").headers["Location"].startswith("/app/account-return")
    assert program.count("federation_request") == 0
    assert phone.log_in().status_code == 202


def test_a_provider_that_goes_silent_on_the_way_back_is_503(city: City, outside: SandboxBooks) -> None:
    browser = Browser(city, accepts="*/*")
    answer = approve(browser.start("line"))
    outside.set_switch("line", "token", "maintenance", seconds=42)
    closed = browser.come_back(answer)
    assert (closed.status_code, closed.headers["Retry-After"]) == (503, "42")


def test_nothing_that_would_redeem_a_code_is_stored(city: City, mei: Browser) -> None:
    browser = Browser(city)
    sent = oidc_browser.asked(browser.start("google"))
    (row,) = city.sql("SELECT f::text AS row FROM identity.federation_request f")
    cookie = browser.client.get_cookie("__Host-federation")
    assert cookie is not None
    for secret in (sent["state"], sent["nonce"], sent["code_challenge"], cookie.value):
        assert secret not in row.row
        assert secret.encode().hex() not in row.row


def test_what_apple_posts_is_kept_sealed_and_without_the_name(city: City) -> None:
    browser = Browser(city)
    answer = oidc_browser.sent_back(
        browser.start("apple"), new_account="new", name="王小美", email="m@example.tw", decision="approve"
    )
    assert "user" in answer.members
    stripped = city.app.test_client(use_cookies=False)
    path = "/v1/auth/social/apple/callback"
    posted = stripped.post(path, data=answer.members, headers={"Accept": "text/html"})
    assert "code" not in posted.headers["Location"]
    (row,) = city.sql("SELECT answer_sealed FROM identity.federation_request")
    assert answer.members["code"].encode() not in bytes(row.answer_sealed)
    # The first answer stands; a second one is nobody's.
    second = stripped.post(path, data=answer.members | {"code": "another"})
    assert second.status_code == 409


def test_a_code_in_the_address_is_not_taken_for_apples_form(city: City, mei: Browser) -> None:
    mei.link("apple")
    browser = Browser(city, accepts="*/*")
    answer = approve(browser.start("apple"))
    assert browser.get("/v1/auth/social/apple/callback", **answer.members).status_code == 409
    assert browser.me() is None


def test_only_a_provider_that_posts_forms_may(city: City) -> None:
    answer = city.app.test_client().post("/v1/auth/social/line/callback", data={"state": "x", "code": "y"})
    assert answer.status_code == 404


def test_an_unknown_provider_is_not_found(city: City) -> None:
    for path in ("start", "callback?state=x&code=y"):
        assert Browser(city, accepts="*/*").get(f"/v1/auth/social/nobody/{path}").status_code == 404


def test_linking_takes_somebody_signed_in_lately_at_level_2(city: City, mei: Browser) -> None:
    nobody = Browser(city, accepts="*/*")
    assert nobody.get("/v1/auth/social/line/start", link="1").status_code == 401
    mei.link("line")
    social = Browser(city, accepts="*/*")
    social.through("line")
    weak = social.get("/v1/auth/social/google/start", link="1")
    assert weak.status_code == 401
    assert "urn:mykaohsiung:loa:2" in weak.headers["WWW-Authenticate"]
    stale = Browser(city, accepts="*/*")
    stale.sign_in_as(MEI[0], now=clock.now() - timedelta(minutes=16))
    asked = stale.get("/v1/auth/social/google/start", link="1")
    assert asked.status_code == 401
    assert 'max_age="900"' in asked.headers["WWW-Authenticate"]


def test_an_account_that_waits_is_not_linked_by_a_weak_or_an_old_sign_in(city: City, mei: Browser) -> None:
    mei.link("line")
    browser = Browser(city)
    browser.through("google")
    browser.through("line")
    assert browser.me()["acr"].endswith(":1")
    assert browser.say_yes().status_code == 401
    browser.sign_in_as(MEI[0], now=clock.now() - timedelta(minutes=16))
    assert browser.say_yes().status_code == 401
    browser.sign_in_as(MEI[0])
    assert browser.say_yes().status_code == 201


def test_an_account_asked_for_by_one_person_is_not_linked_by_another(city: City, mei: Browser) -> None:
    city.enrolled(MING)
    assert mei.through("line", link="1").headers["Location"] == "/app/link-account"
    mei.sign_in_as(MING[0])
    assert mei.say_yes().status_code == 404
    assert mei.linked() == []


def test_an_account_waits_in_its_own_browser_once_and_for_ten_minutes(city: City, mei: Browser) -> None:
    browser = Browser(city)
    browser.through("line")
    shown = browser.send("GET", "/v1/auth/social/pending-link").json
    mei.through("google", link="1")
    yes = {"pending_link_id": shown["id"]}
    assert mei.send("POST", "/v1/me/linked-accounts", yes).status_code == 404, "another browser's"
    browser.sign_in_as(MEI[0])
    city.sql("UPDATE identity.pending_link SET made_at = made_at - interval '11 min', "
             "expires_at = expires_at - interval '11 min'")  # fmt: skip
    assert browser.send("POST", "/v1/me/linked-accounts", yes).status_code == 404, "too old"
    assert browser.count("linked_account") == 0


def test_what_was_said_yes_to_is_what_was_shown(city: City) -> None:
    city.enrolled(MEI)
    browser = Browser(city)
    browser.through("line", account="shown")
    shown = browser.send("GET", "/v1/auth/social/pending-link").json
    browser.through("line", account="replaced")
    browser.sign_in_as(MEI[0])
    assert browser.send("POST", "/v1/me/linked-accounts", {"pending_link_id": shown["id"]}).status_code == 404
    assert browser.linked() == []


def test_an_account_is_one_persons(city: City, mei: Browser, provider: str) -> None:
    mei.link(provider)
    city.enrolled(MING)
    ming = Browser(city, accepts="*/*")
    ming.sign_in_as(MING[0])
    taken = ming.through(provider, link="1")
    assert taken.status_code == 409
    assert taken.json["type"].endswith("/account-linked")
    assert MEI[0] not in taken.get_data(as_text=True)
    mine = mei.through(provider, link="1")
    assert "outcome=account-linked-to-you" in mine.headers["Location"]


def test_linking_and_unlinking_are_told_with_a_way_to_say_no(city: City, mei: Browser) -> None:
    mei.link("line")
    (item,) = mei.linked()
    assert mei.send("DELETE", f"/v1/me/linked-accounts/{item['id']}").status_code == 204
    told = city.messages_to(MEI[1])
    assert any("連結了 LINE" in message and "/app/not-me?token=" in message for message in told)
    assert any("解除與 LINE 的連結" in message for message in told)


def test_what_is_unlinked_signs_nobody_in_and_its_sessions_are_dead_at_once(city: City, mei: Browser) -> None:
    mei.link("line")
    social = Browser(city)
    social.through("line")
    assert social.me() is not None
    (item,) = mei.linked()
    assert mei.send("DELETE", f"/v1/me/linked-accounts/{item['id']}").status_code == 204
    assert social.me() is None
    assert mei.me() is not None
    social.through("line")
    assert social.me() is None
    assert mei.send("DELETE", f"/v1/me/linked-accounts/{item['id']}").status_code == 404


def test_nobody_unlinks_another_persons_account(city: City, mei: Browser) -> None:
    mei.link("line")
    (item,) = mei.linked()
    city.enrolled(MING)
    ming = Browser(city)
    ming.sign_in_as(MING[0])
    assert ming.send("DELETE", f"/v1/me/linked-accounts/{item['id']}").status_code == 404
    assert len(mei.linked()) == 1


def test_a_person_has_ten_linked_accounts_and_no_more(city: City, mei: Browser) -> None:
    for number in range(10):
        assert mei.link("line", account=f"account-{number}").status_code == 201
    assert mei.link("line", account="one too many").status_code == 409
    assert len(mei.linked()) == 10


def test_who_said_that_was_not_me_is_not_signed_in_by_it(city: City, mei: Browser) -> None:
    mei.link("line")
    with city.database.unit_of_work() as session:
        person = people.find(session, MEI[0])
        assert person is not None
        locks.lock(session, person.id, "social", reason="not me", now=clock.now())
    browser = Browser(city, accepts="*/*")
    shut = browser.through("line")
    assert shut.status_code == 403
    assert shut.json["type"].endswith("/method-shut")
    assert browser.me() is None


def test_the_ways_to_sign_in_name_those_that_are_offered(city: City, mei: Browser) -> None:
    def offered(acr: int) -> list[str]:
        answer = mei.send("GET", f"/v1/auth/methods?acr=urn:mykaohsiung:loa:{acr}")
        return [item["method"] for item in answer.json["items"]]

    assert {*SOCIAL, "mobile_id"} <= set(offered(1))
    assert not {*SOCIAL} & set(offered(2))
    assert "mobile_id" in offered(3)
    federation_ports.plug_in({})
    assert not {*SOCIAL, "mobile_id"} & set(offered(1))


def test_a_level_that_the_way_does_not_reach_is_refused_at_the_start(city: City) -> None:
    program = Browser(city, accepts="*/*")
    refused = program.get("/v1/auth/social/line/start", acr="urn:mykaohsiung:loa:2")
    assert refused.status_code == 422


def test_the_phones_script_is_told_where_to_go(city: City) -> None:
    answer = Browser(city).send("GET", "/v1/auth/social/google/start")
    assert answer.status_code == 200
    assert "code_challenge_method=S256" in answer.json["authorize_url"]
    assert answer.headers["Set-Cookie"].startswith("__Host-federation=")


def test_what_has_lapsed_is_forgotten(city: City) -> None:
    browser = Browser(city)
    browser.through("line")
    tasks.forget_lapsed(clock.now() + timedelta(hours=2))
    assert (browser.count("federation_request"), browser.count("pending_link")) == (0, 0)
