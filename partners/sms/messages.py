"""What is handed to a telephone company, in plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One text message for `to` (E.164, +8869…). The same `message_id` is the same message, sent once."""

    to: str
    message_id: str
    text: str
