"""All of this room's routes."""

from __future__ import annotations

from identity import (
    approval_routes,
    auth_routes,
    me_routes,
    method_routes,
    officer_routes,
    passkey_routes,
    session_routes,
    token_routes,
)

ROUTES = (
    auth_routes.routes,
    method_routes.routes,
    passkey_routes.routes,
    session_routes.routes,
    me_routes.routes,
    token_routes.routes,
    officer_routes.routes,
    approval_routes.routes,
)
