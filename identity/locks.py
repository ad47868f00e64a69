"""Ways to sign in that are shut for one person, because they have said “that was not me”.

A lock has no end of its own: what opens it again is stronger than what it shut (identity.disavowals, identity.cases).
Counting failures is another matter (identity.attempts): that ends after a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import exists, select, text, update
from sqlalchemy.orm import Session

from core.ids import new_uuid
from identity.recovery_errors import MethodShut
from identity.recovery_models import MethodLock

Method = Literal[
    "password_sms", "password_totp", "recovery_code", "passkey", "social", "certificate", "mobile_id", "card", "counter"
]

# The words of RFC 8176 (and ours) that a session of the method was begun with: what ends when the method is shut.
AMR: dict[Method, tuple[str, ...]] = {
    "password_sms": ("pwd", "sms"),
    "password_totp": ("pwd", "otp"),
    "recovery_code": ("rc",),
    "passkey": ("user", "hwk"),
    "social": ("fed",),
    "certificate": ("sc",),
    "mobile_id": ("mob",),
    "card": ("card",),
    "counter": ("counter",),
}


def lock(session: Session, person_id: UUID, method: Method, *, reason: str, now: datetime) -> None:
    """Shut this way to sign in for this person; again changes nothing. `reason` has 200 characters at most."""
    session.execute(_LOCK, {"id": new_uuid(), "person_id": person_id, "method": method, "reason": reason, "now": now})


def unlock(session: Session, person_id: UUID, method: str, *, how: str, now: datetime) -> bool:
    """Open it again; False when it was not shut. `how` says by whom or what, for the record."""
    lifted = session.execute(
        update(MethodLock)
        .where(MethodLock.person_id == person_id, MethodLock.method == method, MethodLock.lifted_at.is_(None))
        .values(lifted_at=now, lifted_how=how)
        .returning(MethodLock.id)
    )
    return lifted.first() is not None


def refuse_if_locked(session: Session, person_id: UUID, method: Method) -> None:
    """Raises MethodShut. Ask only after the evidence has been weighed and found right: strangers learn nothing so."""
    in_force = exists().where(
        MethodLock.person_id == person_id, MethodLock.method == method, MethodLock.lifted_at.is_(None)
    )
    if session.execute(select(in_force)).scalar_one():
        raise MethodShut


def in_force(session: Session, person_id: UUID) -> list[MethodLock]:
    """What is shut for this person now, the oldest first."""
    query = select(MethodLock).where(MethodLock.person_id == person_id, MethodLock.lifted_at.is_(None))
    return list(session.scalars(query.order_by(MethodLock.id)))


def is_of(amr: Collection[str], method: Method) -> bool:
    """Whether a session with these words was begun by that method."""
    used = set(amr)
    if method == "passkey":
        return "user" in used and bool(used & {"hwk", "swk"})
    return used.issuperset(AMR[method])


_LOCK = text(
    """
    INSERT INTO identity.method_lock (id, person_id, method, reason, locked_at)
    VALUES (:id, :person_id, :method, :reason, :now)
    ON CONFLICT (person_id, method) WHERE lifted_at IS NULL DO NOTHING
    """
)
