"""What goes over the wire about merchants, their accounts, branches, staff and tills."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.http import Matches, PageQuery, WholeNumber, page_of
from identity.approval_schemas import TrueOrFalse
from points.merchants.merchants import CATEGORIES, STATUSES

_TEXT = "^[^\\x00-\\x1f\\x7f]*$"
_PLACE = {"description": "degrees in WGS 84"}


def line(longest: int, least: int = 1, **declaration: Any) -> fields.String:
    """One line of words."""
    return fields.String(validate=[validate.Length(least, longest), Matches(_TEXT)], **declaration)


def _category(**declaration: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(CATEGORIES), **declaration)


def _phone(**declaration: Any) -> fields.String:
    return fields.String(validate=Matches("^[0-9+][0-9 #-]{5,19}$"), **declaration)


class Degrees(fields.Float):
    """Degrees as a JSON number; no text, no NaN."""

    def __init__(self, south: float, north: float, **declaration: Any) -> None:
        super().__init__(validate=validate.Range(south, north), metadata=_PLACE, **declaration)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> float:
        if isinstance(value, str | bool):
            raise ValidationError("Not a valid number.")
        return super()._deserialize(value, attr, data, **more)


class MerchantCreate(Schema):
    business_id = fields.String(
        required=True, validate=Matches("^[0-9]{8}$"), metadata={"description": "統一編號: 8 digits, the last a check"}
    )
    name = line(80, required=True)
    name_en = line(120, 0, load_default="")
    category = _category(required=True)
    phone = _phone(required=True)


class MerchantChange(Schema):
    name = line(80)
    name_en = line(120, 0)
    category = _category()
    phone = _phone()


class StepSchema(Schema):
    code = fields.String(required=True)
    text = fields.String(required=True)


class ProofSchema(Schema):
    bank_code = fields.String(required=True)
    account = fields.String(required=True, metadata={"description": "masked"})
    status = fields.String(
        required=True, validate=validate.OneOf(("sending", "sent", "not_paid", "proven", "used_up", "replaced"))
    )
    reason = fields.String(required=True, metadata={"description": "the bank's code where it did not pay, e.g. AC01"})
    tries_left = fields.Integer(required=True)
    asked_at = fields.DateTime(required=True)


class AccountSchema(Schema):
    bank_code = fields.String(required=True)
    account = fields.String(required=True, metadata={"description": "masked"})
    refused = fields.String(required=True, allow_none=True, metadata={"description": "why the bank pays there no more"})


class MerchantItemSchema(Schema):
    id = fields.String(required=True)
    business_id = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    category = _category(required=True)
    category_name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    status_name = fields.String(required=True)
    status_reason = fields.String(required=True)
    applied_at = fields.DateTime(required=True)
    approved_at = fields.DateTime(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    closed_by = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(("owner", "city")),
        metadata={"description": "by whose wish, while it is closed"},
    )  # fmt: skip
    version = fields.Integer(required=True, metadata={"description": "what If-Match of the next change carries"})


class MerchantSchema(MerchantItemSchema):
    phone = fields.String(required=True)
    unsettled_points = fields.Integer(
        required=True, metadata={"description": "what the next settlement is about, less what was given back"}
    )
    unpaid = fields.Integer(required=True, metadata={"description": "whole NT$ settled that the bank has not paid yet"})
    account = fields.Nested(AccountSchema, required=True, allow_none=True)
    proof = fields.Nested(ProofSchema, required=True, allow_none=True)
    next_steps = fields.List(fields.Nested(StepSchema), required=True)


class AccountPut(Schema):
    bank_code = fields.String(required=True, validate=Matches("^[0-9]{3}$"))
    account = fields.String(
        required=True,
        validate=Matches("^[0-9]{6,16}$"),
        metadata={"description": "the account's number, digits alone"},
    )


class AccountCode(Schema):
    code = fields.String(required=True, validate=Matches("^[0-9]{6}$"))


class BranchCreate(Schema):
    name = line(80, required=True)
    name_en = line(120, 0, load_default="")
    address = line(200, required=True)
    district = fields.String(required=True, validate=Matches("^64000[0-9]{3}$"))
    latitude = Degrees(22, 24, required=True)
    longitude = Degrees(120, 121.5, required=True)
    hours = line(200, 0, load_default="")


class BranchChange(Schema):
    name = line(80)
    name_en = line(120, 0)
    address = line(200)
    district = fields.String(validate=Matches("^64000[0-9]{3}$"))
    latitude = Degrees(22, 24)
    longitude = Degrees(120, 121.5)
    hours = line(200, 0)


class BranchSchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    address = fields.String(required=True)
    district = fields.String(required=True)
    district_name = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    hours = fields.String(required=True)
    shop_code = fields.String(required=True)
    qr_text = fields.String(required=True, metadata={"description": "what the printed QR says"})
    opened_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class StaffCreate(Schema):
    number = fields.String(required=True, validate=Matches("^[0-9]{2,6}$"))
    name = line(40, required=True)
    pin = fields.String(required=True, validate=Matches("^[0-9]{6}$"))
    may_refund = TrueOrFalse(load_default=False)


class StaffChange(Schema):
    name = line(40)
    pin = fields.String(validate=Matches("^[0-9]{6}$"))
    may_refund = TrueOrFalse()


class StaffSchema(Schema):
    id = fields.String(required=True)
    number = fields.String(required=True)
    name = fields.String(required=True)
    may_refund = fields.Boolean(required=True)
    locked_until = fields.DateTime(required=True, allow_none=True)
    added_at = fields.DateTime(required=True)


def branch_id_field(**declaration: Any) -> fields.String:
    """A branch by its id."""
    return fields.String(validate=Matches("^brn_[0-7][0-9a-hjkmnp-tv-z]{25}$"), **declaration)


class TillCreate(Schema):
    branch_id = branch_id_field(required=True)
    name = line(40, required=True)


class TillItemSchema(Schema):
    id = fields.String(required=True)
    branch_id = fields.String(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("waiting", "lapsed", "enrolled", "register")))
    code_until = fields.DateTime(required=True, allow_none=True)
    added_at = fields.DateTime(required=True)
    enrolled_at = fields.DateTime(required=True, allow_none=True)


class TillWithCode(TillItemSchema):
    enrolment_code = fields.String(required=True, metadata={"description": "shown this once, good until `code_until`"})


class RegisterCreate(TillCreate):
    public_jwk = fields.Dict(
        keys=fields.String(),
        required=True,
        validate=validate.Length(max=20),
        metadata={"description": "a public key on P-256 (RFC 7517)"},
    )


class RegisterSchema(TillItemSchema):
    client_id = fields.String(required=True, metadata={"description": "for POST /oauth/token with private_key_jwt"})
    scope = fields.String(required=True)


class Nothing(Schema):
    """An empty object."""


class StatusQuery(PageQuery):
    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class MerchantReasonSchema(Schema):
    reason = fields.String(
        required=True, validate=[validate.Length(4, 400), Matches("^[^\\x00-\\x08\\x0b-\\x1f\\x7f]*$")]
    )


class MerchantClosingSchema(Schema):
    reason = fields.String(
        load_default=None,
        validate=[validate.Length(4, 400), Matches("^[^\\x00-\\x08\\x0b-\\x1f\\x7f]*$")],
        metadata={"description": "required of whoever proposes it; the owner reads it"},
    )


class DeskMerchantSchema(MerchantSchema):
    owner_name = fields.String(required=True)
    approval_id = fields.String(required=True, allow_none=True, metadata={"description": "waits for a second officer"})
    proposed = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(("approved", "closed")),
        metadata={"description": "what the proposal that waits would make of it"},
    )  # fmt: skip
    branches = fields.List(fields.Nested(BranchSchema), required=True)


MerchantPage = page_of(MerchantItemSchema)
BranchPage = page_of(BranchSchema)
StaffPage = page_of(StaffSchema)
TillPage = page_of(TillItemSchema)
MOST_POINTS = 1_000_000


def points_field(**declaration: Any) -> WholeNumber:
    """Whole points, at least one."""
    return WholeNumber(validate=validate.Range(1, MOST_POINTS), **declaration)
