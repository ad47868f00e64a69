"""What goes over the wire. Unknown members are refused, except inside what a browser hands on."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from core import taiwan
from core.text import LANGUAGES
from identity import passwords

_TYPEID = "[0-7][0-9a-hjkmnp-tv-z]{25}"
_ACR = "urn:mykaohsiung:loa:"
_UNSEEN = "\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
_VEHICLES = ("car", "motorcycle", "large")
# As they are best sent; what people type otherwise is put right where it can be.
_PERSON_NUMBER = {"example": "A123456789", "pattern": "^[A-Z][1289A-D][0-9]{8}$"}
_PLATE = {"example": "ABC-1235", "pattern": "^[A-Z0-9]{2,4}-[A-Z0-9]{2,4}$"}


class PersonNumber(fields.String):
    """An ID number of a person, national or resident; full-width and lower case are put right before it is checked."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        number = taiwan.normalise(super()._deserialize(value, attr, data, **more) or "").upper()
        if not taiwan.person_id_valid(number):
            raise ValidationError("not an ID number: one letter and nine digits, of which the last is a check digit")
        return number


class Mobile(fields.String):
    """A mobile number of Taiwan, 09 and eight digits; +886 and full-width digits are put right."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        number = taiwan.normalise(super()._deserialize(value, attr, data, **more) or "").replace("-", "")
        if number.startswith("+8869"):
            number = f"0{number[4:]}"
        if not taiwan.mobile_valid(number):
            raise ValidationError("not a mobile number: 09 and eight digits")
        return number


class Plate(fields.String):
    """A number plate; full-width, lower case and other dashes are put right."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> str:
        plate = taiwan.plate_normalise(super()._deserialize(value, attr, data, **more) or "")
        if not taiwan.plate_valid(plate):
            raise ValidationError("not a plate, or without its hyphen")
        return plate


def _id(prefix: str) -> fields.String:
    # The length, because `$` also matches before a line break at the end.
    pattern = validate.Regexp(f"^{prefix}_{_TYPEID}$")
    return fields.String(required=True, validate=[pattern, validate.Length(equal=len(prefix) + 27)])


def ceremony_field() -> fields.String:
    """The id of a WebAuthn ceremony."""
    return _id("cer")


def moment_field() -> fields.String:
    """A moment in an answer: RFC 3339 with an offset."""
    return fields.String(required=True, metadata={"format": "date-time"})


def passkey_name_field(**declaration: Any) -> fields.String:
    """What a person calls a passkey: one short line. Notices name it, so nothing in it is invisible or turns the
    direction of what stands beside it."""
    seen = f"^[^{_UNSEEN}]+$"
    return fields.String(
        validate=[validate.Length(1, 60), validate.Regexp(seen), validate.ContainsNoneOf("\n")], **declaration
    )


def _new_password() -> fields.String:
    return fields.String(required=True, validate=validate.Length(passwords.SHORTEST, passwords.LONGEST))


def transport_field() -> fields.String:
    """How the caller wants the new session's token."""
    return fields.String(
        load_default="bearer",
        validate=validate.OneOf(("bearer", "cookie")),
        metadata={"description": "cookie: the token comes as an HttpOnly `__Host-` cookie and not in the body"},
    )


def _base64url(longest: int) -> fields.String:
    return fields.String(required=True, validate=[validate.Regexp("^[A-Za-z0-9_-]+$"), validate.Length(1, longest)])


class RegistrationRequest(Schema):
    national_id = PersonNumber(required=True, metadata=_PERSON_NUMBER)
    mobile = Mobile(required=True, metadata={"example": "0912345678", "pattern": "^09[0-9]{8}$"})
    password = _new_password()


class LoginRequest(Schema):
    national_id = PersonNumber(required=True, metadata=_PERSON_NUMBER)
    password = fields.String(required=True, validate=validate.Length(1, passwords.LONGEST))
    second_factor = fields.String(
        load_default="sms",
        validate=validate.OneOf(("sms", "totp", "recovery_code")),
        metadata={"description": "what is to answer the challenge; a code is sent for `sms` alone"},
    )


class ChallengeSchema(Schema):
    challenge_id = fields.String(required=True)
    expires_at = moment_field()
    sent_to = fields.String(
        required=True,
        allow_none=True,
        metadata={"example": "09******78", "description": "null where no text message was asked for"},
    )


def challenge_field() -> fields.String:
    """The id of a sign-in's challenge."""
    return _id("otp")


def remember_field() -> fields.Boolean:
    """Whether the caller's device is to be known again after the session has gone stale."""
    return fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "true: for 30 days a stale session of this device goes on at level 1"},
    )


class OtpVerification(Schema):
    challenge_id = challenge_field()
    code = fields.String(required=True, validate=[validate.Regexp("^[0-9]{6}$"), validate.Length(equal=6)])
    transport = transport_field()
    remember = remember_field()


class SessionSchema(Schema):
    session_id = fields.String(required=True)
    person_id = fields.String(required=True)
    acr = fields.String(required=True)
    phishing_resistant = fields.Boolean(required=True)
    amr = fields.List(fields.String(), required=True)
    auth_time = moment_field()
    expires_at = moment_field()
    token_type = fields.String(required=True)
    access_token = fields.String(required=True, allow_none=True)
    has_passkey = fields.Boolean(required=True)


class PasskeySessionSchema(SessionSchema):
    passkey_id = fields.String(required=True)


class CeremonySchema(Schema):
    ceremony_id = fields.String(required=True)
    options = fields.Dict(required=True)


class Nothing(Schema):
    """An empty object."""


class _FromBrowser(Schema):
    class Meta:
        unknown = EXCLUDE


class AttestationResponse(_FromBrowser):
    clientDataJSON = _base64url(8192)
    attestationObject = _base64url(65536)
    transports = fields.List(fields.String(validate=validate.Length(max=32)), validate=validate.Length(max=16))


class RegistrationCredential(_FromBrowser):
    """RegistrationResponseJSON (WebAuthn Level 3)."""

    id = _base64url(2048)
    rawId = _base64url(2048)
    type = fields.String(required=True, validate=validate.Equal("public-key"))
    authenticatorAttachment = fields.String(allow_none=True, validate=validate.Length(max=32))
    response = fields.Nested(AttestationResponse, required=True)


class AssertionResponse(_FromBrowser):
    clientDataJSON = _base64url(8192)
    authenticatorData = _base64url(8192)
    signature = _base64url(8192)
    userHandle = fields.String(allow_none=True, validate=validate.Length(max=128))


class AssertionCredential(_FromBrowser):
    """AuthenticationResponseJSON (WebAuthn Level 3)."""

    id = _base64url(2048)
    rawId = _base64url(2048)
    type = fields.String(required=True, validate=validate.Equal("public-key"))
    authenticatorAttachment = fields.String(allow_none=True, validate=validate.Length(max=32))
    response = fields.Nested(AssertionResponse, required=True)


class PasskeyRegistration(Schema):
    ceremony_id = ceremony_field()
    credential = fields.Nested(RegistrationCredential, required=True)
    name = passkey_name_field(load_default=None, allow_none=True)


class PasskeyLogin(Schema):
    ceremony_id = ceremony_field()
    credential = fields.Nested(AssertionCredential, required=True)
    transport = transport_field()
    remember = remember_field()


class PasskeySchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    created_at = moment_field()
    last_used_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    last_used_place = fields.String(
        required=True,
        allow_none=True,
        metadata={"example": "網路 203.0.113.*", "description": "where it last signed in, coarsely; null: not yet"},
    )
    is_synced = fields.Boolean(
        required=True, metadata={"description": "the key can be on several devices (WebAuthn: backup eligible)"}
    )


class MeSchema(Schema):
    id = fields.String(required=True)
    national_id = fields.String(required=True, metadata={"example": "A12****789"})
    mobile = fields.String(required=True, allow_none=True, metadata={"example": "09******78"})
    name = fields.String(required=True, allow_none=True)
    acr = fields.String(required=True)
    phishing_resistant = fields.Boolean(required=True)
    language = fields.String(required=True)
    passkeys = fields.List(fields.Nested(PasskeySchema), required=True)


class MeChange(Schema):
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))


class VehicleClaim(Schema):
    plate = Plate(required=True, validate=validate.Length(1, 16), metadata=_PLATE)
    vehicle = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(_VEHICLES))


class VehicleSchema(Schema):
    id = fields.String(required=True)
    plate = fields.String(required=True)
    vehicle = fields.String(required=True, validate=validate.OneOf(_VEHICLES))
    added_at = moment_field()


class TokenRequest(Schema):
    """RFC 6749 §4.4.2, §4.1.3 and §6, with the client's proof of RFC 7523 §2.2 or RFC 6749 §2.3.1."""

    grant_type = fields.String(
        required=True, validate=validate.OneOf(("client_credentials", "authorization_code", "refresh_token"))
    )
    client_assertion_type = fields.String(
        validate=validate.Equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    )
    client_assertion = fields.String(validate=validate.Length(1, 4096))
    client_id = fields.String()
    client_secret = fields.String()
    scope = fields.String()
    code = fields.String()
    redirect_uri = fields.String()
    code_verifier = fields.String()
    refresh_token = fields.String()


class TokenSchema(Schema):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    scope = fields.String(required=True)
    refresh_token = fields.String()
    id_token = fields.String()


class OAuthErrorSchema(Schema):
    error = fields.String(required=True)
    error_description = fields.String()
