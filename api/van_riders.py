"""The city's own vans and the rooms of rides: what became of a trip is heard where it was ordered, together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy.orm import Session

from accessibility.own_fleet.telegrams import FLEET
from accessibility.rides import hearing
from core.errors import NotFound
from core.ids import new_uuid
from partners.fleets.contents import TripEvent


class VanRiders:
    """Who ordered the trips of the city's vans."""

    def told(self, session: Session, trip: str, event: TripEvent, now: datetime) -> None:
        """Have the rider's room hear it; a trip that nobody there knows is nobody's to hear of."""
        try:
            hearing.heard(session, fleet=FLEET, trip=trip, telegram_id=new_uuid(), event=event, now=now)
        except NotFound:
            return

    def is_code(self, session: Session, trip: str, code: str) -> bool:
        """Whether these are the digits of that ride, in a time that tells nothing."""
        kept = hearing.code_of(session, trip)
        return kept is not None and compare_digest(kept, code)

    def riders_of(self, session: Session, trips: Collection[str]) -> Mapping[str, UUID]:
        """Whose trips these are."""
        found = ((trip, hearing.rider_of(session, trip)) for trip in trips)
        return {trip: rider_id for trip, rider_id in found if rider_id is not None}
