"""The sandbox processor's interface, described: in short, for Adyen publishes the long description itself."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import MAYBE_TEXT, NUMBER, REFUSAL, TEXT, TIME, YES_NO, listed, one_of, operation, record

TAG = {"name": "adyen", "description": "cards, Apple Pay and Google Pay: Checkout v72 (docs.adyen.com/api-explorer)"}
_ANY = {"type": "object"}
_ERROR = record(status=NUMBER, errorCode=TEXT, message=TEXT, errorType=TEXT)
_KEYED = {"x-api-key": TEXT}
_REFUSED = {400: _ERROR, 401: _ERROR, 403: _ERROR, 422: _ERROR, 503: _ERROR}
_FORM = "application/x-www-form-urlencoded"
_TOLD = record(told={"type": "array", "items": record(event_code=TEXT, psp_reference=TEXT)})


def _call(summary: str, answers: dict[int, Any], path: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return operation("adyen", summary, {**answers, **_REFUSED}, path=path, headers=_KEYED, **more)


def _change(summary: str) -> dict[str, Any]:
    return {"post": _call(summary, {201: _ANY}, ("psp_reference",), body=_ANY)}


PATHS: dict[str, Any] = {
    "/adyen/v72/sessions": {
        "post": _call(
            "A page on which a card is entered",
            {201: _ANY},
            body=_ANY,
            description="mode hosted; send the browser to url, it comes back with sessionId and sessionResult.",
        )
    },
    "/adyen/v72/sessions/{session_id}": {
        "get": _call("How a session ended", {200: _ANY}, ("session_id",), query={"sessionResult": TEXT})
    },
    "/adyen/v72/payments": {
        "post": _call(
            "Pay with a kept card or a phone's wallet",
            {200: _ANY},
            body=_ANY,
            description=(
                "The holder's name decides the result as on Adyen's test platform: APPROVED, DECLINED, REFERRAL, ERROR,"
                " BLOCK_CARD, CARD_EXPIRED, INVALID_AMOUNT, NOT_ENOUGH_BALANCE, PENDING, UNKNOWN …, capture failed,"
                " refund failed. A wallet's test token is JSON with holderName, network and last4."
            ),
        )
    },
    "/adyen/v72/payments/details": {
        "post": _call("What became of a payment whose payer was sent away", {200: _ANY}, body=_ANY)
    },
    "/adyen/v72/payments/{psp_reference}/captures": _change("Capture an authorisation"),
    "/adyen/v72/payments/{psp_reference}/refunds": _change("Refund a captured payment"),
    "/adyen/v72/payments/{psp_reference}/cancels": _change("Cancel an authorisation"),
    "/adyen/v72/cancels": {"post": _call("Cancel a payment by the city's reference", {201: _ANY}, body=_ANY)},
    "/adyen/v72/storedPaymentMethods": {
        "get": _call("A shopper's kept cards", {200: _ANY}, query={"shopperReference": TEXT, "merchantAccount": TEXT})
    },
    "/adyen/v72/storedPaymentMethods/{token}": {
        "delete": _call(
            "Forget a kept card", {204: None}, ("token",), query={"shopperReference": TEXT, "merchantAccount": TEXT}
        )
    },
    "/adyen/reports/download/MerchantAccount/{account}/{filename}": {
        "get": operation(
            "adyen",
            "A settlement details report",
            {200: "text/csv", 401: REFUSAL, 404: REFUSAL},
            path=("account", "filename"),
            headers=_KEYED,
        )
    },
    "/adyen/pay/{session_id}": {
        "get": operation(
            "adyen", "The page for the card", {200: "text/html", 303: None, 404: "text/html"}, path=["session_id"]
        ),
        "post": operation(
            "adyen",
            "Enter a card, as the page's form or a program does",
            {303: None, 404: "text/html", 422: "text/html"},
            path=["session_id"],
            body=record(
                ("number", "expiry", "cvc", "holder_name", "keep", "decision"),
                number=TEXT,
                expiry=TEXT,
                cvc=TEXT,
                holder_name=TEXT,
                keep=one_of("yes"),
                decision=one_of("pay", "cancel"),
            ),
            body_type=_FORM,
            description="Number and holder_name are needed to pay; 4212345678901237 asks for 3-D Secure.",
        ),
    },
    "/adyen/3ds/{challenge_id}": {
        "get": operation(
            "adyen", "The page of the card's bank", {200: "text/html", 404: "text/html"}, path=["challenge_id"]
        ),
        "post": operation(
            "adyen",
            "It is me, or not",
            {303: None, 404: "text/html", 422: "text/html"},
            path=["challenge_id"],
            body=record(("decision",), decision=one_of("approve", "deny")),
            body_type=_FORM,
        ),
    },
    "/books/adyen/payments/{name}/dispute/{step}": {
        "post": operation(
            "books",
            "A dispute's next step: notice, chargeback, reversal, second-chargeback",
            {200: _TOLD, 404: REFUSAL, 409: REFUSAL},
            path=("name", "step"),
        )
    },
    "/books/adyen/payments/{name}/capture-failure": {
        "post": operation("books", "A capture fails after all", {200: _TOLD, 404: REFUSAL}, path=["name"])
    },
    "/books/adyen/refunds/{name}/{what}": {
        "post": operation(
            "books",
            "A refund comes undone: failure (never arrived) or reversal (bounced)",
            {200: _TOLD, 404: REFUSAL},
            path=("name", "what"),
        )
    },
    "/books/adyen/notices": {
        "post": operation(
            "books",
            "Send any notice, signed",
            {202: _TOLD, 422: REFUSAL},
            body=record(
                ("psp_reference", "merchant_reference", "original_reference", "amount_minor", "currency", "is_success",
                 "reason", "delay_seconds"),
                event_code=TEXT,
                psp_reference=TEXT,
                merchant_reference=TEXT,
                original_reference=TEXT,
                amount_minor=NUMBER,
                currency=TEXT,
                is_success=YES_NO,
                reason=TEXT,
                delay_seconds={"type": "number"},
            ),
        )
    },
}  # fmt: skip


def _book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    query = {**dict.fromkeys(filters, TEXT), "limit": NUMBER}
    return operation("books", summary, {200: listed(**properties), 422: REFUSAL}, query=query)


BOOKS: dict[str, Any] = {
    "/books/adyen/sessions": {
        "get": _book(
            "Pages for cards",
            ("id", "reference", "status"),
            **dict.fromkeys(("id", "reference", "currency", "return_url", "keeping", "status", "session_result"), TEXT),
            **dict.fromkeys(("amount_minor", "is_captured", "attempts"), NUMBER),
            **dict.fromkeys(("shopper_reference", "psp_reference"), MAYBE_TEXT),
            expires_at={"type": "number"},
        )
    },
    "/books/adyen/payments": {
        "get": _book(
            "Card payments",
            ("psp_reference", "reference", "result_code"),
            **dict.fromkeys(("psp_reference", "reference", "method", "brand", "last_four", "holder_name"), TEXT),
            **dict.fromkeys(("currency", "result_code", "refusal_reason", "refusal_code"), TEXT),
            **dict.fromkeys(("amount_minor", "captured_minor", "refunded_minor", "is_cancelled"), NUMBER),
            **dict.fromkeys(("session_id", "shopper_reference", "token"), MAYBE_TEXT),
            created_at=TIME,
        )
    },
    "/books/adyen/changes": {
        "get": _book(
            "Captures, refunds and cancellations",
            ("psp_reference", "payment", "reference", "kind"),
            **dict.fromkeys(("psp_reference", "payment", "kind", "reference", "status", "reason"), TEXT),
            amount_minor=NUMBER,
            created_at=TIME,
        )
    },
    "/books/adyen/cards": {
        "get": _book(
            "Kept cards",
            ("id", "shopper_reference"),
            **dict.fromkeys(("id", "shopper_reference", "brand", "last_four", "expiry_month", "expiry_year"), TEXT),
            holder_name=TEXT,
            is_challenged=NUMBER,
            created_at=TIME,
        )
    },
    "/books/adyen/disputes": {
        "get": _book(
            "Disputes",
            ("psp_reference", "payment", "status"),
            **dict.fromkeys(("psp_reference", "payment", "status"), TEXT),
            amount_minor=NUMBER,
            created_at=TIME,
        )
    },
    "/books/adyen/lines": {
        "get": _book(
            "Lines of settlement, in minor units; batch is empty until it is closed",
            ("payment", "type", "batch"),
            **dict.fromkeys(("payment", "type", "modification", "modification_reference"), TEXT),
            **dict.fromkeys(("gross_debit", "gross_credit", "net_debit", "net_credit"), NUMBER),
            **dict.fromkeys(("markup", "scheme_fees", "interchange"), NUMBER),
            batch={"type": ["integer", "null"]},
            created_at=TIME,
        )
    },
    "/books/adyen/batches": {
        "get": _book(
            "Closed batches with their reports",
            ("number",),
            **dict.fromkeys(("filename", "content"), TEXT),
            **dict.fromkeys(("number", "payout_minor"), NUMBER),
            closed_at=TIME,
        ),
        "post": operation(
            "books",
            "Close the batch: payout at the bank, report, REPORT_AVAILABLE",
            {201: record(number=NUMBER, closed_at=TIME, filename=TEXT, payout_twd=NUMBER)},
        ),
    },
    "/books/adyen/objections": {
        "get": _book(
            "Messages that are not as Adyen publishes them",
            ("operation",),
            **dict.fromkeys(("operation", "objection", "message"), TEXT),
        )
    },
}
