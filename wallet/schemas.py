"""What goes over the wire. Money is whole NT$ beside `currency`; unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, TrueOrFalse, WholeNumber, page_of
from identity.schemas import AssertionCredential
from wallet import states

_TYPEID = validate.Length(min=8, max=40)


def _currency() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(["TWD"]))


class BillSchema(Schema):
    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["parking", "fine", "ride"]))
    number = fields.String(required=True)
    plate = fields.String(required=True)
    vehicle = fields.String(required=True, allow_none=True)
    district = fields.String(required=True, allow_none=True)
    road = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    occurred_at = fields.String(required=True)
    law_code = fields.String(required=True, allow_none=True)
    law_text = fields.String(required=True, allow_none=True)
    amount = fields.Integer(required=True)
    currency = _currency()
    due_on = fields.String(required=True)
    due_on_roc = fields.String(required=True)
    is_overdue = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["unpaid", "processing", "paid", "void", "appealed"]))
    is_payable = fields.Boolean(required=True)
    not_payable_reason = fields.String(required=True, allow_none=True)
    not_payable_explanation = fields.String(required=True, allow_none=True)
    instalment_plan_id = fields.String(required=True, allow_none=True)
    part_number = fields.Integer(required=True, allow_none=True)
    part_count = fields.Integer(required=True, allow_none=True)
    payment_id = fields.String(required=True, allow_none=True)
    paid_at = fields.String(required=True, allow_none=True)
    paid_via = fields.String(required=True, allow_none=True)


BillPage = page_of(BillSchema)


class BillQuery(PageQuery):
    status = fields.String(load_default="all", validate=validate.OneOf(["unpaid", "paid", "all"]))


class BankLinkSchema(Schema):
    id = fields.String(required=True)
    bank = fields.String(required=True)
    bank_name = fields.String(required=True)
    account = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    is_preferred = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.MANDATE.states))
    per_payment_limit = fields.Integer(required=True, allow_none=True)
    daily_limit = fields.Integer(required=True, allow_none=True)
    monthly_limit = fields.Integer(required=True, allow_none=True)
    left_today = fields.Integer(required=True, allow_none=True)
    currency = _currency()
    version = fields.Integer(required=True)
    created_at = fields.String(required=True)


class BankLinkStartedSchema(BankLinkSchema):
    authorize_url = fields.String(required=True)


BankLinkPage = page_of(BankLinkSchema)


class BankLinkCreate(Schema):
    """The city's own bank asks which account; another is named by its code (3 or 7 digits), with the account."""

    bank = fields.String(load_default="bank_of_kaohsiung", validate=Matches("^(bank_of_kaohsiung|[0-9]{3}|[0-9]{7})$"))
    account_no = fields.String(load_default=None, allow_none=True, validate=Matches("^[0-9]{6,14}$"))


class BankSchema(Schema):
    bank = fields.String(required=True)
    name = fields.String(required=True)
    needs_account = fields.Boolean(required=True)


BankPage = page_of(BankSchema)


class BankLinkCompletion(Schema):
    state = fields.String(required=True, validate=validate.Length(1, 200))
    code = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 400))
    error = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 100))


class BankLinkChange(Schema):
    """What its owner changes; what is left out stays as it is."""

    name = fields.String(load_default=None, validate=validate.Length(1, 40))
    is_preferred = fields.Boolean(load_default=False, truthy={True}, falsy=set(), metadata={"enum": [True]})
    status = fields.String(load_default=None, validate=validate.OneOf(["active", "paused"]))


class PaymentCreate(Schema):
    """What to pay, and how: a linked account or a kept card by its id; a rail alone where the payer shows it later."""

    bill_ids = fields.List(fields.String(validate=_TYPEID), required=True, validate=validate.Length(min=1, max=50))
    rail = fields.String(load_default=None, allow_none=True, validate=Matches("^[a-z_]{2,40}$"))
    bank_link_id = fields.String(load_default=None, allow_none=True, validate=_TYPEID)
    card_id = fields.String(load_default=None, allow_none=True, validate=_TYPEID)
    keep_card = TrueOrFalse(load_default=False)
    points = WholeNumber(load_default=0, validate=validate.Range(0, 1_000_000))


class PaymentAuthorization(Schema):
    """The passkey's word, and for the phone's own wallet (Apple Pay, Google Pay) its one-time token."""

    credential = fields.Nested(AssertionCredential, required=True)
    wallet_token = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 20_000))


class PaymentCompletion(Schema):
    """The query with which the card's bank or the wallet sent the payer's browser back."""

    result = fields.Dict(
        values=fields.String(validate=validate.Length(0, 10_000)),
        load_default=dict,
        validate=validate.Length(max=20),
    )


class PaymentActionSchema(Schema):
    type = fields.String(required=True, validate=validate.OneOf(["redirect"]))
    url = fields.String(required=True)
    expires_at = fields.String(required=True)


class PaymentBillSchema(Schema):
    bill_id = fields.String(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True)
    description = fields.String(required=True)
    amount = fields.Integer(required=True)


class AuthorizationSchema(Schema):
    options = fields.Dict(required=True)


class FailureSchema(Schema):
    code = fields.String(required=True)
    message = fields.String(required=True)


class PaymentSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.STATUSES))
    bills = fields.List(fields.Nested(PaymentBillSchema), required=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    total = fields.Integer(required=True)
    currency = _currency()
    rail = fields.String(required=True)
    account = fields.String(required=True)
    bank_link_id = fields.String(required=True, allow_none=True)
    card_id = fields.String(required=True, allow_none=True)
    points_used = fields.Integer(required=True)
    initiated_by = fields.String(required=True, validate=validate.OneOf(["payer", "automatic_debit"]))
    delegation_id = fields.String(
        required=True, allow_none=True, metadata={"description": "whose bills the payer paid, by which delegation"}
    )
    action = fields.Nested(PaymentActionSchema, required=True, allow_none=True)
    final_on = fields.String(required=True, allow_none=True)
    undone_at = fields.String(required=True, allow_none=True)
    created_at = fields.String(required=True)
    expires_at = fields.String(required=True)
    paid_at = fields.String(required=True, allow_none=True)
    instruction = fields.String(required=True)
    authorization = fields.Nested(AuthorizationSchema, required=True, allow_none=True)
    failure = fields.Nested(FailureSchema, required=True, allow_none=True)
    receipt_url = fields.String(required=True, allow_none=True)
    points = fields.Integer(required=True, allow_none=True)


PaymentPage = page_of(PaymentSchema)


class ReceiptLineSchema(Schema):
    kind = fields.String(required=True)
    number = fields.String(required=True)
    description = fields.String(required=True)
    amount = fields.Integer(required=True)


class ReceiptSchema(Schema):
    number = fields.String(required=True)
    payment_id = fields.String(required=True)
    paid_at = fields.String(required=True)
    payer = fields.String(required=True)
    account = fields.String(required=True)
    lines = fields.List(fields.Nested(ReceiptLineSchema), required=True)
    fee = fields.Integer(required=True)
    total = fields.Integer(required=True)
    currency = _currency()
    status = fields.String(required=True, validate=validate.OneOf(["paid", "partly_returned", "returned", "withdrawn"]))
    given_back = fields.Integer(required=True)
    verify_url = fields.String(required=True)


class ReceiptQuery(Schema):
    format = fields.String(load_default="", validate=validate.OneOf(["", "json", "pdf"]))


class WebhookTaken(Schema):
    received = fields.Boolean(required=True)
