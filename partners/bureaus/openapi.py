"""The sandbox bureaus' interface, described."""

from __future__ import annotations

from partners.desk.describing import MAYBE_TEXT, NUMBER, REFUSAL, TEXT, TIME, YES_NO, one_of, operation, record, signed

_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_VEHICLE = one_of("car", "motorcycle", "large", None)
_BILL = record(("paid_at", "bill_status"), number=TEXT, amount=NUMBER, paid_at=TIME, bill_status=TEXT)
_PART = record(number=TEXT, amount=NUMBER, due_on={"type": "string", "format": "date"})

PATHS = {
    "/bureaus/{bureau}/v1/notices/{number}": {
        "get": signed(
            "bureaus",
            "What a bill costs now",
            {
                200: record(
                    number=TEXT,
                    amount=NUMBER,
                    currency=one_of("TWD"),
                    status=one_of("unpaid", "paid", "void"),
                    payable_by_agent=YES_NO,
                ),
                404: REFUSAL,
                **_REFUSED,
            },
            path=["bureau", "number"],
            query={"expected_amount": NUMBER},
            description=(
                "bureau is parking or fines. While adopt_unknown is on, a number the register does not have is entered"
                " with expected_amount."
            ),
        )
    },
    "/bureaus/{bureau}/v1/payment-notices": {
        "post": signed(
            "bureaus",
            "Hear what became of payments (a Standard Webhook)",
            {200: record(acknowledged=YES_NO), 404: REFUSAL, 409: REFUSAL, **_REFUSED},
            path=["bureau"],
            body=record(
                type=one_of("bill.paid", "bill.payment_withdrawn", "bill.payment_restored", "bill.refunded"),
                timestamp=TIME,
                data={
                    "type": "object",
                    "properties": {
                        "notice_id": TEXT,
                        "payment_id": TEXT,
                        "bills": {"type": "array", "minItems": 1, "items": _BILL},
                    },
                    "required": ["notice_id", "payment_id", "bills"],
                },
            ),
            description=(
                "The same webhook-id is the same notice: it is counted and changes nothing. A withdrawn payment opens"
                " its bills again unless another payment has closed them; a restored one closes them."
            ),
        )
    },
    "/bureaus/register/v1/ownership": {
        "post": signed(
            "bureaus",
            "Whether a vehicle belongs to a person",
            {200: record(is_owner=YES_NO, vehicle=_VEHICLE), **_REFUSED},
            body=record(("vehicle",), plate=TEXT, vehicle=_VEHICLE, national_id=TEXT),
        )
    },
    "/bureaus/household/v1/guardianship": {
        "post": signed(
            "bureaus",
            "Whether somebody is somebody's guardian",
            {200: record(is_guardian=YES_NO, until=MAYBE_TEXT, ward_name=MAYBE_TEXT), **_REFUSED},
            body=record(guardian=TEXT, ward=TEXT),
            description="`until` is the last day on which it stands, null where it has no end.",
        )
    },
    "/bureaus/household/v1/standing": {
        "post": signed(
            "bureaus",
            "Whether a death is on the register",
            {200: record(has_died=YES_NO), **_REFUSED},
            body=record(national_id=TEXT),
        )
    },
    "/bureaus/disability/v1/ride-standing": {
        "post": signed(
            "bureaus",
            "What somebody is entitled to by the register of disability certificates",
            {
                200: record(
                    has_certificate=YES_NO,
                    severity=one_of("mild", "moderate", "severe", "profound", None),
                    needs_wheelchair=YES_NO,
                    books_first=YES_NO,
                    valid_until=MAYBE_TEXT,
                    card=one_of("disability", "senior", None),
                    is_low_income=YES_NO,
                ),
                **_REFUSED,
            },
            body=record(national_id=TEXT),
            description=(
                "Never the class of a disability, never a diagnosis. `books_first`: medical trips open first for them."
                " `valid_until` is the certificate's last day, null where it has no end."
            ),
        )
    },
    "/bureaus/fines/v1/instalment-requests": {
        "post": signed(
            "bureaus",
            "Take a citizen's request to pay a fine in parts",
            {200: record(received=YES_NO), **_REFUSED},
            body=record(request_id=TEXT, number=TEXT, amount=NUMBER, parts=NUMBER),
            description="The same request_id is the same request.",
        )
    },
    "/bureaus/fines/v1/instalment-requests/{request_id}": {
        "get": signed(
            "bureaus",
            "What was decided about a request",
            {
                200: record(
                    request_id=TEXT,
                    number=TEXT,
                    status=one_of("pending", "granted", "refused"),
                    plan_number=MAYBE_TEXT,
                    parts={"type": "array", "items": _PART},
                    reason=MAYBE_TEXT,
                ),
                404: REFUSAL,
                **_REFUSED,
            },
            path=["request_id"],
        )
    },
    "/bureaus/fines/instalment-requests": {
        "get": operation("bureaus", "The page on which an official decides", {200: "text/html"})
    },
    "/bureaus/fines/instalment-requests/{request_id}": {
        "post": operation(
            "bureaus",
            "Decide",
            {303: None, 422: "text/html"},
            path=["request_id"],
            body=record(("reason",), decision=one_of("grant", "refuse"), reason=TEXT),
            body_type="application/x-www-form-urlencoded",
        )
    },
}
