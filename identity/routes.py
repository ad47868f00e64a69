"""All of this room's routes."""

from __future__ import annotations

from identity import approval_routes, auth_routes, me_routes, officer_routes, passkey_routes, token_routes

ROUTES = (
    auth_routes.routes,
    passkey_routes.routes,
    me_routes.routes,
    token_routes.routes,
    officer_routes.routes,
    approval_routes.routes,
)
