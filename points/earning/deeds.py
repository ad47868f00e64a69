"""Deeds: what people do, beside paying, that campaigns may reward; and the word of their source that one is undone.

A bureau names a person by ID number, which is looked up and not kept. Whether somebody uses the app is no bureau's
business: the answer is the same for everybody, the same is written, and points follow later, in the worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
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
from points.earning.kinds import Kind

RECORDED: Final = "points.deed_recorded"
UNDONE: Final = "points.deed_undone"
IDENTITY: Final = "identity"
OLDEST: Final = timedelta(days=92)
# Clocks differ a little.
FURTHEST_AHEAD: Final = timedelta(minutes=10)
WHEN_TOLD: Final = f"within the last {OLDEST.days} days, and not in the future"
_AT_ONCE: Final = 1_000


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
    kind = _told_by(bureau, report)
    errors = [FieldError(f"/facts/{name}".rstrip("/"), why) for name, why in kinds.fact_errors(kind, report.facts)]
    if not may_be_told(report.happened_at, now):
        errors.append(FieldError("/happened_at", WHEN_TOLD))
    number = normalise(report.national_id).upper()
    if not person_id_valid(number):
        errors.append(FieldError("/national_id", "not an ID number"))
    if errors:
        raise InvalidRequest(errors=errors)
    body_hash = _hash_of(number, report)
    person = people.find(session, number)
    return _record(
        session, kind=report.kind, source=bureau, key=report.key, person_id=person.id if person else None,
        happened_at=report.happened_at, facts=report.facts, body_hash=body_hash, now=now,
    )  # fmt: skip


def receive_all(
    session: Session, *, bureau: str, reports: Sequence[Report], now: datetime
) -> list[Literal["new", "known", "differs"]]:
    """Take a bureau's word for many deeds, whose members are right and whose keys are their own; answers for each, in
    their order, whether it is new, was told before, or differs from what was told under its key before.

    Raises Forbidden. The caller undoes it all where one that differs is too many.
    """
    outcomes: list[Literal["new", "known", "differs"]] = []
    for start in range(0, len(reports), _AT_ONCE):
        some = reports[start : start + _AT_ONCE]
        outcomes += _receive_some(session, bureau, some, now)
    return outcomes


def may_be_told(happened_at: datetime, now: datetime) -> bool:
    """Whether a deed of then may still be told of."""
    return now - OLDEST <= happened_at <= now + FURTHEST_AHEAD


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


def _receive_some(
    session: Session, bureau: str, reports: Sequence[Report], now: datetime
) -> list[Literal["new", "known", "differs"]]:
    for report in reports:
        _told_by(bureau, report)
    numbers = [normalise(report.national_id).upper() for report in reports]
    known_people = people.find_all(session, numbers)
    rows = [
        {"id": new_uuid(), "kind": report.kind, "source": bureau, "key": report.key, "at": report.happened_at,
         "person_id": known_people.get(number), "facts": orjson.dumps(dict(report.facts)).decode(),
         "body_hash": _hash_of(number, report)}
        for number, report in zip(numbers, reports, strict=True)
    ]  # fmt: skip
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    added = set(session.execute(_RECORD_ALL, {**columns, "now": now}).scalars())
    outbox.record_all(session, RECORDED, [{"deed_id": str(row["id"])} for row in rows if row["id"] in added], now=now)
    told = {
        (row.kind, row.key): bytes(row.body_hash)
        for row in session.execute(_TOLD, {"source": bureau, "kind": columns["kind"], "key": columns["key"]})
    }
    return [
        "new" if row["id"] in added else "known" if told[row["kind"], row["key"]] == row["body_hash"] else "differs"
        for row in rows
    ]


def _told_by(bureau: str, report: Report) -> Kind:
    kind = kinds.KINDS[kinds.event_of(report.kind)]
    if kind.bureau != bureau:
        raise Forbidden
    return kind


def _hash_of(number: str, report: Report) -> bytes:
    said = {"person": number, "at": report.happened_at, "facts": dict(report.facts)}
    canonical = orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()
    return crypto.blind_index(canonical, purpose="deed")


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
_RECORD_ALL = text(
    """
    INSERT INTO points.deed (id, kind, source, key, person_id, happened_at, facts, body_hash, received_at)
    SELECT d.id, d.kind, d.source, d.key, d.person_id, d.at, d.facts, d.body_hash, :now
      FROM unnest(CAST(:id AS uuid[]), CAST(:kind AS text[]), CAST(:source AS text[]), CAST(:key AS text[]),
                  CAST(:person_id AS uuid[]), CAST(:at AS timestamptz[]), CAST(:facts AS jsonb[]),
                  CAST(:body_hash AS bytea[])) AS d(id, kind, source, key, person_id, at, facts, body_hash)
    ON CONFLICT (source, kind, key) DO NOTHING RETURNING id
    """
)
_TOLD = text(
    """
    SELECT d.kind, d.key, d.body_hash
      FROM unnest(CAST(:kind AS text[]), CAST(:key AS text[])) AS asked(kind, key)
      JOIN points.deed AS d ON d.source = :source AND d.kind = asked.kind AND d.key = asked.key
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
