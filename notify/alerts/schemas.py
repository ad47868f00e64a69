"""What goes over the wire about alerts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from core.districts import DISTRICTS
from core.http import Matches, page_of
from notify.alerts.intake import RECORDED_BECAUSE
from notify.alerts.records import ENDINGS, STATUSES
from notify.campaigns.schemas import CountSchema
from partners.cap import document as cap

# What XML 1.0 can hold.
_PARAGRAPHS = Matches("^[^\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]*$")
_LINE = Matches("^[^\\x00-\\x1f\\ufffe\\uffff]*$")
_LATITUDE, _LONGITUDE = validate.Range(21.0, 27.0), validate.Range(118.0, 123.0)


class PositionPut(Schema):
    latitude = fields.Float(required=True, validate=validate.Range(-90, 90))
    longitude = fields.Float(required=True, validate=validate.Range(-180, 180))


class PositionSchema(Schema):
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    district = fields.String(required=True, allow_none=True)
    at = fields.DateTime(required=True)


class AlertWords(Schema):
    zh = fields.String(required=True, validate=[validate.Length(1, 400), _PARAGRAPHS])
    en = fields.String(required=True, validate=[validate.Length(1, 800), _PARAGRAPHS])


class AlertCircle(Schema):
    latitude = fields.Float(required=True, validate=_LATITUDE)
    longitude = fields.Float(required=True, validate=_LONGITUDE)
    radius_km = fields.Float(required=True, validate=validate.Range(0, 200))


class AlertArea(Schema):
    name = fields.String(load_default=None, allow_none=True, validate=[validate.Length(1, 100), _LINE])
    is_whole_city = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    districts = fields.List(
        fields.String(validate=validate.OneOf(list(DISTRICTS))), load_default=list, validate=validate.Length(0, 38)
    )
    circles = fields.List(fields.Nested(AlertCircle), load_default=list, validate=validate.Length(0, 400))
    polygons = fields.List(
        fields.List(
            fields.List(fields.Float(validate=validate.Range(21.0, 123.0)), validate=validate.Length(2, 2)),
            validate=validate.Length(3, 2000),
        ),
        load_default=list,
        validate=validate.Length(0, 50),
    )


class AlertText(Schema):
    event = fields.String(required=True, validate=[validate.Length(1, 40), _LINE])
    category = fields.String(load_default="Safety", validate=validate.OneOf(cap.CATEGORIES))
    response = fields.String(load_default=None, allow_none=True, validate=validate.OneOf((*cap.RESPONSES, None)))
    urgency = fields.String(load_default="Immediate", validate=validate.OneOf(cap.URGENCIES))
    severity = fields.String(required=True, validate=validate.OneOf(cap.SEVERITIES))
    certainty = fields.String(load_default="Observed", validate=validate.OneOf(cap.CERTAINTIES))
    headline = fields.Nested(AlertWords, required=True)
    description = fields.Nested(AlertWords, required=True)
    instruction = fields.Nested(AlertWords, load_default=None, allow_none=True)
    web = fields.String(
        load_default=None, allow_none=True, validate=[validate.Length(1, 500), Matches("^https?://[!-~]+$")]
    )
    expires_at = fields.AwareDateTime(required=True)
    is_drill = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    area = fields.Nested(AlertArea, required=True)
    updates = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))


class DutyAlertCreate(Schema):
    """Either a CAP document as it came, or what an officer wrote."""

    document = fields.String(validate=validate.Length(1, 1_000_000))
    message = fields.Nested(AlertText)

    @validates_schema
    def _is_one_of_the_two(self, data: dict[str, Any], **_: Any) -> None:
        if ("document" in data) == ("message" in data):
            raise ValidationError("exactly one of document and message", "message")


class CorrectionCreate(Schema):
    text = fields.Nested(AlertWords, required=True)


class CancellationCreate(Schema):
    text = fields.Nested(AlertWords, load_default=None, allow_none=True)


class AlertOfficer(Schema):
    staff_number = fields.String(required=True)
    name = fields.String(required=True)


class AlertPart(Schema):
    severity = fields.String(required=True, validate=validate.OneOf(cap.SEVERITIES))
    districts = fields.List(fields.String(), required=True)
    near = fields.List(fields.String(), required=True)
    circles = fields.List(fields.List(fields.Float()), required=True)
    polygons = fields.List(fields.List(fields.List(fields.Float())), required=True)


class AlertSchema(Schema):
    id = fields.String(required=True)
    identifier = fields.String(required=True)
    sender = fields.String(required=True)
    sender_name = fields.String(required=True, allow_none=True)
    sent_at = fields.DateTime(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    is_drill = fields.Boolean(required=True)
    msg_type = fields.String(required=True, validate=validate.OneOf(cap.MESSAGE_TYPES))
    audience = fields.String(required=True, validate=validate.OneOf(("area", "told", "left")))
    about = fields.List(fields.String(), required=True)
    source = fields.String(required=True)
    is_signature_trusted = fields.Boolean(required=True)
    event = fields.String(required=True, allow_none=True)
    severity = fields.String(required=True, validate=validate.OneOf(cap.SEVERITIES))
    urgency = fields.String(required=True, validate=validate.OneOf(cap.URGENCIES))
    certainty = fields.String(required=True, validate=validate.OneOf(cap.CERTAINTIES))
    title = fields.String(required=True, allow_none=True)
    body = fields.String(required=True, allow_none=True)
    areas = fields.List(fields.String(), required=True)
    parts = fields.List(fields.Nested(AlertPart), required=True)
    web = fields.String(required=True, allow_none=True)
    recorded_because = fields.String(required=True, allow_none=True, validate=validate.OneOf((*RECORDED_BECAUSE, None)))
    recorded_because_text = fields.String(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True)
    received_at = fields.DateTime(required=True)
    approvals_needed = fields.Integer(required=True, validate=validate.Range(0, 2))
    people = fields.Nested(CountSchema, required=True)
    devices = fields.Nested(CountSchema, required=True)
    repeats = fields.Integer(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    ended_how = fields.String(required=True, allow_none=True, validate=validate.OneOf((*ENDINGS, None)))


class DutyAlertSchema(AlertSchema):
    received_by = fields.Nested(AlertOfficer, required=True, allow_none=True)
    approved_by = fields.Nested(AlertOfficer, required=True, allow_none=True)
    approved_at = fields.DateTime(required=True, allow_none=True)


AlertPage = page_of(AlertSchema)
DutyAlertPage = page_of(DutyAlertSchema)


class AlertProgress(Schema):
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    is_resolved = fields.Boolean(required=True)
    is_handed_over = fields.Boolean(required=True, metadata={"description": "nobody waits for it any more"})
    people = fields.Nested(CountSchema, required=True)
    devices = fields.Nested(CountSchema, required=True)
    handed_over = fields.Nested(CountSchema, required=True)
    waiting = fields.Nested(CountSchema, required=True)
    gone = fields.Nested(CountSchema, required=True)
    given_up = fields.Nested(CountSchema, required=True)
    withdrawn = fields.Nested(CountSchema, required=True)
