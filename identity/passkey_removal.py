"""Taking a passkey away: a lost telephone's key must be worth nothing from that moment on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.errors import NotFound, Unauthenticated
from identity import people, sessions, texts_out
from identity.actors import Actor
from identity.models import Passkey, Person
from identity.words import PASSKEY_REMOVED_SMS


def remove(session: Session, actor: Actor, passkey_id: UUID, *, now: datetime) -> None:
    """Remove a passkey of the caller, the last one too, and tell them by text message. Raises NotFound.

    A session does not know which passkey began it, so every other one that a passkey began ends with it. The row goes
    first: a sign-in under way with this key has either begun its session by then, which ends, or finds no key.
    """
    removed = session.scalars(
        delete(Passkey).where(Passkey.person_id == actor.id, Passkey.id == passkey_id).returning(Passkey.name)
    ).one_or_none()
    if removed is None:
        raise NotFound
    sessions.end_others_begun_with_passkey(session, person_id=actor.id, kept=actor.session_id, now=now)
    person = session.get(Person, actor.id)
    if person is None:
        raise Unauthenticated
    words = PASSKEY_REMOVED_SMS.format(name=removed).in_language(person.language)
    texts_out.write(session, person_id=person.id, mobile=people.opened_mobile(person), body=words, now=now)
