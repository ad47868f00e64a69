"""A city with a few vans of its own and no other fleet, people who may ride in them, and a clock that is put ahead."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from accessibility.fleets import city as fleet_city
from accessibility.fleets import ports as fleet_ports
from accessibility.own_fleet.fleet import OwnFleet
from accessibility.places.place import Place
from accessibility.requests import asking, making, offers
from accessibility.requests.wishes import RideWish
from accessibility.riders import eligibility, profile
from accessibility.rides import choosing, saga
from accessibility.waitlist import waits
from accessibility.waitlist.waits import Wait
from core import clock, db
from core.clock import TAIPEI
from core.ids import new_uuid
from identity import people
from identity.actors import Actor
from partners.bureaus.client import RideStanding
from tests.accessibility.own_fleet.city_vans import a_van

HOME = Place(22.6203, 120.3120, "64000080", "家", "苓雅區四維三路2號")
HOSPITAL = Place(22.6468, 120.3097, "64000050", "醫院", "三民區自由一路100號")
_numbers = itertools.count(1)


@dataclass
class City:
    """Its clock, and its people. `day` is the one on which everybody wants to ride."""

    ahead: Path
    ahead_by: timedelta = field(default_factory=timedelta)
    vans: list[UUID] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def nine(self) -> datetime:
        """Nine in the morning of the day after tomorrow."""
        day = clock.taipei_date(clock.now() - self.ahead_by) + timedelta(days=2)
        return datetime.combine(day, time(9), TAIPEI)

    def later(self, **by: float) -> None:
        """Put the clock ahead."""
        self.ahead_by += timedelta(**by)
        clock.put_ahead(self.ahead, self.ahead_by)

    def van(self) -> UUID:
        """One more van, with one place for a wheelchair, on the road from eight to ten: one ride at nine and no more."""
        return self._van(("08:30", "10:30"))

    def late_van(self) -> UUID:
        """One more van, on the road until the evening."""
        return self._van(("08:30", "22:00"))

    def _van(self, hours: tuple[str, str]) -> UUID:
        number = f"R{next(_numbers):03d}"
        self.vans.append(a_van(number, layouts=((1, 1),), hours=hours))
        weekday = {"van": self.vans[-1], "weekday": self.nine.weekday()}
        with db.unit_of_work() as session:
            if session.execute(_IS_MADE, {"day": self.nine.date()}).first() is not None:
                session.execute(_SHIFT, weekday | {"id": new_uuid(), "day": self.nine.date(), "now": self.now})
        return self.vans[-1]

    def rider(self, **more: Any) -> UUID:
        """Somebody who uses a wheelchair and is entitled to rides."""
        number = next(_numbers)
        with db.unit_of_work() as session:
            rider_id = people.enrol_demo_person(
                session, national_id=_national_id(number), mobile=f"09{number:08d}", password="x" * 12, now=self.now
            )
        return self.entitle(rider_id)

    def entitle(self, rider_id: UUID) -> UUID:
        """Somebody uses a wheelchair and is entitled to rides."""
        told = RideStanding(
            has_certificate=True, severity="severe", needs_wheelchair=True, books_first=True, card="disability"
        )
        with db.unit_of_work() as session:
            eligibility.hear(session, rider_id, told, now=self.now)
            chair = profile.Wheelchair("manual", 62, 105, 120)
            profile.save(session, profile.RiderProfile(rider_id, wheelchair=chair, can_transfer=False), now=self.now)
        return rider_id

    def ask(self, rider_id: UUID, **more: Any) -> list[UUID]:
        """Ask the fleets for a ride at nine. Answers the requests."""
        wish = RideWish(HOME, HOSPITAL, **{"pick_up_at": self.nine, **more})
        with db.unit_of_work() as session:
            made = making.make(session, Actor("citizen", rider_id), rider_id, wish, self.now)
        asking.ask_all([each.id for each in made], self.now)
        return [each.id for each in made]

    def book(self, rider_id: UUID) -> UUID:
        """Ask, take what is offered, and have it bound. Answers the booking."""
        [request_id] = self.ask(rider_id)
        with db.unit_of_work() as session:
            [offer] = offers.standing(session, request_id, self.now)
            booking = choosing.choose(session, Actor("citizen", rider_id), rider_id, [offer.id], self.now)
        saga.drive(booking, self.now)
        return booking

    def wait(self, rider_id: UUID | None = None, **more: Any) -> Wait:
        """Somebody asks in vain, and waits."""
        rider_id = rider_id or self.rider()
        requests = self.ask(rider_id, **more)
        with db.unit_of_work() as session:
            return waits.join(session, rider_id, requests[0], now=self.now)

    def again(self, wait: Wait) -> Wait:
        """The same wait as it is now."""
        with db.unit_of_work() as session:
            return waits.get(session, wait.id)


def made(ahead: Path) -> City:
    """The city, in a fresh database."""
    clock.follow(ahead)
    fleet_ports.plug_in({"rehabus": OwnFleet()})
    with db.unit_of_work() as session:
        fleet_city.ensure_fleets(session)
    return City(ahead)


def rows(sql: str, **values: Any) -> list[Any]:
    """What a query answers."""
    with db.unit_of_work() as session:
        return list(session.execute(text(sql), values or {"_": None}).all())


_SHIFT = text(
    """
    INSERT INTO accessibility.van_tour (id, van_id, driver_id, day, starts_at, ends_at, changed_at)
    SELECT :id, van_id, driver_id, :day, (:day + begins) AT TIME ZONE 'Asia/Taipei',
           (:day + ends) AT TIME ZONE 'Asia/Taipei', :now
      FROM accessibility.van_roster WHERE van_id = :van AND weekday = :weekday
    """
)
_IS_MADE = text("SELECT 1 FROM accessibility.van_day WHERE day = :day")


def _national_id(number: int) -> str:
    head = f"A1{number:07d}"
    total = 1 + sum(int(digit) * weight for digit, weight in zip(head[1:], (8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return f"{head}{-total % 10}"
