"""What goes over the wire about riders: what the profile holds, and what somebody is entitled to."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accessibility.places.schemas import NOT_BLANK, PLAIN
from accessibility.riders.eligibility import SEVERITIES
from accessibility.riders.eligibility_papers import STATUSES
from accessibility.riders.profile import CHAIR_KINDS, CONTACT_WAYS, MOST_COMPANIONS, NEEDS
from core.http import Matches, PageQuery, WholeNumber, page_of

_LANGUAGES = ("zh-TW", "nan-TW", "hak-TW", "en", "id", "vi", "th", "tl", "sign")
_FLEET = Matches("^[a-z][a-z0-9_]{1,19}$")
REASONS = ("not_asked", "none", "run_out")


class WheelchairWanted(Schema):
    """A wheelchair or scooter, in centimetres and kilograms (`weight_kg`: chair and person). With kind `none` nothing
    else is said of it."""

    kind = fields.String(required=True, validate=validate.OneOf(CHAIR_KINDS))
    width_cm = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))
    length_cm = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))
    weight_kg = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(0, 10_000))


class WheelchairSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(CHAIR_KINDS))
    width_cm = fields.Integer(required=True, allow_none=True)
    length_cm = fields.Integer(required=True, allow_none=True)
    weight_kg = fields.Integer(required=True, allow_none=True)


class ContactWanted(Schema):
    """How the rider is told of a ride. Without `phone` it is the mobile of the account."""

    way = fields.String(required=True, validate=validate.OneOf(CONTACT_WAYS))
    phone = fields.String(load_default=None, allow_none=True, validate=[validate.Length(1, 30), PLAIN])


class ContactSchema(Schema):
    way = fields.String(required=True, validate=validate.OneOf(CONTACT_WAYS))
    phone = fields.String(required=True, allow_none=True)


class RiderWanted(Schema):
    """The whole profile; `needs` are what the ride must do, never why."""

    wheelchair = fields.Nested(WheelchairWanted, required=True)
    can_transfer = fields.Boolean(required=True, truthy={True}, falsy={False})
    companions_usual = WholeNumber(required=True, validate=validate.Range(0, MOST_COMPANIONS))
    service_dog = fields.Boolean(required=True, truthy={True}, falsy={False})
    needs = fields.List(fields.String(validate=validate.OneOf(NEEDS)), required=True, validate=validate.Length(0, 5))
    languages = fields.List(
        fields.String(validate=validate.OneOf(_LANGUAGES)), required=True, validate=validate.Length(1, 5)
    )
    contact = fields.Nested(ContactWanted, required=True)
    fleet_order = fields.List(fields.String(validate=_FLEET), required=True, validate=validate.Length(0, 20))
    notes_for_driver = fields.String(required=True, validate=[validate.Length(0, 200), PLAIN])


class RiderSchema(Schema):
    """A rider's profile; `version` 0: nothing was saved yet. `functions` are the codes that fleets are asked with."""

    version = fields.Integer(required=True)
    wheelchair = fields.Nested(WheelchairSchema, required=True)
    can_transfer = fields.Boolean(required=True)
    companions_usual = fields.Integer(required=True)
    service_dog = fields.Boolean(required=True)
    needs = fields.List(fields.String(), required=True)
    languages = fields.List(fields.String(), required=True)
    contact = fields.Nested(ContactSchema, required=True)
    fleet_order = fields.List(fields.String(), required=True)
    notes_for_driver = fields.String(required=True)
    functions = fields.List(fields.String(), required=True)


class PaperWanted(Schema):
    """Who issued a diagnosis paper, and when. What it says is shown at the counter and is not written here."""

    issuer = fields.String(required=True, validate=[validate.Length(2, 60), NOT_BLANK])
    issued_on = fields.Date(required=True)


class PaperSchema(Schema):
    id = fields.String(required=True)
    issuer = fields.String(required=True)
    issued_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    status_words = fields.String(required=True)
    valid_until = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True)
    handed_in_at = fields.String(required=True, metadata={"format": "date-time"})


class RideEligibilitySchema(Schema):
    """What the rider is entitled to. `reason` says why to nothing; `in_words` all of it. `severity` is null where a
    diagnosis paper counts instead of a certificate (`medical_only`)."""

    is_eligible = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True, validate=validate.OneOf((*REASONS, None)))
    severity = fields.String(required=True, allow_none=True, validate=validate.OneOf((*SEVERITIES, None)))
    needs_wheelchair = fields.Boolean(required=True)
    medical_only = fields.Boolean(required=True)
    books_first = fields.Boolean(required=True)
    valid_until = fields.Date(required=True, allow_none=True)
    in_words = fields.String(required=True)
    asked_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    papers = fields.List(fields.Nested(PaperSchema), required=True)


class DeskPaperSchema(PaperSchema):
    """A paper as the desk sees it: whose, by the name and number on it."""

    rider_name = fields.String(required=True, allow_none=True)
    rider_number = fields.String(required=True)


DeskPaperPage = page_of(DeskPaperSchema)


class DeskPapersQuery(PageQuery):
    """Those that wait, the oldest first."""


class PaperAcceptance(Schema):
    """The last day on which medical trips may be booked by it."""

    valid_until = fields.Date(required=True)


class PaperRefusal(Schema):
    """Why it does not do, as the rider reads it; no diagnosis."""

    reason = fields.String(required=True, validate=[validate.Length(2, 200), NOT_BLANK])
