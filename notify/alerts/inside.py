"""Which devices are inside the circles and polygons of an alert: from the index of positions, then exactly.

In chunks, so that no statement takes long however many people are inside: the box around all shapes is walked square by
square, along a curve on which every square of every size is one stretch (Morton 1966), and a square that holds too many
devices is walked in quarters. How far along the curve a gathering has come is one number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from notify import shapes

MOST_AT_ONCE = 20_000
"""Pairs of a device and a shape whose box holds it that one chunk looks at, unless one spot alone has more."""

EMPTIED_AT_ONCE = 50_000
_MOST_SQUARES = 100
# The box is halved so often in both directions: the squares of a box as wide as Taiwan are ten metres then.
_HALVINGS = 16

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A circle (latitude, longitude, radius in km) or the outline of a polygon, and the box around it."""

    box: Box
    circle: tuple[float, float, float] | None = None
    outline: str | None = None


def gather(session: Session, alert_id: UUID, part: int, gathered_to: int) -> int | None:
    """Note every live device inside the shapes of one part, from `gathered_to` on and as far as one chunk goes; again
    adds nothing. Answers how far that is, None when it is all."""
    drawn = _shapes(session, alert_id, part)
    if not drawn:
        return None
    around = _around([shape.box for shape in drawn])
    left = MOST_AT_ONCE
    at: int = gathered_to
    for _ in range(_MOST_SQUARES):
        level = _widest(at)
        while True:
            square = _square(around, at, level)
            pieces = [(shape, piece) for shape in drawn if (piece := _overlap(shape.box, square))]
            found = _count(session, [piece for _, piece in pieces]) if pieces else 0
            if found <= MOST_AT_ONCE or level == 0:
                break
            level -= 1
        if found > left and left < MOST_AT_ONCE:
            return at
        if found:
            _note(session, alert_id, part, pieces)
        left -= found
        at += 4**level
        if at >= 4**_HALVINGS:
            return None
        if left <= 0:
            return at
    return at


def empty_ended(session: Session) -> bool:
    """Forget who was where of alerts that are no longer being sent, so many rows at once. Answers whether there may be
    more."""
    return len(session.execute(_EMPTY_ENDED, {"most": EMPTIED_AT_ONCE}).all()) == EMPTIED_AT_ONCE


def _shapes(session: Session, alert_id: UUID, part: int) -> list[_Shape]:
    row = session.execute(_SHAPES, {"alert_id": alert_id, "part": part}).one()
    circles = {tuple(circle) for circle in row.circles}
    drawn = [_Shape(shapes.box_around(*circle), circle=circle) for circle in sorted(circles)]
    return drawn + [_Shape(shapes.box_of(ring), outline=shapes.outline(ring)) for ring in row.polygons]


def _note(session: Session, alert_id: UUID, part: int, pieces: Sequence[tuple[_Shape, Box]]) -> None:
    where = {"alert_id": alert_id, "part": part}
    circles = [(shape.circle, piece) for shape, piece in pieces if shape.circle is not None]
    if circles:
        values: dict[str, Any] = {
            "latitudes": [circle[0] for circle, _ in circles],
            "longitudes": [circle[1] for circle, _ in circles],
            "radii": [circle[2] for circle, _ in circles],
            "boxes": [shapes.box(piece) for _, piece in circles],
        }
        session.execute(_IN_CIRCLES, where | values)
    polygons = [(shape.outline, piece) for shape, piece in pieces if shape.outline is not None]
    if polygons:
        values = {
            "outlines": [outline for outline, _ in polygons],
            "boxes": [shapes.box(piece) for _, piece in polygons],
        }
        session.execute(_IN_POLYGONS, where | values)


def _count(session: Session, boxes: Sequence[Box]) -> int:
    values = {"boxes": [shapes.box(each) for each in boxes], "most": MOST_AT_ONCE + 1}
    return int(session.execute(_COUNT, values).scalar_one())


def _widest(at: int) -> int:
    """How many halvings are left in the largest square that begins at this place of the curve."""
    level = 0
    while level < _HALVINGS and at % 4 ** (level + 1) == 0:
        level += 1
    return level


def _square(around: Box, at: int, level: int) -> Box:
    """The square of that size that begins at this place of the curve; what two of them share belongs to both."""
    column = row = 0
    for bit in range(_HALVINGS):
        column |= (at >> 2 * bit & 1) << bit
        row |= (at >> 2 * bit + 1 & 1) << bit
    south, west, north, east = around
    edges = 2**level

    def between(low: float, high: float, place: int) -> float:
        return high if place >= 2**_HALVINGS else low + (high - low) * place / 2**_HALVINGS

    return (
        between(south, north, row),
        between(west, east, column),
        between(south, north, row + edges),
        between(west, east, column + edges),
    )


def _around(boxes: Sequence[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _overlap(one: Box, other: Box) -> Box | None:
    south, west = max(one[0], other[0]), max(one[1], other[1])
    north, east = min(one[2], other[2]), min(one[3], other[3])
    return (south, west, north, east) if south <= north and west <= east else None


_SHAPES = text("SELECT circles, polygons FROM notify.alert_part WHERE alert_id = :alert_id AND part = :part")
_COUNT = text(
    f"""
    SELECT count(*) FROM (
        SELECT FROM unnest(CAST(:boxes AS text[])) AS b (around)
          JOIN notify.device AS d ON {shapes.in_box("b.around")}
         WHERE d.gone_at IS NULL AND d.position IS NOT NULL LIMIT :most) AS found
    """  # noqa: S608
)
# Positions are kept to a hundred metres, so that many devices are at one spot, which is looked at once.
_NOTE = """
    WITH {shapes}, here AS MATERIALIZED (
        SELECT s.n, d.id, d.person_id, d.position[0] AS x, d.position[1] AS y
          FROM shape AS s JOIN notify.device AS d ON d.position <@ s.around
         WHERE d.gone_at IS NULL AND d.position IS NOT NULL
    ), spot AS MATERIALIZED (
        SELECT n, x, y, point(x, y) AS position FROM here GROUP BY n, x, y
    ), within AS MATERIALIZED (
        SELECT DISTINCT d.x, d.y FROM spot AS d JOIN shape AS s USING (n) WHERE {is_inside}
    )
    INSERT INTO notify.alert_inside (alert_id, part, person_id, device_id)
    SELECT DISTINCT CAST(:alert_id AS uuid), CAST(:part AS smallint), here.person_id, here.id
      FROM here JOIN within ON (within.x, within.y) = (here.x, here.y)
    ON CONFLICT DO NOTHING
"""
_IN_CIRCLES = text(
    _NOTE.format(
        shapes="""shape AS MATERIALIZED (
        SELECT n, latitude, longitude, radius_km, CAST(around AS box) AS around
          FROM unnest(CAST(:latitudes AS float8[]), CAST(:longitudes AS float8[]), CAST(:radii AS float8[]),
                      CAST(:boxes AS text[])) WITH ORDINALITY AS c (latitude, longitude, radius_km, around, n)
    )""",
        is_inside=shapes.in_circle("s.latitude", "s.longitude", "s.radius_km"),
    )
)
_IN_POLYGONS = text(
    _NOTE.format(
        shapes="""shape AS MATERIALIZED (
        SELECT n, CAST(outline AS polygon) AS outline, CAST(around AS box) AS around
          FROM unnest(CAST(:outlines AS text[]), CAST(:boxes AS text[])) WITH ORDINALITY AS p (outline, around, n)
    )""",
        is_inside=shapes.in_polygon("s.outline"),
    )
)
_EMPTY_ENDED = text(
    """
    DELETE FROM notify.alert_inside
     WHERE ctid = ANY(ARRAY(
           SELECT i.ctid FROM notify.alert_inside AS i JOIN notify.alert AS a ON a.id = i.alert_id
            WHERE a.status <> 'sending' LIMIT :most FOR UPDATE OF i SKIP LOCKED))
    RETURNING 1
    """
)
