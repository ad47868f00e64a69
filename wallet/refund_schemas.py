"""What goes over the wire about refunds."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, page_of
from wallet import states

_TYPEID = Matches("^[a-z]+_[0-9a-z]{26}$")
_CODE = Matches("^[a-z_]{2,40}$")


class RefundCreate(Schema):
    """Without an amount: as much as the reason proves."""

    bill_id = fields.String(required=True, validate=_TYPEID)
    amount = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, 10**9))
    reason = fields.String(required=True, validate=_CODE)


class RefundByOfficer(Schema):
    payment_id = fields.String(required=True, validate=_TYPEID)
    bill_id = fields.String(required=True, validate=_TYPEID)
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10**9))
    reason = fields.String(required=True, validate=_CODE)
    note = fields.String(required=True, validate=validate.Length(1, 500))


class RefundsQuery(PageQuery):
    """Of the refunds that are not at their end: all, those under way, those that failed, or that are to be decided."""

    status = fields.String(load_default="all", validate=validate.OneOf(["all", "waiting", "failed", "proposed"]))


class RefundAccount(Schema):
    bank_link_id = fields.String(required=True, validate=_TYPEID)


class RefundFailureSchema(Schema):
    code = fields.String(required=True)
    message = fields.String(required=True)


class RefundStepSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(states.REFUND.states))
    text = fields.String(required=True)
    at = fields.String(required=True)


class RefundSchema(Schema):
    id = fields.String(required=True)
    payment_id = fields.String(required=True)
    bill_id = fields.String(required=True)
    number = fields.String(required=True)
    amount = fields.Integer(required=True)
    in_points = fields.Integer(required=True)
    fee_refunded = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.Equal("TWD"))
    reason = fields.String(required=True)
    message = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.REFUND.states))
    status_text = fields.String(required=True)
    rail = fields.String(required=True)
    account = fields.String(required=True)
    created_at = fields.String(required=True)
    expected_on = fields.String(required=True, allow_none=True)
    completed_at = fields.String(required=True, allow_none=True)
    failure = fields.Nested(RefundFailureSchema, required=True, allow_none=True)
    can_choose_account = fields.Boolean(required=True)
    steps = fields.List(fields.Nested(RefundStepSchema), required=True)


class OfficerRefundSchema(RefundSchema):
    asked_by = fields.String(required=True, validate=validate.OneOf(["system", "citizen", "officer"]))
    note = fields.String(required=True, allow_none=True)
    approval_id = fields.String(required=True, allow_none=True)


RefundPage = page_of(RefundSchema)
OfficerRefundPage = page_of(OfficerRefundSchema)
