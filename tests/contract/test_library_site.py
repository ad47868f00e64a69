"""The demo library as a relying party: whom it believes, what it keeps, and when its sessions end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey
from provider_bench import NAME, ProviderBench, served
from werkzeug.test import TestResponse

from api import demo_officers, demo_relying_parties, prepare
from core import clock, db, embedded
from core.settings import settings
from identity.provider import keys
from partners.desk.books import Books
from partners.library import visits
from partners.library.keys import CLIENT_ID
from partners.sandbox import create_app

OWN_URL = "http://127.0.0.1:8090"


@pytest.fixture(scope="module")
def provider(postgres: embedded.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderBench]:
    name = f"library_{os.getpid()}"
    embedded.make_database(postgres, name, template="template")
    current = db.configure(postgres.url(name))
    with current.unit_of_work() as session:
        prepare.seed(session)
    with served(Path(tmp_path_factory.mktemp("provider"))) as bench:
        yield bench
    current.engine.dispose()


@pytest.fixture(scope="module")
def app(provider: ProviderBench, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The sandbox with the library in it, registered as the demo registers it, twice as at a second start."""
    folder = Path(tmp_path_factory.mktemp("sandbox"))
    of = replace(settings(), state_dir=folder, sandbox_url=OWN_URL)
    for _ in range(2):
        with db.unit_of_work() as session:
            demo_officers.enrol(session, clock.now())
            demo_relying_parties.register(session, of, clock.now())
    return create_app(folder, "http://127.0.0.1:1", OWN_URL, issuer=provider.issuer)


@pytest.fixture
def browser(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


class CityBrowser:
    """The same person's browser at the city."""

    def __init__(self, provider: ProviderBench, **session: str) -> None:
        self.issuer = provider.issuer
        token = requests.post(f"{self.issuer}/driver/session", params=session, timeout=10).json()["token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def goes(self, url: str) -> str:
        """Where the browser is led, agreeing to everything on the way."""
        for _ in range(8):
            answer = requests.get(url, headers=self.headers, allow_redirects=False, timeout=10)
            url = answer.headers["Location"]
            if not url.startswith(self.issuer):
                return url
            where = urlsplit(url)
            if where.path == "/app/consent":
                path = f"/v1/me/authorizations/{parse_qs(where.query)['authorization'][0]}"
                asked = self.call("GET", path)
                agreed = {"is_agreed": True, "claims": [each["claim"] for each in asked["claims"]]}
                url = self.call("POST", f"{path}/decision", agreed)["continue_url"]
            elif where.path == "/app/sign-in":
                return url
        raise AssertionError("led in circles")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, self.issuer + path, json=body, headers=self.headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


def _at_library(browser: FlaskClient, url: str) -> TestResponse:
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == OWN_URL, url
    return browser.get(f"{parts.path}?{parts.query}")


def _signed_in(browser: FlaskClient, provider: ProviderBench, **session: str) -> CityBrowser:
    city = CityBrowser(provider, **session)
    back = city.goes(browser.get("/library/sign-in").location)
    assert _at_library(browser, back).location == "/library"
    return city


def _post(browser: FlaskClient, path: str, origin: str = OWN_URL, **form: str) -> TestResponse:
    return browser.post(path, data=form, headers={"Origin": origin})


def _is_signed_in(browser: FlaskClient) -> bool:
    return "登出" in browser.get("/library").text


def test_who_agreed_is_greeted_by_name_and_the_request_was_pushed(
    browser: FlaskClient, provider: ProviderBench
) -> None:
    sent = browser.get("/library/sign-in").location
    assert sorted(parse_qs(urlsplit(sent).query)) == ["client_id", "request_uri"]
    assert _at_library(browser, CityBrowser(provider).goes(sent)).location == "/library"
    assert f"{NAME} 您好" in browser.get("/library").text


def test_the_cookie_changes_at_signing_in_and_is_stored_hashed(browser: FlaskClient, provider: ProviderBench) -> None:
    browser.set_cookie("library_visit", "fixed-by-somebody", path="/library")
    _signed_in(browser, provider)
    cookie = browser.get_cookie("library_visit", path="/library")
    assert cookie is not None and cookie.value != "fixed-by-somebody" and cookie.http_only


def test_row_18_an_answer_to_another_browser_s_request_signs_nobody_in(
    app: Flask, browser: FlaskClient, provider: ProviderBench
) -> None:
    back = CityBrowser(provider).goes(browser.get("/library/sign-in").location)
    with app.test_client() as victim:
        victim.get("/library/sign-in")
        assert _at_library(victim, back).location == "/library?said=failed"
        assert not _is_signed_in(victim)
    with app.test_client() as stranger:
        assert _at_library(stranger, back).location == "/library?said=lapsed"


@pytest.mark.parametrize(
    ("member", "value"), [("state", "other"), ("iss", "https://evil.example"), ("code", "guessed")]
)
def test_row_18_an_altered_answer_signs_nobody_in(
    browser: FlaskClient, provider: ProviderBench, member: str, value: str
) -> None:
    back = urlsplit(CityBrowser(provider).goes(browser.get("/library/sign-in").location))
    query = {name: values[0] for name, values in parse_qs(back.query).items()} | {member: value}
    assert browser.get(back.path, query_string=query).location == "/library?said=failed"
    assert not _is_signed_in(browser)


def test_row_18_an_answer_without_iss_is_not_believed(browser: FlaskClient, provider: ProviderBench) -> None:
    back = urlsplit(CityBrowser(provider).goes(browser.get("/library/sign-in").location))
    query = {name: values[0] for name, values in parse_qs(back.query).items() if name != "iss"}
    assert browser.get(back.path, query_string=query).location == "/library?said=failed"


def test_an_answer_is_used_once(browser: FlaskClient, provider: ProviderBench) -> None:
    back = CityBrowser(provider).goes(browser.get("/library/sign-in").location)
    assert _at_library(browser, back).location == "/library"
    assert _at_library(browser, back).location == "/library?said=lapsed"


def test_a_room_takes_level_3(browser: FlaskClient, provider: ProviderBench) -> None:
    _signed_in(browser, provider)
    sent = _post(browser, "/library/reservations", room="a").location
    page = CityBrowser(provider).goes(sent)
    assert parse_qs(urlsplit(page).query)["acr"] == ["urn:mykaohsiung:loa:3"]
    strong = CityBrowser(provider, amr="hwk user")
    back = _at_library(browser, strong.goes(_post(browser, "/library/reservations", room="a").location))
    assert back.location == "/library?room=a"
    assert _post(browser, "/library/reservations", room="a").location == "/library?said=booked"


def test_row_34_a_form_of_another_site_reserves_and_ends_nothing(browser: FlaskClient, provider: ProviderBench) -> None:
    _signed_in(browser, provider, amr="hwk user")
    for origin in ("https://evil.example", "null", ""):
        assert _post(browser, "/library/reservations", origin, room="a").location == "/library?said=failed"
        _post(browser, "/library/sign-out", origin)
    assert _is_signed_in(browser)
    assert "frame-ancestors 'none'" in browser.get("/library").headers["Content-Security-Policy"]


def test_signing_out_ends_the_library_s_session_and_leads_to_the_city_s(
    browser: FlaskClient, provider: ProviderBench
) -> None:
    _signed_in(browser, provider)
    out = urlsplit(_post(browser, "/library/sign-out").location)
    assert out.path == "/oauth/logout"
    assert parse_qs(out.query)["post_logout_redirect_uri"] == [f"{OWN_URL}/library/signed-out"]
    assert not _is_signed_in(browser)


def _logout_token(sid: str, **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": settings().public_origin, "aud": CLIENT_ID, "sub": "whoever", "iat": now, "exp": now + 60, "jti": str(now),
        "sid": sid, "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    } | changed  # fmt: skip
    with db.unit_of_work() as session:
        return keys.sign(session, {"typ": "logout+jwt"}, claims, "ES256", now=clock.now())


def _sid(app: Flask, browser: FlaskClient) -> str:
    library = next(view for name, view in app.view_functions.items() if name == "library.home")
    closure = dict(zip(library.__code__.co_freevars, library.__closure__ or (), strict=True))
    books: Books = closure["desk"].cell_contents.books
    cookie = browser.get_cookie("library_visit", path="/library")
    assert cookie is not None
    visit = visits.current(books, cookie.value)
    assert visit is not None
    return str(visit["sid"])


def test_a_session_that_ends_at_the_city_ends_at_the_library(
    app: Flask, browser: FlaskClient, provider: ProviderBench
) -> None:
    _signed_in(browser, provider)
    token = _logout_token(_sid(app, browser))
    assert browser.post("/library/backchannel-logout", data={"logout_token": token}).status_code == 200
    assert not _is_signed_in(browser)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another-site"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"events": {}},
        {"nonce": "as in an ID token"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_row_20_a_logout_token_that_is_none_ends_nothing(
    app: Flask, browser: FlaskClient, provider: ProviderBench, changed: dict[str, Any]
) -> None:
    _signed_in(browser, provider)
    token = _logout_token(_sid(app, browser), **changed)
    assert browser.post("/library/backchannel-logout", data={"logout_token": token}).status_code == 400
    assert _is_signed_in(browser)


def test_row_20_a_logout_token_of_another_key_or_of_none_ends_nothing(
    app: Flask, browser: FlaskClient, provider: ProviderBench
) -> None:
    _signed_in(browser, provider)
    genuine = _logout_token(_sid(app, browser))
    header, claims, _ = genuine.split(".")
    forged = jwt.encode({"alg": "ES256", "typ": "logout+jwt"}, {"sid": "x"}, ECKey.generate_key("P-256"))
    for token in (f"{header}.{claims}.", f"{header}.{claims}.AAAA", forged, "eyJhbGciOiJub25lIn0.e30.", "x", ""):
        assert browser.post("/library/backchannel-logout", data={"logout_token": token}).status_code == 400
    assert _is_signed_in(browser)
