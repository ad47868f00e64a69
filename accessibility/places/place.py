"""A place to the door, as every room of rides keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees (WGS 84), the town code of the district (core.districts, or of a town beyond the city), what people call
    it, the address as people write it, and what a driver must know to find the door."""

    latitude: float
    longitude: float
    district: str
    label: str
    address: str = ""
    directions: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same for a column or for the wire."""
        return asdict(self)

    def with_directions(self, directions: str) -> Place:
        """The same place with other directions."""
        return replace(self, directions=directions)

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Place:
        """What `as_json` made."""
        return Place(**kept)
