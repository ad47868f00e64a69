"""The outside systems that this room asks. `api/wiring.py` plugs them in at start; never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from core.errors import Unavailable
from partners import wire
from partners.bureaus.client import Guardianship, Ownership, VehicleKind


class TelephoneCompany(Protocol):
    """Sends text messages, and knows whose a mobile number is. Raises the failures of `partners.wire`."""

    def send(self, *, message_id: str, to: str, text: str) -> None:
        """Send `text` to `to` (E.164). The same `message_id` is the same message: it is sent once."""

    def is_number_of(self, *, national_id: str, mobile: str) -> bool:
        """Whether `mobile` is registered to the person with `national_id`."""


class VehicleRegister(Protocol):
    """Knows whose a vehicle is. Raises the failures of `partners.wire`."""

    def check_ownership(self, *, plate: str, national_id: str, vehicle: VehicleKind | None = None) -> Ownership:
        """Whether the plate (of that kind of vehicle, when given) belongs to the person with `national_id`."""


class HouseholdRegister(Protocol):
    """Knows whose guardian somebody is, and who has died. Raises the failures of `partners.wire`."""

    def check_guardianship(self, *, guardian: str, ward: str) -> Guardianship:
        """Whether the person with the ID number `guardian` is the guardian of the one with the ID number `ward`."""

    def has_died(self, national_id: str) -> bool:
        """Whether the register knows of this person's death."""


class _NotPluggedIn:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError("identity's ports are not plugged in: see identity.ports.plug_in")


telephone_company: TelephoneCompany = _NotPluggedIn()  # type: ignore[assignment]
vehicle_register: VehicleRegister = _NotPluggedIn()  # type: ignore[assignment]
household_register: HouseholdRegister = _NotPluggedIn()  # type: ignore[assignment]


def plug_in(*, telephone: TelephoneCompany, vehicles: VehicleRegister, households: HouseholdRegister) -> None:
    """From now on, ask these."""
    global telephone_company, vehicle_register, household_register
    telephone_company, vehicle_register, household_register = telephone, vehicles, households


@contextmanager
def asking_outside() -> Iterator[None]:
    """A citizen waits for the answer: a partner that gives none becomes the refusal Unavailable."""
    try:
        yield
    except wire.Unavailable as closed:
        raise Unavailable(retry_after_seconds=closed.retry_after_seconds) from closed
    except wire.CallFailed as failure:
        raise Unavailable from failure
