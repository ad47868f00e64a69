"""Telling that the city's own vans have room that they had not, so that whoever waits for it is looked at at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

from accessibility import events
from core import outbox

Why = Literal["shift", "van", "repaired", "moved"]


def tell(session: Session, days: Collection[date], vans: Collection[str], why: Why, *, now: datetime) -> None:
    """One fact for one change, in its own transaction: on these days of Taipei these vans (by number) have more room.
    Nothing is told where there is no such day."""
    if days:
        told = {"days": sorted({day.isoformat() for day in days}), "vans": sorted(set(vans)), "why": why}
        outbox.record(session, events.OWN_FLEET_ROOM, told, now=now)
