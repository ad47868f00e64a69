"""A fleet in a storm, behind the port: it keeps the contract of docs/fleets.md to the letter and is otherwise as bad as
fleets can be. What it refuses it has not done, the same telegram gets the same answer, and its book is the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from accessibility.places.place import Place
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
    TripScheduled,
    VehicleAt,
    VehicleKind,
    Wish,
)
from tests.accessibility.rides.storm import Storm

LIVE: Final = ("held", "bound", "on_the_way", "at_door", "aboard")
BOUND: Final = ("bound", "on_the_way", "at_door", "aboard")
_ANSWERED_WITHIN: Final = timedelta(seconds=8)
_SETS_OFF: Final = timedelta(minutes=15)
_WAITS: Final = timedelta(minutes=3)
_RIDES: Final = timedelta(minutes=20)
_VEHICLE: Final = VehicleKind("福祉車", 1, 4, 90, 150, 400, True, True)
_MOODS: Final[dict[str, dict[str, float]]] = {
    "hold": {"busy": 3, "no_vehicle": 4, "offer_lapsed": 2, "deadline_over": 2, "closed": 1},
    "bind": {"no_vehicle": 3, "hold_lapsed": 4, "deadline_over": 2, "closed": 1},
    "customer": {"busy": 2, "closed": 1},
    "cancel": {"busy": 3, "closed": 2, "no_machine": 1},
    "amend": {"no_vehicle": 4, "busy": 1, "deadline_over": 1, "closed": 1},
    "status": {"busy": 1, "closed": 1},
}


@dataclass
class Booked:
    """An order in the fleet's own book."""

    number: str
    trip: str
    leg: Literal["out", "back"]
    state: OrderState
    pick_up_at: datetime
    lapses_at: datetime
    bound_at: datetime | None = None
    ended_at: datetime | None = None
    by: Literal["fleet", "city"] | None = None
    customer: CustomerTold | None = None
    arrived_at: datetime | None = None
    aboard_at: datetime | None = None
    is_forgotten: bool = False


@dataclass
class StormyFleet:
    """One fleet. `price` tells it from the others; `leg_at` says which leg begins at a place, `door_of` where a leg
    begins; `before_bound` looks on whenever an order is bound."""

    code: str
    price: int
    storm: Storm
    leg_at: Callable[[RoughPlace], Literal["out", "back"]]
    door_of: Callable[[Literal["out", "back"]], Place]
    may_board: Callable[[StormyFleet, Booked], bool]
    before_bound: Callable[[StormyFleet, Booked], None]
    orders: list[Booked] = field(default_factory=list)
    _offers: dict[str, tuple[FleetOffer, Wish, str]] = field(default_factory=dict)
    _shut: set[str] = field(default_factory=set)
    _answers: dict[UUID, Any] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def ask(self, dispatch: Dispatch, wish: Wish) -> FleetOffer | NoOffer:
        """See the port."""
        mood = self.storm.one_of({"yes": 12, "no": 3, "silent": 1, "refused": 1}, "yes")
        self._asked.add(dispatch.trip)
        match mood:
            case "no":
                return NoOffer("no_vehicle")
            case "silent":
                raise wire.NoAnswer(self.code, "silence")
            case "refused":
                raise self._refusal("busy")
        pick_up_at = max(wish.pick_up_at, wish.window_starts_at, self.storm.now)
        lasts = self.storm.one_of({600: 8, 20: 1}, 600)
        offer = FleetOffer(
            f"{self.code}-offer-{len(self._offers)}", pick_up_at, pick_up_at - timedelta(minutes=5),
            pick_up_at + timedelta(minutes=10), pick_up_at + _RIDES, self.price, True, _VEHICLE,
            self.storm.now + timedelta(seconds=lasts), 0.9,
        )  # fmt: skip
        self._offers[offer.offer] = (offer, wish, dispatch.trip)
        return offer

    def hold(self, dispatch: Dispatch, offer: FleetOffer, wish: Wish) -> FleetOrder:
        """See the port."""
        return self._called("hold", dispatch, lambda mood: self._hold(dispatch.trip, offer.offer, mood))

    def bind(self, dispatch: Dispatch, offer: str, held: FleetOrder, *, companions: int = 0) -> FleetOrder:
        """See the port."""
        return self._called("bind", dispatch, lambda mood: self._bind(dispatch.trip, held.fleet_order, mood))

    def tell_customer(self, dispatch: Dispatch, told: CustomerTold) -> TripScheduled:
        """See the port."""

        def act(mood: str) -> TripScheduled:
            self._in(mood)
            bound = [each for each in self._of(dispatch.trip) if each.state in BOUND]
            if not bound:
                raise self._refusal("not_bound")
            for order in bound:
                order.customer = told
            return TripScheduled(bound[0].number, True)

        return self._called("customer", dispatch, act)

    def release(self, dispatch: Dispatch, *, fleet_order: str | None = None) -> FleetStatus:
        """See the port."""
        return self.cancel(dispatch, "released" if fleet_order is None else "second_order", fleet_order=fleet_order)

    def cancel(self, dispatch: Dispatch, reason: CancelReason, *, fleet_order: str | None = None) -> FleetStatus:
        """See the port."""
        return self._called(
            "cancel", dispatch, lambda mood: self._cancel(dispatch.trip, fleet_order, mood), reason=reason
        )

    def amend(
        self, dispatch: Dispatch, fleet_order: str, *, pick_up_at: datetime | None = None,
        pickup: RoughPlace | None = None, dropoff: RoughPlace | None = None, companions: int | None = None,
    ) -> FleetOrder:  # fmt: skip
        """See the port."""
        return self._called("amend", dispatch, lambda mood: self._amend(dispatch.trip, fleet_order, pick_up_at, mood))

    def status_of(self, dispatch: Dispatch, *, rider_at_door_since: datetime | None = None) -> FleetStatus:
        """See the port."""

        def act(mood: str) -> FleetStatus:
            self._in(mood)
            return self._standing(dispatch.trip)

        return self._called("status", dispatch, act)

    def _called(self, step: str, dispatch: Dispatch, act: Callable[[str], Any], reason: str = "") -> Any:
        storm = self.storm
        label = f"{self.code} {reason or step} {dispatch.trip[-4:]}"
        storm.interrupt(f"before {label}")
        bad = 2 * storm.roughness
        way = storm.one_of({"there": 30, "not reached": bad, "lost": bad, "late": bad, "closed": 1}, "there")
        if way in ("not reached", "closed"):
            storm.say(f"{label}: {way}")
            if way == "closed":
                raise wire.Unavailable(self.code, "closed", 60)
            raise wire.NotReached(self.code, "not reached")
        mood = "fine"
        if storm.happens(0.15):
            mood = storm.one_of(_MOODS[step], "fine")
        if way == "lost":
            if storm.happens(0.5):
                # A telegram that lingers: what commits the fleet is only done before its answer is wanted.
                wait = storm.number(7 if step in ("hold", "bind", "amend") else 90)
                storm.afterwards(timedelta(seconds=wait), lambda: self._acted(step, dispatch, act, mood, label))
            storm.say(f"{label}: lost on its way")
            raise wire.NoAnswer(self.code, "lost")
        answer = self._acted(step, dispatch, act, mood, label)
        storm.interrupt(f"after {label}")
        if way == "late":
            storm.say(f"{label}: its answer is lost")
            raise (wire.AnswerNotTrusted if storm.happens(0.3) else wire.NoAnswer)(self.code, "too late")
        if isinstance(answer, FleetRefused):
            raise answer
        return answer

    def _acted(self, step: str, dispatch: Dispatch, act: Callable[[str], Any], mood: str, label: str) -> Any:
        self._let_lapse()
        if dispatch.id in self._answers:
            answer = self._answers[dispatch.id]
            self.storm.say(f"{label}: again, {_brief(answer)}")
            return answer
        try:
            answer = act(mood)
        except FleetRefused as refused:
            answer = refused
        if not (isinstance(answer, FleetRefused) and answer.code == "deadline_over"):
            self._answers[dispatch.id] = answer
        self.storm.say(f"{label}: {_brief(answer)}")
        return answer

    def _hold(self, trip: str, name: str, mood: str) -> FleetOrder:
        if trip in self._shut:
            raise self._refusal("reference_shut")
        if any(each.state in LIVE for each in self._of(trip)):
            raise self._refusal("already_held")
        self._in(mood)
        made = self._offers.get(name)
        if made is None or made[2] != trip:
            raise self._refusal("offer_unknown")
        offer, wish, _ = made
        if offer.lapses_at <= self.storm.now:
            raise self._refusal("offer_lapsed")
        lasts = self.storm.one_of({180: 6, 60: 3, 10: 1}, 180)
        order = self._new(trip, self.leg_at(wish.pickup), offer.pick_up_at, "held", timedelta(seconds=lasts))
        return self._confirmed(order)

    def _bind(self, trip: str, number: str, mood: str) -> FleetOrder:
        order = self._named(trip, number)
        if mood == "hold_lapsed" and order.state == "held":
            order.state = "lapsed"
        if order.state == "lapsed":
            raise self._refusal("hold_lapsed")
        if mood != "hold_lapsed":
            self._in(mood)
        if order.state == "held":
            self._begin(order)
            if self.storm.happens(0.15):
                second = self._new(trip, order.leg, order.pick_up_at, "held", timedelta(minutes=3))
                self._begin(second)
                self.storm.say(f"{self.code} binds {trip[-4:]} twice: {order.number} and {second.number}")
                self.storm.tell(self.code, trip, self._confirmed(second))
            if self.storm.happens(0.1):
                self.end_by_fleet(order)
        if order.state not in BOUND:
            raise self._refusal("order_over")
        return self._confirmed(order)

    def _begin(self, order: Booked) -> None:
        self.before_bound(self, order)
        order.state, order.bound_at = "bound", self.storm.now
        if self.storm.happens(0.3):
            self.storm.tell(self.code, order.trip, self._confirmed(order))

    def _cancel(self, trip: str, number: str | None, mood: str) -> FleetStatus:
        orders = self._of(trip) if number is None else [self._named(trip, number)]
        if any(each.state == "aboard" for each in orders):
            raise self._refusal("too_late")
        self._in(mood)
        if number is None:
            self._shut.add(trip)
        for order in orders:
            if order.state in LIVE:
                self._end(order, "cancelled", "city")
        return self._stated(orders[-1]) if orders else FleetStatus("cancelled", self.storm.now, by="city")

    def _amend(self, trip: str, number: str, pick_up_at: datetime | None, mood: str) -> FleetOrder:
        order = self._named(trip, number)
        self._in(mood)
        if order.state != "bound" or (pick_up_at is not None and pick_up_at <= self.storm.now):
            raise self._refusal("too_late")
        if pick_up_at is not None:
            order.pick_up_at = pick_up_at
        return self._confirmed(order)

    def _standing(self, trip: str) -> FleetStatus:
        orders = self._of(trip)
        live = [each for each in orders if each.state in LIVE]
        if live:
            return self._stated(live[0], tuple(each.number for each in live[1:]))
        if orders:
            return self._stated(orders[-1])
        if trip in self._shut:
            return FleetStatus("cancelled", self.storm.now, by="city")
        return FleetStatus("asked" if trip in self._asked else "unknown", self.storm.now)

    def end_by_fleet(self, order: Booked) -> None:
        """It lets its rider down."""
        self._end(order, "cancelled", "fleet")
        self.storm.say(f"{self.code} cancels {order.number} of {order.trip[-4:]}")
        self.storm.tell(self.code, order.trip, self._stated(order))

    def says_nobody_came(self, order: Booked) -> None:
        """It says so of somebody who is aboard."""
        self._end(order, "no_show", "fleet")
        self.storm.say(
            f"{self.code} {order.number} of {order.trip[-4:]} ({order.leg}): no_show, though they are aboard"
        )
        self.storm.tell(self.code, order.trip, self._stated(order))

    def forgets(self, order: Booked) -> None:
        """Nobody there ever says that this one is over."""
        order.is_forgotten = True
        self.storm.say(f"{self.code} {order.number} of {order.trip[-4:]} ({order.leg}): aboard, and forgotten")

    def expects(self, order: Booked, wait: timedelta) -> None:
        """It says where its vehicle is, and when it expects it."""
        now, here = self.storm.now, self.door_of(order.leg)
        self.storm.say(f"{self.code} {order.number} of {order.trip[-4:]} ({order.leg}): expected in {wait}")
        seen = VehicleAt(order.number, "TDB-0100", here.latitude, here.longitude, now, now + wait)
        self.storm.tell(self.code, order.trip, seen)

    def goes_on(self, order: Booked) -> bool:
        """The next thing that happens on the street to a bound order. False: not yet, or never."""
        if order.is_forgotten:
            return False
        now = self.storm.now
        if order.state == "bound" and now >= order.pick_up_at - _SETS_OFF:
            order.state = "on_the_way"
        elif order.state == "on_the_way" and now >= order.pick_up_at:
            order.state, order.arrived_at = "at_door", now
        elif order.state == "at_door" and order.customer is not None and self.may_board(self, order):
            order.state, order.aboard_at = "aboard", now
        elif order.state == "at_door" and order.arrived_at is not None and now >= order.arrived_at + _WAITS:
            self._end(order, "no_show", "fleet")
            task = TaskConfirmed(f"T-{order.number}", order.number, "TDB-0100", "no show", now, reason="未見乘客")
            self.storm.tell(self.code, order.trip, task)
        elif order.state == "aboard" and order.aboard_at is not None and now >= order.aboard_at + _RIDES:
            self._end(order, "done", None)
            self.storm.tell(self.code, order.trip, TripDone(order.number, order.aboard_at, now, self.price))
        else:
            return False
        self.storm.say(f"{self.code} {order.number} of {order.trip[-4:]} ({order.leg}): {order.state}")
        self.storm.tell(self.code, order.trip, self._stated(order))
        return True

    def next_at(self, order: Booked) -> datetime | None:
        """When something happens to it on the street; None: it is over, or forgotten."""
        if order.is_forgotten:
            return None
        match order.state:
            case "bound":
                return order.pick_up_at - _SETS_OFF
            case "on_the_way":
                return order.pick_up_at
            case "at_door":
                return (order.arrived_at or order.pick_up_at) + _WAITS
            case "aboard":
                return (order.aboard_at or order.pick_up_at) + _RIDES
        return None

    def let_lapse(self) -> None:
        """What was held for too long is free again."""
        self._let_lapse()

    def _let_lapse(self) -> None:
        for order in self.orders:
            if order.state == "held" and order.lapses_at <= self.storm.now:
                order.state = "lapsed"

    def _in(self, mood: str) -> None:
        if mood == "fine":
            return
        if mood == "closed":
            raise self._refusal("no_machine")
        raise self._refusal(mood)

    def _end(self, order: Booked, state: OrderState, by: Literal["fleet", "city"] | None) -> None:
        order.state, order.by, order.ended_at = state, by, self.storm.now

    def _new(self, trip: str, leg: Any, at: datetime, state: OrderState, lasts: timedelta) -> Booked:
        number = f"{self.code[0].upper()}{len(self.orders):03d}"
        self.orders.append(Booked(number, trip, leg, state, at, self.storm.now + lasts))
        return self.orders[-1]

    def _of(self, trip: str) -> list[Booked]:
        return [each for each in self.orders if each.trip == trip]

    def _named(self, trip: str, number: str) -> Booked:
        found = next((each for each in self._of(trip) if each.number == number), None)
        if found is None:
            raise self._refusal("order_unknown")
        return found

    def _confirmed(self, order: Booked) -> FleetOrder:
        is_held = order.state == "held"
        here = RoughPlace(22.6, 120.3, "三民區")
        return FleetOrder(
            "held" if is_held else "bound", order.number, here, here, order.pick_up_at, self.price, True,
            order.lapses_at if is_held else None,
        )  # fmt: skip

    def _stated(self, order: Booked, others: tuple[str, ...] = ()) -> FleetStatus:
        reason = "司機回報" if order.by == "fleet" else ""
        return FleetStatus(order.state, self.storm.now, order.number, reason, order.by, others=others)

    def _refusal(self, code: str) -> FleetRefused:
        return FleetRefused(self.code, FleetError(code, code))


def _brief(answer: Any) -> str:
    if isinstance(answer, FleetRefused):
        return f"refused, {answer.code}"
    number = getattr(answer, "fleet_order", None)
    others = getattr(answer, "others", ())
    return f"{getattr(answer, 'state', 'ok')} {number or ''} {f'beside {others}' if others else ''}".strip()
