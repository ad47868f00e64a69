"""Somebody in an electric wheelchair on the phone: entitled, with a profile and a home, asking for a ride by keyboard."""

from __future__ import annotations

import re
from typing import Any

from browser.phone_in_chromium import Person, Phone
from playwright.sync_api import Locator, expect

HOME = {"name": "我家", "latitude": 22.626837, "longitude": 120.357218, "label": "我家",
        "address": "光復路二段132巷8弄12之3號", "directions": "按一樓門鈴"}  # fmt: skip
CHAIR = {
    "wheelchair": {"kind": "electric", "width_cm": 62, "length_cm": 105}, "can_transfer": False, "companions_usual": 1,
    "service_dog": False, "needs": ["door_to_door"], "languages": ["zh-TW"], "contact": {"way": "app"},
    "fleet_order": ["yellow", "harbour", "mountain", "rehabus", "telephone"], "notes_for_driver": "",
}  # fmt: skip


def becomes_a_rider(device: Phone, person: Person) -> None:
    """The register knows a certificate; the profile and the home are filled in."""
    device.stack.sandbox.put(
        "disability/certificates", national_id=person.national_id, severity="severe", needs_wheelchair=True,
        valid_until="2099-12-31", card="disability",
    )  # fmt: skip
    assert api(device, "POST", "/v1/rider/eligibility/check", {})["is_eligible"]
    version = api(device, "GET", "/v1/rider")["version"]
    api(device, "PUT", "/v1/rider", CHAIR, {"If-Match": f'"{version}"'})
    api(device, "POST", "/v1/rider/places", HOME)


def begin_asking(device: Phone, *, hour: str = "10") -> None:
    """The form with the way from home to the hospital, tomorrow at that hour; all by keyboard, and not sent yet."""
    device.open("/app/rides")
    # The form keeps what another test left in it.
    device.page.evaluate("sessionStorage.clear()")
    keys(device.page.get_by_role("link", name="我要叫車"), "Enter")
    device.sees("我要叫車")
    hospital_in(device.page.get_by_role("group", name="要去哪裡？"))
    clock = device.page.get_by_role("group", name="哪一天、幾點")
    clock.get_by_label("幾點", exact=True).select_option(hour)
    expect(clock.locator(".chosen-moment")).to_contain_text("明天")


def hospital_in(end: Locator) -> None:
    """Find the hospital by its name; the tram stop before it has the same one."""
    end.get_by_label("找地點").focus()
    end.page.keyboard.type("聖功")
    end.page.keyboard.press("Enter")
    keys(end.get_by_role("button", name=re.compile("聖功醫院.*醫院 ·")), "Enter")
    expect(end.locator(".place-chosen")).to_be_focused()


def api(device: Phone, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """What the page itself could ask; it must succeed."""
    status, answer = device.page.evaluate(
        """async ([method, path, body, headers]) => {
            const answer = await fetch(path, { method, body: body && JSON.stringify(body),
                headers: { "Content-Type": "application/json", ...headers } });
            return [answer.status, await answer.json().catch(() => null)];
        }""",
        [method, path, body, headers or {}],
    )
    assert status < 300, (status, answer)
    return answer


def keys(target: Locator, *pressed: str) -> None:
    """Go there and press, as without a mouse."""
    target.focus()
    for key in pressed:
        target.page.keyboard.press(key)
