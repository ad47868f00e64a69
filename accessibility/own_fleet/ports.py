"""What this room asks of the city's rooms about a trip, and what it tells them. Plugged in at start-up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.dispatch.travel import GreatCircle, Travel
from partners.fleets.contents import TripEvent
from partners.osrm.client import OsrmClient


class City(Protocol):
    """Who ordered the trips."""

    def told(self, session: Session, trip: str, event: TripEvent, now: datetime) -> None:
        """Hear what became of a trip, in the transaction in which it did."""
        ...

    def is_code(self, session: Session, trip: str, code: str) -> bool:
        """Whether this is what the rider of the trip says when they board."""
        ...

    def riders_of(self, session: Session, trips: Collection[str]) -> Mapping[str, UUID]:
        """Whose trips these are, for the log of who was shown whose data and for nothing else."""
        ...


class _Nobody:
    """Where no room has been plugged in: nobody listens, and no code is right."""

    def told(self, session: Session, trip: str, event: TripEvent, now: datetime) -> None:
        """Nobody listens."""

    def is_code(self, session: Session, trip: str, code: str) -> bool:
        """No code is known."""
        return False

    def riders_of(self, session: Session, trips: Collection[str]) -> Mapping[str, UUID]:
        """Nobody is known."""
        return {}


_city: City = _Nobody()
_travel: Travel = GreatCircle()
_osrm: OsrmClient | None = None


def plug_in(of: City, *, by: Travel | None = None, osrm: OsrmClient | None = None) -> None:
    """Tell this city from now on; reckon ways by this, or by the great circle; and learn roads from that machine."""
    global _city, _travel, _osrm
    _city, _travel, _osrm = of, by or GreatCircle(), osrm


def city() -> City:
    """Whom to tell."""
    return _city


def osrm() -> OsrmClient | None:
    """Who knows the roads, where somebody does."""
    return _osrm


def travel() -> Travel:
    """How long ways take."""
    return _travel
