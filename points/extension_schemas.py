"""What goes over the wire about later last days."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, page_of
from points.report_schemas import within_reach

_REASON = [validate.Length(1, 200), Matches("^[^\\x00-\\x1f\\x7f]*$")]


class WantedExtensionSchema(Schema):
    national_id = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(10, 10), metadata={"description": "one person's"}
    )
    bureau = fields.String(
        load_default=None,
        allow_none=True,
        validate=Matches("^[a-z_]{2,40}$"),
        metadata={"description": "of all campaigns that it funds"},
    )
    campaign = fields.String(
        load_default=None,
        allow_none=True,
        validate=Matches("^[a-z0-9][a-z0-9-]{1,62}$"),
        metadata={"description": "of the campaign with this code"},
    )
    first_day = fields.Date(
        required=True, validate=within_reach, metadata={"description": "lots whose last day is this one or later"}
    )
    last_day = fields.Date(required=True, validate=within_reach, metadata={"description": "and this one or earlier"})
    until_day = fields.Date(required=True, validate=within_reach, metadata={"description": "their new last day"})
    reason_zh = fields.String(required=True, validate=_REASON)
    reason_en = fields.String(required=True, validate=_REASON)


class ExtensionNumbersSchema(Schema):
    people = fields.Integer(required=True)
    lots = fields.Integer(required=True)
    points = fields.Integer(required=True)
    lapsed = fields.Integer(required=True, metadata={"description": "of the points: lapsed already, to come back"})


class ExtensionSchema(ExtensionNumbersSchema):
    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("proposed", "approved", "done", "refused")))
    whom = fields.String(required=True, validate=validate.OneOf(("person", "bureau", "campaign")))
    code = fields.String(required=True, allow_none=True, metadata={"description": "of the bureau or campaign"})
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    until_day = fields.Date(required=True)
    reason = fields.String(required=True)
    approval_id = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    done_at = fields.DateTime(required=True, allow_none=True)


ExtensionPage = page_of(ExtensionSchema)
