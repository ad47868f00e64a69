"""The key with which a device signs its receipts: 256 bits of chance, told once, sealed in the device's row."""

from __future__ import annotations

import base64
import hmac
import secrets
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.crypto import open_sealed, seal
from notify.receipts.errors import ReceiptNotSigned

KEY_BYTES = 32


def issue(session: Session, device_id: UUID) -> str:
    """Give the device a new key, in base64url; one that it had before signs nothing from now on."""
    key = secrets.token_bytes(KEY_BYTES)
    sealed = seal(key, table="notify.device", column="receipt_key", row_id=device_id)
    session.execute(_KEEP, {"id": device_id, "sealed": sealed})
    return _text(key)


def signature(key: str, body: bytes) -> str:
    """What a device with that key puts into X-Receipt-Signature: HMAC-SHA256 over the body's bytes, in base64url."""
    return _text(hmac.digest(base64.urlsafe_b64decode(key + "="), body, "sha256"))


def person_who_signed(session: Session, device_id: UUID, *, body: bytes, signed: str) -> UUID:
    """Whose device signed this body. Raises ReceiptNotSigned, after the same work whether there is such a device."""
    row = session.execute(_KEY_OF, {"id": device_id}).one_or_none()
    key = _NOBODYS
    if row is not None:
        key = open_sealed(row.receipt_key_sealed, table="notify.device", column="receipt_key", row_id=device_id)
    expected = _text(hmac.digest(key, body, "sha256"))
    is_right = hmac.compare_digest(expected.encode(), signed.rstrip("=").encode())
    if row is None or not is_right:
        raise ReceiptNotSigned
    return UUID(str(row.person_id))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


_NOBODYS = secrets.token_bytes(KEY_BYTES)
_KEEP = text("UPDATE notify.device SET receipt_key_sealed = :sealed WHERE id = :id")
_KEY_OF = text(
    """
    SELECT person_id, receipt_key_sealed FROM notify.device
     WHERE id = :id AND gone_at IS NULL AND receipt_key_sealed IS NOT NULL
    """
)
