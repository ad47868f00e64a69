"""All of this room's routes."""

from __future__ import annotations

from identity import (
    approval_routes,
    auth_routes,
    card_routes,
    case_routes,
    certificate_routes,
    counter_delegation_routes,
    counter_routes,
    delegation_routes,
    enrolment_routes,
    federation_routes,
    first_mobile_routes,
    linked_account_routes,
    me_routes,
    method_routes,
    officer_routes,
    passkey_routes,
    reset_routes,
    session_routes,
    token_routes,
    totp_routes,
)
from identity.provider import routes as provider_routes
from identity.relying_parties import consent_routes
from identity.relying_parties import routes as relying_party_routes

ROUTES = (
    auth_routes.routes,
    method_routes.routes,
    passkey_routes.routes,
    session_routes.routes,
    me_routes.routes,
    delegation_routes.routes,
    token_routes.routes,
    *provider_routes.ROUTES,
    officer_routes.routes,
    approval_routes.routes,
    relying_party_routes.routes,
    consent_routes.routes,
    counter_routes.routes,
    counter_delegation_routes.routes,
    enrolment_routes.routes,
    card_routes.routes,
    totp_routes.routes,
    reset_routes.routes,
    case_routes.routes,
    certificate_routes.routes,
    federation_routes.routes,
    linked_account_routes.routes,
    first_mobile_routes.routes,
)
