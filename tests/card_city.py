"""The application in this process with the card processor's sandbox behind it: a payer with cards, and its notices."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from bank_city import BankCustomer
from card_desk import brought_back, card_client, enter_card
from sandbox_process import SandboxBooks
from sqlalchemy import text
from werkzeug.test import TestResponse

from api import delivery
from core import clock, db
from core.outbox import Consumer
from core.settings import DEMO_ADYEN_HMAC_KEY, settings
from ledger import audit
from partners.adyen.reports import ReportConfig
from partners.adyen.webhooks import key_of, sign_item
from wallet import adyen_notices, adyen_tasks, cards, ports, refund_sending, resolving
from wallet.rails.adyen import AdyenRail

KEY = key_of(DEMO_ADYEN_HMAC_KEY)
ITEM: dict[str, Any] = {
    "pspReference": "PSPTEST000000001",
    "merchantReference": "pay_never",
    "merchantAccountCode": "KaohsiungCity",
    "amount": {"currency": "TWD", "value": 60000},
    "eventCode": "AUTHORISATION",
    "success": "true",
    "eventDate": "2026-11-05T10:00:00+08:00",
    "paymentMethod": "visa",
    "reason": "",
}


@dataclass
class CardPayer:
    """Somebody who pays by card; `customer` is who they are."""

    customer: BankCustomer
    books: SandboxBooks

    def owe(self, *amounts: int) -> list[str]:
        """Parking fees, by id."""
        return [bill["id"] for bill in self.customer.owe_parking(*amounts)]

    def begin(self, bill_ids: Sequence[str], **how: Any) -> dict[str, Any]:
        """POST /v1/payments by card unless told otherwise."""
        body = {"bill_ids": list(bill_ids), **({"rail": "card"} | how)}
        key = str(uuid.uuid4())
        return self.customer.got("POST", "/v1/payments", body, Idempotency_Key=key)  # type: ignore[no-any-return]

    def confirm(self, payment: dict[str, Any], wallet_token: str | None = None) -> dict[str, Any]:
        """POST …/authorization."""
        credential = self.customer.device.get(payment["authorization"]["options"])
        body = {"credential": credential} | ({"wallet_token": wallet_token} if wallet_token else {})
        path = f"/v1/payments/{payment['id']}/authorization"
        return self.customer.got("POST", path, body, Idempotency_Key=str(uuid.uuid4()))  # type: ignore[no-any-return]

    def back(self, payment: dict[str, Any], result: dict[str, str]) -> dict[str, Any]:
        """POST …/completion with what the browser brought."""
        path = f"/v1/payments/{payment['id']}/completion"
        key = str(uuid.uuid4())
        return self.customer.got("POST", path, {"result": result}, Idempotency_Key=key)  # type: ignore[no-any-return]

    def opened(self, bill_ids: Sequence[str], **how: Any) -> dict[str, Any]:
        """A payment that waits for a new card on the processor's page."""
        payment = self.confirm(self.begin(bill_ids, **how))
        assert payment["status"] == "action_required", payment
        return payment

    def paid(self, bill_ids: Sequence[str], **form: str) -> dict[str, Any]:
        """A payment by new card, from beginning to end."""
        payment = self.opened(bill_ids)
        done = self.back(payment, self.entered(payment, **form))
        assert done["status"] == "captured", done
        return done

    def entered(self, payment: dict[str, Any], **form: str) -> dict[str, str]:
        """Enter a card on the page; the query that the browser brings back."""
        return brought_back(enter_card(payment["action"]["url"], **form), return_url())

    def now(self, payment: dict[str, Any]) -> dict[str, Any]:
        """GET the payment."""
        return self.customer.got("GET", f"/v1/payments/{payment['id']}")  # type: ignore[no-any-return]

    def cards(self) -> list[dict[str, Any]]:
        """GET /v1/cards, once everything due has been asked."""
        deliver()
        cards.ask_due(clock.now() + timedelta(minutes=1))
        return self.customer.got("GET", "/v1/cards")["items"]  # type: ignore[no-any-return]

    def psp_of(self, payment: dict[str, Any]) -> str:
        """The processor's name of a payment that was authorised."""
        (written,) = self.books.read("adyen/payments", reference=payment["id"], result_code="Authorised")
        return str(written["psp_reference"])

    def told(self, event_code: str, **changed: Any) -> bytes:
        """The newest notice of this kind that the processor has written, its item changed and signed anew."""
        webhook = self.books.webhooks(target="adyen", type=event_code)[-1]
        item = webhook["body"]["notificationItems"][0]["NotificationRequestItem"]
        return batch(item | changed)

    def hear(self, content: bytes, **headers: str) -> TestResponse:
        """POST /v1/webhooks/adyen."""
        return self.customer.client.post(
            "/v1/webhooks/adyen", data=content, content_type="application/json", headers=headers
        )

    def heard(self, *contents: bytes) -> None:
        """These notices come and are weighed."""
        for content in contents:
            answer = self.hear(content)
            assert answer.status_code == 200, answer.text
        weigh()


def return_url() -> str:
    """Where browsers come back to."""
    return f"{settings().public_origin}/app/payment-return"


def batch(*items: dict[str, Any], live: str = "false", key: bytes = KEY) -> bytes:
    """Items, each signed, as they travel."""
    signed = [
        item | {"additionalData": {**item.get("additionalData", {}), "hmacSignature": sign_item(item, key)}}
        for item in items
    ]
    return orjson.dumps({"live": live, "notificationItems": [{"NotificationRequestItem": item} for item in signed]})


def deliver() -> None:
    """What has happened is brought to those who act on it for cards, as the worker does."""
    consumers: dict[str, list[Consumer]] = {}
    for consumer in adyen_tasks.CONSUMERS:
        consumers.setdefault(consumer.kind, []).append(consumer)
    delivery.deliver([row.id for row in rows("SELECT id FROM core.outbox WHERE settled_at IS NULL")], consumers)


def weigh() -> None:
    """Everything that came is weighed, as the worker does; what waited for it, too."""
    deliver()
    for _ in range(3):
        adyen_notices.process_due(clock.now() + timedelta(hours=2))


def resolve() -> None:
    """Every payment whose outcome is not known is asked about now."""
    resolving.resolve_due(clock.now() + timedelta(minutes=10))


def send_refunds() -> None:
    """Every refund that is due is asked about now."""
    refund_sending.send_due(clock.now() + timedelta(minutes=10))


def rows(sql: str, **values: Any) -> list[Any]:
    """Rows of the database."""
    with db.unit_of_work() as session:
        return list(session.execute(text(sql), values))


def messages() -> list[tuple[str, str]]:
    """Each message's event and what became of it, in the order in which they came."""
    return [
        (row[0], row[1])
        for row in rows("SELECT event_code, status FROM wallet.webhook_message ORDER BY received_at, id")
    ]


def breaks() -> list[tuple[str, str]]:
    """Kind and cause of each difference that people have to explain."""
    return [
        (row[0], row[1]) for row in rows("SELECT kind, cause FROM wallet.reconciliation_break ORDER BY opened_at, id")
    ]


def assert_the_book_is_whole() -> None:
    """Sums are zero, and balances are what their entries say."""
    with db.unit_of_work() as session:
        assert audit.disagreements(session) == []


def put_cards_behind(books: SandboxBooks) -> Callable[[], None]:
    """From now on the wallet's card processor is this sandbox's; answers how to go back."""
    before = ports.ports()
    adyen = card_client(books.url)
    rails = {**before.rails, **{name: AdyenRail(name, adyen) for name in ("card", "apple_pay", "google_pay")}}
    reports = ReportConfig(f"{books.url}/adyen/reports/download", "sandbox-adyen-key")
    ports.plug_in(replace(before, rails=rails, cards=adyen, card_reports=reports))
    return lambda: ports.plug_in(before)
