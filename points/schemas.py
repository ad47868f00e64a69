"""What goes over the wire about points."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import page_of
from points import entries


class ExpiringSchema(Schema):
    amount = fields.Integer(required=True, validate=validate.Range(min=1))
    expires_on = fields.Date(required=True)


class LotSchema(Schema):
    id = fields.String(required=True)
    amount = fields.Integer(required=True)
    remaining = fields.Integer(required=True)
    earned_at = fields.DateTime(required=True)
    expires_on = fields.Date(required=True)
    reason = fields.String(required=True)
    extended = fields.String(
        required=True, allow_none=True, metadata={"description": "why its last day is later than it was"}
    )


class PointsSchema(Schema):
    balance = fields.Integer(required=True)
    owed = fields.Integer(required=True, validate=validate.Range(min=0))
    expiring = fields.List(fields.Nested(ExpiringSchema), required=True)
    lots = fields.List(fields.Nested(LotSchema), required=True)


class AboutSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(tuple(entries.ABOUT)))
    id = fields.String(required=True)


class PointsEntrySchema(Schema):
    id = fields.String(required=True)
    amount = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(entries.KINDS))
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)
    lot_id = fields.String(required=True)
    about = fields.Nested(AboutSchema, required=True)
    payment_id = fields.String(required=True, allow_none=True)


PointsEntryPage = page_of(PointsEntrySchema)
