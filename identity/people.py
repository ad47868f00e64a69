"""People, and what other rooms may know of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import crypto, taiwan
from core.errors import NotFound
from core.ids import new_uuid
from identity import levels, passwords
from identity.models import Person, Vehicle

_TABLE = "identity.person"
_DEMO = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Masked:
    """What may be shown of a person's numbers: A12****789, 09******78."""

    national_id: str
    mobile: str | None


def national_id_index_of(session: Session, person_id: UUID) -> bytes:
    """The blind index of this person's ID number, by which bills carry their owner. Raises NotFound."""
    return get(session, person_id).national_id_index


def vehicles_of(session: Session, person_id: UUID) -> list[tuple[str, str]]:
    """(plate, vehicle) of each vehicle that this person has shown to be theirs."""
    query = select(Vehicle.plate, Vehicle.vehicle).where(Vehicle.person_id == person_id).order_by(Vehicle.plate)
    return [(row.plate, row.vehicle) for row in session.execute(query)]


def owner_key_of(session: Session, person_id: UUID) -> tuple[bytes, list[tuple[str, str]]]:
    """The blind index of this person's ID number and their vehicles (plate, vehicle), in one query. Raises NotFound."""
    row = session.execute(_OWNER_KEY, {"person_id": person_id}).one_or_none()
    if row is None:
        raise NotFound
    return bytes(row.national_id_index), list(zip(row.plates, row.vehicles, strict=True))


def owner_keys_of(session: Session, people: Collection[UUID]) -> dict[UUID, tuple[bytes, list[tuple[str, str]]]]:
    """The same of each of them. Whoever is not known is left out."""
    rows = session.execute(_OWNER_KEYS, {"people": list(people)})
    return {row.id: (bytes(row.national_id_index), list(zip(row.plates, row.vehicles, strict=True))) for row in rows}


def holders_of(session: Session, *, national_id_index: bytes | None, plate: str, vehicle: str | None) -> list[UUID]:
    """Whose something is that names this ID number; where it names none, everybody who has shown the vehicle to be
    theirs."""
    query = select(Person.id).where(Person.national_id_index == national_id_index)
    if national_id_index is None:
        query = select(Vehicle.person_id).where(Vehicle.plate == plate, Vehicle.vehicle == vehicle)
    return sorted(session.scalars(query))


def person_language(session: Session, person_id: UUID) -> str:
    """The language in which to write to this person: "zh-TW" or "en". Raises NotFound."""
    language: str | None = session.execute(_LANGUAGE, {"person_id": person_id}).scalar()
    if language is None:
        raise NotFound
    return language


def masked(session: Session, person_id: UUID) -> Masked:
    """This person's numbers with their middles hidden. Raises NotFound."""
    person = get(session, person_id)
    mobile = opened_mobile(person)
    return Masked(taiwan.mask_national_id(opened_national_id(person)), taiwan.mask_mobile(mobile) if mobile else None)


def languages_of(session: Session, people: Collection[UUID]) -> dict[UUID, str]:
    """The language in which to write to each of them: "zh-TW" or "en". Whoever is not known is left out."""
    return {row.id: row.language for row in session.execute(_LANGUAGES, {"people": list(people)})}


def mobiles_of(session: Session, people: Collection[UUID]) -> dict[UUID, str]:
    """The mobile number (+8869…) of each of them who has one."""
    rows = session.execute(_MOBILES, {"people": list(people)})
    opened = {
        row.id: crypto.open_sealed(row.mobile_sealed, table=_TABLE, column="mobile", row_id=row.id).decode()
        for row in rows
    }
    return {person_id: f"+886{mobile[1:]}" for person_id, mobile in opened.items()}


def choose_language(session: Session, person_id: UUID, language: str) -> None:
    """From now on, write to this person in that language."""
    session.execute(update(Person).where(Person.id == person_id).values(language=language))


def name_of(session: Session, person_id: UUID) -> str | None:
    """The person's name as the evidence wrote it; None while no evidence has named one. Raises NotFound."""
    person = get(session, person_id)
    if person.name_sealed is None:
        return None
    return crypto.open_sealed(person.name_sealed, table=_TABLE, column="name", row_id=person_id).decode()


def set_name(session: Session, person_id: UUID, name: str) -> None:
    """Write down the name that the evidence gives (checked by `core.names`). Raises NotFound."""
    person = get(session, person_id)
    person.name_sealed = crypto.seal(name, table=_TABLE, column="name", row_id=person_id)


def enrol_demo_person(
    session: Session,
    *,
    national_id: str,
    mobile: str,
    password: str,
    name: str | None = None,
    language: str = "zh-TW",
    now: datetime,
) -> UUID:
    """Register an invented person whose mobile counts as proved, without a passkey. Again: the same person.

    Their first passkey can be made from password and text message for as long as the demo lasts.
    """
    known = find(session, national_id)
    if known is not None:
        return known.id
    person_id = enrol(
        session,
        national_id=national_id,
        mobile=mobile,
        password_hash=passwords.hash_of(password),
        proofing_level=levels.PROVED_BY_MOBILE,
        language=language,
        first_passkey_until=now + _DEMO,
        now=now,
    )
    assert person_id is not None
    if name is not None:
        set_name(session, person_id, name)
    return person_id


def enrol(
    session: Session,
    *,
    national_id: str,
    mobile: str | None,
    password_hash: str | None,
    proofing_level: int,
    language: str,
    first_passkey_until: datetime | None = None,
    now: datetime,
) -> UUID | None:
    """Write down a new person; None when somebody with that ID number is there already.

    Until `first_passkey_until` their first passkey can be made from password and text message.
    """
    person_id = new_uuid()
    mobile_sealed = crypto.seal(mobile, table=_TABLE, column="mobile", row_id=person_id) if mobile else None
    statement = insert(Person).values(
        id=person_id,
        national_id_sealed=crypto.seal(national_id, table=_TABLE, column="national_id", row_id=person_id),
        national_id_index=index_of(national_id),
        mobile_sealed=mobile_sealed,
        mobile_index=mobile_index_of(mobile) if mobile else None,
        password_hash=password_hash,
        proofing_level=proofing_level,
        language=language,
        registered_at=now,
        first_passkey_until=first_passkey_until,
    )
    added = session.execute(statement.on_conflict_do_nothing(index_elements=["national_id_index"]).returning(Person.id))
    return added.scalar_one_or_none()


def replace_unproved(
    session: Session,
    person: Person,
    *,
    mobile: str | None,
    password_hash: str | None,
    proofing_level: int,
    language: str,
    first_passkey_until: datetime | None = None,
) -> None:
    """Give an ID number that nobody had proved to be theirs to the person who now has."""
    assert person.proofing_level == levels.SELF_ASSERTED
    set_mobile(person, mobile)
    person.password_hash = password_hash
    person.proofing_level = proofing_level
    person.language = language
    person.first_passkey_until = first_passkey_until


def set_mobile(person: Person, mobile: str | None) -> None:
    """Write down another mobile number (09…); None: has none."""
    person.mobile_sealed = crypto.seal(mobile, table=_TABLE, column="mobile", row_id=person.id) if mobile else None
    person.mobile_index = mobile_index_of(mobile) if mobile else None


def find(session: Session, national_id: str) -> Person | None:
    """Whoever has registered with this ID number."""
    return session.scalars(select(Person).where(Person.national_id_index == index_of(national_id))).one_or_none()


def find_all(session: Session, national_ids: Collection[str]) -> dict[str, UUID]:
    """Those of many ID numbers who have registered: their ids, by the number."""
    numbers = {index_of(number): number for number in national_ids}
    found = session.execute(
        select(Person.national_id_index, Person.id).where(Person.national_id_index.in_(numbers.keys()))
    )
    return {numbers[bytes(index)]: person_id for index, person_id in found}


def index_of(national_id: str) -> bytes:
    """The blind index of an ID number (normalised)."""
    return crypto.blind_index(national_id, purpose="national_id")


def mobile_index_of(mobile: str) -> bytes:
    """The blind index of a mobile number (09…)."""
    return crypto.blind_index(mobile, purpose="mobile")


def opened_national_id(person: Person) -> str:
    """The person's ID number in the clear."""
    return crypto.open_sealed(person.national_id_sealed, table=_TABLE, column="national_id", row_id=person.id).decode()


def opened_mobile(person: Person) -> str | None:
    """The person's mobile number (09…) in the clear; None for somebody who has none."""
    if person.mobile_sealed is None:
        return None
    return crypto.open_sealed(person.mobile_sealed, table=_TABLE, column="mobile", row_id=person.id).decode()


def personal_numbers(person: Person) -> tuple[str, ...]:
    """What this person's password must not contain: ID number and mobile."""
    return tuple(number for number in (opened_national_id(person), opened_mobile(person)) if number)


def get(session: Session, person_id: UUID) -> Person:
    """The person. Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


_LANGUAGE = text("SELECT language FROM identity.person WHERE id = :person_id")
_LANGUAGES = text("SELECT id, language FROM identity.person WHERE id = ANY(:people)")
_MOBILES = text("SELECT id, mobile_sealed FROM identity.person WHERE id = ANY(:people) AND mobile_sealed IS NOT NULL")
_OWNER_KEYS_OF = """
    SELECT p.id, p.national_id_index,
           array(SELECT v.plate FROM identity.vehicle v WHERE v.person_id = p.id ORDER BY v.plate, v.vehicle) AS plates,
           array(SELECT v.vehicle FROM identity.vehicle v WHERE v.person_id = p.id ORDER BY v.plate, v.vehicle)
               AS vehicles
      FROM identity.person p WHERE p.id = """
_OWNER_KEY = text(_OWNER_KEYS_OF + ":person_id")
_OWNER_KEYS = text(_OWNER_KEYS_OF + "ANY(:people)")
