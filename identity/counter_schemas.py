"""What goes over the wire at the service counter, the 1999 line, and with codes on paper and printed cards.

Unknown members are refused.
"""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches
from core.names import PersonName
from core.text import LANGUAGES
from identity import counter
from identity.schemas import (
    Mobile,
    PersonNumber,
    RegistrationCredential,
    ceremony_field,
    moment_field,
    passkey_name_field,
    transport_field,
)

_NUMBER = {"example": "A123456789", "pattern": "^[A-Z][1289A-D][0-9]{8}$"}


def _case_number() -> fields.String:
    return fields.String(
        required=True,
        validate=[validate.Length(1, 60), Matches("^[0-9A-Za-z\\u4e00-\\u9fff][0-9A-Za-z\\u4e00-\\u9fff /._-]*$")],
        metadata={"example": "115-KH-000123", "description": "the case, or the ticket of the queue, that this is for"},
    )


def _id_number() -> PersonNumber:
    return PersonNumber(required=True, metadata=_NUMBER)


def _card_code() -> fields.String:
    return fields.String(required=True, validate=Matches("^[0-9]{8}$"), metadata={"example": "48151623"})


def _pin() -> fields.String:
    return fields.String(required=True, validate=Matches("^[0-9]{6}$"), metadata={"example": "804317"})


class LookUp(Schema):
    national_id = _id_number()
    purpose = fields.String(required=True, validate=validate.OneOf(counter.PURPOSES))
    case_number = _case_number()


class PapersSeen(Schema):
    papers = fields.List(
        fields.String(validate=validate.OneOf(counter.PAPERS)),
        required=True,
        validate=validate.Length(1, len(counter.PAPERS)),
    )


class WrittenDown(Schema):
    name = PersonName(required=True)
    mobile = Mobile(
        allow_none=True,
        metadata={
            "example": "0912345678",
            "pattern": "^09[0-9]{8}$",
            "description": "left out: stays as it is; null: has none",
        },
    )
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))


class CardWish(Schema):
    pin = _pin()


class RunningCardSchema(Schema):
    issued_at = moment_field()
    expires_at = moment_field()
    codes_left = fields.Integer(required=True)


class CounterCaseSchema(Schema):
    id = fields.String(required=True)
    purpose = fields.String(required=True)
    case_number = fields.String(required=True)
    expires_at = moment_field()
    papers = fields.List(fields.String(), required=True)
    papers_are_enough = fields.Boolean(required=True)
    is_registered = fields.Boolean(required=True)
    is_written_down = fields.Boolean(required=True)
    is_proved_here = fields.Boolean(required=True)
    national_id = fields.String(required=True, metadata={"example": "A12****789"})
    name = fields.String(required=True, allow_none=True)
    mobile = fields.String(required=True, allow_none=True, metadata={"example": "09******78"})
    language = fields.String(required=True, allow_none=True)
    proofing_level = fields.Integer(required=True, allow_none=True)
    has_password = fields.Boolean(required=True)
    passkeys = fields.Integer(required=True)
    card = fields.Nested(RunningCardSchema, required=True, allow_none=True)


class EnrolmentSlipSchema(Schema):
    code = fields.String(required=True, metadata={"example": "K7QX-9MPR-3WVH-5ZAB"})
    expires_at = moment_field()
    sheet = fields.String(
        required=True, metadata={"format": "byte", "description": "the paper to hand over: a PDF in base64"}
    )


class NewCardSchema(Schema):
    code_count = fields.Integer(required=True)
    expires_at = moment_field()
    sheet = fields.String(
        required=True, metadata={"format": "byte", "description": "the card to hand over: a PDF in base64"}
    )


class VisitSchema(Schema):
    id = fields.String(required=True)
    session_id = fields.String(required=True)
    acr = fields.String(required=True)
    amr = fields.List(fields.String(), required=True)
    ends_at = moment_field()
    token_type = fields.String(required=True)
    access_token = fields.String(required=True)


class OfficerLookupsSchema(Schema):
    officer = fields.String(required=True)
    staff_number = fields.String(required=True)
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    day = fields.String(required=True, metadata={"format": "date"})
    found = fields.Integer(required=True)
    nobody = fields.Integer(required=True)
    own_record = fields.Integer(required=True)
    too_many = fields.Integer(required=True)
    most_in_an_hour = fields.Integer(required=True)
    is_unusual = fields.Boolean(required=True)


class LookupsSchema(Schema):
    items = fields.List(fields.Nested(OfficerLookupsSchema), required=True)


class EnrolmentWithCode(Schema):
    national_id = _id_number()
    code = fields.String(
        required=True,
        validate=[validate.Length(16, 32), Matches("^[^\\x00-\\x1f\\x7f]+$")],
        metadata={"example": "K7QX-9MPR-3WVH-5ZAB"},
    )


class EnrolmentWithCodeFinish(Schema):
    ceremony_id = ceremony_field()
    credential = fields.Nested(RegistrationCredential, required=True)
    name = passkey_name_field(load_default=None, allow_none=True)
    transport = transport_field()


class CardHolder(Schema):
    national_id = _id_number()


class CardQuestionSchema(Schema):
    question_id = fields.String(required=True)
    code_number = fields.Integer(
        required=True, metadata={"description": "which code of the card to give", "example": 17}
    )
    expires_at = moment_field()


class CardAnswer(Schema):
    question_id = fields.String(required=True, validate=Matches("^cqu_[0-7][0-9a-hjkmnp-tv-z]{25}$"))
    code = _card_code()
    pin = _pin()
    transport = transport_field()


class CallBegun(Schema):
    national_id = _id_number()
    case_number = _case_number()


class CallCode(Schema):
    code = _card_code()


class CallSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(
        required=True, validate=validate.OneOf(("asked", "keypad", "confirmed", "refused", "served", "lapsed"))
    )
    code_number = fields.Integer(required=True, allow_none=True)
    keypad_number = fields.String(required=True, allow_none=True, metadata={"example": "402718"})
    case_number = fields.String(required=True)
    expires_at = moment_field()


class CardLoss(Schema):
    national_id = _id_number()
    case_number = _case_number()


class KeysTaken(Schema):
    received = fields.Boolean(required=True)
