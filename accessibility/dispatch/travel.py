"""How long a leg takes. One interface; by default the great circle, a detour, and a speed by kind of district and hour.

The speeds are assumptions, kept as data: replace them by what the vans' own positions say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import asin, ceil, cos, radians, sin, sqrt
from typing import Final, Protocol

from accessibility.dispatch.tours import Place
from core.clock import TAIPEI

EARTH_RADIUS_METRES: Final = 6_371_008.8
"""Mean radius R1 of WGS 84 (IUGG)."""


class Travel(Protocol):
    """Travel times between places."""

    def seconds(self, origin: Place, destination: Place, at: int) -> int:
        """Whole seconds from one place to another for who leaves at about that moment. Never negative."""
        ...


def great_circle_metres(one: Place, other: Place) -> float:
    """The distance over the sphere (haversine formula), in metres."""
    latitude, other_latitude = radians(one.latitude), radians(other.latitude)
    across = sin((other_latitude - latitude) / 2) ** 2
    along = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * asin(sqrt(across + cos(latitude) * cos(other_latitude) * along))


_INNER = frozenset(f"64000{number:02d}0" for number in range(1, 13))
"""The old city, Xiaogang and Fengshan."""
_MOUNTAIN = frozenset(f"64000{number:02d}0" for number in range(30, 39))
"""Qishan to Namaxia."""


def _hours(free: int, day: int, peak: int) -> tuple[int, ...]:
    """Kilometres an hour for each hour of the day: free at night, a peak in the morning and one in the evening."""
    return tuple(peak if hour in (7, 8, 17, 18) else free if hour < 6 or hour >= 22 else day for hour in range(24))


@dataclass(frozen=True, slots=True)
class SpeedTable:
    """Kilometres an hour by kind of district and hour in Taipei. A leg goes at the slower speed of its two ends."""

    inner: tuple[int, ...] = field(default_factory=lambda: _hours(35, 25, 18))
    outer: tuple[int, ...] = field(default_factory=lambda: _hours(45, 38, 30))
    mountain: tuple[int, ...] = field(default_factory=lambda: _hours(32, 32, 30))
    kinds: Mapping[str, str] = field(
        default_factory=lambda: dict.fromkeys(_INNER, "inner") | dict.fromkeys(_MOUNTAIN, "mountain")
    )

    def kilometres_an_hour(self, district: str | None, hour: int) -> int:
        """The speed in a district of that code; where it is unknown, as in the inner city."""
        kind = self.kinds.get(district, "outer") if district is not None else "inner"
        of: tuple[int, ...] = getattr(self, kind)
        return of[hour]


@dataclass(frozen=True)
class GreatCircle:
    """The default: `detour` times the great circle at the table's speed, and what turning in and out takes."""

    table: SpeedTable = field(default_factory=SpeedTable)
    detour: float = 1.35
    every_leg_seconds: int = 60

    def seconds(self, origin: Place, destination: Place, at: int) -> int:
        """See `Travel.seconds`. Nobody takes time to stay where they are."""
        if origin == destination:
            return 0
        return self._leg(origin, destination, _hour_in_taipei(at))

    def _leg(self, origin: Place, destination: Place, hour: int) -> int:
        speed = min(self.table.kilometres_an_hour(each.district, hour) for each in (origin, destination))
        metres = great_circle_metres(origin, destination) * self.detour
        return self.every_leg_seconds + ceil(metres * 3.6 / speed)


@lru_cache(4_096)
def _hour_of(quarter: int) -> int:
    return datetime.fromtimestamp(quarter * 900, TAIPEI).hour


def _hour_in_taipei(at: int) -> int:
    return _hour_of(at // 900)
