"""The crypto box: fields sealed to their row, and keyed blind indexes to find them by.

A sealed field is `version || nonce || ciphertext+tag` under AES-256-GCM (NIST SP 800-38D). Table, column, row and key
version are authenticated with it, so a ciphertext moved to another row or column does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.settings import settings

_VERSION = b"\x01"


def seal(plaintext: str | bytes, *, table: str, column: str, row_id: UUID) -> bytes:
    """`plaintext` (text as UTF-8) encrypted for this row and column only."""
    nonce = os.urandom(12)
    data = plaintext.encode() if isinstance(plaintext, str) else plaintext
    return _VERSION + nonce + _box().encrypt(nonce, data, _bound_to(table, column, row_id))


def open_sealed(sealed: bytes, *, table: str, column: str, row_id: UUID) -> bytes:
    """What was sealed for this row and column.

    Raises cryptography.exceptions.InvalidTag when the bytes were altered or belong elsewhere.
    """
    sealed = bytes(sealed)
    if sealed[:1] != _VERSION:
        raise ValueError("sealed with an unknown key version")
    return _box().decrypt(sealed[1:13], sealed[13:], _bound_to(table, column, row_id))


def blind_index(text: str, *, purpose: str) -> bytes:
    """32 bytes by which equal texts are found without being readable: HMAC-SHA256 under the index key and a purpose."""
    return hmac.digest(_index_key(), f"{purpose}\x00{text}".encode(), "sha256")


def token_hash(token: str) -> bytes:
    """How a bearer secret of full entropy is stored: SHA-256, so that the database alone opens no door."""
    return hashlib.sha256(token.encode()).digest()


@cache
def _box() -> AESGCM:
    return AESGCM(settings().data_key)


@cache
def _index_key() -> bytes:
    return settings().index_key


def _bound_to(table: str, column: str, row_id: UUID) -> bytes:
    return f"{table}|{column}|{row_id}|1".encode()
