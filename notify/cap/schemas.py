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


class PreferencesSchema(Schema):
    daily_cap = fields.Integer(required=True, validate=validate.Range(0, MOST_A_DAY))
    quiet_from = fields.String(required=True)
    quiet_until = fields.String(required=True)
    timezone = fields.String(required=True)
    takes_digest = fields.Boolean(required=True)
    digest_at = fields.String(required=True)
