"""Receipts: signed by the device, of its own messages alone, and however often they come they count once."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_browser import OwnBrowser
from signed_in import SignedIn, sign_in
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock, db
from core.ids import new_uuid, parse_typeid, typeid
from notify.campaigns import tallies
from notify.receipts import keys
from notify.receipts.receipts import Receipt, opened_in_the_app, take
from tests.notify.told_people import Told, subscribed, told

SERVICE = "http://127.0.0.1:8090/webpush/push/"


@dataclass(frozen=True)
class OwnDevice:
    """A device of somebody's, and the key that it was given."""

    client: FlaskClient
    id: str
    key: str

    @property
    def uuid(self) -> UUID:
        return parse_typeid("dev", self.id)

    def says(self, *happened: tuple[UUID | str, str], at: str | None = None, key: str | None = None) -> int:
        """Send a receipt for each of (message, what happened); answers the status."""
        items = [
            {
                "message_id": one if isinstance(one, str) else typeid("msg", one),
                "kind": kind,
                "at": at or wire(clock.now()),
            }
            for one, kind in happened
        ]
        return int(self.sends({"device_id": self.id, "items": items}, key=key).status_code)

    def sends(self, body: dict[str, Any], *, key: str | None = None, signed: str | None = None) -> TestResponse:
        content = json.dumps(body).encode()
        signed = signed if signed is not None else keys.signature(key or self.key, content)
        headers = {"X-Receipt-Signature": signed, "Content-Type": "application/json"}
        return self.client.post("/v1/receipts", data=content, headers=headers)


def wire(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def registered(person: SignedIn, endpoint: str = "x") -> OwnDevice:
    address = OwnBrowser(f"{SERVICE}{endpoint}").subscription().replace(" ", "")
    answer = person.call("POST", "/v1/devices", {"kind": "webpush", "address": address})
    assert answer.status_code in (200, 201), answer.json
    return OwnDevice(person.client, answer.json["id"], answer.json["receipt_key"])


@pytest.fixture
def mei(client: FlaskClient) -> SignedIn:
    return sign_in(client)


@pytest.fixture
def ming(client: FlaskClient) -> SignedIn:
    return sign_in(client, "E179864328", "0987654321")


@pytest.fixture
def phone(mei: SignedIn) -> OwnDevice:
    return registered(mei)


@pytest.fixture
def message(mei: SignedIn, phone: OwnDevice) -> Told:
    return told(mei.person_id, phone.uuid, subscribed(mei.person_id))


def row(sql: str, **values: Any) -> Any:
    with db.unit_of_work() as session:
        return session.execute(text(sql), values).one()


def standing(one: Told) -> dict[str, Any]:
    """All that a receipt may change."""
    with db.unit_of_work() as session:
        counts = tallies.read(session, one.run_id)
    found = row(
        """
        SELECT m.opened_at IS NOT NULL, m.dismissed_at IS NOT NULL, s.unopened, s.last_opened_at IS NOT NULL,
               coalesce(i.opened, 0), coalesce(i.dismissed, 0)
          FROM notify.message m JOIN notify.subscription s ON s.id = m.subscription_id
          LEFT JOIN notify.interest i ON i.person_id = m.person_id AND i.topic_id = s.topic_id
         WHERE m.id = :id
        """,
        id=one.message_id,
    )
    names = ("opened", "dismissed", "unopened", "last_opened", "interest_opened", "interest_dismissed")
    return dict(zip(names, found, strict=True)) | {"tallies": (counts["opened"], counts["dismissed"])}


UNTOUCHED = {
    "opened": False, "dismissed": False, "unopened": 3, "last_opened": False, "interest_opened": 0,
    "interest_dismissed": 0, "tallies": (0, 0),
}  # fmt: skip
OPENED = UNTOUCHED | {"opened": True, "unopened": 0, "last_opened": True, "interest_opened": 1, "tallies": (1, 0)}
DISMISSED = UNTOUCHED | {"dismissed": True, "interest_dismissed": 1, "tallies": (0, 1)}


def test_an_opening_counts_once_for_message_interest_subscription_and_run(phone: OwnDevice, message: Told) -> None:
    for _ in range(3):
        assert phone.says((message.message_id, "opened"), (message.message_id, "opened")) == 204
    assert standing(message) == OPENED


def test_a_dismissal_counts_once_and_leaves_the_silence_as_it_is(phone: OwnDevice, message: Told) -> None:
    for _ in range(2):
        assert phone.says((message.message_id, "dismissed")) == 204
    assert standing(message) == DISMISSED


@pytest.mark.parametrize("order", list(permutations(("shown", "opened", "dismissed"))))
def test_receipts_in_any_order_come_to_the_same(phone: OwnDevice, message: Told, order: tuple[str, ...]) -> None:
    for kind in order:
        assert phone.says((message.message_id, kind)) == 204
    both = OPENED | {"dismissed": True, "interest_dismissed": 1, "tallies": (1, 1)}
    assert standing(message) == both
    shown = "SELECT shown_at FROM notify.delivery WHERE message_id = :id"
    assert row(shown, id=message.message_id).shown_at is not None


def test_reading_it_in_the_app_is_opening_it_and_counts_with_the_device_s_word_once(
    mei: SignedIn, phone: OwnDevice, message: Told
) -> None:
    address = f"/v1/inbox/{typeid('msg', message.message_id)}"
    assert mei.call("PATCH", address, {"is_read": False}).status_code == 200
    assert standing(message) == UNTOUCHED
    assert mei.call("PATCH", address, {"is_read": True}).status_code == 200
    assert mei.call("PATCH", address, {"is_read": True}).status_code == 200
    assert phone.says((message.message_id, "opened")) == 204
    assert standing(message) == OPENED


def test_a_message_without_a_subscription_is_opened_and_nothing_more(
    mei: SignedIn, phone: OwnDevice, message: Told
) -> None:
    with db.unit_of_work() as session:
        session.execute(
            text(
                "UPDATE notify.message SET basis = 'transaction', subscription_id = NULL, run_id = NULL WHERE id = :id"
            ),
            {"id": message.message_id},
        )
    assert phone.says((message.message_id, "opened"), (message.message_id, "dismissed")) == 204
    assert row("SELECT opened_at FROM notify.message WHERE id = :id", id=message.message_id).opened_at is not None
    assert row("SELECT count(*) AS n FROM notify.interest").n == 0


def test_a_device_speaks_for_its_own_messages_alone_and_is_not_told_so(
    mei: SignedIn, ming: SignedIn, phone: OwnDevice, message: Told
) -> None:
    stranger, second = registered(ming, "ming"), registered(mei, "tablet")
    for device in (stranger, second):
        assert device.says((message.message_id, "opened")) == 204
    assert stranger.says((new_uuid(), "opened"), (f"msg_{'z' * 26}", "opened")) == 204
    assert standing(message) == UNTOUCHED


def test_no_device_a_gone_device_and_a_wrong_signature_are_answered_alike(
    mei: SignedIn, ming: SignedIn, phone: OwnDevice, message: Told
) -> None:
    gone = registered(mei, "gone")
    assert mei.call("DELETE", f"/v1/devices/{gone.id}").status_code == 204
    other = registered(ming, "ming")
    body = {"items": [{"message_id": typeid("msg", message.message_id), "kind": "opened", "at": wire(clock.now())}]}
    answers = [
        phone.sends(body | {"device_id": typeid("dev", new_uuid())}),
        phone.sends(body | {"device_id": f"dev_{'z' * 26}"}),
        gone.sends(body | {"device_id": gone.id}),
        phone.sends(body | {"device_id": phone.id}, key=other.key),
        phone.sends(body | {"device_id": phone.id}, signed=""),
        phone.sends(body | {"device_id": phone.id}, signed="é"),
        other.sends(body | {"device_id": phone.id}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 7
    assert len({answer.data for answer in answers}) == 1
    assert standing(message) == UNTOUCHED


def test_registering_again_gives_another_key_and_the_old_one_signs_nothing(mei: SignedIn, message: Told) -> None:
    first, again = registered(mei), registered(mei)
    assert (first.id, first.key != again.key) == (again.id, True)
    assert first.says((message.message_id, "opened")) == 403
    assert again.says((message.message_id, "opened")) == 204
    assert "receipt_key" not in mei.call("GET", "/v1/devices").json["items"][0]
    dump = row("SELECT CAST(d AS text) AS dump FROM notify.device d").dump
    assert again.key not in dump


@pytest.mark.parametrize(
    ("off", "is_believed"),
    [
        (timedelta(days=-59), True),
        (timedelta(days=-61), False),
        (timedelta(hours=25), True),
        (timedelta(hours=27), False),
    ],
)
def test_a_clock_that_is_a_little_wrong_is_put_right_and_one_far_off_is_not_believed(
    phone: OwnDevice, message: Told, off: timedelta, is_believed: bool
) -> None:
    assert phone.says((message.message_id, "opened"), at=wire(clock.now() + off)) == 204
    found = row("SELECT opened_at, created_at FROM notify.message WHERE id = :id", id=message.message_id)
    assert (found.opened_at is not None) == is_believed
    assert not is_believed or found.created_at <= found.opened_at <= max(clock.now(), found.created_at)


def test_a_day_that_is_in_no_calendar_is_not_believed(phone: OwnDevice, message: Told) -> None:
    assert phone.says((message.message_id, "opened"), at="2026-11-31T00:00:00Z") == 204
    assert standing(message) == UNTOUCHED


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"message_id": "msg_1", "kind": "opened", "at": "2026-11-21T00:00:00Z"}],
        [{"message_id": f"msg_{'0' * 26}", "kind": "read", "at": "2026-11-21T00:00:00Z"}],
        [{"message_id": f"msg_{'0' * 26}", "kind": "opened", "at": "yesterday"}],
        [{"message_id": f"msg_{'0' * 26}", "kind": "opened", "at": "2026-11-21T00:00:00Z"}] * 101,
    ],
)
def test_what_is_no_receipt_is_refused(phone: OwnDevice, items: list[dict[str, str]]) -> None:
    assert phone.sends({"device_id": phone.id, "items": items}).status_code == 422


@pytest.fixture
def many(mei: SignedIn, phone: OwnDevice) -> Iterator[Callable[[], list[Told]]]:
    subscription = subscribed(mei.person_id)
    yield lambda: [told(mei.person_id, phone.uuid, subscription) for _ in range(3)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(["shown", "opened", "dismissed"])), min_size=1, max_size=6
        ),
        max_size=6,
    )
)
def test_whatever_is_said_however_often_the_sums_are_those_of_each_said_once(
    phone: OwnDevice, many: Callable[[], list[Told]], said: list[list[tuple[int, str]]]
) -> None:
    before = row("SELECT coalesce(sum(opened), 0) AS o, coalesce(sum(dismissed), 0) AS d FROM notify.interest")
    messages = many()
    for batch in said:
        assert phone.says(*((messages[which].message_id, kind) for which, kind in batch)) == 204
    once = {(which, kind) for batch in said for which, kind in batch}
    after = row("SELECT coalesce(sum(opened), 0) AS o, coalesce(sum(dismissed), 0) AS d FROM notify.interest")
    assert after.o - before.o == sum(kind == "opened" for _, kind in once)
    assert after.d - before.d == sum(kind == "dismissed" for _, kind in once)
    for number, one in enumerate(messages):
        assert standing(one)["tallies"] == ((number, "opened") in once, (number, "dismissed") in once)


def test_two_devices_and_the_app_telling_of_the_same_at_once_count_it_once(mei: SignedIn, phone: OwnDevice) -> None:
    tablet, subscriptions = registered(mei, "tablet"), [subscribed(mei.person_id)]
    messages = [told(mei.person_id, phone.uuid, subscriptions[0]) for _ in range(8)]
    with db.unit_of_work() as session:
        session.execute(_ALSO_TO, {"device_id": tablet.uuid})
    start = threading.Barrier(6)

    def tells(number: int) -> None:
        start.wait()
        for batch in range(3):
            order = random.Random(f"{number} {batch}").sample(messages, len(messages))
            with db.unit_of_work() as session:
                receipts = [
                    Receipt(one.message_id, kind, clock.now()) for one in order for kind in ("opened", "dismissed")
                ]
                device_id = (phone, tablet)[number % 2].uuid
                take(session, person_id=mei.person_id, device_id=device_id, receipts=receipts, now=clock.now())
            with db.unit_of_work() as session:
                opened_in_the_app(session, person_id=mei.person_id, message_id=order[0].message_id, now=clock.now())

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(tells, range(6)))
    both = {"opened": True, "dismissed": True, "unopened": 0, "last_opened": True, "tallies": (1, 1)}
    assert all(standing(one) == both | {"interest_opened": 8, "interest_dismissed": 8} for one in messages)


_ALSO_TO = text(
    """
    INSERT INTO notify.delivery (id, message_id, device_id, event_id, status, next_at, expires_at, provider_name,
        settled_at, channel)
    SELECT gen_random_uuid(), message_id, :device_id, event_id, status, next_at, expires_at, provider_name, settled_at,
           channel FROM notify.delivery
    """
)


def test_a_complaint_counts_once_and_only_of_one_s_own_message(mei: SignedIn, ming: SignedIn, message: Told) -> None:
    address = f"/v1/inbox/{typeid('msg', message.message_id)}/complaint"
    assert ming.call("POST", address, {}).status_code == 404
    assert mei.call("POST", address, {"reason": "太頻繁"}).status_code == 204
    assert mei.call("POST", address, {"reason": "不是我要的"}).status_code == 204
    with db.unit_of_work() as session:
        assert tallies.read(session, message.run_id)["complained"] == 1
    assert row("SELECT reason FROM notify.complaint").reason == "不是我要的"


def test_the_key_that_browsers_subscribe_with_is_a_point_on_the_curve(client: FlaskClient) -> None:
    key = client.get("/v1/web-push-key").json["key"]
    assert len(key) == 87
    assert client.get("/v1/web-push-key").json["key"] == key


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webpush", "x" * 20),
        ("webpush", OwnBrowser("https://internal.example/x").subscription().replace(" ", "")),
        ("webpush", OwnBrowser(f"{SERVICE}x").subscription(keys={"p256dh": "AA", "auth": "AA"}).replace(" ", "")),
        ("line", f"U{'0a' * 16}"),
    ],
)
def test_an_address_that_nobody_could_be_reached_at_is_refused(mei: SignedIn, kind: str, address: str) -> None:
    refused = mei.call("POST", "/v1/devices", {"kind": kind, "address": address})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/address")


def test_a_browser_with_new_keys_is_known_again(mei: SignedIn) -> None:
    assert registered(mei).id == registered(mei).id != registered(mei, "other").id


def test_a_device_that_is_gone_keeps_no_key(phone: OwnDevice) -> None:
    kept = "SELECT receipt_key_sealed AS key FROM notify.device WHERE id = :id"
    device = parse_typeid("dev", phone.id)
    assert row(kept, id=device).key is not None
    with db.unit_of_work() as session:
        session.execute(
            text(
                "UPDATE notify.device SET gone_at = now(), gone_reason = 'unregistered', address_sealed = NULL WHERE id = :id"
            ),
            {"id": device},
        )
    assert row(kept, id=device).key is None
