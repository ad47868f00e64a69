"""Every way to pay on the phone, and what becomes of it, in real Chromium against the whole running product."""

from __future__ import annotations

import re
import uuid

import pytest
from browser.phone_in_chromium import PATIENCE_MS, Person, Phone, owes, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack

pytestmark = pytest.mark.browser

CHALLENGED, PLAIN = "4212 3456 7890 1237", "4111 1111 1111 1111"


def owing(device: Phone, *fines: int) -> Person:
    """Somebody new on this phone with these fines (NT$)."""
    person = stranger()
    owes(device.stack, person, fines=fines)
    device.register(person)
    return person


def choose_bill(device: Phone, amount: str) -> None:
    """From the first screen to the ways to pay this bill."""
    device.open()
    device.page.locator(".bill", has_text=amount).locator(".check").check()
    device.page.locator(".pay-bar").get_by_role("button").click()
    device.sees("繳費")


def pay_by(device: Phone, way: str) -> None:
    """Choose a way, read the words, sign."""
    device.page.locator(".way", has_text=way).get_by_role("radio").check()
    device.press("下一步：核對內容")
    device.sees("核對並確認")
    device.press("確認繳費")


def enter_card(device: Phone, number: str, holder: str = "王小美") -> None:
    """On the processor's page."""
    page = device.page
    page.wait_for_url(re.compile(r"/adyen/pay/"))
    page.locator("#number").fill(number)
    page.locator("#expiry").fill("03/30")
    page.locator("#cvc").fill("737")
    page.locator("#holder_name").fill(holder)
    page.locator("button[value=pay]").click()


def open_other_account(device: Phone, person: Person, balance_twd: int = 100_000) -> None:
    """Link an account of this person at another bank, from the screen that is open."""
    account_no = f"{uuid.uuid4().int % 10**12:012d}"
    device.stack.sandbox.put(
        "ach/accounts", bank="822", account_no=account_no, national_id=person.national_id, balance_twd=balance_twd
    )
    device.press("連結其他銀行帳戶", "link")
    device.page.get_by_label("銀行", exact=True).select_option("822")
    device.page.get_by_label("帳號").fill(account_no)
    device.press("到銀行的頁面")
    device.page.locator("button[value=approve]").click()
    device.page.wait_for_url(re.compile(r"/app/(?!bank-return)"))


def test_a_new_card_is_checked_by_its_bank_kept_and_pays_the_next_bill_at_once(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        owing(device, 600, 900)
        choose_bill(device, "600")
        page.locator(".way", has_text="輸入新卡片").get_by_role("radio").check()
        page.get_by_label("保留這張卡").check()
        pay_by(device, "輸入新卡片")
        enter_card(device, CHALLENGED)
        page.wait_for_url(re.compile(r"/adyen/3ds/"))
        page.locator("button[value=approve]").click()
        device.sees("繳費成功")
        page.get_by_text("這筆繳費的經過").click()
        expect(page.locator(".steps li", has_text="請到發卡銀行或電子支付確認")).to_be_visible()

        choose_bill(device, "900")
        expect(page.locator(".way", has_text="保留的卡片")).to_be_visible(timeout=PATIENCE_MS)
        pay_by(device, "保留的卡片")
        page.locator("button[value=approve]").click()
        device.sees("繳費成功")

        device.open("/app/me/cards")
        page.get_by_role("button", name=re.compile("^移除")).click()
        page.get_by_role("dialog").get_by_role("button", name="移除").click()
        expect(page.locator(".empty")).to_contain_text("沒有保留的卡片")


def test_a_wallet_is_left_by_the_way_back_offered_again_and_then_pays(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        owing(device, 600)
        choose_bill(device, "600")
        pay_by(device, "LINE Pay")
        page.locator("button[value=pay]").wait_for()
        page.go_back()
        device.sees("請到 LINE Pay 的頁面確認")
        device.press("前往 LINE Pay 的頁面")
        page.locator("button[value=pay]").click()
        device.sees("繳費成功")
        expect(page.locator(".outcome")).to_contain_text("LINE Pay")


def test_a_payer_who_thinks_again_and_then_cancels_in_the_wallet_pays_nothing(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        owing(device, 600)
        choose_bill(device, "600")
        device.page.locator(".way", has_text="LINE Pay").get_by_role("radio").check()
        device.press("下一步：核對內容")
        device.sees("核對並確認")
        choose_bill(device, "600")
        pay_by(device, "街口支付")
        device.page.locator("button[value=cancel]").click()
        device.sees("沒有繳成")
        expect(device.page.locator(".failed-words")).to_contain_text("您在付款頁面取消了")


def test_the_devices_own_wallet_pays_after_its_sheet_and_nothing_when_that_is_closed(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        owing(device, 600)
        choose_bill(device, "600")
        pay_by(device, "Apple Pay")
        sheet = page.get_by_role("dialog")
        expect(sheet).to_contain_text("這是示範的付款視窗")
        sheet.get_by_role("button", name="取消").click()
        expect(page.locator(".problem")).to_be_visible()
        device.press("確認繳費")
        page.get_by_role("dialog").get_by_role("button", name="用 Apple Pay 付款").click()
        device.sees("繳費成功")
        assert "DEMO WALLET" not in page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")


def test_another_bank_counts_at_once_may_be_returned_and_then_the_bill_is_owed_again(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        person = owing(device, 600)
        choose_bill(device, "600")
        open_other_account(device, person, balance_twd=5)
        device.sees("繳費")
        pay_by(device, "***")
        device.sees("已視為繳清")
        expect(page.locator(".notice")).to_contain_text("前，您的銀行可能退回這筆扣款")
        payment = page.url
        stack.sandbox.asked("POST", "/books/ach/day-close", {"days": 2})
        device.open("/app/inbox")
        expect(page.get_by_text(re.compile("一筆繳費 NT.610 被退回")).first).to_be_visible(timeout=60_000)
        page.goto(payment)
        device.sees("您的銀行退回了這筆扣款")
        device.press("再繳一次", "link")
        device.sees("繳費")


def test_points_pay_a_part_and_money_the_rest_and_a_refund_can_be_asked_for(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    owes(stack, person, parking=(2000, 300))
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person)
        device.add_plate(person.plate)
        choose_bill(device, "2,000")
        device.press("連結高雄銀行帳戶")
        device.consent_at_the_bank()
        pay_by(device, "高雄銀行")
        device.sees("繳費成功")
        expect(page.locator(".points-earned")).to_be_visible(timeout=PATIENCE_MS)

        choose_bill(device, "300")
        page.locator(".way", has_text="街口支付").get_by_role("radio").check()
        page.get_by_label("要用幾點").first.fill("999")
        expect(page.locator(".field-error:visible")).to_contain_text("30")
        page.get_by_label("要用幾點").first.fill("15")
        expect(page.locator(".pay-sums")).to_contain_text("285")
        pay_by(device, "街口支付")
        expect(page.locator(".amount")).to_contain_text("285")
        page.locator("button[value=pay]").click()
        device.sees("繳費成功")
        expect(page.locator(".outcome")).to_contain_text("15 點 ＋ NT$285")

        payment = page.request.get(page.url.replace("/app/", "/v1/")).json()
        device.press("要退款嗎？", "link")
        device.sees("申請退款")
        page.get_by_text("帳單被撤銷了").click()
        device.press("送出申請")
        expect(page.locator(".notice.warn")).to_be_visible()
        stack.sandbox.put("bureaus/parking/bills", number=payment["bills"][0]["number"], amount_twd=300, status="void")
        device.press("送出申請")
        device.sees("已收到退款申請")
        refund = page.locator(".refund")
        expect(refund).to_contain_text("285")
        expect(refund).to_contain_text("15 點")
        device.press("看這次繳費", "link")
        expect(page.locator(".refund .mark")).to_contain_text("已退回", timeout=PATIENCE_MS)
