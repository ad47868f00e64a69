"""What goes over the wire about a person's devices: sessions, sign-ins, passkeys."""

from __future__ import annotations

from marshmallow import Schema, fields

from identity.schemas import PasskeySchema, moment_field, passkey_name_field


def _device_field() -> fields.String:
    return fields.String(
        required=True, metadata={"example": "Chrome · Android", "description": "as the browser calls itself"}
    )


def _place_field() -> fields.String:
    return fields.String(
        required=True,
        metadata={"example": "網路 203.0.113.*", "description": "the network, coarsely, in the caller's language"},
    )


class SessionItemSchema(Schema):
    id = fields.String(required=True)
    acr = fields.String(required=True)
    amr = fields.List(fields.String(), required=True)
    transport = fields.String(required=True)
    user_agent = fields.String(required=True)
    device = _device_field()
    network = fields.String(required=True, metadata={"example": "203.0.113.0/24"})
    place = _place_field()
    created_at = moment_field()
    last_used_at = moment_field()
    expires_at = moment_field()
    is_remembered = fields.Boolean(required=True)
    is_current = fields.Boolean(required=True)


class SignInSchema(Schema):
    id = fields.String(required=True)
    at = moment_field()
    amr = fields.List(fields.String(), required=True)
    device = _device_field()
    network = fields.String(required=True, metadata={"example": "203.0.113.0/24"})
    place = _place_field()
    notice_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "the notice in which the person was told, to say “that was not me” of; null: none"},
    )
    is_running = fields.Boolean(required=True)
    is_current = fields.Boolean(required=True)


class PasskeyListSchema(Schema):
    items = fields.List(fields.Nested(PasskeySchema), required=True)
    can_add_now = fields.Boolean(
        required=True, metadata={"description": "whether this session may add another without a step-up"}
    )


class PasskeyChange(Schema):
    name = passkey_name_field(required=True)
