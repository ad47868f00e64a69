"""What goes over the wire about vans, depots and drivers."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from marshmallow import Schema, fields, validate

from accessibility.own_fleet.schemas import VAN_NUMBER, LoadSchema
from accessibility.van_office.schemas import DRIVER_NUMBER
from core.districts import DISTRICTS
from core.http import Matches, WholeNumber, page_of

_NAME: Final = validate.Length(1, 60)
_PLATE: Final = "^[A-Z0-9-]{4,10}$"
_CODE: Final = "^[a-z][a-z0-9_]{1,30}$"
_PHONE: Final = "^0[0-9]{8,9}$"
_FEATURES: Final = ("O",)


class VanLayoutSchema(Schema):
    wheelchairs = WholeNumber(required=True, validate=validate.Range(0, 8))
    seats = WholeNumber(required=True, validate=validate.Range(0, 20))


def _layouts(**more: object) -> fields.List[Any]:
    return fields.List(
        fields.Nested(VanLayoutSchema), validate=validate.Length(1, 8),
        metadata={"description": "the ways in which its floor can be used: places trade off"}, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _millimetres(**more: object) -> WholeNumber:
    return WholeNumber(validate=validate.Range(300, 3_000), **more)


def _flag(**more: object) -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, **more)  # type: ignore[arg-type]


def _features(**more: object) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(_FEATURES)), validate=validate.Length(0, 1),
        metadata={"description": "functions that not every van has: O is oxygen"}, **more,  # type: ignore[arg-type]
    )  # fmt: skip


class NewVanSchema(Schema):
    number = fields.String(required=True, validate=Matches(VAN_NUMBER))
    plate = fields.String(required=True, validate=Matches(_PLATE))
    model = fields.String(required=True, validate=_NAME)
    depot = fields.String(required=True, validate=Matches(_CODE))
    layouts = _layouts(required=True)
    chair_width_mm = _millimetres(required=True)
    chair_length_mm = _millimetres(required=True)
    chair_mass_kg = WholeNumber(required=True, validate=validate.Range(50, 1_000))
    has_lift = _flag(required=True)
    has_ramp = _flag(required=True)
    features = _features(load_default=list)


class VanChangeSchema(Schema):
    plate = fields.String(validate=Matches(_PLATE))
    model = fields.String(validate=_NAME)
    depot = fields.String(validate=Matches(_CODE))
    layouts = _layouts()
    chair_width_mm = _millimetres()
    chair_length_mm = _millimetres()
    chair_mass_kg = WholeNumber(validate=validate.Range(50, 1_000))
    has_lift = _flag()
    has_ramp = _flag()
    features = _features()


class CityVanSchema(Schema):
    number = fields.String(required=True)
    plate = fields.String(required=True)
    model = fields.String(required=True)
    depot = fields.String(required=True)
    layouts = fields.List(fields.Nested(LoadSchema), required=True)
    chair_width_mm = fields.Integer(required=True)
    chair_length_mm = fields.Integer(required=True)
    chair_mass_kg = fields.Integer(required=True)
    has_lift = fields.Boolean(required=True)
    has_ramp = fields.Boolean(required=True)
    features = fields.List(fields.String(), required=True)
    broken_at = fields.DateTime(required=True, allow_none=True)
    retired_at = fields.DateTime(required=True, allow_none=True)
    rides = fields.Integer(required=True, metadata={"description": "rides that are in its shifts and not over"})
    version = fields.Integer(required=True)


class NewDepotSchema(Schema):
    code = fields.String(required=True, validate=Matches(_CODE))
    label = fields.String(required=True, validate=_NAME)
    label_en = fields.String(required=True, validate=_NAME)
    latitude = fields.Float(required=True, validate=validate.Range(21.5, 25.5))
    longitude = fields.Float(required=True, validate=validate.Range(119, 122.5))
    district = fields.String(required=True, validate=validate.OneOf(tuple(DISTRICTS)))


class DepotChangeSchema(Schema):
    label = fields.String(validate=_NAME)
    label_en = fields.String(validate=_NAME)
    latitude = fields.Float(validate=validate.Range(21.5, 25.5))
    longitude = fields.Float(validate=validate.Range(119, 122.5))
    district = fields.String(validate=validate.OneOf(tuple(DISTRICTS)))


class CityDepotSchema(Schema):
    code = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    district = fields.String(required=True, allow_none=True)
    vans = fields.Integer(required=True)
    version = fields.Integer(required=True)


def _licence(**more: object) -> fields.Date:
    return fields.Date(
        allow_none=True, validate=validate.Range(date(2020, 1, 1), date(2100, 1, 1)),
        metadata={"description": "the last day on which they may drive; null: not told"}, **more,  # type: ignore[arg-type]
    )  # fmt: skip


class NewVanDriverSchema(Schema):
    number = fields.String(required=True, validate=Matches(DRIVER_NUMBER))
    name = fields.String(required=True, validate=_NAME)
    phone = fields.String(required=True, validate=Matches(_PHONE))
    licence_until = _licence(load_default=None)


class VanDriverChangeSchema(Schema):
    name = fields.String(validate=_NAME)
    phone = fields.String(validate=Matches(_PHONE))
    licence_until = _licence()


class CityDriverSchema(Schema):
    number = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True)
    licence_until = fields.Date(required=True, allow_none=True)
    left_at = fields.DateTime(required=True, allow_none=True)
    shifts = fields.Integer(required=True, metadata={"description": "shifts that are given and not over"})
    version = fields.Integer(required=True)


class DriverPinSchema(Schema):
    pin = fields.String(required=True, metadata={"description": "for the driver's page; shown this once"})


class NewCityDriverSchema(CityDriverSchema):
    pin = fields.String(required=True, metadata={"description": "for the driver's page; shown this once"})


CityVanPage = page_of(CityVanSchema)
CityDepotPage = page_of(CityDepotSchema)
CityDriverPage = page_of(CityDriverSchema)
