"""Vans that are out of service and drivers who are away, for a while: no shift of theirs lies in that time.

Why a driver is away is nobody's business here, and is not kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

SHORTEST: Final = timedelta(minutes=30)
"""What is left of a shift and shorter is not driven."""
Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Gaps:
    """When vans and drivers are not there, by their ids."""

    of: dict[UUID, tuple[Stretch, ...]]

    def without(self, starts_at: datetime, ends_at: datetime, *ids: UUID) -> list[Stretch]:
        """What is left of this stretch where neither of them is missing."""
        return left_of((starts_at, ends_at), [gap for id in ids for gap in self.of.get(id, ())])

    def overlap(self, id: UUID, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether this van or driver is missing at some moment of the stretch."""
        return any(begins < ends_at and starts_at < ends for begins, ends in self.of.get(id, ()))


def between(session: Session, starts_at: datetime, ends_at: datetime) -> Gaps:
    """Every absence that counts at some moment of the stretch."""
    found: dict[UUID, tuple[Stretch, ...]] = {}
    for row in session.execute(_BETWEEN, {"from": starts_at, "until": ends_at}).all():
        id = row.van_id or row.driver_id
        found[id] = (*found.get(id, ()), (row.starts_at, row.ends_at))
    return Gaps(found)


def listed(session: Session, starts_at: datetime, ends_at: datetime) -> list[Any]:
    """The same with their ids, the van's or the driver's number, and why a van is out."""
    return list(session.execute(_LISTED, {"from": starts_at, "until": ends_at}).all())


def left_of(stretch: Stretch, gaps: Iterable[Stretch]) -> list[Stretch]:
    """What the gaps leave of a stretch, in its order; what is too short to drive is left out."""
    left: list[Stretch] = [stretch]
    for begins, ends in gaps:
        left = [
            piece
            for starts_at, ends_at in left
            for piece in (
                ((starts_at, min(begins, ends_at)), (max(ends, starts_at), ends_at))
                if begins < ends_at and starts_at < ends
                else ((starts_at, ends_at),)
            )
            if piece[0] < piece[1]
        ]
    whole = left == [stretch]
    return sorted(piece for piece in left if whole or piece[1] - piece[0] >= SHORTEST)


def rests_within(breaks: Collection[tuple[Stretch, int]], starts_at: datetime, ends_at: datetime) -> list[Any]:
    """The rests (window of beginning, minutes) that a shift of these hours still has room for."""
    found = []
    for (first, last), minutes in breaks:
        begins, latest = max(first, starts_at), min(last, ends_at - timedelta(minutes=minutes))
        if begins <= latest:
            found.append(((begins, latest), minutes))
    return found


_BETWEEN = text(
    """
    SELECT van_id, driver_id, starts_at, ends_at FROM accessibility.van_absence
     WHERE ended_at IS NULL AND ends_at > :from AND starts_at < :until ORDER BY starts_at, id
    """
)
_LISTED = text(
    """
    SELECT a.id, v.number AS vehicle, d.number AS driver, d.name AS driver_name, a.starts_at, a.ends_at, a.reason
      FROM accessibility.van_absence AS a
      LEFT JOIN accessibility.van AS v ON v.id = a.van_id
      LEFT JOIN accessibility.van_driver AS d ON d.id = a.driver_id
     WHERE a.ended_at IS NULL AND a.ends_at > :from AND a.starts_at < :until ORDER BY a.starts_at, a.id
    """
)
