"""Who read whose data, what, for what purpose, and when: written in the transaction that reads, so no entry, no data.

Rows are only ever added (the database refuses anything else), and only by `record_accesses`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.ids import new_uuid
from identity.access_words import PURPOSES, WHAT
from identity.actors import Actor
from identity.officer_models import AccessLogEntry

_was_recorded: ContextVar[bool] = ContextVar("was_recorded", default=False)


class NothingRecorded(Exception):
    """Data of a citizen was about to be shown without a word about whose."""


def record_access(
    session: Session, *, actor: Actor, person_id: UUID, what: str, purpose: str, reference: str = "", now: datetime
) -> None:
    """That this caller reads this citizen's data, or does something for them, now; see `record_accesses`."""
    record_accesses(
        session, actor=actor, person_ids=(person_id,), what=what, purpose=purpose, reference=reference, now=now
    )


def record_accesses(
    session: Session,
    *,
    actor: Actor,
    person_ids: Collection[UUID],
    what: str,
    purpose: str,
    reference: str = "",
    now: datetime,
) -> None:
    """That this caller reads these citizens' data now: an officer, a bureau, or a citizen who acts for the one whose
    data it is. Nobody's, for a list that is empty, is recorded, too: it says that the view has asked itself.

    `what` and `purpose` are codes of `identity.access_words`; `reference` names the object or case ("pay_01j…").
    """
    assert what in WHAT and purpose in PURPOSES, f"give {what!r} and {purpose!r} words in identity/access_words.py"
    is_for_another = (
        actor.kind == "citizen" and actor.on_behalf_of is not None and {actor.on_behalf_of} == {*person_ids}
    )
    assert actor.kind in ("officer", "bureau", "driver") or is_for_another, "only somebody else's read is recorded"
    _was_recorded.set(True)
    who = {
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name or actor.bureau,
        "actor_bureau": actor.bureau,
        "actor_roles": sorted(actor.roles),
        "what": what,
        "purpose": purpose,
        "reference": reference,
        "delegation_id": actor.delegation_id,
    }
    rows = [{**who, "person_id": person_id, "id": new_uuid()} for person_id in sorted(set(person_ids))]
    if rows:
        session.execute(insert(AccessLogEntry), rows)


def page(session: Session, *, person_id: UUID, limit: int, before: UUID | None = None) -> list[AccessLogEntry]:
    """Who read this citizen's data, the latest first; `before` continues a list after that entry."""
    query = select(AccessLogEntry).where(AccessLogEntry.person_id == person_id)
    if before is not None:
        query = query.where(AccessLogEntry.id < before)
    return list(session.scalars(query.order_by(AccessLogEntry.id.desc()).limit(limit)))


def page_of_delegation(
    session: Session, *, person_id: UUID, delegation_id: UUID, limit: int, before: UUID | None = None
) -> list[AccessLogEntry]:
    """What was read and done for this person by a delegation of theirs, the latest first; `before` continues a list."""
    query = select(AccessLogEntry).where(
        AccessLogEntry.person_id == person_id, AccessLogEntry.delegation_id == delegation_id
    )
    if before is not None:
        query = query.where(AccessLogEntry.id < before)
    return list(session.scalars(query.order_by(AccessLogEntry.id.desc()).limit(limit)))


@contextmanager
def demanded() -> Iterator[None]:
    """Within, something must be recorded. Raises NothingRecorded at the end, which rolls the reading back."""
    before = _was_recorded.set(False)
    try:
        yield
        if not _was_recorded.get():
            raise NothingRecorded
    finally:
        _was_recorded.reset(before)
