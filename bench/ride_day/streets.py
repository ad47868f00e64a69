"""The streets: how long ways take today, where each rider is, and whether they are at the door when somebody comes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from statistics import NormalDist
from typing import Final

from bench.ride_day.demand import TRAVEL, Errand, Leg, Wheelchair, place_of
from bench.ride_day.diary import Deed, Diary, Seen
from bench.ride_day.population import Spot

WAITS: Final = timedelta(minutes=10)
"""How long a driver waits for who is not at the door."""
_SAME_DOOR_METRES: Final = 200.0
# Who knows when they are fetched is ready when the window that they were told begins.
_EARLY: Final = timedelta(minutes=25)
# Ways take this share of what the planner reckons: most a little less, a few half as much again.
_MIDDLE, _SPREAD, _LEAST, _MOST = 0.93, 0.1, 0.75, 1.5


def luck(*of: object) -> float:
    """A number from 0 to 1 that is always the same for the same things."""
    said = " ".join(map(str, of)).encode()
    return int.from_bytes(hashlib.sha256(said).digest()[:6], "big") / 2**48


class Streets:
    """Everybody outside. Who was brought somewhere is there; what they do next is theirs."""

    def __init__(self, errands: Sequence[Errand], seed: int) -> None:
        self.diary = Diary(errands)
        self.seed = seed
        self.errand_of = {errand.person.phone: errand for errand in errands}
        self._where: dict[str, Spot | None] = {errand.person.phone: errand.person.home for errand in errands}
        self._arrived_at: dict[str, datetime] = {}
        self._failed: set[str] = set()
        self._in_broken_vans: set[str] = set()

    def takes(self, origin: Spot, destination: Spot, at: datetime, *key: object) -> timedelta:
        """How long a way takes at that time today."""
        reckoned = TRAVEL.seconds(place_of(origin), place_of(destination), int(at.timestamp()))
        share = NormalDist(_MIDDLE, _SPREAD).inv_cdf(min(max(luck(self.seed, "way", *key), 1e-6), 1 - 1e-6))
        return timedelta(seconds=round(reckoned * min(max(share, _LEAST), _MOST)))

    def leg_from(self, phone: str, spot: Spot) -> Leg | None:
        """Which leg of theirs begins at that door."""
        errand = self.errand_of.get(phone)
        if errand is None:
            return None
        return min(errand.legs, key=lambda leg: leg.origin.metres_to(spot))

    def is_there(self, phone: str, spot: Spot, at: datetime) -> bool:
        """Whether they come out of that door when somebody waits at it."""
        leg, where = self.leg_from(phone, spot), self._where.get(phone)
        if phone in self._in_broken_vans:
            return where is not None and where.metres_to(spot) <= _SAME_DOOR_METRES
        if leg is None or where is None or (leg.rider_fails and leg.id not in self._failed):
            return False
        if where.metres_to(spot) > _SAME_DOOR_METRES:
            return False
        early = timedelta() if leg.is_will_call else _EARLY
        return leg.direction == "out" or at >= self.ready_at(leg) - early

    def ready_at(self, leg: Leg) -> datetime:
        """When they can go: on the way home, not before they have done most of what they came for."""
        errand = next(each for each in self.errand_of.values() if leg in each.legs) if leg.is_will_call else None
        if errand is None:
            return leg.leaves_at
        arrived_at = self._arrived_at.get(errand.person.phone)
        late = (
            max(arrived_at - errand.out.arrive_by, timedelta()) if arrived_at and errand.out.arrive_by else timedelta()
        )
        return leg.leaves_at + late

    def has_arrived(self, phone: str) -> bool:
        """Whether they were brought to where they wanted to go, or home again."""
        return phone in self._arrived_at

    def is_at(self, phone: str, spot: Spot) -> bool:
        """Whether they are there now."""
        where = self._where.get(phone)
        return where is not None and where.metres_to(spot) <= _SAME_DOOR_METRES

    def see(self, at: datetime, vehicle: str, phone: str, deed: Deed, spot: Spot) -> None:
        """Write down what a vehicle did, and where its rider is now."""
        self.diary.seen.append(Seen(at, vehicle, phone, deed, spot))
        if deed == "aboard":
            self._where[phone] = None
            self._in_broken_vans.discard(phone)
        elif deed == "left_without":
            # Who did not come to the door once does so the next time.
            leg = self.leg_from(phone, spot)
            self._failed.update([leg.id] if leg else [])
        elif deed == "broken_down":
            self._where[phone] = spot
            self._in_broken_vans.add(phone)
        elif deed == "out":
            self._where[phone] = spot
            self._arrived_at[phone] = at


def boarding_of(wheelchair: Wheelchair, random: Random) -> timedelta:
    """From opening the door to leaving."""
    return timedelta(seconds=random.randrange(60, 150) if wheelchair == "none" else random.randrange(150, 300))
