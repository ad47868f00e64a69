"""What is handed to Firebase Cloud Messaging and what became of it, in plain values: to name them loads no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered

__all__ = ["AddressKind", "Delivered", "Outcome", "Push", "Refused", "RetryLater", "Unregistered"]

AddressKind = Literal["fid", "fcm_token"]


@dataclass(frozen=True, slots=True)
class Push:
    """One message for one device. `ttl_seconds` after which it is worth nothing: FCM then drops it. `urgency`: 9 an
    emergency, 5 a transaction, 1 to 4 a campaign, 0 silent."""

    address_kind: AddressKind
    address: str
    message_id: str
    title: str
    body: str
    link: str
    ttl_seconds: int
    data: Mapping[str, str] | None = None
    urgency: int = 5
