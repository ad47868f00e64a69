"""What goes over the wire about fares and quotas. Money is whole NT$; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import WholeNumber


class QuotaSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["disability", "senior"]))
    name = fields.String(required=True)
    total = fields.Integer(required=True)
    used = fields.Integer(required=True)
    kept = fields.Integer(required=True, metadata={"description": "for rides that are booked"})
    left = fields.Integer(required=True, metadata={"description": "neither used nor kept"})
    most_a_trip = fields.Integer(required=True, allow_none=True)
    until = fields.String(required=True, metadata={"description": "the last day of the period"})
    words = fields.String(required=True)
    source = fields.String(required=True)


class QuotasSchema(Schema):
    items = fields.List(fields.Nested(QuotaSchema), required=True)


class SettledFareLineSchema(Schema):
    code = fields.String(required=True)
    words = fields.String(required=True)
    amount_twd = fields.Integer(required=True)


class SettledFareSchema(Schema):
    ride_id = fields.String(required=True)
    is_settled = fields.Boolean(required=True, metadata={"description": "false: as it was offered, before the ride"})
    fare_twd = fields.Integer(required=True)
    subsidy_twd = fields.Integer(required=True)
    quota_twd = fields.Integer(required=True)
    rider_pays_twd = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(["TWD"]))
    lines = fields.List(fields.Nested(SettledFareLineSchema), required=True)
    source = fields.String(required=True)
    paid_by = fields.String(required=True, allow_none=True, validate=validate.OneOf(["bill", "driver", "nobody"]))
    paid_by_words = fields.String(required=True)
    minutes_over = fields.Integer(required=True)
    version = fields.Integer(required=True)
    bill_id = fields.String(required=True, allow_none=True)
    bill_status = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(["unpaid", "processing", "paid", "void", "appealed"])
    )
    settled_at = fields.String(required=True, allow_none=True)


class FareCorrection(Schema):
    """What the ride came to by right, before anything is taken off, and why."""

    fare_twd = WholeNumber(required=True, validate=validate.Range(0, 100_000))
    reason = fields.String(required=True, validate=validate.Length(1, 300))
