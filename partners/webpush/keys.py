"""The key pair by which push services know us (VAPID, RFC 8292); browsers subscribe with its public half."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from core.web_push_settings import WebPushSettings


class KeyWrong(Exception):
    """The file holds no private P-256 key."""


@dataclass(frozen=True, slots=True)
class VapidKey:
    """A private P-256 key, and its public half as browsers and push services write it."""

    private: ec.EllipticCurvePrivateKey
    public_text: str

    @classmethod
    def of(cls, private: ec.EllipticCurvePrivateKey) -> VapidKey:
        """The key with its public half: the uncompressed point in base64url (RFC 8292 §3.2)."""
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cls(private, base64.urlsafe_b64encode(point).decode().rstrip("="))


@cache
def of_settings(of: WebPushSettings) -> VapidKey | None:
    """Our key, read (in the demo: made) once in a process; None where no browser is pushed to."""
    if of.key_file is None:
        return None
    return made_once(of.key_file) if of.makes_key else read(of.key_file)


def read(path: Path) -> VapidKey:
    """The key in a PEM file. Raises KeyWrong, and OSError where it cannot be read."""
    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except (TypeError, ValueError) as error:
        raise KeyWrong(f"{path} holds no private key in PEM without a password") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise KeyWrong(f"{path} holds a key of another curve than P-256")
    return VapidKey.of(private)


def made_once(path: Path) -> VapidKey:
    """The key in `path`, made when there is none yet. Several processes at once end with the same one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        # Whole before it has its name: nobody reads half a key, and whoever links first has made it.
        written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            os.link(written, path)
        except FileExistsError:
            pass
        written.unlink()
    return read(path)
