"""What goes over the wire of signing in by citizen certificate."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches
from identity.certificate_paths import ALGORITHMS, MOST_CERTIFICATES
from identity.schemas import PersonNumber, moment_field, remember_field, transport_field

_TYPEID = "[0-7][0-9a-hjkmnp-tv-z]{25}"
_NUMBER = {"example": "A123456789", "pattern": "^[A-Z][1289A-D][0-9]{8}$"}
_LONGEST_CERTIFICATE = 8192
_LONGEST_SIGNATURE = 1024


def _base64(longest: int) -> fields.String:
    # Groups of four, of which the last may be filled up (RFC 4648 §4).
    whole = Matches("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")
    return fields.String(required=True, validate=[validate.Length(4, longest), whole], metadata={"example": "MIIDdzCC"})


class CertificateChallengeRequest(Schema):
    transport = transport_field()


class CertificateChallengeSchema(Schema):
    challenge_id = fields.String(required=True)
    to_be_signed = fields.String(required=True, metadata={"description": "base64 of the bytes to sign"})
    words = fields.String(required=True, metadata={"description": "the same bytes, to read"})
    challenge_secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "to be sent back with the signature; null where a cookie holds it"},
    )
    expires_at = moment_field()


class CertificateVerification(Schema):
    challenge_id = fields.String(required=True, validate=[Matches(f"^cch_{_TYPEID}$"), validate.Length(equal=30)])
    challenge_secret = fields.String(
        load_default=None, allow_none=True, validate=[Matches("^[A-Za-z0-9_-]{43}$"), validate.Length(equal=43)]
    )
    certificates = fields.List(
        _base64(_LONGEST_CERTIFICATE),
        required=True,
        validate=validate.Length(1, MOST_CERTIFICATES),
        metadata={"description": "base64 of the DER of each, the signer's first"},
    )
    signature = _base64(_LONGEST_SIGNATURE)
    algorithm = fields.String(
        load_default="RS256",
        validate=validate.OneOf(ALGORITHMS),
        metadata={"description": "RSASSA-PKCS1-v1_5 or RSASSA-PSS with SHA-2, as RFC 7518 names them"},
    )
    national_id = PersonNumber(load_default=None, allow_none=True, metadata=_NUMBER)
    transport = transport_field()
    remember = remember_field()


class CertificateSchema(Schema):
    id = fields.String(required=True)
    ending = fields.String(
        required=True, metadata={"example": "4321", "description": "the end of the holder's number in it"}
    )
    valid_until = moment_field()
    added_at = moment_field()
    last_used_at = moment_field()


class CertificateListSchema(Schema):
    items = fields.List(fields.Nested(CertificateSchema), required=True)
