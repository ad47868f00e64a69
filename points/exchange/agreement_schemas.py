"""What goes over the wire about what is agreed with partners. All limits are in points."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, WholeNumber
from partners.exchanging import DIRECTIONS
from points.exchange.schemas import ExchangeRateSchema
from points.report_schemas import within_reach

_MOST = 1_000_000
_MOST_BUDGET = 100_000_000
_PLAIN = Matches("^[^\\x00-\\x1f\\x7f]*$")


class _Proposal(Schema):
    source = fields.String(
        required=True,
        validate=[validate.Length(1, 300), _PLAIN],
        metadata={"description": "the contract, letter or minutes that say so"},
    )


class PartnerRateProposal(_Proposal):
    """A rate from the beginning of `first_day` in Taipei on: `points_step` points are worth `value_step` of the
    partner's unit."""

    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    first_day = fields.Date(required=True, validate=within_reach)
    points_step = WholeNumber(required=True, validate=validate.Range(1, _MOST))
    value_step = WholeNumber(required=True, validate=validate.Range(1, _MOST))
    fee_points = WholeNumber(required=True, validate=validate.Range(0, _MOST))
    least_points = WholeNumber(required=True, validate=validate.Range(1, _MOST))
    most_points = WholeNumber(required=True, validate=validate.Range(1, _MOST))
    most_points_day = WholeNumber(required=True, validate=validate.Range(1, _MOST))
    most_points_month = WholeNumber(required=True, validate=validate.Range(1, _MOST))


class PartnerBudgetProposal(_Proposal):
    points = WholeNumber(required=True, validate=validate.Range(1, _MOST_BUDGET))


class PartnerAccountProposal(_Proposal):
    payee = fields.String(required=True, validate=[validate.Length(1, 70), _PLAIN])
    bank_code = fields.String(required=True, validate=Matches("^[0-9]{3}$"))
    account = fields.String(required=True, validate=Matches("^[0-9]{8,16}$"))
    payment_days = WholeNumber(
        required=True,
        validate=validate.Range(1, 120),
        metadata={"description": "after a month is agreed, for the partner to pay what it owes"},
    )


class PartnerOpeningProposal(_Proposal):
    is_open = fields.Boolean(required=True)


class AgreementProposedSchema(Schema):
    approval_id = fields.String(required=True, metadata={"description": "to be decided by another officer"})


class PartnerAgreedRateSchema(ExchangeRateSchema):
    id = fields.String(required=True)
    first_day = fields.Date(required=True)
    counts = fields.String(
        required=True,
        validate=validate.OneOf(("now", "later", "no_more")),
        metadata={"description": "whether it is the rate of this moment, will be, or was"},
    )
    source = fields.String(required=True)


class PartnerAgreementsSchema(Schema):
    code = fields.String(required=True)
    is_open = fields.Boolean(required=True)
    payee = fields.String(required=True, allow_none=True)
    account = fields.String(required=True, allow_none=True, metadata={"description": "bank and masked account"})
    payment_days = fields.Integer(required=True)
    rates = fields.List(fields.Nested(PartnerAgreedRateSchema), required=True)
