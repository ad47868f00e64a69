"""Deeds: what people do, beside paying, that campaigns may reward; and the word of their source that one is undone.

A bureau names a person by ID number, which is looked up and not kept. Whether somebody uses the app is no bureau's
business: the answer is the same for everybody, the same is written, and points follow later, in the worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto, outbox
from core.errors import FieldError, Forbidden, InvalidRequest, NotFound
from core.ids import new_uuid
from core.outbox import Event
from core.taiwan import normalise, person_id_valid
from identity import people
from points.earning import kinds
from points.earning.errors import DeedKeyUsed

RECORDED: Final = "points.deed_recorded"
UNDONE: Final = "points.deed_undone"
IDENTITY: Final = "identity"
OLDEST: Final = timedelta(days=92)
# Clocks differ a little.
FURTHEST_AHEAD: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done; `person_id` None: by nobody who uses the app."""

    id: UUID
    kind: str
    source: str
    key: str
    person_id: UUID | None
    happened_at: datetime
    facts: dict[str, Any]
    received_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a bureau says of one deed."""

    kind: str
    key: str
    national_id: str
    happened_at: datetime
    facts: Mapping[str, Any]


def receive(session: Session, *, bureau: str, report: Report, now: datetime) -> Deed:
    """Take a bureau's word for a deed. The same again changes nothing and is answered the same.

    Raises Forbidden for another bureau's kind, InvalidRequest, DeedKeyUsed (the key stands for another report).
    """
    kind = kinds.KINDS[kinds.event_of(report.kind)]
    if kind.bureau != bureau:
        raise Forbidden
    errors = [FieldError(f"/facts/{name}".rstrip("/"), why) for name, why in kinds.fact_errors(kind, report.facts)]
    if not now - OLDEST <= report.happened_at <= now + FURTHEST_AHEAD:
        errors.append(FieldError("/happened_at", f"within the last {OLDEST.days} days, and not in the future"))
    number = normalise(report.national_id).upper()
    if not person_id_valid(number):
        errors.append(FieldError("/national_id", "not an ID number"))
    if errors:
        raise InvalidRequest(errors=errors)
    said = {"person": number, "at": report.happened_at, "facts": dict(report.facts)}
    canonical = orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()
    body_hash = crypto.blind_index(canonical, purpose="deed")
    person = people.find(session, number)
    return _record(
        session, kind=report.kind, source=bureau, key=report.key, person_id=person.id if person else None,
        happened_at=report.happened_at, facts=report.facts, body_hash=body_hash, now=now,
    )  # fmt: skip


def undo(session: Session, *, bureau: str, kind: str, key: str, now: datetime) -> None:
    """The bureau takes its word back; again changes nothing. Raises NotFound for what it never said."""
    known = session.execute(_UNDO, {"source": bureau, "kind": kind, "key": key, "now": now}).first()
    if known is not None:
        outbox.record(session, UNDONE, {"deed_id": str(known.id)}, now=now)
    elif session.execute(_KNOWN, {"source": bureau, "kind": kind, "key": key}).first() is None:
        raise NotFound


def note_passkey(session: Session, event: Event, now: datetime) -> None:
    """identity.passkey_added: the first one of a person, with which the running session was begun, is a deed."""
    person_id = UUID(event.payload["person_id"])
    _record(
        session, kind="passkey", source=IDENTITY, key=str(person_id), person_id=person_id,
        happened_at=datetime.fromisoformat(event.payload["added_at"]), facts={},
        body_hash=crypto.blind_index(str(person_id), purpose="deed"), now=now,
    )  # fmt: skip


def get(session: Session, deed_id: UUID) -> Deed:
    """A deed as it stands now."""
    return _deed(session.execute(_GET, {"id": deed_id}).one())


def _record(session: Session, **values: Any) -> Deed:
    deed_id = new_uuid()
    facts = orjson.dumps(dict(values["facts"])).decode()
    row = session.execute(_RECORD, {**values, "id": deed_id, "facts": facts}).first()
    if row is not None:
        outbox.record(session, RECORDED, {"deed_id": str(deed_id)}, now=values["now"])
        return _deed(row)
    known = session.execute(_KNOWN, {name: values[name] for name in ("source", "kind", "key")}).one()
    if bytes(known.body_hash) != values["body_hash"]:
        raise DeedKeyUsed
    return _deed(known)


def _deed(row: Any) -> Deed:
    return Deed(
        row.id, row.kind, row.source, row.key, row.person_id, row.happened_at, row.facts, row.received_at, row.undone_at
    )


_RECORD = text(
    """
    INSERT INTO points.deed (id, kind, source, key, person_id, happened_at, facts, body_hash, received_at)
    VALUES (:id, :kind, :source, :key, :person_id, :happened_at, CAST(:facts AS jsonb), :body_hash, :now)
    ON CONFLICT (source, kind, key) DO NOTHING RETURNING *
    """
)
_KNOWN = text("SELECT * FROM points.deed WHERE source = :source AND kind = :kind AND key = :key")
_GET = text("SELECT * FROM points.deed WHERE id = :id")
_UNDO = text(
    """
    UPDATE points.deed SET undone_at = :now
     WHERE source = :source AND kind = :kind AND key = :key AND undone_at IS NULL RETURNING id
    """
)
