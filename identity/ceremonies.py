"""WebAuthn ceremonies: adding a passkey, and signing in with one. Each challenge is ours, five minutes old at the most,
and used once, whatever comes of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from webauthn import generate_registration_options, verify_registration_response
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from core import outbox
from core.errors import InsufficientAuthentication, Unauthenticated
from core.ids import new_uuid
from core.settings import settings
from core.taiwan import mask_national_id
from identity import passkeys, people, texts_out
from identity.actors import Actor
from identity.errors import (
    AssertionRefused,
    AssertionRefusedAndNoted,
    CeremonyRefused,
    PasskeyLimitReached,
    PasskeyRefused,
)
from identity.models import Ceremony, Passkey, Person
from identity.words import DEFAULT_PASSKEY_NAME, PASSKEY_ADDED_SMS

_LIFE = timedelta(seconds=passkeys.CEREMONY_SECONDS)
_MOST_PASSKEYS = 20
_TRANSPORTS = frozenset({"internal", "hybrid", "usb", "nfc", "ble", "smart-card"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A ceremony that the device is to carry out with these options."""

    id: UUID
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in with a passkey, and how (`amr`, RFC 8176)."""

    person_id: UUID
    amr: tuple[str, ...]


def begin_registration(session: Session, actor: Actor, *, now: datetime) -> Begun:
    """Options for a new passkey of the caller. Raises InsufficientAuthentication(3) when they have one and did not use
    it: whoever got hold of password and text messages must not add a key of their own beside it."""
    person = people.get(session, actor.id)
    held = _held_by(session, actor)
    challenge = secrets.token_bytes(32)
    options = generate_registration_options(
        rp_id=settings().rp_id,
        rp_name="我的高雄 My Kaohsiung",
        user_id=actor.id.bytes,
        user_name=mask_national_id(people.opened_national_id(person)),
        user_display_name=mask_national_id(people.opened_national_id(person)),
        challenge=challenge,
        timeout=passkeys.CEREMONY_SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in held],
    )
    ceremony_id = _write(session, "registration", challenge, actor.session_id, now)
    return Begun(ceremony_id, options_to_json_dict(options))


def finish_registration(
    session: Session, actor: Actor, ceremony_id: UUID, credential: Any, name: str | None, *, now: datetime
) -> tuple[Passkey, tuple[str, ...]]:
    """Add the passkey that the device has made. Answers it, and by which methods its user is now authenticated.

    Raises CeremonyRefused, PasskeyRefused, PasskeyLimitReached, InsufficientAuthentication.
    """
    ceremony = _use(session, "registration", ceremony_id, actor.session_id, now)
    # Two first passkeys at once from one stolen password: the second must see the first.
    person = session.get(Person, actor.id, with_for_update=True)
    if person is None:
        raise Unauthenticated
    _held_by(session, actor)
    made = _verified(credential, ceremony)
    is_synced = made.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    passkey = {
        "person_id": actor.id,
        "credential_id": made.credential_id,
        "id": new_uuid(),
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "is_backup_eligible": is_synced,
        "is_backed_up": made.credential_backed_up,
        "transports": _transports_of(credential),
        "aaguid": UUID(made.aaguid),
        "name": name or DEFAULT_PASSKEY_NAME.in_language(person.language),
        "created_at": now,
        "last_used_at": now,
    }
    added = session.scalars(insert(Passkey).values(passkey).on_conflict_do_nothing().returning(Passkey)).one_or_none()
    if added is None:
        raise PasskeyRefused
    words = PASSKEY_ADDED_SMS.format(name=added.name).in_language(person.language)
    texts_out.write(session, person_id=person.id, mobile=people.opened_mobile(person), body=words, now=now)
    fact = {"person_id": str(person.id), "passkey_id": str(added.id), "name": added.name}
    outbox.record(session, "identity.passkey_added", fact, now=now)
    return added, tuple(dict.fromkeys((*actor.amr, *_amr_of(is_synced=is_synced))))


def begin_login(session: Session, *, now: datetime) -> Begun:
    """Options for signing in with whatever passkey the device has for this site. Says nothing about anybody."""
    challenge = secrets.token_bytes(32)
    ceremony_id = _write(session, "login", challenge, None, now)
    return Begun(ceremony_id, passkeys.request_options(challenge, []))


def finish_login(session: Session, ceremony_id: UUID, credential: Any, *, now: datetime) -> SignedIn:
    """Who has answered the ceremony. Raises CeremonyRefused, AssertionRefused."""
    ceremony = _use(session, "login", ceremony_id, None, now)
    try:
        person_id = passkeys.user_handle_of(credential)
        if person_id is None:
            raise AssertionRefused
        used = passkeys.verify_assertion(
            session, person_id=person_id, credential=credential, challenge=ceremony, now=now
        )
    except AssertionRefused:
        # The ceremony stays used.
        raise AssertionRefusedAndNoted from None
    return SignedIn(person_id, _amr_of(is_synced=used.is_synced))


def _held_by(session: Session, actor: Actor) -> list[bytes]:
    held = list(session.scalars(select(Passkey.credential_id).where(Passkey.person_id == actor.id)))
    if held and actor.loa < 3:
        raise InsufficientAuthentication(loa=3)
    if len(held) >= _MOST_PASSKEYS:
        raise PasskeyLimitReached
    return held


def _write(session: Session, kind: str, challenge: bytes, session_id: UUID | None, now: datetime) -> UUID:
    ceremony = Ceremony(id=new_uuid(), kind=kind, session_id=session_id, challenge=challenge, expires_at=now + _LIFE)
    session.add(ceremony)
    session.flush()
    return ceremony.id


def _use(session: Session, kind: str, ceremony_id: UUID, session_id: UUID | None, now: datetime) -> bytes:
    parameters = {"id": ceremony_id, "kind": kind, "session_id": session_id, "now": now}
    row = session.execute(_USE, parameters).one_or_none()
    if row is None:
        raise CeremonyRefused
    return bytes(row.challenge)


def _verified(credential: Any, challenge: bytes) -> VerifiedRegistration:
    try:
        if not passkeys.is_of_this_site_alone(credential["response"]["clientDataJSON"]):
            raise PasskeyRefused
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=settings().rp_id,
            expected_origin=settings().public_origin,
            require_user_verification=True,
        )
    except Exception:
        # What a stranger sends may break the parsing in any way (CBOR, JSON, base64, X.509): all of it is a refusal.
        raise PasskeyRefused from None
    if not 16 <= len(made.credential_id) <= 1023:
        raise PasskeyRefused
    return made


def _transports_of(credential: Any) -> list[str]:
    named = credential["response"].get("transports") or []
    return [transport for transport in named if transport in _TRANSPORTS]


def _amr_of(*, is_synced: bool) -> tuple[str, ...]:
    return ("swk" if is_synced else "hwk", "user")


_USE = text(
    """
    UPDATE identity.ceremony SET used_at = :now
     WHERE id = :id AND kind = :kind AND session_id IS NOT DISTINCT FROM :session_id
       AND used_at IS NULL AND expires_at > :now
    RETURNING challenge
    """
)
