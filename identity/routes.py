"""All of this room's routes."""

from __future__ import annotations

from core.http import Routes
from identity import auth_routes, me_routes, passkey_routes, token_routes

routes = Routes("identity")
for _part in (auth_routes, passkey_routes, me_routes, token_routes):
    routes.declared.extend(_part.routes.declared)
