"""A city with three taxi fleets at a sandbox, and riders who want to go to hospital."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from fleet_city import fleet
from sandbox_process import SandboxBooks
from sqlalchemy import text

from accessibility.fleets import city, ports
from accessibility.places.place import Place
from accessibility.requests import asking, making, offers, records
from accessibility.requests.offers import Offer
from accessibility.requests.records import RideRequest
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility, profile
from accessibility.riders.profile import RiderProfile, Wheelchair
from accessibility.rides import choosing, hearing, saga
from accessibility.rides import records as rides
from accessibility.rides.records import Booking, Order, Ride
from core import clock, db
from core.ids import new_uuid
from identity import people
from identity.actors import Actor
from partners.bureaus.client import RideStanding
from partners.fleets.contents import TripEvent

HOME = Place(22.626837, 120.357218, "64000120", "我家", "鳳山區光復路二段132號", "按一樓門鈴")
HOSPITAL = Place(22.645612, 120.309571, "64000050", "高醫", "三民區自由一路100號", "急診門口")
HALL = Place(22.620713, 120.311957, "64000080", "市政府", "苓雅區四維三路2號")
FLEETS = ("yellow", "harbour", "mountain")
CHAIR = Wheelchair("manual", 62, 105, 120)


class Killed(BaseException):
    """The process is gone: nothing that comes after in it happens."""


def _gone() -> None:
    raise Killed


@dataclass
class Mortal:
    """A fleet between whose calls the process dies: before or after the n-th call of a city, once."""

    client: Any
    town: RideCity

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)

        def mortal(*arguments: Any, **named: Any) -> Any:
            self.town.calls.append(name)
            number, death = len(self.town.calls), self.town.death
            if death == (number, "before"):
                self.town.death = None
                self.town.end()
            try:
                return call(*arguments, **named)
            finally:
                if death == (number, "after"):
                    self.town.death = None
                    self.town.end()

        return mortal


@dataclass
class RideCity:
    """The rides' side of the city, with fleets at a sandbox. `calls` are those made to fleets, in their order."""

    books: SandboxBooks
    now: datetime
    calls: list[str] = field(default_factory=list)
    death: tuple[int, str] | None = None
    end: Callable[[], None] = _gone

    def connect(self, *codes: str) -> None:
        """These fleets can be reached, and no other is known."""
        self.plug(*codes)
        with db.unit_of_work() as session:
            session.execute(
                text("UPDATE accessibility.fleet SET is_open = code = ANY(:codes)"), {"codes": list(codes)}
            )  # fmt: skip

    def plug(self, *codes: str) -> None:
        """Reach these fleets at the sandbox."""
        ports.plug_in({code: Mortal(fleet(self.books.url, code), self) for code in codes})

    def rider(self, wheelchair: Wheelchair | None = CHAIR, *, person_id: UUID | None = None, **more: Any) -> Actor:
        """Somebody with a certificate, a wheelchair, a name and a number."""
        with db.unit_of_work() as session:
            rider_id = person_id or _enrol(session, self.now)
            told = RideStanding(
                has_certificate=True, severity="severe", needs_wheelchair=True, books_first=True, valid_until=None,
                card="disability", is_low_income=False,
            )  # fmt: skip
            eligibility.hear(session, rider_id, told, now=self.now)
            profile.save(
                session, RiderProfile(rider_id, 0, wheelchair, can_transfer=False, **more), now=self.now
            )  # fmt: skip
        return Actor("citizen", rider_id, loa=2)

    def wish(self, hours: float = 5, **more: Any) -> RideWish:
        """From home to hospital in so many hours."""
        asked: dict[str, Any] = {"pick_up_at": self.now + timedelta(hours=hours), "purpose": "medical"}
        return RideWish(HOME, HOSPITAL, **(asked | more))

    def make(self, rider: Actor, wish: RideWish | None = None) -> list[RideRequest]:
        """Requests that are written down and not yet asked."""
        with db.unit_of_work() as session:
            return making.make(session, rider, rider.id, wish or self.wish(), self.now)

    def ask(self, rider: Actor, wish: RideWish | None = None, patience: float = 5.0) -> list[RideRequest]:
        """Requests that every fleet was asked about."""
        made = self.make(rider, wish)
        asking.ask_all([each.id for each in made], self.now, patience)
        return self.requests(made)

    def requests(self, made: Sequence[RideRequest]) -> list[RideRequest]:
        """The same as they are now."""
        with db.unit_of_work() as session:
            return [records.get(session, each.id) for each in made]

    def offers(self, request: RideRequest) -> dict[str, Offer]:
        """What was offered, by fleet."""
        with db.unit_of_work() as session:
            return {each.fleet: each for each in offers.of_request(session, request.id)}

    def asks(self, request: RideRequest) -> dict[str, tuple[str, str]]:
        """What became of asking, by fleet: status and reason."""
        rows = self.rows("SELECT * FROM accessibility.ask WHERE request_id = :id ORDER BY round", id=request.id)
        return {row.fleet: (row.status, row.reason) for row in rows}

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """Rows of the database."""
        with db.unit_of_work() as session:
            return list(session.execute(text(sql), {"nothing": 0} | values).all())

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What was published of a kind, in its order."""
        rows = self.rows("SELECT payload FROM core.outbox WHERE kind = :kind ORDER BY id", kind=f"accessibility.{kind}")
        return [row.payload if isinstance(row.payload, dict) else orjson.loads(row.payload) for row in rows]

    def choose(self, rider: Actor, *chosen: Offer, **more: Any) -> UUID:
        """A booking whose intent is committed, and no more."""
        with db.unit_of_work() as session:
            return choosing.choose(session, rider, rider.id, [each.id for each in chosen], self.now, **more)

    def choose_for(self, rider: Actor, request: RideRequest) -> UUID:
        """The same where the city chooses."""
        with db.unit_of_work() as session:
            return choosing.choose_for(session, rider, rider.id, request.id, self.now)

    def bound(self, rider: Actor, fleet: str = "yellow", wish: RideWish | None = None) -> Ride:
        """A ride that this fleet has bound."""
        (request, *_) = self.ask(rider, wish)
        booking = saga.drive(self.choose(rider, self.offers(request)[fleet]), self.now)
        (ride, *_) = booking.rides
        assert ride.status == "bound", ride
        return ride

    def ride(self, ride: Ride) -> Ride:
        """A ride as it is now."""
        with db.unit_of_work() as session:
            return rides.ride(session, ride.id)

    def booking(self, booking_id: UUID) -> Booking:
        """A booking as it is now."""
        with db.unit_of_work() as session:
            return rides.get(session, booking_id)

    def sweep(self, seconds: float = 0) -> None:
        """The worker's sweeps, so much later; the next worker's where one dies."""
        for _ in range(4):
            try:
                saga.drive_due(self.now + timedelta(seconds=seconds))
                return
            except Killed:
                continue

    def settle(self, *, until: float = 200, step: float = 5) -> None:
        """The worker's sweeps of that time."""
        passed = 0.0
        while passed <= until:
            self.sweep(passed)
            passed += step

    def hear(self, ride: Ride, event: TripEvent, *, telegram: UUID | None = None, later: float = 0) -> None:
        """What the ride's fleet tells of it."""
        booking = self.booking(ride.booking_id)
        order = next(each for each in reversed(booking.orders) if each.ride_id == ride.id)
        with db.unit_of_work() as session:
            hearing.heard(
                session, fleet=order.fleet, trip=order.trip, telegram_id=telegram or new_uuid(), event=event,
                now=self.now + timedelta(seconds=later),
            )  # fmt: skip

    def order(self, ride: Ride) -> Order:
        """The order of a ride that was made last."""
        return next(each for each in reversed(self.booking(ride.booking_id).orders) if each.ride_id == ride.id)

    def agree(self) -> None:
        """The fleets' books and ours say the same: what is bound there is bound here, and nothing is held there for
        nobody; no request has two rides."""
        theirs = {
            (each["fleet"], each["trip"], each["fleet_order"])
            for each in self.their_orders("held", "bound", "on_the_way", "at_door", "aboard")
        }
        ours = {
            (row.fleet, row.trip, row.fleet_order)
            for row in self.rows("SELECT * FROM accessibility.fleet_order WHERE status IN ('held', 'bound')")
        }
        assert theirs == ours
        assert not self.rows(
            "SELECT request_id FROM accessibility.ride WHERE ended_at IS NULL GROUP BY request_id HAVING count(*) > 1"
        )

    def their_orders(self, *states: str) -> list[dict[str, Any]]:
        """The orders in the fleets' own books, of these states or all."""
        found = self.books.read("fleets/orders")
        return [each for each in found if not states or each["state"] in states]


_numbers = iter(range(10**6))


def _enrol(session: Any, now: datetime) -> UUID:
    number = next(_numbers)
    body = f"{number:07d}"
    weights = (10 % 10) * 9 + 1
    digits = "1" + body
    total = weights + sum(int(digit) * weight for digit, weight in zip(digits, (8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    national_id = f"A{digits}{-total % 10}"
    person_id = people.enrol_demo_person(
        session, national_id=national_id, mobile=f"09{80_000_000 + number}", password="kaohsiung-demo-1", now=now,
        name="陳美惠",
    )  # fmt: skip
    assert isinstance(person_id, UUID)
    return person_id


def ride_city(books: SandboxBooks) -> RideCity:
    """Three taxi fleets, on this process's database."""
    with db.unit_of_work() as session:
        city.ensure_fleets(session)
    town = RideCity(books, clock.now())
    town.connect(*FLEETS)
    return town


__all__ = ["CHAIR", "HALL", "HOME", "HOSPITAL", "Killed", "RideCity", "new_uuid", "ride_city"]
