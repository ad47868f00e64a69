"""The secrets that a merchant's people type: staff PINs, the codes that enrol a till, the code in a bank's remark.

They are short, so what is kept of them is keyed: the database alone, without the index key, gives none of them away.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from uuid import UUID

from core import crypto

CODE_CHARACTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TILL_CODE_LENGTH: Final = 8


def pin_hash(staff_id: UUID, pin: str) -> str:
    """What is kept of a staff member's PIN, for that person only."""
    return crypto.blind_index(f"{staff_id}:{pin}", purpose="staff_pin").hex()


def is_pin(staff_id: UUID, pin: str, kept: str) -> bool:
    """Whether this is the PIN that was kept as `kept`, in a time that tells nothing."""
    return hmac.compare_digest(pin_hash(staff_id, pin), kept)


def new_till_code() -> str:
    """A code that enrols a device as a till: eight characters that nobody confuses (Crockford's base 32)."""
    return "".join(secrets.choice(CODE_CHARACTERS) for _ in range(_TILL_CODE_LENGTH))


def till_code_hash(code: str) -> bytes:
    """What is kept of a till's code, however it was typed: spaces, hyphens, O for 0, I and L for 1."""
    typed = code.upper().replace("-", "").replace(" ", "").translate(str.maketrans("OIL", "011"))
    return crypto.blind_index(typed, purpose="till_code")


def proof_code(proof_id: UUID) -> str:
    """The six digits in the remark of the credit that proves an account. They follow from the proof's id."""
    digest = crypto.blind_index(str(proof_id), purpose="account_proof")
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def is_proof_code(proof_id: UUID, typed: str) -> bool:
    """Whether these are the six digits, in a time that tells nothing."""
    return hmac.compare_digest(proof_code(proof_id).encode(), typed.encode())
