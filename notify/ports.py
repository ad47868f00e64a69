"""What this room asks of others; `api/wiring.py` plugs it in at start-up."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from partners.fcm.messages import Outcome, Push


class Pusher(Protocol):
    """Hands one push to the provider. Never raises for what provider or network do, never waits to try again."""

    def send(self, push: Push) -> Outcome:
        """Hand over `push`; the outcome says what became of it."""


class LanguageOf(Protocol):
    """Knows which language a person reads."""

    def __call__(self, session: Session, person_id: UUID) -> str:
        """The person's language: "zh-TW" or "en"."""


class _NotPluggedIn:
    def send(self, push: Push) -> Outcome:
        raise RuntimeError("notify's ports are not plugged in: see notify.ports.plug_in")


def _chinese(session: Session, person_id: UUID) -> str:
    return "zh-TW"


push: Pusher = _NotPluggedIn()
language_of: LanguageOf = _chinese


def plug_in(*, pusher: Pusher, languages: LanguageOf | None = None) -> None:
    """From now on, push through `pusher`, in the language that `languages` says a person reads (else Chinese)."""
    global push, language_of
    push = pusher
    language_of = languages or _chinese
