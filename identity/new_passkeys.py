"""The making of a passkey: what the device is asked for, and what its answer proves.

WebAuthn Level 3, https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict
from uuid import UUID

from webauthn import generate_registration_options, verify_registration_response
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.ids import new_uuid
from core.settings import settings
from identity import passkeys
from identity.errors import PasskeyRefused

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
