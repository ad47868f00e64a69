"""The desk of connected sites in real Chromium: a bureau registers its site, a registrar approves it, one person shuts it."""

from __future__ import annotations

import pytest
from browser.desk_in_chromium import Desk, desk
from playwright.sync_api import Browser, expect
from roster import on_the_roster
from stack import Stack

pytestmark = pytest.mark.browser


def _fill(one: Desk, client_id: str) -> None:
    for label, value in (
        ("用戶端代碼", client_id),
        ("中文名稱", "美術館導覽"),
        ("英文名稱", "Museum tours"),
        ("網站用途（中文，給市民看）", "預約導覽"),
        ("網站用途（英文，給市民看）", "To book guided tours"),
        ("聯絡窗口", "07-555-0331"),
        ("登入後回到", "https://museum.example.gov.tw/callback"),
        ("提案理由", "新網站"),
    ):
        one.page.get_by_label(label, exact=False).first.fill(value)
    one.page.get_by_label("方式").select_option("client_secret_basic")
    one.page.get_by_label("要「姓名」").check()
    one.page.get_by_label("用途（中文）").first.fill("在導覽名單上顯示您的姓名")
    one.page.get_by_label("用途（英文）").first.fill("To put your name on the tour's list")


def test_a_bureau_registers_its_site_and_a_registrar_approves_it(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as bureau, desk(stack, chromium_browser) as second:
        bureau.enrol(on_the_roster(stack, "蕭藝文", "bureau_officer", bureau="culture")[1])
        second.enrol(on_the_roster(stack, "鍾審核", "registrar", bureau="rdec")[1])
        bureau.open("/desk/sites")
        bureau.sees("使用我的高雄登入的網站")
        bureau.press("登記新的網站", "link")
        _fill(bureau, "museum-tours")
        bureau.page.get_by_label("登入後回到").fill("http://museum.example.gov.tw/callback")
        bureau.press("送出申請")
        expect(bureau.page.locator(".field-error:visible")).to_contain_text("is not https")
        expect(bureau.page.get_by_label("登入後回到")).to_be_focused()
        bureau.page.get_by_label("登入後回到").fill("https://museum.example.gov.tw/callback")
        bureau.press("送出申請")
        expect(bureau.page.get_by_text("密鑰只顯示這一次")).to_be_visible()
        bureau.press("已送出", "link")
        bureau.sees("美術館導覽 Museum tours")
        expect(bureau.page.get_by_role("button", name="立即停用")).to_have_count(0)

        second.open("/desk/approvals")
        second.page.get_by_role("link", name="museum-tours").click()
        expect(second.page.locator("main")).to_contain_text("在導覽名單上顯示您的姓名")
        second.press("核准並執行")
        second.page.get_by_role("dialog").get_by_role("button", name="核准並執行").click()
        expect(second.page.locator(".notice.good")).to_contain_text("已核准並執行")

        second.open("/desk/sites")
        second.page.get_by_role("link", name="museum-tours").click()
        second.sees("美術館導覽 Museum tours")
        second.page.get_by_label("理由").fill("外洩疑慮")
        second.press("立即停用")
        second.page.get_by_role("dialog").get_by_role("button", name="立即停用").click()
        expect(second.page.locator(".notice.good")).to_contain_text("已停用")
        bureau.page.reload()
        expect(bureau.page.get_by_role("table", name="紀錄")).to_contain_text("鍾審核")
        expect(bureau.page.get_by_role("button", name="申請恢復")).to_be_visible()
