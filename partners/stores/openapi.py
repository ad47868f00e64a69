"""The sandbox stores' interface, described."""

from __future__ import annotations

from partners.desk.describing import NUMBER, REFUSAL, TEXT, TIME, one_of, operation, record, signed
from partners.stores.files import CHANNELS

_DAY = {"type": "string", "format": "date"}
_CHANNEL = one_of(*CHANNELS)
_NAMES = record(files={"type": "array", "items": TEXT})
_REFUSED = {400: REFUSAL, 503: REFUSAL}

PATHS = {
    "/stores/till": {
        "get": operation("stores", "The till, for a browser", {200: "text/html"}),
        "post": operation(
            "stores",
            "Take cash (or a bank app's transfer) for a slip",
            {
                200: "text/html",
                201: record(
                    channel=_CHANNEL, store=TEXT, store_name=TEXT, reference=TEXT, slip_number=TEXT, amount=NUMBER,
                    fee=NUMBER, total=NUMBER, currency=one_of("TWD"), paid_at=TIME,
                ),
                422: REFUSAL,
            },
            body=record(
                ("segment_1", "segment_2", "segment_3", "payload", "paid_at"),
                channel=_CHANNEL, segment_1=TEXT, segment_2=TEXT, segment_3=TEXT, payload=TEXT, paid_at=TIME,
            ),
            body_type="application/x-www-form-urlencoded",
            description=(
                "The three segments as they stand on the slip, or, for channel twqr, the payload of its QR code."
                " 201 with JSON where the request accepts application/json, else the page. paid_at is for tests."
                " A chain takes a slip once."
            ),
        ),
    },
    "/stores/closing": {
        "post": operation(
            "stores",
            "End the day: what the tills took up to a day goes into files, and the money to the bank",
            {201: _NAMES, 404: REFUSAL, 422: REFUSAL},
            query={"channel": _CHANNEL, "through": _DAY, "pays_on": _DAY},
            description="Without `channel` all; through today; the payout reaches the bank tomorrow. Past days close "
            "by themselves when the city asks for files.",
        )
    },
    "/stores/v1/collection-files": {
        "get": signed(
            "stores",
            "The files that wait to be fetched, of the last 60 days",
            {
                200: record(
                    files={
                        "type": "array",
                        "items": record(name=TEXT, channel=_CHANNEL, business_on=_DAY, sha256=TEXT),
                    }
                ),
                **_REFUSED,
            },
        )
    },
    "/stores/v1/collection-files/{name}": {
        "get": signed(
            "stores",
            "One file: fixed width, CP950",
            {200: "application/octet-stream", 404: REFUSAL, **_REFUSED},
            path=["name"],
        )
    },
}  # fmt: skip
