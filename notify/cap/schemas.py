"""What goes over the wire about the cap."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, WholeNumber
from notify.cap.preferences import MOST_A_DAY

_CLOCK_TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_ZONE = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"


class PreferencesChange(Schema):
    daily_cap = WholeNumber(validate=validate.Range(0, MOST_A_DAY))
    quiet_from = fields.String(validate=Matches(_CLOCK_TIME))
    quiet_until = fields.String(validate=Matches(_CLOCK_TIME))
    timezone = fields.String(validate=[validate.Length(1, 64), Matches(_ZONE)])
    takes_digest = fields.Boolean(truthy={True}, falsy={False})
    digest_at = fields.String(validate=Matches(_CLOCK_TIME))
    warns_of_expiry = fields.Boolean(truthy={True}, falsy={False})


class PreferencesSchema(Schema):
    daily_cap = fields.Integer(required=True, validate=validate.Range(0, MOST_A_DAY))
    quiet_from = fields.String(required=True)
    quiet_until = fields.String(required=True)
    timezone = fields.String(required=True)
    takes_digest = fields.Boolean(required=True)
    digest_at = fields.String(required=True)
    warns_of_expiry = fields.Boolean(required=True, metadata={"description": "told in the inbox before points lapse"})


class NotificationDaySchema(Schema):
    day = fields.Date(required=True)
    used = fields.Integer(required=True, validate=validate.Range(min=0))
    cap = fields.Integer(required=True, validate=validate.Range(0, MOST_A_DAY))
    waiting = fields.Integer(required=True, validate=validate.Range(min=0))


class CauseSchema(Schema):
    kind = fields.String(required=True)
    id = fields.String(required=True)
    at = fields.DateTime(required=True)


class WhySubscriptionSchema(Schema):
    id = fields.String(required=True)
    topic_name = fields.String(required=True)
    began_at = fields.DateTime(required=True)
    began_how = fields.String(required=True)
    ends = fields.String(required=True)


class WhySenderSchema(Schema):
    bureau_name = fields.String(required=True)
    written_by = fields.String(required=True, allow_none=True)
    approved_by = fields.String(required=True, allow_none=True)


class WhyCapSchema(Schema):
    text = fields.String(required=True)
    rank = fields.Integer(required=True, validate=validate.Range(min=1))
    of = fields.Integer(required=True, validate=validate.Range(min=1))
    cap = fields.Integer(required=True, validate=validate.Range(0, MOST_A_DAY))
    used = fields.Integer(required=True, validate=validate.Range(min=0))


class WhyAlertSchema(Schema):
    id = fields.String(required=True)
    sender = fields.String(required=True)
    severity = fields.String(required=True)
    is_drill = fields.Boolean(required=True)


class WhyStopSchema(Schema):
    text = fields.String(required=True)
    href = fields.String(required=True)
    method = fields.String(required=True, validate=validate.OneOf(["DELETE", "PATCH"]))


class WhySchema(Schema):
    id = fields.String(required=True)
    basis = fields.String(required=True)
    explanation = fields.String(required=True)
    event = fields.Nested(CauseSchema, required=True)
    subscription = fields.Nested(WhySubscriptionSchema, required=True, allow_none=True)
    rule = fields.String(required=True, allow_none=True)
    sender = fields.Nested(WhySenderSchema, required=True, allow_none=True)
    cap = fields.Nested(WhyCapSchema, required=True, allow_none=True)
    alert = fields.Nested(WhyAlertSchema, required=True, allow_none=True)
    stop = fields.Nested(WhyStopSchema, required=True, allow_none=True)
