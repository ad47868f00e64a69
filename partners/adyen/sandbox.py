"""A card processor that speaks Checkout v72, keeps its own books, shows its own pages and sends its own notices."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint

from core.clock import now, on_the_wire
from partners.adyen import control, pages, processing
from partners.adyen.checkout import Checkout, CheckoutCall, CheckoutRefusal, amount_of
from partners.adyen.ledger import insert, payment_named, row_of
from partners.adyen.processing import Asked, Card
from partners.adyen.shop import Shop, shopper_s_cards
from partners.desk.books import Row

SESSION_SECONDS = 3600
_WALLETS = {"applepay": "applePayToken", "googlepay": "googlePayToken"}


def blueprint(shop: Shop) -> Blueprint:
    """The processor's routes under /adyen: the interface under /v72, pages for browsers, reports."""
    adyen = Blueprint("adyen", __name__, url_prefix="/adyen", template_folder="templates")
    checkout = Checkout(shop)
    books = shop.desk.books

    @adyen.post("/v72/sessions")
    @checkout.serve("session", "CreateCheckoutSessionRequest", "CreateCheckoutSessionResponse", 201)
    def open_session(call: CheckoutCall) -> dict[str, Any]:
        session_id = f"CS{secrets.token_hex(8).upper()}"
        return _opened(shop, session_id, call.body)

    @adyen.get("/v72/sessions/<session_id>")
    @checkout.serve("session_result", None, "SessionResultResponse")
    def session_result(call: CheckoutCall, session_id: str) -> dict[str, Any]:
        session = books.one("SELECT * FROM adyen_session WHERE id = ?", session_id)
        if session is None or not secrets.compare_digest(
            session["session_result"].encode(), call.query.get("sessionResult", "").encode()
        ):
            raise CheckoutRefusal(422, "14_0445", "The provided session or sessionResult is not valid")
        return _ended(shop, session)

    @adyen.post("/v72/payments")
    @checkout.serve("payment", "PaymentRequest", "PaymentResponse")
    def pay(call: CheckoutCall) -> dict[str, Any]:
        asked = _asked(call.body)
        with books.writing() as writing:
            card = _card(writing, call.body)
        name = call.mode.name if call.mode else ""
        if name == "challenge" or (card.is_challenged and name != "refuse_card"):
            return _challenged(shop, asked, card)
        with books.writing() as writing:
            payment, told = processing.authorise(writing, asked, card, call.mode)
        shop.tell(told)
        return _shown(payment, shift=name == "hundredth")

    @adyen.post("/v72/payments/details")
    @checkout.serve("payment_details", "PaymentDetailsRequest", "PaymentDetailsResponse")
    def details(call: CheckoutCall) -> dict[str, Any]:
        result = str(call.body["details"].get("redirectResult", ""))
        with books.writing() as writing:
            challenge = row_of(writing, "SELECT * FROM adyen_challenge WHERE redirect_result = ?", result)
            if challenge is None or challenge["state"] == "open":
                raise CheckoutRefusal(422, "101", "Invalid redirectResult")
            payment, told = pages.after_challenge(writing, challenge, call.mode)
        shop.tell(told)
        return _shown(payment)

    @adyen.post("/v72/payments/<psp_reference>/captures")
    @checkout.serve("capture", "PaymentCaptureRequest", "PaymentCaptureResponse", 201)
    def capture(call: CheckoutCall, psp_reference: str) -> dict[str, Any]:
        amount_minor, _ = amount_of(call.body)
        with books.writing() as writing:
            payment = _payment(writing, psp_reference)
            fails = bool(call.mode and call.mode.name == "capture_failed")
            reference = str(call.body.get("reference", payment["reference"]))
            name, told = processing.capture(writing, payment, amount_minor, reference, fails_later=fails)
        shop.tell(told)
        return _received(call.body, psp_reference, name)

    @adyen.post("/v72/payments/<psp_reference>/refunds")
    @checkout.serve("refund", "PaymentRefundRequest", "PaymentRefundResponse", 201)
    def refund(call: CheckoutCall, psp_reference: str) -> dict[str, Any]:
        amount_minor, _ = amount_of(call.body)
        fate = call.mode.name if call.mode else ""
        with books.writing() as writing:
            payment = _payment(writing, psp_reference)
            reference = str(call.body.get("reference", payment["reference"]))
            name, told = processing.refund(writing, payment, amount_minor, reference, fate=fate)
        shop.tell(told)
        return _received(call.body, psp_reference, name)

    @adyen.post("/v72/payments/<psp_reference>/cancels")
    @checkout.serve("cancel", "PaymentCancelRequest", "PaymentCancelResponse", 201)
    def cancel(call: CheckoutCall, psp_reference: str) -> dict[str, Any]:
        with books.writing() as writing:
            payment = _payment(writing, psp_reference)
            reference = str(call.body.get("reference", payment["reference"]))
            name, told = processing.cancel(writing, payment, reference, is_technical=False)
        shop.tell(told)
        return _received(call.body, psp_reference, name)

    @adyen.post("/v72/cancels")
    @checkout.serve("technical_cancel", "StandalonePaymentCancelRequest", "StandalonePaymentCancelResponse", 201)
    def technical_cancel(call: CheckoutCall) -> dict[str, Any]:
        named = str(call.body["paymentReference"])
        with books.writing() as writing:
            payment = row_of(
                writing, "SELECT * FROM adyen_payment WHERE reference = ? ORDER BY position DESC LIMIT 1", named
            )
            name, told = processing.cancel(writing, payment, named, is_technical=True)
        shop.tell(told)
        answer = {"merchantAccount": shop.merchant_account, "paymentReference": named, "pspReference": name}
        return answer | {"reference": str(call.body.get("reference", named)), "status": "received"}

    @adyen.get("/v72/storedPaymentMethods")
    @checkout.serve("stored_cards", None, "ListStoredPaymentMethodsResponse")
    def stored_cards(call: CheckoutCall) -> dict[str, Any]:
        shopper_reference = call.query.get("shopperReference", "")
        with books.writing() as reading:
            cards = shopper_s_cards(reading, shopper_reference)
        return {
            "merchantAccount": shop.merchant_account,
            "shopperReference": shopper_reference,
            "storedPaymentMethods": [_stored(card) for card in cards],
        }

    @adyen.delete("/v72/storedPaymentMethods/<token>")
    @checkout.serve("stored_card_deletion", None, None, 204)
    def forget_card(call: CheckoutCall, token: str) -> None:
        with books.writing() as writing:
            told = processing.forget(writing, call.query.get("shopperReference", ""), token)
        if told is None:
            raise CheckoutRefusal(422, "800", "Contract not found")
        shop.tell(told)

    pages.add_to(adyen, shop)
    control.add_to(adyen, shop)
    return adyen


def _opened(shop: Shop, session_id: str, body: dict[str, Any]) -> dict[str, Any]:
    amount_minor, currency = amount_of(body)
    expires_at = datetime.fromisoformat(body["expiresAt"]).timestamp() if body.get("expiresAt") else None
    expires_at = expires_at or now().timestamp() + SESSION_SECONDS
    with shop.desk.books.writing() as writing:
        insert(
            writing,
            "adyen_session",
            id=session_id,
            reference=str(body["reference"]),
            amount_minor=amount_minor,
            currency=currency,
            return_url=str(body["returnUrl"]),
            shopper_reference=body.get("shopperReference"),
            keeping=str(body.get("storePaymentMethodMode", "disabled")) if "shopperReference" in body else "disabled",
            is_captured=int(body.get("captureDelayHours") == 0),
            expires_at=expires_at,
            session_result=secrets.token_urlsafe(40),
        )
    shown = {name: value for name, value in body.items() if name != "applicationInfo"}
    until = body.get("expiresAt") or on_the_wire(datetime.fromtimestamp(expires_at, tz=now().tzinfo))
    return shown | {
        "id": session_id,
        "url": f"{shop.own_url}/adyen/pay/{session_id}",
        "expiresAt": until,
        "sessionData": secrets.token_urlsafe(60),
    }


def _ended(shop: Shop, session: Row) -> dict[str, Any]:
    status = pages.status_of(session)
    paid = shop.desk.books.all(
        "SELECT * FROM adyen_payment WHERE session_id = ? AND result_code IN ('Authorised', 'Received')", session["id"]
    )
    return {
        "id": session["id"],
        "reference": session["reference"],
        "status": status,
        "payments": [
            {
                "amount": {"currency": one["currency"], "value": one["amount_minor"]},
                "paymentMethod": {"brand": one["brand"], "type": one["method"]},
                "pspReference": one["psp_reference"],
                "resultCode": one["result_code"],
            }
            for one in paid
        ],
    }


def _asked(body: dict[str, Any]) -> Asked:
    amount_minor, currency = amount_of(body)
    return Asked(
        reference=str(body["reference"]),
        amount_minor=amount_minor,
        currency=currency,
        shopper_reference=body.get("shopperReference"),
        return_url=str(body["returnUrl"]),
        is_captured=body.get("captureDelayHours") == 0,
        requested_code=str((body.get("additionalData") or {}).get("RequestedTestAcquirerResponseCode", "")),
    )


def _card(writing: Any, body: dict[str, Any]) -> Card:
    """What a direct payment is made with: a kept card, or what a phone's wallet handed over."""
    method = body["paymentMethod"]
    kind = method.get("type")
    if kind in _WALLETS:
        shown = _wallet_token(str(method.get(_WALLETS[kind], "")))
        holder = str(shown.get("holderName", "W. ALLET"))
        return Card(kind, str(shown.get("network", "visa")), str(shown.get("last4", "1111")), holder)
    kept = row_of(
        writing,
        "SELECT * FROM adyen_token WHERE id = ? AND shopper_reference = ?",
        method.get("storedPaymentMethodId"),
        body.get("shopperReference"),
    )
    if kept is None:
        raise CheckoutRefusal(422, "800", "Contract not found")
    return Card(
        "scheme",
        kept["brand"],
        kept["last_four"],
        kept["holder_name"],
        kept["expiry_month"],
        kept["expiry_year"],
        token=kept["id"],
        is_challenged=bool(kept["is_challenged"]),
    )


def _wallet_token(token: str) -> dict[str, Any]:
    """A test wallet's token: JSON, or JSON in base64. A real phone's is sealed, and none of this sandbox's business."""
    if not token:
        raise CheckoutRefusal(422, "14_004", "Missing payment method details")
    return pages.readable(token)


def _challenged(shop: Shop, asked: Asked, card: Card) -> dict[str, Any]:
    challenge_id = pages.begin_challenge(shop, asked, card)
    return {
        "resultCode": "RedirectShopper",
        "action": {
            "type": "redirect",
            "method": "GET",
            "paymentMethodType": card.method,
            "url": f"{shop.own_url}/adyen/3ds/{challenge_id}",
        },
    }


def _shown(payment: Row, *, shift: bool = False) -> dict[str, Any]:
    value = payment["amount_minor"] // 100 if shift else payment["amount_minor"]
    shown: dict[str, Any] = {
        "pspReference": payment["psp_reference"],
        "resultCode": payment["result_code"],
        "merchantReference": payment["reference"],
        "amount": {"currency": payment["currency"], "value": value},
        "paymentMethod": {"brand": payment["brand"], "type": payment["method"]},
    }
    if payment["refusal_reason"]:
        shown |= {"refusalReason": payment["refusal_reason"], "refusalReasonCode": payment["refusal_code"]}
    return shown


def _received(body: dict[str, Any], psp_reference: str, name: str) -> dict[str, Any]:
    """The answer to a change that is taken and not yet done: the request again, named."""
    shown = {key: value for key, value in body.items() if key not in ("applicationInfo", "enhancedSchemeData")}
    return shown | {"paymentPspReference": psp_reference, "pspReference": name, "status": "received"}


def _payment(writing: Any, psp_reference: str) -> Row:
    payment = payment_named(writing, psp_reference)
    if payment is None or payment["psp_reference"] != psp_reference:
        raise CheckoutRefusal(422, "167", "Original pspReference required for this operation")
    return payment


def _stored(card: Row) -> dict[str, Any]:
    return {
        "id": card["id"],
        "type": "scheme",
        "brand": card["brand"],
        "lastFour": card["last_four"],
        "expiryMonth": card["expiry_month"],
        "expiryYear": card["expiry_year"],
        "holderName": card["holder_name"],
        "shopperReference": card["shopper_reference"],
        "supportedRecurringProcessingModels": ["CardOnFile"],
    }
