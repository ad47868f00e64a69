"""What everybody wanted, was told and saw on the day, and what stands in the fleets' own books.

Three witnesses who do not copy from each other: what riders were told (the facts that the product publishes), what
vehicles did (the simulation of the streets, which knows riders by the number they ring), and the fleets' books.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bench.ride_day.demand import Errand, Leg
from bench.ride_day.population import Spot

Word = Literal[
    "offered", "bound", "not_bound", "reseeking", "replaced", "lost", "cancelled", "changed", "on_the_way", "late",
    "at_door", "aboard", "done", "no_show", "none",
    "put_off",
]  # fmt: skip
Deed = Literal["at_door", "left_without", "gave_up", "aboard", "broken_down", "out"]
Ending = Literal["done", "by_city", "by_fleet", "no_show", "lapsed"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What somebody was told when a ride was bound, or another came in its place."""

    fleet: str
    window_starts_at: datetime
    window_ends_at: datetime
    arrives_at: datetime
    ride_minutes_at_most: int | None = None
    is_pooled: bool = False
    price_twd: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What was said to the rider about one leg. `why` is the reason, where something is taken back; `minutes` by how
    much it will be late; `by` who ended it."""

    at: datetime
    leg: str
    word: Word
    promise: Promise | None = None
    why: str = ""
    minutes: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a vehicle did for somebody, and where."""

    at: datetime
    vehicle: str
    phone: str
    deed: Deed
    spot: Spot


@dataclass(frozen=True, slots=True)
class Order:
    """A line of a fleet's own book: bound from, until, and how it ended; None while it still stands."""

    fleet: str
    number: str
    phone: str | None
    pickup: Spot
    pick_up_at: datetime
    bound_at: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None
    fare_twd: int = 0


@dataclass(frozen=True, slots=True)
class Ours:
    """How a ride stands in our own tables when the day is over."""

    leg: str
    fleet: str | None
    status: str
    ended_by: str = ""
    has_reason: bool = True


@dataclass
class Diary:
    """Everything that is known of the day."""

    errands: Sequence[Errand]
    told: list[Told] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    ours: list[Ours] = field(default_factory=list)
    calls: int = 0
    van_metres: float = 0.0
    van_seconds: float = 0.0

    def legs(self) -> Iterable[tuple[Errand, Leg]]:
        """Every leg that was wanted, with its errand."""
        return ((errand, leg) for errand in self.errands for leg in errand.legs)
