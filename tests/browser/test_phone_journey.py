"""The main job on the phone, from registering to the receipt, in real Chromium against the whole running product."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from browser.phone_in_chromium import PATIENCE_MS, Phone, owes, phone, stranger
from playwright.sync_api import Browser, Route, expect
from stack import Stack

pytestmark = pytest.mark.browser


def ready_to_pay(device: Phone, *fines: int) -> None:
    """Somebody registered on this phone, with an account linked, looking at these fines (NT$)."""
    person = stranger()
    owes(device.stack, person, fines=fines)
    device.register(person)
    device.open("/app/me/banks")
    device.press("連結高雄銀行帳戶")
    device.consent_at_the_bank()
    device.sees("銀行帳戶")
    device.open()
    expect(device.page.locator(".bill .check")).to_have_count(len(fines))


def review_one(device: Phone) -> str:
    """The same with one fine of NT$900, up to the words to sign. Answers the payment's id."""
    ready_to_pay(device, 900)
    device.page.locator(".bill .check").check()
    device.page.locator(".pay-bar").get_by_role("button").click()
    device.press("下一步：核對內容")
    device.sees("核對並確認")
    return device.page.url.rsplit("/", 1)[-1]


def test_a_new_citizen_registers_links_an_account_and_pays_two_bills_with_receipt_points_and_message(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    owes(stack, person, parking=(120, 40), fines=(600,))
    with phone(stack, chromium_browser) as device:
        page = device.page
        device.register(person)
        expect(page.locator(".bill")).to_have_count(1)
        device.add_plate(person.plate)
        device.open()
        expect(page.locator(".bill")).to_have_count(3)

        page.locator(".bill", has_text="交通罰鍰").locator(".check").check()
        page.locator(".bill", has_text="120").locator(".check").check()
        expect(page.locator(".pay-bar")).to_contain_text("已選 2 筆")
        expect(page.locator(".pay-bar")).to_contain_text("720")
        page.locator(".pay-bar").get_by_role("button").click()
        device.press("連結高雄銀行帳戶")
        device.consent_at_the_bank()
        device.sees("繳費")
        device.press("下一步：核對內容")

        device.sees("核對並確認")
        slip = page.locator(".slip")
        expect(slip.locator(".slip-total")).to_contain_text("725")
        page.get_by_text("完整簽署文字").click()
        exact = slip.locator("pre").inner_text()
        words = json.loads(exact)
        assert (words["fee"], words["total"], len(words["bills"])) == (5, 725, 2)
        expect(slip).to_contain_text(hashlib.sha256(exact.encode()).hexdigest())
        device.press("確認繳費")

        device.sees("繳費成功")
        (debit,) = stack.sandbox.debits(reference=words["payment"])
        assert (debit["amount_twd"], debit["status"]) == (725, "booked")
        device.press("看收據", "link")
        device.sees("收據")
        expect(page.locator(".paper")).to_contain_text("725")
        pdf_address = page.get_by_role("link", name=re.compile("PDF")).get_attribute("href")
        pdf = page.request.get(f"{stack.url}{pdf_address}")
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.body().startswith(b"%PDF-")

        device.open("/app/points")
        expect(page.locator(".coin .figure")).not_to_have_text(re.compile(r"^0"), timeout=PATIENCE_MS)
        device.open("/app/inbox")
        receipt_message = page.locator(".row", has_text="繳費完成")
        expect(receipt_message).to_be_visible(timeout=PATIENCE_MS)
        receipt_message.click()
        expect(page.locator(".letter")).to_contain_text("725")
        page.get_by_text("為什麼我會收到這則訊息？").click()
        expect(page.locator(".why-words")).to_contain_text("我的高雄")

        device.open()
        expect(page.locator(".bill")).to_have_count(1)
        device.open("/app?status=paid")
        expect(page.locator(".bill")).to_have_count(2)


def test_bills_are_paid_with_the_keyboard_alone(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        ready_to_pay(device, 900)
        page = device.page

        def tab_to(name: str) -> None:
            for _ in range(40):
                page.keyboard.press("Tab")
                focused = page.evaluate("document.activeElement.closest('label, button, a')?.textContent || ''")
                if name in focused:
                    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                    assert outline != "none", f"no visible focus on {name}"
                    return
            raise AssertionError(f"Tab never reached {name}")

        tab_to("交通罰鍰")
        page.keyboard.press("Space")
        tab_to("繳費")
        page.keyboard.press("Enter")
        device.sees("繳費")
        tab_to("下一步：核對內容")
        page.keyboard.press("Enter")
        device.sees("核對並確認")
        tab_to("確認繳費")
        page.keyboard.press("Enter")
        device.sees("繳費成功")
        assert page.evaluate("document.activeElement.tagName") == "H1"


def test_a_person_the_phone_does_not_recognise_pays_nothing_and_may_try_again(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        payment_id = review_one(device)

        device.recognises_its_owner(False)
        device.press("確認繳費")
        expect(page.locator(".problem")).to_contain_text("沒有確認到是您本人")
        assert stack.sandbox.debits(reference=payment_id) == []

        device.recognises_its_owner(True)
        device.press("確認繳費")
        device.sees("繳費成功")
        assert len(stack.sandbox.debits(reference=payment_id)) == 1


def test_the_phone_refuses_to_sign_words_that_were_changed_on_the_way(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        ready_to_pay(device, 900)
        page = device.page

        def cheaper(route: Route) -> None:
            answer = route.fetch()
            body = answer.json()
            body["instruction"] = body["instruction"].replace('"amount":900', '"amount":100').replace(":905", ":105")
            body["total"] = 105
            route.fulfill(response=answer, json=body)

        page.route(re.compile(r"/v1/payments/pay_[^/]+$"), cheaper)
        page.locator(".bill .check").check()
        page.locator(".pay-bar").get_by_role("button").click()
        device.press("下一步：核對內容")
        device.sees("內容對不起來")
        expect(page.get_by_role("button", name="確認繳費")).to_have_count(0)


def test_a_reload_while_the_bank_is_slow_finds_the_same_payment_and_debits_once(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        payment_id = review_one(device)
        stack.sandbox.set_switch("bank", "debit", "slow", count=1, match={"reference": payment_id}, seconds=3)
        device.press("確認繳費")
        device.sees("正在向銀行扣款")
        page.reload()
        device.sees("繳費成功")
        assert len(stack.sandbox.debits(reference=payment_id)) == 1


def test_everything_reads_english_when_asked_and_stays_so(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        person = stranger()
        owes(stack, person, fines=(600,))
        device.register(person)
        device.press("English")
        device.sees("What I owe")
        assert page.evaluate("document.documentElement.lang") == "en"
        page.reload()
        device.sees("What I owe")
        expect(page.locator(".bill")).to_contain_text("Traffic fine")
        for path, heading in (("/app/me", "Me"), ("/app/points", "City points"), ("/app/inbox", "Inbox")):
            device.open(path)
            device.sees(heading)
        device.open("/app/bills/bill_00000000000000000000000000")
        expect(page.locator(".problem")).not_to_contain_text(re.compile("[一-鿿]"))


def test_a_wrong_check_digit_is_said_before_anything_is_sent(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        sent: list[str] = []
        device.page.on("request", lambda request: sent.append(request.url))
        device.open()
        number = device.page.get_by_label("身分證字號或居留證號")
        number.fill("A123456788")
        device.page.get_by_label("密碼", exact=True).fill("anything at all")
        device.press("下一步")
        expect(device.page.get_by_text("號碼不對")).to_be_visible()
        expect(number).to_be_focused()
        assert not [url for url in sent if "/v1/auth/password" in url]


def test_someone_signed_out_comes_back_with_the_passkey_alone(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        person = stranger()
        device.register(person)
        device.sign_out()
        device.sign_in_with_the_passkey()
        device.sees("我要繳的")


def test_who_put_the_passkey_off_is_asked_for_it_where_money_begins_and_then_goes_on(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger(), has_passkey=False)
        device.open("/app/me/banks")
        device.press("連結高雄銀行帳戶")
        dialog = device.page.get_by_role("dialog", name="先加上通行金鑰")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="加上通行金鑰").click()
        device.consent_at_the_bank()
        device.sees("銀行帳戶")
        expect(device.page.locator(".bank")).to_contain_text("可以扣款")


def test_a_no_at_the_bank_links_nothing_and_is_said_kindly(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        device.open("/app/me/banks")
        device.press("連結高雄銀行帳戶")
        device.page.locator("button[value=deny]").click()
        device.sees("帳戶沒有連結")
        device.press("繼續", "link")
        device.sees("銀行帳戶")
        expect(device.page.get_by_text("可以扣款")).to_have_count(0)


def test_a_refusal_of_the_bank_is_told_in_plain_words_and_the_bill_can_be_paid_again(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        payment_id = review_one(device)
        stack.sandbox.set_switch("bank", "debit", "insufficient_funds", count=1, match={"reference": payment_id})
        device.press("確認繳費")
        device.sees("沒有繳成")
        expect(device.page.locator(".failed-words")).to_contain_text("餘額不足")
        device.press("再繳一次", "link")
        device.press("下一步：核對內容")
        device.sees("核對並確認")
        device.press("確認繳費")
        device.sees("繳費成功")


def test_without_an_answer_of_the_bank_the_phone_says_so_and_shows_the_end_when_it_is_known(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        payment_id = review_one(device)
        stack.sandbox.set_switch("bank", "debit", "timeout_after", count=1, match={"reference": payment_id})
        stack.sandbox.set_settings(webhooks=False)
        try:
            device.press("確認繳費")
            expect(device.page.locator("main").get_by_text("不會重複扣款")).to_be_visible(timeout=60_000)
        finally:
            stack.sandbox.set_settings(webhooks=True)
        expect(device.page.get_by_role("heading", name="繳費成功")).to_be_visible(timeout=60_000)
        assert len(stack.sandbox.debits(reference=payment_id)) == 1


def test_a_vehicle_removed_by_mistake_comes_back(stack: Stack, chromium_browser: Browser) -> None:
    with phone(stack, chromium_browser) as device:
        person = stranger()
        owes(stack, person, parking=(40,))
        device.register(person)
        device.add_plate(person.plate)
        device.page.get_by_role("button", name=f"移除 {person.plate}").click()
        device.page.get_by_role("button", name=f"復原 {person.plate}").click()
        expect(device.page.locator(".row .plate")).to_contain_text(person.plate)


def test_who_came_in_by_text_message_confirms_with_the_passkey_before_money_is_touched(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        person = stranger()
        device.register(person)
        device.sign_out()
        device.sign_in(person, has_passkey=True)
        device.open("/app/me/banks")
        device.press("連結高雄銀行帳戶")
        dialog = device.page.get_by_role("dialog", name="請確認是您本人")
        dialog.get_by_role("button", name="確認是我").click()
        expect(dialog.locator(".problem")).to_contain_text("沒有確認到是您本人")
        device.recognises_its_owner(True)
        dialog.get_by_role("button", name="確認是我").click()
        device.consent_at_the_bank()
        device.sees("銀行帳戶")
