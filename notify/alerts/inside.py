"""Which devices are inside the circles and polygons of an alert: from the index of positions, then exactly."""

from __future__ import annotations

import math
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

EARTH_RADIUS_KM = 6371.0088
# PostgreSQL takes points for being on an edge when a cross product is below 0.000001: in degrees that can be a hundred
# metres, in millionths of a degree it is nothing.
FINE = 1e6


def gather(session: Session, alert_id: UUID, part: int) -> None:
    """Note every live device inside the shapes of one part; again adds nothing."""
    row = session.execute(_SHAPES, {"alert_id": alert_id, "part": part}).one()
    if row.circles:
        boxes = [box_around(*circle) for circle in row.circles]
        values = {
            "latitudes": [circle[0] for circle in row.circles],
            "longitudes": [circle[1] for circle in row.circles],
            "radii": [circle[2] for circle in row.circles],
            "boxes": [_box(*box) for box in boxes],
        }
        session.execute(_IN_CIRCLES, {"alert_id": alert_id, "part": part, **values})
    if row.polygons:
        outlines = [
            "(" + ",".join(f"({at[1] * FINE!r},{at[0] * FINE!r})" for at in polygon) + ")" for polygon in row.polygons
        ]
        boxes = [
            (min(at[0] for at in polygon), min(at[1] for at in polygon), max(at[0] for at in polygon),
             max(at[1] for at in polygon))
            for polygon in row.polygons
        ]  # fmt: skip
        values = {"outlines": outlines, "boxes": [_box(*box) for box in boxes]}
        session.execute(_IN_POLYGONS, {"alert_id": alert_id, "part": part, **values})


def empty(session: Session, alert_id: UUID) -> None:
    """Forget who was where: the messages are written."""
    session.execute(_EMPTY, {"alert_id": alert_id})


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


def _box(south: float, west: float, north: float, east: float) -> str:
    return f"(({west!r},{south!r}),({east!r},{north!r}))"


_SHAPES = text("SELECT circles, polygons FROM notify.alert_part WHERE alert_id = :alert_id AND part = :part")
# Great-circle distance by the haversine formula on a sphere of the Earth's mean radius; position[0] is the longitude.
_IN_CIRCLES = text(
    f"""
    INSERT INTO notify.alert_inside (alert_id, part, person_id, device_id)
    SELECT DISTINCT CAST(:alert_id AS uuid), CAST(:part AS smallint), d.person_id, d.id
      FROM unnest(CAST(:latitudes AS float8[]), CAST(:longitudes AS float8[]), CAST(:radii AS float8[]),
                  CAST(:boxes AS text[])) AS c (latitude, longitude, radius_km, around)
      JOIN notify.device AS d ON d.position <@ CAST(c.around AS box)
     WHERE d.gone_at IS NULL AND d.position IS NOT NULL
       AND 2 * {EARTH_RADIUS_KM} * asin(least(1, sqrt(
               power(sin(radians(d.position[1] - c.latitude) / 2), 2)
               + cos(radians(c.latitude)) * cos(radians(d.position[1]))
                 * power(sin(radians(d.position[0] - c.longitude) / 2), 2)))) <= c.radius_km
    ON CONFLICT DO NOTHING
    """  # noqa: S608
)
_IN_POLYGONS = text(
    f"""
    INSERT INTO notify.alert_inside (alert_id, part, person_id, device_id)
    SELECT DISTINCT CAST(:alert_id AS uuid), CAST(:part AS smallint), d.person_id, d.id
      FROM unnest(CAST(:outlines AS text[]), CAST(:boxes AS text[])) AS p (outline, around)
      JOIN notify.device AS d ON d.position <@ CAST(p.around AS box)
     WHERE d.gone_at IS NULL AND d.position IS NOT NULL
       AND CAST(p.outline AS polygon) @> point(d.position[0] * {FINE}, d.position[1] * {FINE})
    ON CONFLICT DO NOTHING
    """  # noqa: S608
)
_EMPTY = text("DELETE FROM notify.alert_inside WHERE alert_id = :alert_id")
