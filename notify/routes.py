"""Devices and the inbox over HTTP."""

from __future__ import annotations

from typing import Any

from core.clock import on_the_wire
from core.errors import FieldError, InvalidRequest, NotFound
from core.http import Answer, Call, PageQuery, Routes, citizen
from core.ids import parse_typeid, typeid
from core.text import Text
from identity.words import BUREAU_NAMES
from notify import browsers, devices, inbox, line_reach, ride_routes
from notify.alerts import duty_routes, positions
from notify.alerts import routes as alert_routes
from notify.campaigns import routes as campaign_routes
from notify.cap import routes as cap_routes
from notify.receipts import keys as receipt_keys
from notify.receipts import routes as receipt_routes
from notify.schemas import (
    DeviceCreate,
    DevicePage,
    InboxPage,
    MessageChange,
    MessageSchema,
    RegisteredDeviceSchema,
)
from notify.topics import topic_routes
from partners.webpush.subscriptions import SubscriptionWrong

routes = Routes("notify")
ROUTES = (
    routes,
    cap_routes.routes,
    *topic_routes.ROUTES,
    *campaign_routes.ROUTES,
    receipt_routes.routes,
    alert_routes.routes,
    duty_routes.routes,
    ride_routes.routes,
)
_CITIZEN = citizen(loa=2)


@routes.post(
    "/v1/devices",
    access=_CITIZEN,
    body=DeviceCreate,
    answers={200: RegisteredDeviceSchema, 201: RegisteredDeviceSchema},
    problems=[line_reach.LineNotLinked],
    summary=Text("登記一台要收通知的裝置", "Register a device for push messages; 200 when it was known already"),
)
def register_device(call: Call) -> Answer:
    """`address` is Firebase's installation id or token, or a browser's PushSubscription as JSON. For `line` there is
    none: it is the LINE account that the caller has linked.

    `receipt_key` signs what the device says of its messages; each answer carries a new one, and nothing shows it again.
    """
    kind = call.body["kind"]
    address = _address(call, kind, call.body["address"])
    device, is_new = devices.register(
        call.session, person_id=call.actor.id, kind=kind, address=address, name=call.body["name"], now=call.now
    )
    key = receipt_keys.issue(call.session, device.id)
    return Answer(_device(device) | {"receipt_key": key}, status=201 if is_new else 200)


def _address(call: Call, kind: str, given: str | None) -> str:
    """The address in the one form that is kept. Raises InvalidRequest, LineNotLinked."""
    if (given is None) != (kind == "line"):
        why = "LINE is written to at the account that you linked" if kind == "line" else "what pushes are sent to"
        raise InvalidRequest(errors=[FieldError("/address", why)])
    if given is None:
        return line_reach.address_of(call.session, call.actor.id)
    if kind == "webpush":
        try:
            return browsers.address_of(given)
        except SubscriptionWrong as wrong:
            raise InvalidRequest(errors=[FieldError("/address", str(wrong))]) from None
    return given


@routes.get(
    "/v1/devices",
    access=_CITIZEN,
    answers={200: DevicePage},
    summary=Text("我登記的裝置", "My devices, the one seen last first"),
)
def my_devices(call: Call) -> Answer:
    """`position` is what is kept of where it is: null unless its owner wants it to be known."""
    kept = positions.of_person(call.session, call.actor.id)
    items = [
        _device(each) | {"position": alert_routes.position_shown(kept[each.id]) if each.id in kept else None}
        for each in devices.devices_of(call.session, call.actor.id)
    ]
    return Answer({"items": items, "next_cursor": None})


@routes.delete(
    "/v1/devices/<device_id>",
    access=_CITIZEN,
    answers={204: None},
    problems=[NotFound],
    summary=Text("不再通知這台裝置", "Stop pushing to a device and forget its address"),
)
def remove_device(call: Call) -> Answer:
    device_id = parse_typeid("dev", call.path["device_id"])
    devices.remove(call.session, person_id=call.actor.id, device_id=device_id, now=call.now)
    return Answer(status=204)


@routes.get(
    "/v1/inbox",
    access=_CITIZEN,
    query=PageQuery,
    answers={200: InboxPage},
    summary=Text("我的信箱", "My messages, newest first, and how many are unread"),
)
def my_inbox(call: Call) -> Answer:
    messages, next_cursor = inbox.page_of_messages(
        call.session, person_id=call.actor.id, limit=call.query["limit"], cursor=call.query["cursor"]
    )
    unread = inbox.unread_count(call.session, call.actor.id)
    items = [_message(message, call.language) for message in messages]
    return Answer({"items": items, "next_cursor": next_cursor, "unread": unread})


@routes.get(
    "/v1/inbox/<message_id>",
    access=_CITIZEN,
    answers={200: MessageSchema},
    problems=[NotFound],
    summary=Text("一則訊息", "One message"),
)
def one_message(call: Call) -> Answer:
    message_id = parse_typeid("msg", call.path["message_id"])
    return Answer(_message(inbox.message(call.session, person_id=call.actor.id, message_id=message_id), call.language))


@routes.patch(
    "/v1/inbox/<message_id>",
    access=_CITIZEN,
    body=MessageChange,
    answers={200: MessageSchema},
    problems=[NotFound],
    summary=Text("標示為已讀或未讀", "Mark a message read or unread"),
)
def mark_message(call: Call) -> Answer:
    marked = inbox.mark(
        call.session,
        person_id=call.actor.id,
        message_id=parse_typeid("msg", call.path["message_id"]),
        is_read=call.body["is_read"],
        now=call.now,
    )
    return Answer(_message(marked, call.language))


def _device(device: devices.Device) -> dict[str, Any]:
    return {
        "id": typeid("dev", device.id),
        "kind": device.kind,
        "name": device.name,
        "created_at": on_the_wire(device.created_at),
        "last_seen_at": on_the_wire(device.last_seen_at),
    }


def _message(message: inbox.Message, language: str) -> dict[str, Any]:
    return {
        "id": typeid("msg", message.id),
        "kind": message.kind,
        "basis": message.basis,
        "title": message.title.in_language(language),
        "body": message.body.in_language(language),
        "link": message.link,
        "subscription_id": typeid("sub", message.subscription_id) if message.subscription_id else None,
        "topic": message.topic,
        "topic_name": message.topic_name.in_language(language) if message.topic_name else None,
        "bureau_name": _bureau_name(message, language),
        "alert": _alert(message.alert) if message.alert else None,
        "created_at": on_the_wire(message.created_at),
        "read_at": on_the_wire(message.read_at) if message.read_at else None,
        "recalled_at": on_the_wire(message.recalled_at) if message.recalled_at else None,
        "settled_at": on_the_wire(message.settled_at) if message.settled_at else None,
        "items": [_gathered(each, language) for each in message.gathered],
    }


def _gathered(message: inbox.Message, language: str) -> dict[str, Any]:
    whole = _message(message, language)
    names = ("id", "title", "body", "topic_name", "bureau_name", "recalled_at", "settled_at")
    return {name: whole[name] for name in names}


def _bureau_name(message: inbox.Message, language: str) -> str | None:
    return BUREAU_NAMES[message.bureau].in_language(language) if message.bureau else None


def _alert(alert: inbox.AlertState) -> dict[str, Any]:
    return {
        "severity": alert.severity,
        "is_drill": alert.is_drill,
        "is_cancelled": alert.is_cancelled,
        "expires_at": on_the_wire(alert.expires_at),
    }
