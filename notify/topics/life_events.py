"""What bureaus tell of people's lives and of their works: it opens and closes what may be subscribed to, offers, ends.

A report names a person by ID number, which is looked up and not kept. Whether somebody uses the app is no bureau's
business: the answer is the same for everybody, and the same work is done for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import crypto
from core.errors import FieldError, Forbidden, InvalidRequest, NotFound
from core.ids import new_uuid
from core.taiwan import normalise, person_id_valid
from core.text import Text
from identity import people
from notify.topics import offers, places, subjects
from notify.topics.endings import NEEDS
from notify.topics.errors import LifeEventReused


@dataclass(frozen=True, slots=True)
class LifeEventKind:
    """What a kind of report does, and which bureau may make it. `opens` and `closes` are kinds of subjects; `of_person`
    says that it names somebody."""

    bureau: str
    of_person: bool
    opens: str | None = None
    closes: str | None = None
    moves_home: bool = False


def _need(need: Any, bureau: str) -> LifeEventKind:
    return LifeEventKind(bureau, of_person=False, closes=NEEDS[need])


KINDS: Final[dict[str, LifeEventKind]] = {
    "marriage_registered": LifeEventKind("civil_affairs", of_person=True),
    "birth_registered": LifeEventKind("civil_affairs", of_person=True),
    "moved_district": LifeEventKind("civil_affairs", of_person=True, moves_home=True),
    "case_opened": LifeEventKind("rdec", of_person=True, opens="case"),
    "case_closed": _need("case_closed", "rdec"),
    "ride_booked": LifeEventKind("social_affairs", of_person=True, opens="ride"),
    "ride_completed": _need("ride_completed", "social_affairs"),
    "permit_issued": LifeEventKind("parking", of_person=True, opens="permit"),
    "permit_expired": _need("permit_expired", "parking"),
    "school_started": LifeEventKind("education", of_person=True, opens="child"),
    "school_finished": _need("school_finished", "education"),
    "roadworks_begun": LifeEventKind("public_works", of_person=False, opens="roadworks"),
    "roadworks_done": _need("roadworks_done", "public_works"),
}
_OLDEST: Final = timedelta(days=3653)
# Clocks differ a little.
_FURTHEST_AHEAD: Final = timedelta(minutes=10)
OFFERING: Final = ("marriage_registered", "birth_registered")


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One report, as it was taken."""

    id: UUID
    kind: str
    reference: str
    received_at: datetime


def receive(session: Session, *, bureau: str, report: dict[str, Any], now: datetime) -> LifeEvent:
    """Take a bureau's report: `reference`, `kind`, `at`, and `national_id`, `subject`, `name`, `district` as its kind
    needs. The same report again changes nothing and is answered the same.

    Raises Forbidden for another bureau's kind, InvalidRequest, LifeEventReused.
    """
    kind = KINDS[report["kind"]]
    if kind.bureau != bureau:
        raise Forbidden
    _require_members(kind, report)
    if not now - _OLDEST <= report["at"] <= now + _FURTHEST_AHEAD:
        raise InvalidRequest(errors=[FieldError("/at", "within the last ten years, and not in the future")])
    subject = _subject(kind, report)
    canonical = orjson.dumps(report, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z).decode()
    body_hash = crypto.blind_index(canonical, purpose="life_event")
    person = people.find(session, _number(report["national_id"])) if kind.of_person else None
    values = {"id": new_uuid(), "bureau": bureau, "reference": report["reference"], "kind": report["kind"],
              "person_id": person.id if person else None, "subject": subject, "at": report["at"],
              "body_hash": body_hash, "now": now}  # fmt: skip
    if session.execute(_RECEIVE, values).scalar() is None:
        return _known(session, bureau, report["reference"], body_hash)
    taken = LifeEvent(values["id"], report["kind"], report["reference"], now)
    if kind.of_person and person is None:
        _act_for_nobody(session, kind, report, taken, subject, bureau, now)
    else:
        _act(session, kind, report, taken, subject, person.id if person else None, bureau, now)
    return taken


def _act_for_nobody(
    session: Session,
    kind: LifeEventKind,
    report: dict[str, Any],
    taken: LifeEvent,
    subject: str | None,
    bureau: str,
    now: datetime,
) -> None:
    """Do the same for somebody whom there is not, and take it back: the answer takes as long as for anybody else."""
    attempt = session.begin_nested()
    _act(session, kind, report, taken, subject, new_uuid(), bureau, now)
    attempt.rollback()


def _act(
    session: Session,
    kind: LifeEventKind,
    report: dict[str, Any],
    taken: LifeEvent,
    subject: str | None,
    person_id: UUID | None,
    bureau: str,
    now: datetime,
) -> None:
    if kind.closes and subject is not None:
        subjects.close(session, subject, bureau=bureau, ref=f"life_event:{taken.id}", now=now)
    if kind.opens and subject is not None:
        subjects.tell_of(
            session, subject, bureau=bureau, name=Text(**report["name"]), district=report["district"],
            person_id=person_id, now=now,
        )  # fmt: skip
        over = session.execute(_ENDED_BEFORE, {"subject": subject, "bureau": bureau, "kinds": _CLOSING}).scalar()
        if over is not None:
            subjects.close(session, subject, bureau=bureau, ref=f"life_event:{over}", now=now)
    if person_id is not None and kind.moves_home:
        places.move_home(session, person_id, report["district"], now)
    if person_id is not None and taken.kind in OFFERING:
        offers.offer(session, person_id, kind=taken.kind, life_event_id=taken.id, at=report["at"], now=now)


def _require_members(kind: LifeEventKind, report: dict[str, Any]) -> None:
    wanted = {
        "national_id": kind.of_person,
        "subject": bool(kind.opens or kind.closes),
        "name": bool(kind.opens),
        "district": kind.moves_home or kind.opens == "roadworks",
    }
    missing = [name for name, is_needed in wanted.items() if is_needed and report[name] is None]
    if missing:
        raise InvalidRequest(errors=[FieldError(f"/{name}", "this kind of event needs it") for name in missing])


def _subject(kind: LifeEventKind, report: dict[str, Any]) -> str | None:
    about = kind.opens or kind.closes
    if about is None:
        return None
    try:
        subject = subjects.parse(report["subject"])
    except NotFound:
        subject = ""
    if subject.partition(":")[0] != about:
        raise InvalidRequest(errors=[FieldError("/subject", f"this kind of event is about a {about}: {about}:<code>")])
    return subject


def _number(written: str) -> str:
    number = normalise(written).upper()
    if not person_id_valid(number):
        raise InvalidRequest(errors=[FieldError("/national_id", "not an ID number")])
    return number


def _known(session: Session, bureau: str, reference: str, body_hash: bytes) -> LifeEvent:
    row = session.execute(_KNOWN, {"bureau": bureau, "reference": reference}).one()
    if bytes(row.body_hash) != body_hash:
        raise LifeEventReused
    return LifeEvent(row.id, row.kind, row.reference, row.received_at)


_CLOSING = [name for name, kind in KINDS.items() if kind.closes]
_RECEIVE = text(
    """
    INSERT INTO notify.life_event (id, bureau, reference, kind, person_id, subject, at, body_hash, received_at)
    VALUES (:id, :bureau, :reference, :kind, :person_id, :subject, :at, :body_hash, :now)
    ON CONFLICT ON CONSTRAINT life_event_told_once DO NOTHING RETURNING id
    """
)
# Two reports may come in the wrong order: what is over must not be open for ever.
_ENDED_BEFORE = text(
    "SELECT id FROM notify.life_event WHERE subject = :subject AND bureau = :bureau AND kind = ANY(:kinds) LIMIT 1"
)
_KNOWN = text("SELECT * FROM notify.life_event WHERE bureau = :bureau AND reference = :reference")
