"""Quotes on the wire. Money is whole NT$ beside `currency`."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import page_of
from wallet.rail_names import NAMES


class QuoteSchema(Schema):
    rail = fields.String(required=True, validate=validate.OneOf(list(NAMES)))
    name = fields.String(required=True)
    is_slip = fields.Boolean(required=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    total = fields.Integer(required=True)
    city_cost = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(["TWD"]))
    counts_as_paid = fields.String(
        required=True, validate=validate.OneOf(["at_once", "next_business_day", "after_store_file"])
    )
    counts_as_paid_on = fields.String(required=True)
    counts_as_paid_words = fields.String(required=True)
    item_cap = fields.Integer(required=True, allow_none=True)
    limit = fields.Integer(required=True, allow_none=True)
    is_available = fields.Boolean(required=True)
    unavailable_reason = fields.String(required=True, allow_none=True)
    unavailable_words = fields.String(required=True, allow_none=True)
    is_recommended = fields.Boolean(required=True)
    recommended_because = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)
    city_source = fields.String(required=True)
    terms_source = fields.String(required=True)


QuotePage = page_of(QuoteSchema)
