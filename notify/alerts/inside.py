"""Which devices are inside the circles and polygons of an alert: from the index of positions, then exactly."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify import shapes


def gather(session: Session, alert_id: UUID, part: int) -> None:
    """Note every live device inside the shapes of one part; again adds nothing."""
    row = session.execute(_SHAPES, {"alert_id": alert_id, "part": part}).one()
    if row.circles:
        values = {
            "latitudes": [circle[0] for circle in row.circles],
            "longitudes": [circle[1] for circle in row.circles],
            "radii": [circle[2] for circle in row.circles],
            "boxes": [shapes.circle_box(*circle) for circle in row.circles],
        }
        session.execute(_IN_CIRCLES, {"alert_id": alert_id, "part": part, **values})
    if row.polygons:
        values = {
            "outlines": [shapes.outline(polygon) for polygon in row.polygons],
            "boxes": [shapes.polygon_box(polygon) for polygon in row.polygons],
        }
        session.execute(_IN_POLYGONS, {"alert_id": alert_id, "part": part, **values})


def empty(session: Session, alert_id: UUID) -> None:
    """Forget who was where: the messages are written."""
    session.execute(_EMPTY, {"alert_id": alert_id})


def empty_ended(session: Session) -> None:
    """Forget who was where of every alert that is no longer being sent."""
    session.execute(_EMPTY_ENDED)


_SHAPES = text("SELECT circles, polygons FROM notify.alert_part WHERE alert_id = :alert_id AND part = :part")
_IN_CIRCLES = text(
    f"""
    INSERT INTO notify.alert_inside (alert_id, part, person_id, device_id)
    SELECT DISTINCT CAST(:alert_id AS uuid), CAST(:part AS smallint), d.person_id, d.id
      FROM unnest(CAST(:latitudes AS float8[]), CAST(:longitudes AS float8[]), CAST(:radii AS float8[]),
                  CAST(:boxes AS text[])) AS c (latitude, longitude, radius_km, around)
      JOIN notify.device AS d ON {shapes.in_box("c.around")}
     WHERE d.gone_at IS NULL AND d.position IS NOT NULL
       AND {shapes.in_circle("c.latitude", "c.longitude", "c.radius_km")}
    ON CONFLICT DO NOTHING
    """  # noqa: S608
)
_IN_POLYGONS = text(
    f"""
    INSERT INTO notify.alert_inside (alert_id, part, person_id, device_id)
    SELECT DISTINCT CAST(:alert_id AS uuid), CAST(:part AS smallint), d.person_id, d.id
      FROM unnest(CAST(:outlines AS text[]), CAST(:boxes AS text[])) AS p (outline, around)
      JOIN notify.device AS d ON {shapes.in_box("p.around")}
     WHERE d.gone_at IS NULL AND d.position IS NOT NULL AND {shapes.in_polygon("p.outline")}
    ON CONFLICT DO NOTHING
    """  # noqa: S608
)
_EMPTY_ENDED = text(
    "DELETE FROM notify.alert_inside i USING notify.alert a WHERE a.id = i.alert_id AND a.status <> 'sending'"
)
_EMPTY = text("DELETE FROM notify.alert_inside WHERE alert_id = :alert_id")
