"""What a day came to: who was served, on time, how long on board, at what cost, and whether it differs by who they are.

Counted are rides whose riders came to the door and did not let them be.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from accessibility.conduct import exact
from bench.load import percentile
from bench.ride_day import audit, population
from bench.ride_day.audit import GRACE, Fault, Verdict
from bench.ride_day.demand import Errand, Leg
from bench.ride_day.diary import Diary, Promise, Seen
from core.clock import TAIPEI

FAULTS: Final[tuple[tuple[str, tuple[Fault, ...]], ...]] = (
    ("stranded", ("stranded",)),
    ("two rides or two vehicles", ("two_rides", "two_vehicles", "told_of_two")),
    ("promises broken without a word", ("waited_in_silence", "late_in_silence", "long_in_silence")),
    ("orders left behind, books that differ", ("left_behind", "books_differ")),
    ("blamed though nobody came", ("blamed_wrongly",)),
)
GROUPS: Final[tuple[tuple[str, Callable[[Errand, Leg], str]], ...]] = (
    ("district", lambda errand, leg: population.kind_of(errand.person.home.district)),
    ("wheelchair", lambda errand, leg: errand.person.wheelchair),
    ("hour", lambda errand, leg: "peak" if leg.leaves_at.astimezone(TAIPEI).hour in (7, 8, 16, 17) else "other"),
    ("complained before", lambda errand, leg: "yes" if errand.person.has_complained else "no"),
)
_SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ridden:
    """A leg that was wanted to the end, and what became of it."""

    errand: Errand
    leg: Leg
    promise: Promise | None
    at_door: Seen | None
    aboard: Seen | None
    out: Seen | None

    @property
    def minutes(self) -> float:
        """How long they were on board."""
        assert self.aboard is not None and self.out is not None
        return (self.out.at - self.aboard.at).total_seconds() / 60


@dataclass(frozen=True, slots=True)
class Share:
    """How many rides of a group were served."""

    group: str
    served: int
    wanted: int

    @property
    def share(self) -> float:
        """Of one."""
        return self.served / self.wanted if self.wanted else 0.0


@dataclass(frozen=True, slots=True)
class Measures:
    """The day in numbers; shares of one, minutes, kilometres, NT$."""

    wanted: int
    served: int
    errands_both_ways: int
    both_ways: int
    faults: dict[str, int]
    promises: dict[str, int]
    in_window: float
    by_appointment: float
    ride_minutes: float
    ride_minutes_p90: float
    over_direct: float
    calls_for_a_ride: float
    van_rides: int
    van_km_for_a_ride: float
    taxi_rides: int
    taxi_twd: int
    fairness: dict[str, list[Share]]
    chance: dict[str, bool]


def measure(diary: Diary, verdict: Verdict) -> Measures:
    """Count a day."""
    rides = list(_ridden(diary))
    served = [each for each in rides if each.out is not None and each.aboard is not None]
    both = [each for each in diary.errands if each.back is not None and not _lets_be(each)]
    legs_served = {each.leg.id for each in served}
    promised = [each for each in served if each.promise is not None and each.at_door is not None]
    due = [each for each in served if each.leg.arrive_by is not None]
    minutes = [each.minutes for each in served] or [0.0]
    done = [each for each in diary.orders if each.ending == "done"]
    vans = [each for each in done if each.fleet == "rehabus"]
    groups = {name: _shares(rides, legs_served, of) for name, of in GROUPS}
    return Measures(
        wanted=len(rides),
        served=len(served),
        errands_both_ways=len(both),
        both_ways=sum(all(leg.id in legs_served for leg in each.legs) for each in both),
        faults={name: sum(len(verdict.of(fault)) for fault in faults) for name, faults in FAULTS},
        promises=dict(verdict.promises),
        in_window=_share(promised, lambda each: _came_in_window(each)),
        by_appointment=_share(due, lambda each: _arrived_in_time(each)),
        ride_minutes=statistics.median(minutes),
        ride_minutes_p90=percentile(minutes, 0.9),
        over_direct=statistics.fmean([each.minutes * 60 / each.leg.direct_seconds for each in served] or [0.0]),
        calls_for_a_ride=diary.calls / max(len(served), 1),
        van_rides=len(vans),
        van_km_for_a_ride=diary.van_metres / 1_000 / max(len(vans), 1),
        taxi_rides=len(done) - len(vans),
        taxi_twd=sum(each.fare_twd for each in done if each.fleet != "rehabus"),
        fairness=groups,
        chance=may_be_chance(rides, legs_served),
    )


def rows(ours: Measures, alone: Measures) -> list[tuple[str, str, str]]:
    """The table: what, with one request for all, each fleet by itself."""
    found: list[tuple[str, str, str]] = []

    def add(what: str, said: Callable[[Measures], str]) -> None:
        found.append((what, said(ours), said(alone)))

    add("rides wanted to the end", lambda of: f"{of.wanted:,}")
    add("served", lambda of: f"{of.served:,} ({of.served / max(of.wanted, 1):.1%})")
    add("there and back, of those who wanted both", lambda of: f"{of.both_ways / max(of.errands_both_ways, 1):.1%}")
    for name, _ in FAULTS:
        add(name, lambda of, name=name: f"{of.faults[name]}")  # type: ignore[misc]
    add("promises kept as first made", lambda of: f"{of.promises.get('kept', 0):,} of {_made(of):,}")
    add("promises late or taken back, said in time", lambda of: f"{_explained(of):,}")
    add("picked up within the window", lambda of: f"{of.in_window:.1%}")
    add("at the appointment in time", lambda of: f"{of.by_appointment:.1%}")
    add("minutes on board, median / nine in ten", lambda of: f"{of.ride_minutes:.0f} / {of.ride_minutes_p90:.0f}")
    add("on board, times the direct way", lambda of: f"{of.over_direct:.2f}")
    add("calls or requests for each ride served", lambda of: f"{of.calls_for_a_ride:.2f}")
    add("rides in vans, km driven for each", lambda of: f"{of.van_rides:,}, {of.van_km_for_a_ride:.1f}")
    add("rides in taxis, NT$ on their meters", lambda of: f"{of.taxi_rides:,}, {of.taxi_twd:,}")
    for name, _ in GROUPS:
        add(f"served by {name}", lambda of, name=name: _groups(of, name))  # type: ignore[misc]
    return found


def _groups(of: Measures, name: str) -> str:
    said = ", ".join(f"{each.group} {each.share:.0%}" for each in of.fairness[name])
    return said if of.chance[name] else f"{said} (more than chance)"


def _made(of: Measures) -> int:
    return sum(count for name, count in of.promises.items() if name != "rider_withdrew")


def _explained(of: Measures) -> int:
    return of.promises.get("late_told", 0) + of.promises.get("taken_back", 0)


def _ridden(diary: Diary) -> list[Ridden]:
    promises: dict[str, Promise] = {}
    for word in sorted(diary.told, key=lambda each: each.at):
        if word.promise is not None:
            promises[word.leg] = word.promise
    seen: dict[str, list[Seen]] = {}
    for deed in sorted(diary.seen, key=lambda each: each.at):
        seen.setdefault(deed.phone, []).append(deed)
    found = []
    for errand, leg in diary.legs():
        if _lets_be(errand) or leg.rider_fails:
            continue
        mine = audit.by_direction(errand, seen.get(errand.person.phone, []))[leg.direction]
        first = {each.deed: each for each in reversed(mine)}
        found.append(
            Ridden(errand, leg, promises.get(leg.id), first.get("at_door"), first.get("aboard"), first.get("out"))
        )
    return found


def _lets_be(errand: Errand) -> bool:
    return errand.out.withdraws_before is not None or errand.out.rider_fails


def _came_in_window(ride: Ridden) -> bool:
    assert ride.promise is not None and ride.at_door is not None
    return ride.at_door.at <= ride.promise.window_ends_at + GRACE


def _arrived_in_time(ride: Ridden) -> bool:
    assert ride.out is not None and ride.leg.arrive_by is not None
    return ride.out.at <= ride.leg.arrive_by + timedelta(minutes=1)


def _share(of: Sequence[Ridden], holds: Callable[[Ridden], bool]) -> float:
    return sum(map(holds, of)) / len(of) if of else 0.0


def _shares(rides: Sequence[Ridden], served: set[str], of: Callable[[Errand, Leg], str]) -> list[Share]:
    wanted: dict[str, list[str]] = {}
    for ride in rides:
        wanted.setdefault(of(ride.errand, ride.leg), []).append(ride.leg.id)
    return [Share(name, sum(leg in served for leg in legs), len(legs)) for name, legs in sorted(wanted.items())]


def may_be_chance(rides: Sequence[Ridden], served: set[str]) -> dict[str, bool]:
    """Of each way to group riders, whether all groups could have the same true share.

    Whoever cannot have both ways gets neither: rides of one errand are no two observations. One of each is drawn, each
    group is held against all others by Fisher's exact test, and Holm's correction is for all of these tests together.
    """
    of_errand: dict[str, list[Ridden]] = {}
    for ride in rides:
        of_errand.setdefault(ride.errand.id, []).append(ride)
    drawn = [Random(name).choice(mine) for name, mine in sorted(of_errand.items())]
    tests: list[tuple[str, float]] = []
    for name, of in GROUPS:
        shares = _shares(drawn, served, of)
        for each in shares[: 1 if len(shares) == 2 else None]:
            others = [other for other in shares if other is not each]
            missed, of_others = each.wanted - each.served, sum(other.wanted for other in others)
            p = exact.fisher(missed, each.wanted, of_others - sum(other.served for other in others), of_others)
            tests.append((name, p))
    corrected = exact.holm([p for _, p in tests])
    least = {name: min(p for (of, _), p in zip(tests, corrected, strict=True) if of == name) for name, _ in tests}
    return {name: least.get(name, 1.0) >= _SIGNIFICANT for name, _ in GROUPS}
