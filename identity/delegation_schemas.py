"""What goes over the wire about delegations. Unknown members are refused."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, WholeNumber
from identity.delegation_rules import GRANTABLE, MOVES, SCOPES
from identity.schemas import PersonNumber, Plate, moment_field, transport_field

_ROLES = ("principal", "agent")
_DAY = {"format": "date", "example": "2026-12-31"}
MOST_TWD = 10_000_000
"""The largest limit that can be named, in NT$."""


def _day_field(**declaration: Any) -> fields.Date:
    return fields.Date(**declaration)


def _maybe_moment() -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class GrantSchema(Schema):
    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    plate = Plate(load_default=None, allow_none=True, validate=validate.Length(1, 16), metadata={"example": "ABC-1235"})
    per_payment = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, MOST_TWD))
    per_month = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, MOST_TWD))


class DelegationOffer(Schema):
    my_role = fields.String(required=True, validate=validate.OneOf(_ROLES))
    national_id = PersonNumber(
        required=True,
        validate=validate.Length(1, 40),
        metadata={"example": "A123456789", "pattern": "^[A-Z][1289A-D][0-9]{8}$", "description": "the other person's"},
    )
    basis = fields.String(load_default="agreement", validate=validate.OneOf(sorted(set(GRANTABLE) - {"counter"})))
    scopes = fields.List(fields.Nested(GrantSchema), required=True, validate=validate.Length(1, len(SCOPES)))
    starts_on = _day_field(load_default=None, allow_none=True, metadata=_DAY | {"description": "null: today"})
    ends_on = _day_field(
        load_default=None, allow_none=True,
        metadata=_DAY | {"description": "the last day; a year at the most, needed but for a guardianship on record"},
    )  # fmt: skip


class DelegationsQuery(PageQuery):
    role = fields.String(load_default="all", validate=validate.OneOf((*_ROLES, "all")))


class GrantedSchema(Schema):
    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    words = fields.String(required=True)
    plate = fields.String(required=True, allow_none=True)
    per_payment = fields.Integer(required=True, allow_none=True)
    per_month = fields.Integer(required=True, allow_none=True)
    currency = fields.String(required=True, validate=validate.Equal("TWD"))


class OtherPersonSchema(Schema):
    name = fields.String(
        required=True, allow_none=True, metadata={"description": "masked until both have agreed; null: not known"}
    )
    national_id = fields.String(required=True, allow_none=True, metadata={"example": "A12****789"})


class ApprovalOfSideSchema(Schema):
    side = fields.String(required=True, validate=validate.OneOf(_ROLES))
    by = fields.String(required=True, validate=validate.OneOf(("person", "officer", "register")))
    acr = fields.String(required=True, allow_none=True)
    at = moment_field()


class PossibleSchema(Schema):
    accept = fields.Boolean(required=True)
    refuse = fields.Boolean(required=True)
    revoke = fields.Boolean(required=True)
    act = fields.Boolean(required=True)


class DelegationSchema(Schema):
    id = fields.String(required=True)
    my_role = fields.String(required=True, validate=validate.OneOf(_ROLES))
    begun_by_me = fields.Boolean(required=True)
    other = fields.Nested(OtherPersonSchema, required=True)
    basis = fields.String(required=True, validate=validate.OneOf(sorted(GRANTABLE)))
    basis_words = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(sorted(MOVES)))
    status_words = fields.String(required=True)
    scopes = fields.List(fields.Nested(GrantedSchema), required=True)
    starts_on = fields.String(required=True, metadata=_DAY)
    ends_on = fields.String(required=True, allow_none=True, metadata=_DAY | {"description": "null: no end of its own"})
    made_at = moment_field()
    answer_before = _maybe_moment()
    closed_at = _maybe_moment()
    closed_by = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(("principal", "agent", "register", "time"))
    )
    approvals = fields.List(fields.Nested(ApprovalOfSideSchema), required=True)
    may = fields.Nested(PossibleSchema, required=True)


class DoneForSchema(Schema):
    id = fields.String(required=True)
    at = moment_field()
    what = fields.String(required=True)
    what_words = fields.String(required=True)
    reference = fields.String(required=True)


class ActingRequest(Schema):
    transport = transport_field()


class ActorClaimSchema(Schema):
    sub = fields.String(required=True, validate=Matches("^per_[0-7][0-9a-hjkmnp-tv-z]{25}$"))


class ActingSchema(Schema):
    """The answer of a token exchange (RFC 8693 §2.2.1), with the claims that the token stands for (§4.1)."""

    access_token = fields.String(
        required=True, allow_none=True, metadata={"description": "null where `transport` is cookie"}
    )
    issued_token_type = fields.String(
        required=True, validate=validate.Equal("urn:ietf:params:oauth:token-type:access_token")
    )
    token_type = fields.String(required=True, validate=validate.Equal("Bearer"))
    expires_at = moment_field()
    scope = fields.String(required=True, metadata={"example": "bills:read rides:book"})
    sub = fields.String(required=True, metadata={"description": "for whom: the principal"})
    act = fields.Nested(ActorClaimSchema, required=True)
    acr = fields.String(required=True)
    delegation_id = fields.String(required=True)
    other = fields.Nested(OtherPersonSchema, required=True)
