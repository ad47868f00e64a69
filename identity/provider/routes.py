"""All of the provider's routes; the token endpoint itself stands beside that of the bureaus' systems."""

from __future__ import annotations

from identity.provider import authorization_routes, logout_routes, metadata_routes, token_routes

ROUTES = (metadata_routes.routes, authorization_routes.routes, token_routes.routes, logout_routes.routes)
