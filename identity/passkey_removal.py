"""Taking a passkey away: a lost telephone's key must be worth nothing from that moment on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.errors import NotFound
from identity import security_notices, sessions
from identity.actors import Actor
from identity.models import Passkey


def remove(session: Session, actor: Actor, passkey_id: UUID, *, now: datetime) -> None:
    """Remove a passkey of the caller, the last one too, and tell them on every channel. Raises NotFound.

    Every other session of theirs ends with it (OWASP ASVS 5.0 V7.4.3). The row goes first: a sign-in under way with
    this key has either begun its session by then, which ends, or finds no key.
    """
    removed = session.scalars(
        delete(Passkey).where(Passkey.person_id == actor.id, Passkey.id == passkey_id).returning(Passkey.name)
    ).one_or_none()
    if removed is None:
        raise NotFound
    sessions.end_all(session, person_id=actor.id, kept=actor.session_id, reason="passkey removed", now=now)
    security_notices.tell(
        session, actor.id, "passkey_removed", values={"name": removed}, session_id=actor.session_id, now=now
    )
