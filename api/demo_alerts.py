"""The demo city's fire bureau: a certificate with which its system signs alerts, made once."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.orm import Session

from notify.alerts import senders

SENDER = "alerts@fire.kcg.gov.tw"
BUREAU = "fire"
_LIFE = timedelta(days=3650)


def files(state_dir: Path) -> tuple[Path, Path]:
    """Where its private key and its certificate are, in PEM."""
    return state_dir / "alert-keys" / "fire.key.pem", state_dir / "alert-keys" / "fire.cert.pem"


def register(session: Session, state_dir: Path, now: datetime) -> None:
    """Make the pair where there is none, and trust it."""
    key_file, certificate_file = files(state_dir)
    if not certificate_file.exists():
        _make(key_file, certificate_file, now)
    senders.register(session, SENDER, certificate_file.read_text(), bureau=BUREAU, now=now)


def _make(key_file: Path, certificate_file: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SENDER)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .sign(key, hashes.SHA256())
    )
    key_file.parent.mkdir(parents=True, exist_ok=True)
    key_file.unlink(missing_ok=True)
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
