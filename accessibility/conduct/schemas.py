"""What goes over the wire about points, appeals, complaints and fairness. Unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, page_of

COMPLAINTS = ("late", "driver", "vehicle", "booking", "pooling", "fare", "other")
_WORDS = validate.Length(1, 2_000)


class PointAppealSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(["open", "granted", "refused"]))
    words = fields.String(required=True)
    decision = fields.String(required=True, allow_none=True)


class ConductPointSchema(Schema):
    id = fields.String(required=True)
    ride_id = fields.String(required=True)
    at = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["no_show", "late_cancel"]))
    kind_words = fields.String(required=True)
    why_words = fields.String(required=True)
    points = fields.Integer(required=True)
    counts = fields.Boolean(required=True)
    counts_until = fields.String(required=True)
    may_appeal = fields.Boolean(required=True)
    appeal_until = fields.String(required=True)
    appeal = fields.Nested(PointAppealSchema, required=True, allow_none=True)


class NoShowsSchema(Schema):
    points = fields.Integer(required=True)
    limit = fields.Integer(required=True, allow_none=True)
    suspended_until = fields.String(required=True, allow_none=True)
    words = fields.String(required=True)
    source = fields.String(required=True)
    items = fields.List(fields.Nested(ConductPointSchema), required=True)


class AppealWanted(Schema):
    reason = fields.String(required=True, validate=_WORDS)


class RideAppealSchema(Schema):
    id = fields.String(required=True)
    point_id = fields.String(required=True)
    ride_id = fields.String(required=True)
    fleet = fields.String(required=True)
    kind = fields.String(required=True)
    kind_words = fields.String(required=True)
    why_words = fields.String(required=True)
    points = fields.Integer(required=True)
    happened_at = fields.String(required=True)
    is_recorded_by_me = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["open", "granted", "refused"]))
    reason = fields.String(required=True)
    asked_at = fields.String(required=True)
    decision = fields.String(required=True, allow_none=True)
    decided_at = fields.String(required=True, allow_none=True)


RideAppealPage = page_of(RideAppealSchema)


class RideAppealsQuery(PageQuery):
    status = fields.String(load_default="open", validate=validate.OneOf(["open", "granted", "refused", "all"]))
    recorded_by = fields.String(load_default="anybody", validate=validate.OneOf(["anybody", "me"]))


class AppealDecision(Schema):
    is_granted = fields.Boolean(required=True, truthy={True}, falsy={False})
    words = fields.String(required=True, validate=_WORDS)


class ComplaintWanted(Schema):
    ride_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(8, 40))
    kind = fields.String(required=True, validate=validate.OneOf(COMPLAINTS))
    words = fields.String(required=True, validate=_WORDS)


class RideComplaintSchema(Schema):
    id = fields.String(required=True)
    ride_id = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(COMPLAINTS))
    words = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["open", "answered"]))
    made_at = fields.String(required=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = fields.String(required=True, allow_none=True)


class RideComplaintsSchema(Schema):
    items = fields.List(fields.Nested(RideComplaintSchema), required=True)
    words = fields.String(required=True)


RideComplaintPage = page_of(RideComplaintSchema)


class RideComplaintsQuery(PageQuery):
    status = fields.String(load_default="open", validate=validate.OneOf(["open", "answered", "all"]))


class ComplaintAnswer(Schema):
    words = fields.String(required=True, validate=_WORDS)


class FairnessQuery(Schema):
    """The months that hold these days (of Taipei) and have ended; without them the last one. `fleet` is whose picture
    is drawn."""

    since = fields.Date(load_default=None, allow_none=True)
    until = fields.Date(load_default=None, allow_none=True)
    format = fields.String(load_default="json", validate=validate.OneOf(["json", "csv", "svg"]))
    fleet = fields.String(load_default="*", validate=Matches("^(\\*|[a-z][a-z0-9_]{1,19})$"))
    language = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(["zh-TW", "en"]),
        metadata={"description": "of file and picture, for pages that cannot send a header with them"},
    )


class FairnessLineSchema(Schema):
    dimension = fields.String(required=True, validate=validate.OneOf(["district", "chair", "time", "complained"]))
    group = fields.String(required=True)
    group_words = fields.String(required=True)
    fleet = fields.String(required=True)
    is_shown = fields.Boolean(required=True)
    riders = fields.Integer(required=True, allow_none=True)
    asked = fields.Integer(required=True, allow_none=True)
    refused = fields.Integer(required=True, allow_none=True)
    riders_refused = fields.Integer(required=True, allow_none=True)
    apart = fields.Float(required=True, allow_none=True)
    apart_low = fields.Float(required=True, allow_none=True)
    apart_high = fields.Float(required=True, allow_none=True)
    p = fields.Float(required=True, allow_none=True)
    p_corrected = fields.Float(required=True, allow_none=True)
    is_not_chance = fields.Boolean(required=True)


class FairnessSchema(Schema):
    since = fields.String(required=True)
    until = fields.String(required=True)
    requests = fields.Integer(required=True)
    comparisons = fields.Integer(required=True)
    smallest = fields.Integer(required=True)
    words = fields.String(required=True)
    lines = fields.List(fields.Nested(FairnessLineSchema), required=True)
