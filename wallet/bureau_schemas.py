"""What bureaus and the officers behind them see of notices, status files and instalments, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, WholeNumber, page_of
from wallet import bureau_notices
from wallet.book import BUREAUS

OUTCOMES = ("acknowledged", "not_reached", "no_answer", "not_trusted", "unavailable", "refused")


class NoticeQuery(PageQuery):
    status = fields.String(load_default="all", validate=validate.OneOf(["all", "waiting", "acknowledged", "given_up"]))
    number = fields.String(load_default=None, validate=validate.Length(1, 60))


class OfficerNoticeQuery(NoticeQuery):
    bureau = fields.String(load_default=None, validate=validate.OneOf(BUREAUS))


class NoticeSchema(Schema):
    id = fields.String(required=True)
    bureau = fields.String(required=True, validate=validate.OneOf(BUREAUS))
    type = fields.String(required=True, validate=validate.OneOf(bureau_notices.KINDS))
    payment_id = fields.String(required=True)
    data = fields.Dict(required=True)
    happened_at = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["waiting", "acknowledged", "given_up"]))
    acknowledged_at = fields.String(required=True, allow_none=True)
    gave_up_at = fields.String(required=True, allow_none=True)
    next_try_at = fields.String(required=True, allow_none=True)
    tries = fields.Integer(required=True)
    last_error = fields.String(required=True, allow_none=True)
    waits_for = fields.List(fields.String(), required=True)


NoticePage = page_of(NoticeSchema)


class AttemptSchema(Schema):
    number = fields.Integer(required=True)
    started_at = fields.String(required=True)
    took_ms = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    detail = fields.String(required=True, allow_none=True)


AttemptPage = page_of(AttemptSchema)


class PlanPartCreate(Schema):
    number = fields.String(required=True, validate=[validate.Length(1, 40), Matches("^[A-Za-z0-9-]+$")])
    amount = WholeNumber(required=True, validate=validate.Range(1, 10_000_000))
    due_on = fields.Date(required=True, format="%Y-%m-%d")


class InstalmentPlanCreate(Schema):
    """A plan as the bureau granted it; the parts are bills with numbers of the bureau's own."""

    plan_number = fields.String(required=True, validate=[validate.Length(1, 60), Matches("^[A-Za-z0-9-]+$")])
    number = fields.String(required=True, validate=validate.Length(1, 60))
    parts = fields.List(fields.Nested(PlanPartCreate), required=True, validate=validate.Length(1, 100))


class InstalmentDelay(Schema):
    part = WholeNumber(required=True, validate=validate.Range(1, 100))
    due_on = fields.Date(required=True, format="%Y-%m-%d")


class InstalmentRequestCreate(Schema):
    parts = WholeNumber(required=True, validate=validate.Range(2, 100))


class InstalmentPartSchema(Schema):
    part = fields.Integer(required=True)
    bill_id = fields.String(required=True)
    number = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    due_on = fields.String(required=True)
    first_due_on = fields.String(required=True)
    status = fields.String(required=True)
    is_missed = fields.Boolean(required=True)


class InstalmentPlanSchema(Schema):
    id = fields.String(required=True)
    plan_number = fields.String(required=True)
    bill_id = fields.String(required=True)
    number = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["active", "completed", "ended"]))
    delays_used = fields.Integer(required=True)
    delays_allowed = fields.Integer(required=True)
    missed_ends_at = fields.Integer(required=True)
    source = fields.String(required=True)
    granted_at = fields.String(required=True)
    ended_at = fields.String(required=True, allow_none=True)
    parts = fields.List(fields.Nested(InstalmentPartSchema), required=True)


class InstalmentRequestSchema(Schema):
    id = fields.String(required=True)
    bill_id = fields.String(required=True)
    parts = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["requested", "forwarded", "granted", "refused"]))
    message = fields.String(required=True)
    refusal = fields.String(required=True, allow_none=True)
    plan_id = fields.String(required=True, allow_none=True)
    created_at = fields.String(required=True)
    decided_at = fields.String(required=True, allow_none=True)


class InstalmentsSchema(Schema):
    """What a citizen may do about a fine in parts, and what has become of it."""

    can_request = fields.Boolean(required=True)
    most_parts = fields.Integer(required=True)
    least_part = fields.Integer(required=True)
    source = fields.String(required=True)
    request = fields.Nested(InstalmentRequestSchema, required=True, allow_none=True)
    plan = fields.Nested(InstalmentPlanSchema, required=True, allow_none=True)
