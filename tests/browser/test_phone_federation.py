"""Signing in on the phone with LINE, Apple and a mobile ID, in real Chromium with its own rules about cookies."""

from __future__ import annotations

import re

import pytest
from browser.phone_in_chromium import Phone, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser


def agrees(device: Phone, account: str, email: str = "") -> None:
    """On the provider's own page: another account, and yes."""
    device.page.wait_for_url(re.compile("/oidc/"))
    device.page.locator("input[name=new_account]").fill(account)
    device.page.locator("input[name=email]").fill(email)
    device.page.locator("button[value=approve]").click()


def confirms_on_the_phone(device: Phone, national_id: str, name: str = "") -> None:
    """On the mobile ID's page: the ID number, then in its app the number that the screen shows, with a finger."""
    page = device.page
    page.wait_for_url(re.compile("/oidc/mobile_id/"))
    page.locator("input[name=national_id]").fill(national_id)
    page.locator("input[name=name]").fill(name)
    page.locator("button.yes").click()
    number = page.locator("[data-number]").inner_text()
    page.get_by_role("radio", name=number).check()
    page.locator("button[value=approve]").click()


def chooses(device: Phone, provider: str, way: str) -> None:
    """Opens one of the ways to sign in and goes to its page."""
    device.open(f"/app/sign-in?method={provider}")
    device.press(f"前往 {way}")


@pytest.mark.parametrize(("provider", "way"), [("line", "LINE"), ("apple", "Apple")])
def test_an_account_is_linked_after_a_yes_and_signs_in_from_then_on(
    stack: Stack, chromium_browser: Browser, provider: str, way: str
) -> None:
    person = stranger()
    account = f"{provider} of {person.mobile}"
    with phone(stack, chromium_browser) as device:
        device.register(person, has_passkey=False)
        device.open("/app/me/linked-accounts")
        device.sees("連結的帳號")
        device.press(f"連結 {way}")
        agrees(device, account)
        device.sees(f"連結 {way} 帳號")
        expect(device.page.locator(".facts")).to_contain_text(f"{account}@example.tw")
        assert not device.is_wider_than_the_screen()
        device.press("是我的帳號，連結")
        device.sees("連結的帳號")
        expect(device.page.get_by_role("heading", level=2, name=way)).to_be_visible()
        reach = device.page.get_by_role("switch")
        if provider == "line":
            reach.check()
            expect(device.page.get_by_role("status")).to_contain_text("會用 LINE 通知您")
            device.page.reload()
            expect(reach).to_be_checked()
        else:
            expect(reach).to_have_count(0)
    with phone(stack, chromium_browser) as other:
        chooses(other, provider, way)
        agrees(other, account)
        other.page.wait_for_url(re.compile("/app$"))
        other.open("/app/me/linked-accounts")
        other.sees("連結的帳號")


def test_an_account_that_nobody_linked_leads_to_signing_in_once_another_way(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        device.register(person, has_passkey=False)
    with phone(stack, chromium_browser) as device:
        chooses(device, "google", "Google")
        agrees(device, f"new {person.mobile}")
        device.sees("連結 Google 帳號")
        device.press("用別的方式登入")
        device.page.get_by_label("身分證字號或居留證號").fill(person.national_id)
        device.page.get_by_label("密碼", exact=True).fill(person.password)
        device.press("下一步")
        device._enter_code(person.mobile)
        device.press("以後再說")
        device.sees("連結 Google 帳號")
        device.press("不要連結")
        device.open("/app/me/linked-accounts")
        expect(device.page.get_by_text("還沒有連結任何帳號")).to_be_visible()


def test_cancelling_comes_back_calmly_and_by_keyboard_alone(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        device.open("/app/sign-in?method=google")
        device.press("English")
        device.page.get_by_role("button", name="Continue to Google").press("Enter")
        device.page.wait_for_url(re.compile("/oidc/google/"))
        device.page.locator("button[value=deny]").press("Enter")
        device.page.wait_for_url(re.compile("/app/account-return"))
        expect(device.page.get_by_role("heading", level=1, name="You cancelled the sign-in")).to_be_focused()
        device.page.get_by_role("link", name="Try again").press("Enter")
        device.page.wait_for_url(re.compile("method=google"))


def test_a_provider_that_is_down_is_said_on_the_spot(stack: Stack, chromium_browser: Browser) -> None:
    # Its token endpoint alone, so that the city does not remember of the whole provider that it failed.
    stack.sandbox.set_switch("line", "token", "maintenance", seconds=60, count=1)
    with phone(stack, chromium_browser) as device:
        chooses(device, "line", "LINE")
        agrees(device, "anybody")
        device.sees("對方網站現在沒有回應")
        device.press("用別的方式登入", "link")
        device.page.get_by_label("身分證字號或居留證號").wait_for()


def test_a_mobile_id_registers_and_signs_in_without_a_password(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        chooses(device, "mobile_id", "行動自然人憑證")
        confirms_on_the_phone(device, person.national_id, "王小美")
        device.sees("已登入")
        device.press("加上通行金鑰")
        device.sees("我要繳的")
        device.open("/app/me")
        device.sees("我的")
        expect(device.page.locator(".identity")).to_contain_text(person.national_id[:3])
        device.press("登記手機號碼", "link")
        device.sees("登記手機號碼")
        device.page.get_by_label("手機號碼").fill(person.mobile)
        device.press("傳驗證碼")
        device._enter_code(person.mobile)
        device.sees("我的")
        expect(device.page.locator(".identity")).to_contain_text(person.mobile[-2:])
    with phone(stack, chromium_browser) as again:
        chooses(again, "mobile_id", "行動自然人憑證")
        confirms_on_the_phone(again, person.national_id)
        again.open("/app/me/security")
        expect(again.page.get_by_role("heading", level=1)).to_be_visible()


def test_a_mobile_id_is_a_way_to_show_once_more_that_it_is_you(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person, has_passkey=False)
        device.open("/app/me/banks")
        device.press("連結高雄銀行帳戶")
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="行動自然人憑證").click()
        dialog.get_by_role("button", name="前往 行動自然人憑證").click()
        confirms_on_the_phone(device, person.national_id)
        page.wait_for_url(re.compile("/app/me/banks"))
        device.press("連結高雄銀行帳戶")
        page.wait_for_url(re.compile("/bank/authorize/"))
