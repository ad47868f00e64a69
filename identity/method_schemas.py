"""What goes over the wire about the ways to sign in."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

_ACR = "urn:mykaohsiung:loa:"


class MethodsQuery(Schema):
    acr = fields.String(
        load_default=None,
        validate=[validate.Regexp(f"^{_ACR}[1-4]$"), validate.Length(equal=len(_ACR) + 1)],
        metadata={"description": "only ways that can reach this level"},
    )
    phishing_resistant = fields.String(
        load_default="false",
        validate=validate.OneOf(("true", "false")),
        metadata={"description": "true: only ways that no forged page can take from somebody"},
    )


class MethodSchema(Schema):
    method = fields.String(required=True, metadata={"example": "passkey"})
    label = fields.String(required=True)
    hint = fields.String(required=True)
    acr = fields.String(
        required=True, metadata={"description": "the most it can reach, for somebody proved well enough"}
    )
    is_phishing_resistant = fields.Boolean(required=True)
    may_sign_payments = fields.Boolean(required=True)
    proves_identity = fields.Boolean(
        required=True, metadata={"description": "a first passkey can be made from it, as from a visit to a counter"}
    )
    is_set_up = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={
            "description": "whether the caller has set it up for the level asked for; null where not known, or where "
            "nobody is signed in"
        },
    )
    can_be_set_up_now = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={"description": "whether the caller may set it up from the session they are in; null likewise"},
    )


class MethodsSchema(Schema):
    items = fields.List(fields.Nested(MethodSchema), required=True)
