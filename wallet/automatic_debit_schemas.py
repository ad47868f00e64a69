"""Automatic debit as it goes over the wire. Money is whole NT$ beside `currency`; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from core.http import WholeNumber, page_of
from identity.schemas import AssertionCredential
from wallet import states
from wallet.schemas import AuthorizationSchema


class AutomaticDebitPut(Schema):
    """From which account, and up to how much for a bill and in a month."""

    bank_link_id = fields.String(required=True, validate=validate.Length(8, 40))
    per_bill_cap = WholeNumber(required=True, validate=validate.Range(1, 1_000_000))
    monthly_cap = WholeNumber(required=True, validate=validate.Range(1, 1_000_000))

    @validates_schema
    def month_holds_a_bill(self, data: dict[str, int], **_: object) -> None:
        """A month's cap below a bill's would be two answers to one question."""
        if data.get("monthly_cap", 0) < data.get("per_bill_cap", 0):
            raise ValidationError("must not be below per_bill_cap", "monthly_cap")


class AutomaticDebitAuthorization(Schema):
    credential = fields.Nested(AssertionCredential, required=True)


class AutomaticDebitTermsSchema(Schema):
    id = fields.String(required=True)
    bank_link_id = fields.String(required=True)
    account = fields.String(required=True)
    per_bill_cap = fields.Integer(required=True)
    monthly_cap = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(["TWD"]))
    instruction = fields.String(required=True)
    authorized_at = fields.String(required=True, allow_none=True)


class AutomaticDebitProposalSchema(AutomaticDebitTermsSchema):
    expires_at = fields.String(required=True)
    authorization = fields.Nested(AuthorizationSchema, required=True)


class AutomaticDebitSchema(Schema):
    """`terms` are those in force; `proposal` waits for the passkey, and changes nothing until then."""

    kind = fields.String(required=True, validate=validate.OneOf(["parking"]))
    is_on = fields.Boolean(required=True)
    terms = fields.Nested(AutomaticDebitTermsSchema, required=True, allow_none=True)
    proposal = fields.Nested(AutomaticDebitProposalSchema, required=True, allow_none=True)
    debited_this_month = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(["TWD"]))
    stopped_at = fields.String(required=True, allow_none=True)
    stopped_reason = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(["citizen", "account_ended"])
    )


class PlannedDebitSchema(Schema):
    id = fields.String(required=True)
    bill_id = fields.String(required=True)
    number = fields.String(required=True)
    plate = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = fields.String(required=True, validate=validate.OneOf(["TWD"]))
    due_on = fields.String(required=True)
    debit_at = fields.String(required=True)
    announced_at = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(states.PLANNED_DEBIT.states))
    can_skip = fields.Boolean(required=True)
    can_take_skip_back = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    payment_id = fields.String(required=True, allow_none=True)


PlannedDebitPage = page_of(PlannedDebitSchema)
