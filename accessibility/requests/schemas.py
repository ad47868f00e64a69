"""What goes over the wire about requests and offers. Money is whole NT$, moments RFC 3339 with an offset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from accessibility.places.schemas import PLAIN, PlaceWanted
from accessibility.requests import states, wishes
from core.http import Matches, PageQuery, WholeNumber, page_of
from core.text import Text

_MOST_COMPANIONS = 8
_MOST_WORDS = 200
_OUT_OF_RANGE = Text("年份要在 2000 到 2099 之間。", "The year must be from 2000 to 2099.")
_ONE_OF_BOTH = Text("回程請給時間（at），或到時再通知（will_call），擇一。", "either at or will_call")
_TIME_OR_ASAP = Text("請給時間，或選盡快（asap），擇一。", "either a time or asap")
_NO_TIME = Text(
    "請給上車時間（pick_up_at）、抵達時間（arrive_by），或選盡快（asap）。", "one of pick_up_at, arrive_by and asap"
)


def moment(*, is_optional: bool = False) -> fields.String:
    """A moment in an answer."""
    return fields.String(required=True, allow_none=is_optional, metadata={"format": "date-time"})


class Moment(fields.AwareDateTime):
    """A moment in a body: RFC 3339 with an offset, between 2000 and 2100."""

    def __init__(self, **declaration: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **declaration)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> datetime:
        found: datetime = super()._deserialize(value, attr, data, **more)
        try:
            found = found.astimezone(UTC)
        except (OverflowError, ValueError):
            raise ValidationError([_OUT_OF_RANGE]) from None
        if not 2000 <= found.year < 2100:
            raise ValidationError([_OUT_OF_RANGE])
        return found


class ReturnGiven(Schema):
    """The way back: `at` a moment, or `will_call`: when its rider says so."""

    at = Moment(load_default=None, allow_none=True)
    will_call = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    @validates_schema
    def one_of_both(self, data: Mapping[str, Any], **_: Any) -> None:
        """One of both."""
        if (data.get("at") is not None) == bool(data.get("will_call")):
            raise ValidationError([_ONE_OF_BOTH], "at")


class RideRequestCreate(Schema):
    """A trip: at `pick_up_at`, to be there by `arrive_by` (both: not before, and there by), or `asap`."""

    pickup = fields.Nested(PlaceWanted, required=True, data_key="from")
    dropoff = fields.Nested(PlaceWanted, required=True, data_key="to")
    stops = fields.List(fields.Nested(PlaceWanted), load_default=list, validate=validate.Length(0, wishes.MOST_STOPS))
    pick_up_at = Moment(load_default=None, allow_none=True)
    arrive_by = Moment(load_default=None, allow_none=True)
    asap = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    back = fields.Nested(ReturnGiven, load_default=None, allow_none=True, data_key="return")
    purpose = fields.String(load_default="other", validate=validate.OneOf(wishes.PURPOSES))
    companions = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, _MOST_COMPANIONS))
    has_dog = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})
    is_shared = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    notes = fields.String(load_default="", validate=[validate.Length(0, _MOST_WORDS), PLAIN])

    @validates_schema
    def one_time(self, data: Mapping[str, Any], **_: Any) -> None:
        """A time, or as soon as possible."""
        if data.get("asap") and (data.get("pick_up_at") or data.get("arrive_by")):
            raise ValidationError([_TIME_OR_ASAP], "asap")
        if not (data.get("asap") or data.get("pick_up_at") or data.get("arrive_by")):
            raise ValidationError([_NO_TIME], "pick_up_at")


class PlaceShown(Schema):
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    district = fields.String(required=True)
    district_name = fields.String(required=True)
    label = fields.String(required=True)
    address = fields.String(required=True)
    directions = fields.String(required=True)


class RideAskSchema(Schema):
    """What became of asking one fleet; `next_at` is when it could, or when it begins to take bookings."""

    fleet = fields.String(required=True)
    fleet_name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(states.ASK_STATES))
    reason = fields.String(required=True, allow_none=True)
    reason_words = fields.String(required=True, allow_none=True)
    next_at = moment(is_optional=True)


class FareLineSchema(Schema):
    code = fields.String(required=True)
    words = fields.String(required=True)
    amount_twd = fields.Integer(required=True)


class RideFareSchema(Schema):
    price_twd = fields.Integer(required=True)
    subsidy_twd = fields.Integer(required=True)
    quota_twd = fields.Integer(required=True)
    rider_pays_twd = fields.Integer(required=True)
    lines = fields.List(fields.Nested(FareLineSchema), required=True)
    source = fields.String(required=True)


class RideVehicleSchema(Schema):
    model = fields.String(required=True)
    chair_places = fields.Integer(required=True)
    seats = fields.Integer(required=True)
    widest_chair_cm = fields.Integer(required=True)
    longest_chair_cm = fields.Integer(required=True)
    heaviest_chair_kg = fields.Integer(required=True)
    has_lift = fields.Boolean(required=True)
    has_ramp = fields.Boolean(required=True)


class RideFitSchema(Schema):
    fits = fields.Boolean(required=True)
    words = fields.String(required=True)


class RideOfferSchema(Schema):
    """What a fleet could do. `ride_minutes_at_most` is its promise where others may ride along; `rider_pays_twd` what
    is left after subsidy and quota; `confidence` from 0 to 1; `can_be_taken`: not lapsed, and not tried before."""

    id = fields.String(required=True)
    fleet = fields.String(required=True)
    fleet_name = fields.String(required=True)
    pick_up_at = moment()
    window_starts_at = moment()
    window_ends_at = moment()
    arrives_at = moment()
    ride_minutes = fields.Integer(required=True)
    ride_minutes_at_most = fields.Integer(required=True, allow_none=True)
    is_pooled = fields.Boolean(required=True)
    price_twd = fields.Integer(required=True)
    is_metered = fields.Boolean(required=True)
    rider_pays_twd = fields.Integer(required=True)
    fare = fields.Nested(RideFareSchema, required=True)
    vehicle = fields.Nested(RideVehicleSchema, required=True)
    fit = fields.Nested(RideFitSchema, required=True)
    confidence = fields.Float(required=True)
    confidence_words = fields.String(required=True)
    cancellation_words = fields.String(required=True)
    lapses_at = moment()
    is_recommended = fields.Boolean(required=True)
    can_be_taken = fields.Boolean(required=True)


class WhatNowSchema(Schema):
    """Something to do now; `phone` is to be rung."""

    code = fields.String(required=True)
    words = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)


class RideLegSchema(Schema):
    """A request for one leg. `wanted_at` is when to be picked up, or to be there (arrive_by); null: will_call."""

    id = fields.String(required=True)
    booking_id = fields.String(required=True)
    leg = fields.String(required=True, validate=validate.OneOf(("out", "back")))
    status = fields.String(required=True, validate=validate.OneOf(states.STATES))
    status_words = fields.String(required=True)
    pickup = fields.Nested(PlaceShown, required=True, data_key="from")
    dropoff = fields.Nested(PlaceShown, required=True, data_key="to")
    stops = fields.List(fields.Nested(PlaceShown), required=True)
    time_kind = fields.String(required=True, validate=validate.OneOf(("pick_up_at", "arrive_by", "asap", "will_call")))
    wanted_at = moment(is_optional=True)
    purpose = fields.String(required=True, validate=validate.OneOf(wishes.PURPOSES))
    companions = fields.Integer(required=True)
    has_dog = fields.Boolean(required=True)
    is_shared = fields.Boolean(required=True)
    notes = fields.String(required=True)
    asked_at = moment()
    answers_by = moment(is_optional=True)
    asks = fields.List(fields.Nested(RideAskSchema), required=True)
    offers = fields.List(fields.Nested(RideOfferSchema), required=True)
    what_now = fields.List(fields.Nested(WhatNowSchema), required=True)


class RideRequestSchema(RideLegSchema):
    """The same with the way back that was asked for together."""

    return_request = fields.Nested(RideLegSchema, required=True, allow_none=True)


RideRequestPage = page_of(RideLegSchema)
RideRequestQuery = PageQuery
BOOKING_ID = Matches("^book_[0-9a-hjkmnp-tv-z]{26}$")
