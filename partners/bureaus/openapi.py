"""The sandbox bureaus' interface, described."""

from __future__ import annotations

from partners.desk.describing import NUMBER, REFUSAL, TEXT, TIME, YES_NO, one_of, record, signed

_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_VEHICLE = one_of("car", "motorcycle", "large", None)

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
            "Hear that bills are paid (a Standard Webhook)",
            {200: record(acknowledged=YES_NO), 404: REFUSAL, 409: REFUSAL, **_REFUSED},
            path=["bureau"],
            body=record(
                notice_id=TEXT,
                payment_id=TEXT,
                bills={"type": "array", "minItems": 1, "items": record(number=TEXT, amount=NUMBER, paid_at=TIME)},
            ),
            description="The same webhook-id is the same notice: it is counted and changes nothing.",
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
}
