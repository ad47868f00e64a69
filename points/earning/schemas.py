"""What goes over the wire about campaigns and deeds."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from core.http import Matches, QueryNumber, WholeNumber, page_of
from identity.approval_schemas import TrueOrFalse
from identity.words import BUREAU_NAMES
from points.earning import kinds
from points.earning.ride_files import ENCODINGS
from points.earning.stations import OPERATORS

KEY = "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$"
STATUSES = ("draft", "proposed", "approved", "running", "ended")
MOST_IN_A_BATCH = 1_000
_MOST_POINTS = 10**12
_TEXT = "^[^\\x00-\\x1f\\x7f]*$"
_CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_SEVEN = validate.Length(max=7)
_WORD = "^[A-Za-z0-9_.-]{1,40}$"


def _line(longest: int, **declaration: Any) -> fields.String:
    return fields.String(validate=[validate.Length(1, longest), Matches(_TEXT)], **declaration)


def _most(**declaration: Any) -> WholeNumber:
    return WholeNumber(validate=validate.Range(1, _MOST_POINTS), load_default=None, allow_none=True, **declaration)


class DeedCreate(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(kinds.REPORTED))
    key = fields.String(
        required=True, validate=Matches(KEY), metadata={"description": "the bureau's own name for it, once"}
    )
    national_id = fields.String(required=True, validate=[validate.Length(1, 20), Matches(_TEXT)])
    happened_at = fields.AwareDateTime(required=True)
    facts = fields.Dict(keys=fields.String(), load_default=dict, validate=validate.Length(max=20))


class DeedSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(kinds.REPORTED))
    key = fields.String(required=True)
    received_at = fields.DateTime(required=True)
    undone_at = fields.DateTime(required=True, allow_none=True)


class DeedBatchCreate(Schema):
    deeds = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        validate=validate.Length(1, MOST_IN_A_BATCH),
        metadata={"description": "each as for /v1/bureau/deeds; one that is refused leaves the others"},
    )


class LineErrorSchema(Schema):
    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class DeedLineSchema(Schema):
    line = fields.Integer(required=True, metadata={"description": "its place in the batch, from 1"})
    outcome = fields.String(required=True, validate=validate.OneOf(("taken", "refused")))
    problem = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)
    errors = fields.List(fields.Nested(LineErrorSchema), required=True)


class DeedBatchSchema(Schema):
    taken = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    lines = fields.List(fields.Nested(DeedLineSchema), required=True)


class RideFileQuery(Schema):
    operator = fields.String(required=True, validate=validate.OneOf(OPERATORS))
    encoding = fields.String(load_default="utf-8", validate=validate.OneOf(ENCODINGS))


class RideFileSchema(Schema):
    lines = fields.Integer(required=True)
    new = fields.Integer(required=True, metadata={"description": "rides that had not been told before"})
    known = fields.Integer(required=True, metadata={"description": "rides that were told before, word for word"})


class CampaignNameSchema(Schema):
    zh = _line(80, required=True)
    en = _line(120, required=True)


class ConditionSchema(Schema):
    fact = fields.String(required=True, validate=Matches(_WORD))
    equal = TrueOrFalse(load_default=None, allow_none=True)
    of = fields.List(
        fields.String(validate=Matches(_WORD)), load_default=None, allow_none=True, validate=validate.Length(1, 20)
    )
    least = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, kinds.MOST_NUMBER))


class WindowSchema(Schema):
    percent = WholeNumber(required=True, validate=validate.Range(101, 1000))
    week_days = fields.List(
        WholeNumber(validate=validate.Range(1, 7)), load_default=list, validate=_SEVEN,
        metadata={"description": "the days on which it begins, 1 Monday to 7 Sunday; none: every day"},
    )  # fmt: skip
    from_time = fields.String(load_default="00:00", validate=Matches(_CLOCK))
    until_time = fields.String(
        load_default=None, allow_none=True, validate=Matches(_CLOCK),
        metadata={"description": "null: midnight; one before from_time is on the next day"},
    )  # fmt: skip
    from_day = fields.Date(load_default=None, allow_none=True)
    until_day = fields.Date(load_default=None, allow_none=True)


class PointsCampaignPut(Schema):
    name = fields.Nested(CampaignNameSchema, required=True)
    bureau = fields.String(required=True, validate=validate.OneOf(tuple(BUREAU_NAMES)))
    event_kind = fields.String(required=True, validate=validate.OneOf(tuple(kinds.KINDS)))
    rail = fields.String(load_default=None, allow_none=True, validate=Matches(_WORD))
    points_per_event = WholeNumber(required=True, validate=validate.Range(0, 100_000))
    points_per_step = WholeNumber(load_default=0, validate=validate.Range(0, 100_000))
    step = WholeNumber(load_default=1, validate=validate.Range(1, kinds.MOST_NUMBER))
    points_per_person_and_day = _most()
    points_per_person = _most()
    times_per_person = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, 100_000))
    week_days = fields.List(WholeNumber(validate=validate.Range(1, 7)), load_default=list, validate=_SEVEN)
    lifetime_months = WholeNumber(load_default=12, validate=validate.Range(1, 120))
    valid_from = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(required=True)
    conditions = fields.List(fields.Nested(ConditionSchema), load_default=list, validate=validate.Length(max=10))
    windows = fields.List(fields.Nested(WindowSchema), load_default=list, validate=validate.Length(max=10))
    budget_points = WholeNumber(required=True, validate=validate.Range(1, _MOST_POINTS))


class PointsCampaignCreate(PointsCampaignPut):
    code = fields.String(required=True, validate=Matches("^[a-z0-9][a-z0-9-]{1,40}$"))


class DeskCampaignSchema(PointsCampaignCreate):
    """As it is answered."""

    id = fields.String(required=True)
    bureau = fields.String(required=True)
    event_kind = fields.String(required=True)
    code = fields.String(required=True)
    budget_points = WholeNumber(required=True, metadata={"description": "0: not known"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    how = fields.List(fields.String(), required=True, metadata={"description": "how one earns, in words"})
    budget_left = fields.Integer(required=True, allow_none=True)
    approval_id = fields.String(required=True, allow_none=True)
    increase_approval_id = fields.String(required=True, allow_none=True)
    ended_reason = fields.String(required=True)
    version = fields.Integer(required=True)


DeskCampaignPage = page_of(DeskCampaignSchema)


class CampaignEndingSchema(Schema):
    reason = _line(200, required=True)


class IncreaseSchema(Schema):
    points = WholeNumber(required=True, validate=validate.Range(1, _MOST_POINTS))
    reason = _line(200, required=True)


class DryRunCreate(Schema):
    month = fields.String(required=True, validate=Matches("^20[0-9]{2}-(0[1-9]|1[0-2])$"))


class PeopleSchema(Schema):
    value = fields.Integer(required=True, allow_none=True, metadata={"description": "null: under 20, or about as few"})
    text = fields.String(required=True)


class DryRunDaySchema(Schema):
    day = fields.Date(required=True)
    people = fields.Nested(PeopleSchema, required=True)
    points = fields.Integer(required=True, allow_none=True, metadata={"description": "null where few people earn"})


class DryRunWindowSchema(Schema):
    when = fields.String(required=True, metadata={"description": "the window in words, in the terms' order"})
    people = fields.Nested(PeopleSchema, required=True)
    points = fields.Integer(required=True, allow_none=True, metadata={"description": "null where few people earn"})


class DryRunSchema(Schema):
    month = fields.String(required=True)
    people = fields.Nested(PeopleSchema, required=True)
    points = fields.Integer(required=True, allow_none=True)
    cut_by_caps = fields.Integer(required=True, allow_none=True)
    cut_by_budget = fields.Integer(required=True, allow_none=True)
    budget_points = fields.Integer(required=True)
    days = fields.List(fields.Nested(DryRunDaySchema), required=True)
    windows = fields.List(
        fields.Nested(DryRunWindowSchema), required=True, metadata={"description": "what was granted while each held"}
    )


class EarningCampaignSchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    bureau = fields.String(required=True)
    event_kind = fields.String(required=True)
    how = fields.List(fields.String(), required=True)
    valid_until = fields.DateTime(required=True)
    is_budget_left = fields.Boolean(required=True)
    left_today = fields.Integer(
        required=True, allow_none=True, metadata={"description": "points that I can still earn today; null: no cap"}
    )
    left_in_all = fields.Integer(required=True, allow_none=True)
    times_left = fields.Integer(required=True, allow_none=True)
    days_done = fields.List(
        fields.Integer(), required=True, metadata={"description": "of a campaign for whole weeks: 1 Monday … 7 Sunday"}
    )


class EarningCampaignsSchema(Schema):
    items = fields.List(fields.Nested(EarningCampaignSchema), required=True)


class EstimateQuery(Schema):
    amount_twd = QueryNumber(required=True, validate=validate.Range(1, 10_000_000))
    rail = fields.String(required=True, validate=Matches(_WORD))
    kind = fields.String(load_default=None, validate=Matches(_WORD))
    due_before = fields.String(load_default="true", validate=validate.OneOf(("true", "false")))


class EarningEstimatePartSchema(Schema):
    campaign_id = fields.String(required=True)
    name = fields.String(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)


class EarningEstimateSchema(Schema):
    points = fields.Integer(required=True)
    campaigns = fields.List(fields.Nested(EarningEstimatePartSchema), required=True)
