"""What goes over the wire about receipts and complaints."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches
from notify.receipts.receipts import KINDS

MOST_RECEIPTS = 100


class ReceiptItem(Schema):
    message_id = fields.String(required=True, validate=[Matches("^msg_[0-9a-z]{26}$")])
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    at = fields.String(
        required=True,
        validate=[Matches("^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?Z$")],
        metadata={"description": "When it happened by the device's clock, in UTC"},
    )


class ReceiptBatch(Schema):
    device_id = fields.String(required=True, validate=[Matches("^dev_[0-9a-z]{26}$")])
    items = fields.List(fields.Nested(ReceiptItem), required=True, validate=validate.Length(1, MOST_RECEIPTS))


class ComplaintCreate(Schema):
    reason = fields.String(load_default="", validate=validate.Length(0, 500))


class WebPushKeySchema(Schema):
    key = fields.String(required=True, allow_none=True)
