"""WebAuthn challenges: each is ours, five minutes old at the most, and used once, whatever comes of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.ids import new_uuid
from identity.errors import CeremonyRefused
from identity.models import Ceremony
from identity.passkeys import CEREMONY_SECONDS

Kind = Literal["registration", "login", "officer_enrolment", "officer_login", "counter_enrolment"]


@dataclass(frozen=True, slots=True)
class Challenge:
    """32 random bytes for a device to sign; `code_id` is the enrolment code by which it was begun."""

    id: UUID
    challenge: bytes
    code_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A ceremony that the device is to carry out with these options."""

    id: UUID
    options: dict[str, Any]


def give_out(
    session: Session, kind: Kind, *, session_id: UUID | None = None, code_id: UUID | None = None, now: datetime
) -> Challenge:
    """A new challenge, bound to the session or to the enrolment code by which it was asked for."""
    ceremony = Ceremony(
        id=new_uuid(),
        kind=kind,
        session_id=session_id,
        code_id=code_id,
        challenge=secrets.token_bytes(32),
        expires_at=now + timedelta(seconds=CEREMONY_SECONDS),
    )
    session.add(ceremony)
    session.flush()
    return Challenge(ceremony.id, ceremony.challenge, code_id)


def use(session: Session, kind: Kind, ceremony_id: UUID, *, session_id: UUID | None = None, now: datetime) -> Challenge:
    """The challenge, used up from now on. Raises CeremonyRefused: unknown, used, lapsed, or another session's."""
    parameters = {"id": ceremony_id, "kind": kind, "session_id": session_id, "now": now}
    row = session.execute(_USE, parameters).one_or_none()
    if row is None:
        raise CeremonyRefused
    return Challenge(ceremony_id, bytes(row.challenge), row.code_id)


_USE = text(
    """
    UPDATE identity.ceremony SET used_at = :now
     WHERE id = :id AND kind = :kind AND session_id IS NOT DISTINCT FROM :session_id
       AND used_at IS NULL AND expires_at > :now
    RETURNING challenge, code_id
    """
)
