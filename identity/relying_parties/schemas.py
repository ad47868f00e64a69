"""What goes over the wire about sites that people sign in to with us."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.http import Matches, WholeNumber
from identity.approval_schemas import TrueOrFalse
from identity.provider.claims import RELEASABLE
from identity.provider.clients import AUTH_METHODS, SCOPES
from identity.relying_parties.rules import LONGEST_URI
from identity.schemas import moment_field

STATUSES = ("proposed", "approved", "declined", "suspended")
EVENTS = (
    "proposed", "change_proposed", "resumption_proposed", "approved", "changed", "declined", "suspended", "resumed",
    "secret_renewed",
)  # fmt: skip
_ALGORITHMS = ("ES256", "RS256")
_LONGEST_PEM = 4_000


def _line(longest: int, least: int = 1) -> fields.String:
    return fields.String(required=True, validate=validate.Length(least, longest))


def _uri() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, LONGEST_URI))


class NamePair(Schema):
    zh = _line(60)
    en = _line(60)


class PurposePair(Schema):
    zh = _line(300, 4)
    en = _line(300, 4)


class ClaimAsked(Schema):
    """One claim: its purpose in plain words in both languages, whether the site can do without it, and by which law."""

    zh = _line(300, 4)
    en = _line(300, 4)
    is_essential = TrueOrFalse(required=True)
    legal_basis = fields.String(required=True, validate=validate.Length(0, 300))


ClaimsAsked = Schema.from_dict({name: fields.Nested(ClaimAsked) for name in RELEASABLE}, name="ClaimsAsked")
"""The claims that a site may ask for, each left out or with what is said about it."""


class JsonWebKeys(fields.Field[Any]):
    """Public keys: a PEM text, a JWK (RFC 7517 §4) or a JWK Set (§5)."""

    def __init__(self, **declaration: Any) -> None:
        about = {
            "description": "a PEM text, a JWK or a JWK Set; of the public half alone",
            "anyOf": [
                {"type": "string", "minLength": 1, "maxLength": _LONGEST_PEM},
                {"type": "object"},
                {"type": "null"},
            ],
        }
        super().__init__(metadata=about, **declaration)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_PEM:
            return value
        if isinstance(value, dict) and len(str(value)) <= 5 * _LONGEST_PEM:
            return value
        raise ValidationError("a PEM text, a JWK or a JWK Set")


class Registration(Schema):
    name = fields.Nested(NamePair, required=True)
    purpose = fields.Nested(PurposePair, required=True)
    contact = fields.String(required=True, validate=validate.Length(1, 200))
    client_uri = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, LONGEST_URI))
    policy_uri = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, LONGEST_URI))
    redirect_uris = fields.List(_uri(), required=True, validate=validate.Length(1, 20))
    post_logout_redirect_uris = fields.List(_uri(), load_default=list, validate=validate.Length(0, 20))
    backchannel_logout_uri = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, LONGEST_URI))
    token_endpoint_auth_method = fields.String(required=True, validate=validate.OneOf(AUTH_METHODS))
    public_key = JsonWebKeys(load_default=None, allow_none=True)
    id_token_alg = fields.String(load_default="ES256", validate=validate.OneOf(_ALGORITHMS))
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES)), required=True, validate=validate.Length(1, 10))
    claims = fields.Nested(ClaimsAsked, required=True)
    default_loa = WholeNumber(load_default=2, validate=validate.Range(1, 4))
    requires_par = TrueOrFalse(load_default=False)
    reason = _line(500)


class NewRelyingParty(Registration):
    client_id = fields.String(required=True, validate=Matches("^[a-z0-9][a-z0-9.-]{1,62}$"))


class RelyingPartyChange(Schema):
    name = fields.Nested(NamePair)
    purpose = fields.Nested(PurposePair)
    contact = fields.String(validate=validate.Length(1, 200))
    client_uri = fields.String(allow_none=True, validate=validate.Length(1, LONGEST_URI))
    policy_uri = fields.String(allow_none=True, validate=validate.Length(1, LONGEST_URI))
    redirect_uris = fields.List(_uri(), validate=validate.Length(1, 20))
    post_logout_redirect_uris = fields.List(_uri(), validate=validate.Length(0, 20))
    backchannel_logout_uri = fields.String(allow_none=True, validate=validate.Length(1, LONGEST_URI))
    token_endpoint_auth_method = fields.String(validate=validate.OneOf(AUTH_METHODS))
    public_key = JsonWebKeys(allow_none=True)
    id_token_alg = fields.String(validate=validate.OneOf(_ALGORITHMS))
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES)), validate=validate.Length(1, 10))
    claims = fields.Nested(ClaimsAsked)
    default_loa = WholeNumber(validate=validate.Range(1, 4))
    requires_par = TrueOrFalse()
    reason = _line(500)


class Reason(Schema):
    reason = _line(500)


class RelyingPartyItemSchema(Schema):
    id = fields.String(required=True)
    client_id = fields.String(required=True)
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    name = fields.Nested(NamePair, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    proposed_at = moment_field()
    approved_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    suspended_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class RelyingPartyEventSchema(Schema):
    at = moment_field()
    what = fields.String(required=True, validate=validate.OneOf(EVENTS))
    by = fields.String(required=True, allow_none=True, metadata={"description": "the officer's name"})
    note = fields.String(required=True)
    approval_id = fields.String(required=True, allow_none=True)


class RelyingPartySchema(RelyingPartyItemSchema):
    purpose = fields.Nested(PurposePair, required=True)
    contact = fields.String(required=True)
    client_uri = fields.String(required=True, allow_none=True)
    policy_uri = fields.String(required=True, allow_none=True)
    redirect_uris = fields.List(fields.String(), required=True)
    post_logout_redirect_uris = fields.List(fields.String(), required=True)
    backchannel_logout_uri = fields.String(required=True, allow_none=True)
    token_endpoint_auth_method = fields.String(required=True, validate=validate.OneOf(AUTH_METHODS))
    jwks = fields.Dict(required=True, allow_none=True, metadata={"description": "the site's public keys (RFC 7517)"})
    id_token_alg = fields.String(required=True, validate=validate.OneOf(_ALGORITHMS))
    scopes = fields.List(fields.String(), required=True)
    claims = fields.Nested(ClaimsAsked, required=True)
    default_loa = fields.Integer(required=True)
    requires_par = fields.Boolean(required=True)
    sector_identifier = fields.String(required=True)
    version = fields.String(required=True, metadata={"description": "what If-Match of the next change carries"})
    open_approval_id = fields.String(required=True, allow_none=True)
    may_change = fields.Boolean(required=True)
    may_suspend = fields.Boolean(required=True)
    history = fields.List(fields.Nested(RelyingPartyEventSchema), required=True)


class RegisteredSchema(Schema):
    id = fields.String(required=True)
    client_id = fields.String(required=True)
    approval_id = fields.String(required=True)
    secret = fields.String(
        required=True, allow_none=True, metadata={"description": "shown this once; of a site without a key of its own"}
    )


class SecretSchema(Schema):
    secret = fields.String(required=True, metadata={"description": "shown this once; the one before is dead"})
