"""A city in which rides are booked with fleets."""

from __future__ import annotations

from tests.accessibility.rides.conftest import town

__all__ = ["town"]
