"""Ways by the city's roads, where a routing machine has told how far they are; else by the great circle.

What is learned is how much longer the road is than the great circle between two squares a kilometre wide. It counts
from the first day on which nobody can have been promised anything yet: were ways to change under a plan, a promise that
was made could become impossible. How fast one drives, by district and hour, stays the table's: the machine knows roads
and no traffic.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import text

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import GreatCircle, great_circle_metres
from accessibility.own_fleet import roster
from core import db
from core.clock import taipei_date
from partners.osrm.client import MOST_PLACES, OsrmClient
from partners.wire import CallFailed, Refused

Cell = tuple[int, int]
_CELLS_PER_DEGREE: Final = 100
_LEAST_METRES: Final = 1_500
_SHORTEST: Final = 1.0
_LONGEST: Final = 4.0
_STEP: Final = 20
_READ_EVERY_SECONDS: Final = 1_800.0
_log = logging.getLogger("mykaohsiung.accessibility")


@dataclass
class Roads:
    """Travel times by road, as far as they are known to this process; read anew from time to time."""

    by_default: GreatCircle = field(default_factory=GreatCircle)
    _known: Mapping[tuple[int, int, int, int], tuple[int, float]] = field(default_factory=dict)
    _read_at: float = float("-inf")

    def seconds(self, origin: Place, destination: Place, at: int) -> int:
        """See `Travel.seconds`."""
        if time.monotonic() > self._read_at + _READ_EVERY_SECONDS:
            self._read()
        found = self._known.get((*cell_of(origin), *cell_of(destination)))
        if found is None or at < found[0]:
            return self.by_default.seconds(origin, destination, at)
        return _around(found[1]).seconds(origin, destination, at)

    def _read(self) -> None:
        with db.single_statements() as session:
            rows = session.execute(_ALL, {"least": 0.0}).all()
        self._read_at = time.monotonic()
        self._known = {(row.a, row.b, row.c, row.d): (int(row.counts_from.timestamp()), row.detour) for row in rows}


def cell_of(place: Place) -> Cell:
    """The square in which a place lies."""
    return round(place.latitude * _CELLS_PER_DEGREE), round(place.longitude * _CELLS_PER_DEGREE)


def learn(osrm: OsrmClient, now: datetime) -> int:
    """Ask about ways that rides took and nobody has asked about. Answers how many ways are known since.

    A table that is refused is asked for with half of its ways: the machine may take smaller ones alone, or one place
    may be where it knows no road. A single way that it refuses goes by what is usual, and is not asked about again.
    """
    with db.single_statements() as session:
        asked = session.execute(_MISSING, {"since": now - timedelta(days=60), "most": MOST_PLACES // 2}).all()
    while asked:
        cells = sorted({(row.a, row.b) for row in asked} | {(row.c, row.d) for row in asked})
        try:
            table = osrm.metres([(each.latitude, each.longitude) for each in map(_middle, cells)])
        except Refused as refused:
            _log.warning("OSRM refuses a table of %s places: %s", len(cells), refused)
            if not 400 <= refused.status < 500:
                break
            if len(asked) == 1:
                return _learned(cells, [[None, None], [None, None]], now)
            asked = asked[: len(asked) // 2]
        except CallFailed as failure:
            _log.warning("OSRM is not asked now, ways go by the great circle: %s", failure)
            break
        else:
            return _learned(cells, table, now)
    return 0


def _learned(cells: Sequence[Cell], table: Sequence[Sequence[float | None]], now: datetime) -> int:
    counts_from = taipei_date(now + roster.AHEAD) + timedelta(days=2)
    rows = [
        {"a": one[0], "b": one[1], "c": other[0], "d": other[1], "detour": _detour(one, other, metres)}
        for one, ways in zip(cells, table, strict=True)
        for other, metres in zip(cells, ways, strict=True)
        if one != other
    ]
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in ("a", "b", "c", "d", "detour")}
    with db.unit_of_work() as session:
        session.execute(_LEARN, {**values, "from": counts_from, "now": now})
    return len(rows)


def _detour(one: Cell, other: Cell, metres: float | None) -> float:
    """How much longer the road is; near ways, and such as no road leads, go by what is usual."""
    straight = great_circle_metres(_middle(one), _middle(other))
    if metres is None or straight < _LEAST_METRES:
        return GreatCircle().detour
    return min(max(round(metres / straight * _STEP) / _STEP, _SHORTEST), _LONGEST)


def _middle(cell: Cell) -> Place:
    return Place(cell[0] / _CELLS_PER_DEGREE, cell[1] / _CELLS_PER_DEGREE)


@lru_cache(256)
def _around(detour: float) -> GreatCircle:
    return GreatCircle(detour=detour)


_ALL = text(
    """
    SELECT from_latitude AS a, from_longitude AS b, to_latitude AS c, to_longitude AS d, detour,
           counts_from::timestamp AT TIME ZONE 'Asia/Taipei' AS counts_from
      FROM accessibility.van_road WHERE detour > :least
    """
)
_MISSING = text(
    """
    SELECT w.a, w.b, w.c, w.d
      FROM (SELECT DISTINCT round((o.wish #>> '{pickup,latitude}')::numeric * 100)::integer AS a,
                            round((o.wish #>> '{pickup,longitude}')::numeric * 100)::integer AS b,
                            round((o.wish #>> '{dropoff,latitude}')::numeric * 100)::integer AS c,
                            round((o.wish #>> '{dropoff,longitude}')::numeric * 100)::integer AS d
              FROM accessibility.van_order AS o WHERE o.day >= CAST(:since AS timestamptz)::date) AS w
     WHERE (w.a, w.b) <> (w.c, w.d) AND NOT EXISTS (
               SELECT FROM accessibility.van_road AS r
                WHERE (r.from_latitude, r.from_longitude, r.to_latitude, r.to_longitude) = (w.a, w.b, w.c, w.d))
     LIMIT :most
    """
)
_LEARN = text(
    """
    INSERT INTO accessibility.van_road
           (from_latitude, from_longitude, to_latitude, to_longitude, detour, counts_from, learned_at)
    SELECT l.a, l.b, l.c, l.d, l.detour, :from, :now
      FROM unnest(CAST(:a AS integer[]), CAST(:b AS integer[]), CAST(:c AS integer[]), CAST(:d AS integer[]),
                  CAST(:detour AS double precision[])) AS l (a, b, c, d, detour)
    ON CONFLICT DO NOTHING
    """
)
