"""What goes over the wire about recurring rides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from accessibility.requests.schemas import PlaceShown, RideRequestCreate, moment
from accessibility.rides.schemas import CancellationTermsSchema
from accessibility.series import states
from core.http import TrueOrFalse, WholeNumber, page_of
from core.text import Text

_WEEKDAYS = validate.Range(1, 7)
_EACH_ONCE = Text("每個星期幾只列一次。", "each weekday once")
_TIME_OF_DAY = Text("定期車趟要有固定時間，不能選盡快。", "recurring rides have a time of day")


class SeriesGiven(Schema):
    """On which weekdays (Monday is 1) and until which last day; `skips_holidays`: not on public holidays."""

    weekdays = fields.List(
        WholeNumber(validate=_WEEKDAYS), required=True, validate=validate.Length(1, 7), metadata={"uniqueItems": True}
    )
    until = fields.Date(required=True, format="iso")
    skips_holidays = TrueOrFalse(load_default=False)

    @validates_schema
    def each_once(self, data: Mapping[str, Any], **_: Any) -> None:
        """Each weekday once."""
        if len(set(data.get("weekdays", ()))) < len(data.get("weekdays", ())):
            raise ValidationError([_EACH_ONCE], "weekdays")


class RideSeriesCreate(RideRequestCreate):
    """A request that recurs: its day is the first, its times of day are those of every day."""

    series = fields.Nested(SeriesGiven, required=True)

    @validates_schema
    def at_a_time(self, data: Mapping[str, Any], **_: Any) -> None:
        """At a time of day."""
        if data.get("asap"):
            raise ValidationError([_TIME_OF_DAY], "asap")


class SeriesDaySchema(Schema):
    """One day. `asked_at` is when the fleets are asked for it; `request_id` once they were."""

    date = fields.Date(required=True)
    wanted_at = moment()
    status = fields.String(required=True, validate=validate.OneOf(states.DAY_STATES))
    status_words = fields.String(required=True)
    reason_words = fields.String(required=True, allow_none=True)
    asked_at = moment()
    request_id = fields.String(required=True, allow_none=True)
    ride_id = fields.String(required=True, allow_none=True)
    may_take_up = fields.Boolean(required=True)


class SeriesCancel(Schema):
    """`with_rides`: every booked ride ahead is cancelled, too. `agreed_fee_twd` and `agreed_points`: what the rider was
    told that this means; where it would be more by now, nothing is done."""

    with_rides = TrueOrFalse(required=True)
    agreed_fee_twd = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 1_000_000))
    agreed_points = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))


class SeriesRideTermsSchema(CancellationTermsSchema):
    """What cancelling one ride of a series now would mean; `pick_up_at` null: when its rider says so."""

    ride_id = fields.String(required=True)
    leg = fields.String(required=True, validate=validate.OneOf(("out", "back")))
    pick_up_at = moment(is_optional=True)
    fleet_name = fields.String(required=True, allow_none=True)


class SeriesCancellationTermsSchema(Schema):
    """What giving up a series now with all its rides would mean: `days_open` are not booked yet and cost nothing."""

    days_open = fields.Integer(required=True)
    rides = fields.List(fields.Nested(SeriesRideTermsSchema), required=True)
    fee_twd = fields.Integer(required=True)
    points = fields.Integer(required=True)
    words = fields.String(required=True)


class SeriesCancellationSchema(Schema):
    """How far the cancelling of a series' rides has come: `under_way` wait for their fleet's answer, `kept` could not
    be cancelled any more."""

    asked_at = moment()
    rides = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    under_way = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    fee_twd = fields.Integer(required=True)
    words = fields.String(required=True)


class RideSeriesSchema(Schema):
    """Recurring rides; `next` are the days from today on, the first thirty; `to_cancel` how many are booked: each
    is cancelled as its fleet's terms say, by itself or with the series. `cancellation` says what became of them."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf((states.ACTIVE, states.CANCELLED, states.OVER)))
    status_words = fields.String(required=True)
    weekdays = fields.List(fields.Integer(), required=True)
    weekdays_words = fields.String(required=True)
    starts_on = fields.Date(required=True)
    until = fields.Date(required=True)
    skips_holidays = fields.Boolean(required=True)
    pickup = fields.Nested(PlaceShown, required=True, data_key="from")
    dropoff = fields.Nested(PlaceShown, required=True, data_key="to")
    at = fields.String(required=True)
    time_kind = fields.String(required=True, validate=validate.OneOf(("pick_up_at", "arrive_by")))
    return_at = fields.String(required=True, allow_none=True)
    return_on_call = fields.Boolean(required=True)
    purpose = fields.String(required=True)
    made_at = moment()
    to_cancel = fields.Integer(required=True)
    may_take_up = fields.Boolean(required=True)
    cancellation = fields.Nested(SeriesCancellationSchema, required=True, allow_none=True)
    next = fields.List(fields.Nested(SeriesDaySchema), required=True)


RideSeriesPage = page_of(RideSeriesSchema)
