"""The desk of exchange partners in real Chromium: a new rate is proposed by keyboard and agreed on by another officer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from browser.desk_in_chromium import desk
from browser.fitting import misfits
from playwright.sync_api import Browser, expect
from roster import on_the_roster
from stack import Stack

from core.clock import now, taipei_date

pytestmark = pytest.mark.browser


def test_a_partners_new_rate_is_proposed_by_keyboard_and_agreed_on_by_another(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as one, desk(stack, chromium_browser) as other:
        one.enrol(on_the_roster(stack, "點一", "points_officer", bureau="economic")[1])
        other.enrol(on_the_roster(stack, "點二", "points_officer", bureau="economic")[1])
        one.open("/desk/partners")
        one.sees("兌換夥伴")
        assert misfits(one) == []
        one.press("OK超商", "link")
        one.sees("OK超商：約定")
        expect(one.page.locator("main")).to_contain_text("004 ***0102")
        folded = one.page.get_by_text("新費率")
        folded.focus()
        one.page.keyboard.press("Enter")
        assert misfits(one) == []
        first_day = taipei_date(now()) + timedelta(days=20)
        form = one.page.locator("details[open]")
        form.get_by_label("步階換得").fill("12")
        form.get_by_label("開始日").fill(first_day.isoformat())
        form.get_by_label("依據").focus()
        one.page.keyboard.press("Enter")
        expect(form.locator(".field-error:visible")).to_have_count(1)
        form.get_by_label("依據").fill("合約第 3 條")
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".notice.good")).to_be_visible()

        approval = one.page.locator(".notice.good a").get_attribute("href")
        assert approval is not None
        other.open(approval)
        expect(other.page.locator("main")).to_contain_text("合約第 3 條")
        expect(other.page.locator("main")).to_contain_text("1 = 12")
        other.press("核准並執行")
        other.page.get_by_role("dialog").get_by_role("button", name="核准並執行").click()
        expect(other.page.locator(".notice.good")).to_contain_text("已核准並執行")

        one.page.reload()
        rates = one.page.get_by_role("table", name="費率")
        expect(rates).to_contain_text("將開始")
        expect(rates).to_contain_text("合約第 3 條")
