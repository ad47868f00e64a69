"""The finance desk as officers use it: what needs them, a break explained and adjusted by two, a day closed, a payment."""

from __future__ import annotations

import itertools
import re
from datetime import date, timedelta

import pytest
from browser.desk_in_chromium import Desk, desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS
from paying_city import new_payer
from playwright.sync_api import Browser, expect
from roster import on_the_roster
from settling_city import adyen_file, adyen_row, statement
from stack import Stack

from core import clock
from core.clock import taipei_date

pytestmark = pytest.mark.browser
_numbers = itertools.count(1)
PAGES = ("today", "today/late", "breaks", "days", "files", "payments", "disputes", "refunds", "notices", "clearing")


def day_back(days: int) -> date:
    return taipei_date(clock.now()) - timedelta(days=days)


def upload(one: Desk, source: str, content: bytes) -> None:
    """Send a file at the desk, as a person does."""
    one.open(f"/desk/files?source={source}")
    one.sees("對帳檔")
    one.page.get_by_label("檔案", exact=True).set_input_files(
        {"name": "file.txt", "mimeType": "text/plain", "buffer": content}
    )
    one.press("上傳")


def new_break(one: Desk) -> str:
    """A card settlement names a payment that nobody knows; the reference by which its break is found."""
    number = next(_numbers)
    reference = f"pay_{number:026d}"
    row = adyen_row("Settled", ours=reference, theirs=f"PSP{number}", gross=600 + number, net=590 + number,
                    day=day_back(1), batch=str(500 + number))  # fmt: skip
    upload(one, "adyen", adyen_file([row], day=day_back(1), batch=str(500 + number)))
    expect(one.page.locator("form .notice.good")).to_contain_text("已採用", timeout=PATIENCE_MS)
    return reference


def test_a_break_is_taken_over_explained_and_adjusted_by_one_and_approved_by_another(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as second:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        second.enrol(on_the_roster(stack, "蔡出納", "finance")[1])
        reference = new_break(first)
        first.open("/desk/today")
        first.sees("今天的款項")
        first.page.locator(".need", has_text="沒有人負責的差異").click()
        first.sees("對帳差異")
        first.page.locator(".row-link", has_text=reference).click()
        first.sees("我方沒有：信用卡")
        for words in ("我方帳上", "沒有", "對方檔案", "NT$60", "沒有人"):
            expect(first.page.locator("main")).to_contain_text(words)
        first.press("由我負責")
        expect(first.page.locator(".notice.good")).to_contain_text("現在由您負責")
        first.page.get_by_role("textbox", name="說明").fill("已向處理機構查詢，款項屬停車費")
        first.press("寫下說明")
        expect(first.page.locator(".notice.good")).to_contain_text("已記下說明")
        first.press("提出調整")
        expect(first.page.locator(".field-error:visible")).to_have_text("請填寫")
        first.page.get_by_label("對方科目").select_option("bureau_payable:parking")
        first.page.get_by_label("理由").fill("查無付款，轉入應付停車費")
        first.press("提出調整")
        expect(first.page.locator(".notice.good")).to_contain_text("等另一位同仁決定")
        expect(first.page.locator(".steps")).to_contain_text("提出調整")
        broken = first.page.url

        second.open("/desk/today")
        second.page.locator(".need", has_text="等您決定的提案").click()
        second.sees("待簽核提案")
        second.page.locator(".row-link", has_text="對帳差異調整").first.click()
        second.sees("對帳差異調整")
        expect(second.page.locator("main")).to_contain_text("bureau_payable:parking")
        second.press("核准並執行")
        second.page.get_by_role("dialog").get_by_role("button", name="核准並執行").click()
        expect(second.page.locator(".notice.good")).to_contain_text("已核准並執行")

        first.page.goto(broken)
        expect(first.page.locator(".facts", has_text="結案方式")).to_contain_text("調整分錄")
        expect(first.page.get_by_role("button", name="提出調整")).to_have_count(0)
        expect(first.page.locator(".steps")).to_contain_text("調整入帳並結案")


def test_a_file_is_taken_recognised_as_read_before_and_refused_with_the_reason(
    stack: Stack, chromium_browser: Browser
) -> None:
    number = 900 + next(_numbers)
    content = adyen_file(
        [adyen_row("Settled", ours="pay_x", theirs="PSPX", gross=600, net=590, day=day_back(1), batch=str(number))],
        day=day_back(1), batch=str(number),
    )  # fmt: skip
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        upload(one, "adyen", content)
        expect(one.page.locator("form .notice.good")).to_contain_text("新增差異 1 筆", timeout=PATIENCE_MS)
        digest = one.page.locator("form .notice .mono").inner_text()
        assert re.fullmatch("[0-9a-f]{64}", digest)
        upload(one, "adyen", content)
        expect(one.page.locator("form .notice.info")).to_contain_text("先前已經讀過", timeout=PATIENCE_MS)
        expect(one.page.locator(".card", has_text=digest).last).to_contain_text("已採用")
        upload(one, "bank", statement([], day=day_back(40), closing=1, number="cut"))
        expect(one.page.locator("form .problem")).to_contain_text("檔案的合計不符", timeout=PATIENCE_MS)
        expect(one.page.locator(".card", has_text="整份拒收").first).to_contain_text("合計不符")
        one.open("/desk/today")
        expect(one.page.locator(".need.alarm", has_text="高雄銀行對帳單的最新檔案被拒收")).to_be_visible()


def test_a_day_is_closed_exported_and_its_reopening_proposed(stack: Stack, chromium_browser: Browser) -> None:
    day = day_back(30)
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.open(f"/desk/days/{day}")
        expect(one.page.locator(".notice.warn")).to_contain_text("還沒收到：高雄銀行對帳單")
        expect(one.page.get_by_role("button", name="關帳")).to_have_count(0)
        one.press("上傳檔案", "link")
        one.sees("對帳檔")
        upload(one, "bank", statement([], day=day, opening=0, number=f"early {day}"))
        expect(one.page.locator("form .notice.good")).to_contain_text("已採用", timeout=PATIENCE_MS)
        one.press("關帳", "link")
        one.sees("關帳")
        one.page.locator(f'a[href="/desk/days/{day}"]').click()
        expect(one.page.locator(".notice.good")).to_contain_text("可以關帳")
        one.press("關帳")
        dialog = one.page.get_by_role("dialog")
        expect(dialog).to_contain_text("需要兩個人")
        dialog.get_by_role("button", name="關帳").click()
        expect(one.page.locator(".notice.good")).to_contain_text("已關帳")
        with one.page.expect_download() as downloading:
            one.press("下載會計用 CSV", "link")
        written = downloading.value.path().read_text(encoding="utf-8-sig")
        assert downloading.value.suggested_filename == f"journal-{day}.csv"
        assert written.splitlines()[0].startswith("recorded_at,account,debit,credit") and "TOTAL" in written
        one.page.get_by_label("理由").fill("漏登一筆")
        one.press("提出重新開帳")
        expect(one.page.locator(".notice.good")).to_contain_text("等另一位同仁決定")
        one.press("看這件提案", "link")
        one.sees("重新開帳")


def test_a_payment_is_found_by_its_bill_for_a_purpose_the_payer_reads_and_given_back_by_two(
    stack: Stack, chromium_browser: Browser
) -> None:
    payer = new_payer(stack, fines=[6000], per_payment=10_000)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.open("/desk/payments")
        one.page.get_by_label("完整號碼").fill(payer.bills[0]["number"][:-1])
        one.press("查詢")
        expect(one.page.locator(".field-error:visible")).to_have_text("請填寫")
        one.page.get_by_label("查閱目的").select_option("refund")
        one.press("查詢")
        expect(one.page.locator("main")).to_contain_text("沒有這個號碼的付款")
        one.page.get_by_label("完整號碼").fill(payer.bills[0]["number"])
        one.press("查詢")
        one.sees(f"付款 NT${payment['total']:,}")
        assert payer.bills[0]["number"] not in one.page.url
        expect(one.page.locator(".steps")).to_contain_text("錢已收到")
        one.page.get_by_label("退款金額").fill("6001")
        one.page.get_by_label("退款原因").select_option("goodwill")
        one.page.get_by_label("給同仁與稽核的說明").fill("市民來電，重複繳納")
        one.press("退款")
        expect(one.page.locator(".field-error:visible")).to_have_text("請輸入 1 到 6000 的整數")
        one.page.get_by_label("退款金額").fill("6000")
        one.press("退款")
        one.page.get_by_role("dialog").get_by_role("button", name="退款").click()
        expect(one.page.locator(".notice.good")).to_contain_text("第二位同仁核准")
        one.open("/desk/refunds?status=proposed")
        expect(one.page.locator(".card", has_text=payer.bills[0]["number"])).to_contain_text("等待第二位承辦人同意")
    entries = payer.citizen.call("GET", "/v1/me/access-log")["items"]
    assert {"refund"} == {entry["purpose"] for entry in entries} and payment["id"] in {e["reference"] for e in entries}


def test_a_refused_return_file_alarms_until_it_is_read_and_a_typhoon_day_is_entered(
    stack: Stack, chromium_browser: Browser
) -> None:
    day, typhoon = day_back(1), next(day_back(-n) for n in range(1, 8) if day_back(-n).weekday() == 2)
    with stack.database() as database:
        database.execute(
            "INSERT INTO wallet.ach_file_problem (day, wrong, digest, detail, first_seen_at, last_seen_at) "
            "VALUES (%s, 'totals_wrong', '\\x00', 'trailer states 3 entries', now(), now())", (day,),
        )  # fmt: skip
    try:
        with desk(stack, chromium_browser) as one:
            one.enrol(on_the_roster(stack, "許主計", "finance")[1])
            one.open("/desk/today")
            one.page.locator(".need.alarm", has_text="他行退件檔無法採用").click()
            one.sees("退件與停業日")
            expect(one.page.locator(".notice.bad")).to_contain_text("trailer states 3 entries")
            one.page.get_by_label("日期").fill(typhoon.isoformat())
            one.page.get_by_label("原因").fill("颱風")
            one.page.get_by_label("誰公告的").fill("行政院人事行政總處")
            one.press("登錄停業日")
            one.page.get_by_role("dialog").get_by_role("button", name="登錄停業日").click()
            expect(one.page.locator(".notice.good")).to_contain_text("已登錄")
            expect(one.page.locator(".table", has_text="颱風")).to_contain_text("行政院人事行政總處")
    finally:
        with stack.database() as database:
            database.execute("UPDATE wallet.ach_file_problem SET resolved_at = now()")


def test_a_break_is_explained_by_keyboard_alone(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        reference = new_break(one)
        one.open("/desk/breaks?owner=nobody")
        one.page.locator("main:not([aria-busy]) h1").wait_for()
        _tab_to(one, f'.row:has-text("{reference}") a')
        one.page.keyboard.press("Enter")
        one.sees("我方沒有：信用卡")
        expect(one.page.locator("h1")).to_be_focused()
        _tab_to(one, 'button:has-text("由我負責")')
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".notice.good")).to_contain_text("現在由您負責")
        _tab_to(one, "textarea")
        one.page.keyboard.type("asked the processor")
        one.page.keyboard.press("Tab")
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".notice.good")).to_contain_text("已記下說明")
        expect(one.page.locator(".facts")).to_contain_text("asked the processor")


def _tab_to(one: Desk, selector: str) -> None:
    wanted = one.page.locator(selector).first
    wanted.wait_for()
    for _ in range(80):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        one.page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is never reached with the Tab key")


def test_an_auditor_reads_every_page_and_changes_nothing(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as auditor:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        auditor.enrol(on_the_roster(stack, "鄭稽核", "auditor")[1])
        reference = new_break(first)
        for page in PAGES:
            auditor.open(f"/desk/{page}")
            expect(auditor.page.locator("main:not([aria-busy]) h1")).to_be_visible()
            expect(auditor.page.locator("main .problem")).to_have_count(0)
            for words in ("上傳", "登錄停業日", "再送一次"):
                expect(auditor.page.get_by_role("button", name=words, exact=True)).to_have_count(0)
        auditor.open("/desk/breaks")
        auditor.page.locator(".row-link", has_text=reference).click()
        auditor.sees("我方沒有：信用卡")
        expect(auditor.page.locator("main button")).to_have_count(0)


def test_every_page_fits_at_twice_the_text_size_and_every_control_can_be_touched(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        new_break(one)
        for language in ("en", "zh-TW"):
            one.page.evaluate("(language) => localStorage.setItem('desk.language', language)", language)
            for page in PAGES:
                one.open(f"/desk/{page}")
                assert misfits(one) == []
                assert one.page.locator("main .problem").count() == 0, page
