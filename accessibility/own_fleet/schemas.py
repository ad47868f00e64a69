"""What goes over the wire between the vans' drivers, the dispatch desk and us."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accessibility.own_fleet.events import KINDS
from accessibility.own_fleet.overriding import PROMISES
from core.http import Matches, TrueOrFalse, page_of
from partners.fleets.contents import FUNCTIONS

VAN_NUMBER = "^[A-Z0-9-]{2,12}$"
TRIP = "^[!-~]{1,64}$"
_NOTE = validate.Length(0, 500)
_STATES = ("held", "bound", "on_the_way", "at_door", "aboard", "done", "no_show", "cancelled", "lapsed")


def _latitude(**more: object) -> fields.Float:
    return fields.Float(validate=validate.Range(-90, 90), **more)  # type: ignore[arg-type]


def _longitude(**more: object) -> fields.Float:
    return fields.Float(validate=validate.Range(-180, 180), **more)  # type: ignore[arg-type]


class DriverSessionRequestSchema(Schema):
    vehicle = fields.String(required=True, validate=Matches(VAN_NUMBER))
    pin = fields.String(required=True, validate=Matches("^[0-9]{6}$"))
    transport = fields.String(
        load_default="cookie",
        validate=validate.OneOf(("cookie", "bearer")),
        metadata={"description": "cookie: the token comes as the HttpOnly cookie `__Host-driver` and not in the body"},
    )


class TapSchema(Schema):
    at = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "when the driver pressed, where it is sent later"}
    )


class PlacedTapSchema(TapSchema):
    latitude = _latitude(load_default=None, allow_none=True)
    longitude = _longitude(load_default=None, allow_none=True)


class AboardSchema(TapSchema):
    code = fields.String(
        load_default=None,
        allow_none=True,
        validate=Matches("^[0-9]{4}$"),
        metadata={"description": "the four digits that the rider says; without them `reason` says why they cannot"},
    )
    reason = fields.String(load_default="", validate=_NOTE)


class NoShowSchema(PlacedTapSchema):
    note = fields.String(load_default="", validate=_NOTE)


class VanRestSchema(TapSchema):
    is_beginning = TrueOrFalse(required=True)


class IncidentSchema(TapSchema):
    kind = fields.String(
        required=True, validate=validate.OneOf(("breakdown", "accident", "rider_unwell", "road_closed", "other"))
    )
    note = fields.String(load_default="", validate=_NOTE)


class VanPositionSchema(TapSchema):
    latitude = _latitude(required=True)
    longitude = _longitude(required=True)


class VanSchema(Schema):
    number = fields.String(required=True)
    plate = fields.String(required=True)
    model = fields.String(required=True)


class VanDriverSchema(Schema):
    name = fields.String(required=True)
    number = fields.String(required=True)


class DispatchDriverSchema(VanDriverSchema):
    phone = fields.String(required=True)


class ShiftSchema(Schema):
    starts_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)


class DriverSessionSchema(Schema):
    vehicle = fields.Nested(VanSchema, required=True)
    driver = fields.Nested(VanDriverSchema, required=True)
    shift = fields.Nested(ShiftSchema, required=True)
    now = fields.DateTime(required=True)
    token = fields.String(required=True, allow_none=True, metadata={"description": "shown this once; null in a cookie"})


class StopPlaceSchema(Schema):
    label = fields.String(required=True)
    address = fields.String(required=True)
    directions = fields.String(required=True)
    district = fields.String(required=True, allow_none=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)


class StopRiderSchema(Schema):
    name = fields.String(required=True)
    phone = fields.String(required=True)
    notes = fields.String(required=True)
    caregiver_name = fields.String(required=True, allow_none=True)
    caregiver_phone = fields.String(required=True, allow_none=True)


class StopChairSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(("manual", "electric", "scooter")))
    width_cm = fields.Integer(required=True, allow_none=True)
    length_cm = fields.Integer(required=True, allow_none=True)
    weight_kg = fields.Integer(required=True, allow_none=True)


class LoadSchema(Schema):
    wheelchairs = fields.Integer(required=True)
    seats = fields.Integer(required=True)


class CarriedSchema(Schema):
    companions = fields.Integer(required=True)
    has_dog = fields.Boolean(required=True)
    functions = fields.List(fields.String(validate=validate.OneOf(FUNCTIONS)), required=True)
    chair = fields.Nested(StopChairSchema, required=True, allow_none=True)
    is_shared = fields.Boolean(required=True)
    places_taken = fields.Nested(LoadSchema, required=True)


class VanStopSchema(CarriedSchema):
    id = fields.String(required=True)
    trip = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("pickup", "dropoff")))
    status = fields.String(
        required=True, validate=validate.OneOf(("planned", "arrived", "done", "no_show", "cancelled"))
    )
    ride_status = fields.String(required=True, validate=validate.OneOf(_STATES))
    planned_at = fields.DateTime(required=True)
    expected_at = fields.DateTime(required=True)
    window_starts_at = fields.DateTime(required=True)
    window_ends_at = fields.DateTime(required=True)
    arrived_at = fields.DateTime(required=True, allow_none=True)
    left_at = fields.DateTime(required=True, allow_none=True)
    no_show_from = fields.DateTime(required=True, allow_none=True)
    rider_at_door_since = fields.DateTime(required=True, allow_none=True)
    place = fields.Nested(StopPlaceSchema, required=True)
    rider = fields.Nested(StopRiderSchema, required=True, allow_none=True)


class VanBreakSchema(Schema):
    id = fields.String(required=True)
    planned_at = fields.DateTime(required=True)
    starts_at = fields.DateTime(required=True, metadata={"description": "the earliest beginning"})
    starts_by = fields.DateTime(required=True, metadata={"description": "the latest beginning"})
    minutes = fields.Integer(required=True)
    began_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class VanManifestSchema(Schema):
    now = fields.DateTime(required=True)
    version = fields.Integer(required=True)
    vehicle = fields.Nested(VanSchema, required=True)
    driver = fields.Nested(VanDriverSchema, required=True)
    shift = fields.Nested(ShiftSchema, required=True)
    is_broken = fields.Boolean(required=True)
    dispatch_phone = fields.String(required=True, allow_none=True, metadata={"description": "of the dispatch desk"})
    breaks = fields.List(fields.Nested(VanBreakSchema), required=True)
    stops = fields.List(fields.Nested(VanStopSchema), required=True)


class DayQuery(Schema):
    date = fields.Date(load_default=None)


class ReplayQuery(DayQuery):
    vehicle = fields.String(load_default=None, validate=Matches(VAN_NUMBER))


class DepotSchema(Schema):
    label = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)


class SeenSchema(Schema):
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    seen_at = fields.DateTime(required=True)


class DispatchVanSchema(VanSchema):
    tour = fields.String(required=True)
    version = fields.Integer(required=True)
    driver = fields.Nested(DispatchDriverSchema, required=True)
    depot = fields.Nested(DepotSchema, required=True)
    layouts = fields.List(fields.Nested(LoadSchema), required=True)
    shift = fields.Nested(ShiftSchema, required=True)
    breaks = fields.List(fields.Nested(VanBreakSchema), required=True)
    status = fields.String(required=True, validate=validate.OneOf(("in_service", "broken_down", "off")))
    broken_why = fields.String(required=True)
    position = fields.Nested(SeenSchema, required=True, allow_none=True)
    late_minutes = fields.Integer(required=True)
    stops = fields.List(fields.Nested(VanStopSchema), required=True)


class DispatchDaySchema(Schema):
    date = fields.Date(required=True)
    now = fields.DateTime(required=True)
    vehicles = fields.List(fields.Nested(DispatchVanSchema), required=True)


class UnassignedSchema(CarriedSchema):
    trip = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(_STATES))
    pick_up_at = fields.DateTime(required=True)
    window_starts_at = fields.DateTime(required=True)
    window_ends_at = fields.DateTime(required=True)
    arrives_by = fields.DateTime(required=True)
    place_wanted_until = fields.DateTime(
        required=True, metadata={"description": "then it is given up, and other fleets are asked"}
    )
    is_rescue = fields.Boolean(required=True, metadata={"description": "somebody waits in a van that broke down"})
    from_place = fields.Nested(StopPlaceSchema, required=True)
    to_place = fields.Nested(StopPlaceSchema, required=True)
    why = fields.String(required=True)


class DispatchTripSchema(CarriedSchema):
    trip = fields.String(required=True)
    fleet_order = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(_STATES))
    vehicle = fields.String(required=True, allow_none=True)
    pick_up_at = fields.DateTime(required=True)
    window_starts_at = fields.DateTime(required=True)
    window_ends_at = fields.DateTime(required=True)
    arrives_by = fields.DateTime(required=True)
    ride_minutes_at_most = fields.Integer(required=True)
    from_place = fields.Nested(StopPlaceSchema, required=True)
    to_place = fields.Nested(StopPlaceSchema, required=True)
    rider = fields.Nested(StopRiderSchema, required=True, allow_none=True)


class WhatIfRequestSchema(Schema):
    trip = fields.String(required=True, validate=Matches(TRIP))
    vehicle = fields.String(required=True, validate=Matches(VAN_NUMBER))


class LaterSchema(Schema):
    trip = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("pickup", "dropoff")))
    was_at = fields.DateTime(required=True, allow_none=True)
    is_at = fields.DateTime(required=True)
    minutes = fields.Integer(required=True)


class BrokenSchema(Schema):
    trip = fields.String(required=True, allow_none=True)
    promise = fields.String(required=True, validate=validate.OneOf(PROMISES))
    minutes = fields.Integer(required=True)
    words = fields.String(required=True)


class WhatIfSchema(Schema):
    trip = fields.String(required=True)
    vehicle = fields.String(required=True)
    is_feasible = fields.Boolean(required=True, metadata={"description": "every promise is kept"})
    is_possible = fields.Boolean(required=True, metadata={"description": "it fits; an override could do it"})
    added_minutes = fields.Integer(required=True)
    later = fields.List(fields.Nested(LaterSchema), required=True)
    broken = fields.List(fields.Nested(BrokenSchema), required=True)
    version = fields.Integer(required=True, metadata={"description": "of this van's tour: what If-Match carries"})


class AssignmentRequestSchema(Schema):
    trip = fields.String(required=True, validate=Matches(TRIP))
    vehicle = fields.String(
        required=True,
        allow_none=True,
        validate=Matches(VAN_NUMBER),
        metadata={"description": "null: out of its van, to be placed again"},
    )
    reason = fields.String(load_default="", validate=_NOTE)
    override = TrueOrFalse(load_default=False)


class AssignedSchema(Schema):
    trip = fields.String(required=True)
    vehicle = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    broken = fields.List(fields.Nested(BrokenSchema), required=True)


class BreakdownRequestSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class PlacedAgainSchema(Schema):
    trip = fields.String(required=True)
    vehicle = fields.String(required=True, allow_none=True)


class BreakdownSchema(Schema):
    reassigned = fields.List(fields.Nested(PlacedAgainSchema), required=True)
    unassigned = fields.List(fields.Nested(PlacedAgainSchema), required=True)


class ReplayEventSchema(Schema):
    at = fields.DateTime(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    vehicle = fields.String(required=True, allow_none=True)
    trip = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, validate=validate.OneOf(("fleet", "city", "driver", "officer")))
    reason = fields.String(required=True)
    latitude = fields.Float(required=True, allow_none=True)
    longitude = fields.Float(required=True, allow_none=True)
    words = fields.String(required=True)


class ReplaySchema(Schema):
    date = fields.Date(required=True)
    starts_at = fields.DateTime(required=True, allow_none=True)
    ends_at = fields.DateTime(required=True, allow_none=True)
    events = fields.List(fields.Nested(ReplayEventSchema), required=True)


class FleetManifestSchema(Schema):
    vehicle = fields.Nested(VanSchema, required=True)
    shift = fields.Nested(ShiftSchema, required=True)
    version = fields.Integer(required=True)
    breaks = fields.List(fields.Nested(VanBreakSchema), required=True)
    stops = fields.List(fields.Nested(VanStopSchema), required=True)


class FleetManifestsSchema(Schema):
    date = fields.Date(required=True)
    items = fields.List(fields.Nested(FleetManifestSchema), required=True)


UnassignedPage = page_of(UnassignedSchema)
