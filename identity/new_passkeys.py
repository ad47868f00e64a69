"""The making of a passkey: who may, what the device is asked for, and what its answer proves.

WebAuthn Level 3, https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import text
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

from core.errors import InsufficientAuthentication
from core.ids import new_uuid
from core.settings import settings
from identity import passkeys
from identity.actors import Actor
from identity.errors import PasskeyRefused

FRESH = timedelta(minutes=15)
"""How lately somebody must have shown who they are before they add a passkey (OWASP ASVS 5.0 V7.5.1)."""
# What says of a session that its evidence was checked in person: certificate, mobile ID.
_EVIDENCE = frozenset({"sc", "mob"})
_TRANSPORTS = frozenset({"internal", "hybrid", "usb", "nfc", "ble", "smart-card"})


class NewPasskey(TypedDict):
    """The columns of a passkey that the device itself has filled in."""

    id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_backup_eligible: bool
    is_backed_up: bool
    transports: list[str]
    aaguid: UUID


def may_add(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Whether this session may add a passkey now."""
    return what_is_missing(session, actor, now=now) is None


def what_is_missing(session: Session, actor: Actor, *, now: datetime) -> InsufficientAuthentication | None:
    """What the caller must show before they add a passkey; None when nothing.

    Whoever got hold of password and text messages must not add a key of their own (ASVS 5.0 V6.3.7): a further one
    takes one that is there, or whatever else no forged page can take; the first one takes evidence that was checked
    in person, or the time that follows registering.
    """
    held = session.execute(_HELD, {"person_id": actor.id}).one()
    is_lately = actor.auth_time is not None and actor.auth_time >= now - FRESH
    if held.passkeys:
        is_enough = actor.loa >= 3 and actor.is_phishing_resistant
        return None if is_enough and is_lately else _asking_for(3)
    is_open = held.first_passkey_until is not None and held.first_passkey_until > now
    has_evidence = actor.loa >= 3 and bool(_EVIDENCE & set(actor.amr)) and is_lately
    is_alone = actor.with_officer is None
    return None if is_alone and (has_evidence or (is_open and actor.loa >= 2)) else _asking_for(4)


def has_device_bound(session: Session, person_id: UUID) -> bool:
    """Whether this person holds a passkey that stays in its device."""
    return bool(session.execute(_HAS_DEVICE_BOUND, {"person_id": person_id}).scalar())


def creation_options(owner: UUID, *, name: str, challenge: bytes, held: Sequence[bytes]) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON for a key of `owner`, who has those in `held` already.

    `name` is what the device lists the key under. The key must be discoverable, and its user verified.
    """
    options = generate_registration_options(
        rp_id=settings().rp_id,
        rp_name="我的高雄 My Kaohsiung",
        user_id=owner.bytes,
        user_name=name,
        user_display_name=name,
        challenge=challenge,
        timeout=passkeys.CEREMONY_SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in held],
    )
    return options_to_json_dict(options)


def verified(credential: Any, challenge: bytes) -> NewPasskey:
    """The key that `credential` (RegistrationResponseJSON, of whatever shape) holds. Raises PasskeyRefused."""
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
    return NewPasskey(
        id=new_uuid(),
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        is_backup_eligible=made.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        is_backed_up=made.credential_backed_up,
        transports=_transports_of(credential),
        aaguid=UUID(made.aaguid),
    )


def _transports_of(credential: Any) -> list[str]:
    named = credential["response"].get("transports") or []
    return [transport for transport in named if transport in _TRANSPORTS]


def _asking_for(loa: int) -> InsufficientAuthentication:
    return InsufficientAuthentication(loa=loa, is_phishing_resistant=True, max_age_seconds=int(FRESH.total_seconds()))


_HELD = text(
    """
    SELECT p.first_passkey_until, (SELECT count(*) FROM identity.passkey k WHERE k.person_id = p.id) AS passkeys
      FROM identity.person p WHERE p.id = :person_id
    """
)
_HAS_DEVICE_BOUND = text(
    "SELECT EXISTS (SELECT FROM identity.passkey WHERE person_id = :person_id AND NOT is_backup_eligible)"
)
