"""Letting somebody act on the phone: offered, agreed, acted by under a banner, seen and revoked; in real Chromium."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from browser.phone_in_chromium import PATIENCE_MS, Phone, owes, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PICTURES_DIR")


def picture(device: Phone, name: str) -> None:
    """Keep how the screen looks, where somebody wants to see it."""
    if PICTURES:
        device.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def offer(device: Phone, to: str, *scopes: str) -> None:
    """Fill in the form and send it (in Chinese)."""
    device.open("/app/me/delegations")
    device.sees("委託")
    device.press("請人代我辦事", role="link")
    device.page.get_by_label(re.compile("對方的身分證字號")).fill(to)
    for scope in scopes:
        device.page.get_by_role("checkbox", name=re.compile(scope)).check()


def test_a_driver_is_let_pay_for_a_van_and_acts_under_a_banner_until_it_is_revoked(
    stack: Stack, chromium_browser: Browser
) -> None:
    owner, driver = stranger(), stranger()
    owes(stack, owner, parking=(300, 700))
    with phone(stack, chromium_browser) as at_home, phone(stack, chromium_browser) as at_work:
        at_home.register(owner)
        at_home.add_plate(owner.plate)
        at_work.register(driver)
        at_work.open("/app/me/banks")
        at_work.press("連結高雄銀行帳戶")
        at_work.consent_at_the_bank()

        offer(at_home, driver.national_id, "查看並繳納帳單")
        at_home.page.get_by_label("只限一輛車").fill(owner.plate)
        at_home.page.get_by_label("每月最多").fill("900")
        assert not at_home.is_wider_than_the_screen()
        picture(at_home, "delegation-offer")
        at_home.press("送出")
        dialog = at_home.page.get_by_role("dialog")
        expect(dialog).to_contain_text("查看並繳納帳單")
        dialog.get_by_role("button", name="送出").click()
        expect(at_home.page.locator(".grants")).to_contain_text(owner.plate)
        expect(at_home.page.locator(".grants")).to_contain_text("NT$900")

        at_work.open("/app/me/delegations")
        at_work.sees("委託")
        expect(at_work.page.locator(".row", has_text="等您回覆")).to_be_visible()
        at_work.page.locator(".row-link", has_text="等您回覆").click()
        expect(at_work.page.get_by_text("請先看清楚再回覆")).to_be_visible()
        picture(at_work, "delegation-answer")
        at_work.press("我同意")
        expect(at_work.page.locator(".mark", has_text="有效").first).to_be_visible()
        at_work.press("開始替")
        expect(at_work.page.get_by_role("heading", level=1)).to_contain_text("要繳的")
        banner = at_work.page.get_by_role("region", name="代理中")
        expect(banner).to_contain_text("您正在替")
        expect(at_work.page.locator(".bill")).to_have_count(2)
        picture(at_work, "delegation-acting")
        at_work.page.reload()
        expect(banner).to_be_visible()

        at_work.page.locator(".bill", has_text="700").locator(".check").check()
        at_work.page.locator(".pay-bar").get_by_role("button").click()
        at_work.press("下一步：核對內容")
        expect(at_work.page.locator(".slip")).to_contain_text("帳單屬於")
        picture(at_work, "delegation-sign")
        at_work.press("確認繳費")
        at_work.sees("繳費成功")
        at_work.open("/app")
        at_work.page.locator(".bill", has_text="300").locator(".check").check()
        at_work.page.locator(".pay-bar").get_by_role("button").click()
        at_work.press("下一步：核對內容")
        expect(at_work.page.get_by_text("委託範圍不包含這件事")).to_be_visible()

        at_home.page.reload()
        expect(at_home.page.get_by_text("為您確認付款")).to_be_visible()
        picture(at_home, "delegation-acts")
        at_home.press("撤回委託")
        at_home.page.get_by_role("dialog").get_by_role("button", name="撤回委託").click()
        expect(at_home.page.locator(".mark", has_text="已撤回")).to_be_visible()

        at_work.open("/app")
        expect(at_work.page.locator(".notice-title", has_text="這份委託目前沒有效力")).to_be_visible(
            timeout=PATIENCE_MS
        )
        expect(banner).to_be_hidden()
        at_work.open("/app")
        at_work.sees("我要繳的")


def test_the_way_back_is_one_press_by_keyboard_at_large_text_and_in_english(
    stack: Stack, chromium_browser: Browser
) -> None:
    mother, caregiver = stranger(), stranger()
    owes(stack, mother, fines=(600,))
    with (
        phone(stack, chromium_browser) as hers,
        phone(stack, chromium_browser, viewport={"width": 1280, "height": 900}) as device,
    ):
        hers.register(mother)
        offer(hers, caregiver.national_id, "查看帳單", "預約與取消乘車")
        hers.press("送出")
        hers.page.get_by_role("dialog").get_by_role("button", name="送出").click()
        expect(hers.page.locator(".mark", has_text="等待對方同意")).to_be_visible()

        device.register(caregiver)
        page = device.page
        page.get_by_role("button", name="English").click()
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.goto(f"{stack.url}/app/me/delegations")
        device.sees("Delegations")
        page.locator(".row-link", has_text="waits for your answer").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Yes, I agree").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name=re.compile("Begin to act for")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Bills of")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        page.set_viewport_size({"width": 390, "height": 844})
        assert not device.is_wider_than_the_screen()
        assert page.locator(".bill .check").count() == 0, "what may only be read cannot be chosen to pay"
        picture(device, "delegation-acting-large-en")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("document.documentElement.style.fontSize = ''")
        picture(device, "delegation-acting-desk-en")
        page.get_by_role("button", name="Back to my own").focus()
        page.keyboard.press("Enter")
        device.sees("Delegations")
        expect(page.get_by_role("region", name="Acting for somebody")).to_be_hidden()
        device.open("/app")
        device.sees("What I owe")
