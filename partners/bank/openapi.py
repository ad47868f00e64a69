"""The sandbox bank's interface, described."""

from __future__ import annotations

from partners.desk.describing import MAYBE_TEXT, NUMBER, REFUSAL, TEXT, TIME, one_of, operation, record, signed

MANDATE = record(
    mandate_id=TEXT,
    account_masked=TEXT,
    per_payment_limit=NUMBER,
    daily_limit=NUMBER,
    monthly_limit=NUMBER,
    currency=one_of("TWD"),
    status=one_of("active", "revoked"),
    created_at=TIME,
)
_DEBIT = record(
    debit_id=TEXT,
    reference=TEXT,
    mandate_id=TEXT,
    amount=NUMBER,
    currency=one_of("TWD"),
    status=one_of("booked", "rejected"),
    reason=one_of(
        "insufficient_funds", "mandate_revoked", "mandate_not_found", "limit_exceeded", "account_closed", None
    ),
    booked_at=TIME,
)
_REFUND = record(
    refund_id=TEXT,
    reference=TEXT,
    debit_reference=TEXT,
    amount=NUMBER,
    currency=one_of("TWD"),
    status=one_of("booked", "rejected"),
    reason=one_of("exceeds_debit", "account_closed", None),
    booked_at=TIME,
)
_CREDIT = record(
    credit_id=TEXT,
    reference=TEXT,
    mandate_id=TEXT,
    debit_reference=MAYBE_TEXT,
    amount=NUMBER,
    currency=one_of("TWD"),
    status=one_of("booked", "rejected"),
    reason=one_of("exceeds_debit", "account_closed", "mandate_not_found", "other_holder", None),
    booked_at=TIME,
)
_PAYOUT_FILE = record(message_id=TEXT, document=TEXT)
_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_KEY = {"idempotency-key": {"type": "string", "description": "the same as `reference`"}}

PATHS = {
    "/bank/v1/mandate-requests": {
        "post": signed(
            "bank",
            "Ask a citizen for a mandate",
            {201: record(request_id=TEXT, authorize_url=TEXT), 409: REFUSAL, **_REFUSED},
            body=record(
                ("holder_hint", "state"),
                reference=TEXT,
                return_url=TEXT,
                holder_ref=TEXT,
                holder_hint=MAYBE_TEXT,
                state=MAYBE_TEXT,
            ),
            description=(
                "Send the browser to authorize_url; it comes back to return_url with state (the reference, when none is"
                " given) and code, or error=access_denied. holder_hint, a national ID, finds the citizen's accounts;"
                " an unknown holder gets two accounts with NT$100,000. The same reference is the same request."
            ),
        )
    },
    "/bank/authorize/{request_id}": {
        "get": operation(
            "bank",
            "The consent page, for a browser",
            {200: "text/html", 303: None, 404: "text/html"},
            path=["request_id"],
        ),
        "post": operation(
            "bank",
            "Approve or deny, as the page's form or a program does",
            {303: None, 404: "text/html", 422: "text/html"},
            path=["request_id"],
            body=record(
                ("account", "per_payment_limit", "daily_limit", "monthly_limit", "decision"),
                account=TEXT,
                per_payment_limit=TEXT,
                daily_limit=TEXT,
                monthly_limit=TEXT,
                decision=one_of("approve", "deny"),
            ),
            body_type="application/x-www-form-urlencoded",
            description=(
                "Fields left out take the page's defaults: the first account, NT$5,000 a payment, NT$20,000 a day,"
                " NT$100,000 a month, approve."
            ),
        ),
    },
    "/bank/v1/mandates": {
        "post": signed(
            "bank",
            "Exchange the code for the mandate",
            {200: MANDATE, 404: REFUSAL, **_REFUSED},
            body=record(code=TEXT),
            description="A code lives 5 minutes and makes one mandate; sent again it names the same one.",
        )
    },
    "/bank/v1/mandates/{mandate_id}": {
        "get": signed("bank", "Look up a mandate", {200: MANDATE, 404: REFUSAL, **_REFUSED}, path=["mandate_id"]),
        "delete": signed("bank", "Revoke a mandate", {200: MANDATE, 404: REFUSAL, **_REFUSED}, path=["mandate_id"]),
    },
    "/bank/v1/debits": {
        "post": signed(
            "bank",
            "Debit the account of a mandate, once per reference",
            {200: _DEBIT, 409: REFUSAL, **_REFUSED},
            body=record(reference=TEXT, mandate_id=TEXT, amount=NUMBER, currency=one_of("TWD"), purpose=TEXT),
            headers=_KEY,
            description="The same reference has the same answer; with another amount or mandate, 409.",
        )
    },
    "/bank/v1/debits/{reference}": {
        "get": signed("bank", "Look up a debit", {200: _DEBIT, 404: REFUSAL, **_REFUSED}, path=["reference"])
    },
    "/bank/v1/refunds": {
        "post": signed(
            "bank",
            "Give back all or part of a debit, once per reference",
            {200: _REFUND, 404: REFUSAL, 409: REFUSAL, **_REFUSED},
            body=record(reference=TEXT, debit_reference=TEXT, amount=NUMBER),
            headers=_KEY,
        )
    },
    "/bank/v1/refunds/{reference}": {
        "get": signed("bank", "Look up a refund", {200: _REFUND, 404: REFUSAL, **_REFUSED}, path=["reference"])
    },
    "/bank/v1/credit-orders": {
        "post": signed(
            "bank",
            "Send money to the account of a mandate, active or revoked, once per reference",
            {200: _CREDIT, 404: REFUSAL, 409: REFUSAL, **_REFUSED},
            body=record(
                ("debit_reference",),
                reference=TEXT,
                mandate_id=TEXT,
                amount=NUMBER,
                currency=one_of("TWD"),
                purpose=TEXT,
                debit_reference=MAYBE_TEXT,
            ),
            headers=_KEY,
            description=(
                "For a refund whose own account is closed, or cash that was paid twice. With debit_reference it goes to"
                " that debit's holder alone and counts against what is left of it."
            ),
        )
    },
    "/bank/v1/credit-orders/{reference}": {
        "get": signed("bank", "Look up a credit order", {200: _CREDIT, 404: REFUSAL, **_REFUSED}, path=["reference"])
    },
    "/bank/v1/statements/{day}.xml": {
        "get": signed(
            "bank",
            "The treasury account's statement of a day, camt.053.001.08",
            {200: "application/xml", 404: REFUSAL, **_REFUSED},
            path=["day"],
            description="The signature stands over the bytes of the document, as over any other answer.",
        )
    },
    "/bank/v1/payout-files": {
        "post": signed(
            "bank",
            "Hand over a file of credit transfers (pain.001.001.09), once per MsgId",
            {200: _PAYOUT_FILE, 409: REFUSAL, **_REFUSED},
            body=_PAYOUT_FILE,
            headers={"idempotency-key": {"type": "string", "description": "the same as `message_id`"}},
            description=(
                "`document` is the file, and in the answer its report (pain.002.001.10). The same MsgId has the same"
                " report, whatever became of the accounts since; with another file, 409. A transfer that was"
                " executed before (by its EndToEndId) is refused AM05."
            ),
        )
    },
    "/bank/v1/payout-files/{message_id}": {
        "get": signed(
            "bank", "The report on a file", {200: _PAYOUT_FILE, 404: REFUSAL, **_REFUSED}, path=["message_id"]
        )
    },
    "/bank/v1/payout-statements/{day}.xml": {
        "get": signed(
            "bank",
            "A day's statement of the account that files of transfers are paid from, camt.053.001.08",
            {200: "application/xml", 404: REFUSAL, **_REFUSED},
            path=["day"],
        )
    },
}
