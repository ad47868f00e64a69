"""The envelope of a telegram to a fleet, and what of a place it may hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from accessibility.places import area
from accessibility.places.place import Place
from core import clock
from partners.fleets.client import Dispatch
from partners.fleets.contents import Door, RoughPlace

PATIENCE_SECONDS: Final = 8.0
"""How long a fleet has for each step after the question."""


def dispatch(telegram_id: UUID, trip: str, *, seconds: float = PATIENCE_SECONDS) -> Dispatch:
    """The envelope of a telegram that is sent at this very moment: a fleet reads its deadline off its own clock."""
    return Dispatch(telegram_id, trip, clock.now() + timedelta(seconds=seconds))


def rough(place: Place) -> RoughPlace:
    """A place as a fleet may know it before it is bound."""
    return RoughPlace(place.latitude, place.longitude, area.name_of(place.district).zh)


def door(place: Place) -> Door:
    """A place to the door, for a bound ride."""
    return Door(
        place.latitude, place.longitude, area.name_of(place.district).zh, place.address or place.label, place.directions
    )
