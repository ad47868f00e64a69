"""What goes over the wire about codes of an app, recovery codes, passwords, resets, notices and locks."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core import taiwan
from core.http import Matches
from identity import passwords, recovery_codes
from identity.schemas import PersonNumber, challenge_field, moment_field, remember_field, transport_field

_PERSON_NUMBER = {"example": "A123456789", "pattern": "^[A-Z][1289A-D][0-9]{8}$"}
_SIX_DIGITS = {"example": "123456"}


class RecoveryCodeText(fields.String):
    """A recovery code as it was typed: dashes, blanks, lower and full width are put right, and letters misread."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        typed = super()._deserialize(value, attr, data, **more)
        code = recovery_codes.put_right(taiwan.normalise(typed) or "")
        if len(code) != recovery_codes.LENGTH or not set(code) <= set(recovery_codes.ALPHABET):
            raise ValidationError("not a recovery code: two groups of five letters and digits")
        return code


def maybe_moment_field() -> fields.String:
    """A moment in an answer that may not have come."""
    return fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


def _six_digits() -> fields.String:
    return fields.String(required=True, validate=Matches("^[0-9]{6}$"), metadata=_SIX_DIGITS)


def _new_password() -> fields.String:
    return fields.String(required=True, validate=validate.Length(passwords.SHORTEST, passwords.LONGEST))


def _token() -> fields.String:
    return fields.String(required=True, validate=Matches("^[A-Za-z0-9_-]{43}$"), metadata={"example": "A" * 43})


def _recovery_code() -> RecoveryCodeText:
    pattern = "^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$"
    return RecoveryCodeText(required=True, metadata={"example": "7KQ2M-9XWTD", "pattern": pattern})


class _BeginsSession(Schema):
    challenge_id = challenge_field()
    transport = transport_field()
    remember = remember_field()


class TotpVerification(_BeginsSession):
    code = _six_digits()


class RecoveryCodeVerification(_BeginsSession):
    code = _recovery_code()


class TotpSetUpSchema(Schema):
    id = fields.String(required=True)
    secret = fields.String(required=True, metadata={"description": "base 32, to be typed where nothing can be scanned"})
    otpauth_uri = fields.String(required=True)
    qr_svg = fields.String(required=True, metadata={"description": "the address as a QR code, an SVG drawing"})
    expires_at = moment_field()


class TotpConfirmation(Schema):
    code = _six_digits()


class TotpSchema(Schema):
    confirmed_at = maybe_moment_field()
    last_used_at = maybe_moment_field()


class RecoveryCodesSchema(Schema):
    made_at = maybe_moment_field()
    left = fields.Integer(required=True)


class NewRecoveryCodesSchema(Schema):
    codes = fields.List(fields.String(), required=True, metadata={"description": "shown this once"})
    made_at = moment_field()


class PasswordChange(Schema):
    current_password = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, passwords.LONGEST),
        metadata={"description": "not needed in a session of level 3 that is no older than 15 minutes"},
    )
    new_password = _new_password()


class ResetRequest(Schema):
    national_id = PersonNumber(required=True, metadata=_PERSON_NUMBER)
    evidence = fields.String(load_default="sms", validate=validate.OneOf(("sms", "recovery_code")))


class ResetAskedSchema(Schema):
    id = fields.String(required=True)
    evidence = fields.String(required=True, validate=validate.OneOf(("sms", "recovery_code")))
    expires_at = moment_field()


class ResetEvidence(Schema):
    code = fields.String(
        required=True,
        validate=Matches("^[0-9A-Za-z][0-9A-Za-z -]{4,14}[0-9A-Za-z]$"),
        metadata={"example": "123456", "description": "the code by text message, or a recovery code"},
    )


class ResetSchema(Schema):
    id = fields.String(required=True)
    status = fields.String(
        required=True, validate=validate.OneOf(("waiting", "possible", "completed", "cancelled", "lapsed"))
    )
    asked_at = moment_field()
    possible_at = moment_field()
    lapses_at = moment_field()


class ResetProvedSchema(ResetSchema):
    token = fields.String(required=True, metadata={"description": "follows and finishes this reset; shown this once"})


class ResetToken(Schema):
    token = _token()


class ResetCompletion(Schema):
    token = _token()
    new_password = _new_password()


class ResetsSchema(Schema):
    items = fields.List(fields.Nested(ResetSchema), required=True)


class DisavowalToken(Schema):
    token = _token()


class SecurityNoticeSchema(Schema):
    kind = fields.String(required=True)
    title = fields.String(required=True)
    at = moment_field()
    device = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    shuts = fields.List(fields.String(), required=True, metadata={"description": "the ways to sign in, in words"})
    case_number = fields.Integer(required=True, allow_none=True)


class DisavowedSchema(Schema):
    case_number = fields.Integer(required=True)


class MethodLockSchema(Schema):
    method = fields.String(required=True)
    label = fields.String(required=True)
    locked_at = moment_field()


class MethodLocksSchema(Schema):
    items = fields.List(fields.Nested(MethodLockSchema), required=True)
