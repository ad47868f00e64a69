"""What goes over the wire about cases."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import PageQuery
from identity.cases import STATUSES
from identity.recovery_schemas import MethodLockSchema, maybe_moment_field
from identity.recovery_words import EVENT_WORDS
from identity.schemas import moment_field


class CasesQuery(PageQuery):
    status = fields.String(load_default="open", validate=validate.OneOf((*STATUSES, "all")))


class CaseItemSchema(Schema):
    id = fields.String(required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True, metadata={"description": "what the person says was not them"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    noticed_at = moment_field()
    opened_at = moment_field()
    resolved_at = maybe_moment_field()


class CaseEventSchema(Schema):
    at = moment_field()
    kind = fields.String(required=True, validate=validate.OneOf(tuple(EVENT_WORDS)))
    words = fields.String(required=True)
    note = fields.String(required=True)
    officer = fields.String(required=True, allow_none=True)


class CaseSchema(CaseItemSchema):
    national_id = fields.String(required=True, metadata={"example": "A12****789"})
    mobile = fields.String(required=True, allow_none=True, metadata={"example": "09******78"})
    shut = fields.List(fields.Nested(MethodLockSchema), required=True)
    may_unlock = fields.Boolean(required=True)
    events = fields.List(fields.Nested(CaseEventSchema), required=True)


class CaseNote(Schema):
    note = fields.String(required=True, validate=validate.Length(1, 900))


class MethodUnlocking(CaseNote):
    method = fields.String(required=True, validate=validate.Length(1, 40))
