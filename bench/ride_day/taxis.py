"""Taxi companies with so many vehicles and tempers of their own, behind the port that every fleet stands behind.

What a temper does with an order is drawn from the seed, the doors and the time, and not from any number of ours: the
same ride meets the same driver in every run, whoever books it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID, uuid4

from bench.ride_day.agenda import Agenda
from bench.ride_day.companies import KINDS, LIVE, Company, TaxiOrder, free_vehicle, meter_twd, spot_of, way_of
from bench.ride_day.diary import Ending, Order
from bench.ride_day.population import Spot
from bench.ride_day.streets import WAITS, Streets, luck
from partners import wire
from partners.fleets.client import Dispatch, FleetRefused
from partners.fleets.contents import (
    CancelReason,
    CustomerTold,
    FleetError,
    FleetOffer,
    FleetOrder,
    FleetStatus,
    NoOffer,
    OrderState,
    RoughPlace,
    TaskConfirmed,
    TripDone,
    TripEvent,
    TripScheduled,
    VehicleAt,
    VehicleSeen,
    Wish,
)

Tell = Callable[[str, str, UUID, TripEvent], None]
"""Fleet, trip, the telegram's id, what happened."""
_A = TypeVar("_A")
_SETS_OFF: Final = timedelta(minutes=18)
_OFFER_LASTS, _HOLD_LASTS = timedelta(minutes=15), timedelta(minutes=3)


@dataclass(slots=True)
class _Offer:
    offer: FleetOffer
    wish: Wish
    trip: str


@dataclass
class TaxiFleet:
    """One company on the simulated day. `tell` carries what it says unasked."""

    company: Company
    streets: Streets
    agenda: Agenda
    tell: Tell
    orders: list[TaxiOrder] = field(default_factory=list)
    _offers: dict[str, _Offer] = field(default_factory=dict)
    _shut: set[str] = field(default_factory=set)
    _answers: dict[UUID, object] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ask(self, dispatch: Dispatch, wish: Wish) -> FleetOffer | NoOffer:
        """See the port."""
        return self._once(dispatch, "ask", wish, lambda: self._offer(dispatch.trip, wish))

    def hold(self, dispatch: Dispatch, offer: FleetOffer, wish: Wish) -> FleetOrder:
        """See the port."""
        return self._once(dispatch, "hold", wish, lambda: self._hold(dispatch.trip, offer.offer))

    def bind(self, dispatch: Dispatch, offer: str, held: FleetOrder, *, companions: int = 0) -> FleetOrder:
        """See the port."""
        order = self._named(held.fleet_order, dispatch.trip)
        return self._once(dispatch, "bind", order.wish, lambda: self._bind(order))

    def tell_customer(self, dispatch: Dispatch, told: CustomerTold) -> TripScheduled:
        """See the port."""
        bound = [each for each in self._of(dispatch.trip) if each.state in LIVE and each.bound_at]
        if not bound:
            raise self._refused("not_bound")
        for order in bound:
            order.customer = told
        return TripScheduled(bound[0].number, True)

    def release(self, dispatch: Dispatch, *, fleet_order: str | None = None) -> FleetStatus:
        """See the port."""
        return self.cancel(dispatch, "released" if fleet_order is None else "second_order", fleet_order=fleet_order)

    def cancel(self, dispatch: Dispatch, reason: CancelReason, *, fleet_order: str | None = None) -> FleetStatus:
        """See the port."""
        with self._lock:
            orders = self._of(dispatch.trip) if fleet_order is None else [self._named(fleet_order, dispatch.trip)]
            if any(each.state == "aboard" for each in orders):
                raise self._refused("too_late")
            if fleet_order is None:
                self._shut.add(dispatch.trip)
            for order in orders:
                if order.state in LIVE:
                    self._end(order, "cancelled", "by_city")
            number = orders[-1].number if orders else None
            return FleetStatus("cancelled", self.agenda.now, number, reason, "city")

    def amend(
        self, dispatch: Dispatch, fleet_order: str, *, pick_up_at: datetime | None = None,
        pickup: RoughPlace | None = None, dropoff: RoughPlace | None = None, companions: int | None = None,
    ) -> FleetOrder:  # fmt: skip
        """Companies of the simulation change nothing: the ride stays as it was."""
        raise self._refused("no_vehicle")

    def status_of(self, dispatch: Dispatch, *, rider_at_door_since: datetime | None = None) -> FleetStatus:
        """See the port."""
        with self._lock:
            orders = self._of(dispatch.trip)
            live = [each for each in orders if each.state in LIVE]
            if live:
                others = tuple(each.number for each in live[1:])
                return FleetStatus(live[0].state, self.agenda.now, live[0].number, others=others)
            if orders:
                return self._stated(orders[-1])
            return FleetStatus("cancelled" if dispatch.trip in self._shut else "unknown", self.agenda.now, by=None)

    def book(self) -> list[Order]:
        """What its own book says of bound orders."""
        return [
            Order(
                self.company.code, each.number, each.customer.phone if each.customer else None,
                self._door(each),
                each.pick_up_at, each.bound_at, each.ended_at, each.ending,
                each.price_twd if each.ending == "done" else 0,
            )
            for each in self.orders if each.bound_at is not None
        ]  # fmt: skip

    def _once(self, dispatch: Dispatch, step: str, wish: Wish, act: Callable[[], _A]) -> _A:
        """The same telegram again gets the same answer; of some, the first answer comes too late."""
        with self._lock:
            if dispatch.id in self._answers:
                before: object = self._answers[dispatch.id]
                if isinstance(before, FleetRefused):
                    raise before
                return before  # type: ignore[return-value]
            if dispatch.answer_by < self.agenda.now:
                raise self._refused("deadline_over")
            try:
                answer = act()
            except FleetRefused as refused:
                self._answers[dispatch.id] = refused
                raise
            self._answers[dispatch.id] = answer
            if self._luck(wish, f"{step} unanswered") < self.company.temper.unanswered:
                raise wire.NoAnswer(self.company.code, "the answer came after its time")
            return answer

    def _offer(self, trip: str, wish: Wish) -> FleetOffer | NoOffer:
        at, company = self.agenda.now, self.company
        if wish.pick_up_at < at + timedelta(minutes=0 if wish.is_asap else company.closes_minutes):
            return NoOffer("too_late")
        if company.districts is not None and not _districts(wish) <= company.districts:
            return NoOffer("outside_area")
        if self._luck(wish, "ask") < company.temper.refuses:
            return NoOffer("fleet_refuses")
        way = way_of(wish, wish.pick_up_at)
        pick_up_at = max(wish.pick_up_at, at + timedelta(minutes=12))
        if wish.arrive_by is not None:
            pick_up_at = min(pick_up_at, wish.arrive_by - way)
        if not wish.window_starts_at <= pick_up_at <= wish.window_ends_at or pick_up_at < at:
            return NoOffer("too_late")
        vehicle = self._free(wish, pick_up_at, pick_up_at + way)
        if vehicle is None:
            return NoOffer("no_vehicle")
        offer = FleetOffer(
            f"{company.code}-offer-{len(self._offers)}", pick_up_at, pick_up_at - timedelta(minutes=5),
            pick_up_at + timedelta(minutes=10), pick_up_at + way, meter_twd(wish), True,
            KINDS[vehicle % len(KINDS)], at + _OFFER_LASTS, company.confidence,
        )  # fmt: skip
        self._offers[offer.offer] = _Offer(offer, wish, trip)
        return offer

    def _hold(self, trip: str, name: str) -> FleetOrder:
        made, at = self._offers.get(name), self.agenda.now
        if trip in self._shut:
            raise self._refused("reference_shut")
        if made is None:
            raise self._refused("offer_unknown")
        if any(each.state in LIVE for each in self._of(trip)):
            raise self._refused("already_held")
        if made.offer.lapses_at <= at:
            raise self._refused("offer_lapsed")
        vehicle = self._free(made.wish, made.offer.pick_up_at, made.offer.arrives_at)
        if vehicle is None or self._luck(made.wish, "hold") < self.company.temper.refuses_hold:
            raise self._refused("no_vehicle")
        order = self._new(trip, made.wish, vehicle, made.offer, "held")
        return self._confirmed(order)

    def _bind(self, order: TaxiOrder) -> FleetOrder:
        if order.state == "held" and order.lapses_at <= self.agenda.now:
            order.state = "lapsed"
        if order.state == "held" and self._luck(order.wish, "lapse") < self.company.temper.lets_lapse:
            order.state = "lapsed"
        if order.state == "lapsed":
            raise self._refused("hold_lapsed")
        if order.state != "held":
            raise self._refused("order_over")
        self._begin(order)
        chance, temper = self._luck(order.wish, "bound"), self.company.temper
        for name in ("double_confirms", "changes_mind", "cancels_late", "runs_late", "never_comes"):
            share: float = getattr(temper, name)
            if chance < share:
                order.temper = name
                break
            chance -= share
        self._after_yes(order)
        return self._confirmed(order)

    def _begin(self, order: TaxiOrder) -> None:
        order.state, order.bound_at = "bound", self.agenda.now
        self.agenda.at(order.pick_up_at - _SETS_OFF, lambda: self._sets_off(order))

    def _after_yes(self, order: TaxiOrder) -> None:
        soon = self.agenda.now + timedelta(seconds=5)
        self.agenda.at(soon, lambda: self._say(order, self._vehicle_seen(order)))
        if order.temper == "double_confirms":
            vehicle = self._free(order.wish, order.pick_up_at, order.arrives_at)
            second = self._new(order.trip, order.wish, order.vehicle if vehicle is None else vehicle, order, "held")
            self._begin(second)
            self.agenda.at(soon, lambda: self._say(second, self._confirmed(second)))
        elif order.temper == "changes_mind":
            wait = timedelta(minutes=2 + 118 * self._luck(order.wish, "when"))
            self.agenda.at(self.agenda.now + wait, lambda: self._cancels(order, "司機不願前往"))
        elif order.temper == "cancels_late":
            before = timedelta(minutes=15 + 60 * self._luck(order.wish, "when"))
            self.agenda.at(order.pick_up_at - before, lambda: self._cancels(order, "車輛故障"))

    def _cancels(self, order: TaxiOrder, reason: str) -> None:
        if order.state in ("bound", "on_the_way"):
            self._end(order, "cancelled", "by_fleet")
            self._say(order, FleetStatus("cancelled", self.agenda.now, order.number, reason, "fleet"))

    def _sets_off(self, order: TaxiOrder) -> None:
        if order.state != "bound":
            return
        now = self.agenda.now
        if order.temper == "never_comes":
            # One in two companies notices; of the other drivers nobody ever hears.
            if self._luck(order.wish, "notices") < 0.5:
                self.agenda.at(order.pick_up_at + timedelta(minutes=6), lambda: self._cancels(order, "司機未到"))
            self.agenda.at(order.arrives_at + timedelta(hours=1), lambda: self._forget(order))
            return
        late = 15 + 20 * self._luck(order.wish, "late") if order.temper == "runs_late" else 0
        noise = self._luck(order.wish, "noise") * 9 - 4
        arrives = max(now, order.pick_up_at + timedelta(minutes=late + noise))
        order.state = "on_the_way"
        self._say(order, self._seen(order, arrives), self._stated(order))
        self.agenda.at(arrives, lambda: self._at_door(order))

    def _forget(self, order: TaxiOrder) -> None:
        if order.state == "bound":
            self._end(order, "cancelled", "by_fleet")

    def _at_door(self, order: TaxiOrder) -> None:
        if order.state != "on_the_way":
            return
        order.state = "at_door"
        spot = self._door(order)
        self._see(order, "at_door", spot)
        self._say(order, self._seen(order, self.agenda.now), self._stated(order))
        self._look(order, spot, self.agenda.now + WAITS)

    def _look(self, order: TaxiOrder, spot: Spot, until: datetime) -> None:
        if order.state != "at_door":
            return
        now, phone = self.agenda.now, _phone(order)
        if self.streets.is_there(phone, spot, now):
            boarded = now + timedelta(minutes=1 + 3 * self._luck(order.wish, "boarding"))
            self.agenda.at(boarded, lambda: self._aboard(order, spot))
        elif now >= until:
            self._see(order, "left_without", spot)
            self._end(order, "no_show", "no_show")
            task = TaskConfirmed(
                f"T-{order.number}", order.number, self._plate(order), "no show", now, reason="未見乘客"
            )
            self._say(order, task, self._stated(order))
        else:
            self.agenda.at(now + timedelta(minutes=1), lambda: self._look(order, spot, until))

    def _aboard(self, order: TaxiOrder, spot: Spot) -> None:
        if order.state != "at_door":
            return
        order.state, order.aboard_at = "aboard", self.agenda.now
        self._see(order, "aboard", spot)
        task = TaskConfirmed(f"T-{order.number}", order.number, self._plate(order), "performed", self.agenda.now)
        self._say(order, task, self._stated(order))
        assert order.customer is not None
        to = spot_of(order.customer.dropoff)
        takes = self.streets.takes(spot, to, self.agenda.now, _phone(order), spot.latitude)
        arrives_at = self.agenda.now + takes
        self.agenda.at(self.agenda.now + takes / 2, lambda: self._say(order, self._seen(order, arrives_at)))
        self.agenda.at(arrives_at, lambda: self._done(order, to))

    def _done(self, order: TaxiOrder, spot: Spot) -> None:
        self._see(order, "out", spot)
        self._end(order, "done", "done")
        assert order.aboard_at is not None
        done = TripDone(order.number, order.aboard_at, self.agenda.now, order.price_twd)
        self._say(order, done, self._stated(order))

    def _end(self, order: TaxiOrder, state: OrderState, ending: Ending) -> None:
        order.state, order.ending, order.ended_at = state, ending, self.agenda.now

    def _free(self, wish: Wish, pick_up_at: datetime, arrives_at: datetime) -> int | None:
        return free_vehicle(self.company, self.orders, wish, pick_up_at, arrives_at, self.agenda.now)

    def _new(self, trip: str, wish: Wish, vehicle: int, like: FleetOffer | TaxiOrder, state: OrderState) -> TaxiOrder:
        order = TaxiOrder(
            f"{self.company.code[0].upper()}{len(self.orders):05d}", trip, wish, vehicle, like.pick_up_at,
            like.arrives_at, like.price_twd, state, self.agenda.now + _HOLD_LASTS,
        )  # fmt: skip
        self.orders.append(order)
        return order

    def _of(self, trip: str) -> list[TaxiOrder]:
        return [each for each in self.orders if each.trip == trip]

    def _named(self, number: str, trip: str) -> TaxiOrder:
        found = next((each for each in self.orders if each.number == number and each.trip == trip), None)
        if found is None:
            raise self._refused("order_unknown")
        return found

    def _confirmed(self, order: TaxiOrder) -> FleetOrder:
        is_held = order.state == "held"
        return FleetOrder(
            "held" if is_held else "bound", order.number, order.wish.pickup, order.wish.dropoff, order.pick_up_at,
            order.price_twd, True, order.lapses_at if is_held else None, self._plate(order),
        )  # fmt: skip

    def _stated(self, order: TaxiOrder) -> FleetStatus:
        by = {"by_city": "city", "by_fleet": "fleet", "no_show": "fleet"}.get(order.ending or "")
        reason = "司機回報" if by == "fleet" else ""
        return FleetStatus(order.state, self.agenda.now, order.number, reason, by)  # type: ignore[arg-type]

    def _vehicle_seen(self, order: TaxiOrder) -> VehicleSeen:
        kind = KINDS[order.vehicle % len(KINDS)]
        phone = f"0987{order.vehicle:06d}"
        return VehicleSeen(order.number, self._plate(order), f"司機{order.vehicle:02d}", kind, order.pick_up_at, phone)

    def _seen(self, order: TaxiOrder, arrives_at: datetime) -> VehicleAt:
        at = order.wish.pickup
        return VehicleAt(order.number, self._plate(order), at.latitude, at.longitude, self.agenda.now, arrives_at)

    def _plate(self, order: TaxiOrder) -> str:
        return f"TD{self.company.code[0].upper()}-{order.vehicle + 100:04d}"

    def _door(self, order: TaxiOrder) -> Spot:
        return spot_of(order.wish.pickup if order.customer is None else order.customer.pickup)

    def _see(self, order: TaxiOrder, deed: str, spot: Spot) -> None:
        self.streets.see(self.agenda.now, self._plate(order), _phone(order), deed, spot)  # type: ignore[arg-type]

    def _say(self, order: TaxiOrder, *events: TripEvent) -> None:
        for event in events:
            self.tell(self.company.code, order.trip, uuid4(), event)

    def _luck(self, wish: Wish, step: str) -> float:
        """The same for the same ride, until it is ordered once more."""
        turn = sum(each.wish.pickup == wish.pickup and each.wish.dropoff == wish.dropoff for each in self.orders)
        of = (wish.pickup.latitude, wish.pickup.longitude, wish.dropoff.latitude, wish.dropoff.longitude, turn)
        return luck(self.streets.seed, self.company.code, *of, step)

    def _refused(self, code: str) -> FleetRefused:
        return FleetRefused(self.company.code, FleetError(code, code))


def _phone(order: TaxiOrder) -> str:
    return order.customer.phone if order.customer else ""


def _districts(wish: Wish) -> set[str]:
    return {spot_of(wish.pickup).district, spot_of(wish.dropoff).district}
