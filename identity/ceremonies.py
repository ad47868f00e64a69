"""A citizen's WebAuthn ceremonies: adding a passkey, and signing in with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import outbox
from core.errors import Unauthenticated
from core.taiwan import mask_national_id
from identity import challenges, locks, new_passkeys, passkeys, people, security_notices, sessions
from identity.actors import Actor
from identity.challenges import Begun
from identity.errors import AssertionRefused, AssertionRefusedAndNoted, PasskeyLimitReached, PasskeyRefused
from identity.models import Passkey, Person
from identity.words import DEFAULT_PASSKEY_NAME

_MOST_PASSKEYS = 20


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in with a passkey, and how (`amr`, RFC 8176)."""

    person_id: UUID
    amr: tuple[str, ...]


def begin_registration(session: Session, actor: Actor, *, now: datetime) -> Begun:
    """Options for a new passkey of the caller. Raises InsufficientAuthentication as `new_passkeys.what_is_missing` has
    it, and PasskeyLimitReached."""
    person = people.get(session, actor.id)
    held = _held_by(session, actor, now=now)
    ceremony = challenges.give_out(session, "registration", session_id=actor.session_id, now=now)
    name = mask_national_id(people.opened_national_id(person))
    options = new_passkeys.creation_options(actor.id, name=name, challenge=ceremony.challenge, held=held)
    return Begun(ceremony.id, options)


def finish_registration(
    session: Session,
    actor: Actor,
    ceremony_id: UUID,
    credential: Any,
    name: str | None,
    *,
    network: str,
    now: datetime,
) -> tuple[Passkey, tuple[str, ...]]:
    """Add the passkey that the device has made; the person's other sessions end, and the first one shuts the way by
    which it came. Answers it, and by which methods its user is now authenticated.

    Raises CeremonyRefused, PasskeyRefused, PasskeyLimitReached, InsufficientAuthentication.
    """
    ceremony = challenges.use(session, "registration", ceremony_id, session_id=actor.session_id, now=now)
    # Two first passkeys at once from one stolen password: the second must see the first.
    person = session.get(Person, actor.id, with_for_update=True)
    if person is None:
        raise Unauthenticated
    _held_by(session, actor, now=now)
    made = new_passkeys.verified(credential, ceremony.challenge)
    passkey = {
        **made,
        "person_id": actor.id,
        "name": name or DEFAULT_PASSKEY_NAME.in_language(person.language),
        "created_at": now,
        "last_used_at": now,
        "last_used_network": network,
    }
    added = session.scalars(insert(Passkey).values(passkey).on_conflict_do_nothing().returning(Passkey)).one_or_none()
    if added is None:
        raise PasskeyRefused
    person.first_passkey_until = None
    sessions.end_all(session, person_id=person.id, kept=actor.session_id, reason="passkey added", now=now)
    security_notices.tell(
        session, person.id, "passkey_added", values={"name": added.name}, session_id=actor.session_id, now=now
    )
    told = {"person_id": str(person.id), "passkey_id": str(added.id), "added_at": now.isoformat()}
    outbox.record(session, "identity.passkey_added", told, now=now)
    return added, tuple(dict.fromkeys((*actor.amr, *passkeys.amr_of(is_synced=made["is_backup_eligible"]))))


def begin_login(session: Session, *, now: datetime) -> Begun:
    """Options for signing in with whatever passkey the device has for this site. Says nothing about anybody."""
    ceremony = challenges.give_out(session, "login", now=now)
    return Begun(ceremony.id, passkeys.request_options(ceremony.challenge, []))


def finish_login(session: Session, ceremony_id: UUID, credential: Any, *, network: str, now: datetime) -> SignedIn:
    """Who has answered the ceremony, from which `network`. Raises CeremonyRefused, AssertionRefused, MethodShut."""
    ceremony = challenges.use(session, "login", ceremony_id, now=now)
    try:
        person_id = passkeys.user_handle_of(credential)
        if person_id is None:
            raise AssertionRefused
        used = passkeys.verify_assertion(
            session,
            person_id=person_id,
            credential=credential,
            challenge=ceremony.challenge,
            network=network,
            even_if_shut=True,
            now=now,
        )
    except AssertionRefused:
        # The ceremony stays used.
        raise AssertionRefusedAndNoted from None
    locks.refuse_if_locked(session, person_id, "passkey")
    return SignedIn(person_id, passkeys.amr_of(is_synced=used.is_synced))


def _held_by(session: Session, actor: Actor, *, now: datetime) -> list[bytes]:
    missing = new_passkeys.what_is_missing(session, actor, now=now)
    if missing is not None:
        raise missing
    held = list(session.scalars(select(Passkey.credential_id).where(Passkey.person_id == actor.id)))
    if len(held) >= _MOST_PASSKEYS:
        raise PasskeyLimitReached
    return held
