"""Slips, collection files and overpayments over the wire. Money is whole NT$ beside `currency`."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import page_of
from partners.stores.files import CHANNELS as STORES
from wallet.payment_slips import CHANNELS


def _currency() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(["TWD"]))


class SlipCreate(Schema):
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))


class SlipLimits(Schema):
    per_item = fields.Integer(required=True, allow_none=True)


class SlipSchema(Schema):
    id = fields.String(required=True)
    bill_id = fields.String(required=True)
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    status = fields.String(
        required=True,
        validate=validate.OneOf(["live", "expired", "bill_closed", "replaced", "withdrawn", "collected"]),
    )
    number = fields.String(required=True)
    segments = fields.List(fields.String(), required=True, allow_none=True)
    payload = fields.String(required=True, allow_none=True)
    svg = fields.String(required=True)
    alt = fields.String(required=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    total = fields.Integer(required=True)
    currency = _currency()
    expires_at = fields.String(required=True)
    limits = fields.Nested(SlipLimits, required=True)
    counts_as_paid = fields.String(required=True)
    how_to = fields.List(fields.String(), required=True)


class CollectionFileQuery(Schema):
    channel = fields.String(required=True, validate=validate.OneOf(tuple(STORES)))


class CollectionFileSchema(Schema):
    id = fields.String(required=True)
    channel = fields.String(required=True)
    business_on = fields.String(required=True)
    number = fields.Integer(required=True)
    lines = fields.Integer(required=True)
    collected = fields.Integer(required=True)
    set_aside = fields.Integer(required=True)
    repeated = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    charge = fields.Integer(required=True)
    net = fields.Integer(required=True)
    currency = _currency()
    pays_on = fields.String(required=True)
    payout_reference = fields.String(required=True)
    received_at = fields.String(required=True)


class OverpaymentSchema(Schema):
    id = fields.String(required=True)
    bill_id = fields.String(required=True)
    number = fields.String(required=True)
    channel = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = _currency()
    reason = fields.String(required=True, validate=validate.OneOf(["paid_twice", "bill_void", "bill_cheaper"]))
    message = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["open", "ordered", "returned"]))
    account = fields.String(required=True, allow_none=True)
    failure = fields.String(required=True, allow_none=True)
    paid_at = fields.String(required=True)
    found_at = fields.String(required=True)
    returned_at = fields.String(required=True, allow_none=True)


OverpaymentPage = page_of(OverpaymentSchema)


class OverpaymentReturn(Schema):
    bank_link_id = fields.String(required=True, validate=validate.Length(min=8, max=40))
