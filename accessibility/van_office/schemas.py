"""What goes over the wire about the roster of the city's vans."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from marshmallow import Schema, fields, validate

from accessibility.own_fleet.schemas import VAN_NUMBER
from accessibility.van_office.errors import CAUTIONS, FAULTS
from core.http import Matches, QueryNumber, TrueOrFalse, WholeNumber

DRIVER_NUMBER = "^[0-9]{2,6}$"
_HOUR: Final = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_ID: Final = "^tour_[0-7][0-9a-hjkmnp-tv-z]{25}$"
_OUR_DAYS: Final = validate.Range(date(2020, 1, 1), date(2100, 1, 1))
_OUR_TIME: Final = validate.Range(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_MOST: Final = 500
_STATES: Final = ("planned", "under_way", "over", "broken_down")


def _day(**more: object) -> fields.Date:
    return fields.Date(validate=_OUR_DAYS, **more)  # type: ignore[arg-type]


def _hour(**more: object) -> fields.String:
    return fields.String(validate=Matches(_HOUR), **more)  # type: ignore[arg-type]


def _weekly() -> TrueOrFalse:
    return TrueOrFalse(load_default=False, metadata={"description": "also on that weekday of the weeks to come"})


class RosterQuery(Schema):
    first_day = _day(load_default=None, metadata={"description": "without it: today"})
    days = QueryNumber(load_default=7, validate=validate.Range(1, 14))


class RosterRestSchema(Schema):
    begins = _hour(required=True, metadata={"description": "the earliest beginning"})
    latest = _hour(required=True, metadata={"description": "the latest beginning"})
    minutes = WholeNumber(required=True, validate=validate.Range(5, 240))


class RosterShiftSchema(Schema):
    id = fields.String(required=True)
    date = fields.Date(required=True)
    vehicle = fields.String(required=True)
    driver = fields.String(required=True)
    driver_name = fields.String(required=True)
    begins = fields.String(required=True)
    ends = fields.String(required=True)
    starts_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)
    breaks = fields.List(fields.Nested(RosterRestSchema), required=True)
    rides = fields.Integer(required=True, metadata={"description": "rides that are in it and not over"})
    status = fields.String(required=True, validate=validate.OneOf(_STATES))


class VanAbsenceSchema(Schema):
    id = fields.String(required=True)
    vehicle = fields.String(required=True, allow_none=True)
    driver = fields.String(required=True, allow_none=True)
    driver_name = fields.String(required=True, allow_none=True)
    starts_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)
    reason = fields.String(required=True, metadata={"description": "of a van; why a driver is away is not kept"})


class RosterSchema(Schema):
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    last_possible_day = fields.Date(required=True, metadata={"description": "up to which shifts can be given"})
    now = fields.DateTime(required=True)
    shifts = fields.List(fields.Nested(RosterShiftSchema), required=True)
    absences = fields.List(fields.Nested(VanAbsenceSchema), required=True)


class RosterAdditionSchema(Schema):
    vehicle = fields.String(required=True, validate=Matches(VAN_NUMBER))
    driver = fields.String(required=True, validate=Matches(DRIVER_NUMBER))
    date = _day(required=True)
    begins = _hour(required=True)
    ends = _hour(required=True)
    breaks = fields.List(fields.Nested(RosterRestSchema), load_default=list, validate=validate.Length(0, 6))
    weekly = _weekly()
    until = _day(load_default=None, allow_none=True)


class RosterAlterationSchema(Schema):
    shift = fields.String(required=True, validate=Matches(_ID))
    driver = fields.String(load_default=None, allow_none=True, validate=Matches(DRIVER_NUMBER))
    begins = _hour(load_default=None, allow_none=True)
    ends = _hour(load_default=None, allow_none=True)
    breaks = fields.List(
        fields.Nested(RosterRestSchema), load_default=None, allow_none=True, validate=validate.Length(0, 6)
    )  # fmt: skip
    weekly = _weekly()


class RosterRemovalSchema(Schema):
    shift = fields.String(required=True, validate=Matches(_ID))
    weekly = _weekly()


class _StretchSchema(Schema):
    starts_at = fields.AwareDateTime(required=True, validate=_OUR_TIME)
    ends_at = fields.AwareDateTime(required=True, validate=_OUR_TIME)


class OutOfServiceSchema(_StretchSchema):
    vehicle = fields.String(required=True, validate=Matches(VAN_NUMBER))
    reason = fields.String(required=True, validate=validate.Length(1, 200))


class DriverAwaySchema(_StretchSchema):
    driver = fields.String(required=True, validate=Matches(DRIVER_NUMBER))
    substitute = fields.String(
        load_default=None, allow_none=True, validate=Matches(DRIVER_NUMBER),
        metadata={"description": "drives the shifts that lie in it, whole"},
    )  # fmt: skip


class RosterCopySchema(Schema):
    from_day = _day(required=True)
    to_day = _day(required=True)
    days = WholeNumber(load_default=7, validate=validate.Range(1, 14))


class RosterChangeSchema(Schema):
    """All of it at once, or nothing."""

    additions = fields.List(fields.Nested(RosterAdditionSchema), load_default=list, validate=validate.Length(0, _MOST))
    alterations = fields.List(
        fields.Nested(RosterAlterationSchema), load_default=list, validate=validate.Length(0, _MOST)
    )
    removals = fields.List(fields.Nested(RosterRemovalSchema), load_default=list, validate=validate.Length(0, _MOST))
    out_of_service = fields.List(fields.Nested(OutOfServiceSchema), load_default=list, validate=validate.Length(0, 50))
    away = fields.List(fields.Nested(DriverAwaySchema), load_default=list, validate=validate.Length(0, 50))
    copies = fields.List(fields.Nested(RosterCopySchema), load_default=list, validate=validate.Length(0, 2))


class RosterFoundSchema(Schema):
    pointer = fields.String(required=True, metadata={"description": "which line of the change (RFC 6901)"})
    code = fields.String(required=True, validate=validate.OneOf((*FAULTS, *CAUTIONS)))
    vehicle = fields.String(required=True, allow_none=True)
    driver = fields.String(required=True, allow_none=True)
    date = fields.Date(required=True, allow_none=True)
    words = fields.String(required=True)


class RosterWantedSchema(Schema):
    date = fields.Date(required=True)
    vehicle = fields.String(required=True)
    driver = fields.String(required=True)
    begins = fields.String(required=True)
    ends = fields.String(required=True)
    breaks = fields.List(fields.Nested(RosterRestSchema), required=True)


class RosterDoneSchema(Schema):
    before = fields.Nested(RosterWantedSchema, required=True, allow_none=True)
    after = fields.Nested(RosterWantedSchema, required=True, allow_none=True)


class RosterRideSchema(Schema):
    trip = fields.String(required=True)
    pick_up_at = fields.DateTime(required=True)
    vehicle = fields.String(required=True, metadata={"description": "that it is in now"})
    takes = fields.String(
        required=True, allow_none=True,
        metadata={"description": "the van that takes it; null: none can, and other fleets are asked"},
    )  # fmt: skip
    is_aboard = fields.Boolean(required=True)
    is_same_van = fields.Boolean(required=True, metadata={"description": "only its driver is another"})
    is_held = fields.Boolean(required=True, metadata={"description": "not booked yet: its rider chooses anew"})


class RosterOutcomeSchema(Schema):
    is_possible = fields.Boolean(required=True)
    version = fields.Integer(required=True, metadata={"description": "what If-Match carries to do just this"})
    faults = fields.List(fields.Nested(RosterFoundSchema), required=True)
    cautions = fields.List(fields.Nested(RosterFoundSchema), required=True)
    left_out = fields.List(
        fields.Nested(RosterFoundSchema), required=True, metadata={"description": "shifts that are not copied, and why"}
    )
    shifts = fields.List(fields.Nested(RosterDoneSchema), required=True)
    rides = fields.List(fields.Nested(RosterRideSchema), required=True)


class RosterSheetSchema(Schema):
    csv = fields.String(required=True, validate=validate.Length(1, 200_000))


class RosterSheetLineSchema(Schema):
    line = fields.Integer(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(("added", "changed", "removed", "same", "wrong")))
    pointer = fields.String(required=True, allow_none=True)
    words = fields.String(required=True)


class RosterSheetReadSchema(Schema):
    is_readable = fields.Boolean(required=True, metadata={"description": "no line is wrong"})
    lines = fields.List(fields.Nested(RosterSheetLineSchema), required=True)
    change = fields.Nested(RosterChangeSchema, required=True, metadata={"description": "to try, and then to do"})
