"""What is handed to the LINE Messaging API, in plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineMessage:
    """One text for the LINE user `to`. `retry_key` (a UUID) makes a repeat the same message: it is shown once."""

    to: str
    retry_key: str
    text: str
