"""What goes over the wire about offers and shops."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from core.http import Matches, PageQuery, WholeNumber, page_of
from points.merchants.merchants import CATEGORIES
from points.merchants.offers import STATUSES
from points.merchants.schemas import line, points_field

SHOP_CODE = "^[0-9A-HJKMNP-TV-Z]{10}$"


def _stock(**declaration: Any) -> WholeNumber:
    return WholeNumber(allow_none=True, validate=validate.Range(1, 1_000_000), **declaration)


def _each(**declaration: Any) -> WholeNumber:
    return WholeNumber(allow_none=True, validate=validate.Range(1, 1_000), **declaration)


def _moment(**declaration: Any) -> fields.AwareDateTime:
    return fields.AwareDateTime(format="iso", **declaration)


class OfferCreate(Schema):
    title_zh = line(60, required=True)
    title_en = line(100, required=True)
    details_zh = line(400, 0, load_default="")
    details_en = line(800, 0, load_default="")
    points = points_field(required=True)
    stock = _stock(load_default=None)
    most_per_person = _each(load_default=None)
    valid_from = _moment(required=True)
    valid_until = _moment(required=True)

    @validates_schema
    def _ends_after_it_begins(self, data: dict[str, Any], **_: Any) -> None:
        if data["valid_from"] >= data["valid_until"]:
            raise ValidationError("is after valid_from", "valid_until")


class OfferChange(Schema):
    status = fields.String(validate=validate.OneOf(STATUSES))
    title_zh = line(60)
    title_en = line(100)
    details_zh = line(400, 0)
    details_en = line(800, 0)
    points = points_field()
    stock = _stock()
    most_per_person = _each()
    valid_from = _moment()
    valid_until = _moment()


class OwnOfferSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    details_zh = fields.String(required=True)
    details_en = fields.String(required=True)
    points = fields.Integer(required=True)
    stock = fields.Integer(required=True, allow_none=True)
    taken = fields.Integer(required=True)
    most_per_person = fields.Integer(required=True, allow_none=True)
    valid_from = fields.DateTime(required=True)
    valid_until = fields.DateTime(required=True)
    version = fields.Integer(required=True, metadata={"description": "what If-Match of the next change carries"})


class PointsOfferSchema(Schema):
    id = fields.String(required=True)
    merchant_id = fields.String(required=True)
    merchant = fields.String(required=True)
    title = fields.String(required=True)
    details = fields.String(required=True)
    points = fields.Integer(required=True)
    left = fields.Integer(required=True, allow_none=True, metadata={"description": "null: as many as are wanted"})
    most_per_person = fields.Integer(required=True, allow_none=True)
    valid_until = fields.DateTime(required=True)


class OfferQuery(PageQuery):
    merchant_id = fields.String(load_default=None, validate=Matches("^mer_[0-7][0-9a-hjkmnp-tv-z]{25}$"))


class ShopQuery(PageQuery):
    district = fields.String(load_default=None, validate=Matches("^64000[0-9]{3}$"))
    category = fields.String(load_default=None, validate=validate.OneOf(CATEGORIES))
    near = fields.String(
        load_default=None,
        validate=Matches("^[0-9]{1,2}([.][0-9]{1,8})?,[0-9]{1,3}([.][0-9]{1,8})?$"),
        metadata={"description": "latitude,longitude in WGS 84: the nearest first; it is not kept"},
    )


class ShopDistrictQuery(Schema):
    category = fields.String(load_default=None, validate=validate.OneOf(CATEGORIES))


class ShopDistrictSchema(Schema):
    district = fields.String(required=True)
    district_name = fields.String(required=True)
    shops = fields.Integer(required=True)


class ShopDistrictsSchema(Schema):
    items = fields.List(fields.Nested(ShopDistrictSchema), required=True)


class ShopSchema(Schema):
    shop_code = fields.String(required=True)
    merchant_id = fields.String(required=True)
    merchant = fields.String(required=True)
    name = fields.String(required=True)
    category = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    category_name = fields.String(required=True)
    address = fields.String(required=True)
    district = fields.String(required=True)
    district_name = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    hours = fields.String(required=True)
    metres = fields.Integer(required=True, allow_none=True, metadata={"description": "from `near`, as the crow flies"})


class ShopWithOffers(ShopSchema):
    offers = fields.List(fields.Nested(PointsOfferSchema), required=True)


OwnOfferPage = page_of(OwnOfferSchema)
PointsOfferPage = page_of(PointsOfferSchema)
ShopPage = page_of(ShopSchema)
