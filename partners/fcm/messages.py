"""What is handed to Firebase Cloud Messaging and what became of it, in plain values: to name them loads no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

AddressKind = Literal["fid", "fcm_token"]


@dataclass(frozen=True, slots=True)
class Push:
    """One message for one device. `ttl_seconds` after which it is worth nothing: FCM then drops it."""

    address_kind: AddressKind
    address: str
    message_id: str
    title: str
    body: str
    link: str
    ttl_seconds: int
    data: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """FCM took the message; `name` is FCM's id for it."""

    name: str


@dataclass(frozen=True, slots=True)
class Unregistered:
    """The app is gone from that device: forget the address."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not now (quota, outage, timeout): send the same message again after so many seconds. After a timeout it may have
    been delivered; the device replaces a message that has the same `message_id`."""

    after_seconds: int


@dataclass(frozen=True, slots=True)
class Refused:
    """FCM will never take this message as it is; `code` says why: INVALID_ARGUMENT, CREDENTIALS …"""

    code: str


Outcome = Delivered | Unregistered | RetryLater | Refused
