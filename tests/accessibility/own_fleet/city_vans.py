"""Vans, drivers and wishes of tests: made in the database that a test has, on a day that is far enough away."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from accessibility.dispatch import checker, timing
from accessibility.dispatch.travel import GreatCircle
from accessibility.own_fleet import drivers, plans
from accessibility.own_fleet.fleet import OwnFleet
from core import db
from core.clock import TAIPEI, taipei_date
from core.ids import new_uuid
from partners.fleets.client import Dispatch
from partners.fleets.contents import Chair, FleetOffer, FleetOrder, RoughPlace, Wish

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=TAIPEI)
"""Six o'clock of a Monday in Taipei."""
PIN = "394817"
HOME = RoughPlace(22.627, 120.302, "新興區")
HOSPITAL = RoughPlace(22.647, 120.310, "三民區")
PARK = RoughPlace(22.605, 120.300, "前鎮區")
TRAVEL = GreatCircle()
_numbers = itertools.count(1)


@dataclass
class Clock:
    """A clock that a test sets; `puts_ahead` has the whole program follow it."""

    at: datetime = NOW
    puts_ahead: Callable[[datetime], None] | None = None

    def __call__(self) -> datetime:
        return self.at

    def to(self, at: datetime) -> None:
        """It is later now."""
        self.at = at
        if self.puts_ahead is not None:
            self.puts_ahead(at)


@dataclass
class Fleet:
    """The fleet with its vans, and a clock of the test's own."""

    clock: Clock = field(default_factory=Clock)
    vans: list[UUID] = field(default_factory=list)

    @property
    def port(self) -> OwnFleet:
        return OwnFleet(TRAVEL, self.clock)

    def dispatch(self, trip: str | None = None, id: UUID | None = None) -> Dispatch:
        return Dispatch(id or uuid4(), trip or f"trip-{next(_numbers)}", self.clock() + timedelta(seconds=30))

    def offered(self, wish: Wish, trip: str | None = None) -> tuple[str, FleetOffer]:
        dispatch = self.dispatch(trip)
        offer = self.port.ask(dispatch, wish)
        assert isinstance(offer, FleetOffer), offer
        return dispatch.trip, offer

    def held(self, wish: Wish, trip: str | None = None) -> tuple[str, FleetOffer, FleetOrder]:
        trip, offer = self.offered(wish, trip)
        return trip, offer, self.port.hold(self.dispatch(trip), offer, wish)

    def bound(self, wish: Wish, trip: str | None = None) -> tuple[str, FleetOrder]:
        trip, offer, held = self.held(wish, trip)
        return trip, self.port.bind(self.dispatch(trip), offer.offer, held)


def a_van(
    number: str = "R001",
    *,
    layouts: Sequence[tuple[int, int]] = ((1, 4), (2, 2)),
    hours: tuple[str, str] = ("06:00", "22:00"),
    breaks: Sequence[tuple[str, str, int]] = (),
    depot: RoughPlace = HOME,
    width_mm: int = 800,
    features: Sequence[str] = (),
) -> UUID:
    """A van with a driver who drives every day of the week."""
    ids = {name: new_uuid() for name in ("depot", "van", "driver")}
    digits = number.removeprefix("R")
    with db.unit_of_work() as session:
        session.execute(
            _DEPOT, {"id": ids["depot"], "code": f"d{digits}", "at": depot.latitude, "on": depot.longitude}
        )  # fmt: skip
        session.execute(
            _VAN,
            {
                "id": ids["van"], "number": number, "plate": f"RAA-{digits}", "depot": ids["depot"],
                "layouts": str([list(each) for each in layouts]), "width": width_mm, "features": list(features),
            },
        )  # fmt: skip
        session.execute(
            _DRIVER,
            {
                "id": ids["driver"], "number": digits.zfill(4), "pin": drivers.pin_hash(ids["driver"], PIN),
                "name": f"司機{digits}",
            },
        )  # fmt: skip
        for weekday in range(7):
            session.execute(
                _ROSTER,
                {
                    "id": new_uuid(), "van": ids["van"], "driver": ids["driver"], "weekday": weekday,
                    "begins": hours[0], "ends": hours[1],
                    "breaks": str([list(each) for each in breaks]).replace("'", '"'),
                },
            )  # fmt: skip
    return ids["van"]


def wish(at: str = "09:00", on: datetime = NOW, **changed: Any) -> Wish:
    """Somebody in a wheelchair who wants to go to the hospital on that Monday, or on another day."""
    hours, minutes = map(int, at.split(":"))
    moment = on.astimezone(TAIPEI).replace(hour=hours, minute=minutes, second=0, microsecond=0)
    usual = Wish(
        HOME, HOSPITAL, moment, moment - timedelta(minutes=30), moment + timedelta(minutes=30), ("W",), Chair(65, 110, 180),
        may_be_pooled=True,
    )  # fmt: skip
    return replace(usual, **changed)


def check_plan(now: datetime = NOW) -> int:
    """The independent checker finds nothing wrong with the plan of that day. Answers how many trips are in it."""
    with db.unit_of_work() as session:
        found = plans.of_day(session, taipei_date(now), now)
    plan = []
    for each in found:
        schedule = timing.scheduled(each.tour, TRAVEL)
        assert schedule is not None, each
        plan.append((each.tour, schedule))
    assert not checker.plan_violations(plan, TRAVEL)
    return sum(1 for tour, _ in plan for _ in tour.trips())


def rows(sql: str, **values: Any) -> list[Any]:
    """What a query answers."""
    with db.unit_of_work() as session:
        return list(session.execute(text(sql), values or {"_": None}).all())


_DEPOT = text(
    "INSERT INTO accessibility.depot (id, code, label, label_en, latitude, longitude, district) "
    "VALUES (:id, :code, '車庫', 'Depot', :at, :on, '64000060')"
)
_VAN = text(
    """
    INSERT INTO accessibility.van (id, number, plate, model, depot_id, layouts, chair_width_mm, chair_length_mm,
                                   chair_mass_kg, has_lift, has_ramp, features)
    VALUES (:id, :number, :plate, 'VW Crafter', :depot, CAST(:layouts AS jsonb), :width, 1300, 350, true, false, :features)
    """
)
_DRIVER = text(
    "INSERT INTO accessibility.van_driver (id, number, name, phone, pin_hash) "
    "VALUES (:id, :number, :name, '0912345678', :pin)"
)
_ROSTER = text(
    """
    INSERT INTO accessibility.van_roster (id, van_id, driver_id, weekday, begins, ends, breaks, valid_from)
    VALUES (:id, :van, :driver, :weekday, CAST(:begins AS time), CAST(:ends AS time), CAST(:breaks AS jsonb), '2026-01-01')
    """
)
