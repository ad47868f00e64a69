"""The drivers of the city's vans: they do what their manifest says, on streets that are not what was planned.

Each drives to the next stop of the tour, so as to be there when its window begins, and says by the taps of the driver's
page what happened. Whoever is waited for and does not come is left after the time that the page allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from accessibility.own_fleet import driving, orders, stops
from accessibility.own_fleet.drivers import Wheel
from accessibility.own_fleet.driving import Tap
from accessibility.own_fleet.errors import NotWaitedLongEnough, SomebodyAboard, StopNotNow, WrongRideCode
from bench.ride_day import shifts
from bench.ride_day.agenda import Agenda
from bench.ride_day.demand import DAY, MIDNIGHT, TRAVEL, place_of
from bench.ride_day.diary import Order
from bench.ride_day.population import Spot
from bench.ride_day.streets import Streets, boarding_of
from core import db
from core.errors import NotFound
from core.ids import new_uuid

_SAYS_WHERE_FROM: Final = timedelta(minutes=6)
_GONE: Final = (NotFound, StopNotNow)


@dataclass(slots=True)
class _Shift:
    wheel: Wheel
    number: str
    starts_at: datetime
    at: Spot
    is_busy: bool = False
    is_broken: bool = False
    seen_version: int = 0
    turn: int = 0
    aboard: dict[UUID, str] = field(default_factory=dict)
    way: tuple[Spot, Spot, datetime, datetime] | None = None
    heads_for: UUID | None = None
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class _Stop:
    id: UUID
    kind: str
    spot: Spot
    phone: str
    order_id: UUID | None
    trip: str
    window_starts_at: datetime
    planned_at: datetime
    seconds: int


@dataclass
class VanDrivers:
    """All drivers of the day."""

    streets: Streets
    agenda: Agenda
    driven_metres: float = 0.0
    driven_seconds: float = 0.0
    _shifts: list[_Shift] = field(default_factory=list)

    def begin(self) -> None:
        """The shifts are made: everybody knows when theirs begins, and some vans will not last."""
        with db.unit_of_work() as session:
            rows = session.execute(_TOURS, {"day": DAY}).all()
        for row in rows:
            wheel = Wheel(new_uuid(), row.driver_id, row.van_id, row.id)
            at = Spot(row.latitude, row.longitude, row.district)
            shift = _Shift(wheel, row.number, row.starts_at, at)
            self._shifts.append(shift)
            self.agenda.at(row.starts_at, self._doing(self._wake, shift))
            broken_at = shifts.breaks_down_at(row.number, self.streets.seed)
            if broken_at is not None:
                moment = MIDNIGHT + timedelta(hours=broken_at)
                if row.starts_at <= moment < row.ends_at:
                    self.agenda.at(moment, self._doing(self._breaks_down, shift))

    def look_again(self) -> None:
        """Who waits for something to do sees what has changed in their tour."""
        with db.unit_of_work() as session:
            versions = {row.id: row.version for row in session.execute(_VERSIONS, {"day": DAY})}
        for shift in self._shifts:
            version = versions.get(shift.wheel.tour_id, 0)
            if version != shift.seen_version and self.agenda.now >= shift.starts_at:
                shift.seen_version = version
                self._turn(shift)
                self._wake(shift)

    def book(self) -> list[Order]:
        """What the fleet's own book says of bound orders."""
        with db.unit_of_work() as session:
            rows = session.execute(_BOOK, {"day": DAY}).all()
            found = []
            for row in rows:
                told = orders.customer_of(row.id, row.customer)
                door = told.pickup if told else orders.demand_of(row).pickup
                spot = Spot(door.latitude, door.longitude, "")
                ending = {"done": "done", "no_show": "no_show"}.get(row.state)
                if row.state in ("cancelled", "lapsed"):
                    ending = "by_fleet" if row.ended_by == "fleet" else "by_city"
                found.append(
                    Order(
                        "rehabus", row.fleet_order, told.phone if told else None, spot, row.pick_up_at, row.bound_at,
                        row.ended_at if ending else None, ending,  # type: ignore[arg-type]
                        row.price_twd if ending == "done" else 0,
                    )
                )  # fmt: skip
        return found

    def _doing(self, what: Callable[[_Shift], None], shift: _Shift) -> Callable[[], None]:
        return lambda: what(shift)

    def _turn(self, shift: _Shift) -> None:
        """Whoever is on the way goes to another stop first where the manifest says so by now."""
        if shift.way is None or shift.is_broken:
            return
        stop = self._next(shift)
        if stop is None or stop.kind == "break" or stop.id == shift.heads_for:
            return
        still = self._where(shift).metres_to(shift.way[1])
        self.driven_metres -= still * TRAVEL.detour
        self.driven_seconds -= max(shift.way[3] - self.agenda.now, timedelta()).total_seconds()
        shift.at, shift.way, shift.is_busy = self._where(shift), None, False
        shift.turn += 1

    def _wake(self, shift: _Shift) -> None:
        """See when to leave for the next stop."""
        if shift.is_busy or shift.is_broken:
            return
        stop = self._next(shift)
        if stop is None:
            return
        shift.turn += 1
        turn, leaves = shift.turn, self.agenda.now
        if stop.kind == "pickup" and not shift.aboard:
            leaves = max(leaves, stop.window_starts_at - self._reckoned(shift, stop.spot))
        elif stop.kind == "break":
            leaves = max(leaves, stop.planned_at)
        self.agenda.at(leaves, lambda: self._leave(shift, turn, stop))

    def _leave(self, shift: _Shift, turn: int, known: _Stop) -> None:
        if shift.turn != turn or shift.is_busy or shift.is_broken:
            return
        stop = self._next(shift)
        if stop is None or stop.id != known.id:
            self._wake(shift)
            return
        shift.is_busy = True
        if stop.kind == "break":
            self._rest(shift, stop)
            return
        now = self.agenda.now
        takes = self.streets.takes(shift.at, stop.spot, now, shift.number, stop.phone, stop.kind)
        self.driven_metres += shift.at.metres_to(stop.spot) * TRAVEL.detour
        self.driven_seconds += takes.total_seconds()
        shift.way, shift.heads_for = (shift.at, stop.spot, now, now + takes), stop.id
        slow_from = now + self._reckoned(shift, stop.spot) * 0.9
        says_at = now + takes / 2 if takes >= _SAYS_WHERE_FROM else slow_from
        if says_at < now + takes:
            self.agenda.at(says_at, lambda: self._says_where(shift, turn, slow_from))
        self.agenda.at(now + takes, lambda: self._arrive(shift, turn, stop))

    def _says_where(self, shift: _Shift, turn: int, slow_from: datetime) -> None:
        """The page does so every 20 seconds. Here it is once on the way, and every other minute where that is slow."""
        if shift.is_broken or shift.turn != turn or shift.way is None:
            return
        where, now = self._where(shift), self.agenda.now
        with db.unit_of_work() as session:
            driving.seen_at(session, shift.wheel, (where.latitude, where.longitude), now, now)
        again_at = max(now + timedelta(minutes=2), slow_from)
        if again_at < shift.way[3]:
            self.agenda.at(again_at, lambda: self._says_where(shift, turn, slow_from))

    def _arrive(self, shift: _Shift, turn: int, stop: _Stop) -> None:
        if shift.is_broken or shift.turn != turn:
            return
        shift.at, shift.way = stop.spot, None
        now, tap = self.agenda.now, self._tap(stop.spot)
        if not self._said(lambda session: driving.arrive(session, shift.wheel, stop.id, tap)):
            self._free(shift)
            return
        if stop.kind == "pickup":
            self.streets.see(now, shift.number, stop.phone, "at_door", stop.spot)
            shift.waits_for = stop.phone
            self._look(shift, stop)
            return
        self.streets.see(now, shift.number, stop.phone, "out", stop.spot)
        self._said(lambda session: driving.bring_out(session, shift.wheel, stop.id, tap))
        assert stop.order_id is not None
        shift.aboard.pop(stop.order_id, None)
        self.agenda.at(now + timedelta(seconds=stop.seconds), lambda: self._free(shift))

    def _look(self, shift: _Shift, stop: _Stop) -> None:
        if shift.is_broken:
            return
        now = self.agenda.now
        if self.streets.is_there(stop.phone, stop.spot, now):
            person = self.streets.errand_of[stop.phone].person
            boards = boarding_of(
                person.wheelchair, Random(f"{self.streets.seed} board {stop.phone} {stop.spot.latitude}")
            )
            self.agenda.at(now + boards, lambda: self._board(shift, stop))
            return
        try:
            with db.unit_of_work() as session:
                driving.nobody_there(session, shift.wheel, stop.id, self._tap(stop.spot))
        except NotWaitedLongEnough:
            self.agenda.at(now + timedelta(minutes=1), lambda: self._look(shift, stop))
            return
        except _GONE:
            self._free(shift)
            return
        self.streets.see(now, shift.number, stop.phone, "left_without", stop.spot)
        self._free(shift)

    def _board(self, shift: _Shift, stop: _Stop) -> None:
        if shift.is_broken:
            return
        now = self.agenda.now
        code, tap = self._code_of(stop.trip), self._tap(stop.spot)
        try:
            is_said = self._said(lambda session: driving.board(session, shift.wheel, stop.id, code, tap))
        except WrongRideCode:
            unsaid = replace(tap, note="乘車碼不符")
            is_said = self._said(lambda session: driving.board(session, shift.wheel, stop.id, None, unsaid))
        if is_said:
            assert stop.order_id is not None
            self.streets.see(now, shift.number, stop.phone, "aboard", stop.spot)
            shift.aboard[stop.order_id] = stop.phone
        self._free(shift)

    def _rest(self, shift: _Shift, stop: _Stop) -> None:
        now = self.agenda.now
        try:
            with db.unit_of_work() as session:
                driving.rest(session, shift.wheel, self._tap(shift.at), is_beginning=True)
        except (NotFound, SomebodyAboard):
            self._free(shift)
            return
        self.agenda.at(now + timedelta(seconds=stop.seconds), lambda: self._rested(shift))

    def _rested(self, shift: _Shift) -> None:
        if shift.is_broken:
            return
        with db.unit_of_work() as session:
            driving.rest(session, shift.wheel, self._tap(shift.at), is_beginning=False)
        self._free(shift)

    def _breaks_down(self, shift: _Shift) -> None:
        """The van stands where it is; whoever sits in it waits for another there."""
        now, where = self.agenda.now, self._where(shift)
        shift.is_broken = True
        with db.unit_of_work() as session:
            driving.seen_at(session, shift.wheel, (where.latitude, where.longitude), now, now)
            driving.report(
                session, shift.wheel, "breakdown", Tap(now, now, (where.latitude, where.longitude), "引擎故障")
            )
        if shift.waits_for:
            self.streets.see(now, shift.number, shift.waits_for, "gave_up", where)
        for phone in shift.aboard.values():
            self.streets.see(now, shift.number, phone, "broken_down", where)
        shift.aboard.clear()

    def _free(self, shift: _Shift) -> None:
        shift.is_busy, shift.waits_for = False, ""
        self._wake(shift)

    def _where(self, shift: _Shift) -> Spot:
        """On a straight line between two doors, by how much of the time is over."""
        if shift.way is None:
            return shift.at
        one, other, left_at, comes_at = shift.way
        share = min((self.agenda.now - left_at) / max(comes_at - left_at, timedelta(seconds=1)), 1.0)
        return Spot(
            round(one.latitude + (other.latitude - one.latitude) * share, 5),
            round(one.longitude + (other.longitude - one.longitude) * share, 5), one.district,
        )  # fmt: skip

    def _reckoned(self, shift: _Shift, to: Spot) -> timedelta:
        now = int(self.agenda.now.timestamp())
        return timedelta(seconds=TRAVEL.seconds(place_of(shift.at), place_of(to), now))

    def _tap(self, at: Spot) -> Tap:
        return Tap(self.agenda.now, self.agenda.now, (at.latitude, at.longitude))

    def _said(self, tap: Callable[[Any], None]) -> bool:
        """Whether the tap was taken; no where the ride was cancelled meanwhile."""
        try:
            with db.unit_of_work() as session:
                tap(session)
        except _GONE:
            return False
        return True

    def _next(self, shift: _Shift) -> _Stop | None:
        """The first stop of the manifest that is left, as the driver's page shows it."""
        with db.unit_of_work() as session:
            found = session.execute(_NEXT, {"tour": shift.wheel.tour_id}).one_or_none()
            if found is None:
                return None
            if found.kind == "break":
                return _Stop(
                    found.id, "break", shift.at, "", None, "", found.window_starts_at, found.planned_at, found.seconds
                )
            row = stops.one(session, found.id, shift.wheel.tour_id)
            shown = stops.shown(row, "en", with_rider=True)
        place, rider = shown["place"], shown["rider"]
        return _Stop(
            row.id, row.kind, Spot(place["latitude"], place["longitude"], place["district"]),
            rider["phone"] if rider else "", row.order_id, row.trip, row.window_starts_at, row.planned_at, row.seconds,
        )  # fmt: skip

    def _code_of(self, trip: str) -> str | None:
        """What the rider says at the door: they read it in the app."""
        with db.unit_of_work() as session:
            code: str | None = session.execute(_CODE, {"trip": trip}).scalar()
        return code


_TOURS = text(
    """
    SELECT t.id, t.van_id, t.driver_id, t.starts_at, t.ends_at, v.number, d.latitude, d.longitude, d.district
      FROM accessibility.van_tour AS t
      JOIN accessibility.van AS v ON v.id = t.van_id JOIN accessibility.depot AS d ON d.id = v.depot_id
     WHERE t.day = :day ORDER BY v.number, t.starts_at
    """
)
_VERSIONS = text("SELECT id, version FROM accessibility.van_tour WHERE day = :day")
_NEXT = text(
    """
    SELECT id, kind, window_starts_at, planned_at, seconds FROM accessibility.van_stop
     WHERE tour_id = :tour AND outcome IS NULL ORDER BY position LIMIT 1
    """
)
_CODE = text(
    """
    SELECT r.code FROM accessibility.fleet_order AS o
      JOIN accessibility.ride AS r ON r.rider_id = o.rider_id AND r.id = o.ride_id
     WHERE o.trip = :trip
    """
)
_BOOK = text(
    """
    SELECT id, fleet_order, state, customer, wish, pick_up_at, bound_at, ended_at, ended_by, price_twd
      FROM accessibility.van_order WHERE day = :day AND bound_at IS NOT NULL ORDER BY id
    """
)
