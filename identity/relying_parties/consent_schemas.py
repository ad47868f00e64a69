"""What goes over the wire when a person decides what a site may know."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from identity.approval_schemas import TrueOrFalse
from identity.provider.claims import RELEASABLE
from identity.schemas import moment_field


class SiteSchema(Schema):
    client_id = fields.String(required=True)
    name = fields.String(required=True)
    purpose = fields.String(required=True, metadata={"description": "what the site is for, in plain words"})
    bureau_name = fields.String(required=True)
    host = fields.String(required=True, metadata={"description": "where the answer goes"})
    contact = fields.String(required=True)
    client_uri = fields.String(required=True, allow_none=True)
    policy_uri = fields.String(required=True, allow_none=True)


class AskingSiteSchema(Schema):
    site = fields.Nested(SiteSchema, required=True)
    acr = fields.String(required=True, metadata={"description": "the least level of signing in that will do"})
    expires_at = moment_field()
    continue_url = fields.String(required=True, metadata={"description": "where the browser goes once signed in"})


class AskedClaimSchema(Schema):
    claim = fields.String(required=True, validate=validate.OneOf(RELEASABLE))
    label = fields.String(required=True)
    purpose = fields.String(required=True)
    legal_basis = fields.String(required=True)
    is_essential = fields.Boolean(required=True)
    value = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "what the site would be told, its middle hidden where sensitive; null: not known"},
    )


class SiteAuthorizationSchema(AskingSiteSchema):
    id = fields.String(required=True)
    person = fields.String(
        required=True, metadata={"description": "who is signed in here: a name, or else the ID number in part"}
    )
    claims = fields.List(fields.Nested(AskedClaimSchema), required=True)
    keeps_access = fields.Boolean(required=True, metadata={"description": "whether it wants access while one is away"})
    is_signed_in_enough = fields.Boolean(required=True)


class Decision(Schema):
    is_agreed = TrueOrFalse(required=True)
    claims = fields.List(
        fields.String(validate=validate.OneOf(RELEASABLE)), load_default=list, validate=validate.Length(0, 20)
    )


class GoOnSchema(Schema):
    continue_url = fields.String(required=True, metadata={"description": "where the browser goes next"})


class ConsentClaimSchema(Schema):
    claim = fields.String(required=True)
    label = fields.String(required=True)
    purpose = fields.String(required=True, metadata={"description": "as it read when it was decided"})
    is_agreed = fields.Boolean(required=True)


class ConsentSchema(Schema):
    id = fields.String(required=True)
    site = fields.Nested(SiteSchema, required=True)
    claims = fields.List(fields.Nested(ConsentClaimSchema), required=True)
    keeps_access = fields.Boolean(required=True)
    is_suspended = fields.Boolean(required=True, metadata={"description": "whether the city has shut the site"})
    given_at = moment_field()
    expires_at = moment_field()
    last_used_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
