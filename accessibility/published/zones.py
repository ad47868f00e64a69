"""The areas of the feeds as polygons: valid, simplified to about fifty metres, their rings as RFC 7946 §3.1.6 wants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from accessibility.places import area
from core import district_shapes

_FIFTY_METRES: Final = 0.0005
_DECIMALS: Final = 5


@cache
def outline(codes: frozenset[str]) -> BaseGeometry:
    """The outline of several districts of the city and towns beyond it, as (longitude, latitude)."""
    known = {**district_shapes.outlines(), **area.town_outlines()}
    whole = shapely.union_all([known[code] for code in sorted(codes)])
    simple = shapely.set_precision(shapely.make_valid(shapely.simplify(whole, _FIFTY_METRES)), 10**-_DECIMALS)
    # make_valid may leave a line where two pieces touch; an area has no lines.
    polygons = [each for each in shapely.get_parts(simple) if each.geom_type == "Polygon" and each.area > 0]
    return shapely.orient_polygons(shapely.multipolygons(polygons) if len(polygons) > 1 else polygons[0])


def polygons(codes: frozenset[str]) -> Sequence[dict[str, Any]]:
    """The same, as GeoJSON polygons of one piece each."""
    return [_geojson(each) for each in shapely.get_parts(outline(codes))]


def geometry(codes: frozenset[str]) -> dict[str, Any]:
    """The same, as one GeoJSON polygon or multipolygon."""
    return _geojson(outline(codes))


def all_codes(codes: Iterable[str] | None) -> frozenset[str]:
    """A fleet's districts; None: every one of the city."""
    return frozenset(district_shapes.outlines()) if codes is None else frozenset(codes)


def _geojson(shape: BaseGeometry) -> dict[str, Any]:
    written = orjson.loads(shapely.to_geojson(shape))
    written["coordinates"] = _rounded(written["coordinates"])
    return dict(written)


def _rounded(value: Any) -> Any:
    return round(value, _DECIMALS) if isinstance(value, float) else [_rounded(each) for each in value]
