"""Rides as messages tell of them: what the room of messages asks the rooms of rides."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.calls import calls
from accessibility.fleets import terms
from accessibility.riders import profile
from accessibility.rides import records
from core.errors import NotFound
from core.text import Text
from notify.ride_ports import Contact, RideTold


class RidesTold:
    """Implements `notify.ride_ports.Rides`."""

    def ride(self, session: Session, rider_id: UUID, ride_id: UUID) -> RideTold | None:
        """One ride of this rider."""
        try:
            ride = records.ride(session, ride_id, rider_id=rider_id)
        except NotFound:
            return None
        window = None
        if ride.window_starts_at is not None and ride.window_ends_at is not None:
            window = (ride.window_starts_at, ride.window_ends_at)
        return RideTold(cast(Literal["out", "back"], ride.leg), window, _plate(ride.vehicle), ride.code)

    def fleet(self, session: Session, fleet: str) -> tuple[Text, str | None] | None:
        """A fleet's name and telephone number."""
        return terms.names(session).get(fleet)

    def contact(self, session: Session, rider_id: UUID) -> Contact:
        """How this rider wants to be told."""
        rider = profile.of(session, rider_id)
        return Contact(rider.contact_way, rider.contact_phone)

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
        """Have somebody at the dispatch desk ring the rider."""
        calls.ring_rider(
            session, call_id=call_id, rider_id=rider_id, ride_id=ride_id, phone=phone, words=words, due_at=due_at,
            until=until, now=now,
        )  # fmt: skip


def _plate(vehicle: dict[str, Any] | None) -> str | None:
    found = (vehicle or {}).get("number")
    return str(found) if found else None
