"""The day with each fleet by itself, first come first served: what riders have today, as kindly as it can be told.

A rider rings the Rehabus when it takes bookings from them, and where it is full one taxi company after another, at most
three calls for a ride. Each ride is booked by itself: who finds none for the way home is told so, and goes all the same
where a doctor waits. When a fleet lets somebody down they ring around once more; who wants to go home rings every
quarter of an hour. Vans are planned as the city plans them; nobody else hears of a breakdown, and nobody warns of being
late.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID, uuid4

from bench.ride_day.agenda import Agenda
from bench.ride_day.alone_vans import VansAlone
from bench.ride_day.companies import Company
from bench.ride_day.demand import MIDNIGHT, Errand, Leg
from bench.ride_day.diary import Diary, Order, Ours, Promise, Told, Word
from bench.ride_day.streets import Streets, luck
from bench.ride_day.taxis import TaxiFleet
from bench.ride_day.wishes import customer_of, wish_of
from partners import wire
from partners.fleets.client import Dispatch
from partners.fleets.contents import FleetOffer, FleetStatus, TripEvent, Wish

_A = TypeVar("_A")
END: Final = MIDNIGHT + timedelta(hours=24)
_LAST_CALL: Final = MIDNIGHT + timedelta(hours=23)
_COMPANIES_RUNG: Final = 3
_SAME_DOOR_METRES: Final = 200.0
_RINGS_AGAIN_AFTER: Final = timedelta(minutes=15)


def live(
    errands: list[Errand], *, seed: int, vans: int, companies: tuple[Company, ...], until: datetime = END
) -> Diary:
    """The day until then, and the days before on which it was booked."""
    return _Day(errands, seed, vans, companies, until).live()


@dataclass(slots=True)
class _Booked:
    fleet: str
    trip: str = ""
    number: str = ""


@dataclass
class _Day:
    errands: list[Errand]
    seed: int
    vans: int
    companies: tuple[Company, ...]
    until: datetime
    calls: int = 0
    _booked: dict[str, _Booked] = field(default_factory=dict)
    _status: dict[str, str] = field(default_factory=dict)
    _of_trip: dict[str, tuple[Errand, Leg]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.agenda = Agenda(min(each.asked_at for each in self.errands))
        self.streets = Streets(self.errands, self.seed)
        self.rehabus = VansAlone(self.streets, self.agenda, self.vans, self._let_down)
        self.taxis = [TaxiFleet(each, self.streets, self.agenda, self._hear) for each in self.companies]
        self.legs = {leg.id: (errand, leg) for errand in self.errands for leg in errand.legs}

    def live(self) -> Diary:
        for errand in self.errands:
            self.agenda.at(errand.asked_at, self._asker(errand))
        self.agenda.run_until(self.until)
        diary = self.streets.diary
        diary.orders = [*self.rehabus.orders(), *(order for taxi in self.taxis for order in taxi.book())]
        # Nobody keeps a book across the fleets: what riders know of their rides is what the fleets have.
        done_of: dict[str, list[Order]] = {}
        for order in diary.orders:
            if order.ending == "done" and order.phone is not None:
                done_of.setdefault(order.phone, []).append(order)
        for errand, leg in self.legs.values():
            orders = done_of.get(errand.person.phone, ())
            done = next((each for each in orders if each.pickup.metres_to(leg.origin) < _SAME_DOOR_METRES), None)
            diary.ours.append(Ours(leg.id, done.fleet if done else None, "done" if done else "cancelled"))
            if done is not None and done.ended_at is not None:
                diary.told.append(Told(done.ended_at, leg.id, "done"))
        diary.calls = self.calls
        diary.van_metres, diary.van_seconds = self.rehabus.driven()
        return diary

    def _asker(self, errand: Errand) -> Callable[[], None]:
        return lambda: self._ask(errand)

    def _ask(self, errand: Errand) -> None:
        has_out = self._ring_around(errand, errand.out, is_asap=errand.is_asap)
        if not has_out:
            if errand.back is not None:
                self._tell(errand.back, "none", why="不去了")
            return
        if errand.out.withdraws_before is not None:
            self.agenda.at(errand.out.leaves_at - errand.out.withdraws_before, lambda: self._withdraws(errand))
        back = errand.back
        if back is None:
            return
        if not back.is_will_call and not self._ring_around(errand, back) and errand.purpose != "medical":
            self._withdraws(errand)
            return
        self.agenda.at(back.leaves_at, lambda: self._is_ready(errand))

    def _withdraws(self, errand: Errand) -> None:
        for leg in errand.legs:
            self.agenda.at(self.agenda.now, lambda leg=leg: self._lets_be(leg))  # type: ignore[misc]

    def _lets_be(self, leg: Leg) -> None:
        booked = self._booked.pop(leg.id, None)
        if booked is None:
            return
        self.calls += 1
        if booked.fleet == "rehabus":
            self.rehabus.cancel(leg)
        else:
            try:
                self._taxi(booked.fleet).cancel(self._dispatch(booked.trip), "rider")
            except wire.CallFailed:
                return
        self._tell(leg, "cancelled", by="rider")

    def _is_ready(self, errand: Errand) -> None:
        """They want to go home, and nothing is booked: ring until somebody comes or nobody answers any more."""
        back = errand.back
        assert back is not None
        now = self.agenda.now
        if back.id in self._booked or not self.streets.is_at(errand.person.phone, back.origin):
            if self.streets.is_at(errand.person.phone, errand.person.home) or now > _LAST_CALL:
                return
            self.agenda.at(now + _RINGS_AGAIN_AFTER, lambda: self._is_ready(errand))
            return
        if now < self.streets.ready_at(back) or not self._ring_around(errand, back, is_asap=True):
            if now <= _LAST_CALL:
                self.agenda.at(now + _RINGS_AGAIN_AFTER, lambda: self._is_ready(errand))
            return
        self.agenda.at(now + timedelta(hours=1), lambda: self._is_ready(errand))

    def _let_down(self, leg: Leg, why: str) -> None:
        """A fleet has called: nobody comes. They ring around once more."""
        errand = self.legs[leg.id][0]
        self._booked.pop(leg.id, None)
        self._tell(leg, "cancelled", why=why, by="fleet")
        if leg.direction == "out":
            late = self.agenda.now > leg.leaves_at - timedelta(minutes=30)
            if not self._ring_around(errand, leg, is_asap=late) and errand.back is not None:
                self._lets_be(errand.back)

    def _ring_around(self, errand: Errand, leg: Leg, *, is_asap: bool = False) -> bool:
        """One call after another. Answers whether somebody comes."""
        now = self.agenda.now
        wish = wish_of(errand, leg, now, is_asap=is_asap)
        self.calls += 1
        promise = self.rehabus.book(leg, errand.person, wish)
        if promise is not None:
            self._booked[leg.id] = _Booked("rehabus")
            self._promise(leg, "rehabus", Promise(
                "rehabus", _moment(promise.starts), _moment(promise.ends), _moment(promise.arrives_by),
                promise.ride_minutes_at_most, errand.person.is_shared,
            ))  # fmt: skip
            return True
        turns = sorted(self.taxis, key=lambda each: luck(self.seed, errand.id, each.company.code))
        for taxi in turns[:_COMPANIES_RUNG]:
            self.calls += 1
            if self._ordered(taxi, errand, leg, wish):
                return True
        self._tell(leg, "none", why="客滿")
        return False

    def _ordered(self, taxi: TaxiFleet, errand: Errand, leg: Leg, wish: Wish) -> bool:
        trip = f"{leg.id}-{uuid4()}"
        dispatch = self._dispatch(trip)
        try:
            offer = _insist(lambda: taxi.ask(dispatch, wish))
            if not isinstance(offer, FleetOffer):
                return False
            holding, binding = self._dispatch(trip), self._dispatch(trip)
            held = _insist(lambda: taxi.hold(holding, offer, wish))
            bound = _insist(lambda: taxi.bind(binding, offer.offer, held))
            taxi.tell_customer(self._dispatch(trip), customer_of(errand.person, leg))
        except wire.CallFailed:
            return False
        self._booked[leg.id] = _Booked(taxi.company.code, trip, bound.fleet_order)
        self._of_trip[trip] = (errand, leg)
        self._promise(leg, taxi.company.code, Promise(
            taxi.company.code, offer.window_starts_at, offer.window_ends_at, offer.arrives_at, None, False,
            offer.price_twd,
        ))  # fmt: skip
        return True

    def _hear(self, fleet: str, trip: str, _telegram_id: UUID, event: TripEvent) -> None:
        """What a company says unasked: of a ride that it takes back, its rider hears by telephone."""
        found = self._of_trip.get(trip)
        if found is None or not isinstance(event, FleetStatus) or event.state not in ("cancelled", "no_show"):
            return
        _, leg = found
        booked = self._booked.get(leg.id)
        if booked is None or booked.trip != trip or booked.number != event.fleet_order:
            return
        if event.state == "no_show":
            self._booked.pop(leg.id)
            self._tell(leg, "no_show", by="rider")
        elif event.by == "fleet":
            self._let_down(leg, event.reason)

    def _taxi(self, code: str) -> TaxiFleet:
        return next(each for each in self.taxis if each.company.code == code)

    def _dispatch(self, trip: str) -> Dispatch:
        return Dispatch(uuid4(), trip, self.agenda.now + timedelta(seconds=10))

    def _promise(self, leg: Leg, fleet: str, promise: Promise) -> None:
        self.streets.diary.told.append(Told(self.agenda.now, leg.id, "bound", promise))

    def _tell(self, leg: Leg, word: Word, *, why: str = "", by: str = "") -> None:
        self.streets.diary.told.append(Told(self.agenda.now, leg.id, word, None, why, 0, by))


def _insist(call: Callable[[], _A]) -> _A:
    """On the telephone nobody hangs up without an answer: the same question once more."""
    try:
        return call()
    except wire.NoAnswer:
        return call()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, MIDNIGHT.tzinfo)
