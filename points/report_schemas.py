"""What goes over the wire about what points are owed, lapse and cost."""

from __future__ import annotations

from datetime import date

from marshmallow import Schema, ValidationError, fields, validate

from core.http import Matches

_FORMAT = {"description": "csv: the lines as a file in UTF-8 with a byte order mark"}


def within_reach(day: date) -> None:
    """Refuse days that no report and no lot is about: before 2020 or after 2100."""
    if not 2020 <= day.year <= 2100:
        raise ValidationError("is not between 2020 and 2100")


class _ReportQuery(Schema):
    format = fields.String(load_default="json", validate=validate.OneOf(("json", "csv")), metadata=_FORMAT)


class LiabilityQuery(_ReportQuery):
    on = fields.Date(
        required=True, validate=within_reach, metadata={"description": "the day in Taipei at whose end it stood so"}
    )


class BreakageQuery(_ReportQuery):
    from_ = fields.Date(
        required=True, validate=within_reach, data_key="from", metadata={"description": "a day of the first month"}
    )
    to = fields.Date(required=True, validate=within_reach, metadata={"description": "a day of the last month"})


class CostsQuery(_ReportQuery):
    from_ = fields.Date(
        required=True, validate=within_reach, data_key="from", metadata={"description": "the first day in Taipei"}
    )
    to = fields.Date(required=True, validate=within_reach, metadata={"description": "the last one, within a year"})
    by = fields.String(load_default="bureau", validate=validate.OneOf(("bureau", "campaign")))


class AccountGroupSchema(Schema):
    accounts = fields.String(required=True)
    points = fields.Integer(required=True, metadata={"description": "credits less debits"})


class LiabilitySchema(Schema):
    on = fields.Date(required=True)
    liability = fields.Integer(required=True, metadata={"description": "people and set_aside"})
    people = fields.Integer(required=True)
    set_aside = fields.Integer(required=True)
    owed_by_people = fields.Integer(required=True)
    to_settle = fields.Integer(required=True)
    lapsed = fields.Integer(required=True)
    in_budgets = fields.Integer(required=True)
    is_balanced = fields.Boolean(required=True)
    accounts = fields.List(fields.Nested(AccountGroupSchema), required=True)


class CohortSchema(Schema):
    month = fields.String(required=True, validate=Matches("^[0-9]{4}-[0-9]{2}$"))
    lots = fields.Integer(required=True)
    issued = fields.Integer(required=True)
    lapsed = fields.Integer(required=True)
    left = fields.Integer(required=True)
    breakage = fields.Float(required=True)


class BreakageSchema(Schema):
    items = fields.List(fields.Nested(CohortSchema), required=True)


class PointsCostSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    granted = fields.Integer(required=True)
    used = fields.Integer(required=True)
    paid_bills = fields.Integer(required=True)
    at_merchants = fields.Integer(required=True)
    exchanged = fields.Integer(required=True)
    lapsed = fields.Integer(required=True)
    cost_twd = fields.Integer(required=True)


class ToldAndBookedSchema(Schema):
    told = fields.Integer(required=True, metadata={"description": "the sum of the histories"})
    booked = fields.Integer(required=True, metadata={"description": "the same in the book"})


class PointsCostsSchema(Schema):
    items = fields.List(fields.Nested(PointsCostSchema), required=True)
    is_reconciled = fields.Boolean(required=True)
    granted = fields.Nested(ToldAndBookedSchema, required=True)
    used = fields.Nested(ToldAndBookedSchema, required=True)
    lapsed = fields.Nested(ToldAndBookedSchema, required=True)
