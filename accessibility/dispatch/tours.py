"""What is planned: trips with their promises, vans with places that trade off, and the tours that join them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Place:
    """A point on earth (WGS 84, degrees), and the town code of the district that it lies in, where that is
    known."""

    latitude: float
    longitude: float
    district: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when something has to begin, both moments included."""

    earliest: int
    latest: int

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            raise ValueError("a window ends before it begins")


@dataclass(frozen=True, slots=True)
class Load:
    """Places that are taken: by wheelchairs, and by people on seats."""

    wheelchairs: int = 0
    seats: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(self.wheelchairs + other.wheelchairs, self.seats + other.seats)

    def __sub__(self, other: Load) -> Load:
        return Load(self.wheelchairs - other.wheelchairs, self.seats - other.seats)


@dataclass(frozen=True, slots=True)
class Wheelchair:
    """What a lift has to carry: millimetres, and kilograms with the person in it."""

    width_mm: int
    length_mm: int
    mass_kg: int


@dataclass(frozen=True, slots=True)
class Trip:
    """A ride to be given. What was promised to the rider is a limit here: both windows and the longest time on board.

    The ride lasts from the end of boarding to the arrival at the place where they get off. `needs` are features of the
    vehicle, functions and never diagnoses. Who does not share rides alone, with those of the same trip.
    """

    id: str
    pickup: Place
    dropoff: Place
    pickup_window: Window
    dropoff_window: Window
    longest_ride_seconds: int
    load: Load
    boarding_seconds: int
    alighting_seconds: int
    is_shared: bool = True
    wheelchairs: tuple[Wheelchair, ...] = ()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Break:
    """A rest of the driver, taken wherever the van is then, with nobody on board."""

    window: Window
    seconds: int


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A van on its shift. `layouts` are the ways in which its floor can be used: so many wheelchairs beside so many
    seats; folding seats trade one for the other, and may be folded at any stop."""

    id: str
    start: Place
    end: Place
    shift: Window
    layouts: tuple[Load, ...]
    breaks: tuple[Break, ...] = ()
    largest: Wheelchair = Wheelchair(700, 1_200, 300)
    features: frozenset[str] = frozenset()

    def holds(self, load: Load) -> bool:
        """Whether some layout has the places for this load."""
        return any(load.wheelchairs <= each.wheelchairs and load.seats <= each.seats for each in self.layouts)

    def carries(self, chair: Wheelchair) -> bool:
        """Whether this wheelchair fits the lift and the floor."""
        of = self.largest
        return chair.width_mm <= of.width_mm and chair.length_mm <= of.length_mm and chair.mass_kg <= of.mass_kg

    def suits(self, trip: Trip) -> bool:
        """Whether it could serve the trip at all, were it free."""
        return trip.needs <= self.features and self.holds(trip.load) and all(map(self.carries, trip.wheelchairs))


class StopKind(StrEnum):
    """What a van does at a stop."""

    START = "start"
    PICKUP = "pickup"
    DROPOFF = "dropoff"
    BREAK = "break"
    END = "end"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a tour: what begins there within the window, and how long it takes. A break has no place."""

    kind: StopKind
    window: Window
    seconds: int = 0
    place: Place | None = None
    trip: Trip | None = None

    @property
    def around(self) -> int:
        """The moment for whose traffic the way on from here is reckoned. It must not move with the schedule: what makes
        a tour feasible would then change while it is being found."""
        return self.window.earliest


def pickup_of(trip: Trip) -> Stop:
    """Where the trip begins."""
    return Stop(StopKind.PICKUP, trip.pickup_window, trip.boarding_seconds, trip.pickup, trip)


def dropoff_of(trip: Trip) -> Stop:
    """Where it ends. Nobody is there before they have been picked up, whatever the promised window says."""
    first = min(max(trip.dropoff_window.earliest, trip.pickup_window.earliest), trip.dropoff_window.latest)
    return Stop(StopKind.DROPOFF, Window(first, trip.dropoff_window.latest), trip.alighting_seconds, trip.dropoff, trip)


@dataclass(frozen=True, slots=True)
class Tour:
    """A van's stops in their order, from where it starts, or is at this moment, to where it ends.

    Of somebody who is on board already only the way out is left: their `dropoff` without a `pickup`, its window ended
    by what they were promised. `on_board` is the load of these at the start.
    """

    vehicle: Vehicle
    stops: tuple[Stop, ...]
    on_board: Load = field(default_factory=Load)

    def trips(self) -> Iterator[Trip]:
        """Every trip of which something is left to do, once."""
        seen = set()
        for stop in self.stops:
            if stop.trip is not None and stop.trip.id not in seen:
                seen.add(stop.trip.id)
                yield stop.trip


def empty_tour(vehicle: Vehicle) -> Tour:
    """The tour of a van to which nothing is assigned: out, its breaks in their order, and home."""
    breaks = (Stop(StopKind.BREAK, each.window, each.seconds) for each in vehicle.breaks)
    start = Stop(StopKind.START, vehicle.shift, 0, vehicle.start)
    end = Stop(StopKind.END, vehicle.shift, 0, vehicle.end)
    return Tour(vehicle, (start, *sorted(breaks, key=lambda stop: stop.window.earliest), end))
