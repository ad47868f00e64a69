"""What goes over the wire at the till and around it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, WholeNumber, page_of
from points.till.redemptions import STATUSES

_MOST_POINTS = 1_000_000
PRESENTED = ("code", "offline_code", "shop_code")


def _points() -> WholeNumber:
    return WholeNumber(
        required=True, validate=validate.Range(1, _MOST_POINTS), metadata={"description": "whole points, 1 or more"}
    )


def _offer_id() -> fields.String:
    return fields.String(load_default=None, allow_none=True, validate=Matches("^off_[0-7][0-9a-hjkmnp-tv-z]{25}$"))


class EnrolmentSchema(Schema):
    code = fields.String(
        required=True,
        validate=Matches("^[0-9A-Za-z][0-9A-Za-z -]{5,22}[0-9A-Za-z]$"),
        metadata={"description": "what the merchant's page of tills shows, once, for 15 minutes"},
    )
    transport = fields.String(
        load_default="cookie",
        validate=validate.OneOf(("cookie", "bearer")),
        metadata={"description": "cookie: the token comes as the HttpOnly cookie `__Host-till` and not in the body"},
    )


class EnrolledSchema(Schema):
    till_id = fields.String(required=True)
    name = fields.String(required=True)
    token_type = fields.String(required=True, validate=validate.OneOf(("Bearer",)))
    token = fields.String(required=True, allow_none=True, metadata={"description": "shown this once; null in a cookie"})


class ShiftRequestSchema(Schema):
    staff_number = fields.String(required=True, validate=Matches("^[0-9]{2,6}$"))
    pin = fields.String(required=True, validate=Matches("^[0-9]{6}$"))


class NamedSchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)


class ShiftStaffSchema(NamedSchema):
    number = fields.String(required=True)
    may_refund = fields.Boolean(required=True)


class TillSchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    is_register = fields.Boolean(required=True)
    merchant = fields.Nested(NamedSchema, required=True)
    branch = fields.Nested(NamedSchema, required=True)
    shop_code = fields.String(required=True, metadata={"description": "what the printed QR at the counter says"})
    staff = fields.Nested(ShiftStaffSchema, required=True, allow_none=True)
    shift_ends_at = fields.DateTime(required=True, allow_none=True)
    confirm_above = fields.Integer(required=True)
    confirm_seconds = fields.Integer(required=True)
    void_hours = fields.Integer(required=True)
    now = fields.DateTime(required=True)


class AskSchema(Schema):
    code = fields.String(
        required=True,
        validate=validate.Length(1, 64),
        metadata={
            "description": "the 24 digits of the QR or barcode, as scanned or typed; blanks and dashes may stand"
        },
    )
    points = _points()
    sale_twd = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 10_000_000))
    offer_id = _offer_id()
    reference = fields.String(
        load_default=None,
        allow_none=True,
        validate=Matches("^[!-~]{1,64}$"),
        metadata={"description": "the till's own number of the sale: one redemption for each, found by it again"},
    )


class RedemptionSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = fields.String(required=True, metadata={"description": "a code; empty where there is none"})
    explanation = fields.String(required=True, allow_none=True, metadata={"description": "the reason in words"})
    points = fields.Integer(required=True)
    refunded = fields.Integer(required=True)
    presented = fields.String(required=True, validate=validate.OneOf(PRESENTED))
    created_at = fields.DateTime(required=True)
    answer_by = fields.DateTime(required=True, allow_none=True)
    done_at = fields.DateTime(required=True, allow_none=True)
    sale_twd = fields.Integer(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    staff = fields.Nested(NamedSchema, required=True, allow_none=True)
    till = fields.Nested(NamedSchema, required=True, allow_none=True)
    offer_id = fields.String(required=True, allow_none=True)


RedemptionPage = page_of(RedemptionSchema)


class RedemptionQuery(PageQuery):
    day = fields.Date(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))
    reference = fields.String(load_default=None, validate=Matches("^[!-~]{1,64}$"))


class RefundRequestSchema(Schema):
    points = _points()


class DayQuery(Schema):
    day = fields.Date(load_default=None, metadata={"description": "in Taipei; today where none is given"})


class DayTotalSchema(Schema):
    till = fields.Nested(NamedSchema, required=True, allow_none=True)
    staff = fields.Nested(NamedSchema, required=True, allow_none=True)
    done = fields.Integer(required=True)
    done_points = fields.Integer(required=True)
    voided = fields.Integer(required=True)
    voided_points = fields.Integer(required=True)
    refunds = fields.Integer(required=True)
    refunded_points = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    waiting_points = fields.Integer(required=True)
    net_points = fields.Integer(required=True)


class DayTotalsSchema(Schema):
    day = fields.Date(required=True)
    branch = fields.Nested(NamedSchema, required=True)
    rows = fields.List(fields.Nested(DayTotalSchema), required=True)
    done = fields.Integer(required=True)
    net_points = fields.Integer(required=True)
    net_twd = fields.Integer(required=True)


class PayKeySchema(Schema):
    token_id = fields.String(required=True)
    number = fields.String(required=True, validate=Matches("^[0-9]{12}$"))
    key = fields.String(required=True, metadata={"description": "32 bytes, base64url without padding"})
    step_seconds = fields.Integer(required=True)
    now = fields.DateTime(required=True, metadata={"description": "our clock, to set the phone's steps by"})
    now_unix = fields.Integer(required=True)
    renew_after = fields.DateTime(required=True)
    online_until = fields.DateTime(required=True)
    valid_until = fields.DateTime(required=True)
    offline_most = fields.Integer(required=True)
    confirm_above = fields.Integer(required=True)


class ShopRedemptionRequestSchema(Schema):
    shop_code = fields.String(required=True, validate=Matches("^[0-9A-HJKMNP-TV-Z]{10}$"))
    points = _points()
    offer_id = _offer_id()


class MyRedemptionSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = fields.String(required=True)
    explanation = fields.String(required=True, allow_none=True)
    points = fields.Integer(required=True)
    refunded = fields.Integer(required=True)
    presented = fields.String(required=True, validate=validate.OneOf(PRESENTED))
    shop = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    answer_by = fields.DateTime(required=True, allow_none=True)
    done_at = fields.DateTime(required=True, allow_none=True)
    offer_id = fields.String(required=True, allow_none=True)


MyRedemptionPage = page_of(MyRedemptionSchema)


class MyRedemptionQuery(PageQuery):
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class HeldSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("redemption",)))
    person_id = fields.String(required=True)
    shop = fields.String(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    explanation = fields.String(required=True)
    presented = fields.String(required=True, validate=validate.OneOf(PRESENTED))
    created_at = fields.DateTime(required=True)
    answer_by = fields.DateTime(required=True)


HeldPage = page_of(HeldSchema)
