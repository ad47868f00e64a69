"""Every route of this room."""

from __future__ import annotations

from notify.topics import choice_routes, desk_routes, life_event_routes, routes

ROUTES = (routes.routes, choice_routes.routes, life_event_routes.routes, desk_routes.routes)
