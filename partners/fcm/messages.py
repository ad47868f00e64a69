"""What is handed to Firebase Cloud Messaging and what became of it, in plain values: to name them loads no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered

__all__ = ["AddressKind", "Delivered", "Outcome", "Push", "Refused", "RetryLater", "Unregistered"]

EMERGENCY = 9
# An alert that is for information only goes first and makes no sound.
INFORMATION = 7
AddressKind = Literal["fid", "fcm_token"]


@dataclass(frozen=True, slots=True)
class Push:
    """One message for one device. `ttl_seconds` after which it is worth nothing: FCM then drops it. `urgency`: 9 an
    emergency, 5 a transaction, 1 to 4 a campaign, 0 silent. `is_repeat`: it may have been handed over before, so it
    makes no sound (an emergency does). `tag`: what it takes the place of on the device, where that is not only
    itself. `taken_back`: messages that were recalled, whose notices the app is to take away."""

    address_kind: AddressKind
    address: str
    message_id: str
    title: str
    body: str
    link: str
    ttl_seconds: int
    data: Mapping[str, str] | None = None
    urgency: int = 5
    is_repeat: bool = False
    tag: str | None = None
    taken_back: tuple[str, ...] = ()

    @property
    def makes_sound(self) -> bool:
        """Whether the phone is to ring for it."""
        if self.urgency >= EMERGENCY:
            return True
        return self.urgency not in (0, INFORMATION) and not self.is_repeat

    @property
    def place(self) -> str:
        """Under what it stands on the device: the newest under one name takes the place of the others."""
        return self.tag or self.message_id
