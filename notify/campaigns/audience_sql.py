"""An audience as SQL: one condition on `notify.subscription AS s` and its parameters. No value is written into the SQL.

Where devices are is asked as `notify.shapes` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notify import shapes
from notify.campaigns.audiences import Audience, Circle, Polygon

POSITION_LIFE = timedelta(hours=24)
"""Where a device was seen longer ago says nothing of where somebody is."""

_PLACE = """
       AND EXISTS (SELECT FROM notify.place p WHERE p.person_id = s.person_id AND p.district = ANY(:districts) {kinds})
"""
_FACT = """
       AND EXISTS (SELECT FROM notify.fact f WHERE f.person_id = s.person_id AND f.name = :fact_{n} {value})
"""
_NEAR = f"""
       AND EXISTS (SELECT FROM notify.device d
                    WHERE d.person_id = s.person_id AND d.gone_at IS NULL AND d.position_at > :seen_after
                      AND {shapes.in_box(":box")} AND {{inside}})
"""
_IN_CIRCLE = shapes.in_circle(":latitude", ":longitude", ":radius_km")
_IN_POLYGON = shapes.in_polygon(":polygon")


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
        return {"polygon": shapes.outline(near.ring[:-1]), "box": shapes.polygon_box(near.ring)}
    radius_km = near.radius_m / 1000
    return {
        "latitude": near.latitude, "longitude": near.longitude, "radius_km": radius_km,
        "box": shapes.circle_box(near.latitude, near.longitude, radius_km),
    }  # fmt: skip
