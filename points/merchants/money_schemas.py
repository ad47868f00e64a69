"""What goes over the wire about statements, settlements and payments to merchants."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import PageQuery, page_of
from points.merchants.differences import KINDS

SETTLEMENT_STATUSES = ("carried", "waiting", "ordered", "paid", "stopped")


class StatementQuery(PageQuery):
    from_ = fields.Date(required=True, data_key="from", metadata={"description": "the first day in Taipei"})
    to = fields.Date(required=True, metadata={"description": "the last one, at most 92 days later"})
    format = fields.String(
        load_default="json",
        validate=validate.OneOf(("json", "csv")),
        metadata={"description": "csv: all lines as one file in UTF-8 with a byte order mark"},
    )


class StatementDay(Schema):
    day = fields.Date(required=True)
    redeemed = fields.Integer(required=True)
    given_back = fields.Integer(required=True)
    net = fields.Integer(required=True)
    redemptions = fields.Integer(required=True)


class StatementLineSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("redemption", "refund", "void")))
    redemption_id = fields.String(required=True)
    at = fields.DateTime(required=True)
    day = fields.Date(required=True)
    branch = fields.String(required=True)
    till = fields.String(required=True)
    staff = fields.String(required=True)
    offer = fields.String(required=True, allow_none=True)
    points = fields.Integer(required=True, metadata={"description": "below zero: they went back; 1 point is NT$1"})
    settlement_id = fields.String(required=True, allow_none=True)


class MerchantStatementSchema(Schema):
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(("TWD",)))
    redeemed = fields.Integer(required=True)
    given_back = fields.Integer(required=True)
    net = fields.Integer(required=True)
    days = fields.List(fields.Nested(StatementDay), required=True)
    items = fields.List(fields.Nested(StatementLineSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SettlementSchema(Schema):
    id = fields.String(required=True)
    merchant_id = fields.String(required=True)
    merchant = fields.String(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(("TWD",)))
    redeemed_points = fields.Integer(required=True)
    refunded_points = fields.Integer(required=True)
    redemptions = fields.Integer(required=True)
    refunds = fields.Integer(required=True)
    carried = fields.Integer(required=True, metadata={"description": "what the week before left below zero"})
    amount = fields.Integer(required=True, metadata={"description": "NT$ that are paid"})
    carried_on = fields.Integer(required=True, metadata={"description": "what goes on to the next week"})
    status = fields.String(required=True, validate=validate.OneOf(SETTLEMENT_STATUSES))
    status_name = fields.String(required=True)
    reason = fields.String(required=True, metadata={"description": "the bank's code (ISO 20022) where it did not pay"})
    account = fields.String(required=True, allow_none=True, metadata={"description": "masked"})
    settled_at = fields.DateTime(required=True)
    paid_on = fields.Date(required=True, allow_none=True)


class PayoutSchema(Schema):
    id = fields.String(required=True, metadata={"description": "the EndToEndId on the bank's statement"})
    batch_id = fields.String(required=True, allow_none=True, metadata={"description": "the MsgId of its file"})
    bank_code = fields.String(required=True)
    account = fields.String(required=True, metadata={"description": "masked"})
    amount = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("due", "sent", "booked", "rejected")))
    reason = fields.String(required=True)
    ordered_at = fields.DateTime(required=True)
    booked_on = fields.Date(required=True, allow_none=True)
    bank_reference = fields.String(required=True)
    statement_day = fields.Date(required=True, allow_none=True)


class OwnSettlementSchema(SettlementSchema):
    payments = fields.List(fields.Nested(PayoutSchema), required=True)


class CostSchema(Schema):
    bureau = fields.String(required=True)
    redeemed_points = fields.Integer(required=True)
    refunded_points = fields.Integer(required=True)
    cost = fields.Integer(required=True, metadata={"description": "NT$; below zero: it gets back"})


class DeskSettlementSchema(OwnSettlementSchema):
    costs = fields.List(fields.Nested(CostSchema), required=True)


class SettlementQuery(PageQuery):
    status = fields.String(load_default=None, validate=validate.OneOf(SETTLEMENT_STATUSES))


class DifferenceSchema(Schema):
    id = fields.String(required=True)
    day = fields.Date(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    payout_id = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True)
    amount = fields.Integer(required=True)
    details = fields.String(required=True)
    opened_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    note = fields.String(required=True)


class DifferenceQuery(PageQuery):
    status = fields.String(load_default="open", validate=validate.OneOf(("open", "closed", "all")))


class BankDaySchema(Schema):
    day = fields.Date(required=True)
    reference = fields.String(required=True, allow_none=True, metadata={"description": "null: no statement yet"})
    paid = fields.Integer(required=True, metadata={"description": "NT$ that we know to have been paid"})
    stated = fields.Integer(required=True, allow_none=True, metadata={"description": "NT$ the statement says went out"})
    matched = fields.Integer(required=True, allow_none=True)
    lines = fields.Integer(required=True, allow_none=True)


SettlementPage = page_of(SettlementSchema)
DifferencePage = page_of(DifferenceSchema)
BankDayPage = page_of(BankDaySchema)
