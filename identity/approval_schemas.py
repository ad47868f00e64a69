"""What goes over the wire about decisions of two persons and about the access log."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery
from identity.approvals import STATUSES
from identity.schemas import moment_field


def _maybe_moment() -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class TrueOrFalse(fields.Boolean):
    """JSON's own true and false: whoever decides does not mean 1, "on" or "yes"."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class ApprovalsQuery(PageQuery):
    status = fields.String(load_default="proposed", validate=validate.OneOf((*STATUSES, "all")))


class ApprovalItemSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    subject = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    bureau = fields.String(required=True, allow_none=True)
    proposed_by = fields.String(required=True, metadata={"description": "the name of who proposed it"})
    proposed_at = moment_field()
    expires_at = moment_field()
    decided_by = fields.String(required=True, allow_none=True)
    closed_at = _maybe_moment()
    is_mine = fields.Boolean(required=True)
    may_decide = fields.Boolean(required=True)


class ApprovalLineSchema(Schema):
    label = fields.String(required=True)
    value = fields.String(required=True)


class ApprovalSchema(ApprovalItemSchema):
    reason = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    body = fields.Dict(required=True, metadata={"description": "exactly what is carried out when it is approved"})
    shown = fields.List(fields.Nested(ApprovalLineSchema), required=True)


class ApprovalDecision(Schema):
    is_approved = TrueOrFalse(required=True)
    note = fields.String(
        load_default="", validate=[validate.Length(max=500), Matches("^[^\\x00-\\x08\\x0b-\\x1f\\x7f]*$")]
    )


class AccessLogEntrySchema(Schema):
    id = fields.String(required=True)
    at = moment_field()
    bureau = fields.String(required=True)
    who = fields.String(required=True, metadata={"example": "財政局 財務"})
    what = fields.String(required=True)
    what_words = fields.String(required=True)
    purpose = fields.String(required=True)
    purpose_words = fields.String(required=True)
    reference = fields.String(required=True)
    delegation_id = fields.String(
        required=True, allow_none=True, metadata={"description": "by which delegation somebody acted for me"}
    )
