"""The sandbox wallets' interface and books, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import MAYBE_TEXT, NUMBER, REFUSAL, TEXT, TIME, listed, one_of, operation, record, signed
from partners.ewallets.client import WALLETS

_DAY = {"type": "string", "format": "date"}
_PAYMENT = record(
    reference=TEXT,
    reservation_id=TEXT,
    transaction_id=MAYBE_TEXT,
    status=one_of("reserved", "authorized", "confirmed", "declined", "expired"),
    reason=MAYBE_TEXT,
    amount=NUMBER,
    currency=one_of("TWD"),
    payment_url=TEXT,
    expires_at=TIME,
    confirmed_at=MAYBE_TEXT,
)
_REFUND = record(
    refund_id=TEXT,
    reference=TEXT,
    payment_reference=TEXT,
    amount=NUMBER,
    currency=one_of("TWD"),
    status=one_of("booked", "rejected"),
    reason=MAYBE_TEXT,
    booked_at=TIME,
)
_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_KEY = {"idempotency-key": {"type": "string", "description": "the reference of the payment or refund"}}


def _paths(wallet: str) -> dict[str, Any]:
    base = f"/ewallets/{wallet}"
    return {
        f"{base}/v1/reservations": {
            "post": signed(
                wallet,
                "Announce a payment, once per reference",
                {200: _PAYMENT, 201: _PAYMENT, 409: REFUSAL, **_REFUSED},
                body=record(reference=TEXT, amount=NUMBER, currency=one_of("TWD"), order_name=TEXT, return_url=TEXT),
                headers=_KEY,
                description=(
                    "Send the browser to payment_url; it comes back to return_url with reference and transaction_id, or"
                    " cancelled=1. A reservation lives 10 minutes, the payer's answer included."
                ),
            )
        },
        f"{base}/pay/{{reservation_id}}": {
            "get": operation(
                wallet,
                "The wallet's page, for a browser",
                {200: "text/html", 303: None, 404: "text/html"},
                path=["reservation_id"],
            ),
            "post": operation(
                wallet,
                "Pay or cancel, as the page's form or a program does",
                {303: None, 404: "text/html"},
                path=["reservation_id"],
                body=record(("decision",), decision=one_of("pay", "cancel")),
                body_type="application/x-www-form-urlencoded",
            ),
        },
        f"{base}/v1/payments/{{reference}}": {
            "get": signed(wallet, "Look up a payment", {200: _PAYMENT, 404: REFUSAL, **_REFUSED}, path=["reference"])
        },
        f"{base}/v1/payments/{{reference}}/confirmation": {
            "post": signed(
                wallet,
                "Book a payment that the payer has agreed to; again is the same as once",
                {200: _PAYMENT, 404: REFUSAL, 409: REFUSAL, **_REFUSED},
                path=["reference"],
                body=record(transaction_id=TEXT, amount=NUMBER, currency=one_of("TWD")),
                headers=_KEY,
            )
        },
        f"{base}/v1/refunds": {
            "post": signed(
                wallet,
                "Give back all or part of a payment, once per reference",
                {200: _REFUND, 404: REFUSAL, 409: REFUSAL, **_REFUSED},
                body=record(reference=TEXT, payment_reference=TEXT, amount=NUMBER, currency=one_of("TWD")),
                headers=_KEY,
            )
        },
        f"{base}/v1/refunds/{{reference}}": {
            "get": signed(wallet, "Look up a refund", {200: _REFUND, 404: REFUSAL, **_REFUSED}, path=["reference"])
        },
        f"{base}/v1/settlement-files": {
            "get": signed(
                wallet,
                "The days of which there is a settlement file",
                {200: record(items={"type": "array", "items": record(day=_DAY)}), **_REFUSED},
                query={"since": _DAY},
            )
        },
        f"{base}/v1/settlement-files/{{day}}": {
            "get": signed(
                wallet,
                "A settlement file: CSV in UTF-8, with the fee of each payment and the net payout",
                {
                    200: record(day=_DAY, content={"type": "string", "contentEncoding": "base64"}),
                    404: REFUSAL,
                    **_REFUSED,
                },
                path=["day"],
            )
        },
    }


PATHS: dict[str, Any] = {path: item for wallet in WALLETS for path, item in _paths(wallet).items()}


def _book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    query = {**dict.fromkeys(filters, TEXT), "limit": NUMBER}
    return operation("books", summary, {200: listed(**properties), 422: REFUSAL}, query=query)


_SETTLED = {"wallet": TEXT, "day": _DAY, "lines": NUMBER, "payout_twd": NUMBER}
BOOKS: dict[str, Any] = {
    "/books/ewallets/payments": {
        "get": _book(
            "Wallet payments",
            ("wallet", "reference", "status"),
            wallet=TEXT,
            reference=TEXT,
            reservation_id=TEXT,
            transaction_id=MAYBE_TEXT,
            status=TEXT,
            reason=MAYBE_TEXT,
            amount_twd=NUMBER,
            booked_twd={"type": ["integer", "null"]},
            order_name=TEXT,
            return_url=TEXT,
            can_pay=NUMBER,
            expires_at=TIME,
            confirmed_at=MAYBE_TEXT,
            refunded_twd=NUMBER,
            settled_on=MAYBE_TEXT,
        )
    },
    "/books/ewallets/refunds": {
        "get": _book(
            "Wallet refunds",
            ("wallet", "reference", "payment_reference", "status"),
            wallet=TEXT,
            reference=TEXT,
            refund_id=TEXT,
            payment_reference=TEXT,
            amount_twd=NUMBER,
            status=one_of("booked", "rejected"),
            reason=MAYBE_TEXT,
            booked_at=TIME,
            settled_on=MAYBE_TEXT,
        )
    },
    "/books/ewallets/settlements": {
        "get": _book("Settlement files as they were made", ("wallet", "day"), **_SETTLED, content=TEXT)
    },
    "/books/ewallets/{wallet}/day-close": {
        "post": operation(
            "books",
            "Close the wallet's open day: its settlement file is made and paid out",
            {200: record((), **_SETTLED), 303: None},
            path=["wallet"],
        )
    },
}
