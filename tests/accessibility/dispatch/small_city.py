"""A small city for tests: places on a square, minutes between them, trips and vans drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from accessibility.dispatch.tours import Break, Load, Place, Trip, Vehicle, Window

DAY = 1_780_000_000
"""Some midnight in Taipei, or nearly: nothing here depends on the hour."""


@dataclass(frozen=True)
class Square:
    """Travel on a square of kilometres: a minute each way, whatever the hour."""

    def seconds(self, origin: Place, destination: Place, at: int) -> int:
        """Minutes as the crow does not fly, along the streets of a grid."""
        across = abs(origin.latitude - destination.latitude) + abs(origin.longitude - destination.longitude)
        return round(across * 60)


def place(random: Random) -> Place:
    return Place(random.randrange(12), random.randrange(12))


def trip(random: Random, number: int, *, spread_minutes: int = 240) -> Trip:
    """A ride that could be given if a van were there: its windows allow the way, its limit a detour."""
    on, off = place(random), place(random)
    direct = Square().seconds(on, off, 0)
    begins = DAY + random.randrange(spread_minutes) * 60
    longest = direct + random.choice((300, 600, 900))
    width = random.choice((600, 900, 1_800))
    last = begins + width + 300 + longest
    first = random.choice((begins, begins + 300 + direct))
    return Trip(
        f"trip-{number}", on, off, Window(begins, begins + width), Window(first, last), longest,
        random.choice((Load(1, 0), Load(1, 1), Load(0, 1))), random.choice((60, 300)), 120,
        is_shared=random.random() < 0.85,
    )  # fmt: skip


def van(random: Random, number: int, *, hours: int = 8) -> Vehicle:
    """One wheelchair beside four seats or two beside two, home at a depot, sometimes with a break."""
    depot = place(random)
    shift = Window(DAY - 3_600, DAY + hours * 3_600)
    rest = Break(Window(DAY + 3_600, DAY + 3 * 3_600), 1_200)
    return Vehicle(
        f"van-{number}", depot, depot, shift, (Load(1, 4), Load(2, 2)), (rest,) if random.random() < 0.5 else ()
    )
