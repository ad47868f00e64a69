"""What messages about rides ask of the room of rides; `api/push_wiring.py` plugs it in at start-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core.text import Text

Way = Literal["app", "sms", "telephone"]


@dataclass(frozen=True, slots=True)
class RideTold:
    """A ride as far as its rider is told of it. `code` is what the driver is told; `plate` the vehicle's number, once
    it is known; `window` when it comes to the door."""

    leg: Literal["out", "back"]
    window: tuple[datetime, datetime] | None = None
    plate: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How a rider wants to be told. `phone` (0912345678, 072345678) is theirs to choose; None: their proved number."""

    way: Way
    phone: str | None = None


class Rides(Protocol):
    """Knows rides, riders and fleets."""

    def ride(self, session: Session, rider_id: UUID, ride_id: UUID) -> RideTold | None:
        """One ride of this rider."""

    def fleet(self, session: Session, fleet: str) -> tuple[Text, str | None] | None:
        """A fleet's name and telephone number."""

    def contact(self, session: Session, rider_id: UUID) -> Contact:
        """How this rider wants to be told."""

    def ring(
        self,
        session: Session,
        *,
        call_id: UUID,
        rider_id: UUID,
        ride_id: UUID | None,
        phone: str,
        words: Text,
        due_at: datetime,
        until: datetime,
        now: datetime,
    ) -> None:
        """Have somebody ring the rider between `due_at` and `until` and say these words; the same id again is the same
        call."""


class _NoRides:
    def ride(self, session: Session, rider_id: UUID, ride_id: UUID) -> RideTold | None:
        return None

    def fleet(self, session: Session, fleet: str) -> tuple[Text, str | None] | None:
        return None

    def contact(self, session: Session, rider_id: UUID) -> Contact:
        return Contact("app")

    def ring(
        self,
        session: Session,
        *,
        call_id: UUID,
        rider_id: UUID,
        ride_id: UUID | None,
        phone: str,
        words: Text,
        due_at: datetime,
        until: datetime,
        now: datetime,
    ) -> None:
        raise RuntimeError("the rides are not plugged in: see notify.ride_ports.plug_in")


rides: Rides = _NoRides()


def plug_in(of_rides: Rides) -> None:
    """From now on, ask these."""
    global rides
    rides = of_rides
