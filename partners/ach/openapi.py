"""The sandbox clearing house's interface and books, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import (
    MAYBE_TEXT,
    NUMBER,
    REFUSAL,
    TEXT,
    TIME,
    listed,
    one_of,
    operation,
    record,
    signed,
)

DAY = {"type": "string", "format": "date"}
_AUTHORISATION = record(
    authorisation_id=TEXT,
    bank=TEXT,
    account_masked=TEXT,
    per_payment_limit=NUMBER,
    daily_limit=NUMBER,
    currency=one_of("TWD"),
    status=one_of("pending", "active", "refused", "ended"),
)
_ENTRY_STATUS = one_of("submitted", "rejected", "returned", "settled")


def _entry(of: str) -> dict[str, Any]:
    return record(
        (),
        entry_id=TEXT,
        reference=TEXT,
        amount=NUMBER,
        currency=one_of("TWD"),
        status=_ENTRY_STATUS,
        reason=MAYBE_TEXT,
        submitted_at=TIME,
        presented_on=DAY,
        **{of: TEXT},
    )


_DEBIT, _CREDIT = _entry("authorisation_id"), _entry("debit_reference")
_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_KEY = {"idempotency-key": {"type": "string", "description": "the same as `reference`"}}
_FILES = record(items={"type": "array", "items": record(day=DAY)})
_FILE = record(day=DAY, content={"type": "string", "contentEncoding": "base64"})

PATHS = {
    "/ach/v1/authorisation-requests": {
        "post": signed(
            "ach",
            "Ask the payer's bank whether an account may be debited",
            {201: record(request_id=TEXT, authorize_url=TEXT), 409: REFUSAL, **_REFUSED},
            body=record(
                reference=TEXT,
                bank=TEXT,
                account_no=TEXT,
                holder_id=TEXT,
                holder_ref=TEXT,
                return_url=TEXT,
                state=TEXT,
            ),
            description=(
                "bank is a code of 3 or 7 digits, account_no has 6 to 14. Send the browser to authorize_url; it comes"
                " back to return_url with state and code, or error=access_denied. An account nobody named before is"
                " opened for holder_id with NT$100,000; somebody else's is refused by its bank."
            ),
        )
    },
    "/ach/authorize/{request_id}": {
        "get": operation(
            "ach",
            "The bank's page, for a browser",
            {200: "text/html", 303: None, 404: "text/html"},
            path=["request_id"],
        ),
        "post": operation(
            "ach",
            "Approve or deny, as the page's form or a program does",
            {303: None, 404: "text/html", 422: "text/html"},
            path=["request_id"],
            body=record(
                ("per_payment_limit", "daily_limit", "decision"),
                per_payment_limit=TEXT,
                daily_limit=TEXT,
                decision=one_of("approve", "deny"),
            ),
            body_type="application/x-www-form-urlencoded",
        ),
    },
    "/ach/v1/authorisations": {
        "post": signed(
            "ach",
            "Exchange the code for the authorisation",
            {200: _AUTHORISATION, 404: REFUSAL, **_REFUSED},
            body=record(code=TEXT),
            description="pending: the bank answers on its next business day; ask again with GET.",
        )
    },
    "/ach/v1/authorisations/{authorisation_id}": {
        "get": signed(
            "ach",
            "Look up an authorisation",
            {200: _AUTHORISATION, 404: REFUSAL, **_REFUSED},
            path=["authorisation_id"],
        ),
        "delete": signed(
            "ach", "End an authorisation", {200: _AUTHORISATION, 404: REFUSAL, **_REFUSED}, path=["authorisation_id"]
        ),
    },
    "/ach/v1/debits": {
        "post": signed(
            "ach",
            "Submit a debit, once per reference",
            {200: _DEBIT, 409: REFUSAL, **_REFUSED},
            body=record(reference=TEXT, authorisation_id=TEXT, amount=NUMBER, currency=one_of("TWD"), purpose=TEXT),
            headers=_KEY,
            description=(
                "Presented on the open business day; paid or returned when the next one is closed. The return file of"
                " that day says which came back."
            ),
        )
    },
    "/ach/v1/debits/{reference}": {
        "get": signed("ach", "Look up a debit", {200: _DEBIT, 404: REFUSAL, **_REFUSED}, path=["reference"])
    },
    "/ach/v1/credits": {
        "post": signed(
            "ach",
            "Submit a credit back to the account of a paid debit, once per reference",
            {200: _CREDIT, 404: REFUSAL, 409: REFUSAL, **_REFUSED},
            body=record(reference=TEXT, debit_reference=TEXT, amount=NUMBER, currency=one_of("TWD")),
            headers=_KEY,
        )
    },
    "/ach/v1/credits/{reference}": {
        "get": signed("ach", "Look up a credit", {200: _CREDIT, 404: REFUSAL, **_REFUSED}, path=["reference"])
    },
    "/ach/v1/return-files": {
        "get": signed(
            "ach", "The days of which there is a return file", {200: _FILES, **_REFUSED}, query={"since": DAY}
        )
    },
    "/ach/v1/return-files/{day}": {
        "get": signed(
            "ach",
            "A return file: ACHR01, CP950, 250 bytes a record",
            {200: _FILE, 404: REFUSAL, **_REFUSED},
            path=["day"],
        )
    },
    "/ach/v1/closed-days": {
        "get": signed(
            "ach",
            "Days closed on short notice",
            {200: record(items={"type": "array", "items": record(day=DAY, reason=TEXT)}), **_REFUSED},
            query={"since": DAY},
        )
    },
}

_CLOSED = record(day=DAY, answers_on=DAY, entries=NUMBER, returned_twd=NUMBER, paid_out_twd=NUMBER)
_WRONG = {400: REFUSAL, 422: REFUSAL}


def _book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    query = {**dict.fromkeys(filters, TEXT), "limit": NUMBER}
    return operation("books", summary, {200: listed(**properties), 422: REFUSAL}, query=query)


BOOKS = {
    "/books/ach/accounts": {
        "get": _book(
            "Accounts at other banks",
            ("bank", "account_no", "national_id"),
            bank=TEXT,
            account_no=TEXT,
            national_id=MAYBE_TEXT,
            balance_twd=NUMBER,
            status=one_of("open", "closed"),
        ),
        "put": operation(
            "books",
            "Open an account at another bank or put one into this state",
            {204: None, **_WRONG},
            body=record(
                ("national_id", "status"),
                bank=TEXT,
                account_no=TEXT,
                national_id=MAYBE_TEXT,
                balance_twd=NUMBER,
                status=one_of("open", "closed"),
            ),
        ),
    },
    "/books/ach/authorisations": {
        "get": _book(
            "Authorisations",
            ("reference", "authorisation_id", "holder_ref", "status"),
            request_id=TEXT,
            reference=TEXT,
            authorisation_id=TEXT,
            state=TEXT,
            return_url=TEXT,
            holder_ref=TEXT,
            holder_id=TEXT,
            bank=TEXT,
            account_no=TEXT,
            user_no=TEXT,
            answers_tomorrow=NUMBER,
            status=TEXT,
            per_payment_limit_twd={"type": ["integer", "null"]},
            daily_limit_twd={"type": ["integer", "null"]},
            expires_at={"type": "number"},
            code=MAYBE_TEXT,
            code_expires_at={"type": ["number", "null"]},
        )
    },
    "/books/ach/entries": {
        "get": _book(
            "Debits and credits",
            ("reference", "authorisation_id", "debit_reference", "kind", "status", "presented_on"),
            kind=one_of("debit", "credit"),
            reference=TEXT,
            entry_id=TEXT,
            authorisation_id=TEXT,
            debit_reference=MAYBE_TEXT,
            amount_twd=NUMBER,
            purpose=TEXT,
            status=_ENTRY_STATUS,
            reason=MAYBE_TEXT,
            forced_code=MAYBE_TEXT,
            late_days=NUMBER,
            submitted_at=TIME,
            presented_on=DAY,
            answered_on=MAYBE_TEXT,
        )
    },
    "/books/ach/return-files": {
        "get": _book(
            "Return files as they were made",
            ("day",),
            day=DAY,
            answers_on=DAY,
            entries=NUMBER,
            returned_twd=NUMBER,
            paid_out_twd=NUMBER,
            content=TEXT,
        )
    },
    "/books/ach/closed-days": {
        "get": _book("Days closed on short notice", ("day",), day=DAY, reason=TEXT),
        "post": operation(
            "books",
            "A typhoon: close a day that has not been cleared (the open one, when none is named)",
            {201: record(day=DAY, reason=TEXT), 409: REFUSAL, 303: None, **_WRONG},
            body=record(("day", "reason"), day=DAY, reason=TEXT),
        ),
    },
    "/books/ach/day-close": {
        "post": operation(
            "books",
            "Close the open business day (or `days` of them): entries of the day before are paid or returned",
            {200: record(closed={"type": "array", "items": _CLOSED}, open_day=DAY), 303: None, **_WRONG},
            body=record(("days",), days=NUMBER),
        )
    },
}
