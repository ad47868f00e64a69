"""What goes over the wire about places. Degrees are WGS 84, districts town codes of the Ministry of the Interior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from accessibility.places.catalogue import KINDS
from core.http import Matches, QueryNumber

_LABEL, _ADDRESS, _DIRECTIONS = 60, 120, 200
# Text that people read: no control characters, which no device shows and some obey, and none that turn letters round.
_CONTROLS = r"\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069"
PLAIN = Matches(rf"^[^{_CONTROLS}]*$")
NOT_BLANK = Matches(rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$")
NEAR_FORM = r"^-?[0-9]{1,2}(\.[0-9]{1,10})?,-?[0-9]{1,3}(\.[0-9]{1,10})?$"
_PLACE_ID = Matches("^[a-z]+[-_][A-Za-z0-9]{1,40}$")


def _degrees(most: int, **declaration: Any) -> fields.Float:
    return fields.Float(validate=validate.Range(-most, most), allow_nan=False, **declaration)


class PlaceWanted(Schema):
    """A place in a request: `place_id` of a favourite or of the search; or a pin with what people call it."""

    place_id = fields.String(load_default=None, allow_none=True, validate=_PLACE_ID)
    # Up to 180, so that two numbers that were swapped are refused as such, and not as a number.
    latitude = _degrees(180, load_default=None, allow_none=True)
    longitude = _degrees(180, load_default=None, allow_none=True)
    label = fields.String(load_default="", validate=[validate.Length(0, _LABEL), PLAIN])
    address = fields.String(load_default="", validate=[validate.Length(0, _ADDRESS), PLAIN])
    directions = fields.String(load_default="", validate=[validate.Length(0, _DIRECTIONS), PLAIN])


class PlaceSchema(Schema):
    """A place to the door."""

    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    district = fields.String(required=True)
    district_name = fields.String(required=True)
    label = fields.String(required=True)
    address = fields.String(required=True)
    directions = fields.String(required=True)


class Position(fields.Field[tuple[float, float]]):
    """`latitude,longitude` in a query."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        Matches(NEAR_FORM)(value)
        latitude, longitude = (float(each) for each in value.split(","))
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise ValidationError("degrees out of range")
        return latitude, longitude


class PlaceSearchQuery(Schema):
    """`q` in Chinese or English; `near` ranks equally good finds by their distance."""

    q = fields.String(required=True, validate=[validate.Length(1, 60), PLAIN])
    near = Position(load_default=None, metadata={"type": "string", "pattern": NEAR_FORM, "example": "22.6273,120.3014"})
    limit = QueryNumber(load_default=10, validate=validate.Range(1, 50))


class FoundPlaceSchema(Schema):
    """A place of the search. A district is to look around in: it is no door and begins no ride."""

    place_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    kind_name = fields.String(required=True)
    label = fields.String(required=True)
    label_zh = fields.String(required=True)
    district = fields.String(required=True)
    district_name = fields.String(required=True)
    address = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    is_door = fields.Boolean(required=True)
    kilometres = fields.Float(required=True, allow_none=True)


class FoundPlacesSchema(Schema):
    """`hint` says what was probably meant where somebody typed a place that is not in Kaohsiung."""

    items = fields.List(fields.Nested(FoundPlaceSchema), required=True)
    hint = fields.String(required=True, allow_none=True)


class QueryDegrees(fields.Float):
    """A number of degrees in a query, in ASCII digits alone."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        Matches(r"^-?[0-9.eE+-]{1,40}$")(value)
        return super()._deserialize(value, attr, data, **more)


class PinQuery(Schema):
    latitude = QueryDegrees(required=True, validate=validate.Range(-180, 180))
    longitude = QueryDegrees(required=True, validate=validate.Range(-180, 180))


class PinSchema(Schema):
    """What lies at a pin. Outside the service area `district` is null and `words` say what can be done; `meant` is the
    town code of a district of Kaohsiung that was probably meant."""

    is_in_service_area = fields.Boolean(required=True)
    is_in_city = fields.Boolean(required=True)
    district = fields.String(required=True, allow_none=True)
    district_name = fields.String(required=True, allow_none=True)
    words = fields.String(required=True)
    meant = fields.String(required=True, allow_none=True)


class ServiceTownSchema(Schema):
    """A town beyond the city where rides may end; `hospitals`: medical ones, from the districts at the border."""

    district = fields.String(required=True)
    name = fields.String(required=True)
    allowance = fields.String(required=True, validate=validate.OneOf(("adjoining", "hospitals")))


class ServiceAreaSchema(Schema):
    towns = fields.List(fields.Nested(ServiceTownSchema), required=True)
    border_districts = fields.List(fields.String(), required=True)
    source = fields.String(required=True)
    is_confirmed = fields.Boolean(required=True)


class FavouriteWanted(PlaceWanted):
    """A place to keep under a name."""

    name = fields.String(required=True, validate=[validate.Length(1, 20), NOT_BLANK])


class FavouriteChange(Schema):
    """What is to be otherwise; what is left out stays."""

    name = fields.String(validate=[validate.Length(1, 20), NOT_BLANK])
    directions = fields.String(validate=[validate.Length(0, _DIRECTIONS), PLAIN])
    place = fields.Nested(PlaceWanted)


class FavouriteSchema(PlaceSchema):
    place_id = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class FavouritesSchema(Schema):
    items = fields.List(fields.Nested(FavouriteSchema), required=True)
