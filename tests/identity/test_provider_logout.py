"""Signing out: as a site asks, and everywhere at once when a session ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from identity_city import MING, ORIGIN, City
from joserfc import jws, jwt
from provider_site import ISSUER, Site, browser, in_form, open_site, published, sign_in_again, signed_in
from webhook_listener import Listener

from core import clock
from identity.provider import backchannel, keys, sign_ons
from partners import wire
from partners.relying_parties.client import send_logout_token

BYE = "https://library.example.gov.tw/bye"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """The site's own server, where it hears of sign-outs."""
    hears = Listener()
    yield hears
    hears.stop()


@pytest.fixture
def site(city: City, listener: Listener) -> Site:
    return open_site(city, backchannel_logout_uri=f"{listener.url}/logout?from=us")


def _confirmed(city: City, phone: Any, fields: dict[str, str], decision: str = "yes", origin: str = ORIGIN) -> Any:
    return browser(city, phone).post(
        "/oauth/logout/confirmation", data=fields | {"decision": decision}, headers={"Origin": origin}
    )


def _told(listener: Listener, city: City) -> list[dict[str, Any]]:
    """What the site was told, verified as Back-Channel Logout §2.6 asks."""
    told = []
    for heard in listener.wait_for(1):
        assert heard.path == "/logout?from=us"
        assert heard.headers["content-type"] == "application/x-www-form-urlencoded"
        (token,) = parse_qs(heard.content.decode())["logout_token"]
        assert jws.extract_compact(token.encode()).headers()["typ"] == "logout+jwt"
        told.append(dict(jwt.decode(token, published(city), algorithms=["ES256"]).claims))
    return told


def test_a_site_asks_to_sign_out_and_the_person_is_asked_first(city: City, site: Site) -> None:
    mei = signed_in(city)
    hint = site.tokens(mei)["id_token"]
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": BYE, "state": "s&1"}
    page = browser(city, mei).get("/oauth/logout", query_string=asked)
    assert page.status_code == 200 and "圖書館預約" in page.text and "Sign out" in page.text
    # A browser says where a form comes from only if the page lets it.
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert mei.get("/v1/me").status_code == 200
    action, fields = in_form(page)
    assert action == "/oauth/logout/confirmation" and fields == asked
    answer = _confirmed(city, mei, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{BYE}?state=s%261")
    assert "__Host-session=;" in answer.headers["Set-Cookie"]
    assert mei.get("/v1/me").status_code == 401


def test_who_does_not_want_to_stays_signed_in(city: City, site: Site) -> None:
    mei = signed_in(city)
    answer = _confirmed(city, mei, {"post_logout_redirect_uri": BYE, "client_id": "library"}, "no")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app")
    assert mei.get("/v1/me").status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_nobody_is_signed_out_from_another_page(city: City, site: Site, origin: str) -> None:
    mei = signed_in(city)
    assert _confirmed(city, mei, {}, origin=origin).status_code == 403
    assert mei.get("/v1/me").status_code == 200


def test_who_is_signed_out_already_goes_straight_back(city: City, site: Site) -> None:
    asked = {"client_id": "library", "post_logout_redirect_uri": BYE}
    answer = browser(city, None).get("/oauth/logout", query_string=asked)
    assert (answer.status_code, answer.headers["Location"]) == (303, BYE)


def test_without_parameters_one_signs_out_and_goes_nowhere(city: City) -> None:
    mei = signed_in(city)
    page = browser(city, mei).get("/oauth/logout")
    assert page.status_code == 200
    _, fields = in_form(page)
    done = _confirmed(city, mei, fields)
    assert done.status_code == 200 and "You are signed out" in done.text
    assert mei.get("/v1/me").status_code == 401


def test_a_lapsed_id_token_is_as_good_a_hint(city: City, site: Site) -> None:
    mei = signed_in(city)
    hint = site.tokens(mei)["id_token"]
    with city.database.unit_of_work() as session:
        said = keys.claims_of_ours(session, hint)
        assert said is not None
        old = keys.sign(session, {"typ": "JWT"}, said | {"iat": 1, "exp": 2}, "ES256", now=clock.now())
    page = browser(city, mei).get("/oauth/logout", query_string={"id_token_hint": old})
    assert page.status_code == 200 and "圖書館預約" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"post_logout_redirect_uri": f"{BYE}/"},
        {"post_logout_redirect_uri": f"{BYE}?extra=1"},
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": "https://library.example.gov.tw/callback"},
        {"id_token_hint": "bad.id.token"},
        {"id_token_hint": "x" * 9000},
        {"client_id": "museum"},
        {"client_id": "nobody", "id_token_hint": ...},
        {"client_id": ..., "id_token_hint": ...},
    ],
)
def test_a_request_to_sign_out_that_is_not_in_order_sends_nobody_anywhere(
    city: City, site: Site, changes: dict[str, Any]
) -> None:
    open_site(city, "museum", "museum.example.gov.tw")
    mei = signed_in(city)
    hint = site.tokens(mei)["id_token"]
    asked = {"id_token_hint": hint, "client_id": "library", "post_logout_redirect_uri": BYE} | changes
    fields = {name: value for name, value in asked.items() if value is not ...}
    for answer in (
        browser(city, mei).get("/oauth/logout", query_string=fields),
        browser(city, mei).post("/oauth/logout", data=fields),
        _confirmed(city, mei, fields),
    ):
        assert (answer.status_code, answer.mimetype) == (400, "text/html")
        assert "Location" not in answer.headers and "evil.example" not in answer.text
    assert mei.get("/v1/me").status_code == 200


def test_a_site_may_ask_with_a_form(city: City, site: Site) -> None:
    mei = signed_in(city)
    asked = {"id_token_hint": site.tokens(mei)["id_token"], "post_logout_redirect_uri": BYE}
    page = browser(city, None).post("/oauth/logout", data=asked, headers={"Origin": "https://library.example.gov.tw"})
    _, fields = in_form(page)
    assert _confirmed(city, mei, fields).headers["Location"] == BYE
    assert mei.get("/v1/me").status_code == 401


def test_a_session_that_ends_is_told_to_every_site_that_it_was_used_at(
    city: City, site: Site, listener: Listener
) -> None:
    mei = signed_in(city)
    said = site.believed(site.tokens(mei)["id_token"])
    mei.post("/v1/auth/logout")
    backchannel.send_due(clock.now())
    (told,) = _told(listener, city)
    assert told.keys() == {"iss", "sub", "aud", "iat", "exp", "jti", "sid", "events"}
    assert (told["iss"], told["aud"]) == (ISSUER, "library")
    assert (told["sub"], told["sid"]) == (said["sub"], said["sid"])
    assert told["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert told["exp"] - told["iat"] == 120
    backchannel.send_due(clock.now() + timedelta(hours=2))
    assert len(listener.wait_for(1)) == 1, "it is told once"


def test_a_site_that_does_not_answer_is_told_again_and_one_that_refuses_is_not(
    city: City, site: Site, listener: Listener
) -> None:
    mei, ming = signed_in(city), signed_in(city, MING)
    site.tokens(mei), site.tokens(ming)
    listener.status = 503
    mei.post("/v1/auth/logout")
    now = clock.now()
    backchannel.send_due(now)
    backchannel.send_due(now + timedelta(seconds=1))
    assert len(listener.wait_for(1)) == 1, "not before its time"
    listener.status = 200
    backchannel.send_due(now + timedelta(seconds=6))
    assert len(listener.wait_for(2)) == 2
    listener.status = 400
    ming.post("/v1/auth/logout")
    for hours in (0, 1, 2):
        backchannel.send_due(clock.now() + timedelta(hours=hours))
    assert len(listener.wait_for(3)) == 3
    assert [tuple(row) for row in city.sql("SELECT status, attempts FROM identity.provider_logout ORDER BY id")] == [
        ("delivered", 2),
        ("refused", 1),
    ]


def test_a_site_that_is_gone_for_a_day_is_given_up(city: City, site: Site, listener: Listener) -> None:
    mei = signed_in(city)
    site.tokens(mei)
    listener.stop()
    mei.post("/v1/auth/logout")
    backchannel.send_due(clock.now())
    backchannel.send_due(clock.now() + sign_ons.LOGOUT_LAPSES_AFTER)
    assert city.sql("SELECT status FROM identity.provider_logout")[0][0] == "lapsed"


def test_a_rise_of_the_session_tells_nobody_and_its_end_does(city: City, site: Site, listener: Listener) -> None:
    mei = signed_in(city, amr=("pwd", "sms"))
    sid = site.believed(site.tokens(mei)["id_token"])["sid"]
    sign_in_again(city, mei)
    sign_ons.end_forgotten(clock.now())
    backchannel.send_due(clock.now())
    assert city.sql("SELECT count(*) FROM identity.provider_logout")[0][0] == 0
    mei.post("/v1/auth/logout")
    backchannel.send_due(clock.now())
    assert [each["sid"] for each in _told(listener, city)] == [sid]


def test_somebody_else_who_signs_in_on_the_same_browser_signs_the_first_one_out_everywhere(
    city: City, site: Site, listener: Listener
) -> None:
    mei = signed_in(city)
    given = site.tokens(mei)
    ming = city.enrolled(MING)
    ming.token = mei.token
    sign_in_again(city, ming)
    assert site.userinfo(given["access_token"]).status_code == 401
    backchannel.send_due(clock.now())
    assert _told(listener, city)[0]["sid"] == site.believed(given["id_token"])["sid"]


def test_a_session_that_lapsed_or_was_ended_in_another_way_is_found(city: City, site: Site, listener: Listener) -> None:
    mei = signed_in(city)
    given = site.tokens(mei)
    sign_ons.end_forgotten(clock.now())
    assert site.userinfo(given["access_token"]).status_code == 200
    sign_ons.end_forgotten(clock.now() + timedelta(hours=25))
    assert site.userinfo(given["access_token"]).status_code == 401
    backchannel.send_due(clock.now() + timedelta(hours=25))
    assert len(_told(listener, city)) == 1


def test_a_site_without_such_an_address_is_told_nothing(city: City) -> None:
    site = open_site(city, "museum", "museum.example.gov.tw")
    mei = signed_in(city)
    site.tokens(mei)
    mei.post("/v1/auth/logout")
    assert city.sql("SELECT count(*) FROM identity.provider_logout")[0][0] == 0


INSIDE = [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/",
    "https://[::1]/logout",
    "https://10.0.0.1/logout",
    "https://[::ffff:10.0.0.1]/",
    "https://0.0.0.0/",
    "https://localhost/logout",
    "https://user:password@8.8.8.8/",
    "http://8.8.8.8/logout",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "https://",
    "https://[fd00::1]/",
    "https://224.0.0.1/",
]


@pytest.mark.parametrize("address", INSIDE)
def test_row_33_nothing_is_sent_inside(address: str) -> None:
    with pytest.raises(wire.Refused):
        send_logout_token(address, "token", is_demo=False)


@pytest.mark.parametrize("address", ["http://169.254.169.254/", "http://10.0.0.1/", "http://8.8.8.8/"])
def test_row_33_in_the_demo_plain_http_goes_to_this_machine_alone(address: str) -> None:
    with pytest.raises(wire.Refused):
        send_logout_token(address, "token", is_demo=True)


def test_row_33_a_name_that_leads_inside_is_refused_and_a_redirect_is_not_followed(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leads_inside(*_asked: Any, **_more: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "127.0.0.1")]

    listener.status = 302
    with pytest.raises(wire.Refused):
        send_logout_token(f"{listener.url}/logout", "token", is_demo=True)
    assert len(listener.wait_for(1)) == 1
    monkeypatch.setattr(socket, "getaddrinfo", leads_inside)
    with pytest.raises(wire.Refused):
        send_logout_token("https://rebinding.example/logout", "token", is_demo=False)
