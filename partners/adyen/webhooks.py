"""What Adyen tells us unasked, believed only when every part of it is proven.

Adyen signs each item of a batch over eight of its fields, joined by colons, and puts the signature into the item
itself; token events carry one signature over the whole body in a header. This reader is stricter than the one in
Adyen's own library, which looks at the first item alone, takes an item without a signature for neither right nor wrong,
breaks on a missing amount, and cannot tell `A:B` + `C` from `A` + `B:C`. Here one item that is not proven refuses its
whole batch: nothing of it is used.

Not covered by an item's signature, and so never relied upon for money: `reason`, `paymentMethod`, `eventDate`, `live`
and whatever else is in `additionalData`.

Source: Adyen, "Verify HMAC signatures" and Webhooks v1 (OpenAPI 3.1).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from partners.wire import NotGenuine

MOST_ITEMS = 1000
LARGEST_MINOR = 10**15
SIGNATURE_HEADER = "hmacsignature"
_KEY_BYTES = _DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Notice:
    """One proven item: what happened to a payment. `amount_minor` is in ISO 4217 minor units (TWD has two decimals).

    `event_at` and `additional` are not covered by the signature.
    """

    psp_reference: str
    original_reference: str
    merchant_account: str
    merchant_reference: str
    amount_minor: int
    currency: str
    event_code: str
    is_success: bool
    event_at: datetime
    payment_method: str
    reason: str
    additional: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """A stored card has come to be, changed or gone. `kind` is Adyen's word for it: recurring.token.created …"""

    event_id: str
    kind: str
    merchant_account: str
    shopper_reference: str
    token: str


def key_of(text: str) -> bytes:
    """An HMAC key as the Customer Area shows it: 64 hexadecimal digits. Raises ValueError."""
    key = binascii.a2b_hex(text)
    if len(key) != _KEY_BYTES:
        raise ValueError("an HMAC key has 32 bytes")
    return key


@dataclass(frozen=True, slots=True)
class Validator:
    """Reads what claims to come from Adyen. Every one of `keys` verifies: the current one, and the previous one while
    keys change. `is_live` is the environment we take messages from, `merchant_accounts` those that are ours."""

    keys: tuple[bytes, ...]
    merchant_accounts: frozenset[str]
    is_live: bool

    def notices(self, content: bytes) -> tuple[Notice, ...]:
        """The items of a batch, all of them proven. Raises NotGenuine."""
        batch = _object(content)
        if batch.get("live") != ("true" if self.is_live else "false"):
            raise NotGenuine("live: the message is from the other environment, or does not say")
        items = [self._item(wrapped) for wrapped in _items(batch)]
        # Every item against every key, and no early exit: the time taken tells nothing about what came close.
        proven = [self._is_signed(_signed_text(item).encode(), signature) for item, signature in items]
        if not all(proven):
            raise NotGenuine("the signature of an item is wrong")
        return tuple(_notice(item) for item, _ in items)

    def token_event(self, content: bytes, signature: str) -> TokenEvent:
        """A message about a stored card, whose signature came in the `hmacsignature` header. Raises NotGenuine."""
        if not self._is_signed(content, _signature(signature)):
            raise NotGenuine("the signature in the header is wrong")
        message = _object(content)
        data = _part(message, "data")
        if message.get("environment") != ("live" if self.is_live else "test"):
            raise NotGenuine("environment: the message is from the other environment, or does not say")
        event = TokenEvent(
            event_id=_text(message, "eventId"),
            kind=_text(message, "type"),
            merchant_account=_text(data, "merchantAccount"),
            shopper_reference=_text(data, "shopperReference"),
            token=_text(data, "storedPaymentMethodId"),
        )
        self._must_be_ours(event.merchant_account)
        return event

    def _item(self, wrapped: Any) -> tuple[dict[str, Any], bytes]:
        if not isinstance(wrapped, dict):
            raise NotGenuine("an item is not an object")
        item = _part(wrapped, "NotificationRequestItem")
        signature = _signature(_part(item, "additionalData").get("hmacSignature"))
        amount = _part(item, "amount")
        if type(amount.get("value")) is not int or abs(amount["value"]) > LARGEST_MINOR:
            raise NotGenuine("amount.value is not a whole number, or none that money comes in")
        for name in ("pspReference", "merchantAccountCode", "eventCode", "eventDate"):
            _text(item, name)
        if item.get("success") not in ("true", "false"):
            raise NotGenuine('success is neither the text "true" nor "false"')
        for name, value in _signed_fields(item):
            if ":" in value or "\\" in value:
                raise NotGenuine(f"{name} holds a character that makes what is signed ambiguous")
        self._must_be_ours(item["merchantAccountCode"])
        return item, signature

    def _must_be_ours(self, merchant_account: str) -> None:
        if merchant_account not in self.merchant_accounts:
            raise NotGenuine("the merchant account is not ours")

    def _is_signed(self, content: bytes, signature: bytes) -> bool:
        matches = [hmac.compare_digest(hmac.digest(key, content, "sha256"), signature) for key in self.keys]
        return any(matches)


def sign_item(item: Mapping[str, Any], key: bytes) -> str:
    """The signature that belongs into the item's `additionalData.hmacSignature`."""
    return _base64(hmac.digest(key, _signed_text(item).encode(), "sha256"))


def sign_body(content: bytes, key: bytes) -> str:
    """The signature that belongs into the `hmacsignature` header of a message signed as a whole."""
    return _base64(hmac.digest(key, content, "sha256"))


def _items(batch: Mapping[str, Any]) -> Sequence[Any]:
    items = batch.get("notificationItems")
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise NotGenuine("notificationItems is not a list of items")
    return items


def _signed_fields(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The eight signed fields in their order; what may be missing counts as empty."""
    amount = item["amount"]
    named = {**item, "value": str(amount["value"]), "currency": _text(amount, "currency")}
    order = (
        "pspReference",
        "originalReference",
        "merchantAccountCode",
        "merchantReference",
        "value",
        "currency",
        "eventCode",
        "success",
    )
    return [(name, _optional_text(named, name)) for name in order]


def _signed_text(item: Mapping[str, Any]) -> str:
    return ":".join(value for _, value in _signed_fields(item))


def _notice(item: Mapping[str, Any]) -> Notice:
    return Notice(
        psp_reference=item["pspReference"],
        original_reference=_optional_text(item, "originalReference"),
        merchant_account=item["merchantAccountCode"],
        merchant_reference=_optional_text(item, "merchantReference"),
        amount_minor=item["amount"]["value"],
        currency=item["amount"]["currency"],
        event_code=item["eventCode"],
        is_success=item["success"] == "true",
        event_at=_instant(item["eventDate"]),
        payment_method=_optional_text(item, "paymentMethod"),
        reason=_optional_text(item, "reason"),
        additional={name: value for name, value in item["additionalData"].items() if isinstance(value, str)},
    )


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise NotGenuine("eventDate is not a time") from None
    if instant.tzinfo is None:
        raise NotGenuine("eventDate has no offset")
    return instant


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise NotGenuine("the body is not JSON") from None
    if not isinstance(found, dict):
        raise NotGenuine("the body is not an object")
    # PostgreSQL's text holds no NUL, and nothing Adyen signs needs one.
    if b"\\u0000" in content:
        raise NotGenuine("the body holds a NUL")
    return found


def _part(whole: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    if not isinstance(part, dict):
        raise NotGenuine(f"{name} is missing or not an object")
    return part


def _text(whole: Mapping[str, Any], name: str) -> str:
    value = whole.get(name)
    if not isinstance(value, str) or not value:
        raise NotGenuine(f"{name} is missing or not text")
    return value


def _optional_text(whole: Mapping[str, Any], name: str) -> str:
    value = whole.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotGenuine(f"{name} is not text")
    return value


def _signature(text: Any) -> bytes:
    if not isinstance(text, str):
        raise NotGenuine("the signature is missing")
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotGenuine("the signature is not base64") from None
    # Decoding forgives stray last bits: only the one right spelling counts.
    if len(signature) != _DIGEST_BYTES or _base64(signature) != text:
        raise NotGenuine("the signature is cut short or misspelt")
    return signature


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
