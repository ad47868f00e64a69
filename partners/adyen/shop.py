"""What every part of the sandbox processor works with, and how it tells the city what happened."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from core.clock import now, on_the_wire
from partners.adyen.ledger import insert, new_reference
from partners.adyen.published import Published
from partners.adyen.webhooks import SIGNATURE_HEADER, sign_body, sign_item
from partners.desk.books import Row
from partners.desk.protocol import Desk
from partners.desk.switches import Mode
from partners.desk.webhooks import write_down_as_is

PARTNER = "adyen"
WRONG_KEY = bytes(32)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell the city: an event about a payment. `delay_seconds` lets other notices overtake it."""

    event_code: str
    psp_reference: str
    merchant_reference: str
    amount_minor: int
    currency: str
    original_reference: str = ""
    is_success: bool = True
    reason: str = ""
    payment_method: str = ""
    additional: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TokenNotice:
    """A card is kept under a token, or no longer: `kind` is such as recurring.token.created."""

    kind: str
    operation: str
    shopper_reference: str
    token: str
    brand: str


@dataclass(frozen=True, slots=True)
class Shop:
    """The city's merchant account at the sandbox processor. `own_url` is where browsers reach the sandbox."""

    desk: Desk
    api_key: str
    merchant_account: str
    hmac_key: bytes
    own_url: str
    published: Published | None

    def mode(self, operation: str, facts: Mapping[str, Any], header: str | None = None) -> Mode | None:
        """How a request or notice is to be treated. Never to be asked inside a write transaction."""
        return self.desk.switches.chosen(PARTNER, operation, header, facts)

    def tell(self, notices: Sequence[Notice | TokenNotice]) -> None:
        """Writes notices down and has them sent, each as the switches will have it."""
        if not notices or not self.desk.switches.is_on("webhooks"):
            return
        for notice in notices:
            if isinstance(notice, TokenNotice):
                self._tell_of_token(notice)
            else:
                self._tell(notice)
        self.desk.webhooks.wake()

    def object_to(self, operation: str, objection: str, message: Any) -> None:
        """Keeps a message that is not as published, so that it is seen."""
        log.error("%s: %s", operation, objection)
        with self.desk.books.writing() as writing:
            insert(
                writing,
                "adyen_objection",
                operation=operation,
                objection=objection,
                message=orjson.dumps(message).decode(),
            )

    def _tell(self, notice: Notice) -> None:
        facts = {
            "eventCode": notice.event_code,
            "reference": notice.merchant_reference,
            "pspReference": notice.psp_reference,
        }
        mode = self.mode("notice", facts)
        body = self.batch([self.item(notice, mode)])
        if self.published and (objection := self.published.objection_to_notice(notice.event_code, body)):
            self.object_to(notice.event_code, objection, body)
        if mode is None and notice.delay_seconds:
            mode = Mode("reorder_webhook", {"delay": notice.delay_seconds})
        self._write(notice.psp_reference, notice.event_code, orjson.dumps(body), {}, mode)

    def _tell_of_token(self, notice: TokenNotice) -> None:
        mode = self.mode("notice", {"eventCode": notice.kind, "reference": notice.shopper_reference})
        event_id = new_reference()
        content = orjson.dumps(
            {
                "createdAt": on_the_wire(now()),
                "environment": "test",
                "eventId": event_id,
                "type": notice.kind,
                "version": "1",
                "data": {
                    "merchantAccount": self.merchant_account,
                    "operation": notice.operation,
                    "shopperReference": notice.shopper_reference,
                    "storedPaymentMethodId": notice.token,
                    "type": notice.brand,
                },
            }
        )
        key = WRONG_KEY if mode and mode.name == "bad_hmac" else self.hmac_key
        self._write(event_id, notice.kind, content, {SIGNATURE_HEADER: sign_body(content, key)}, mode)

    def item(self, notice: Notice, mode: Mode | None = None) -> dict[str, Any]:
        """A signed item of a batch; `mode` may have it say the wrong amount, and sign that or sign wrongly."""
        name = mode.name if mode else ""
        happened_at = now() - timedelta(days=mode["days"] if mode and name == "late" else 0.0)
        amount_minor = notice.amount_minor // 100 if name == "hundredth" else notice.amount_minor
        item: dict[str, Any] = {
            "pspReference": notice.psp_reference,
            "merchantReference": notice.merchant_reference,
            "merchantAccountCode": self.merchant_account,
            "eventDate": happened_at.isoformat(timespec="seconds"),
            "amount": {"currency": "EUR" if name == "wrong_currency" else notice.currency, "value": amount_minor},
            "eventCode": notice.event_code,
            "success": "true" if notice.is_success else "false",
            "paymentMethod": notice.payment_method,
            "reason": notice.reason,
        }
        if notice.original_reference:
            item["originalReference"] = notice.original_reference
        signature = sign_item(item, WRONG_KEY if name == "bad_hmac" else self.hmac_key)
        return item | {"additionalData": {**notice.additional, "hmacSignature": signature}}

    @staticmethod
    def batch(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Items as they travel, in the test environment."""
        return {"live": "false", "notificationItems": [{"NotificationRequestItem": item} for item in items]}

    def _write(self, event_id: str, kind: str, content: bytes, headers: Mapping[str, str], mode: Mode | None) -> None:
        with self.desk.books.writing() as writing:
            write_down_as_is(writing, PARTNER, event_id, kind, content.decode(), headers, mode)


def about(payment: Row, event_code: str, psp_reference: str, amount_minor: int, **more: Any) -> Notice:
    """A notice about what became of a payment later on."""
    more = {"original_reference": payment["psp_reference"], **more}
    return Notice(
        event_code=event_code,
        psp_reference=psp_reference,
        merchant_reference=more.pop("merchant_reference", payment["reference"]),
        amount_minor=amount_minor,
        currency=payment["currency"],
        payment_method=payment["brand"],
        **more,
    )


def shopper_s_cards(connection: sqlite3.Connection, shopper_reference: str) -> list[Row]:
    """The cards kept for a shopper, oldest first."""
    found = connection.execute(
        "SELECT * FROM adyen_token WHERE shopper_reference = ? ORDER BY created_at, id", (shopper_reference,)
    )
    return [dict(row) for row in found]
