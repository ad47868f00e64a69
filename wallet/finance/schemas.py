"""What goes over the wire about the money of today and about one payment, for officers. Money in whole NT$."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches
from wallet import states
from wallet.finance import needs
from wallet.reconciliation.schemas import OpenDaySchema
from wallet.schemas import FailureSchema

# Why an officer of finance may read a payment; words for the citizen are in identity/access_words.py.
PURPOSES = ("citizen_request", "reconciliation", "refund", "dispute", "audit")


def _moment(*, is_optional: bool = True) -> fields.String:
    return fields.String(required=True, allow_none=is_optional, metadata={"format": "date-time"})


class NeedSchema(Schema):
    """One thing to do; `detail` names a source, a state or a day where there is one."""

    what = fields.String(required=True, validate=validate.OneOf(needs.KINDS))
    number = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    since = _moment()
    detail = fields.String(required=True)
    is_alarm = fields.Boolean(required=True)


class UnderWaySchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(states.PAYMENT.states))
    number = fields.Integer(required=True)
    total = fields.Integer(required=True)
    oldest_at = _moment()
    within_minutes = fields.Integer(required=True, allow_none=True)
    late = fields.Integer(required=True)


class CapturedSchema(Schema):
    rail = fields.String(required=True)
    name = fields.String(required=True)
    number = fields.Integer(required=True)
    total = fields.Integer(required=True)
    in_points = fields.Integer(required=True)


class OpenBreaksSchema(Schema):
    kind = fields.String(required=True)
    number = fields.Integer(required=True)
    in_suspense = fields.Integer(required=True)
    oldest_at = _moment()
    up_to_1 = fields.Integer(required=True)
    up_to_3 = fields.Integer(required=True)
    up_to_7 = fields.Integer(required=True)
    older = fields.Integer(required=True)


class SourceFilesSchema(Schema):
    """`is_missing`: a day that is over still lacks its file. `is_refused`: the latest one was, and none came since."""

    source = fields.String(required=True)
    taken_today = fields.Integer(required=True)
    refused_today = fields.Integer(required=True)
    last_day = fields.String(required=True, allow_none=True)
    last_taken_at = _moment()
    is_missing = fields.Boolean(required=True)
    is_refused = fields.Boolean(required=True)
    refusal = fields.String(required=True, allow_none=True)


class TodaySchema(Schema):
    day = fields.String(required=True, metadata={"format": "date"})
    as_of = _moment(is_optional=False)
    currency = fields.String(required=True)
    needs = fields.List(fields.Nested(NeedSchema), required=True)
    under_way = fields.List(fields.Nested(UnderWaySchema), required=True)
    captured = fields.List(fields.Nested(CapturedSchema), required=True)
    captured_total = fields.Integer(required=True)
    breaks = fields.List(fields.Nested(OpenBreaksSchema), required=True)
    files = fields.List(fields.Nested(SourceFilesSchema), required=True)
    open_days = fields.List(fields.Nested(OpenDaySchema), required=True)


class LatePaymentSchema(Schema):
    """A payment that stands where it should not any more; nothing says who paid."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.PAYMENT.states))
    rail = fields.String(required=True)
    total = fields.Integer(required=True)
    since = _moment(is_optional=False)


class LatePaymentsSchema(Schema):
    items = fields.List(fields.Nested(LatePaymentSchema), required=True)


class PaymentLookUp(Schema):
    """An exact name of a payment (ours, the rail's, or the number of a receipt, refund or bill), and what for."""

    identifier = fields.String(required=True, validate=[validate.Length(4, 80), Matches(r"^[^\s%]+$")])
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))


class PurposeQuery(Schema):
    """For what purpose a citizen's payment is read; the citizen sees it."""

    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))


class OfficerPaymentBillSchema(Schema):
    """`left`: how much of it could still go back."""

    bill_id = fields.String(required=True)
    bureau = fields.String(required=True)
    kind = fields.String(required=True)
    number = fields.String(required=True)
    description = fields.String(required=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    left = fields.Integer(required=True)


class OfficerPaymentSchema(Schema):
    """A payment as officers see it: nothing says who paid."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.PAYMENT.states))
    status_text = fields.String(required=True)
    rail = fields.String(required=True)
    rail_name = fields.String(required=True)
    account = fields.String(required=True)
    external_id = fields.String(required=True, allow_none=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    total = fields.Integer(required=True)
    in_points = fields.Integer(required=True)
    currency = fields.String(required=True)
    initiated_by = fields.String(required=True)
    created_at = _moment(is_optional=False)
    authorized_at = _moment()
    booked_at = _moment()
    final_on = fields.String(required=True, allow_none=True)
    undone_at = _moment()
    failure = fields.Nested(FailureSchema, required=True, allow_none=True)
    receipt_number = fields.String(required=True, allow_none=True)
    dispute_id = fields.String(required=True, allow_none=True)
    break_ids = fields.List(fields.String(), required=True)
    bills = fields.List(fields.Nested(OfficerPaymentBillSchema), required=True)


class OfficerPaymentsSchema(Schema):
    items = fields.List(fields.Nested(OfficerPaymentSchema), required=True)


class RefundReasonSchema(Schema):
    code = fields.String(required=True)
    text = fields.String(required=True)
    returns_fee = fields.Boolean(required=True)
    reopens_bill = fields.Boolean(required=True)


class WholeOfficerPaymentSchema(OfficerPaymentSchema):
    """With what may be asked for now: reasons of a refund, the limit above which a second person decides (none:
    always), and the states that a correction may propose."""

    refund_reasons = fields.List(fields.Nested(RefundReasonSchema), required=True)
    two_persons_above = fields.Integer(required=True, allow_none=True)
    corrections = fields.List(fields.String(validate=validate.OneOf(states.PAYMENT.states)), required=True)
