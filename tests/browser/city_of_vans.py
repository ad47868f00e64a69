"""A copy of the city's program in this process at ten in the morning, with vans of its own and rides that are bound."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import urllib3
from sandbox_process import free_port
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from accessibility.calls import ports as call_ports
from accessibility.calls.calls import RideCall
from accessibility.own_fleet import ports
from accessibility.own_fleet.fleet import OwnFleet
from api import wiring
from api.app import create_app
from core import clock, db
from core.clock import TAIPEI
from core.settings import settings
from partners.fleets.client import Dispatch
from partners.fleets.contents import Chair, CustomerTold, Door, FleetOffer, TripEvent, Wish
from tests.accessibility.own_fleet.city_vans import PIN, a_van

CODE = "4711"
HOME = Door(22.6266, 120.3019, "新興區", "新興區中正三路25號", "騎樓右側斜坡")
HOSPITAL = Door(22.6467, 120.3097, "三民區", "三民區自由一路100號")


class _City:
    """Who ordered the trips: everybody's code is the same, and what is told is kept."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, TripEvent]] = []

    def told(self, session: Session, trip: str, event: TripEvent, now: datetime) -> None:
        """Keep it."""
        self.heard.append((trip, event))

    def is_code(self, session: Session, trip: str, code: str) -> bool:
        """Whether it is everybody's."""
        return code == CODE

    def riders_of(self, session: Session, trips: Collection[str]) -> Mapping[str, UUID]:
        """Nobody that this copy knows."""
        return {}

    def fleet_answered(
        self, session: Session, call: RideCall, answer: str, given: Mapping[str, Any], now: datetime
    ) -> None:
        """What a fleet said by telephone stays with the call."""


@dataclass
class CityOfVans:
    """Where it answers, and what it has; `url` and `api_url` are those of a running copy."""

    url: str
    ten: datetime
    city: _City = field(default_factory=_City)
    trips: list[str] = field(default_factory=list)

    @property
    def api_url(self) -> str:
        """The same."""
        return self.url

    def van(self, number: str, **more: object) -> UUID:
        """A van that drives all day."""
        return a_van(number, hours=("06:00", "22:00"), **more)  # type: ignore[arg-type]

    def ride(self, name: str, minutes: int, between: tuple[Door, Door] = (HOME, HOSPITAL), **more: object) -> str:
        """A ride that is bound and told, so many minutes after ten; its reference."""
        at, port, trip = self.ten + timedelta(minutes=minutes), OwnFleet(), f"trip-{uuid4().hex[:12]}"
        usual = {"window_starts_at": at - timedelta(minutes=15), "window_ends_at": at + timedelta(minutes=15)}
        wish = Wish(
            between[0].rough, between[1].rough, at, functions=("W",), chair=Chair(65, 110, 180),
            **({"may_be_pooled": True} | usual | more),  # type: ignore[arg-type]
        )  # fmt: skip
        offer = port.ask(self._dispatch(trip), wish)
        assert isinstance(offer, FleetOffer), offer
        held = port.hold(self._dispatch(trip), offer, wish)
        port.bind(self._dispatch(trip), offer.offer, held)
        told = CustomerTold(name, "0912345678", *between, notes="請先打電話")
        port.tell_customer(self._dispatch(trip), told)
        self.trips.append(trip)
        return trip

    def reports(self, number: str, kind: str, note: str) -> None:
        """The driver of that van presses it, without a browser."""
        body = {"vehicle": number, "pin": PIN, "transport": "bearer"}
        begun = urllib3.request("POST", f"{self.url}/v1/driver/session", json=body).json()
        sent = {"Authorization": f"Bearer {begun['token']}", "Idempotency-Key": uuid4().hex}
        answer = urllib3.request(
            "POST", f"{self.url}/v1/driver/incident", json={"kind": kind, "note": note}, headers=sent
        )  # fmt: skip
        assert answer.status < 300, answer.data

    def told(self, trip: str) -> list[str]:
        """The states that the city heard of this trip, in order."""
        return [str(event.state) for of, event in self.city.heard if of == trip and hasattr(event, "state")]

    def van_of(self, trip: str) -> str:
        """The number of the van with which the trip goes."""
        with db.single_statements() as session:
            found = session.connection().exec_driver_sql(
                "SELECT v.number FROM accessibility.van_order AS o JOIN accessibility.van_tour AS t ON t.id = o.tour_id "
                "JOIN accessibility.van AS v ON v.id = t.van_id WHERE o.trip = %s",
                (trip,),
            )
            return str(found.scalar_one())

    def _dispatch(self, trip: str) -> Dispatch:
        return Dispatch(uuid4(), trip, clock.now() + timedelta(minutes=1))


def officer_cookie(token: str) -> Any:
    """A signed-in officer's cookie, as a browser's context takes it."""
    return {"name": "__Host-officer", "value": token, "domain": "localhost", "path": "/", "secure": True}


@contextmanager
def city_of_vans(folder: Path) -> Iterator[CityOfVans]:
    """Listening at the origin that it says is its own, on the database that this process has. Its clock is put ahead to
    the next ten o'clock in Taipei, whatever the hour is."""
    port = free_port()
    before = os.environ.get("PUBLIC_ORIGIN")
    os.environ["PUBLIC_ORIGIN"] = f"http://localhost:{port}"
    settings.cache_clear()
    now = clock.now().astimezone(TAIPEI)
    ten = (now + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    clock.put_ahead(folder / "ahead", ten - now)
    clock.follow(folder / "ahead")
    try:
        city = CityOfVans(f"http://localhost:{port}", ten)
        server = make_server("localhost", port, create_app(), threaded=True)
        # Who orders is the test, in the place of the rooms of rides.
        ports.plug_in(city.city)
        call_ports.plug_in(fleet_answered=city.city.fleet_answered)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield city
        finally:
            server.shutdown()
            thread.join()
    finally:
        wiring.plug_in()
        clock.follow(None)
        if before is None:
            del os.environ["PUBLIC_ORIGIN"]
        else:
            os.environ["PUBLIC_ORIGIN"] = before
        settings.cache_clear()
