"""What goes over the wire about statements, breaks, accounts in transit and closed days. Money in whole NT$."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import PageQuery, QueryNumber, page_of
from wallet.reconciliation.adjustments import COUNTER_ACCOUNTS
from wallet.reconciliation.sources import SOURCE_NAMES, SOURCES

BREAK_KINDS = ("missing_ours", "missing_theirs", "amount", "fee", "date", "duplicate")
BREAK_STATUSES = ("open", "proposed", "closed")


def _maybe_text() -> fields.String:
    return fields.String(required=True, allow_none=True)


def _maybe_number() -> fields.Integer:
    return fields.Integer(required=True, allow_none=True)


def _moment(*, is_optional: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=is_optional, metadata={"format": "date-time"})


def _day(*, is_optional: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=is_optional, metadata={"format": "date"})


class StatementFileQuery(Schema):
    """Whose file it is."""

    source = fields.String(required=True, validate=validate.OneOf(tuple(SOURCES)))


class StatementFilesQuery(PageQuery):
    """Files of one source, or of all."""

    source = fields.String(load_default=None, validate=validate.OneOf(SOURCE_NAMES))


class StatementFileSchema(Schema):
    """A file as it was taken or refused; `is_repeat` says that its lines had been taken before."""

    id = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(SOURCE_NAMES))
    status = fields.String(required=True, validate=validate.OneOf(("taken", "refused")))
    reference = _maybe_text()
    first_day = _day(is_optional=True)
    last_day = _day(is_optional=True)
    rows = fields.Integer(required=True)
    matched = fields.Integer(required=True)
    breaks = fields.Integer(required=True)
    gross = fields.Integer(required=True)
    fees = fields.Integer(required=True)
    net = fields.Integer(required=True)
    opening = _maybe_number()
    closing = _maybe_number()
    currency = fields.String(required=True)
    refusal = _maybe_text()
    refusal_detail = _maybe_text()
    received_at = _moment()
    received_from = fields.String(required=True)
    is_repeat = fields.Boolean(required=True)
    content_sha256 = fields.String(required=True)


class BreaksQuery(PageQuery):
    """Which breaks; `status` "open" takes those with a proposed adjustment along, `older_than` is in days."""

    status = fields.String(load_default="open", validate=validate.OneOf((*BREAK_STATUSES, "all")))
    kind = fields.String(load_default=None, validate=validate.OneOf(BREAK_KINDS))
    rail = fields.String(load_default=None, validate=validate.Regexp("^[a-z_]{1,30}$"))
    source = fields.String(load_default=None, validate=validate.Regexp("^[a-z_]{1,30}$"))
    older_than = QueryNumber(load_default=None, validate=validate.Range(0, 3650))
    owner = fields.String(load_default=None, validate=validate.OneOf(("me", "nobody")))
    payment_id = fields.String(load_default=None, validate=validate.Regexp("^pay_[0-7][0-9a-hjkmnp-tv-z]{25}$"))


class BreakSchema(Schema):
    """One difference. `difference` is theirs less ours, `in_suspense` what of it waits for its place."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(BREAK_KINDS))
    status = fields.String(required=True, validate=validate.OneOf(BREAK_STATUSES))
    source = fields.String(required=True)
    rail = _maybe_text()
    cause = fields.String(required=True)
    cause_words = fields.String(required=True)
    about = fields.String(required=True)
    our_reference = fields.String(required=True)
    their_reference = fields.String(required=True)
    ours = _maybe_number()
    theirs = _maybe_number()
    difference = fields.Integer(required=True)
    in_suspense = fields.Integer(required=True)
    currency = fields.String(required=True)
    account = _maybe_text()
    file_id = _maybe_text()
    row = _maybe_number()
    detail = fields.String(required=True)
    occurred_on = _day()
    opened_at = _moment()
    age_days = fields.Integer(required=True)
    owner = _maybe_text()
    explanation = fields.String(required=True)
    approval_id = _maybe_text()
    needs_counter_account = fields.Boolean(required=True)
    closed_at = _moment(is_optional=True)
    closed_by = _maybe_text()


class BreakStepSchema(Schema):
    at = _moment()
    what = fields.String(required=True)
    by = fields.String(required=True)
    note = fields.String(required=True)


class BreakWithHistorySchema(BreakSchema):
    """One difference with all that happened to it, and the accounts that may take its money."""

    history = fields.List(fields.Nested(BreakStepSchema), required=True)
    counter_accounts = fields.List(fields.String(), required=True)


class Explanation(Schema):
    explanation = fields.String(required=True, validate=validate.Length(1, 500))


class Adjustment(Schema):
    """Where the money of a break belongs; no account where none of its money stands anywhere."""

    counter_account = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(COUNTER_ACCOUNTS))
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class ProposedSchema(Schema):
    """What waits for a second officer's decision (`/v1/approvals/{id}/decision`)."""

    approval_id = fields.String(required=True)


class InTransitItemSchema(Schema):
    account = fields.String(required=True)
    balance = fields.Integer(required=True)
    explained = fields.Integer(required=True)
    unexplained = fields.Integer(required=True)
    items = fields.Integer(required=True)
    oldest_on = _day(is_optional=True)
    within_days = fields.Integer(required=True)
    is_overdue = fields.Boolean(required=True)
    currency = fields.String(required=True)


class InTransitSchema(Schema):
    items = fields.List(fields.Nested(InTransitItemSchema), required=True)
    as_of = _moment()


class TrialBalanceQuery(Schema):
    """The moment to look at; now without one."""

    as_of = fields.AwareDateTime(load_default=None, format="iso")


class LedgerAccountSchema(Schema):
    account = fields.String(required=True)
    normal_side = fields.String(required=True, validate=validate.OneOf(("debit", "credit")))
    debit = fields.Integer(required=True)
    credit = fields.Integer(required=True)
    held_debit = fields.Integer(required=True)
    held_credit = fields.Integer(required=True)
    balance = fields.Integer(required=True)


class AssetTotalSchema(Schema):
    asset = fields.String(required=True)
    debit = fields.Integer(required=True)
    credit = fields.Integer(required=True)
    held_debit = fields.Integer(required=True)
    held_credit = fields.Integer(required=True)
    is_balanced = fields.Boolean(required=True)


class TrialBalanceSchema(Schema):
    """The money accounts one by one, and the totals of every asset."""

    as_of = _moment()
    accounts = fields.List(fields.Nested(LedgerAccountSchema), required=True)
    totals = fields.List(fields.Nested(AssetTotalSchema), required=True)
    is_balanced = fields.Boolean(required=True)


class DayAccountSchema(Schema):
    account = fields.String(required=True)
    normal_side = fields.String(required=True)
    debit = fields.Integer(required=True)
    credit = fields.Integer(required=True)
    balance = fields.Integer(required=True)


class DayFileSchema(Schema):
    source = fields.String(required=True)
    reference = fields.String(required=True)
    rows = fields.Integer(required=True)
    gross = fields.Integer(required=True)
    fees = fields.Integer(required=True)
    net = fields.Integer(required=True)
    breaks = fields.Integer(required=True)


class DayFiguresSchema(Schema):
    accounts = fields.List(fields.Nested(DayAccountSchema), required=True)
    debit_total = fields.Integer(required=True)
    credit_total = fields.Integer(required=True)
    files = fields.List(fields.Nested(DayFileSchema), required=True)
    open_breaks = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    currency = fields.String(required=True)


class DaySchema(Schema):
    """A day as it was closed last; `version` counts how often it was."""

    day = _day()
    version = fields.Integer(required=True)
    is_closed = fields.Boolean(required=True)
    closed_at = _moment()
    closed_by = fields.String(required=True)
    reopened_at = _moment(is_optional=True)
    figures = fields.Nested(DayFiguresSchema, required=True)


class UntypedDifferenceSchema(Schema):
    account = fields.String(required=True)
    balance = fields.Integer(required=True)
    explained = fields.Integer(required=True)


class StatementGapSchema(Schema):
    reference = fields.String(required=True)
    opening = fields.Integer(required=True)
    expected = fields.Integer(required=True)


class ReadinessSchema(Schema):
    """What is in the way of closing a day, and what the day has moved so far."""

    day = _day()
    is_over = fields.Boolean(required=True)
    is_ready = fields.Boolean(required=True)
    missing_files = fields.List(fields.String(), required=True)
    untyped_differences = fields.List(fields.Nested(UntypedDifferenceSchema), required=True)
    statement_gaps = fields.List(fields.Nested(StatementGapSchema), required=True)
    figures = fields.Nested(DayFiguresSchema, required=True)


class OpenDaySchema(Schema):
    """A day that is over and not closed; `version` above 0: it was reopened."""

    day = _day()
    version = fields.Integer(required=True)
    missing_files = fields.List(fields.String(), required=True)


class OpenDaysSchema(Schema):
    items = fields.List(fields.Nested(OpenDaySchema), required=True)


class Reopening(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


StatementFilePage = page_of(StatementFileSchema)
BreakPage = page_of(BreakSchema)
DayPage = page_of(DaySchema)
