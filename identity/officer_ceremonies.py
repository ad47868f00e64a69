"""Officers' WebAuthn ceremonies: enrolling a passkey with a one-time code, and signing in with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from identity import challenges, new_passkeys, officer_sessions, officers, passkeys
from identity.challenges import Begun
from identity.errors import AssertionRefused, AssertionRefusedAndNoted, CeremonyRefused, PasskeyRefused
from identity.officer_models import Officer, OfficerPasskey


def begin_enrolment(session: Session, code: str, *, now: datetime) -> Begun:
    """Options for a new passkey of the officer to whom the code was given. Raises EnrolmentCodeRefused."""
    code_id, officer = officers.holder_of_code(session, code, now=now)
    held = session.scalars(select(OfficerPasskey.credential_id).where(OfficerPasskey.officer_id == officer.id)).all()
    ceremony = challenges.give_out(session, "officer_enrolment", code_id=code_id, now=now)
    name = f"{officer.name} {officer.staff_number}（承辦）"
    return Begun(
        ceremony.id, new_passkeys.creation_options(officer.id, name=name, challenge=ceremony.challenge, held=held)
    )


def finish_enrolment(
    session: Session, ceremony_id: UUID, credential: Any, *, now: datetime
) -> tuple[Officer, tuple[str, ...]]:
    """Add the passkey that the device has made, and use up the code. Answers whose it is and how they signed.

    Raises CeremonyRefused, EnrolmentCodeRefused, PasskeyRefused.
    """
    ceremony = challenges.use(session, "officer_enrolment", ceremony_id, now=now)
    if ceremony.code_id is None:
        raise CeremonyRefused
    made = new_passkeys.verified(credential, ceremony.challenge)
    officer = officers.use_code(session, ceremony.code_id, now=now)
    passkey = {**made, "officer_id": officer.id, "created_at": now, "last_used_at": now}
    added = session.execute(
        insert(OfficerPasskey).values(passkey).on_conflict_do_nothing().returning(OfficerPasskey.id)
    )
    if added.first() is None:
        raise PasskeyRefused
    return officer, passkeys.amr_of(is_synced=made["is_backup_eligible"])


def begin_login(session: Session, *, now: datetime) -> Begun:
    """Options for signing in with whatever passkey the device has for this site. Says nothing about anybody."""
    ceremony = challenges.give_out(session, "officer_login", now=now)
    return Begun(ceremony.id, passkeys.request_options(ceremony.challenge, []))


def finish_login(
    session: Session, ceremony_id: UUID, credential: Any, *, now: datetime
) -> tuple[Officer, tuple[str, ...]]:
    """Which officer has answered the ceremony, and how. Raises CeremonyRefused, AssertionRefused.

    Somebody off the roster is refused as a strange key is.
    """
    ceremony = challenges.use(session, "officer_login", ceremony_id, now=now)
    try:
        officer_id = passkeys.user_handle_of(credential)
        officer = None if officer_id is None else officer_sessions.officer_on_roster(session, officer_id, now)
        if officer is None:
            raise AssertionRefused
        used = passkeys.verify_assertion(
            session,
            person_id=officer.id,
            credential=credential,
            challenge=ceremony.challenge,
            now=now,
            keyring=passkeys.OFFICERS,
        )
    except AssertionRefused:
        # The ceremony stays used.
        raise AssertionRefusedAndNoted from None
    return officer, passkeys.amr_of(is_synced=used.is_synced)
