"""What goes over the wire at the officers' desks. Unknown members are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.http import Matches
from identity.schemas import (
    AssertionCredential,
    RegistrationCredential,
    ceremony_field,
    moment_field,
    transport_field,
)


class EnrolmentBegin(Schema):
    code = fields.String(
        required=True,
        validate=[validate.Length(16, 32), Matches("^[^\\x00-\\x1f\\x7f]+$")],
        metadata={"example": "K7QX-9MPR-3WVH-5ZAB"},
    )


class EnrolmentFinish(Schema):
    ceremony_id = ceremony_field()
    credential = fields.Nested(RegistrationCredential, required=True)
    transport = transport_field()


class OfficerLogin(Schema):
    ceremony_id = ceremony_field()
    credential = fields.Nested(AssertionCredential, required=True)
    transport = transport_field()


class OfficerSchema(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    staff_number = fields.String(required=True)
    bureau = fields.String(required=True)
    bureau_name = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    role_names = fields.List(fields.String(), required=True)
    auth_time = moment_field()
    idle_until = moment_field()
    expires_at = moment_field()
    seconds_left = fields.Integer(
        required=True, metadata={"description": "until the session ends if nothing more is done in it"}
    )


class OfficerSessionSchema(OfficerSchema):
    token_type = fields.String(required=True)
    access_token = fields.String(required=True, allow_none=True)
