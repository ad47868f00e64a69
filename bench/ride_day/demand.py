"""Who wants to go where on the day, and when they ask: drawn from a seed, the same whoever carries them.

The shares are assumptions made to look like what is known: dialysis on Monday, Wednesday and Friday, most of it in
morning chairs, peaks from seven to eight and from four to five, and people by district as they live.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Final, Literal

from accessibility.dispatch.tours import Place
from accessibility.dispatch.travel import GreatCircle
from bench.ride_day import population
from bench.ride_day.population import Spot
from core.clock import TAIPEI

DAY: Final = date(2026, 12, 7)
"""A Monday."""
MIDNIGHT: Final = datetime.combine(DAY, datetime.min.time(), TAIPEI)
FIRST_HOUR: Final = 6.25
_FARTHEST_SECONDS: Final = 3_600
_NEAREST_METRES: Final = 500.0
Wheelchair = Literal["none", "manual", "electric", "scooter"]
Direction = Literal["out", "back"]
TRAVEL: Final = GreatCircle()
# Centimetres, and kilograms with the person.
SIZES: Final = {"manual": (62, 105, 95), "electric": (66, 115, 190), "scooter": (64, 119, 180)}
_CENTRES: Final = {code: population.spot_in(code, Random(code)) for code in population.PEOPLE}


@dataclass(frozen=True, slots=True)
class Person:
    """A rider. `phone` is what drivers know them by. `is_severe` lets some book earlier."""

    number: int
    name: str
    phone: str
    home: Spot
    wheelchair: Wheelchair
    can_transfer: bool
    companions: int
    has_dog: bool
    is_shared: bool
    is_severe: bool
    has_complained: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """One ride somebody wants. `leaves_at`: when they want to be picked up, or are ready in a will-call; with
    `arrive_by` it is when the direct way would have to begin. `rider_fails`: they are not at the door when it comes.
    `withdraws_before`: they cancel so long before."""

    id: str
    direction: Direction
    origin: Spot
    destination: Spot
    leaves_at: datetime
    direct_seconds: int
    arrive_by: datetime | None = None
    is_will_call: bool = False
    rider_fails: bool = False
    withdraws_before: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """Somewhere to go, and home again. `back` None: they find home another way. Asap errands are asked when wanted."""

    id: str
    person: Person
    purpose: str
    is_dialysis: bool
    is_asap: bool
    asked_at: datetime
    out: Leg
    back: Leg | None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Out, and back where it is wanted."""
        return (self.out,) if self.back is None else (self.out, self.back)


@dataclass
class _Drawn:
    errands: list[Errand] = field(default_factory=list)
    legs: int = 0


def errands(*, legs: int, seed: int) -> list[Errand]:
    """Errands of about so many legs (one more where the last has a way back), in the order in which they are asked."""
    drawn = _Drawn()
    while drawn.legs < legs:
        number = len(drawn.errands)
        errand = _errand(number, Random(f"{seed} errand {number}"))
        drawn.errands.append(errand)
        drawn.legs += len(errand.legs)
    return sorted(drawn.errands, key=lambda each: (each.asked_at, each.id))


@dataclass(frozen=True, slots=True)
class _Plan:
    purpose: str
    destination: Spot
    arrive_by: datetime | None
    leaves_at: datetime | None
    stays: timedelta | None
    may_call: float
    is_dialysis: bool = False


def _errand(number: int, random: Random) -> Errand:
    person = _person(number, random)
    plan = _plan(person, random)
    is_asap = plan.arrive_by is None and random.random() < 0.4
    leaves_at = plan.leaves_at or _leaves_for(person, plan)
    name = f"e{number:04d}"
    out = Leg(
        f"{name}:out", "out", person.home, plan.destination, leaves_at,
        _way(person.home, plan.destination, leaves_at), plan.arrive_by,
        rider_fails=random.random() < 0.015, withdraws_before=_withdrawal(random),
    )  # fmt: skip
    back = None
    if plan.stays is not None:
        ready_at = (plan.arrive_by or leaves_at + timedelta(seconds=out.direct_seconds)) + plan.stays
        is_will_call = random.random() < plan.may_call
        home_at = ready_at if is_will_call else _next_quarter(ready_at)
        back = Leg(
            f"{name}:back", "back", plan.destination, person.home, home_at,
            _way(plan.destination, person.home, home_at), None, is_will_call, rider_fails=random.random() < 0.005,
        )  # fmt: skip
    asked_at = leaves_at - timedelta(minutes=2) if is_asap else _asked_at(person, plan, random)
    return Errand(name, person, plan.purpose, plan.is_dialysis, is_asap, asked_at, out, back)


def _person(number: int, random: Random) -> Person:
    kinds: tuple[Wheelchair, ...] = ("none", "manual", "electric", "scooter")
    wheelchair = random.choices(kinds, (0.28, 0.46, 0.22, 0.04))[0]
    return Person(
        number, f"乘客{number:04d}", f"09{70_000_000 + number:08d}", population.home(random), wheelchair,
        can_transfer=wheelchair != "none" and random.random() < 0.3,
        companions=random.choices((0, 1, 2), (0.45, 0.48, 0.07))[0], has_dog=random.random() < 0.01,
        is_shared=random.random() < 0.7, is_severe=random.random() < 0.5, has_complained=random.random() < 0.05,
    )  # fmt: skip


def _plan(person: Person, random: Random) -> _Plan:
    """Where they go: nowhere farther than an hour nor across the street, and nothing before the first vans are out."""
    while True:
        kind = random.choices((_dialysis, _clinic, _work, _other), (0.26, 0.37, 0.28, 0.09))[0]
        plan = kind(person, random)
        if _way(person.home, plan.destination, plan.leaves_at or plan.arrive_by or MIDNIGHT) > _FARTHEST_SECONDS:
            continue
        if person.home.metres_to(plan.destination) < _NEAREST_METRES:
            continue
        if plan.arrive_by is not None and _leaves_for(person, plan) < _at(FIRST_HOUR):
            plan = replace(plan, arrive_by=plan.arrive_by + timedelta(minutes=45))
        return plan


def _leaves_for(person: Person, plan: _Plan) -> datetime:
    assert plan.arrive_by is not None
    way = _way(person.home, plan.destination, plan.arrive_by)
    return (plan.arrive_by - timedelta(seconds=way * 1.25 + 600)).replace(second=0, microsecond=0)


def _dialysis(person: Person, random: Random) -> _Plan:
    """Four hours in a chair; three in five in the morning."""
    near_by = (*population.HOSPITALS, *(population.spot_in(person.home.district, random) for _ in range(2)))
    hour = random.choices((7.0, 7.5, 8.0, 12.0, 17.0), (0.25, 0.2, 0.15, 0.25, 0.15))[0]
    place = population.near(person.home, near_by, random)
    return _Plan("medical", place, _at(hour), None, timedelta(hours=4, minutes=15), 0.3, is_dialysis=True)


def _clinic(person: Person, random: Random) -> _Plan:
    hour = random.choice((8.0, 8.5, 8.5, 9.0, 9.0, 9.5, 10.0, 10.5, 11.0, 13.5, 14.0, 14.5, 15.0))
    stays = timedelta(minutes=random.randrange(45, 150)) if random.random() < 0.9 else None
    return _Plan("medical", population.near(person.home, population.HOSPITALS, random), _at(hour), None, stays, 0.45)


def _work(person: Person, random: Random) -> _Plan:
    arrives = _at(random.choice((7.5, 8.0, 8.0, 8.5, 8.5, 9.0, 9.0)))
    leaves = _at(random.choice((16.0, 16.0, 16.25, 16.5, 16.5, 17.0, 17.25)))
    purpose = random.choice(("work", "school", "work"))
    place = population.spot_in(_district_near(person.home, random), random)
    return _Plan(purpose, place, arrives, None, leaves - arrives, 0.0)


def _other(person: Person, random: Random) -> _Plan:
    leaves = _at(random.choice((9.0, 10.0, 11.0, 13.0, 14.0, 15.0, 18.0, 19.0)) + random.randrange(4) / 4)
    place = population.spot_in(_district_near(person.home, random), random)
    stays = timedelta(minutes=random.randrange(60, 150)) if random.random() < 0.6 else None
    return _Plan("other", place, None, leaves, stays, 0.2)


def _district_near(at: Spot, random: Random) -> str:
    weights = [people / (2_000 + at.metres_to(_CENTRES[code])) ** 1.5 for code, people in population.PEOPLE.items()]
    return random.choices(tuple(population.PEOPLE), weights)[0]


def _withdrawal(random: Random) -> timedelta | None:
    """Three in a hundred let it be: a day before, in the morning, or when the van is nearly there."""
    if random.random() >= 0.03:
        return None
    return random.choice((timedelta(hours=20), timedelta(hours=4), timedelta(minutes=90), timedelta(minutes=25)))


def _asked_at(person: Person, plan: _Plan, random: Random) -> datetime:
    """Patterns are asked for on the first day on which they may, the others as people think of it."""
    opens = 7 if plan.purpose == "medical" and person.is_severe else 6 if plan.purpose == "medical" else 5
    days = opens if plan.is_dialysis else random.choices((opens, 4, 3, 2, 1), (0.3, 0.15, 0.2, 0.2, 0.15))[0]
    seconds = random.randrange(8 * 3_600, 17 * 3_600) if not plan.is_dialysis else 8 * 3_600 + random.randrange(3_600)
    return MIDNIGHT - timedelta(days=days) + timedelta(seconds=seconds)


def _at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def _next_quarter(moment: datetime) -> datetime:
    return MIDNIGHT + timedelta(minutes=-(-(moment - MIDNIGHT) // timedelta(minutes=15)) * 15)


def _way(origin: Spot, destination: Spot, at: datetime) -> int:
    return TRAVEL.seconds(place_of(origin), place_of(destination), int(at.timestamp()))


def place_of(spot: Spot) -> Place:
    """The same place as dispatch knows it."""
    return Place(spot.latitude, spot.longitude, spot.district)
