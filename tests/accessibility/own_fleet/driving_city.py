"""A van with its driver signed in, riders whose rides are bound, and a room that writes down what it is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from accessibility.own_fleet import ports
from core import db
from identity import levels, people
from partners.fleets.contents import CustomerTold, Door, TripEvent
from tests.accessibility.own_fleet.city_vans import HOME, HOSPITAL, PIN, Fleet, wish

CODE = "4711"
TOLD = CustomerTold(
    "王小明", "0912345678", Door(22.62712, 120.30234, HOME.district, "新興區中正三路 1 號", "騎樓有斜坡"),
    Door(22.64691, 120.31012, HOSPITAL.district, "三民區自由一路 100 號"), notes="左側上車",
)  # fmt: skip


@dataclass
class Riders:
    """Who ordered the trips, in the place of the rooms of rides."""

    told_of: list[tuple[str, TripEvent]] = field(default_factory=list)
    riders: dict[str, UUID] = field(default_factory=dict)

    def told(self, session: Session, trip: str, event: TripEvent, now: datetime) -> None:
        self.told_of.append((trip, event))

    def is_code(self, session: Session, trip: str, code: str) -> bool:
        return code == CODE

    def riders_of(self, session: Session, trips: Collection[str]) -> Mapping[str, UUID]:
        return {trip: self.riders[trip] for trip in trips if trip in self.riders}

    def words_about(self, trip: str) -> list[str]:
        """What was told of a trip, each by its state or by what it is."""
        return [getattr(event, "state", type(event).__name__) for of, event in self.told_of if of == trip]


def listening() -> Riders:
    """From now on the vans tell these riders' room."""
    riders = Riders()
    ports.plug_in(riders)
    return riders


def a_person(mobile: str, now: datetime) -> UUID:
    """Somebody who rides."""
    digits = f"1{int(mobile[-6:]) + 4_000_000:07d}"
    weights = 1 + sum(int(digit) * weight for digit, weight in zip(digits, (8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    with db.unit_of_work() as session:
        found = people.enrol(
            session, national_id=f"A{digits}{-weights % 10}", mobile=mobile, password_hash=None,
            proofing_level=levels.PROVED_BY_MOBILE, language="zh-TW", now=now,
        )  # fmt: skip
    assert found is not None
    return found


@dataclass
class Driver:
    """A driver at the wheel, by the API."""

    client: FlaskClient
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        if method == "POST":
            sent.setdefault("Idempotency-Key", str(uuid4()))
        return self.client.open(f"/v1/driver/{path}", method=method, json=body, headers=sent)

    def stop(self, kind: str, trip: str) -> Any:
        """The stop of that kind of that trip."""
        stops = self.call("GET", "manifest").json["stops"]
        return next(stop for stop in stops if (stop["kind"], stop["trip"]) == (kind, trip))


@dataclass
class Driven:
    """A fleet on a day that has begun, with people who ride and those who drive."""

    client: FlaskClient
    fleet: Fleet
    riders: Riders
    eight: datetime

    def ride(self, at: str = "09:00", **changed: Any) -> str:
        """Somebody whose ride is bound, and who they are is told. Answers the trip."""
        trip, _ = self.fleet.bound(wish(at, on=self.eight, **changed))
        self.riders.riders[trip] = a_person(f"0922{len(self.riders.riders):06d}", self.eight)
        self.fleet.port.tell_customer(self.fleet.dispatch(trip), TOLD)
        return trip

    def driver(self, number: str = "R001") -> Driver:
        """Who drives that van."""
        body = {"vehicle": number, "pin": PIN, "transport": "bearer"}
        begun: Any = self.client.post("/v1/driver/session", json=body)
        return Driver(self.client, begun.json["token"])

    def at(self, moment: str | datetime) -> datetime:
        """It is later now."""
        if isinstance(moment, str):
            hours, minutes = map(int, moment.split(":"))
            moment = self.eight.replace(hour=hours, minute=minutes)
        self.fleet.clock.to(moment)
        return moment
