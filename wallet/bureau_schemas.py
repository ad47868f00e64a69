"""What bureaus and the officers behind them see of notices, status files and instalments, on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import PageQuery, page_of
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
