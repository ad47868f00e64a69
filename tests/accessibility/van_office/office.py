"""The office of the vans as a dispatcher uses it over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from core import clock
from core.clock import TAIPEI, taipei_date
from tests.accessibility.own_fleet.driving_city import Driven
from tests.signed_in_officer import signed_in_officer


@dataclass
class Office:
    """A dispatcher, who has just signed in."""

    driven: Driven

    def __post_init__(self) -> None:
        self.officer = signed_in_officer(self.driven.client, "dispatcher", bureau="transport")
        self.since = clock.now()

    @property
    def today(self) -> date:
        return taipei_date(clock.now())

    def call(self, method: str, path: str, body: Any = None, *, version: int | None = None, **headers: str) -> Any:
        if clock.now() - self.since > timedelta(minutes=10):
            # Who has not touched the desk for a while signs in again.
            self.__post_init__()
        if version is not None:
            headers["If_Match"] = f'"{version}"'
        if method == "POST":
            headers.setdefault("Idempotency_Key", str(uuid4()))
        return self.officer.call(method, f"/v1/dispatch/{path}", body, **headers)

    def roster(self, first_day: date | None = None, days: int = 1) -> Any:
        answer = self.call("GET", f"roster?first_day={first_day or self.today}&days={days}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def shift(self, vehicle: str = "R001", day: date | None = None) -> Any:
        return next(each for each in self.roster(day)["shifts"] if each["vehicle"] == vehicle)

    def what_if(self, **change: Any) -> Any:
        answer = self.call("POST", "roster/what-if", change)
        assert answer.status_code == 200, answer.text
        return answer.json

    def change(self, *, version: int | None = None, **change: Any) -> Any:
        """Look first, then do it."""
        seen = self.what_if(**change)["version"] if version is None else version
        return self.call("POST", "roster/changes", change, version=seen)

    def moment(self, at: str, day: date | None = None) -> str:
        hours, minutes = map(int, at.split(":"))
        of = day or self.today
        return datetime(of.year, of.month, of.day, hours, minutes, tzinfo=TAIPEI).isoformat()


def a_shift(office: Office, vehicle: str, driver: str, day: date | None = None, **changed: Any) -> dict[str, Any]:
    """A shift from nine to noon."""
    usual = {"vehicle": vehicle, "driver": driver, "date": str(day or office.today), "begins": "09:00", "ends": "12:00"}
    return usual | changed


VAN = {
    "number": "R050", "plate": "RBB-5050", "model": "VW Crafter", "depot": "d001",
    "layouts": [{"wheelchairs": 1, "seats": 4}, {"wheelchairs": 2, "seats": 2}], "chair_width_mm": 800,
    "chair_length_mm": 1300, "chair_mass_kg": 350, "has_lift": True, "has_ramp": False, "features": ["O"],
}  # fmt: skip
DRIVER = {"number": "5050", "name": "王大明", "phone": "0988123456", "licence_until": None}


def hire(office: Office, **changed: Any) -> Any:
    """A new driver."""
    answer = office.call("POST", "drivers", DRIVER | changed)
    assert answer.status_code == 201, answer.text
    return answer.json


def buy(office: Office, **changed: Any) -> Any:
    """A new van."""
    answer = office.call("POST", "vehicles", VAN | changed)
    assert answer.status_code == 201, answer.text
    return answer.json
