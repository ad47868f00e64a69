"""The provider's own pages in a real Chromium: an answer that travels in a form, signing out, and a refusal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import psycopg
import pytest
from browser.phone_in_chromium import Phone, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack
from webhook_listener import Listener

from core import embedded
from core.crypto import token_hash
from core.ids import new_uuid

pytestmark = pytest.mark.browser
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PICTURES = os.environ.get("PICTURES_DIR")


@pytest.fixture
def listener() -> Iterator[Listener]:
    """The site's own server."""
    hears = Listener()
    hears.status = 200
    yield hears
    hears.stop()


@pytest.fixture
def client_id(stack: Stack, listener: Listener) -> str:
    """A site on this machine, registered and approved."""
    name = f"chromium.{new_uuid().hex[:12]}"
    url = embedded.running_url(stack.state_dir)
    assert url is not None
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO identity.relying_party (client_id, id, bureau, name_zh, name_en, purpose_zh, purpose_en, "
            "redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, token_endpoint_auth_method, secret_hash, "
            "scopes, sector_identifier, status, proposed_at, approved_at, updated_at) "
            "VALUES (%s, %s, 'culture', '圖書館預約', 'Library booking', '預約', 'Booking', %s, %s, %s, "
            "'client_secret_post', %s, '{openid}', '127.0.0.1', 'approved', now(), now(), now())",
            (name, new_uuid(), [f"{listener.url}/callback"], [f"{listener.url}/bye"], f"{listener.url}/logout",
             token_hash("secret")),
        )  # fmt: skip
    return name


def _asked(listener: Listener, client_id: str, **changes: str) -> str:
    query = {
        "client_id": client_id, "redirect_uri": f"{listener.url}/callback", "response_type": "code", "scope": "openid",
        "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256", "response_mode": "form_post",
    } | changes  # fmt: skip
    return f"/oauth/authorize?{urlencode(query)}"


def _agree(device: Phone) -> str:
    """Agree to what the consent page asks, with the session that the browser has; answers where it goes on."""
    request_id = re.search(r"authorization=(aut_[0-9a-z]+)", device.page.url)
    assert request_id is not None, device.page.url
    return str(
        device.page.evaluate(
            """async (id) => (await (await fetch(`/v1/me/authorizations/${id}/decision`, {
                 method: "POST", headers: {"Content-Type": "application/json"},
                 body: JSON.stringify({is_agreed: true, claims: []})})).json()).continue_url""",
            request_id[1],
        )
    )


def _look(device: Phone, name: str) -> None:
    if PICTURES:
        device.page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_an_answer_goes_to_the_site_in_a_form_and_signing_out_is_asked_and_told(
    stack: Stack, chromium_browser: Browser, listener: Listener, client_id: str
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger(), has_passkey=False)
        device.open(_asked(listener, client_id))
        device.page.wait_for_url(re.compile("/app/consent"))
        with device.page.expect_navigation(url=f"{listener.url}/callback"):
            device.page.evaluate("(url) => { location.href = url }", _agree(device))
        (answer,) = listener.wait_for(1)
        assert parse_qs(answer.content.decode()).keys() == {"code", "state", "iss"}
        bye = urlencode({"client_id": client_id, "post_logout_redirect_uri": f"{listener.url}/bye", "state": "s"})
        device.open(f"/oauth/logout?{bye}")
        expect(device.page.get_by_role("heading", level=1)).to_contain_text("要登出我的高雄嗎")
        _look(device, "logout_390")
        assert not device.is_wider_than_the_screen()
        device.page.keyboard.press("Tab")
        expect(device.page.get_by_role("button", name="登出 Sign out", exact=True)).to_be_focused()
        device.page.route(f"{listener.url}/bye*", lambda route: route.fulfill(body="bye"))
        device.page.keyboard.press("Enter")
        device.page.wait_for_url(f"{listener.url}/bye?state=s")
        # The site hears of it by itself, in the background.
        heard = listener.wait_for(2, seconds=30)[1]
        assert heard.path == "/logout" and b"logout_token=" in heard.content
        device.open("/app/me")
        device.page.wait_for_url(re.compile("/app(/sign-in|$|[?])"))


def test_a_refusal_is_readable_in_both_languages_on_every_screen(
    stack: Stack, chromium_browser: Browser, listener: Listener, client_id: str
) -> None:
    for width, height in ((320, 640), (390, 844), (1280, 800)):
        with phone(stack, chromium_browser, viewport={"width": width, "height": height}) as device:
            device.open(_asked(listener, client_id, redirect_uri="https://evil.example/"))
            expect(device.page.get_by_role("heading", level=1)).to_have_text("無法登入 This sign-in cannot go on")
            expect(device.page.get_by_text("nothing was sent there")).to_be_visible()
            assert "evil.example" not in device.page.url.partition("?")[0]
            assert not device.is_wider_than_the_screen()
            _look(device, f"refusal_{width}")
