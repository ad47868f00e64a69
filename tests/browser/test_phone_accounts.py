"""Looking after what pays: slips, accounts, automatic debit, receipts, and who looked; in real Chromium."""

from __future__ import annotations

import re
import time

import pytest
from browser.phone_in_chromium import Phone, owes, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack
from waiting import wait_until

pytestmark = pytest.mark.browser


def with_account(device: Phone, *, parking: tuple[int, ...] = (), fines: tuple[int, ...] = ()) -> None:
    """Somebody new on this phone with these bills (NT$) and an account at the city's bank."""
    person = stranger()
    owes(device.stack, person, parking=parking, fines=fines)
    device.register(person)
    if parking:
        device.add_plate(person.plate)
    device.open("/app/me/banks")
    device.press("連結高雄銀行帳戶")
    device.consent_at_the_bank()
    device.sees("銀行帳戶")


def test_a_bill_shows_every_way_to_pay_and_its_slip_fills_the_screen_with_a_code_to_scan(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    owes(stack, person, fines=(600, 6000))
    with phone(stack, chromium_browser, viewport={"width": 320, "height": 640}) as device:
        page = device.page
        device.register(person)
        page.locator(".bill", has_text="NT$600").locator(".bill-more").click()
        rows = page.locator(".quotes tbody tr")
        expect(rows).to_have_count(10)
        expect(rows.first.locator(".mark")).to_be_visible()
        assert not device.is_wider_than_the_screen()
        page.get_by_role("button", name=re.compile("超商付現")).click()
        device.sees("超商付現")
        picture = page.locator(".code-picture")
        expect(picture).to_have_attribute("alt", re.compile("三段超商條碼"))
        wait_until(lambda: page.evaluate("document.querySelector('.code-picture').naturalWidth > 0"))
        expect(page.locator(".code-sheet figcaption")).to_contain_text("607")
        assert not device.is_wider_than_the_screen()
        device.press("不用這張了")
        page.get_by_role("dialog").get_by_role("button", name="不用這張了").click()

        page.get_by_role("button", name=re.compile("任何一家銀行的 App")).click()
        device.sees("任何一家銀行的 App")
        wait_until(lambda: page.evaluate("document.querySelector('.code-picture').naturalWidth > 0"))

        device.open()
        page.locator(".bill", has_text="6,000").locator(".bill-more").click()
        expect(page.locator(".slip-barred").first).to_contain_text("5,000")
        page.get_by_text("一次繳不出來？").click()
        page.get_by_label("想分幾期").fill("3")
        device.press("送出申請")
        expect(page.locator(".notice", has_text="分 3 期")).to_be_visible()


def test_automatic_debit_is_turned_on_with_the_passkey_skips_one_and_stops_at_once(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        with_account(device, parking=(120,))
        device.open("/app/automatic-debits")
        page.get_by_label("每筆最多").fill("500")
        page.get_by_label("每月最多").fill("400")
        device.press("下一步：核對內容")
        expect(page.locator(".field-error:visible")).to_contain_text("500")
        page.get_by_label("每月最多").fill("2000")
        device.press("下一步：核對內容")
        device.sees("核對並確認")
        expect(page.locator(".slip")).to_contain_text("2,000")
        device.press("確認並開啟")
        expect(page.get_by_text("自動扣繳已開啟").first).to_be_visible()

        deadline = time.monotonic() + 60
        while page.locator(".planned").count() == 0:
            assert time.monotonic() < deadline, "nothing was planned"
            time.sleep(1)
            page.reload()
            device.sees("停車費自動扣繳")
            page.wait_for_load_state("networkidle")
        page.get_by_role("button", name=re.compile("略過這一筆")).click()
        expect(page.locator(".planned")).to_contain_text("已略過")
        page.get_by_role("button", name=re.compile("還是要扣")).click()
        expect(page.get_by_role("button", name=re.compile("略過這一筆"))).to_be_visible()
        device.press("立即停止")
        page.get_by_role("dialog").get_by_role("button", name="立即停止").click()
        expect(page.get_by_text("您已停止自動扣繳")).to_be_visible()
        expect(page.locator(".planned")).to_have_count(0)


def test_an_account_is_named_paused_resumed_and_what_it_paid_is_on_the_receipts_of_the_year(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page
        with_account(device, fines=(600, 900))
        bank = page.locator(".bank")
        bank.get_by_text("取個名字").click()
        page.get_by_label("帳戶的名字").fill("家用")
        device.press("儲存")
        expect(bank.get_by_role("heading")).to_contain_text("家用")
        device.press("暫停")
        expect(bank).to_contain_text("已暫停")
        device.open()
        page.locator(".bill", has_text="600").locator(".check").check()
        page.locator(".pay-bar").get_by_role("button").click()
        page.get_by_text("現在不能用的方式").click()
        expect(page.locator(".barred-ways")).to_contain_text("已暫停")
        device.press("下一步：核對內容")
        expect(page.locator(".field-error:visible")).to_contain_text("請先選一種繳費方式")

        device.open("/app/me/accounts")
        device.press("恢復")
        expect(bank).to_contain_text("可以扣款")
        device.open()
        page.locator(".bill", has_text="600").locator(".check").check()
        page.locator(".pay-bar").get_by_role("button").click()
        expect(page.locator(".way", has_text="家用").get_by_role("radio")).to_be_checked()
        device.press("下一步：核對內容")
        device.press("確認繳費")
        device.sees("繳費成功")

        device.open("/app/me/receipts")
        page.locator(".row-link").first.click()
        expect(page.locator(".figure")).to_contain_text("605")
        csv = page.request.get(stack.url + str(page.get_by_role("link", name="CSV").get_attribute("href")))
        assert csv.headers["content-type"].startswith("text/csv")
        for path, heading in (("/app/me/access-log", "誰看過我的資料"), ("/app/me/overpayments", "溢繳款")):
            device.open(path)
            device.sees(heading)
