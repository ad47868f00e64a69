"""A passkey authenticator in software: what a phone does in `navigator.credentials.create()` and `.get()`.

It can be told to lie in every way that an attacker's could: no user verification, another origin or relying party, an
old counter, somebody else's challenge.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
_ECDSA = ec.ECDSA(hashes.SHA256())


@dataclass
class Credential:
    """One key pair on the authenticator."""

    id: bytes
    key: ec.EllipticCurvePrivateKey
    user_handle: bytes
    sign_count: int = 0


class SoftwareAuthenticator:
    """A device with any number of P-256 credentials for one relying party."""

    def __init__(
        self,
        rp_id: str = "localhost",
        origin: str = "http://localhost:8080",
        *,
        is_synced: bool = False,
        has_counter: bool = True,
    ) -> None:
        self.rp_id = rp_id
        self.origin = origin
        self.is_synced = is_synced
        self.has_counter = has_counter
        self.credentials: dict[bytes, Credential] = {}

    def create(
        self,
        options: dict[str, Any],
        *,
        user_verified: bool = True,
        user_present: bool = True,
        challenge: bytes | None = None,
        origin: str | None = None,
        rp_id: str | None = None,
    ) -> dict[str, Any]:
        """A RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON."""
        credential = Credential(os.urandom(32), ec.generate_private_key(ec.SECP256R1()), unb64(options["user"]["id"]))
        self.credentials[credential.id] = credential
        point = credential.key.public_key().public_numbers()
        cose_key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(credential.id)) + credential.id + cbor2.dumps(cose_key)
        flags = self._flags(user_verified=user_verified, user_present=user_present) | _ATTESTED
        auth_data = self._authenticator_data(flags, 0, rp_id) + attested
        client_data = self._client_data("webauthn.create", challenge or unb64(options["challenge"]), origin)
        return {
            "id": b64(credential.id),
            "rawId": b64(credential.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(client_data),
                "attestationObject": b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": auth_data})),
                "transports": ["internal"],
            },
        }

    def get(
        self,
        options: dict[str, Any],
        *,
        user_verified: bool = True,
        user_present: bool = True,
        challenge: bytes | None = None,
        origin: str | None = None,
        rp_id: str | None = None,
        sign_count: int | None = None,
        is_cross_origin: bool = False,
    ) -> dict[str, Any]:
        """An AuthenticationResponseJSON for PublicKeyCredentialRequestOptionsJSON.

        `sign_count` is what the counter claims to be this time, without moving the real one.
        """
        credential = self._chosen(options)
        if sign_count is None:
            credential.sign_count += 1 if self.has_counter else 0
            sign_count = credential.sign_count
        flags = self._flags(user_verified=user_verified, user_present=user_present)
        auth_data = self._authenticator_data(flags, sign_count, rp_id)
        client_data = self._client_data(
            "webauthn.get", challenge or unb64(options["challenge"]), origin, is_cross_origin=is_cross_origin
        )
        signature = credential.key.sign(auth_data + hashlib.sha256(client_data).digest(), _ECDSA)
        return {
            "id": b64(credential.id),
            "rawId": b64(credential.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(auth_data),
                "signature": b64(signature),
                "userHandle": b64(credential.user_handle),
            },
        }

    def _chosen(self, options: dict[str, Any]) -> Credential:
        allowed = [unb64(descriptor["id"]) for descriptor in options.get("allowCredentials") or []]
        held = [self.credentials[id_] for id_ in allowed if id_ in self.credentials]
        if held:
            return held[-1]
        # A real device would refuse where none of its keys is allowed; an attacker's answers with what it has.
        return next(reversed(self.credentials.values()))

    def _flags(self, *, user_verified: bool, user_present: bool) -> int:
        flags = (_USER_PRESENT if user_present else 0) | (_USER_VERIFIED if user_verified else 0)
        return flags | (_BACKUP_ELIGIBLE | _BACKED_UP if self.is_synced else 0)

    def _authenticator_data(self, flags: int, sign_count: int, rp_id: str | None) -> bytes:
        return hashlib.sha256((rp_id or self.rp_id).encode()).digest() + struct.pack(">BI", flags, sign_count)

    def _client_data(self, kind: str, challenge: bytes, origin: str | None, *, is_cross_origin: bool = False) -> bytes:
        return json.dumps(
            {
                "type": kind,
                "challenge": b64(challenge),
                "origin": origin or self.origin,
                "crossOrigin": is_cross_origin,
            },
            separators=(",", ":"),
        ).encode()


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes behind base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
