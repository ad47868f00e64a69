"""What was saved, on the wire. Money is whole NT$ beside `currency`; nothing of anybody."""

from __future__ import annotations

from marshmallow import Schema, fields


class SplitSchema(Schema):
    """Who bears or saves how much."""

    payer = fields.Integer(required=True)
    city = fields.Integer(required=True)
    total = fields.Integer(required=True)


class CostsSchema(Schema):
    bills = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    at_a_store = fields.Nested(SplitSchema, required=True)
    here = fields.Nested(SplitSchema, required=True)
    saved = fields.Nested(SplitSchema, required=True)


class SavingMonthSchema(CostsSchema):
    month = fields.String(required=True)
    url = fields.String(required=True)


class SavingLineSchema(CostsSchema):
    rail = fields.String(required=True)
    rail_name = fields.String(required=True)
    kind = fields.String(required=True)


class SavingsSchema(Schema):
    as_of = fields.String(required=True, allow_none=True)
    currency = fields.String(required=True)
    method = fields.String(required=True)
    total = fields.Nested(CostsSchema, required=True)
    months = fields.List(fields.Nested(SavingMonthSchema), required=True)


class BookAccountSchema(Schema):
    account = fields.String(required=True)
    debits = fields.Integer(required=True)
    credits = fields.Integer(required=True)
    means = fields.String(required=True)


class PriceSchema(Schema):
    rail = fields.String(required=True)
    kind = fields.String(required=True)
    fee = fields.Integer(required=True)
    city_flat = fields.Integer(required=True)
    city_basis_points = fields.Integer(required=True)
    valid_from = fields.String(required=True)
    valid_until = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)
    city_source = fields.String(required=True)


class SavingsOfMonthSchema(Schema):
    month = fields.String(required=True)
    as_of = fields.String(required=True, allow_none=True)
    currency = fields.String(required=True)
    method = fields.String(required=True)
    total = fields.Nested(CostsSchema, required=True)
    lines = fields.List(fields.Nested(SavingLineSchema), required=True)
    book = fields.List(fields.Nested(BookAccountSchema), required=True)
    prices = fields.List(fields.Nested(PriceSchema), required=True)
