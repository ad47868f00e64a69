"""The sandbox certificate authority's interface, described."""

from __future__ import annotations

from typing import Any

from partners.desk.describing import MAYBE_TEXT, NUMBER, REFUSAL, TEXT, TIME, YES_NO, listed, operation, record, signed

_REFUSED = {400: REFUSAL, 422: REFUSAL, 503: REFUSAL}
_CARD: dict[str, Any] = {"national_id": TEXT, "name": TEXT, "pin": TEXT}
_BROKEN = {503: REFUSAL}
_PIN_REFUSED = record(("tries_left",), code=TEXT, detail=TEXT, tries_left=NUMBER)

TAG = {"name": "moica", "description": "citizen certificates: a certificate authority, and a reader with cards in it"}

PATHS = {
    "/moica/v1/id-number-matches": {
        "post": signed(
            "moica",
            "Whether a certificate belongs to an ID number",
            {200: record(matches=YES_NO), **_REFUSED},
            body=record(serial_number=TEXT, national_id=TEXT),
            description="serial_number is the one in the certificate's subject: 16 digits.",
        )
    },
    "/moica/crl/{name}.crl": {
        "get": operation(
            "moica",
            "The revocation list of `root` or `issuing`, in DER (RFC 5280)",
            {200: "application/pkix-crl", **_BROKEN},
            path=["name"],
        )
    },
    "/moica/roots.pem": {"get": operation("moica", "The root that a service pins", {200: "application/x-pem-file"})},
    "/moica/reader/cards": {
        "get": operation(
            "moica",
            "The cards in the reader",
            {
                200: record(cards={"type": "array", "items": record(card=TEXT, name=TEXT, tries_left=NUMBER)}),
                403: REFUSAL,
            },
        )
    },
    "/moica/reader/sign": {
        "post": operation(
            "moica",
            "Sign with a card, unlocked by its PIN",
            {
                200: record(algorithm=TEXT, signature=TEXT, certificates={"type": "array", "items": TEXT}),
                400: REFUSAL,
                403: _PIN_REFUSED,
                404: REFUSAL,
                422: REFUSAL,
                **_BROKEN,
            },
            body=record(card=TEXT, pin=TEXT, to_be_signed=TEXT),
            description="to_be_signed, the signature and the certificates (the signer's first) are base64. The third "
            "wrong PIN in a row blocks the card. A page of a site that is not trusted is refused.",
        )
    },
    "/moica/cards": {"get": operation("moica", "The cards, for people", {200: "text/html"})},
    "/moica/cards/{card}/revocation": {
        "post": operation("moica", "Revoke a card's certificates", {204: None, 303: None, 404: REFUSAL}, path=["card"])
    },
    "/moica/cards/{card}/unblocking": {
        "post": operation("moica", "Give the PIN its tries back", {204: None, 303: None, 404: REFUSAL}, path=["card"])
    },
    "/moica/cards/{card}/renewal": {
        "post": operation(
            "moica",
            "A new card with new keys, for the same person",
            {204: None, 303: None, 404: REFUSAL},
            path=["card"],
        )
    },
}
BOOKS = {
    "/books/moica/cards": {
        "get": operation(
            "books",
            "Cards",
            {
                200: listed(
                    card=TEXT,
                    **_CARD,
                    tries_left=NUMBER,
                    signing_serial=TEXT,
                    encryption_serial=TEXT,
                    issued_at=TIME,
                    revoked_at=MAYBE_TEXT,
                ),
                422: REFUSAL,
            },
            query={"card": TEXT, "national_id": TEXT, "limit": NUMBER},
        ),
        "put": operation(
            "books", "Give somebody a card", {204: None, 400: REFUSAL, 422: REFUSAL}, body=record(**_CARD)
        ),
    },
}
