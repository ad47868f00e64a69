"""What a series asks for on each of its days: the same trip, at the same times of day in Taipei."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from accessibility.places.place import Place
from accessibility.requests.wishes import RideWish
from accessibility.series.days import moment
from core.clock import TAIPEI


def kept(wish: RideWish) -> dict[str, Any]:
    """A wish without its days, as it lies in the database."""
    return {
        "pickup": wish.pickup.as_json(),
        "dropoff": wish.dropoff.as_json(),
        "stops": [each.as_json() for each in wish.stops],
        "pick_up_at": _time_of(wish.pick_up_at),
        "arrive_by": _time_of(wish.arrive_by),
        "return_at": _time_of(wish.return_at),
        "return_on_call": wish.return_on_call,
        "purpose": wish.purpose,
        "companions": wish.companions,
        "has_dog": wish.has_dog,
        "is_shared": wish.is_shared,
        "notes": wish.notes,
    }


def on(kept: Mapping[str, Any], day: date, *, series_id: UUID) -> RideWish:
    """The wish of one day. A time of day that comes before the one before it is after midnight."""
    begins = _at(kept["pick_up_at"], day)
    there = _at(kept["arrive_by"], day, begins)
    return RideWish(
        Place.from_json(kept["pickup"]), Place.from_json(kept["dropoff"]),
        tuple(Place.from_json(each) for each in kept["stops"]), begins, there, False,
        _at(kept["return_at"], day, there or begins), kept["return_on_call"], kept["purpose"], kept["companions"],
        kept["has_dog"], kept["is_shared"], kept["notes"], series_id,
    )  # fmt: skip


def _time_of(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(TAIPEI):%H:%M}"


def _at(kept: str | None, day: date, after: datetime | None = None) -> datetime | None:
    if kept is None:
        return None
    found = moment(day, time.fromisoformat(kept))
    return found if after is None or found >= after else found + timedelta(days=1)
