"""One's own devices on the phone: passkeys with names, where one is signed in, and the dialog that asks for more."""

from __future__ import annotations

import re

import pytest
from browser.fitting import WIDE, misfits
from browser.phone_in_chromium import Phone, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0"


def _security(device: Phone, title: str = "登入與安全") -> None:
    device.open("/app/me/security")
    device.sees(title)


def test_a_synced_passkey_is_marked_as_one_and_renamed_by_keyboard(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser, is_synced=True) as device:
        page = device.page
        device.register(stranger())
        _security(device)
        row = page.locator(".passkey-row")
        expect(row).to_contain_text("同步到您的帳號")
        expect(row).to_contain_text("這台主機")
        row.locator("summary").focus()
        page.keyboard.press("Enter")
        name = page.get_by_label("通行金鑰的名字")
        name.fill("")
        name.press("Enter")
        expect(page.locator(".field-error:visible")).to_contain_text("請寫一個名字")
        name.fill("媽媽的手機")
        name.press("Enter")
        expect(row.get_by_role("heading")).to_have_text("媽媽的手機")
        page.reload()
        expect(row.get_by_role("heading")).to_have_text("媽媽的手機")


def test_another_session_is_ended_and_then_all_others_and_each_is_in_the_list_of_sign_ins(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person)
        others = [Phone(stack, chromium_browser) for _ in range(3)]
        for other in others:
            other.sign_in(person, has_passkey=True)
        _security(device)
        sessions = page.locator(".session")
        expect(sessions).to_have_count(4)
        expect(sessions.filter(has_text="這支手機")).to_have_count(1)
        expect(sessions.first).to_contain_text("Chrome · Linux")
        sessions.first.get_by_role("button", name=re.compile("登出 Chrome")).click()
        expect(sessions).to_have_count(3)
        others[2].open("/app/me")
        others[2].sees("一支手機，辦好高雄的事")

        device.press("登出其他所有裝置")
        page.get_by_role("dialog").get_by_role("button", name="登出其他所有裝置").click()
        expect(sessions).to_have_count(1)
        expect(page.get_by_role("button", name="登出其他所有裝置")).to_have_count(0)
        others[0].open("/app/me")
        others[0].sees("一支手機，辦好高雄的事")
        expect(page.get_by_text("以密碼與簡訊登入")).to_have_count(0)
        expect(page.locator(".row", has_text="密碼與簡訊")).not_to_have_count(0)
        for other in others:
            other.close()


def test_a_sign_in_from_a_new_device_is_in_the_list_with_a_way_to_say_that_it_was_not_me(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device, phone(stack, chromium_browser, user_agent=WINDOWS) as other:
        device.register(person)
        other.sign_in(person, has_passkey=True)
        _security(device)
        not_me = device.page.get_by_role("link", name=re.compile("不是我本人：.*Edge · Windows"))
        expect(not_me).to_have_count(1)
        not_me.click()
        device.page.wait_for_url(re.compile(r"/app/not-me\?notice=ntc_"))
        expect(device.page.get_by_role("main")).to_contain_text("Edge · Windows")


def test_the_step_up_offers_only_what_reaches_the_level_and_a_finger_is_enough(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person)
        # The quiet offer of the sign-in page would be taken up at once.
        device.recognises_its_owner(False)
        device.context.clear_cookies()
        device.sign_in(person, has_passkey=True)
        device.recognises_its_owner(True)
        offered = page.request.get(
            f"{stack.url}/v1/auth/methods?acr=urn:mykaohsiung:loa:3&phishing_resistant=true"
        ).json()["items"]
        assert "password_sms" not in [item["method"] for item in offered]
        device.open("/app/me/banks")
        device.press("連結高雄銀行帳戶")
        dialog = page.get_by_role("dialog", name="請確認是您本人")
        expect(dialog.get_by_role("button", name="確認是我")).to_be_visible()
        expect(dialog).not_to_contain_text("密碼與簡訊")
        dialog.get_by_role("button", name="確認是我").click()
        page.wait_for_url(re.compile("/bank/authorize/"))


def test_a_further_passkey_from_a_session_by_password_asks_for_the_first_one(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device, phone(stack, chromium_browser) as other:
        device.register(person)
        other.sign_in(person, has_passkey=True)
        _security(other)
        other.press("加上通行金鑰")
        dialog = other.page.get_by_role("dialog", name="請確認是您本人")
        dialog.get_by_role("button", name="確認是我").click()
        # This phone does not hold the passkey.
        expect(dialog.locator(".problem")).to_contain_text("沒有確認到是您本人")
        dialog.get_by_role("button", name="取消").click()
        expect(other.page.locator(".problem").first).to_contain_text("這一步需要再次確認身分")
        _security(device)
        expect(device.page.locator(".passkey-row")).to_have_count(1)


def test_the_page_of_ones_devices_fits_every_screen_at_twice_the_text_size(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        _security(device)
        assert misfits(device, viewports=({"width": 320, "height": 640}, WIDE)) == []
        device.press("English")
        _security(device, "Sign-in and safety")
        assert misfits(device) == []
