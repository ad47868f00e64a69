"""Signing in with a card in a reader, a wrong PIN, then a first passkey; in real Chromium."""

from __future__ import annotations

import re

import pytest
from browser.phone_in_chromium import Phone, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser
PIN = "246810"


def card_of_somebody_new(stack: Stack, name: str) -> tuple[str, str]:
    """(ID number, name) of somebody whom nobody has heard of, with a card in the reader."""
    person = stranger()
    stack.sandbox.put("moica/cards", national_id=person.national_id, name=name, pin=PIN)
    return person.national_id, name


def open_the_form(device: Phone, way: str = "自然人憑證", *, in_english: bool = False) -> None:
    device.open("/app/sign-in")
    if in_english:
        device.press("English")
    device.page.get_by_role("button", name=re.compile(f"^{way}")).click()


def test_a_card_and_its_pin_sign_in_somebody_new_who_then_adds_a_first_passkey(
    stack: Stack, chromium_browser: Browser
) -> None:
    national_id, name = card_of_somebody_new(stack, "谷暮·哈就")
    with phone(stack, chromium_browser) as device:
        page = device.page
        open_the_form(device)
        device.press("用卡片登入")
        expect(page.get_by_role("alert").filter(has_text="請選一張卡")).to_be_visible()
        page.get_by_role("radio", name=name).check()
        page.get_by_label("身分證字號或居留證號").fill(national_id)
        page.get_by_label("卡片 PIN 碼").fill("000000")
        device.press("用卡片登入")
        expect(page.locator(".field-error:visible")).to_contain_text("還可以試 2 次")
        expect(page.get_by_label("卡片 PIN 碼")).to_be_focused()
        page.get_by_label("卡片 PIN 碼").fill(PIN)
        page.keyboard.press("Enter")
        device.press("加上通行金鑰")
        device.sees("我要繳的")
        device.open("/app/me/security")
        expect(page.get_by_text(re.compile("用戶序號末四碼 [0-9]{4}"))).to_be_visible()
        expect(page.locator(".passkey-row")).to_have_count(1)
        page.get_by_role("button", name=re.compile("移除末四碼")).click()
        page.get_by_role("dialog").get_by_role("button", name="移除").click()
        expect(page.get_by_text("還沒有用自然人憑證登入過")).to_be_visible()


def test_what_a_card_is_refused_for_is_said_in_plain_words_in_english_too(
    stack: Stack, chromium_browser: Browser
) -> None:
    national_id, name = card_of_somebody_new(stack, "Kolas Yotaka")
    with phone(stack, chromium_browser, viewport={"width": 320, "height": 700}) as device:
        page = device.page
        open_the_form(device, "Citizen Digital Certificate", in_english=True)
        stack.sandbox.set_switch("moica", "reader_sign", "revoked_certificate", match={"national_id": national_id})
        page.get_by_role("radio", name=name).check()
        page.get_by_label("National ID or resident number").fill(national_id)
        page.get_by_label("The card's PIN").fill(PIN)
        device.press("Sign in with the card")
        expect(page.locator(".problem")).to_contain_text("has been revoked")
        assert not device.is_wider_than_the_screen()
        for left in ("2 tries", "1 try"):
            page.get_by_label("The card's PIN").fill("111111")
            device.press("Sign in with the card")
            expect(page.locator(".field-error:visible")).to_contain_text(left)
        page.get_by_label("The card's PIN").fill("111111")
        device.press("Sign in with the card")
        expect(page.locator(".problem")).to_contain_text("The card is blocked")


def test_whoever_has_a_password_and_no_passkey_proves_who_they_are_with_the_card_and_comes_back(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    stack.sandbox.put("moica/cards", national_id=person.national_id, name="鄭成功", pin=PIN)
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person, has_passkey=False)
        with stack.database() as database:
            database.execute("UPDATE identity.person SET first_passkey_until = NULL")
        device.open("/app/me/security")
        page.get_by_role("button", name=re.compile("^自然人憑證")).click()
        page.get_by_role("radio", name="鄭成功").check()
        page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        page.get_by_label("卡片 PIN 碼").fill(PIN)
        device.press("用卡片登入")
        device.press("加上通行金鑰")
        device.sees("登入與安全")
        expect(page.locator(".passkey-row")).to_have_count(1)
        expect(page.get_by_text(re.compile("用戶序號末四碼 [0-9]{4}"))).to_be_visible()


def test_without_a_reader_the_page_says_what_to_do_and_tries_again(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        page.route("**/moica/reader/cards", lambda route: route.abort())
        open_the_form(device)
        expect(page.get_by_text("找不到讀卡機元件")).to_be_visible()
        page.unroute("**/moica/reader/cards")
        device.press("再試一次")
        expect(page.get_by_label("卡片 PIN 碼")).to_be_visible()


def test_at_twice_the_text_size_nothing_is_wider_than_the_screen(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser, viewport={"width": 320, "height": 700}) as device:
        device.open("/app/sign-in")
        device.page.evaluate("window.localStorage.setItem('phone.text-size', '200')")
        open_the_form(device)
        expect(device.page.get_by_label("卡片 PIN 碼")).to_be_visible()
        assert device.page.evaluate("document.documentElement.dataset.textSize") == "200"
        assert not device.is_wider_than_the_screen()
