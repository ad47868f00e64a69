"""How the phone looks and is served: large text, narrow and wide screens, policy, offline shell."""

from __future__ import annotations

import pytest
from browser.phone_in_chromium import Phone, owes, phone, stranger
from playwright.sync_api import Browser, expect
from stack import Stack
from waiting import wait_until

pytestmark = pytest.mark.browser

SCREENS = (
    "/app", "/app?status=paid", "/app/me", "/app/me/vehicles", "/app/me/banks", "/app/me/banks/link", "/app/me/cards",
    "/app/me/receipts", "/app/me/overpayments", "/app/me/access-log", "/app/me/security", "/app/automatic-debits",
    "/app/points", "/app/inbox", "/app/payments", "/app/nowhere",
)  # fmt: skip


def screens_with_a_bill(device: Phone) -> tuple[str, ...]:
    """All of them, and those about one of this person's bills."""
    bills = device.page.request.get(f"{device.stack.url}/v1/bills?status=unpaid").json()["items"]
    fine = next(bill["id"] for bill in bills if bill["kind"] == "fine")
    return (*SCREENS, f"/app/bills/{fine}", f"/app/pay?bills={fine}")


def test_text_twice_as_large_never_needs_scrolling_sideways(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    owes(stack, person, parking=(120,), fines=(600,))
    with phone(stack, chromium_browser, viewport={"width": 360, "height": 740}) as device:
        device.register(person)
        device.add_plate(person.plate)
        for language in ("中文", "English"):
            if language == "English":
                device.press("English")
            for _ in range(3):
                device.page.locator(".tools button").first.click()
            expect(device.page.locator("html")).to_have_attribute("data-text-size", "200")
            for path in screens_with_a_bill(device):
                device.open(path)
                expect(device.page.locator("main:not([aria-busy]) h1")).to_be_visible()
                assert not device.is_wider_than_the_screen(), path
            device.page.locator(".tools button").first.click()


def test_every_control_is_named_and_large_enough_to_touch(stack: Stack, chromium_browser: Browser) -> None:
    person = stranger()
    owes(stack, person, fines=(600,))
    with phone(stack, chromium_browser) as device:
        device.register(person)
        for path in screens_with_a_bill(device):
            device.open(path)
            expect(device.page.locator("main:not([aria-busy]) h1")).to_be_visible()
            small = device.page.evaluate(
                """() => [...document.querySelectorAll('button, a[href], summary, label.choice, label.choose-all')]
                    .filter((control) => control.checkVisibility() && !control.matches('.skip'))
                    .map((control) => [control.textContent.trim(), control.getBoundingClientRect()])
                    .filter(([name, box]) => name === '' || box.height < 43.5 || box.width < 43.5)
                    .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
            )
            assert small == [], path


def test_the_page_may_run_nothing_but_its_own_files_and_nobody_may_frame_it(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        answer = device.page.request.get(f"{stack.url}/app")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        device.open()
        outside = device.page.evaluate(
            "performance.getEntriesByType('resource').map((entry) => entry.name)"
            ".filter((name) => !name.startsWith(location.origin))"
        )
        assert outside == []


def test_without_a_network_the_shell_still_opens_and_no_answer_of_the_api_was_kept(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        device.register(stranger())
        wait_until(lambda: device.page.evaluate("navigator.serviceWorker.controller !== null"))
        device.context.set_offline(True)
        device.open("/app/points")
        expect(device.page.locator(".offline")).to_be_visible()
        expect(device.page.locator(".problem")).to_contain_text("連不上網路")
        kept = device.page.evaluate(
            """async () => {
                const names = await caches.keys();
                const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
                return lists.flat().map((request) => new URL(request.url).pathname);
            }"""
        )
        assert [path for path in kept if not path.startswith("/app")] == []
        assert "/app/config.json" not in kept


def test_an_unchanged_file_is_kept_for_a_year_and_the_page_is_asked_for_again(
    stack: Stack, chromium_browser: Browser
) -> None:
    with phone(stack, chromium_browser) as device:
        page = device.page.request.get(f"{stack.url}/app")
        assert page.headers["cache-control"] == "no-cache"
        again = device.page.request.get(f"{stack.url}/app", headers={"If-None-Match": page.headers["etag"]})
        assert again.status == 304
        device.open()
        script = device.page.evaluate("document.querySelector('script[type=module]').src")
        assert "immutable" in device.page.request.get(script).headers["cache-control"]
        assert device.page.request.get(f"{stack.url}/app/assets/x/../../pages.py").status == 404


def test_the_last_passkey_is_removed_after_a_warning_and_its_owner_signs_in_but_adds_none_by_password(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    with phone(stack, chromium_browser) as device:
        device.register(person)
        device.open("/app/me/security")
        remove = device.page.get_by_role("button", name="移除通行金鑰")
        remove.click()
        dialog = device.page.get_by_role("dialog")
        expect(dialog).to_contain_text("無法復原")
        expect(dialog).to_contain_text("這是最後一把")
        dialog.get_by_role("button", name="取消").click()
        expect(remove).to_be_visible()
        remove.click()
        dialog.get_by_role("button", name="移除").click()
        expect(device.page.locator(".notice", has_text="還沒有通行金鑰")).to_be_visible()
        expect(remove).to_have_count(0)
        device.context.clear_cookies()
        device.sign_in(person, has_passkey=True)
        device.open("/app/me/security")
        expect(device.page.locator(".notice", has_text="先確認您是誰")).to_be_visible()
        expect(device.page.get_by_role("button", name="加上通行金鑰")).to_have_count(0)


def test_the_bills_chosen_stay_chosen_when_the_language_changes_and_on_the_way_back(
    stack: Stack, chromium_browser: Browser
) -> None:
    person = stranger()
    owes(stack, person, fines=(600, 900, 1200))
    with phone(stack, chromium_browser) as device:
        device.register(person)
        chosen = [device.page.locator(".bill", has_text=amount).locator(".check") for amount in ("600", "1,200")]
        for box in chosen:
            box.check()
        device.press("English")
        expect(device.page.locator(".pay-bar")).to_contain_text("2 bills chosen")
        expect(device.page.locator(".pay-bar")).to_contain_text("1,800")
        device.page.locator(".bill", has_text="900").locator(".bill-more").click()
        device.page.wait_for_url("**/app/bills/*")
        device.page.go_back()
        for box in chosen:
            expect(box).to_be_checked()
        expect(device.page.locator(".bill .check:checked")).to_have_count(2)
