"""Yearly statements on the wire. Money is whole NT$ beside `currency`."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from wallet.schemas import ReceiptLineSchema
from wallet.statement_texts import STATUSES


class StatementQuery(Schema):
    format = fields.String(load_default="", validate=validate.OneOf(["", "json", "pdf", "csv"]))


class StatedPaymentSchema(Schema):
    payment_id = fields.String(required=True)
    receipt_number = fields.String(required=True)
    paid_at = fields.String(required=True)
    rail = fields.String(required=True)
    rail_name = fields.String(required=True)
    account = fields.String(required=True)
    lines = fields.List(fields.Nested(ReceiptLineSchema), required=True)
    fee = fields.Integer(required=True)
    total = fields.Integer(required=True)
    points = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(list(STATUSES)))
    status_words = fields.String(required=True)
    given_back = fields.Integer(required=True)
    standing = fields.Integer(required=True)


class StatementSchema(Schema):
    year = fields.Integer(required=True)
    year_words = fields.String(required=True)
    payer = fields.String(required=True)
    as_of = fields.String(required=True)
    currency = fields.String(required=True)
    parking = fields.Integer(required=True)
    fines = fields.Integer(required=True)
    rides = fields.Integer(required=True)
    fees = fields.Integer(required=True)
    total = fields.Integer(required=True)
    given_back = fields.Integer(required=True)
    standing = fields.Integer(required=True)
    payments = fields.List(fields.Nested(StatedPaymentSchema), required=True)


class YearSchema(Schema):
    year = fields.Integer(required=True)
    year_words = fields.String(required=True)


class YearsSchema(Schema):
    items = fields.List(fields.Nested(YearSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
