"""What goes over the wire when somebody signs in through an account elsewhere."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from core.http import Matches
from identity.schemas import moment_field

RETURN_TO = "^/app(/[A-Za-z0-9/_-]*)?([?][A-Za-z0-9._~%=&:,+-]*)?$"
_ACR = "urn:mykaohsiung:loa:"
_PROVIDER = {"example": "line", "description": "line, google, apple or mobile_id"}


class StartQuery(Schema):
    return_to = fields.String(
        load_default="/app",
        validate=[validate.Length(4, 400), Matches(RETURN_TO)],
        metadata={"description": "the phone's own path to come back to"},
    )
    transport = fields.String(
        load_default="cookie",
        validate=validate.OneOf(("cookie", "bearer")),
        metadata={"description": "bearer: the callback answers with the session, instead of leading to the phone"},
    )
    acr = fields.String(
        load_default=None,
        validate=[Matches(f"^{_ACR}[1-4]$")],
        metadata={"description": "the level that the sign-in is to reach"},
    )
    remember = fields.String(load_default="0", validate=validate.OneOf(("0", "1")))
    link = fields.String(
        load_default="0",
        validate=validate.OneOf(("0", "1")),
        metadata={"description": "1: link the account to whoever is signed in, and sign nobody in"},
    )


class WayThereSchema(Schema):
    authorize_url = fields.String(required=True, metadata={"description": "where to send the browser"})


class ProvidersAnswer(Schema):
    """What a provider answers with (RFC 6749 §4.1.2, RFC 9207); it may add members of its own."""

    class Meta:
        unknown = EXCLUDE

    state = fields.String(required=True, validate=validate.Length(1, 128))
    code = fields.String(load_default=None, validate=validate.Length(1, 2048))
    error = fields.String(load_default=None, validate=validate.Length(1, 100))
    iss = fields.String(load_default=None, validate=validate.Length(1, 255))


class PendingLinkSchema(Schema):
    id = fields.String(required=True, metadata={"example": "plk_01jd0000000000000000000000"})
    provider = fields.String(required=True, metadata=_PROVIDER)
    label = fields.String(required=True, metadata={"description": "what the account's owner knows it by"})
    return_to = fields.String(required=True)
    expires_at = moment_field()


class LinkRequest(Schema):
    pending_link_id = fields.String(
        required=True,
        validate=[Matches("^plk_[0-7][0-9a-hjkmnp-tv-z]{25}$")],
        metadata={"description": "the account that the person was shown and said yes to"},
    )


class LinkedAccountSchema(Schema):
    id = fields.String(required=True, metadata={"example": "lac_01jd0000000000000000000000"})
    provider = fields.String(required=True, metadata=_PROVIDER)
    label = fields.String(required=True)
    linked_at = moment_field()
    last_used_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class LinkedAccountsSchema(Schema):
    items = fields.List(fields.Nested(LinkedAccountSchema), required=True)
    can_link = fields.List(
        fields.String(), required=True, metadata={"description": "the providers that an account can be linked from"}
    )
