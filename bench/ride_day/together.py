"""The day with one request for all fleets: the real use cases on a real database, and a clock that moves.

Riders ask once and have the best chosen for them. They believe what they are told: who is told that nobody comes asks
again, who is brought somewhere waits for the ride home or says when they are ready. Between what riders, drivers and
fleets do, the product's own sweeps and consumers run as in a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from accessibility import events
from accessibility.fleets import ports as fleet_ports
from accessibility.own_fleet import ports as own_fleet_ports
from accessibility.own_fleet.fleet import OwnFleet
from accessibility.own_fleet.roster import make_day
from accessibility.requests import asking, making
from accessibility.requests.records import RideRequest
from accessibility.requests.wishes import RideWish
from accessibility.rides import cancelling, choosing, hearing, on_call, saga
from accessibility.rides.errors import NothingToChoose
from accessibility.waitlist import answering, waits
from api import prepare, wiring
from bench.ride_day import city
from bench.ride_day.agenda import Agenda
from bench.ride_day.companies import Company
from bench.ride_day.demand import DAY, MIDNIGHT, TRAVEL, Errand, Leg
from bench.ride_day.diary import Diary, Ours, Promise, Told, Word
from bench.ride_day.streets import Streets
from bench.ride_day.taxis import TaxiFleet
from bench.ride_day.van_drivers import VanDrivers
from bench.ride_day.wishes import place_of
from bench.ride_day.worker import Worker
from core import db
from core.errors import Problem
from core.ids import new_uuid
from identity.actors import Actor
from partners.fleets.contents import TripEvent

END: Final = MIDNIGHT + timedelta(hours=24)
_OUT_FROM: Final = MIDNIGHT + timedelta(hours=5)
_LAST_REQUEST: Final = MIDNIGHT + timedelta(hours=22, minutes=45)
_ASKS_AGAIN_AFTER: Final = timedelta(minutes=15)
_HEARD_WITHIN: Final = timedelta(seconds=20)
_WORKS_ON: Final = timedelta(minutes=5)
_TICK: Final = timedelta(minutes=1)
_GRACE: Final = timedelta(minutes=2)
_WAITS_FOR: Final = timedelta(days=2)
_TOO_LATE: Final = timedelta(minutes=30)
_PATIENCE: Final = timedelta(minutes=5)
_WORDS: Final[Mapping[str, Word]] = {
    events.RIDE_BOUND: "bound", events.RIDE_NOT_BOUND: "not_bound", events.RIDE_RESEEKING: "reseeking",
    events.RIDE_REPLACED: "replaced", events.RIDE_LOST: "lost", events.RIDE_CANCELLED: "cancelled",
    events.RIDE_CHANGED: "changed", events.RIDE_ON_THE_WAY: "on_the_way", events.RIDE_LATE: "late",
    events.RIDE_AT_DOOR: "at_door", events.RIDE_ABOARD: "aboard", events.RIDE_DONE: "done",
    events.RIDE_NO_SHOW: "no_show", events.RIDE_ARRIVES_LATE: "late", events.RIDE_BROKEN_DOWN: "late",
    events.RETURN_PUT_OFF: "put_off",
}  # fmt: skip
_PROMISES: Final = ("bound", "replaced", "changed")


def live(
    errands: list[Errand],
    *,
    seed: int,
    vans: int,
    companies: Sequence[Company],
    put: Callable[[datetime], None],
    until: datetime = END,
) -> Diary:
    """The day until then, and those before on which it was booked, in the database that this process is pointed at.
    `put` sets the clock of the product."""
    return _Day(errands, seed, vans, companies, put, until).live()


class _Day:
    def __init__(
        self,
        errands: list[Errand],
        seed: int,
        vans: int,
        companies: Sequence[Company],
        put: Callable[[datetime], None],
        until: datetime,
    ) -> None:
        self.errands, self.until = errands, until
        self.agenda = Agenda(min(each.asked_at for each in errands) - timedelta(hours=1), put)
        self.streets = Streets(errands, seed)
        self.drivers = VanDrivers(self.streets, self.agenda)
        self.taxis = [TaxiFleet(each, self.streets, self.agenda, self._heard) for each in companies]
        self.vans = vans
        self.legs = {leg.id: (errand, leg) for errand in errands for leg in errand.legs}
        self.riders: dict[str, UUID] = {}
        self.requests: dict[UUID, Leg] = {}
        self.promises: dict[UUID, Promise] = {}
        self.worker = Worker()
        self.asked = 0
        self.is_ticking = False
        self.works_at: datetime | None = None

    def live(self) -> Diary:
        with db.unit_of_work() as session:
            prepare.seed(session)
            self.riders = city.found(session, self.vans, [each.person for each in self.errands], self.agenda.now)
            make_day(session, DAY, TRAVEL, self.agenda.now)
        wiring.plug_in()
        fleet_ports.plug_in(
            {"rehabus": OwnFleet(TRAVEL, lambda: self.agenda.now)} | {each.company.code: each for each in self.taxis}
        )
        own_fleet_ports.plug_in(_Rides(), by=TRAVEL)
        for errand in self.errands:
            self.agenda.at(errand.asked_at, self._doing(self._asks, errand))
        self.agenda.at(_OUT_FROM, self._day_begins)
        self.agenda.run_until(self.until)
        self._hear()
        return self._diary()

    def _doing(self, what: Callable[[Errand], None], errand: Errand) -> Callable[[], None]:
        return lambda: what(errand)

    def _day_begins(self) -> None:
        self.drivers.begin()
        self.is_ticking = True
        self._tick()

    def _asks(self, errand: Errand) -> None:
        """One request for there and back; the best of the answers is taken."""
        back = errand.back
        made = self._request(errand, errand.out, _wish(errand, errand.out, back, is_asap=errand.is_asap))
        if not made:
            return
        for request, leg in zip(made, errand.legs, strict=True):
            self.requests[request.id] = leg
        if not self._chooses(errand, made[0]):
            self._waits(errand, made[0])
        if errand.out.withdraws_before is not None:
            self.agenda.at(errand.out.leaves_at - errand.out.withdraws_before, self._doing(self._lets_be, errand))
        if back is not None:
            self.agenda.at(back.leaves_at, self._doing(self._goes_home, errand))

    def _request(self, errand: Errand, leg: Leg, wish: RideWish) -> list[RideRequest]:
        actor, now = self._actor(errand), self.agenda.now
        self.asked += 1
        try:
            with db.unit_of_work() as session:
                made = making.make(session, actor, actor.id, wish, now)
        except Problem as problem:
            has_both = wish.return_at is not None or wish.return_on_call
            refused = errand.legs if has_both else (leg,)
            self.streets.diary.told += [Told(now, each.id, "none", None, problem.slug) for each in refused]
            return []
        asking.ask_all([each.id for each in made], now)
        return made

    def _chooses(self, errand: Errand, request: RideRequest) -> bool:
        """Whether something could be chosen."""
        actor, now = self._actor(errand), self.agenda.now
        try:
            with db.unit_of_work() as session:
                booking_id = choosing.choose_for(session, actor, actor.id, request.id, now)
        except NothingToChoose:
            return False
        finally:
            self._soon()
        saga.drive(booking_id, now)
        self._soon()
        return True

    def _waits(self, errand: Errand, request: RideRequest) -> None:
        """No fleet has it now: who goes within two days stands in line; the others would think of something else."""
        if errand.out.leaves_at - self.agenda.now > _WAITS_FOR:
            return
        with suppress(Problem), db.unit_of_work() as session:
            waits.join(session, self._actor(errand).id, request.id, now=self.agenda.now)

    def _accepts(self, errand: Errand, wait_id: UUID) -> None:
        """Something came free for them: they take it, unless they are on their way another way."""
        rider_id = self._actor(errand).id
        try:
            with db.unit_of_work() as session:
                wait = answering.accept(session, wait_id, rider_id=rider_id, now=self.agenda.now)
        except Problem:
            return
        saga.drive(wait.booking_id, self.agenda.now)

    def _waits_no_more(self, errand: Errand) -> None:
        rider_id = self._actor(errand).id
        with db.unit_of_work() as session:
            open_waits = [
                each.id for each in waits.of_rider(session, rider_id, limit=10, before=None) if each.ended_at is None
            ]
        for wait_id in open_waits:
            with suppress(Problem), db.unit_of_work() as session:
                answering.leave(session, wait_id, rider_id=rider_id, now=self.agenda.now)

    def _lets_be(self, errand: Errand) -> None:
        """They will not go: both ways are cancelled."""
        self._waits_no_more(errand)
        for ride in self._rides(errand):
            actor = self._actor(errand)
            with suppress(Problem), db.unit_of_work() as session:
                cancelling.cancel(
                    session, ride.id, rider_id=actor.id, by=actor.id, reason="", now=self.agenda.now
                )  # fmt: skip
            saga.drive(ride.booking_id, self.agenda.now)
        self._soon()

    def _goes_home(self, errand: Errand) -> None:
        """Whoever was brought somewhere goes home: says that they are ready, or asks anew where nothing is booked."""
        back, now = errand.back, self.agenda.now
        assert back is not None
        if self.streets.is_at(errand.person.phone, errand.person.home) or now > _LAST_REQUEST:
            return
        if self.streets.is_at(errand.person.phone, back.origin) and now >= self.streets.ready_at(back):
            mine = [each for each in self._rides(errand) if self.requests[each.request_id].id == back.id]
            if any(each.status == "will_call" for each in mine):
                with suppress(Problem), db.unit_of_work() as session:
                    on_call.ready(session, mine[0].id, rider_id=self._actor(errand).id, now=now)
                saga.drive(mine[0].booking_id, now)
            elif not mine:
                self._waits_no_more(errand)
                made = self._request(errand, back, _wish(errand, back, None, is_asap=True))
                for request in made:
                    self.requests[request.id] = back
                    self._chooses(errand, request)
            self._soon()
        self.agenda.at(now + _ASKS_AGAIN_AFTER, self._doing(self._goes_home, errand))

    def _heard(self, fleet: str, trip: str, telegram_id: UUID, event: TripEvent) -> None:
        """A company tells of the day: as its webhook would."""
        with db.unit_of_work() as session:
            hearing.heard(
                session, fleet=fleet, trip=trip, telegram_id=telegram_id, event=event, now=self.agenda.now
            )  # fmt: skip
        self._soon()

    def _soon(self) -> None:
        """The worker does what is due within seconds, and then what comes of it."""
        self._works_by(self.agenda.now + _HEARD_WITHIN)

    def _works_by(self, moment: datetime) -> None:
        if not self.is_ticking and (self.works_at is None or moment < self.works_at):
            self.works_at = moment
            self.agenda.at(moment, self._work_on)

    def _tick(self) -> None:
        self._work()
        self.drivers.look_again()
        if self.agenda.now < self.until:
            self.agenda.at(self.agenda.now + _TICK, self._tick)

    def _work_on(self) -> None:
        self.works_at = None
        self._work()
        with db.unit_of_work() as session:
            due_at = session.execute(_DUE, {"until": self.agenda.now + _WORKS_ON}).scalar()
        if due_at is not None:
            self._works_by(max(due_at, self.agenda.now + _HEARD_WITHIN))

    def _work(self) -> None:
        self.worker.sweep(self.agenda.now)
        self._hear()

    def _hear(self) -> None:
        for event in self.worker.deliver():
            self._told(event.kind, event.payload, event.recorded_at)

    def _told(self, kind: str, payload: dict[str, Any], at: datetime) -> None:
        if kind == events.REQUEST_ANSWERED:
            leg = self.requests.get(UUID(payload["request_id"]))
            if leg is not None:
                word: Word = "offered" if payload["offers"] else "none"
                self.streets.diary.told.append(Told(at, leg.id, word, None, "no_fleet"))
            return
        if kind == events.WAITLIST_OFFER:
            leg = self.requests[UUID(payload["request_id"])]
            self._accepts(self.legs[leg.id][0], UUID(payload["wait_id"]))
        if kind not in _WORDS:
            return
        word = _WORDS[kind]
        ride_id = UUID(payload["ride_id"])
        with db.unit_of_work() as session:
            ride = session.execute(_RIDE, {"id": ride_id}).one()
        leg = self.requests[ride.request_id]
        promise = None
        if word in _PROMISES:
            promise = Promise(
                ride.fleet, ride.window_starts_at, ride.window_ends_at, ride.arrives_at, ride.ride_minutes_at_most,
                bool(ride.is_pooled), ride.price_twd or 0,
            )  # fmt: skip
        self.streets.diary.told.append(
            Told(
                at, leg.id, word, promise, str(payload.get("reason", "")), int(payload.get("minutes") or 0),
                str(payload.get("by", "")),
            )
        )  # fmt: skip
        if promise is not None:
            missing_at = max(promise.window_ends_at, at) + _GRACE
            self.agenda.at(missing_at, lambda: self._looks_out(ride_id, leg))
        if leg.direction == "out" and word in ("lost", "not_bound", "cancelled", "no_show"):
            self._stays(self.legs[leg.id][0], leg, word)

    def _looks_out(self, ride_id: UUID, leg: Leg) -> None:
        """The promised time is over, nobody is there, and no word of being late: they say so."""
        errand, now = self.legs[leg.id][0], self.agenda.now
        with db.unit_of_work() as session:
            ride = session.execute(_RIDE, {"id": ride_id}).one()
        if ride.status not in ("bound", "on_the_way") or ride.window_ends_at >= now:
            return
        if ride.eta_at is not None and ride.eta_at > now - _PATIENCE:
            self.agenda.at(max(ride.eta_at, now) + _PATIENCE, lambda: self._looks_out(ride_id, leg))
            return
        if self.streets.is_there(errand.person.phone, leg.origin, now):
            with suppress(Problem), db.unit_of_work() as session:
                on_call.vehicle_missing(session, ride_id, rider_id=self._actor(errand).id, now=now)

    def _stays(self, errand: Errand, leg: Leg, word: Word) -> None:
        """Nobody brings them there. Where it was taken from them they stand in line, until it is too late to go."""
        if word == "lost":
            too_late = max(leg.leaves_at + _TOO_LATE, self.agenda.now)
            self.agenda.at(too_late, lambda: self._gives_up(errand))
        else:
            self._gives_up(errand)

    def _gives_up(self, errand: Errand) -> None:
        """Too late to go: the way home is let be, too, unless somebody came after all."""
        rides = self._rides(errand)
        if self.streets.is_at(errand.person.phone, errand.person.home) and not any(each.leg == "out" for each in rides):
            self._lets_be(errand)

    def _rides(self, errand: Errand) -> list[Any]:
        with db.unit_of_work() as session:
            return list(session.execute(_OPEN, {"rider": self.riders[errand.person.phone]}).all())

    def _actor(self, errand: Errand) -> Actor:
        return Actor("citizen", self.riders[errand.person.phone], loa=2)

    def _diary(self) -> Diary:
        diary = self.streets.diary
        diary.orders = [*self.drivers.book(), *(order for taxi in self.taxis for order in taxi.book())]
        with db.unit_of_work() as session:
            for row in session.execute(_ENDS).all():
                leg = self.requests[row.request_id]
                diary.ours.append(Ours(leg.id, row.fleet, row.status, row.ended_by or "", bool(row.end_reason)))
        diary.calls = self.asked
        diary.van_metres, diary.van_seconds = self.drivers.driven_metres, self.drivers.driven_seconds
        return diary


class _Rides:
    """What the city's own vans tell goes to rides, as everywhere."""

    def told(self, session: Session, trip: str, event: TripEvent, now: datetime) -> None:
        hearing.heard(session, fleet="rehabus", trip=trip, telegram_id=new_uuid(), event=event, now=now)

    def is_code(self, session: Session, trip: str, code: str) -> bool:
        return hearing.code_of(session, trip) == code

    def riders_of(self, session: Session, trips: Collection[str]) -> Mapping[str, UUID]:
        return {}


def _wish(errand: Errand, leg: Leg, back: Leg | None, *, is_asap: bool) -> RideWish:
    person = errand.person
    return RideWish(
        place_of(leg.origin), place_of(leg.destination),
        pick_up_at=None if is_asap or leg.arrive_by else leg.leaves_at,
        arrive_by=None if is_asap else leg.arrive_by, is_asap=is_asap,
        return_at=back.leaves_at if back is not None and not back.is_will_call else None,
        return_on_call=back is not None and back.is_will_call,
        purpose=errand.purpose,  # type: ignore[arg-type]
        companions=person.companions, has_dog=person.has_dog, is_shared=person.is_shared,
    )  # fmt: skip


_RIDE = text(
    """
    SELECT r.request_id, r.fleet, r.status, r.eta_at, r.window_starts_at, r.window_ends_at, r.arrives_at,
           r.ride_minutes_at_most, o.is_pooled, o.price_twd
      FROM accessibility.ride AS r
      LEFT JOIN accessibility.offer AS o ON o.rider_id = r.rider_id AND o.id = r.offer_id
     WHERE r.id = :id
    """
)
_OPEN = text(
    """
    SELECT id, booking_id, request_id, leg, status FROM accessibility.ride
     WHERE rider_id = :rider AND ended_at IS NULL ORDER BY leg DESC
    """
)
_DUE = text("SELECT min(next_at) FROM accessibility.booking WHERE next_at <= :until")
_ENDS = text(
    """
    SELECT DISTINCT ON (q.booking_id, r.leg, r.rider_id) r.request_id, r.fleet, r.status, r.ended_by, r.end_reason
      FROM accessibility.ride AS r
      JOIN accessibility.ride_request AS q ON q.rider_id = r.rider_id AND q.id = r.request_id
     ORDER BY q.booking_id, r.leg, r.rider_id, r.created_at DESC
    """
)
