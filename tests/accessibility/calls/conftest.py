"""The small city of those who wait."""

from tests.accessibility.waitlist.conftest import city

__all__ = ["city"]
