"""What became of one message that was handed to a provider of messages, whichever it is: FCM, web push, LINE, SMS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fault = Literal["message", "provider", "connection"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider took the message; `name` is the provider's id for it."""

    name: str


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Nobody is at that address any more: forget it."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not now: send the same message again after so many seconds. After silence it may have been delivered all the
    same; the device replaces a message that has the same `message_id`.

    `fault`: "message", this one alone is not wanted now; "provider", it says so of everything (429, 503), or does not
    take our credentials: nobody is to send before; "connection", no word at all or a broken one (timeout, reset, 500):
    enough of these in a row, and nobody sends for a while either.
    """

    after_seconds: int
    fault: Fault = "message"


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take this message as it is; `code` says why: INVALID_ARGUMENT, SENDER_ID_MISMATCH …"""

    code: str


Outcome = Delivered | Unregistered | RetryLater | Refused
