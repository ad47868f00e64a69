"""What goes over the wire about fleets' terms at the desk."""

from __future__ import annotations

from datetime import date
from typing import Final

from marshmallow import Schema, fields, validate

from accessibility.fleets.schemas import KINDS
from accessibility.requests.wishes import PURPOSES
from accessibility.riders.eligibility import SEVERITIES
from core.districts import DISTRICTS
from core.http import Matches, WholeNumber

_HOUR: Final = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
_PLAIN: Final = Matches("^[^\\x00-\\x1f\\x7f]*$")
_TOWN: Final = "^([0-9]{5,8}|[*])$"


def _flag() -> fields.Boolean:
    return fields.Boolean(required=True, truthy={True}, falsy={False})


class FleetTierSchema(Schema):
    """From midnight so many days before the ride, for whom all of the rest is true (nothing said: for everybody)."""

    opens_days = WholeNumber(required=True, validate=validate.Range(0, 60))
    purposes = fields.List(fields.String(validate=validate.OneOf(PURPOSES)), validate=validate.Length(0, 10))
    severities = fields.List(fields.String(validate=validate.OneOf(SEVERITIES)), validate=validate.Length(0, 10))
    books_first = fields.Boolean(truthy={True}, falsy={False})
    needs_wheelchair = fields.Boolean(truthy={True}, falsy={False})


class FleetTermsSchema(Schema):
    opens_at = fields.String(required=True, validate=Matches(_HOUR))
    closes_at = fields.String(
        required=True, validate=Matches(_HOUR), metadata={"description": "the same as opens_at: day and night"}
    )
    areas = fields.List(
        fields.String(validate=validate.OneOf(tuple(DISTRICTS))), required=True, allow_none=True,
        validate=validate.Length(1, 60), metadata={"description": "town codes of the city; null: all of it"},
    )  # fmt: skip
    areas_beyond = fields.List(
        fields.String(validate=Matches(_TOWN)), required=True, validate=validate.Length(0, 60),
        metadata={"description": "town codes beyond the city; *: wherever rides go"},
    )  # fmt: skip
    tiers = fields.List(
        fields.Nested(FleetTierSchema), required=True, validate=validate.Length(1, 12),
        metadata={"description": "the first that fits says from when the fleet takes bookings"},
    )  # fmt: skip
    closes_minutes = WholeNumber(required=True, validate=validate.Range(0, 10_080))
    is_only_for_eligible = _flag()
    free_until_minutes = WholeNumber(required=True, validate=validate.Range(0, 10_080))
    late_fee_twd = WholeNumber(required=True, validate=validate.Range(0, 5_000))
    late_points = WholeNumber(required=True, validate=validate.Range(0, 10))
    is_pooled_obligatory = _flag()
    widest_chair_cm = WholeNumber(required=True, validate=validate.Range(30, 200))
    longest_chair_cm = WholeNumber(required=True, validate=validate.Range(30, 300))
    heaviest_chair_kg = WholeNumber(required=True, validate=validate.Range(50, 1_000))
    source = fields.String(
        required=True, validate=[validate.Length(1, 300), _PLAIN],
        metadata={"description": "the law, announcement or letter that says so"},
    )  # fmt: skip
    is_confirmed = _flag()


class FleetTermsProposal(FleetTermsSchema):
    """Terms from the beginning of `first_day` in Taipei on."""

    first_day = fields.Date(required=True, validate=validate.Range(date(2020, 1, 1), date(2100, 1, 1)))


class FleetTermsVersionSchema(FleetTermsSchema):
    first_day = fields.Date(required=True)
    counts = fields.String(required=True, validate=validate.OneOf(("now", "later", "no_more")))
    hours_words = fields.String(required=True)
    area_words = fields.String(required=True)
    booking_words = fields.String(required=True)
    cancellation_words = fields.String(required=True)
    chair_words = fields.String(required=True)


class FleetTermsHistorySchema(Schema):
    fleet = fields.String(required=True)
    versions = fields.List(fields.Nested(FleetTermsVersionSchema), required=True)


class DeskFleetSchema(Schema):
    fleet = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    phone = fields.String(required=True)
    is_open = fields.Boolean(required=True)


class DeskFleetsSchema(Schema):
    items = fields.List(fields.Nested(DeskFleetSchema), required=True)


class FleetTermsProposedSchema(Schema):
    approval_id = fields.String(required=True, metadata={"description": "another officer decides it"})
