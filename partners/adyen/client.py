"""Adyen's Checkout interface, version 72, through Adyen's own library.

New cards are entered on Adyen's page (`open_session`): no card number ever passes through the city. Kept cards are
named by a token, phones' wallets by what the phone hands over once.

Every POST carries an idempotency key made from our reference. Adyen keeps it for 31 days at least and answers a second
request with the first one's answer, whatever the second one says; so after `NoAnswer` the same call asks again. HTTP
200 means that Adyen answered, not that anything was paid: the result code says that.

All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlsplit

import Adyen
import urllib3
from Adyen.exceptions import AdyenAPIResponseError

from core.clock import on_the_wire
from core.money import MoneyNotConvertible, from_minor, to_minor
from partners import wire
from partners.adyen.transport import PooledTransport

NAME = "adyen"
CURRENCY = "TWD"
Wallet = Literal["applepay", "googlepay"]
# Another request with this key is still under way.
_IN_PROGRESS = "704"
# Our reasons for a refund in Adyen's words; any other is OTHER.
_MERCHANT_REASONS = {
    "paid_elsewhere_first": "DUPLICATE",
    "paid_elsewhere_again": "DUPLICATE",
    "paid_again_meanwhile": "DUPLICATE",
    "duplicate": "DUPLICATE",
    "wrong_bill": "CUSTOMER REQUEST",
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AdyenConfig:
    """Where Checkout is (`…/v72`), with which key and for which merchant account; test and live are told apart."""

    url: str
    api_key: str
    merchant_account: str
    is_live: bool = False
    connect_timeout_seconds: float = 2.0
    read_timeout_seconds: float = 12.0


@dataclass(frozen=True, slots=True)
class CardSession:
    """A page of Adyen's on which the payer enters a card, until `expires_at`."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """What Adyen says about a payment. `result_code` is its word; `action_url` where the payer has to go, if anywhere.

    `amount_twd` is what was authorised, None where the answer names no amount. `refusal_reason` is for the city's
    people, never for the payer.
    """

    result_code: str
    psp_reference: str
    amount_twd: int | None
    refusal_reason: str
    action_url: str


@dataclass(frozen=True, slots=True)
class SessionResult:
    """How a session ended: completed, paymentPending, refused, canceled, expired, or still active."""

    id: str
    reference: str
    status: str
    payments: tuple[PaymentAnswer, ...]


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A card that Adyen keeps for us under a token."""

    token: str
    brand: str
    last_four: str
    expiry_month: int
    expiry_year: int


class AdyenClient:
    """Checkout for one merchant account. Threads may share it."""

    def __init__(self, config: AdyenConfig) -> None:
        self._config = config

    def open_session(
        self,
        *,
        reference: str,
        amount_twd: int,
        return_url: str,
        shopper_reference: str,
        expires_at: datetime,
        keeps_card: bool = False,
        language: str = "zh-TW",
    ) -> CardSession:
        """A page on which one card pays this amount. Adyen keeps the card when the payer wants it to: `keeps_card` says
        that they have said so already, otherwise the page asks.

        The same reference is the same page. Whoever leaves it comes back to `return_url` with `sessionId` and
        `sessionResult`.
        """
        request = self._payment(reference, amount_twd, return_url, shopper_reference) | {
            "mode": "hosted",
            "allowedPaymentMethods": ["scheme"],
            "storePaymentMethodMode": "enabled" if keeps_card else "askForConsent",
            "shopperInteraction": "Ecommerce",
            "shopperLocale": language,
            "expiresAt": on_the_wire(expires_at),
        }
        answer = self._sent(lambda: self._payments.sessions(request, idempotency_key=f"{reference}.session"))
        return _shaped(answer, lambda: CardSession(answer["id"], _web_address(answer["url"]), _instant(answer)))

    def session_result(self, session_id: str, session_result: str) -> SessionResult:
        """How a session ended, for the `sessionResult` that the payer's browser brought back."""
        query = {"sessionResult": quote(session_result, safe="")}
        answer = self._sent(
            lambda: self._payments.get_result_of_payment_session(quote(session_id, safe=""), query_parameters=query)
        )
        return _shaped(answer, lambda: _session_result(answer))

    def pay_with_kept_card(
        self, *, reference: str, amount_twd: int, return_url: str, shopper_reference: str, token: str
    ) -> PaymentAnswer:
        """Pays with a card that Adyen keeps. The same reference has the same answer."""
        request = self._payment(reference, amount_twd, return_url, shopper_reference) | {
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": token},
            "shopperInteraction": "ContAuth",
            "recurringProcessingModel": "CardOnFile",
        }
        return self._paid(reference, amount_twd, request)

    def pay_with_wallet(
        self,
        *,
        reference: str,
        amount_twd: int,
        return_url: str,
        shopper_reference: str,
        wallet: Wallet,
        token: str,
    ) -> PaymentAnswer:
        """Pays with what Apple Pay or Google Pay handed over on the phone. The same reference has the same answer."""
        field = "applePayToken" if wallet == "applepay" else "googlePayToken"
        request = self._payment(reference, amount_twd, return_url, shopper_reference) | {
            "paymentMethod": {"type": wallet, field: token},
            "shopperInteraction": "Ecommerce",
        }
        return self._paid(reference, amount_twd, request)

    def payment_details(self, *, reference: str, amount_twd: int, redirect_result: str) -> PaymentAnswer:
        """What became of a payment whose payer went to another page and came back with `redirectResult`.

        Whose result that is, a browser can say wrongly: an answer about another payment is not trusted.
        """
        request = {"details": {"redirectResult": redirect_result}}
        key = f"details.{hashlib.sha256(redirect_result.encode()).hexdigest()[:40]}"
        answer = self._sent(lambda: self._payments.payments_details(request, idempotency_key=key))
        paid = _shaped(answer, lambda: _payment_answer(answer))
        is_ours = answer.get("merchantReference") == reference and paid.amount_twd in (None, amount_twd)
        if not is_ours:
            raise wire.AnswerNotTrusted(NAME, "the answer is about another payment")
        return paid

    def capture(self, *, reference: str, psp_reference: str, amount_twd: int) -> str:
        """Takes what was only authorised. Answers Adyen's name for the request; CAPTURE says what became of it."""
        request = self._change(reference) | {"amount": _amount(amount_twd)}
        return self._modified("capture_authorised_payment", psp_reference, request, f"{reference}.capture")

    def refund(self, *, reference: str, psp_reference: str, amount_twd: int, reason: str) -> str:
        """Asks Adyen to give money back. Answers its name for the request; REFUND says what became of it."""
        request = self._change(reference) | {
            "amount": _amount(amount_twd),
            "merchantRefundReason": _MERCHANT_REASONS.get(reason, "OTHER"),
        }
        return self._modified("refund_captured_payment", psp_reference, request, reference)

    def cancel(self, *, reference: str, psp_reference: str) -> str:
        """Gives up an authorisation before it is captured. CANCELLATION says what became of it."""
        return self._modified(
            "cancel_authorised_payment_by_psp_reference", psp_reference, self._change(reference), f"{reference}.cancel"
        )

    def cancel_by_reference(self, reference: str, *, nth: int = 0) -> str:
        """Gives up a payment of which we know our own reference alone. TECHNICAL_CANCEL says what became of it.

        The same `nth` is the same request, which is not told of again; another one has Adyen look, and tell, anew.
        """
        request = self._change(reference) | {"paymentReference": reference}
        key = f"{reference}.technical-cancel.{nth}"
        answer = self._sent(lambda: self._modifications.cancel_authorised_payment(request, idempotency_key=key))
        return _shaped(answer, lambda: str(answer["pspReference"]))

    def stored_cards(self, shopper_reference: str) -> tuple[StoredCard, ...]:
        """The cards that Adyen keeps for this shopper."""
        query = {"shopperReference": quote(shopper_reference, safe=""), "merchantAccount": self._quoted_account}
        answer = self._sent(lambda: self._recurring.get_tokens_for_stored_payment_details(query_parameters=query))
        return _shaped(answer, lambda: tuple(_stored_card(each) for each in answer.get("storedPaymentMethods", [])))

    def forget_card(self, *, shopper_reference: str, token: str) -> None:
        """Has Adyen delete a kept card; one that is gone already is gone."""
        query = {"shopperReference": quote(shopper_reference, safe=""), "merchantAccount": self._quoted_account}
        forget = self._recurring.delete_token_for_stored_payment_details
        try:
            self._sent(lambda: forget(quote(token, safe=""), query_parameters=query))
        except wire.Refused as refusal:
            if refusal.status not in (404, 422):
                raise

    def _paid(self, reference: str, amount_twd: int, request: dict[str, Any]) -> PaymentAnswer:
        answer = self._sent(lambda: self._payments.payments(request, idempotency_key=reference))
        paid = _shaped(answer, lambda: _payment_answer(answer))
        if answer.get("merchantReference", reference) != reference or paid.amount_twd not in (None, amount_twd):
            raise wire.AnswerNotTrusted(NAME, "the answer is about another payment")
        return paid

    def _modified(self, operation: str, psp_reference: str, request: dict[str, Any], key: str) -> str:
        modify = getattr(self._modifications, operation)
        answer = self._sent(lambda: modify(request, quote(psp_reference, safe=""), idempotency_key=key))
        if answer.get("paymentPspReference") != psp_reference:
            raise wire.AnswerNotTrusted(NAME, "the answer is about another payment")
        return _shaped(answer, lambda: str(answer["pspReference"]))

    def _payment(self, reference: str, amount_twd: int, return_url: str, shopper_reference: str) -> dict[str, Any]:
        return {
            "amount": _amount(amount_twd),
            "merchantAccount": self._config.merchant_account,
            "reference": reference,
            "returnUrl": return_url,
            "shopperReference": shopper_reference,
            "countryCode": "TW",
            "channel": "Web",
            # Captured at once: what is authorised is paid.
            "captureDelayHours": 0,
        }

    def _change(self, reference: str) -> dict[str, Any]:
        return {"merchantAccount": self._config.merchant_account, "reference": reference}

    def _sent(self, call: Callable[[], Any]) -> dict[str, Any]:
        """The JSON object Adyen answered with; every way to fail has its type."""
        try:
            message = call().message
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise wire.NotReached(NAME, type(error).__name__) from error
        except urllib3.exceptions.HTTPError as error:
            raise wire.NoAnswer(NAME, type(error).__name__) from error
        except AdyenAPIResponseError as error:
            raise _failure(error) from error
        except (AttributeError, TypeError) as error:
            # The library takes every answer for an object and trips over one that is none.
            raise wire.AnswerNotTrusted(NAME, "the answer is not an object") from error
        if not isinstance(message, dict):
            raise wire.AnswerNotTrusted(NAME, "the answer is not an object")
        return message

    @property
    def _quoted_account(self) -> str:
        return quote(self._config.merchant_account, safe="")

    @cached_property
    def _checkout(self) -> Any:
        config = self._config
        adyen = Adyen.Adyen()
        adyen.client.xapikey = config.api_key
        adyen.client.platform = "live" if config.is_live else "test"
        # Addresses come from our settings, whole; the library asks for the prefix all the same.
        adyen.client.live_endpoint_prefix = "unused"
        adyen.client.http_client = PooledTransport(
            f"mykaohsiung {Adyen.settings.LIB_NAME}/{Adyen.settings.LIB_VERSION}",
            connect_timeout_seconds=config.connect_timeout_seconds,
            read_timeout_seconds=config.read_timeout_seconds,
        )
        adyen.client.http_init = True
        checkout = adyen.checkout
        for service in (checkout.payments_api, checkout.modifications_api, checkout.recurring_api):
            service.baseUrl = config.url
        return checkout

    @property
    def _payments(self) -> Any:
        return self._checkout.payments_api

    @property
    def _modifications(self) -> Any:
        return self._checkout.modifications_api

    @property
    def _recurring(self) -> Any:
        return self._checkout.recurring_api


def _failure(error: AdyenAPIResponseError) -> wire.CallFailed:
    status, code = int(error.status_code), str(error.error_code or "")
    detail = str(error.message.get("message", "") if isinstance(error.message, dict) else "")
    if status == 429:
        return wire.Unavailable(NAME, detail, wire.retry_after_seconds(error.headers.get("retry-after")))
    if 400 <= status < 500 and code != _IN_PROGRESS:
        return wire.Refused(NAME, detail, status, code)
    # 5xx, a redirect, or the first request with this key is still at work: it may have happened.
    return wire.NoAnswer(NAME, f"status {status} {code}")


def _shaped(answer: dict[str, Any], build: Callable[[], _T]) -> _T:
    try:
        return build()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise wire.AnswerNotTrusted(NAME, f"the answer is not as agreed: {error!r}") from error


def _amount(amount_twd: int) -> dict[str, Any]:
    return {"currency": CURRENCY, "value": to_minor(amount_twd)}


def _amount_twd(amount: Mapping[str, Any]) -> int:
    if amount["currency"] != CURRENCY:
        raise MoneyNotConvertible(f"{amount['currency']!r} is not {CURRENCY}")
    return from_minor(amount["value"])


def _payment_answer(answer: Mapping[str, Any]) -> PaymentAnswer:
    action = answer.get("action") or {}
    return PaymentAnswer(
        result_code=str(answer["resultCode"]),
        psp_reference=str(answer.get("pspReference", "")),
        amount_twd=_amount_twd(answer["amount"]) if answer.get("amount") else None,
        refusal_reason=str(answer.get("refusalReason", "")),
        action_url=_web_address(action["url"]) if action.get("type") == "redirect" else "",
    )


def _session_result(answer: Mapping[str, Any]) -> SessionResult:
    payments = tuple(_payment_answer(each) for each in answer.get("payments") or [])
    return SessionResult(str(answer["id"]), str(answer["reference"]), str(answer["status"]), payments)


def _stored_card(card: Mapping[str, Any]) -> StoredCard:
    return StoredCard(
        token=str(card["id"]),
        brand=str(card.get("brand", "")),
        last_four=str(card.get("lastFour", "")),
        expiry_month=int(card["expiryMonth"]),
        expiry_year=int(card["expiryYear"]),
    )


def _web_address(url: str) -> str:
    """`url`, which a browser will be sent to. Raises ValueError for one that does not lead to a web page."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("not a web address")
    return url


def _instant(answer: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(answer["expiresAt"])
