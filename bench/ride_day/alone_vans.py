"""The city's vans by themselves: the same planner and promises on the same streets, and nobody to turn to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID, uuid4

from accessibility.dispatch import insertion, timing
from accessibility.dispatch.tours import (
    Break,
    Load,
    Stop,
    StopKind,
    Tour,
    Vehicle,
    Wheelchair,
    Window,
    empty_tour,
)
from accessibility.own_fleet import offering
from accessibility.own_fleet.plans import Planned
from accessibility.own_fleet.promises import Promise, demand_of, moment, trip_promised
from bench.ride_day import shifts
from bench.ride_day.agenda import Agenda
from bench.ride_day.demand import DAY, MIDNIGHT, TRAVEL, Leg, Person, place_of
from bench.ride_day.diary import Ending, Order
from bench.ride_day.population import Spot
from bench.ride_day.streets import WAITS, Streets, boarding_of
from core.clock import TAIPEI
from partners.fleets.contents import Wish

_SPARE_AFTER: Final = timedelta(minutes=45)
"""Who sits in a van that breaks down is fetched by another so much later."""


@dataclass(slots=True)
class _Ride:
    trip: str
    leg: Leg
    person: Person
    promise: Promise
    bound_at: datetime
    ended_at: datetime | None = None
    ending: Ending | None = None
    is_begun: bool = False


@dataclass(slots=True)
class _Van:
    number: str
    id: UUID
    tour: Tour
    at: Spot
    is_busy: bool = False
    is_broken: bool = False
    version: int = 0
    aboard: list[_Ride] = field(default_factory=list)
    driven_seconds: float = 0.0
    driven_metres: float = 0.0


@dataclass
class VansAlone:
    """The fleet on its day. `lost` hears of riders whose van has broken down and for whom it has no other."""

    streets: Streets
    agenda: Agenda
    count: int
    lost: Callable[[Leg, str], None]
    _vans: list[_Van] = field(default_factory=list)
    _rides: dict[str, _Ride] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for van in shifts.vans(self.count):
            broken_at = shifts.breaks_down_at(van.number, self.streets.seed)
            for number, shift in enumerate(van.shifts):
                made = _Van(f"{van.number}/{number}", uuid4(), _tour(van.depot, shift), shifts.DEPOTS[van.depot])
                self._vans.append(made)
                self.agenda.at(_on_day(shift.begins), self._waker(made))
                if broken_at is not None and shift.begins.hour <= broken_at < shift.ends.hour:
                    self.agenda.at(_at(broken_at), self._breaker(made))

    def book(self, leg: Leg, person: Person, wish: Wish) -> Promise | None:
        """The cheapest place for it, taken at once; None: full."""
        now = self.agenda.now
        soonest = int((now + offering.NOTICE).timestamp())
        demand = demand_of(wish)
        if demand.window.latest < soonest:
            return None
        demand = replace(demand, window=Window(max(demand.window.earliest, soonest), demand.window.latest))
        found = offering.best(self._plan(), demand, TRAVEL)
        if found is None:
            return None
        planned, promise = found
        trip = trip_promised(leg.id, demand, promise)
        van = next(each for each in self._vans if each.id == planned.van_id)
        (placed,) = insertion.offers([planned.tour], trip, TRAVEL, most=1)
        van.tour = placed.tour
        self._rides[leg.id] = _Ride(leg.id, leg, person, promise, now)
        self._wake(van)
        return promise

    def cancel(self, leg: Leg) -> bool:
        """The rider lets it be; too late once they are aboard."""
        ride = self._rides.get(leg.id)
        if ride is None or ride.ending or ride.is_begun:
            return False
        self._end(ride, "by_city")
        for van in self._vans:
            van.tour = insertion.without(van.tour, leg.id)
        return True

    def orders(self) -> list[Order]:
        """The fleet's book."""
        return [
            Order(
                "rehabus", each.trip, each.person.phone, each.leg.origin, moment(each.promise.pick_up_at),
                each.bound_at, each.ended_at, each.ending,
            )
            for each in self._rides.values()
        ]  # fmt: skip

    def driven(self) -> tuple[float, float]:
        """Metres and seconds on the road."""
        return sum(each.driven_metres for each in self._vans), sum(each.driven_seconds for each in self._vans)

    def _plan(self) -> list[Planned]:
        now = int(self.agenda.now.timestamp())
        plan = []
        for van in self._vans:
            first = van.tour.stops[0]
            if van.is_broken or first.window.latest < now:
                continue
            tour = van.tour
            if first.window.earliest < now:
                start = replace(first, window=Window(now, first.window.latest))
                tour = replace(tour, stops=(start, *tour.stops[1:]))
            plan.append(Planned(van.id, van.id, van.number, 0, self.agenda.now, tour, (), van.is_busy))
        return plan

    def _waker(self, van: _Van) -> Callable[[], None]:
        return lambda: self._wake(van)

    def _breaker(self, van: _Van) -> Callable[[], None]:
        return lambda: self._breaks_down(van)

    def _wake(self, van: _Van) -> None:
        """See when to leave for the next stop, and leave then unless something else has come up."""
        if van.is_busy or van.is_broken or len(van.tour.stops) == 2:
            return
        van.version += 1
        version, stop, now = van.version, van.tour.stops[1], int(self.agenda.now.timestamp())
        begins = van.tour.vehicle.shift.earliest
        leaves = max(now, begins)
        if stop.place is not None and stop.kind is StopKind.PICKUP and not van.aboard:
            leaves = max(leaves, stop.window.earliest - TRAVEL.seconds(place_of(van.at), stop.place, leaves))
        elif stop.kind is StopKind.BREAK:
            leaves = max(leaves, self._rests_at(van, stop))
        self.agenda.at(moment(leaves), lambda: self._leave(van, version))

    def _rests_at(self, van: _Van, stop: Stop) -> int:
        schedule = timing.scheduled(van.tour, TRAVEL)
        return schedule.begins[1] if schedule else stop.window.earliest

    def _leave(self, van: _Van, version: int) -> None:
        if van.version != version or van.is_busy or van.is_broken or len(van.tour.stops) == 2:
            return
        stop, now = van.tour.stops[1], self.agenda.now
        van.is_busy = True
        if stop.place is None:
            self._go_on(van, stop, van.at, now + timedelta(seconds=stop.seconds))
            self.agenda.at(now + timedelta(seconds=stop.seconds), lambda: self._free(van))
            return
        assert stop.trip is not None
        ride = self._rides[stop.trip.id]
        leg = ride.leg
        to = leg.origin if stop.kind is StopKind.PICKUP else leg.destination
        takes = self.streets.takes(van.at, to, now, van.number, leg.id, stop.kind)
        van.driven_seconds += takes.total_seconds()
        van.driven_metres += van.at.metres_to(to) * TRAVEL.detour
        reckoned = timedelta(seconds=TRAVEL.seconds(place_of(van.at), place_of(to), int(now.timestamp())))
        ride.is_begun = True
        self._go_on(van, stop, to, now + reckoned + timedelta(seconds=stop.seconds))
        self.agenda.at(now + takes, lambda: self._arrive(van, stop, ride, to))

    def _go_on(self, van: _Van, stop: Stop, to: Spot, free_at: datetime) -> None:
        """What is left of the tour once this stop is done, from there; whoever asks meanwhile is planned after it."""
        load = van.tour.on_board
        if stop.trip is not None:
            load = load + stop.trip.load if stop.kind is StopKind.PICKUP else load - stop.trip.load
        latest = van.tour.stops[0].window.latest
        start = Stop(StopKind.START, Window(min(int(free_at.timestamp()), latest), latest), 0, place_of(to))
        van.tour = Tour(van.tour.vehicle, (start, *van.tour.stops[2:]), load)
        van.at = to

    def _arrive(self, van: _Van, stop: Stop, ride: _Ride, to: Spot) -> None:
        if van.is_broken:
            return
        now = self.agenda.now
        if stop.kind is StopKind.DROPOFF:
            self.streets.see(now, van.number, ride.person.phone, "out", to)
            van.aboard.remove(ride)
            self._end(ride, "done")
            self.agenda.at(now + timedelta(seconds=stop.seconds), lambda: self._free(van))
            return
        self.streets.see(now, van.number, ride.person.phone, "at_door", to)
        last = max(now, moment(ride.promise.starts)) + WAITS
        self._look(van, ride, stop, to, last)

    def _look(self, van: _Van, ride: _Ride, stop: Stop, at: Spot, until: datetime) -> None:
        now, phone = self.agenda.now, ride.person.phone
        if van.is_broken:
            return
        if self.streets.is_there(phone, at, now):
            boards = boarding_of(ride.person.wheelchair, Random(f"{self.streets.seed} board {ride.trip}"))
            self.agenda.at(now + boards, lambda: self._aboard(van, ride, stop, at))
        elif now >= until:
            self.streets.see(now, van.number, phone, "left_without", at)
            self._end(ride, "no_show")
            van.tour = Tour(
                van.tour.vehicle, insertion.without(van.tour, ride.trip).stops,
                van.tour.on_board - (stop.trip.load if stop.trip else Load()),
            )  # fmt: skip
            self._free(van)
        else:
            self.agenda.at(now + timedelta(minutes=1), lambda: self._look(van, ride, stop, at, until))

    def _aboard(self, van: _Van, ride: _Ride, stop: Stop, at: Spot) -> None:
        if van.is_broken:
            self._end(ride, "by_fleet")
            self.lost(ride.leg, "車輛故障")
            return
        self.streets.see(self.agenda.now, van.number, ride.person.phone, "aboard", at)
        van.aboard.append(ride)
        assert stop.trip is not None
        last = int(self.agenda.now.timestamp()) + stop.trip.longest_ride_seconds
        stops = tuple(
            replace(each, window=Window(min(each.window.earliest, last), min(each.window.latest, last)))
            if each.trip is not None and each.trip.id == ride.trip else each
            for each in van.tour.stops
        )  # fmt: skip
        van.tour = replace(van.tour, stops=stops)
        self._free(van)

    def _free(self, van: _Van) -> None:
        van.is_busy = False
        self._wake(van)

    def _breaks_down(self, van: _Van) -> None:
        """What can go to the fleet's own other vans does; the others are told that nobody comes."""
        van.is_broken = True
        waiting = [trip for trip in van.tour.trips() if not self._rides[trip.id].is_begun]
        under_way = [
            ride
            for ride in self._rides.values()
            if ride.is_begun and ride.ending is None and ride not in van.aboard and _is_of(van, ride.trip)
        ]
        for trip in waiting:
            placed = insertion.offers([each.tour for each in self._plan()], trip, TRAVEL, most=1)
            if placed:
                other = next(each for each in self._vans if each.tour.vehicle.id == placed[0].tour.vehicle.id)
                other.tour = placed[0].tour
                self._wake(other)
            else:
                self._end(self._rides[trip.id], "by_fleet")
                self.lost(self._rides[trip.id].leg, "車輛故障")
        for ride in under_way:
            self._end(ride, "by_fleet")
            self.lost(ride.leg, "車輛故障")
        for ride in van.aboard:
            arrives = self.agenda.now + _SPARE_AFTER
            self.agenda.at(arrives, self._bringer(van, ride))

    def _bringer(self, van: _Van, ride: _Ride) -> Callable[[], None]:
        def bring() -> None:
            self.streets.see(self.agenda.now, van.number, ride.person.phone, "out", ride.leg.destination)
            self._end(ride, "done")

        return bring

    def _end(self, ride: _Ride, ending: Ending) -> None:
        ride.ending, ride.ended_at = ending, self.agenda.now


def _is_of(van: _Van, trip: str) -> bool:
    return any(each.id == trip for each in van.tour.trips())


def _tour(depot: str, shift: shifts.Shift) -> Tour:
    begins, ends, rests = (int(_on_day(each).timestamp()) for each in (shift.begins, shift.ends, shift.rests))
    rest = Break(Window(rests, rests + shifts.BREAK_WITHIN_MINUTES * 60), shifts.BREAK_MINUTES * 60)
    at = place_of(shifts.DEPOTS[depot])
    width, length = shifts.LARGEST_MM
    return empty_tour(
        Vehicle(
            str(uuid4()), at, at, Window(begins, ends), tuple(Load(*each) for each in shifts.LAYOUTS), (rest,),
            Wheelchair(width, length, shifts.HEAVIEST_KG), frozenset(("O",)),
        )
    )  # fmt: skip


def _on_day(at: time) -> datetime:
    return datetime.combine(DAY, at, TAIPEI)


def _at(hour: float) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)
