"""The officers' desk as officers use it: passkeys, four eyes, large text, keyboard, a session that ends."""

from __future__ import annotations

from typing import Any

import pytest
from browser.desk_in_chromium import Desk, desk
from browser.fitting import misfits
from browser.phone_in_chromium import PATIENCE_MS
from paying_city import new_payer
from playwright.sync_api import Browser, expect
from roster import officers, on_the_roster
from stack import Stack

pytestmark = pytest.mark.browser


def refund_proposed_by(stack: Stack, proposer: Desk, note: str = "重複繳納，市民來電") -> str:
    """A refund that takes two persons, proposed in that officer's browser; where it is decided."""
    payer = new_payer(stack, fines=[6000], per_payment=10_000)
    payment = payer.citizen.pay(payer.bill_ids(), payer.link["id"])
    body = {
        "payment_id": payment["id"],
        "bill_id": payer.bill_ids()[0],
        "amount": 6000,
        "reason": "goodwill",
        "note": note,
    }
    answer: Any = proposer.page.evaluate(
        """async (body) => {
            const headers = {"Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID()};
            const answer = await fetch("/v1/refunds", {method: "POST", headers, body: JSON.stringify(body)});
            return {status: answer.status, body: await answer.json()};
        }""",
        body,
    )
    assert answer["status"] in (200, 201), answer
    return str(answer["body"]["approval_id"])


def test_two_officers_enrol_one_proposes_the_other_reads_and_approves(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as second:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        second.enrol(on_the_roster(stack, "蔡出納", "finance")[1])
        expect(second.page.locator(".who")).to_contain_text("蔡出納")
        expect(second.page.locator(".who")).to_contain_text("財政局 財務")
        expect(second.page.locator(".left")).to_contain_text("15 分")
        approval_id = refund_proposed_by(stack, first)

        first.open(f"/desk/approvals/{approval_id}")
        expect(first.page.locator("main")).to_contain_text("需要另一個人")
        expect(first.page.get_by_role("button", name="核准並執行")).to_have_count(0)

        second.open("/desk/approvals")
        second.sees("待簽核提案")
        second.page.locator(f'a[href="/desk/approvals/{approval_id}"]').click()
        second.sees("超過限額的退款")
        for words in ("NT$6,000", "重複繳納，市民來電", "許主計"):
            expect(second.page.locator("main")).to_contain_text(words)
        second.page.get_by_text("逐字內容").click()
        expect(second.page.locator("pre")).to_contain_text('"amount_twd": 6000')
        second.press("核准並執行")
        dialog = second.page.get_by_role("dialog")
        expect(dialog).to_contain_text("無法收回")
        dialog.get_by_role("button", name="取消").click()
        expect(second.page.get_by_role("button", name="核准並執行")).to_be_visible()
        second.page.get_by_label("意見").fill("已核對帳單")
        second.press("核准並執行")
        dialog.get_by_role("button", name="核准並執行").click()
        expect(second.page.locator(".notice.good")).to_contain_text("已核准並執行")
        expect(second.page.locator(".facts", has_text="決定人")).to_contain_text("蔡出納")
        expect(second.page.locator(".facts", has_text="決定人")).to_contain_text("已核對帳單")


def test_to_decline_one_has_to_say_why(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as second:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        second.enrol(on_the_roster(stack, "蔡出納", "finance")[1])
        approval_id = refund_proposed_by(stack, first)
        second.open(f"/desk/approvals/{approval_id}")
        second.press("退回")
        expect(second.page.locator(".field-error")).to_have_text("退回時請寫下原因")
        expect(second.page.get_by_label("意見")).to_be_focused()
        second.page.get_by_label("意見").fill("金額不符")
        second.press("退回")
        expect(second.page.locator(".notice.good")).to_contain_text("已退回")
        first.open("/desk/approvals?status=declined")
        expect(first.page.locator(f'a[href="/desk/approvals/{approval_id}"]')).to_contain_text("我提的")


def test_a_proposal_is_taken_back_by_who_made_it_and_an_auditor_only_reads(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as auditor:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        auditor.enrol(on_the_roster(stack, "鄭稽核", "auditor")[1])
        path = f"/desk/approvals/{refund_proposed_by(stack, first)}"
        auditor.open(path)
        expect(auditor.page.locator("main")).to_contain_text("您可以閱讀，但不能決定這件提案")
        expect(auditor.page.get_by_role("button", name="核准並執行")).to_have_count(0)
        first.open(path)
        first.press("撤回提案")
        first.page.get_by_role("dialog").get_by_role("button", name="撤回提案").click()
        expect(first.page.locator(".notice.good")).to_contain_text("已撤回")


def test_an_officer_comes_back_with_the_passkey_alone_and_another_s_finger_opens_nothing(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.press("登出")
        one.sees("承辦人員登入")
        expect(one.page.locator(".who")).to_be_hidden()
        one.recognises_its_owner(False)
        one.press("以通行金鑰登入")
        expect(one.page.locator(".problem")).to_contain_text("裝置沒有確認", timeout=PATIENCE_MS)
        one.recognises_its_owner(True)
        one.press("以通行金鑰登入")
        one.sees("今天的款項")


def test_a_wrong_or_used_code_is_refused_in_words(stack: Stack, chromium_browser: Browser) -> None:
    _, code = on_the_roster(stack, "許主計", "finance")
    with desk(stack, chromium_browser) as one, desk(stack, chromium_browser) as other:
        one.enrol(code)
        other.open("/desk")
        other.press("建立通行金鑰並登入")
        expect(other.page.locator(".field-error")).to_contain_text("16 個英數字")
        other.page.get_by_label("登錄碼").fill(code)
        other.press("建立通行金鑰並登入")
        expect(other.page.locator(".problem")).to_contain_text("登錄碼不正確或已失效")


def test_leaving_the_roster_ends_the_work_at_the_next_step(stack: Stack, chromium_browser: Browser) -> None:
    number, code = on_the_roster(stack, "許主計", "finance")
    with desk(stack, chromium_browser) as one:
        one.enrol(code)
        officers(stack, "leave", number)
        one.page.get_by_role("link", name="已核准").click()
        one.sees("承辦人員登入")
        expect(one.page.locator("main")).to_contain_text("登入已結束")
        one.press("以通行金鑰登入")
        expect(one.page.locator(".problem")).to_contain_text("通行金鑰驗證未通過")


def test_whoever_does_nothing_is_warned_and_then_out(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as one:
        one.page.clock.install()
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        expect(one.page.locator(".short")).to_be_hidden()
        one.page.clock.fast_forward("13:30")
        expect(one.page.locator(".short")).to_contain_text("登入即將結束")
        one.press("繼續工作")
        expect(one.page.locator(".short")).to_be_hidden()
        one.page.clock.fast_forward("15:30")
        one.sees("承辦人員登入")
        expect(one.page.locator("main")).to_contain_text("登入已結束")


def test_whoever_is_not_signed_in_is_led_to_sign_in_and_then_where_they_were_going(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as one:
        one.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.context.clear_cookies()
        one.open("/desk/approvals?status=withdrawn")
        one.sees("承辦人員登入")
        one.press("以通行金鑰登入")
        one.sees("待簽核提案")
        assert one.page.url.endswith("/desk/approvals?status=withdrawn")


def test_text_twice_as_large_never_needs_scrolling_sideways_and_every_control_can_be_touched(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as one:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.enrol(on_the_roster(stack, "蔡出納", "finance")[1])
        approval_id = refund_proposed_by(stack, first)
        for language in ("中文", "English"):
            if language == "English":
                one.press("English")
            for path in ("/desk/approvals", f"/desk/approvals/{approval_id}", "/desk/nowhere", "/desk/sign-in"):
                one.open(path)
                assert misfits(one) == []


def test_everything_is_done_by_keyboard(stack: Stack, chromium_browser: Browser) -> None:
    with desk(stack, chromium_browser) as first, desk(stack, chromium_browser) as one:
        first.enrol(on_the_roster(stack, "許主計", "finance")[1])
        one.enrol(on_the_roster(stack, "蔡出納", "finance")[1])
        approval_id = refund_proposed_by(stack, first)
        one.open("/desk/approvals")
        one.page.locator("main:not([aria-busy]) h1").wait_for()
        _tab_to(one, f'a[href="/desk/approvals/{approval_id}"]')
        one.page.keyboard.press("Enter")
        one.sees("超過限額的退款")
        expect(one.page.locator("h1")).to_be_focused()
        _tab_to(one, "button.primary")
        one.page.keyboard.press("Enter")
        expect(one.page.get_by_role("dialog")).to_be_visible()
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".notice.good")).to_contain_text("已核准並執行")


def _tab_to(one: Desk, selector: str) -> None:
    for _ in range(60):
        if one.page.evaluate("(selector) => document.activeElement?.matches(selector) ?? false", selector):
            return
        one.page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is never reached with the Tab key")


def test_the_page_may_run_nothing_but_its_own_files_and_nobody_may_frame_it(
    stack: Stack, chromium_browser: Browser
) -> None:
    with desk(stack, chromium_browser) as one:
        policy = one.page.request.get(f"{stack.url}/desk").headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        one.open("/desk")
        outside = one.page.evaluate(
            "performance.getEntriesByType('resource').map((entry) => entry.name)"
            ".filter((name) => !name.startsWith(location.origin))"
        )
        assert outside == []
        assert one.page.request.get(f"{stack.url}/desk/assets/x/../../pages.py").status == 404
