"""What a subscription may be about: a bill, a vehicle, a district, or something that a bureau told of.

Stored as "bill:<uuid>", "vehicle:<uuid>", "district:64000080", "roadworks:<code>"; on the wire a bill and a vehicle are
named by their own ids ("bill_01j…", "veh_01j…").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.districts import DISTRICTS
from core.errors import NotFound
from core.ids import parse_typeid, typeid
from core.text import Text
from identity import vehicles
from notify.topics import ports
from notify.topics.topics import Topic

KINDS: Final = ("bill", "vehicle", "district", "roadworks", "case", "ride", "permit", "child")
_TYPEIDS: Final = {"bill": "bill", "vehicle": "veh"}
_TOLD: Final = re.compile("(roadworks|case|ride|permit|child):[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_VEHICLES: Final = {
    "car": Text("汽車", "Car"),
    "motorcycle": Text("機車", "Motorcycle"),
    "large": Text("大型車", "Lorry or bus"),
}
_MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to be told about. `district`: where it is; `is_over`: nothing more will come of it."""

    subject: str
    name: Text
    district: str | None = None
    is_over: bool = False


def resolve(session: Session, person_id: UUID, subject: str) -> Subject:
    """What this person means by a stored subject, and whether it is still something to be told about.

    Raises NotFound for what is not there or is somebody else's.
    """
    kind, _, code = subject.partition(":")
    if kind == "bill":
        bill = ports.bills.mine(session, person_id, UUID(code))
        if bill is None:
            raise NotFound
        return Subject(subject, bill.name, is_over=bill.is_settled)
    if kind == "vehicle":
        return _vehicle(session, person_id, UUID(code))
    if kind == "district":
        return Subject(subject, DISTRICTS[code], district=code)
    row = session.execute(_TOLD_OF, {"subject": subject, "person_id": person_id}).one_or_none()
    if row is None:
        raise NotFound
    return _told_of(row)


def choices(session: Session, person_id: UUID, topic: Topic, now: datetime) -> list[Subject]:
    """What this person may choose a subscription to the topic to be about; at most fifty of a kind."""
    found: list[Subject] = []
    kinds = topic.subject_kinds
    if "bill" in kinds:
        unpaid = ports.bills.unpaid(session, person_id, now)
        found += [Subject(f"bill:{bill.id}", bill.name) for bill in unpaid if not bill.is_settled]
    if "vehicle" in kinds:
        mine = vehicles.page(session, person_id, limit=_MOST_SHOWN)
        found += [_named(each.id, each.vehicle, each.plate) for each in mine]
    told = sorted(kinds - {"bill", "vehicle", "district"})
    values = {"kinds": told, "person_id": person_id, "limit": _MOST_SHOWN}
    if told:
        found += [_told_of(row) for row in session.execute(_CHOICES, values)]
    if "district" in kinds:
        found += [Subject(f"district:{code}", name, district=code) for code, name in DISTRICTS.items()]
    return found


def parse(written: str) -> str:
    """A subject as stored. Raises NotFound for text that names nothing."""
    for kind, prefix in _TYPEIDS.items():
        if written.startswith(f"{prefix}_"):
            return f"{kind}:{parse_typeid(prefix, written)}"
    kind, _, code = written.partition(":")
    if kind == "district" and code in DISTRICTS:
        return written
    if kind in _TYPEIDS:
        return f"{kind}:{_uuid(kind, code)}"
    if _TOLD.fullmatch(written):
        return written
    raise NotFound


def on_the_wire(subject: str) -> str | None:
    """A stored subject as answers carry it; None where a subscription is to the topic alone."""
    kind, _, code = subject.partition(":")
    if kind in _TYPEIDS:
        return typeid(_TYPEIDS[kind], UUID(code))
    return subject or None


def tell_of(
    session: Session,
    subject: str,
    *,
    bureau: str,
    name: Text,
    district: str | None,
    person_id: UUID | None,
    now: datetime,
) -> None:
    """A bureau tells that there is something new to subscribe to; one that is known stays as it is."""
    values = {"subject": subject, "kind": subject.partition(":")[0], "bureau": bureau, "name_zh": name.zh,
              "name_en": name.en, "district": district, "person_id": person_id, "now": now}  # fmt: skip
    session.execute(_TELL, values)


def close(session: Session, subject: str, *, bureau: str, ref: str, now: datetime) -> bool:
    """A bureau tells that something of its own is over. Whether it was open until now; who heard of it is ended by
    the sweep."""
    values = {"subject": subject, "bureau": bureau, "ref": ref, "now": now}
    return session.execute(_CLOSE, values).scalar() is not None


def unsettled(session: Session, limit: int) -> list[tuple[str, str]]:
    """What was closed while people may still be subscribed to it: (subject, cause), the oldest first."""
    return [(row.subject, row.closed_ref) for row in session.execute(_UNSETTLED, {"limit": limit})]


def settle(session: Session, settled: Iterable[str], now: datetime) -> None:
    """Nobody is subscribed any more to these, which are closed."""
    session.execute(_SETTLE, {"subjects": list(settled), "now": now})


def _vehicle(session: Session, person_id: UUID, vehicle_id: UUID) -> Subject:
    row = session.execute(_VEHICLE, {"person_id": person_id, "id": vehicle_id}).one_or_none()
    if row is None:
        raise NotFound
    return _named(vehicle_id, row.vehicle, row.plate)


def _named(vehicle_id: UUID, vehicle: str, plate: str) -> Subject:
    kind = _VEHICLES[vehicle]
    return Subject(f"vehicle:{vehicle_id}", Text(f"{kind.zh} {plate}", f"{kind.en} {plate}"))


def _told_of(row: Any) -> Subject:
    return Subject(row.subject, Text(row.name_zh, row.name_en), row.district, is_over=row.closed_at is not None)


def _uuid(kind: str, code: str) -> UUID:
    try:
        return UUID(code)
    except ValueError:
        return parse_typeid(_TYPEIDS[kind], code)


_VEHICLE = text("SELECT plate, vehicle FROM identity.vehicle WHERE person_id = :person_id AND id = :id")
# Shared with whoever closes it: either that waits for us and then finds us, or we find it closed.
_TOLD_OF = text(
    "SELECT * FROM notify.subject WHERE subject = :subject AND (person_id IS NULL OR person_id = :person_id) FOR SHARE"
)
_CHOICES = text(
    """
    SELECT j.* FROM notify.subject j LEFT JOIN notify.place p ON p.person_id = :person_id AND p.district = j.district
     WHERE j.kind = ANY(:kinds) AND j.closed_at IS NULL AND (j.person_id IS NULL OR j.person_id = :person_id)
     ORDER BY p.district IS NULL, j.opened_at DESC, j.subject LIMIT :limit
    """
)
_TELL = text(
    """
    INSERT INTO notify.subject (subject, kind, bureau, person_id, name_zh, name_en, district, opened_at)
    VALUES (:subject, :kind, :bureau, :person_id, :name_zh, :name_en, :district, :now)
    ON CONFLICT (subject) DO NOTHING
    """
)
_CLOSE = text(
    "UPDATE notify.subject SET closed_at = :now, closed_ref = :ref "
    "WHERE subject = :subject AND bureau = :bureau AND closed_at IS NULL RETURNING subject"
)
_UNSETTLED = text(
    "SELECT subject, closed_ref FROM notify.subject WHERE closed_at IS NOT NULL AND settled_at IS NULL "
    "ORDER BY closed_at LIMIT :limit"
)
_SETTLE = text("UPDATE notify.subject SET settled_at = :now WHERE subject = ANY(:subjects)")
