"""What goes over the wire about exchanges. Points and values are whole numbers; money is in whole NT$."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches, PageQuery, WholeNumber, page_of
from partners.exchanging import DIRECTIONS
from points.exchange import nettings, states

_MOST_POINTS = 1_000_000
BREAK_KINDS = ("missing_here", "missing_there", "other_amount", "other_state")
BREAK_STATUSES = ("open", "proposed", "explained", "corrected")


def _moment(*, is_optional: bool = False) -> fields.String:
    return fields.String(required=True, allow_none=is_optional, metadata={"format": "date-time"})


class ExchangeRateSchema(Schema):
    """The terms of one direction: `points_step` points are worth `value_step` of the partner's unit."""

    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    points_step = fields.Integer(required=True)
    value_step = fields.Integer(required=True)
    fee_points = fields.Integer(required=True)
    least_points = fields.Integer(required=True)
    most_points = fields.Integer(required=True)
    most_points_day = fields.Integer(required=True)
    most_points_month = fields.Integer(required=True)


class ExchangePartnerSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    account = fields.String(required=True)
    arrives = fields.String(required=True)
    rates = fields.List(fields.Nested(ExchangeRateSchema), required=True)


class ExchangePartnersSchema(Schema):
    items = fields.List(fields.Nested(ExchangePartnerSchema), required=True)


class ExchangeQuoteCreate(Schema):
    """What is to be exchanged; `points` without the fee."""

    partner = fields.String(required=True, validate=Matches("^[a-z]{2,20}$"))
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    points = WholeNumber(required=True, validate=validate.Range(1, _MOST_POINTS))
    account_number = fields.String(required=True, validate=Matches("^[0-9][0-9 -]{3,30}$"))


class ExchangeQuoteSchema(Schema):
    """`points_out` leave the citizen (out), `points_in` come (in); `total_cost` is what the citizen gives in all, in
    points (out) or in the partner's unit (in)."""

    id = fields.String(required=True)
    partner = fields.String(required=True)
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    points_out = fields.Integer(required=True)
    points_in = fields.Integer(required=True)
    value = fields.Integer(required=True)
    unit = fields.String(required=True)
    fee_points = fields.Integer(required=True)
    total_cost = fields.Integer(required=True)
    rate = fields.String(required=True)
    account_last = fields.String(required=True)
    arrives = fields.String(required=True)
    in_words = fields.String(required=True)
    valid_until = _moment()


class ExchangeCreate(Schema):
    quote_id = fields.String(required=True, validate=validate.Length(1, 60))


class ExchangeSchema(Schema):
    """`points`: what the citizen gives (out) or gets (in), in all. `status_words` say honestly where it stands."""

    id = fields.String(required=True)
    partner = fields.String(required=True)
    partner_name = fields.String(required=True)
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    points = fields.Integer(required=True)
    fee_points = fields.Integer(required=True)
    value = fields.Integer(required=True)
    unit = fields.String(required=True)
    account_last = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.STATES))
    status_words = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    arrives = fields.String(required=True)
    created_at = _moment()
    ended_at = _moment(is_optional=True)


ExchangePage = page_of(ExchangeSchema)


class PartnerNoticeTaken(Schema):
    received = fields.Boolean(required=True)


class DeskPartnerSchema(Schema):
    """A partner as the desk sees it: what is left of the budget, and what is on its way."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    is_connected = fields.Boolean(required=True)
    is_open = fields.Boolean(required=True, metadata={"description": "whether citizens are offered it"})
    budget_left = fields.Integer(required=True)
    points_there = fields.Integer(required=True)
    payable_twd = fields.Integer(required=True)
    open_exchanges = fields.Integer(required=True)
    oldest_open_at = _moment(is_optional=True)
    open_breaks = fields.Integer(required=True)
    rates = fields.List(fields.Nested(ExchangeRateSchema), required=True)


class DeskPartnersSchema(Schema):
    items = fields.List(fields.Nested(DeskPartnerSchema), required=True)


class DeskExchangesQuery(PageQuery):
    """Which exchanges; without `status` those that are held or not at rest."""

    status = fields.String(load_default=None, validate=validate.OneOf(states.STATES))


class DeskExchangeSchema(Schema):
    id = fields.String(required=True)
    partner = fields.String(required=True)
    direction = fields.String(required=True, validate=validate.OneOf(DIRECTIONS))
    points = fields.Integer(required=True)
    value = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.STATES))
    reason = fields.String(required=True)
    reason_words = fields.String(required=True, allow_none=True)
    asked_times = fields.Integer(required=True)
    created_at = _moment()
    ended_at = _moment(is_optional=True)


DeskExchangePage = page_of(DeskExchangeSchema)


class ExchangeRefusal(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 200))


class PartnerStatementSchema(Schema):
    """A partner's month. `agreed`: every line is ours, or was dealt with; then `net_twd` is payable."""

    partner = fields.String(required=True)
    month = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("open", "agreed")))
    lines = fields.Integer(required=True)
    net_twd = fields.Integer(required=True)
    breaks = fields.Integer(required=True)
    open_breaks = fields.Integer(required=True)
    taken_at = _moment()
    agreed_at = _moment(is_optional=True)


class ExchangeBreaksQuery(PageQuery):
    status = fields.String(load_default="open", validate=validate.OneOf((*BREAK_STATUSES, "all")))
    partner = fields.String(load_default=None, validate=Matches("^[a-z]{2,20}$"))


class ExchangeBreakSchema(Schema):
    """A line of a statement and an exchange of ours that do not agree. Amounts in NT$ that the city owes for it."""

    id = fields.String(required=True)
    partner = fields.String(required=True)
    month = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(BREAK_KINDS))
    reference = fields.String(required=True)
    ours_value = fields.Integer(required=True, allow_none=True)
    theirs_value = fields.Integer(required=True, allow_none=True)
    ours_twd = fields.Integer(required=True)
    theirs_twd = fields.Integer(required=True)
    ours_state = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(BREAK_STATUSES))
    approval_id = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    closed_by = fields.String(required=True)
    opened_at = _moment()
    closed_at = _moment(is_optional=True)


ExchangeBreakPage = page_of(ExchangeBreakSchema)


class ExchangeBreakResolution(Schema):
    """`explained`: our amount stands, nothing else moves. `corrected`: the partner's amount stands; another officer
    has to approve it."""

    how = fields.String(required=True, validate=validate.OneOf(("explained", "corrected")))
    note = fields.String(required=True, validate=validate.Length(1, 500))


class NettingsQuery(PageQuery):
    """Which months; `open`: those on which something is still to be done."""

    status = fields.String(load_default="open", validate=validate.OneOf((*nettings.STATUSES, "open", "all")))
    partner = fields.String(load_default=None, validate=Matches("^[a-z]{2,20}$"))


class NettingSchema(Schema):
    """What a partner's agreed month comes to. `amount_twd`: what the city owes; below zero, what it is owed: then `id`
    is the reference that the partner pays under."""

    id = fields.String(required=True)
    partner = fields.String(required=True)
    month = fields.String(required=True)
    amount_twd = fields.Integer(required=True)
    received_twd = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(nettings.STATUSES))
    reason = fields.String(required=True, metadata={"description": "the bank's code (ISO 20022) where it did not pay"})
    payee = fields.String(required=True, allow_none=True)
    account = fields.String(required=True, allow_none=True, metadata={"description": "bank and masked account"})
    approval_id = fields.String(required=True, allow_none=True)
    agreed_at = _moment()
    due_on = fields.Date(required=True, allow_none=True)
    is_overdue = fields.Boolean(required=True)
    closed_on = fields.Date(required=True, allow_none=True)


NettingPage = page_of(NettingSchema)


class NettingPaymentProposal(Schema):
    note = fields.String(required=True, validate=validate.Length(1, 500))
