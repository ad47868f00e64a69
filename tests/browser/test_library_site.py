"""The library's own site in real Chromium: signing in with the city, agreeing, stepping up, signing out everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browser.phone_in_chromium import PATIENCE_MS, Phone, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser


@contextmanager
def somebody(stack: Stack, browser: Browser, **context: object) -> Iterator[Phone]:
    """Somebody who is registered, with a passkey on this device, and signed in on the phone."""
    with phone(stack, browser, **context) as one:
        one.register(stranger())
        yield one


def _library(one: Phone) -> None:
    one.page.goto(f"{one.stack.sandbox_url}/library")


def _sign_in_at_the_library(one: Phone) -> None:
    _library(one)
    one.page.get_by_role("link", name="用我的高雄登入").click()


def _is_at_the_library(one: Phone) -> None:
    one.page.wait_for_url(re.compile(r"/library"), timeout=PATIENCE_MS)


def _agree(one: Phone) -> None:
    one.sees("「圖書館空間預約」想知道您的資料")
    one.press("同意並登入")
    _is_at_the_library(one)


def test_somebody_reserves_a_room_and_signs_out_everywhere(stack: Stack, chromium_browser: Browser) -> None:
    with somebody(stack, chromium_browser) as one:
        _sign_in_at_the_library(one)
        one.sees("「圖書館空間預約」想知道您的資料")
        expect(one.page.get_by_text("用途：在預約單和門口的名牌上顯示您的姓名")).to_be_visible()
        expect(one.page.get_by_role("checkbox")).not_to_be_checked()
        assert not one.is_wider_than_the_screen()
        _agree(one)
        expect(one.page.get_by_role("heading", name="讀者 您好")).to_be_visible()

        # The passkey of a moment ago is strong and fresh enough, so a room is reserved at once.
        one.page.get_by_role("button", name="預約討論室 A").click()
        expect(one.page.get_by_role("heading", name="預約成功")).to_be_visible()

        # What was agreed to is not asked again.
        _sign_in_at_the_library_again(one)
        expect(one.page.get_by_role("heading", name="讀者 您好")).to_be_visible()

        one.page.get_by_role("button", name="登出").click()
        one.page.get_by_role("button", name="登出 Sign out").click()
        _is_at_the_library(one)
        expect(one.page.get_by_role("heading", name="您已登出")).to_be_visible()
        one.open("/app/me")
        one.page.wait_for_url(re.compile("/app/sign-in"))


def _sign_in_at_the_library_again(one: Phone) -> None:
    one.page.context.clear_cookies(name="library_visit")
    _sign_in_at_the_library(one)
    _is_at_the_library(one)


def test_a_session_of_a_password_is_asked_for_the_passkey_before_a_room_is_reserved(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as one:
        person = stranger()
        one.register(person, has_passkey=False)
        _sign_in_at_the_library(one)
        _agree(one)
        one.page.get_by_role("button", name="預約討論室 A").click()
        one.sees("您正要登入「圖書館空間預約」")
        one.press("確認是我")
        dialog = one.page.get_by_role("dialog")
        dialog.get_by_role("button", name="加上通行金鑰").click()
        _is_at_the_library(one)
        expect(one.page.get_by_role("heading", name="確認預約 討論室 A（6 人）")).to_be_visible(timeout=PATIENCE_MS)
        one.page.get_by_role("button", name="確認預約").click()
        expect(one.page.get_by_role("heading", name="預約成功")).to_be_visible()


def test_somebody_who_is_not_signed_in_sees_for_which_site_and_turns_back(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as one:
        _sign_in_at_the_library(one)
        one.sees("您正要登入「圖書館空間預約」")
        expect(one.page.get_by_text("文化局的網站")).to_be_visible()
        one.press("不登入，回到「圖書館空間預約」")
        _is_at_the_library(one)
        expect(one.page.get_by_role("heading", name="您沒有登入")).to_be_visible()


def test_on_a_shared_phone_somebody_else_signs_in_for_the_same_request(stack: Stack, chromium_browser: Browser) -> None:
    with somebody(stack, chromium_browser) as one:
        _sign_in_at_the_library(one)
        one.sees("「圖書館空間預約」想知道您的資料")
        # The quiet offer of the sign-in page would be taken up at once, before anybody presses the button.
        one.recognises_its_owner(False)
        one.press("不是您？換人登入")
        one.sees("您正要登入「圖書館空間預約」")
        one.sign_in_with_the_passkey()
        one.sees("「圖書館空間預約」想知道您的資料")
        _agree(one)


def test_taking_a_consent_back_ends_the_library_s_session(stack: Stack, chromium_browser: Browser) -> None:
    with somebody(stack, chromium_browser) as one:
        _sign_in_at_the_library(one)
        one.page.get_by_role("checkbox").check()
        _agree(one)
        one.open("/app/me")
        one.press("知道我的網站", "link")
        one.sees("知道我的網站")
        expect(one.page.get_by_role("heading", name="圖書館空間預約")).to_be_visible()
        one.press("收回給「圖書館空間預約」的同意")
        one.page.get_by_role("dialog").get_by_role("button", name="收回同意").click()
        expect(one.page.get_by_text("還沒有網站知道您的資料")).to_be_visible()
        for _ in range(40):
            _library(one)
            if one.page.get_by_role("link", name="用我的高雄登入").count():
                break
            one.page.wait_for_timeout(250)
        expect(one.page.get_by_role("link", name="用我的高雄登入")).to_be_visible()


def test_the_consent_page_in_english_by_keyboard_alone_at_200_percent(stack: Stack, chromium_browser: Browser) -> None:
    with somebody(stack, chromium_browser) as one:
        one.page.evaluate(
            "localStorage.setItem('phone.language', 'en'); localStorage.setItem('phone.text-size', '200')"
        )
        _sign_in_at_the_library(one)
        title = one.page.get_by_role("heading", level=1)
        expect(title).to_be_visible(timeout=PATIENCE_MS)
        expect(title).to_be_focused()
        assert not one.is_wider_than_the_screen()
        for _ in range(30):
            one.page.keyboard.press("Tab")
            if one.page.evaluate("document.activeElement.type") == "checkbox":
                break
        one.page.keyboard.press("Space")
        expect(one.page.get_by_role("checkbox")).to_be_checked()
        for _ in range(10):
            one.page.keyboard.press("Tab")
            if one.page.evaluate("document.activeElement.textContent").strip() in ("Agree and sign in", "同意並登入"):
                break
        one.page.keyboard.press("Enter")
        _is_at_the_library(one)
        expect(one.page.get_by_role("button", name="Sign out")).to_be_visible()
