"""The same city as that of rides."""

from tests.accessibility.rides.conftest import books, fleets_sandbox, town

__all__ = ["books", "fleets_sandbox", "town"]
