"""The drivers of vans: who is at the wheel of which, by the van's number and a PIN."""

from __future__ import annotations

import hmac
from uuid import UUID

from core import crypto


def pin_hash(driver_id: UUID, pin: str) -> str:
    """What is kept of a driver's PIN, for that person only. It is short, so it is keyed."""
    return crypto.blind_index(f"{driver_id}:{pin}", purpose="van_driver_pin").hex()


def is_pin(driver_id: UUID, pin: str, kept: str) -> bool:
    """Whether this is the PIN that was kept as `kept`, in a time that tells nothing."""
    return hmac.compare_digest(pin_hash(driver_id, pin), kept)
