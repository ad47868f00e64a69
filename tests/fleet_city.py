"""The sandbox's fleets as tests reach them, and a ride on its way through them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import urllib3
from sandbox_process import post_form

from core.clock import now, on_the_wire
from core.ids import new_uuid
from partners import wire
from partners.fleets.client import Dispatch, FleetClient
from partners.fleets.contents import CustomerTold, Door, FleetOffer, FleetOrder, Wish

HOME = Door(22.626837, 120.357218, "鳳山區", "光復路二段132巷8弄12之3號", "按一樓門鈴")
HOSPITAL = Door(22.645612, 120.309571, "三民區", "自由一路100號")
CUSTOMER = CustomerTold("陳美惠", "0912345678", HOME, HOSPITAL, "陳大明", "077001234", "請按門鈴")


def fleet(url: str, name: str) -> FleetClient:
    """A fleet's client."""
    return FleetClient(wire.Peer(name, f"{url}/fleets/{name}", f"sandbox-{name}-secret"))


def wish_at(pick_up_at: datetime | None = None, **more: object) -> Wish:
    """A trip from home to the hospital, in a wheelchair; in five hours when no moment is given."""
    at = (pick_up_at or now() + timedelta(hours=5)).replace(microsecond=0)
    wish = Wish(HOME.rough, HOSPITAL.rough, at, at - timedelta(minutes=20), at + timedelta(minutes=20), ("W", "D2D"))
    return replace(wish, **more)  # type: ignore[arg-type]


@dataclass
class Trip:
    """One reference at one fleet; each call is another telegram."""

    client: FleetClient
    wish: Wish = field(default_factory=wish_at)
    reference: str = field(default_factory=lambda: f"ford_{uuid.uuid4().hex}")

    def dispatch(self, seconds: float = 10.0) -> Dispatch:
        """A new telegram's envelope."""
        return Dispatch(new_uuid(), self.reference, now() + timedelta(seconds=seconds))

    def offer(self) -> FleetOffer:
        """Asks; the fleet could do it."""
        answer = self.client.ask(self.dispatch(), self.wish)
        assert isinstance(answer, FleetOffer), answer
        return answer

    def hold(self) -> FleetOrder:
        """Asks and holds."""
        return self.client.hold(self.dispatch(), self.offer(), self.wish)

    def bind(self) -> FleetOrder:
        """Asks, holds and binds."""
        offer = self.offer()
        held = self.client.hold(self.dispatch(), offer, self.wish)
        return self.client.bind(self.dispatch(), offer.offer, held)


def step(url: str, order: FleetOrder, to: str = "", *, fleet: str = "yellow") -> int:
    """Presses a button at the fleet; returns the status."""
    return post_form(f"{url}/fleets/{fleet}/orders/{order.fleet_order}/step", to=to).status


def drive_until(url: str, moment: datetime) -> int:
    """Lets the fleets' rides drive as they would have by then; returns how many steps that were."""
    until = on_the_wire(moment).replace("+", "%2B")
    answer = urllib3.request("POST", f"{url}/fleets/clock?until={until}")
    assert answer.status == 201, answer.data
    return int(answer.json()["moved"])


def fill_fleets(url: str) -> None:
    """Something in each of the fleets' books."""
    trip = Trip(fleet(url, "yellow"))
    order = trip.bind()
    trip.client.tell_customer(trip.dispatch(), CUSTOMER)
    step(url, order)
