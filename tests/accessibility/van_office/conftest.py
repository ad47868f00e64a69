"""A morning with one van on the road and a dispatcher at the desk."""

from __future__ import annotations

from tests.accessibility.own_fleet.conftest import driven

__all__ = ["driven"]
