"""A person's vehicles: shown to be theirs by the register, which is asked with their own ID number and no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import crypto, outbox, taiwan
from core.errors import NotFound
from core.ids import new_uuid
from identity import attempts, people
from identity.models import Vehicle
from partners.bureaus.client import VehicleKind


@dataclass(frozen=True, slots=True)
class Question:
    """What the register is asked: whether this plate belongs to the holder of this ID number."""

    plate: str
    vehicle: VehicleKind | None
    national_id: str


def question(session: Session, person_id: UUID, plate: str, vehicle: VehicleKind | None, *, now: datetime) -> Question:
    """Take one of the day's ten tries (so that nobody feels their way through plates) and prepare the question.

    Raises RateLimited.
    """
    subject = crypto.blind_index(str(person_id), purpose="attempt")
    attempts.take_or_refuse(session, subject, attempts.VEHICLE_LOOKUPS, now=now)
    return Question(plate, vehicle, people.opened_national_id(people.get(session, person_id)))


def add(session: Session, person_id: UUID, plate: str, vehicle: str, *, now: datetime) -> Vehicle:
    """Write down that the register names this person as the owner; whoever it named before is the owner no more."""
    others = delete(Vehicle).where(Vehicle.plate == plate, Vehicle.vehicle == vehicle, Vehicle.person_id != person_id)
    for lost in session.execute(others.returning(Vehicle.person_id, Vehicle.id)):
        outbox.record(session, "identity.vehicle_removed", _fact(lost.person_id, lost.id), now=now)
    row = {"person_id": person_id, "plate": plate, "vehicle": vehicle, "id": new_uuid(), "added_at": now}
    added = session.execute(insert(Vehicle).values(row).on_conflict_do_nothing().returning(Vehicle.id)).first()
    if added is not None:
        outbox.record(session, "identity.vehicle_added", _fact(person_id, added.id), now=now)
    return session.get_one(Vehicle, (person_id, plate, vehicle))


def remove(session: Session, person_id: UUID, vehicle_id: UUID, *, now: datetime) -> None:
    """Take a vehicle off this person's list. Raises NotFound."""
    gone = delete(Vehicle).where(Vehicle.person_id == person_id, Vehicle.id == vehicle_id).returning(Vehicle.id)
    if session.execute(gone).first() is None:
        raise NotFound
    outbox.record(session, "identity.vehicle_removed", _fact(person_id, vehicle_id), now=now)


def page(session: Session, person_id: UUID, *, limit: int, before: UUID | None = None) -> list[Vehicle]:
    """This person's vehicles, the newest first; `before` continues a list after that vehicle."""
    query = select(Vehicle).where(Vehicle.person_id == person_id)
    if before is not None:
        query = query.where(Vehicle.id < before)
    return list(session.scalars(query.order_by(Vehicle.id.desc()).limit(limit)))


def kind_of(plate: str, asked: VehicleKind | None, told: VehicleKind | None) -> VehicleKind:
    """The kind of vehicle: as the register tells, else as the person said, else as the plate's form shows."""
    by_form: VehicleKind = "motorcycle" if taiwan.plate_vehicle(plate) == "motorcycle" else "car"
    return told or asked or by_form


def _fact(person_id: UUID, vehicle_id: UUID) -> dict[str, str]:
    return {"person_id": str(person_id), "vehicle_id": str(vehicle_id)}
