"""Passkeys: what a signature by one proves. WebAuthn Level 3, https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion.

User verification is demanded in the options and again when verifying: the library's default demands neither.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause
from webauthn import verify_authentication_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import CredentialDeviceType

from core.errors import NotFound
from core.settings import settings
from identity.errors import AssertionRefused, AssertionRefusedAndNoted
from identity.models import Passkey

CEREMONY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Keyring:
    """Where the passkeys of one sort of people are kept: how to find one, use it, and note a suspicion."""

    allowed: TextClause
    find: TextClause
    use: TextClause
    note_regression: TextClause


@dataclass(frozen=True, slots=True)
class VerifiedPasskey:
    """A passkey whose user has just signed. `is_synced`: the key can be on several devices (backup eligible);
    `public_key`: what verifies the signature (COSE), for evidence that outlives the passkey."""

    passkey_id: UUID
    is_synced: bool
    public_key: bytes


def _keyring(table: str, owner: str, also: str = "", *, is_shut: str = "false") -> Keyring:
    return Keyring(
        allowed=text(f"SELECT credential_id, transports FROM {table} WHERE {owner} = :owner ORDER BY id"),  # noqa: S608
        find=text(
            f"SELECT id, public_key, is_backup_eligible, {is_shut} AS is_shut FROM {table} "  # noqa: S608
            f"WHERE {owner} = :owner AND credential_id = :credential_id"
        ),
        # Many devices keep no counter and always say 0; whoever counts must have counted on (§6.1.1).
        use=text(
            f"UPDATE {table} SET sign_count = :count, is_backed_up = :is_backed_up, last_used_at = :now{also} "  # noqa: S608
            "WHERE id = :id AND (sign_count < :count OR (sign_count = 0 AND :count = 0)) RETURNING id"
        ),
        note_regression=text(f"UPDATE {table} SET counter_regressed_at = :now WHERE id = :id"),  # noqa: S608
    )


_WHERE_USED = ", last_used_network = COALESCE(CAST(:network AS text), last_used_network)"
_IS_SHUT = (
    "EXISTS (SELECT FROM identity.method_lock l "
    "WHERE l.person_id = :owner AND l.method = 'passkey' AND l.lifted_at IS NULL)"
)
CITIZENS = _keyring("identity.passkey", "person_id", _WHERE_USED, is_shut=_IS_SHUT)
OFFICERS = _keyring("identity.officer_passkey", "officer_id")


def assertion_options(session: Session, person_id: UUID, challenge: bytes, now: datetime) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON for a signature over `challenge` by one of this person's passkeys."""
    allowed = [
        {"type": "public-key", "id": bytes_to_base64url(row.credential_id), "transports": row.transports}
        for row in session.execute(CITIZENS.allowed, {"owner": person_id})
    ]
    return request_options(challenge, allowed)


def request_options(challenge: bytes, allowed: list[dict[str, Any]]) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON; nobody in `allowed` lets the device offer whom it knows."""
    return {
        "challenge": bytes_to_base64url(challenge),
        "timeout": CEREMONY_SECONDS * 1000,
        "rpId": settings().rp_id,
        "allowCredentials": allowed,
        "userVerification": "required",
    }


def verify_assertion(
    session: Session,
    *,
    person_id: UUID,
    credential: Any,
    challenge: bytes,
    now: datetime,
    network: str | None = None,
    keyring: Keyring = CITIZENS,
    even_if_shut: bool = False,
) -> VerifiedPasskey:
    """Whether `credential` (AuthenticationResponseJSON, of whatever shape) signs `challenge` with a key of this person.

    `person_id` is whose key it must be, on that keyring: a citizen's, or an officer's. `network` is where a citizen's
    was used, coarsely; None leaves what is noted of it. Passkeys that the person has shut (identity.locks) sign
    nothing, unless `even_if_shut`: then the caller asks, and says so.

    One query and one update. Raises AssertionRefused: another's or an unknown key, another challenge, origin or relying
    party, user not verified, malformed; and AssertionRefusedAndNoted when a good signature came with an old counter.
    The challenge's single use is the caller's to see to.
    """
    credential_id = _credential_id_of(credential)
    key = session.execute(keyring.find, {"owner": person_id, "credential_id": credential_id}).one_or_none()
    if key is None or user_handle_of(credential) not in (None, person_id):
        raise AssertionRefused
    verified = _verified(credential, challenge, bytes(key.public_key))
    if key.is_shut and not even_if_shut:
        raise AssertionRefused
    is_synced = verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    # A key is made as one that can be copied or one that cannot, and stays so (§6.1.3).
    if is_synced != key.is_backup_eligible:
        raise AssertionRefused
    used = {"id": key.id, "now": now, "count": verified.new_sign_count, "is_backed_up": verified.credential_backed_up}
    if keyring is CITIZENS:
        used["network"] = network
    if session.execute(keyring.use, used).first() is None:
        session.execute(keyring.note_regression, {"id": key.id, "now": now})
        raise AssertionRefusedAndNoted
    return VerifiedPasskey(key.id, is_synced, bytes(key.public_key))


def held_by(session: Session, person_id: UUID) -> list[Passkey]:
    """This person's passkeys in the order they were made; 20 at the most."""
    return list(session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)))


def rename(session: Session, person_id: UUID, passkey_id: UUID, name: str) -> Passkey:
    """Give one of this person's passkeys another name. Raises NotFound."""
    theirs = update(Passkey).where(Passkey.person_id == person_id, Passkey.id == passkey_id)
    renamed = session.scalars(theirs.values(name=name).returning(Passkey)).one_or_none()
    if renamed is None:
        raise NotFound
    return renamed


def user_handle_of(credential: Any) -> UUID | None:
    """The person whom the device says the key is for; None when it does not say. Raises AssertionRefused."""
    response = credential.get("response") if isinstance(credential, dict) else None
    handle = response.get("userHandle") if isinstance(response, dict) else None
    if handle is None:
        return None
    try:
        return UUID(bytes=base64url_to_bytes(handle))
    except Exception:
        raise AssertionRefused from None


def is_of_this_site_alone(client_data_json: Any) -> bool:
    """Whether the ceremony ran in our own page, not in a frame of another site's (`crossOrigin`, `topOrigin`)."""
    client_data = json.loads(base64url_to_bytes(client_data_json))
    return client_data.get("crossOrigin") in (None, False) and "topOrigin" not in client_data


def amr_of(*, is_synced: bool) -> tuple[str, ...]:
    """How somebody has authenticated who used a passkey (RFC 8176)."""
    return ("swk" if is_synced else "hwk", "user")


def _credential_id_of(credential: Any) -> bytes:
    try:
        return base64url_to_bytes(credential["rawId"])
    except Exception:
        raise AssertionRefused from None


def _verified(credential: Any, challenge: bytes, public_key: bytes) -> VerifiedAuthentication:
    try:
        if not is_of_this_site_alone(credential["response"]["clientDataJSON"]):
            raise AssertionRefused
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=settings().rp_id,
            expected_origin=settings().public_origin,
            credential_public_key=public_key,
            # The library compares counters before it looks at the signature; ours is compared after, in the database.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:
        # What a stranger sends may break the parsing in any way (CBOR, JSON, base64, nesting): all of it is a refusal.
        raise AssertionRefused from None
