"""What goes over the wire about fleets."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

KINDS = ("own", "taxi", "telephone")


class RideFleetSchema(Schema):
    """A fleet and its rules in words; `source` says where they were read, `is_confirmed` whether the fleet says so."""

    fleet = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    kind_name = fields.String(required=True)
    phone = fields.String(required=True)
    hours_words = fields.String(required=True)
    area_words = fields.String(required=True)
    booking_words = fields.String(required=True)
    cancellation_words = fields.String(required=True)
    chair_words = fields.String(required=True)
    pooled_obligatory = fields.Boolean(required=True)
    source = fields.String(required=True)
    is_confirmed = fields.Boolean(required=True)


class RideFleetsSchema(Schema):
    items = fields.List(fields.Nested(RideFleetSchema), required=True)
