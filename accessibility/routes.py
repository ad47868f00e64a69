"""Rides over HTTP: every room of this domain that has routes."""

from __future__ import annotations

from accessibility.fleets import routes as fleet_routes
from core.http import Routes

ROUTES: tuple[Routes, ...] = (
    fleet_routes.routes,
)  # fmt: skip
