"""What goes over the wire about calls."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accessibility.calls import calls
from accessibility.requests.schemas import Moment, moment
from core.http import WholeNumber, page_of


class RideCallSchema(Schema):
    """A call to be made until `answer_by`: whom to ring, what to say, for a fleet what is to be known, and which
    `answers` may come of it."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("fleet", "rider")))
    question = fields.String(required=True, validate=validate.OneOf(calls.QUESTIONS))
    to = fields.String(required=True)
    phone = fields.String(required=True)
    words = fields.String(required=True)
    facts = fields.Dict(keys=fields.String(), required=True)
    asked_at = moment()
    due_at = moment()
    answer_by = moment()
    tries = fields.Integer(required=True)
    answers = fields.List(fields.String(validate=validate.OneOf(calls.ANSWERS)), required=True)
    ride_id = fields.String(required=True, allow_none=True)


RideCallPage = page_of(RideCallSchema)


class RideCallAnswer(Schema):
    """What came of it. Of a fleet that says yes: when it comes, how long it takes, what it costs, who drives what, and
    until when it keeps the vehicle while the rider is asked. On the day of a ride `minutes` are until the vehicle is at
    the door, or its rider there: `later` needs them. Asked how it went, `no` is a vehicle that did not come."""

    answer = fields.String(required=True, validate=validate.OneOf(calls.ANSWERS))
    pick_up_at = Moment(load_default=None, allow_none=True)
    kept_until = Moment(load_default=None, allow_none=True)
    minutes = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(1, 600))
    price_twd = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 20_000))
    vehicle = fields.String(load_default="", validate=validate.Length(0, 40))
    driver = fields.String(load_default="", validate=validate.Length(0, 40))
    note = fields.String(load_default="", validate=validate.Length(0, 300))
