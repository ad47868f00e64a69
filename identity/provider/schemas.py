"""What goes over the wire at the provider's endpoints. Forms are read by the views; these describe them."""

from __future__ import annotations

from marshmallow import INCLUDE, Schema, fields, validate


class AuthorizationForm(Schema):
    """RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1. Unknown parameters are ignored."""

    client_id = fields.String(required=True)
    redirect_uri = fields.String(required=True)
    response_type = fields.String(required=True, validate=validate.Equal("code"))
    scope = fields.String(required=True, metadata={"example": "openid profile"})
    code_challenge = fields.String(required=True)
    code_challenge_method = fields.String(required=True, validate=validate.Equal("S256"))
    state = fields.String()
    nonce = fields.String()
    response_mode = fields.String(validate=validate.OneOf(("query", "form_post")))
    prompt = fields.String()
    max_age = fields.String()
    acr_values = fields.String()
    claims = fields.String()
    id_token_hint = fields.String()
    login_hint = fields.String()
    ui_locales = fields.String()

    class Meta:
        unknown = INCLUDE


class PushedForm(AuthorizationForm):
    """RFC 9126 §2.1: an authorization request, with the client's proof."""

    client_assertion_type = fields.String()
    client_assertion = fields.String()
    client_secret = fields.String()


class PushedSchema(Schema):
    request_uri = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class RevocationForm(Schema):
    """RFC 7009 §2.1, with the client's proof."""

    token = fields.String(required=True)
    token_type_hint = fields.String()
    client_id = fields.String()
    client_assertion_type = fields.String()
    client_assertion = fields.String()
    client_secret = fields.String()

    class Meta:
        unknown = INCLUDE


class LogoutForm(Schema):
    """OpenID Connect RP-Initiated Logout 1.0 §2."""

    id_token_hint = fields.String()
    client_id = fields.String()
    post_logout_redirect_uri = fields.String()
    state = fields.String()
    decision = fields.String(validate=validate.OneOf(("yes", "no")))

    class Meta:
        unknown = INCLUDE


class UserInfoForm(Schema):
    """RFC 6750 §2.2: the access token, where it is not in the header."""

    access_token = fields.String()

    class Meta:
        unknown = INCLUDE


class UserInfoSchema(Schema):
    sub = fields.String(required=True)
    name = fields.String()
    phone_number = fields.String()
    phone_number_verified = fields.Boolean()
    national_id = fields.String()


class KeySetSchema(Schema):
    keys = fields.List(fields.Dict(), required=True)


_ADDRESSES = (
    "issuer", "authorization_endpoint", "pushed_authorization_request_endpoint", "token_endpoint", "userinfo_endpoint",
    "revocation_endpoint", "end_session_endpoint", "jwks_uri", "service_documentation",
)  # fmt: skip
_LISTS = (
    "scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
    "subject_types_supported", "id_token_signing_alg_values_supported", "code_challenge_methods_supported",
    "acr_values_supported", "claims_supported", "claim_types_supported", "prompt_values_supported",
    "display_values_supported", "ui_locales_supported", "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported", "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
)  # fmt: skip
_STATEMENTS = (
    "require_pushed_authorization_requests", "authorization_response_iss_parameter_supported",
    "claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported",
    "backchannel_logout_supported", "backchannel_logout_session_supported",
)  # fmt: skip
MetadataSchema: type[Schema] = Schema.from_dict(
    {
        **{name: fields.String(required=True, metadata={"format": "uri"}) for name in _ADDRESSES},
        **{name: fields.List(fields.String(), required=True) for name in _LISTS},
        **{name: fields.Boolean(required=True) for name in _STATEMENTS},
    },
    name="MetadataSchema",
)
"""RFC 8414 §2, OpenID Connect Discovery 1.0 §3, RFC 9126 §5, RFC 9207 §3, and the two logouts."""
