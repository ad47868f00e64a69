"""What goes over the wire about disputes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import PageQuery, page_of
from wallet import states


class DisputesQuery(PageQuery):
    """By `deadline` what has to be answered first comes first; else the newest."""

    order = fields.String(load_default="newest", validate=validate.OneOf(["newest", "deadline"]))
    status = fields.String(load_default="all", validate=validate.OneOf(["all", *states.DISPUTE.states]))


class DisputeNote(Schema):
    note = fields.String(required=True, validate=validate.Length(1, 2000))


class DisputeSchema(Schema):
    id = fields.String(required=True)
    payment_id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.DISPUTE.states))
    reference = fields.String(required=True)
    reason = fields.String(required=True)
    reason_code = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.Equal("TWD"))
    opened_at = fields.String(required=True)
    defend_until = fields.String(required=True, allow_none=True)
    closed_at = fields.String(required=True, allow_none=True)


class DisputeNoticeSchema(Schema):
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    amount = fields.Integer(required=True)
    happened_at = fields.String(required=True)
    received_at = fields.String(required=True)


class DisputeEvidenceSchema(Schema):
    package = fields.String(required=True)
    package_sha256 = fields.String(required=True)
    submitted_at = fields.String(required=True)


class WholeDisputeSchema(DisputeSchema):
    notices = fields.List(fields.Nested(DisputeNoticeSchema), required=True)
    evidence = fields.Nested(DisputeEvidenceSchema, required=True, allow_none=True)


DisputePage = page_of(DisputeSchema)
