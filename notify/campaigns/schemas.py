"""What goes over the wire about campaigns. Unknown members are refused; what the words may say is in `words.py`."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, QueryNumber, WholeNumber, page_of
from notify.campaigns import history, reports, schedules, tallies
from notify.campaigns.audiences import MOST_CORNERS, MOST_FACTS, PLACE_KINDS
from notify.campaigns.campaigns import MOST_BUDGET_TWD, PRIORITIES, STATES
from notify.campaigns.forecasts import OF_AUDIENCE, OF_SENDING
from notify.campaigns.words import MOST_FIELDS
from notify.channels import gauges

_DATE_TIME = {"format": "date-time", "example": "2026-12-01T09:00:00+08:00"}
_DATE = {"format": "date", "example": "2026-12-31"}
_TIME = {"example": "09:00", "description": "HH:MM, in Taipei"}
LONGEST_REASON = 200


class Number(fields.Float):
    """A finite number in JSON; no text."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> float:
        if isinstance(value, str | bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.make_error("invalid", input=value)
        found = super()._deserialize(value, attr, data, **more)
        assert found is not None
        return found


class Flag(fields.Boolean):
    """true or false in JSON, and nothing that resembles them."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def _moment(**declaration: Any) -> fields.String:
    return fields.String(metadata=_DATE_TIME, **declaration)


class WordsSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 200))
    body = fields.String(required=True, validate=validate.Length(1, 1000))


class ContentSchema(Schema):
    zh = fields.Nested(WordsSchema, required=True)
    en = fields.Nested(WordsSchema, required=True)
    link = fields.String(required=True, validate=validate.Length(1, 500))
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(1, 200)),
        data_key="fields",
        attribute="fields",
        load_default=dict,
        validate=validate.Length(max=MOST_FIELDS),
        metadata={"description": "what each {field} of the words reads where nothing fills it in"},
    )


class AudienceFactSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 60))
    value = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=120))


class CircleSchema(Schema):
    latitude = Number(required=True, validate=validate.Range(-90, 90))
    longitude = Number(required=True, validate=validate.Range(-180, 180))
    radius_m = WholeNumber(required=True, validate=validate.Range(1, 100_000))


class AudienceNearSchema(Schema):
    circle = fields.Nested(CircleSchema, load_default=None, allow_none=True)
    polygon = fields.List(
        fields.List(Number(validate=validate.Range(-180, 180)), validate=validate.Length(2, 2)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(4, MOST_CORNERS + 1),
        metadata={"description": "[latitude, longitude] of each corner, the first one again at the end"},
    )


class AudienceSchema(Schema):
    districts = fields.List(
        fields.String(validate=validate.Length(1, 20)), load_default=list, validate=validate.Length(max=38)
    )
    place_kinds = fields.List(
        fields.String(validate=validate.OneOf(PLACE_KINDS)), load_default=list, validate=validate.Length(max=3)
    )
    facts = fields.List(fields.Nested(AudienceFactSchema), load_default=list, validate=validate.Length(max=MOST_FACTS))
    near = fields.Nested(AudienceNearSchema, load_default=None, allow_none=True)
    subject = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 120),
        metadata={"description": "only those who subscribed about this thing of the bureau", "example": "roadworks:7"},
    )


class ScheduleSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(("now", "at", "recurring", "event")))
    at = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=40),
        metadata={"description": "a moment (RFC 3339) for `at`; else a time of day in Taipei, HH:MM"},
    )  # fmt: skip
    every = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(schedules.EVERY))
    weekdays = fields.List(
        WholeNumber(validate=validate.Range(1, 7)), load_default=list, validate=validate.Length(max=7)
    )
    day = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, 31))
    until = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=10), metadata=_DATE)
    event = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(list(schedules.EVENTS)))
    days_before = WholeNumber(
        load_default=None, allow_none=True, validate=validate.Range(0, schedules.MOST_DAYS_BEFORE)
    )


class ChannelsSchema(Schema):
    sms = Flag(load_default=False)
    line = Flag(load_default=False)
    budget_twd = WholeNumber(load_default=0, validate=validate.Range(0, MOST_BUDGET_TWD))


class CampaignCreate(Schema):
    topic = fields.String(required=True, validate=validate.Length(1, 61))
    name = fields.String(required=True, validate=validate.Length(1, 120))
    content = fields.Nested(ContentSchema, required=True)
    audience = fields.Nested(AudienceSchema, load_default=lambda: AudienceSchema().load({}))
    priority = fields.String(load_default="normal", validate=validate.OneOf(PRIORITIES))
    deadline = _moment(load_default=None, allow_none=True, validate=validate.Length(max=40))
    schedule = fields.Nested(ScheduleSchema, load_default=lambda: ScheduleSchema().load({"kind": "now"}))
    channels = fields.Nested(ChannelsSchema, load_default=lambda: ChannelsSchema().load({}))


class OfficerCardSchema(Schema):
    staff_number = fields.String(required=True)
    name = fields.String(required=True)


class CampaignEventSchema(Schema):
    what = fields.String(required=True, validate=validate.OneOf(history.WHATS))
    at = _moment(required=True)
    by = fields.String(required=True, allow_none=True)
    from_state = fields.String(required=True, allow_none=True, validate=validate.OneOf(STATES))
    to_state = fields.String(required=True, validate=validate.OneOf(STATES))
    version = fields.Integer(required=True)
    note = fields.String(required=True)
    own_phones = fields.Integer(
        required=True, allow_none=True, metadata={"description": "of a test: on how many devices of the officer's own"}
    )


class CampaignSchema(CampaignCreate):
    id = fields.String(required=True)
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    topic_name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    version = fields.Integer(required=True, metadata={"description": "what If-Match of the next change carries"})
    hash = fields.String(
        required=True, metadata={"description": "SHA-256 of all that is agreed on, as JSON of RFC 8785"}
    )
    next_run_at = _moment(required=True, allow_none=True)
    written_by = fields.Nested(OfficerCardSchema, required=True, allow_none=True)
    submitted_by = fields.Nested(OfficerCardSchema, required=True, allow_none=True)
    submitted_at = _moment(required=True, allow_none=True)
    approved_by = fields.Nested(OfficerCardSchema, required=True, allow_none=True)
    approved_at = _moment(required=True, allow_none=True)
    created_at = _moment(required=True)
    updated_at = _moment(required=True)


class CampaignWithHistorySchema(CampaignSchema):
    history = fields.List(fields.Nested(CampaignEventSchema), required=True)


CampaignPage = page_of(CampaignSchema)


class CampaignQuery(PageQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class ApprovalBody(Schema):
    hash = fields.String(required=True, validate=Matches("^[0-9a-f]{64}$"))


class ReasonBody(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class RecallBody(Schema):
    reason = fields.String(
        required=True,
        validate=validate.Length(1, LONGEST_REASON),
        metadata={"description": "read by everybody who got it"},
    )


class CountSchema(Schema):
    text = fields.String(required=True)
    value = fields.Integer(required=True, allow_none=True, metadata={"description": "null: under 20, or about as few"})


def _counts(name: str, members: tuple[str, ...]) -> type[Schema]:
    return type(name, (Schema,), {member: fields.Nested(CountSchema, required=True) for member in members})


class ReasonCountSchema(Schema):
    reason = fields.String(required=True, validate=validate.OneOf(("asleep", "cap", "deadline", "unreachable")))
    text = fields.String(required=True)
    count = fields.Nested(CountSchema, required=True)


class EstimateSchema(_counts("EstimateCounts", (*OF_AUDIENCE, *OF_SENDING))):  # type: ignore[misc]
    at = _moment(required=True)
    made_at = _moment(required=True)
    by_reason = fields.List(fields.Nested(ReasonCountSchema), required=True)


RunCountsSchema = _counts("RunCountsSchema", (*tallies.WHATS, "lost_to_cap"))


class RunSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("resolving", "deciding", "done", "stopped")))
    is_held = fields.Boolean(required=True)
    begun_at = _moment(required=True)
    resolved_at = _moment(required=True, allow_none=True)
    ended_at = _moment(required=True, allow_none=True)
    deadline = _moment(required=True)
    counts = fields.Nested(RunCountsSchema, required=True)


class CampaignReportSchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    version = fields.Integer(required=True)
    next_run_at = _moment(required=True, allow_none=True)
    totals = fields.Nested(RunCountsSchema, required=True)
    runs = fields.List(fields.Nested(RunSchema), required=True)


class ReportQuery(Schema):
    format = fields.String(load_default="json", validate=validate.OneOf(("json", "csv")))


class LockScreenSchema(Schema):
    title = fields.String(required=True)
    lines = fields.List(fields.String(), required=True)


class PreviewSchema(Schema):
    language = fields.String(required=True, validate=validate.OneOf(("zh-TW", "en")))
    title = fields.String(required=True)
    body = fields.String(required=True)
    link = fields.String(required=True)
    lock_screen = fields.Nested(LockScreenSchema, required=True)


class PreviewsSchema(Schema):
    items = fields.List(fields.Nested(PreviewSchema), required=True)


class TestMessageSchema(Schema):
    message_id = fields.String(required=True)
    own_phones = fields.Integer(
        required=True, metadata={"description": "on how many devices it rings; the inbox has it in any case"}
    )


class TemplateBody(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 120))
    topic = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 61))
    content = fields.Nested(ContentSchema, required=True)


class TemplateSchema(TemplateBody):
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    updated_at = _moment(required=True)


TemplatePage = page_of(TemplateSchema)


class DeskPhoneCodeSchema(Schema):
    code = fields.String(required=True, metadata={"description": "to be entered in one's own app; shown this once"})
    expires_at = _moment(required=True)


class DeskPhoneSchema(Schema):
    is_linked = fields.Boolean(required=True)
    linked_at = _moment(required=True, allow_none=True)


class TestDeviceBody(Schema):
    code = fields.String(required=True, validate=validate.Length(4, 40))


class DeskAskingSchema(Schema):
    id = fields.String(required=True)
    officer_name = fields.String(required=True)
    staff_number = fields.String(required=True)
    bureau_name = fields.String(required=True)
    expires_at = _moment(required=True)


class LinkedDeskSchema(Schema):
    id = fields.String(required=True)
    officer_name = fields.String(required=True)
    staff_number = fields.String(required=True)
    bureau_name = fields.String(required=True)
    linked_at = _moment(required=True)


class LinkedDesksSchema(Schema):
    items = fields.List(fields.Nested(LinkedDeskSchema), required=True)


class SendingQuery(Schema):
    weeks = QueryNumber(load_default=8, validate=validate.Range(1, 26))


class SendingSchema(Schema):
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    topic = fields.String(required=True)
    topic_name = fields.String(required=True)
    week = fields.String(required=True, metadata={**_DATE, "description": "the Monday on which it began, in Taipei"})
    runs = fields.Integer(required=True)
    counts = fields.Nested(_counts("SendingCountsSchema", reports.SENDING), required=True)


class ChannelStateSchema(Schema):
    channel = fields.String(required=True, validate=validate.OneOf(list(gauges.NAMES)))
    name = fields.String(required=True)
    is_open = fields.Boolean(required=True)
    closed_until = fields.DateTime(required=True, allow_none=True)
    alerts_pass = fields.Boolean(required=True, metadata={"description": "while it is closed, alerts get through"})


class CitySendingSchema(Schema):
    items = fields.List(fields.Nested(SendingSchema), required=True)
    channels = fields.List(fields.Nested(ChannelStateSchema), required=True)
