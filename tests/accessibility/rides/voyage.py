"""One seed: a rider asks, takes, changes their mind; fleets behave as they like; workers die; time jumps. Then it is calm,
and what is left is looked at (`verdict`)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from accessibility.fleets import city, ports
from accessibility.places.place import Place
from accessibility.requests import asking, making, offers
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility, profile
from accessibility.riders.profile import RiderProfile
from accessibility.rides import cancelling, changing, choosing, hearing, on_call, records, saga, states
from core import db, ids
from core.errors import Problem
from identity import people
from identity.actors import Actor
from partners.bureaus.client import RideStanding
from partners.fleets.contents import RoughPlace
from tests.accessibility.rides.storm import Killed, Storm, Telegram
from tests.accessibility.rides.stormy_fleet import LIVE, Booked, StormyFleet

HOME: Final = Place(22.626837, 120.357218, "64000120", "我家", "鳳山區光復路二段132號", "按一樓門鈴")
HOSPITAL: Final = Place(22.645612, 120.309571, "64000050", "高醫", "三民區自由一路100號", "急診門口")
BEGINS: Final = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
_FLEETS: Final = {"yellow": 240, "harbour": 260, "mountain": 280}
_TURNS: Final = 22
_TURNS_ON_THE_DAY: Final = 14
_DEEPEST: Final = 2
_MOST_CALM_TURNS: Final = 500
_A_DAY: Final = timedelta(days=1)
_SILENT_FOR: Final = timedelta(seconds=60)
_DEEDS: Final = {
    "sweep": 10, "drive": 5, "clock": 8, "telegram": 6, "fleet": 4, "cancel": 2, "change": 2, "accept": 2, "ready": 2,
    "missing": 2, "choose": 2,
}  # fmt: skip
_DEEDS_ON_THE_DAY: Final = _DEEDS | {"fleet": 14, "telegram": 10, "cancel": 1, "change": 1, "choose": 1, "accept": 0}
_ABOARD: Final = {"goes on": 6, "breaks down": 3, "nobody came": 1, "is forgotten": 1, "late": 2}
_EXPECTED: Final = {timedelta(minutes=10): 3, timedelta(hours=5): 2}
_JUMPS: Final = {2: 6, 7: 6, 20: 5, 61: 4, 200: 2, 900: 1, 4000: 1, -1: 2, -2: 1}


@dataclass
class Voyage:
    """Everything of one seed. `faults` are what must not be, found on the way."""

    storm: Storm
    faults: list[str] = field(default_factory=list)
    fleets: dict[str, StormyFleet] = field(default_factory=dict)
    actor: Actor = field(init=False)
    booking_id: UUID = field(init=False)
    asked_to_cancel: set[UUID] = field(default_factory=set)
    _depth: int = 0
    _is_alive: bool = False
    _is_on_its_day: bool = False

    def sail(self) -> list[str]:
        """From asking to the end of the day. Answers what must not be."""
        from tests.accessibility.rides import verdict

        storm = self.storm
        storm.interrupt = self._interrupted
        for code, price in _FLEETS.items():
            self.fleets[code] = StormyFleet(
                code, price, storm, _leg_at, _door_of, self._may_board, self._is_about_to_bind
            )
        with _deterministic(self), _watched(self):
            ports.plug_in(self.fleets)  # type: ignore[arg-type]
            self._is_on_its_day = storm.happens(0.4)
            self._embark()
            if self._is_on_its_day:
                self._on_its_way()
            for _ in range(_TURNS_ON_THE_DAY if self._is_on_its_day else _TURNS):
                self._turn()
            storm.is_calm = True
            self._calm()
            self.faults += verdict.at_rest(self)
        return self.faults

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """Rows of our tables."""
        with db.unit_of_work() as session:
            return list(session.execute(text(sql), {"booking": self.booking_id, "rider": self.actor.id} | values).all())

    def booking(self) -> records.Booking | None:
        """Our booking as it is now; None: nothing was taken."""
        found = self.rows("SELECT 1 FROM accessibility.booking WHERE id = :booking")
        if not found:
            return None
        with db.unit_of_work() as session:
            return records.get(session, self.booking_id)

    def orders(self, leg: str | None = None) -> list[tuple[StormyFleet, Booked]]:
        """What stands in the fleets' books."""
        return [
            (fleet, order) for fleet in self.fleets.values() for order in fleet.orders if leg in (None, order.leg)
        ]  # fmt: skip

    def _embark(self) -> None:
        now = self.storm.now
        with db.unit_of_work() as session:
            self.actor = _enrolled(session, now)
        kind = self.storm.one_of({"one way": 4, "both": 4, "on call": 3}, "one way")
        starts = now + timedelta(hours=self.storm.one_of({4: 3, 3: 1, 0.75: 2}, 4))
        more: dict[str, Any] = {}
        if kind == "both":
            more["return_at"] = starts + timedelta(hours=3)
        elif kind == "on call":
            more["return_on_call"] = True
        # On the day itself the storm begins once the ride is bound.
        self.storm.is_calm = self._is_on_its_day
        wish = RideWish(HOME, HOSPITAL, pick_up_at=starts, purpose="medical", **more)
        with db.unit_of_work() as session:
            made = making.make(session, self.actor, self.actor.id, wish, now)
        self.booking_id = made[0].booking_id
        self.storm.say(f"{kind}, to be picked up in {starts - now}")
        self._process("asks", lambda: asking.ask_all([each.id for each in made], now))
        self._process("takes", self._choose)

    def _turn(self) -> None:
        deed = self.storm.one_of(_DEEDS_ON_THE_DAY if self._is_on_its_day else _DEEDS, "nothing")  # type: ignore[arg-type]
        self._deeds().get(deed, lambda: None)()

    def _deeds(self) -> dict[str, Callable[[], object]]:
        now = self.storm.now
        return {
            "sweep": lambda: self._process("sweep", lambda: saga.drive_due(now)),
            "drive": lambda: self._process("drive", self._drive),
            "clock": self._jump,
            "telegram": self._hear_any,
            "fleet": self._fleet_moves,
            "cancel": lambda: self._process("rider cancels", self._cancel),
            "change": lambda: self._process("rider changes", self._change),
            "accept": lambda: self._process("rider accepts", self._accept),
            "ready": lambda: self._process("rider is ready", self._ready),
            "missing": lambda: self._process("rider: no vehicle came", self._missing),
            "choose": lambda: self._process("rider takes another", self._choose),
        }

    def _process(self, label: str, work: Callable[[], object]) -> None:
        """A process of its own, which may die; what a rider may not is said to them."""
        storm, was_alive = self.storm, self._is_alive
        storm.say(f"{'  ' * self._depth}[{label}]")
        self._depth += 1
        self._is_alive = True
        try:
            work()
        except Killed:
            storm.say(f"{'  ' * self._depth}KILLED while: {label}")
        except Problem as problem:
            storm.say(f"{'  ' * self._depth}no: {problem.slug}")
        except Exception as broken:
            self.faults.append(f"exception: {label}: {type(broken).__name__} {str(broken)[:300]}")
        finally:
            self._depth -= 1
            self._is_alive = was_alive

    def _interrupted(self, where: str) -> None:
        """Between any two steps of a process: it may die, and something else may happen first."""
        if not self._is_alive or self.storm.is_calm:
            return
        if self.storm.happens(0.02):
            self.storm.say(f"{'  ' * self._depth}killed {where}")
            raise Killed
        if self._depth <= _DEEPEST and self.storm.happens(0.06):
            self._turn()

    def _jump(self) -> None:
        seconds = self.storm.one_of(_JUMPS, 2)
        if seconds > 0:
            self._pass(timedelta(seconds=seconds))
            return
        wanted = [order.pick_up_at for _, order in self.orders() if order.state in LIVE]
        if wanted:
            before = timedelta(minutes=10) if seconds == -1 else -timedelta(minutes=12)
            self._pass(max(min(wanted) - before - self.storm.now, timedelta(seconds=2)))

    def _pass(self, time: timedelta) -> None:
        self.storm.now += time
        for fleet in self.fleets.values():
            fleet.let_lapse()
        self.storm.arrive()

    def _hear_any(self) -> None:
        waiting = self.storm.on_the_way
        if waiting:
            place = self.storm.number(len(waiting))
            telegram = waiting[place] if self.storm.happens(0.25) else waiting.pop(place)
            self.hear(telegram)

    def hear(self, telegram: Telegram) -> None:
        """A telegram of a fleet comes in."""
        now = self.storm.now
        said = f"{telegram.fleet} tells of {telegram.trip[-4:]}: {telegram.event}"[:160]

        def work() -> None:
            with db.unit_of_work() as session:
                hearing.heard(
                    session, fleet=telegram.fleet, trip=telegram.trip, telegram_id=telegram.id, event=telegram.event,
                    now=now,
                )  # fmt: skip

        self._process(said, work)

    def _fleet_moves(self) -> None:
        live = [(fleet, each) for fleet, each in self.orders() if each.state in LIVE]
        if not live:
            return
        fleet, order = live[self.storm.number(len(live))]
        if order.state == "aboard":
            self._goes_wrong_aboard(fleet, order)
        elif order.state in ("bound", "on_the_way") and self.storm.happens(0.1):
            fleet.expects(order, self.storm.one_of(_EXPECTED, timedelta(minutes=10)))
        elif order.state in ("bound", "on_the_way", "at_door") and self.storm.happens(0.4):
            fleet.end_by_fleet(order)
        else:
            fleet.goes_on(order)

    def _goes_wrong_aboard(self, fleet: StormyFleet, order: Booked) -> None:
        match self.storm.one_of(_ABOARD, "goes on"):
            case "breaks down":
                fleet.end_by_fleet(order)
            case "nobody came":
                fleet.says_nobody_came(order)
            case "is forgotten":
                fleet.forgets(order)
            case "late":
                fleet.expects(order, self.storm.one_of(_EXPECTED, timedelta(minutes=10)))
            case _:
                fleet.goes_on(order)

    def _on_its_way(self) -> None:
        """All is bound in calm. The first vehicle sets out without anybody of ours looking, and is there, or on its way
        with its rider: from here on it storms."""
        for _ in range(3):
            self._process("sweep", lambda: saga.drive_due(self.storm.now))
            self._pass(timedelta(seconds=7))
        self.storm.is_calm = False
        bound = [(fleet, order) for fleet, order in self.orders() if order.state == "bound"]
        if not bound:
            return
        fleet, order = min(bound, key=lambda each: each[1].pick_up_at)
        for _ in range(3):
            at = fleet.next_at(order)
            if at is None or order.state in ("at_door", "aboard"):
                break
            self._pass(max(at - self.storm.now, timedelta(seconds=1)))
            fleet.goes_on(order)
        fleet.goes_on(order)
        while self.storm.on_the_way and self.storm.happens(0.8):
            self._hear_any()

    def _drive(self) -> None:
        if self.booking() is not None:
            saga.drive(self.booking_id, self.storm.now, is_waited_for=self.storm.happens(0.5))

    def _choose(self) -> None:
        now = self.storm.now
        with db.unit_of_work() as session:
            legs = [row.id for row in session.execute(_REQUESTS, {"booking": self.booking_id}).all()]
            found = [offers.standing(session, each, now) for each in legs]
        first = next((number for number, each in enumerate(found) if each), None)
        if first is None:
            return
        how = self.storm.one_of({"best": 3, "some": 4, "kept": 2, "without return": 1}, "best")
        keep = now + timedelta(seconds=90) if how == "kept" else None
        with db.unit_of_work() as session:
            if how == "best":
                choosing.choose_for(session, self.actor, self.actor.id, legs[first], now)
            else:
                wanted = [each[self.storm.number(len(each))].id for each in found if each]
                if how == "without return":
                    wanted = wanted[:1]
                choosing.choose(
                    session, self.actor, self.actor.id, wanted, now, keep_until=keep,
                    without_return=how == "without return", basis="waitlist" if keep else None,
                )  # fmt: skip
        self.storm.say(f"  takes {how}")
        saga.drive(self.booking_id, now, is_waited_for=True)

    def _some_ride(self) -> records.Ride | None:
        booking = self.booking()
        open_ones = [each for each in booking.rides if not each.has_ended] if booking else []
        return open_ones[self.storm.number(len(open_ones))] if open_ones else None

    def _cancel(self) -> None:
        ride, now = self._some_ride(), self.storm.now
        if ride is not None:
            self.asked_to_cancel.add(ride.id)
            with db.unit_of_work() as session:
                cancelling.cancel(session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=now)
            saga.drive(ride.booking_id, now, is_waited_for=True)

    def _change(self) -> None:
        ride, now = self._some_ride(), self.storm.now
        if ride is None or ride.pick_up_at is None:
            return
        what = self.storm.one_of({"later": 4, "companion": 2, "notes": 1}, "later")
        with db.unit_of_work() as session:
            changing.change(
                session, ride.id, rider_id=ride.rider_id,
                pick_up_at=ride.pick_up_at + timedelta(minutes=30) if what == "later" else None,
                companions=1 if what == "companion" else None, notes="側門" if what == "notes" else None, now=now,
            )  # fmt: skip
        saga.drive(ride.booking_id, now, is_waited_for=True)

    def _accept(self) -> None:
        with db.unit_of_work() as session:
            choosing.accept(session, self.actor.id, self.booking_id, self.storm.now)
        saga.drive(self.booking_id, self.storm.now, is_waited_for=True)

    def _ready(self) -> None:
        ride = self._waiting()
        if ride is not None:
            with db.unit_of_work() as session:
                on_call.ready(session, ride.id, rider_id=ride.rider_id, now=self.storm.now)
            saga.drive(ride.booking_id, self.storm.now, is_waited_for=True)

    def _missing(self) -> None:
        ride = self._some_ride()
        if ride is not None:
            if ride.window_ends_at is not None and self.storm.happens(0.5):
                self._pass(max(ride.window_ends_at - self.storm.now, timedelta(seconds=1)))
            with db.unit_of_work() as session:
                on_call.vehicle_missing(session, ride.id, rider_id=ride.rider_id, now=self.storm.now)
            saga.drive(ride.booking_id, self.storm.now, is_waited_for=True)

    def _waiting(self) -> records.Ride | None:
        booking = self.booking()
        waiting = [each for each in booking.rides if each.status == states.WILL_CALL] if booking else []
        return waiting[0] if waiting else None

    def _calm(self) -> None:
        """Fleets are honest, time passes, sweeps run, until nothing is left to do."""
        from tests.accessibility.rides import verdict

        storm, looks_at = self.storm, None
        storm.say("--- calm ---")
        storm.later, late = [], list(storm.later)
        for _, act in late:
            act()
        quiet_from = storm.now + timedelta(minutes=15)
        readies = 0
        for _ in range(_MOST_CALM_TURNS):
            while storm.on_the_way:
                self.hear(storm.on_the_way.pop(0))
            for fleet, order in self.orders():
                while fleet.goes_on(order):
                    pass
            if storm.on_the_way:
                continue
            self._process("sweep", lambda: saga.drive_due(storm.now))
            if looks_at is None and storm.now >= quiet_from:
                looks_at = max(self._checks(), default=storm.now) + timedelta(seconds=1)
            if looks_at is not None and storm.now >= looks_at:
                looks_at = datetime.max.replace(tzinfo=UTC)
                self.faults += verdict.while_it_stands(self)
            upcoming = [*self._due(), *self._street()]
            if looks_at is None:
                upcoming.append(quiet_from)
            elif looks_at.year < 9999:
                upcoming.append(looks_at)
            if not upcoming:
                if self._waiting() is None:
                    break
                readies += 1
                if readies > 3:
                    self._process("rider goes home another way", self._gives_up)
                else:
                    self._process("rider is ready", self._ready)
                continue
            self._pass(max(min(upcoming) - storm.now, timedelta(seconds=1)))
        else:
            self.faults.append("open forever: " + ", ".join(str(each) for each in (*self._due(), *self._street())))
        for telegram in storm.told:
            self.hear(telegram)
        self._process("sweep", lambda: saga.drive_due(storm.now + _A_DAY))

    def _gives_up(self) -> None:
        ride = self._waiting()
        if ride is not None:
            self.asked_to_cancel.add(ride.id)
            with db.unit_of_work() as session:
                cancelling.cancel(
                    session, ride.id, rider_id=ride.rider_id, by=ride.rider_id, reason="", now=self.storm.now
                )  # fmt: skip

    def _due(self) -> list[datetime]:
        rows = self.rows("SELECT next_at FROM accessibility.booking WHERE id = :booking AND next_at IS NOT NULL")
        return [row.next_at for row in rows]

    def _checks(self) -> list[datetime]:
        rows = self.rows(
            "SELECT next_at FROM accessibility.fleet_order WHERE booking_id = :booking AND status = 'bound' "
            "AND next_at IS NOT NULL"
        )
        return [row.next_at for row in rows]

    def _street(self) -> Iterator[datetime]:
        for fleet, order in self.orders():
            at = fleet.next_at(order)
            if at is not None:
                yield at

    def _may_board(self, fleet: StormyFleet, order: Booked) -> bool:
        """Whether the rider gets in: who is aboard elsewhere, or there, or has cancelled, does not."""
        others = [each for _, each in self.orders(order.leg) if each is not order]
        if any(each.state in ("aboard", "done") for each in others):
            return False
        if any(each.state == "aboard" and not each.is_forgotten for _, each in self.orders()):
            return False
        booking = self.booking()
        ours = [each for each in booking.orders if each.trip == order.trip] if booking else []
        return bool(ours) and booking is not None and booking.ride(ours[0].ride_id).status != states.CANCELLED

    def _is_about_to_bind(self, fleet: StormyFleet, order: Booked) -> None:
        """Never at two fleets, unless the other was told to let go a minute ago and has been silent since."""
        for other, standing in self.orders(order.leg):
            if other is fleet or standing.bound_at is None or standing.state not in LIVE:
                continue
            with db.database().engine.connect() as connection:
                ours = connection.execute(_ORDER, {"trip": standing.trip}).first()
            is_let_go = ours is not None and ours.status == "releasing" and ours.step_at is not None
            if not (is_let_go and self.storm.now - ours.step_at >= _SILENT_FOR):
                state = f"{ours.status} since {ours.step_at}" if ours else "not known"
                self.faults.append(
                    f"two fleets: {fleet.code} binds {order.number} while {other.code} has {standing.number} "
                    f"({standing.state}), ours {state}"
                )


def _leg_at(place: RoughPlace) -> Literal["out", "back"]:
    return "out" if abs(place.latitude - HOME.latitude) < 0.005 else "back"


def _door_of(leg: Literal["out", "back"]) -> Place:
    return HOME if leg == "out" else HOSPITAL


class _AtOnce:
    """Does what it is given at once and in its turn, so that the same seed does the same again."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> _AtOnce:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, act: Callable[..., Any], *arguments: Any) -> Any:
        """Done when it returns."""
        from concurrent.futures import Future

        done: Future[Any] = Future()
        done.set_result(act(*arguments))
        return done

    def map(self, act: Callable[[Any], Any], many: Any) -> list[Any]:
        """One after the other."""
        return [act(each) for each in many]

    def shutdown(self, **_: Any) -> None:
        """Nothing is left."""


@contextmanager
def _deterministic(voyage: Voyage) -> Iterator[None]:
    """Identifiers and turns as the seed has them, and a moment at each commit at which something can happen."""
    storm = voyage.storm
    kept = (ids.time, asking.ThreadPoolExecutor, saga.ThreadPoolExecutor)
    ids.time = SimpleNamespace(time_ns=storm.nanoseconds)
    asking.ThreadPoolExecutor = _AtOnce
    saga.ThreadPoolExecutor = _AtOnce

    def before_commit(session: Session) -> None:
        if voyage._is_alive and not session.in_nested_transaction() and storm.happens(0.01):
            storm.say("killed before a commit")
            raise Killed

    def after_commit(session: Session) -> None:
        if not session.in_nested_transaction():
            voyage._interrupted("after a commit")

    event.listen(Session, "before_commit", before_commit)
    event.listen(Session, "after_commit", after_commit)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", before_commit)
        event.remove(Session, "after_commit", after_commit)
        ids.time = kept[0]
        asking.ThreadPoolExecutor = kept[1]
        saga.ThreadPoolExecutor = kept[2]


@contextmanager
def _watched(voyage: Voyage) -> Iterator[None]:
    """What is logged as an error must not be."""

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            broken = record.exc_info[1] if record.exc_info else None
            voyage.faults.append(f"logged: {record.getMessage()} {type(broken).__name__} {str(broken)[:400]}")

    watch, log = Watch(logging.ERROR), logging.getLogger("mykaohsiung")
    log.addHandler(watch)
    try:
        yield
    finally:
        log.removeHandler(watch)


def prepare() -> None:
    """Three fleets, on this process's database."""
    with db.unit_of_work() as session:
        city.ensure_fleets(session)
        session.execute(text("UPDATE accessibility.fleet SET is_open = code = ANY(:codes)"), {"codes": list(_FLEETS)})


_numbers = iter(range(10**6))


def _enrolled(session: Session, now: datetime) -> Actor:
    number = next(_numbers)
    rider_id = people.enrol_demo_person(
        session, national_id=_national_id(number), mobile=f"09{80_000_000 + number}", password="kaohsiung-demo-1",
        now=now, name="陳美惠",
    )  # fmt: skip
    told = RideStanding(
        has_certificate=True, severity="severe", needs_wheelchair=True, books_first=True, valid_until=None,
        card="disability", is_low_income=False,
    )  # fmt: skip
    eligibility.hear(session, rider_id, told, now=now)
    profile.save(session, RiderProfile(rider_id, 0, None, can_transfer=True), now=now)
    return Actor("citizen", rider_id, loa=2)


def _national_id(number: int) -> str:
    digits = f"1{number:07d}"
    total = 1 + sum(int(digit) * weight for digit, weight in zip(digits, (8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return f"A{digits}{-total % 10}"


_REQUESTS = text("SELECT id FROM accessibility.ride_request WHERE booking_id = :booking ORDER BY leg DESC")
_ORDER = text("SELECT status, step_at FROM accessibility.fleet_order WHERE trip = :trip")
