"""What goes over the wire about devices and the inbox."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, page_of
from notify.alerts.schemas import PositionSchema
from notify.texts import WORDINGS

KINDS = ("fid", "fcm_token", "webpush", "line")
MESSAGE_KINDS = (
    *(wording.kind for wording in WORDINGS),
    "campaign",
    "digest",
    "question",
    "alert",
    "test",
    "subscription_ended",
)
BASES_OF_MESSAGES = ("transaction", "subscription", "question", "digest", "alert", "test")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")


class DeviceCreate(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    # None for LINE alone: that address is not the caller's to choose.
    address = fields.String(load_default=None, validate=[Matches("^[!-~]+$"), validate.Length(8, 4096)])
    name = fields.String(load_default="", validate=validate.Length(0, 60))


class DeviceSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    last_seen_at = fields.DateTime(required=True)


class RegisteredDeviceSchema(DeviceSchema):
    receipt_key = fields.String(required=True)


class ListedDeviceSchema(DeviceSchema):
    position = fields.Nested(PositionSchema, required=True, allow_none=True)


DevicePage = page_of(ListedDeviceSchema)


class AlertStateSchema(Schema):
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    is_drill = fields.Boolean(required=True)
    is_cancelled = fields.Boolean(required=True)
    expires_at = fields.DateTime(required=True)


class GatheredSchema(Schema):
    """A message that did not ring, as the digest of its day lists it."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    topic_name = fields.String(required=True, allow_none=True)
    bureau_name = fields.String(required=True, allow_none=True)
    recalled_at = fields.DateTime(required=True, allow_none=True)
    settled_at = fields.DateTime(required=True, allow_none=True)


class MessageSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(MESSAGE_KINDS))
    basis = fields.String(required=True, validate=validate.OneOf(BASES_OF_MESSAGES))
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True)
    subscription_id = fields.String(required=True, allow_none=True)
    topic = fields.String(required=True, allow_none=True)
    topic_name = fields.String(required=True, allow_none=True)
    bureau_name = fields.String(required=True, allow_none=True)
    alert = fields.Nested(AlertStateSchema, required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    read_at = fields.DateTime(required=True, allow_none=True)
    recalled_at = fields.DateTime(required=True, allow_none=True)
    settled_at = fields.DateTime(required=True, allow_none=True)
    items = fields.List(fields.Nested(GatheredSchema), required=True)


class InboxPage(page_of(MessageSchema)):  # type: ignore[misc]
    unread = fields.Integer(required=True, validate=validate.Range(min=0))


class MessageChange(Schema):
    is_read = fields.Boolean(required=True, truthy={True}, falsy={False})
