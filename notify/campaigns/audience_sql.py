"""An audience as SQL: one condition on `notify.subscription AS s` and its parameters. No value is written into the SQL.

Circles are a bounding box (which the index on positions answers) and the haversine distance; polygons the same box and
PostgreSQL's own `polygon @> point`. A point is (longitude, latitude).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notify.campaigns.audiences import Audience, Circle, Polygon

POSITION_LIFE = timedelta(hours=24)
"""Where a device was seen longer ago says nothing of where somebody is."""

_EARTH_RADIUS_M = 6_371_008.8
_METRES_PER_DEGREE = _EARTH_RADIUS_M * math.pi / 180
_PLACE = """
       AND EXISTS (SELECT FROM notify.place p WHERE p.person_id = s.person_id AND p.district = ANY(:districts) {kinds})
"""
_FACT = """
       AND EXISTS (SELECT FROM notify.fact f WHERE f.person_id = s.person_id AND f.name = :fact_{n} {value})
"""
_NEAR = """
       AND EXISTS (SELECT FROM notify.device d
                    WHERE d.person_id = s.person_id AND d.gone_at IS NULL AND d.position_at > :seen_after
                      AND d.position <@ box(point(:west, :south), point(:east, :north)) AND {inside})
"""
_IN_CIRCLE = f"""
    2 * {_EARTH_RADIUS_M} * asin(least(1, sqrt(
        sin(radians(d.position[1] - :latitude) / 2) ^ 2
        + cos(radians(:latitude)) * cos(radians(d.position[1])) * sin(radians(d.position[0] - :longitude) / 2) ^ 2
    ))) <= :radius_m
"""
_IN_POLYGON = "CAST(:polygon AS polygon) @> d.position"


@dataclass(frozen=True, slots=True)
class Compiled:
    """`condition` follows a WHERE about `s`; `parameters` are for it alone."""

    condition: str
    parameters: dict[str, Any]


def compiled(audience: Audience, topic_id: int, *, now: datetime) -> Compiled:
    """The condition that holds for the live subscriptions of that topic which the audience means, at `now`."""
    parts = ["s.status = 'live' AND s.topic_id = :topic_id"]
    parameters: dict[str, Any] = {"topic_id": topic_id}
    if audience.subject is not None:
        parts.append("AND s.subject = :subject")
        parameters["subject"] = audience.subject
    if audience.districts:
        parts.append(_PLACE.format(kinds="AND p.kind = ANY(:kinds)" if audience.place_kinds else ""))
        parameters |= {"districts": list(audience.districts), "kinds": list(audience.place_kinds)}
    for n, fact in enumerate(audience.facts):
        parts.append(_FACT.format(n=n, value="" if fact.value is None else f"AND f.value = :value_{n}"))
        parameters |= {f"fact_{n}": fact.name, f"value_{n}": fact.value}
    if audience.near is not None:
        parts.append(_NEAR.format(inside=_IN_CIRCLE if isinstance(audience.near, Circle) else _IN_POLYGON))
        parameters |= _area(audience.near) | {"seen_after": now - POSITION_LIFE}
    return Compiled(" ".join(parts), parameters)


def _area(near: Circle | Polygon) -> dict[str, Any]:
    if isinstance(near, Polygon):
        latitudes, longitudes = zip(*near.ring, strict=True)
        corners = ",".join(f"({longitude!r},{latitude!r})" for latitude, longitude in near.ring[:-1])
        return {
            "polygon": f"({corners})",
            "south": min(latitudes), "north": max(latitudes), "west": min(longitudes), "east": max(longitudes),
        }  # fmt: skip
    high = near.radius_m / _METRES_PER_DEGREE
    wide = high / math.cos(math.radians(abs(near.latitude) + high))
    return {
        "latitude": near.latitude, "longitude": near.longitude, "radius_m": near.radius_m,
        "south": near.latitude - high, "north": near.latitude + high,
        "west": near.longitude - wide, "east": near.longitude + wide,
    }  # fmt: skip
