"""What goes over the wire about waiting."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accessibility.requests.schemas import PlaceShown, RideOfferSchema, WhatNowSchema, moment
from accessibility.waitlist import states
from core.http import page_of

STATES = (states.WAITING, states.OFFERED, states.ACCEPTING, states.ENDED)


class WaitCreate(Schema):
    request_id = fields.String(required=True, validate=validate.Length(1, 60))


class AlternativeSchema(Schema):
    """What a fleet said instead; `pick_up_at` is when it could, `opens_at` when it begins to take bookings for it."""

    fleet = fields.String(required=True)
    fleet_name = fields.String(required=True)
    words = fields.String(required=True)
    pick_up_at = moment(is_optional=True)
    opens_at = moment(is_optional=True)


class WaitSchema(Schema):
    """Somebody's waiting. `rank` of `of` who want the same hour (null: it is over); `chance` from 0 to 1 and its
    bounds, null where too little is known of others who waited like this; `offers` are kept until `accept_by`, one for
    each leg. `other_ride_id` is a ride of theirs at the time of what is kept: it must be cancelled to take that."""

    id = fields.String(required=True)
    request_id = fields.String(required=True)
    booking_id = fields.String(required=True)
    has_return = fields.Boolean(required=True)
    pickup = fields.Nested(PlaceShown, required=True, data_key="from")
    dropoff = fields.Nested(PlaceShown, required=True, data_key="to")
    wanted_at = moment()
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    status_words = fields.String(required=True)
    why = fields.String(required=True, allow_none=True)
    why_words = fields.String(required=True, allow_none=True)
    rank = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True, allow_none=True)
    rule_words = fields.String(required=True)
    chance = fields.Float(required=True, allow_none=True)
    chance_low = fields.Float(required=True, allow_none=True)
    chance_high = fields.Float(required=True, allow_none=True)
    chance_words = fields.String(required=True, allow_none=True)
    joined_at = moment()
    asked_at = moment(is_optional=True)
    times_asked = fields.Integer(required=True)
    watched_until = moment()
    accept_by = moment(is_optional=True)
    offers = fields.List(fields.Nested(RideOfferSchema), required=True)
    other_ride_id = fields.String(required=True, allow_none=True)
    alternatives = fields.List(fields.Nested(AlternativeSchema), required=True)
    what_now = fields.List(fields.Nested(WhatNowSchema), required=True)


WaitPage = page_of(WaitSchema)
