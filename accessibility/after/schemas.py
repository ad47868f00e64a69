"""What goes over the wire about ratings and lost things. Unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, WholeNumber, page_of

_LOST = ("sought", "found", "handed_over", "not_found", "withdrawn")
_FLEET = Matches("^[a-z][a-z0-9_]{1,19}$")


class RatingWanted(Schema):
    stars = WholeNumber(required=True, validate=validate.Range(1, 5))
    words = fields.String(load_default="", validate=validate.Length(0, 1_000))


class RideRatingSchema(Schema):
    ride_id = fields.String(required=True)
    stars = fields.Integer(required=True)
    words = fields.String(required=True)
    rated_at = fields.String(required=True)


class LostItemWanted(Schema):
    what = fields.String(required=True, validate=validate.Length(1, 500))


class LostItemSchema(Schema):
    id = fields.String(required=True)
    ride_id = fields.String(required=True)
    fleet = fields.String(required=True)
    what = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(_LOST))
    status_words = fields.String(required=True)
    kept_at = fields.String(required=True, allow_none=True)
    ride_at = fields.String(required=True)
    reported_at = fields.String(required=True)
    ended_at = fields.String(required=True, allow_none=True)


class LostItemsSchema(Schema):
    items = fields.List(fields.Nested(LostItemSchema), required=True)


LostItemPage = page_of(LostItemSchema)


class LostItemsQuery(PageQuery):
    status = fields.String(load_default="sought", validate=validate.OneOf([*_LOST, "all"]))


class FoundItemWanted(Schema):
    fleet = fields.String(required=True, validate=_FLEET)
    vehicle_number = fields.String(load_default="", validate=validate.Length(0, 20))
    what = fields.String(required=True, validate=validate.Length(1, 500))
    kept_at = fields.String(required=True, validate=validate.Length(1, 200))
    found_on = fields.Date(required=True)


class FoundItemSchema(Schema):
    id = fields.String(required=True)
    fleet = fields.String(required=True)
    vehicle_number = fields.String(required=True)
    what = fields.String(required=True)
    kept_at = fields.String(required=True)
    found_on = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["kept", "matched", "handed_over"]))


class FoundItemsSchema(Schema):
    items = fields.List(fields.Nested(FoundItemSchema), required=True)


class LostItemMatch(Schema):
    found_id = fields.String(required=True, validate=validate.Length(8, 40))


class FleetRatingSchema(Schema):
    fleet = fields.String(required=True)
    riders = fields.Integer(required=True)
    mean = fields.Float(required=True, allow_none=True)


class FleetRatingsSchema(Schema):
    items = fields.List(fields.Nested(FleetRatingSchema), required=True)


class FleetNameSchema(Schema):
    fleet = fields.String(required=True)
    name = fields.String(required=True)


class FleetNamesSchema(Schema):
    items = fields.List(fields.Nested(FleetNameSchema), required=True)
