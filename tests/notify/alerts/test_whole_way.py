"""The whole way in a running copy: from the authority's feed, or a signed document, to the phone that is inside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import urllib3
from paying_city import bureau_token
from roster import officer_token
from sandbox_process import post_form
from stack import Stack
from strangers import mobile, national_id, new_number
from waiting import wait_until

from api import demo_alerts
from core import clock
from partners.cap.signature import signed
from partners.cap.writing import written
from tests.partners.cap_documents import alert, area, geocode, info

# Inside the flood that the sandbox's button publishes, and in another district.
IN_SANMIN, IN_LINYUAN = (22.65, 120.33), (22.505, 120.39)


def phone(stack: Stack, at: tuple[float, float]) -> str:
    """Somebody new with a phone there; its address at the push provider."""
    citizen = stack.citizen()
    number = new_number()
    citizen.register(national_id(number), mobile(number), f"pass phrase {uuid4()}")
    address = f"alert-phone-{uuid4()}"
    device = citizen.call("POST", "/v1/devices", {"kind": "fid", "address": address, "name": ""})
    place = {"latitude": at[0], "longitude": at[1]}
    citizen.call("PUT", f"/v1/devices/{device['id']}/position", place)
    return address


def asked(stack: Stack, token: str, method: str, path: str) -> Any:
    answer = urllib3.request(method, stack.api_url + path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status < 300, answer.data
    return answer.json()


def test_a_flood_from_the_feed_rings_where_it_is_once_two_officers_have_confirmed_it(stack: Stack) -> None:
    inside, outside = phone(stack, IN_SANMIN), phone(stack, IN_LINYUAN)
    first, second = (officer_token(stack, "duty_officer", bureau="fire") for _ in range(2))
    assert post_form(f"{stack.sandbox_url}/cap/alerts", example="flood").status == 303
    waiting, *_ = wait_until(
        lambda: [
            item
            for item in asked(stack, first, "GET", "/v1/duty/alerts")["items"]
            if item["source"] == "feed" and item["status"] == "awaiting_approval"
        ],
        seconds=60,
    )
    for token in (first, second):
        asked(stack, token, "POST", f"/v1/duty/alerts/{waiting['id']}/approval")
    (push,) = wait_until(lambda: stack.sandbox.pushes(inside), seconds=60)
    assert push["title"] == "本和里滯洪池周邊淹水"
    assert stack.sandbox.pushes(outside) == []
    progress = f"/v1/duty/alerts/{waiting['id']}/progress"
    assert wait_until(lambda: asked(stack, first, "GET", progress)["is_handed_over"], seconds=30)


def test_what_the_fire_bureau_s_system_signs_rings_with_nobody_s_confirmation(stack: Stack) -> None:
    inside = phone(stack, IN_LINYUAN)
    now = clock.now()
    told = info(area(geocode("6401300"), described="高雄市林園區"), expires=written(now + timedelta(hours=1)))
    content = alert(told, identifier=f"F-{uuid4()}", sender=demo_alerts.SENDER, sent=written(now))
    key, certificate = demo_alerts.files(stack.state_dir)
    answer = urllib3.request(
        "POST",
        f"{stack.api_url}/v1/bureau/alerts",
        body=signed(content, key.read_bytes(), certificate.read_bytes()),
        headers={
            "Authorization": f"Bearer {bureau_token(stack, 'fire-demo')}",
            "Content-Type": "application/cap+xml",
        },
    )
    assert (answer.status, answer.json()["status"]) == (201, "sending"), answer.data
    (push,) = wait_until(lambda: stack.sandbox.pushes(inside), seconds=60)
    assert push["title"] == "淹水警戒"
