"""What goes over the wire about rides. Money is whole NT$, moments RFC 3339 with an offset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from accessibility.places.schemas import PLAIN
from accessibility.requests.schemas import Moment, PlaceShown, RideFareSchema, WhatNowSchema, moment
from accessibility.rides import states, telling
from core.http import PageQuery, WholeNumber, page_of
from core.text import Text

_ID = validate.Length(1, 60)
_OFFER_OR_REQUEST = Text(
    "請給 offer_id，或 request_id 加 choose_for_me，擇一。", "either offer_id, or request_id with choose_for_me"
)
_TOGETHER = Text("request_id 和 choose_for_me 要一起給。", "request_id and choose_for_me go together")
_WITH_OFFER = Text("要和 offer_id 一起給。", "goes with offer_id")
_NOTHING_CHANGED = Text(
    "請至少給一項：pick_up_at、companions 或 notes。", "at least one of pick_up_at, companions and notes"
)


def _yes_or_no() -> fields.Boolean:
    return fields.Boolean(load_default=False, truthy={True}, falsy={False})


class RideCreate(Schema):
    """Either an offer, with one for the way back, or a request for which the city chooses by the rider's own order.
    `without_return`: only the way there, though both were asked for. `agreed_twd`: what the rider was told that they
    pay for all of it, and agree to; where it would be more by now, nothing is taken."""

    offer_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    return_offer_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    request_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    choose_for_me = _yes_or_no()
    without_return = _yes_or_no()
    agreed_twd = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 1_000_000))

    @validates_schema
    def one_of_both(self, data: Mapping[str, Any], **_: Any) -> None:
        """An offer, or a request to be chosen for."""
        if bool(data.get("offer_id")) == bool(data.get("request_id")):
            raise ValidationError([_OFFER_OR_REQUEST], "offer_id")
        if bool(data.get("request_id")) != bool(data.get("choose_for_me")):
            raise ValidationError([_TOGETHER], "choose_for_me")
        if data.get("return_offer_id") and not data.get("offer_id"):
            raise ValidationError([_WITH_OFFER], "return_offer_id")


class RidesQuery(PageQuery):
    when = fields.String(load_default="upcoming", validate=validate.OneOf(("upcoming", "past")))


class RideCancel(Schema):
    """`with_return`: the way back as well."""

    reason = fields.String(load_default="", validate=[validate.Length(0, 200), PLAIN])
    with_return = _yes_or_no()


class RideChange(Schema):
    pick_up_at = Moment(load_default=None, allow_none=True)
    companions = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 8))
    notes = fields.String(load_default=None, allow_none=True, validate=[validate.Length(0, 200), PLAIN])

    @validates_schema
    def something(self, data: Mapping[str, Any], **_: Any) -> None:
        """Something is to be otherwise."""
        if all(data.get(name) is None for name in ("pick_up_at", "companions", "notes")):
            raise ValidationError([_NOTHING_CHANGED], "pick_up_at")


class RideVehicleShown(Schema):
    number = fields.String(required=True)
    model = fields.String(required=True)
    has_lift = fields.Boolean(required=True)
    has_ramp = fields.Boolean(required=True)


class RideDriverShown(Schema):
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)


class RidePositionShown(Schema):
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    seen_at = moment()
    eta = moment(is_optional=True)


class RideMaySchema(Schema):
    """What its rider can do now."""

    cancel = fields.Boolean(required=True)
    change = fields.Boolean(required=True)
    ready = fields.Boolean(required=True)
    at_door = fields.Boolean(required=True)
    not_here = fields.Boolean(required=True)


class RideEventShown(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(tuple(telling.KINDS)))
    at = moment()
    words = fields.String(required=True)


class RideSchema(Schema):
    """A ride. Vehicle and driver as soon as they are known; `position` and `eta_at` only while it is under way;
    `code` is what its rider says to the driver; `rider_pays_twd` is what was agreed, after subsidy and quota."""

    id = fields.String(required=True)
    booking_id = fields.String(required=True)
    request_id = fields.String(required=True)
    leg = fields.String(required=True, validate=validate.OneOf(("out", "back")))
    other_leg_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(states.RIDE_STATES))
    status_words = fields.String(required=True)
    fleet = fields.String(required=True, allow_none=True)
    fleet_name = fields.String(required=True, allow_none=True)
    fleet_phone = fields.String(required=True, allow_none=True)
    pickup = fields.Nested(PlaceShown, required=True, data_key="from")
    dropoff = fields.Nested(PlaceShown, required=True, data_key="to")
    stops = fields.List(fields.Nested(PlaceShown), required=True)
    time_kind = fields.String(required=True)
    wanted_at = moment(is_optional=True)
    purpose = fields.String(required=True)
    pick_up_at = moment(is_optional=True)
    window_starts_at = moment(is_optional=True)
    window_ends_at = moment(is_optional=True)
    arrives_at = moment(is_optional=True)
    ride_minutes_at_most = fields.Integer(required=True, allow_none=True)
    is_pooled = fields.Boolean(required=True)
    code = fields.String(required=True, allow_none=True)
    vehicle = fields.Nested(RideVehicleShown, required=True, allow_none=True)
    driver = fields.Nested(RideDriverShown, required=True, allow_none=True)
    position = fields.Nested(RidePositionShown, required=True, allow_none=True)
    eta_at = moment(is_optional=True)
    minutes_late = fields.Integer(required=True)
    price_twd = fields.Integer(required=True, allow_none=True)
    rider_pays_twd = fields.Integer(required=True, allow_none=True)
    fare = fields.Nested(RideFareSchema, required=True, allow_none=True)
    companions = fields.Integer(required=True)
    has_dog = fields.Boolean(required=True)
    notes = fields.String(required=True)
    may = fields.Nested(RideMaySchema, required=True)
    is_cancelling = fields.Boolean(required=True)
    is_changing = fields.Boolean(required=True)
    series_id = fields.String(required=True, allow_none=True)
    ended_at = moment(is_optional=True)
    ended_by = fields.String(required=True, allow_none=True, validate=validate.OneOf(("rider", "fleet", "city")))
    end_reason = fields.String(required=True, allow_none=True)
    end_words = fields.String(required=True, allow_none=True)
    fee_twd = fields.Integer(required=True)
    events = fields.List(fields.Nested(RideEventShown), required=True)
    what_now = fields.List(fields.Nested(WhatNowSchema), required=True)


class BookingSchema(Schema):
    """What became of taking offers: 201 all bound or none, 202 a fleet has not answered yet."""

    booking_id = fields.String(required=True)
    rides = fields.List(fields.Nested(RideSchema), required=True)


RidePage = page_of(RideSchema)


class CancellationTermsSchema(Schema):
    """What cancelling now would mean. `fee_twd` is what the fleet may charge."""

    may_cancel = fields.Boolean(required=True)
    is_free = fields.Boolean(required=True)
    is_late = fields.Boolean(required=True)
    fee_twd = fields.Integer(required=True)
    points = fields.Integer(required=True)
    free_until = moment(is_optional=True)
    words = fields.String(required=True)
    source = fields.String(required=True)


class FleetNoticeTaken(Schema):
    received = fields.Boolean(required=True)
