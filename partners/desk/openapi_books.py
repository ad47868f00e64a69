"""The sandboxes' books as their OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from partners.bank import openapi as bank
from partners.desk.describing import (
    MAYBE_TEXT,
    NUMBER,
    REFUSAL,
    TEXT,
    TIME,
    YES_NO,
    listed,
    one_of,
    operation,
    record,
)

_WRONG = {400: REFUSAL, 422: REFUSAL}


def _book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    query = {**dict.fromkeys(filters, TEXT), "limit": NUMBER}
    return operation("books", summary, {200: listed(**properties), 422: REFUSAL}, query=query)


def _bureau_book(summary: str, filters: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    described = _book(summary, filters, **properties)
    described["parameters"].insert(0, {"name": "bureau", "in": "path", "required": True, "schema": TEXT})
    described["responses"]["404"] = {"description": "no such bureau"}
    return described


_ACCOUNT = {"account_no": TEXT, "holder_ref": MAYBE_TEXT, "national_id": MAYBE_TEXT, "holder_name": TEXT}
_INCOMING = {
    "reference": TEXT,
    "party": TEXT,
    "amount_twd": NUMBER,
    "remittance": TEXT,
    "details": {"type": "array", "items": record(reference=TEXT, amount_twd=NUMBER)},
}
_NULLABLE_NUMBER = {"type": ["integer", "null"]}
_NEWS = {"bills": {"type": "array"}, "received_at": TIME, "deliveries": NUMBER, "kind": TEXT}
BOOKS = {
    "/books/bank/accounts": {
        "get": _book(
            "Accounts", ("account_no", "national_id", "holder_ref"), **_ACCOUNT, balance_twd=NUMBER, status=TEXT
        ),
        "put": operation(
            "books",
            "Open an account or put one into this state",
            {204: None, **_WRONG},
            body=record(
                ("holder_ref", "national_id", "status"), **_ACCOUNT, balance_twd=NUMBER, status=one_of("open", "closed")
            ),
        ),
    },
    "/books/bank/mandates": {
        "get": _book(
            "Mandates",
            ("mandate_id", "holder_ref", "status"),
            mandate_id=TEXT,
            holder_ref=TEXT,
            account_no=TEXT,
            per_payment_limit_twd=NUMBER,
            daily_limit_twd=NUMBER,
            monthly_limit_twd=NUMBER,
            status=TEXT,
            spent_on=TEXT,
            spent_twd=NUMBER,
            spent_in=TEXT,
            spent_in_month_twd=NUMBER,
            created_at=TIME,
            revoked_at=MAYBE_TEXT,
        )
    },
    "/books/bank/mandates/{mandate_id}/revocation": {
        "post": operation(
            "books",
            "The citizen revokes a mandate at the bank: the webhook mandate.revoked follows",
            {200: bank.MANDATE, 404: REFUSAL},
            path=["mandate_id"],
        )
    },
    "/books/bank/debits": {
        "get": _book(
            "Debits",
            ("reference", "mandate_id", "status"),
            reference=TEXT,
            debit_id=TEXT,
            mandate_id=TEXT,
            account_no=MAYBE_TEXT,
            amount_twd=NUMBER,
            purpose=TEXT,
            status=TEXT,
            reason=MAYBE_TEXT,
            booked_at=TIME,
            refunded_twd=NUMBER,
        )
    },
    "/books/bank/refunds": {
        "get": _book(
            "Refunds",
            ("reference", "debit_reference", "status"),
            reference=TEXT,
            refund_id=TEXT,
            debit_reference=TEXT,
            account_no=TEXT,
            amount_twd=NUMBER,
            status=TEXT,
            reason=MAYBE_TEXT,
            booked_at=TIME,
        )
    },
    "/books/bank/accounts/{account_no}/closing": {
        "post": operation("books", "The holder closes an account", {204: None, 404: REFUSAL}, path=["account_no"])
    },
    "/books/bank/credit-orders": {
        "get": _book(
            "Credit orders",
            ("reference", "mandate_id", "status"),
            reference=TEXT,
            credit_id=TEXT,
            mandate_id=TEXT,
            debit_reference=MAYBE_TEXT,
            account_no=MAYBE_TEXT,
            amount_twd=NUMBER,
            purpose=TEXT,
            status=TEXT,
            reason=MAYBE_TEXT,
            booked_at=TIME,
        )
    },
    "/books/bank/payouts": {
        "get": _book(
            "Transfers of the files that were handed over; `remark` is what the payee reads",
            ("reference", "message_id", "account_no", "status"),
            message_id=TEXT,
            reference=TEXT,
            payout_id=TEXT,
            bank_code=TEXT,
            account_no=TEXT,
            payee=TEXT,
            amount_twd=NUMBER,
            remark=TEXT,
            status=TEXT,
            reason=MAYBE_TEXT,
            booked_at=TIME,
        )
    },
    "/books/bank/payout-files": {
        "get": _book(
            "Files of transfers, with the report that answers each and how often it was sent",
            ("message_id",),
            message_id=TEXT,
            digest=TEXT,
            report=TEXT,
            times_sent=NUMBER,
            received_at=TIME,
        )
    },
    "/books/bank/payees": {
        "get": _book(
            "Accounts at any bank that were paid to",
            ("bank_code", "account_no", "status"),
            bank_code=TEXT,
            account_no=TEXT,
            balance_twd=NUMBER,
            status=one_of("open", "closed"),
        ),
        "put": operation(
            "books",
            "Open or close an account that may be paid to",
            {204: None, **_WRONG},
            body=record(("status",), bank_code=TEXT, account_no=TEXT, status=one_of("open", "closed")),
        ),
    },
    "/books/bank/incoming": {
        "get": _book(
            "What others paid in, and the bank's charges",
            ("reference", "kind"),
            **_INCOMING,
            kind=one_of("credit", "debit", "charges"),
            booked_at=TIME,
            account_no=TEXT,
        ),
        "put": operation(
            "books",
            "Book an entry on one of the city's accounts, once per reference",
            {204: None, 409: REFUSAL, **_WRONG},
            body=record(
                ("kind", "remittance", "details", "booked_on", "account"),
                **_INCOMING,
                kind=one_of("credit", "debit", "charges"),
                account=one_of("treasury", "points"),
                booked_on={"type": "string", "format": "date"},
            ),
            description=(
                "A payout by Adyen, a net settlement of ACH, a store's remittance: the statement of the day shows it."
                " `details` makes it one entry of several transactions, which must add up."
            ),
        ),
    },
    "/books/bureaus/{bureau}/bills": {
        "get": _bureau_book(
            "Bills of parking or fines",
            ("number", "status", "payment_id"),
            bureau=TEXT,
            number=TEXT,
            amount_twd=NUMBER,
            status=TEXT,
            payable_by_agent=NUMBER,
            is_adopted=NUMBER,
            paid_twd=_NULLABLE_NUMBER,
            paid_at=MAYBE_TEXT,
            payment_id=MAYBE_TEXT,
            times_paid=NUMBER,
            part_of=MAYBE_TEXT,
        ),
        "put": operation(
            "books",
            "Enter a bill or change it",
            {204: None, 404: REFUSAL, **_WRONG},
            path=["bureau"],
            body=record(
                ("status", "payable_by_agent"),
                number=TEXT,
                amount_twd=NUMBER,
                status=one_of("unpaid", "paid", "void"),
                payable_by_agent=YES_NO,
            ),
        ),
    },
    "/books/bureaus/{bureau}/payment-notices": {
        "get": _bureau_book(
            "Notices of payment received, with how often each came",
            ("webhook_id", "payment_id"),
            bureau=TEXT,
            webhook_id=TEXT,
            notice_id=TEXT,
            payment_id=TEXT,
            **_NEWS,
        )
    },
    "/books/bureaus/{bureau}/news": {
        "get": _bureau_book(
            "Everything a bureau was told about payments, in the order in which it first came",
            ("webhook_id", "payment_id", "kind"),
            bureau=TEXT,
            webhook_id=TEXT,
            notice_id=TEXT,
            payment_id=TEXT,
            **_NEWS,
        )
    },
    "/books/bureaus/{bureau}/instalment-requests": {
        "get": _bureau_book(
            "Requests to pay a fine in parts",
            ("request_id", "number", "status"),
            bureau=TEXT,
            request_id=TEXT,
            number=TEXT,
            amount_twd=NUMBER,
            parts=NUMBER,
            status=one_of("pending", "granted", "refused"),
            plan_number=MAYBE_TEXT,
            plan={"type": "array", "items": record(number=TEXT, amount=NUMBER, due_on=TEXT)},
            reason=MAYBE_TEXT,
            received_at=TIME,
        )
    },
    "/books/bureaus/vehicles": {
        "get": _book("Vehicles", ("plate", "national_id"), plate=TEXT, vehicle=TEXT, national_id=TEXT),
        "put": operation(
            "books",
            "Enter a vehicle or give it another owner",
            {204: None, **_WRONG},
            body=record(("vehicle",), plate=TEXT, vehicle=one_of("car", "motorcycle", "large"), national_id=TEXT),
        ),
    },
    "/books/disability/certificates": {
        "get": _book(
            "Disability certificates",
            ("national_id",),
            national_id=TEXT,
            classes=TEXT,
            severity=MAYBE_TEXT,
            needs_wheelchair=NUMBER,
            is_visual=NUMBER,
            valid_until=MAYBE_TEXT,
            card=MAYBE_TEXT,
            is_low_income=NUMBER,
        ),
        "put": operation(
            "books",
            "Enter what the bureau knows of somebody, in place of what it knew",
            {204: None, **_WRONG},
            body=record(
                ("severity", "needs_wheelchair", "is_visual", "valid_until", "card", "is_low_income"),
                national_id=TEXT,
                severity=one_of("mild", "moderate", "severe", "profound", "none"),
                needs_wheelchair=YES_NO,
                is_visual=YES_NO,
                valid_until=TEXT,
                card=one_of("disability", "senior", "none"),
                is_low_income=YES_NO,
            ),
        ),
    },
    "/books/household/guardianships": {
        "get": _book(
            "Who is whose guardian", ("guardian", "ward"), guardian=TEXT, ward=TEXT, ward_name=TEXT, until=MAYBE_TEXT
        ),
        "put": operation(
            "books",
            "Enter a guardianship, or end it",
            {204: None, **_WRONG},
            body=record(
                ("ward_name", "until", "is_over"), guardian=TEXT, ward=TEXT, ward_name=TEXT, until=TEXT, is_over=YES_NO
            ),
        ),
    },
    "/books/household/deaths": {
        "get": _book("Who has died", ("national_id",), national_id=TEXT, died_on=TEXT),
        "put": operation(
            "books",
            "Enter a death",
            {204: None, **_WRONG},
            body=record(national_id=TEXT, died_on={"type": "string", "format": "date"}),
        ),
    },
    "/books/sms": {
        "get": _book(
            "Text messages, with the six-digit code in each",
            ("to", "id"),
            id=TEXT,
            recipient=TEXT,
            text=TEXT,
            code=MAYBE_TEXT,
            received_at=TIME,
            deliveries=NUMBER,
            company=TEXT,
        )
    },
    "/books/line": {
        "get": _book(
            "Messages of LINE; `deliveries` says how often each retry key came",
            ("person", "retry_key"),
            request_id=TEXT,
            retry_key=MAYBE_TEXT,
            person=TEXT,
            text=TEXT,
            received_at=TIME,
            deliveries=NUMBER,
        )
    },
    "/books/sms/numbers": {
        "get": _book("Whose number is whose", ("mobile", "national_id"), mobile=TEXT, national_id=TEXT),
        "put": operation(
            "books", "Tie a number to a national ID", {204: None, **_WRONG}, body=record(mobile=TEXT, national_id=TEXT)
        ),
    },
    "/books/fcm": {
        "get": _book(
            "Pushes",
            ("address", "message_id"),
            name=TEXT,
            project=TEXT,
            address_kind=TEXT,
            address=TEXT,
            message_id=MAYBE_TEXT,
            title=MAYBE_TEXT,
            body=MAYBE_TEXT,
            message={"type": "object"},
            received_at=TIME,
        )
    },
    "/books/stores/takings": {
        "get": _book(
            "What the tills took; `file` is the one it was reported in",
            ("channel", "slip_number", "reference"),
            channel=TEXT,
            reference=TEXT,
            store=TEXT,
            store_name=TEXT,
            slip_number=TEXT,
            amount_twd=NUMBER,
            fee_twd=NUMBER,
            charge_twd=NUMBER,
            business_on=TEXT,
            paid_at=TIME,
            file=MAYBE_TEXT,
        )
    },
    "/books/stores/files": {
        "get": _book(
            "Files for the city, also those that are not out yet",
            ("channel", "name"),
            name=TEXT,
            channel=TEXT,
            business_on=TEXT,
            number=NUMBER,
            details=NUMBER,
            net_twd=NUMBER,
            pays_on=TEXT,
            sha256=TEXT,
            available_at={"type": "number"},
        )
    },
    "/books/webhooks": {
        "get": _book(
            "Partners' webhooks to the city",
            ("state", "type", "id", "target"),
            id=TEXT,
            type=TEXT,
            body={"type": "object"},
            state=one_of("waiting", "delivered", "dropped", "undeliverable"),
            due_at={"type": "number"},
            attempts=NUMBER,
            last_error=MAYBE_TEXT,
            target=TEXT,
            headers=MAYBE_TEXT,
        )
    },
    "/books/reset": {
        "post": operation("books", "Empty every book and begin again; switches stay as they are", {204: None})
    },
}
