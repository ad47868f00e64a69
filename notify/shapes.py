"""Circles and polygons on the ground, as SQL about `notify.device AS d`: a box for the index, then exactly.

A position is (longitude, latitude) in WGS 84 degrees; shapes come as (latitude, longitude).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

EARTH_RADIUS_KM = 6371.0088
# PostgreSQL takes points for being on an edge when a cross product is below 0.000001: in degrees that can be a hundred
# metres, in millionths of a degree it is nothing.
_FINE = 1e6


def box_around(latitude: float, longitude: float, radius_km: float) -> tuple[float, float, float, float]:
    """South, west, north and east of the smallest box of degrees that holds a circle, with a little to spare."""
    angle = radius_km / EARTH_RADIUS_KM
    height = math.degrees(angle) + 1e-6
    south, north = max(latitude - height, -90.0), min(latitude + height, 90.0)
    reach = math.sin(min(angle, math.pi / 2)) / max(math.cos(math.radians(latitude)), 1e-12)
    width = 360.0 if reach >= 1 or abs(latitude) + height >= 90 else math.degrees(math.asin(reach)) + 1e-6
    west, east = longitude - width, longitude + width
    if west < -180 or east > 180:
        west, east = -180.0, 180.0
    return south, west, north, east


def circle_box(latitude: float, longitude: float, radius_km: float) -> str:
    """The box around a circle as PostgreSQL reads a `box`."""
    return box(box_around(latitude, longitude, radius_km))


def polygon_box(ring: Sequence[Sequence[float]]) -> str:
    """The box around a polygon as PostgreSQL reads a `box`."""
    return box(box_of(ring))


def box_of(ring: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    """South, west, north and east of a polygon."""
    latitudes, longitudes = [corner[0] for corner in ring], [corner[1] for corner in ring]
    return min(latitudes), min(longitudes), max(latitudes), max(longitudes)


def box(ends: tuple[float, float, float, float]) -> str:
    """A box by its south, west, north and east, as PostgreSQL reads it."""
    south, west, north, east = ends
    return f"(({west!r},{south!r}),({east!r},{north!r}))"


def outline(ring: Sequence[Sequence[float]]) -> str:
    """A polygon as `in_polygon` takes it: in millionths of a degree."""
    return "(" + ",".join(f"({corner[1] * _FINE!r},{corner[0] * _FINE!r})" for corner in ring) + ")"


def in_box(box_sql: str) -> str:
    """SQL: whether the device is in a box, by the index on positions; `box_sql` is an SQL expression, as below."""
    return f"d.position <@ CAST({box_sql} AS box)"


def in_circle(latitude: str, longitude: str, radius_km: str) -> str:
    """SQL: whether the device is in a circle, by the great-circle distance after the haversine formula on a sphere of
    the Earth's mean radius."""
    return f"""2 * {EARTH_RADIUS_KM} * asin(least(1, sqrt(
               power(sin(radians(d.position[1] - {latitude}) / 2), 2)
               + cos(radians({latitude})) * cos(radians(d.position[1]))
                 * power(sin(radians(d.position[0] - {longitude}) / 2), 2)))) <= {radius_km}"""


def in_polygon(outline_sql: str) -> str:
    """SQL: whether the device is in a polygon that `outline` has written."""
    return f"CAST({outline_sql} AS polygon) @> point(d.position[0] * {_FINE}, d.position[1] * {_FINE})"
