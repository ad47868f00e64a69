"""Receipts and complaints over HTTP, and the key with which browsers subscribe."""

from __future__ import annotations

from datetime import datetime

from core.errors import NotFound
from core.http import Answer, Call, Routes, citizen, partner_signature, public
from core.ids import parse_typeid
from core.text import Text
from notify import browsers
from notify.receipts import complaints, keys
from notify.receipts.errors import ReceiptNotSigned
from notify.receipts.receipts import Receipt, take
from notify.receipts.schemas import ComplaintCreate, ReceiptBatch, WebPushKeySchema

routes = Routes("notify")


@routes.get(
    "/v1/web-push-key",
    access=public(),
    answers={200: WebPushKeySchema},
    summary=Text("瀏覽器訂閱推播所用的公開金鑰", "The key with which a browser subscribes; null: none is pushed to"),
)
def web_push_key(call: Call) -> Answer:
    """For `applicationServerKey` (Push API §7.2): an uncompressed P-256 point in base64url (RFC 8292 §3.2)."""
    return Answer({"key": browsers.public_key()})


@routes.post(
    "/v1/receipts",
    access=partner_signature(),
    body=ReceiptBatch,
    answers={204: None},
    problems=[ReceiptNotSigned],
    summary=Text("裝置回報訊息已顯示、開啟或關閉", "A device says that messages were shown, opened or dismissed"),
)
def take_receipts(call: Call) -> Answer:
    """`X-Receipt-Signature` is HMAC-SHA256 over the body's bytes under the device's receipt key, in base64url. Sending
    the same again changes nothing; of messages that are not the device's own nothing is said."""
    receipts = [_receipt(item) for item in call.body["items"]]
    try:
        device_id = parse_typeid("dev", call.body["device_id"])
    except NotFound:
        raise ReceiptNotSigned from None
    signed = call.request.headers.get("X-Receipt-Signature", "")
    person_id = keys.person_who_signed(call.session, device_id, body=call.request.get_data(), signed=signed)
    take(
        call.session,
        person_id=person_id,
        device_id=device_id,
        receipts=[each for each in receipts if each is not None],
        now=call.now,
    )
    return Answer(status=204)


@routes.post(
    "/v1/inbox/<message_id>/complaint",
    access=citizen(loa=2),
    body=ComplaintCreate,
    answers={204: None},
    problems=[NotFound],
    summary=Text("申訴這則訊息不該收到", "Say that this message should not have come"),
)
def complain(call: Call) -> Answer:
    """Its sender sees how many did so, and nobody who."""
    complaints.complain(
        call.session,
        person_id=call.actor.id,
        message_id=parse_typeid("msg", call.path["message_id"]),
        reason=call.body["reason"],
        now=call.now,
    )
    return Answer(status=204)


def _receipt(item: dict[str, str]) -> Receipt | None:
    """None for what is like a message that is not the device's own, or a moment that nobody believes."""
    try:
        message_id, at = parse_typeid("msg", item["message_id"]), datetime.fromisoformat(item["at"])
    except (NotFound, ValueError):
        return None
    return Receipt(message_id, item["kind"], at)  # type: ignore[arg-type]
