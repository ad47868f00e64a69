"""What this room asks of others; `api/push_wiring.py` plugs it in at start-up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from partners.fcm.messages import Push
from partners.line.messages import LineMessage
from partners.outcomes import Outcome
from partners.sms.messages import TextMessage
from partners.webpush.messages import WebPush

# Every provider's `send` is called from several threads with no transaction open; it never raises for what provider or
# network do, and never waits to try again: the outcome says what became of the message.


class Pusher(Protocol):
    """Hands one push to Firebase Cloud Messaging."""

    def send(self, push: Push) -> Outcome:
        """Hand over `push`."""


class WebPusher(Protocol):
    """Hands one message to the push service of a browser."""

    def send(self, push: WebPush) -> Outcome:
        """Hand over `push`."""


class LineSender(Protocol):
    """Hands one message to LINE."""

    def send(self, message: LineMessage) -> Outcome:
        """Hand over `message`."""


class TextSender(Protocol):
    """Hands one text message to a telephone company."""

    def send(self, message: TextMessage) -> Outcome:
        """Hand over `message`."""


class LanguagesOf(Protocol):
    """Knows which language people read."""

    def __call__(self, session: Session, people: Collection[UUID]) -> Mapping[UUID, str]:
        """The language of each of them who has chosen one: "zh-TW" or "en"."""


class MobilesOf(Protocol):
    """Knows where people can be reached by text message."""

    def __call__(self, session: Session, people: Collection[UUID]) -> Mapping[UUID, str]:
        """The proved mobile number (E.164) of each of them who has one."""


class _NotPluggedIn:
    def send(self, message: object) -> Outcome:
        raise RuntimeError("notify's ports are not plugged in: see notify.ports.plug_in")


def _chinese(session: Session, people: Collection[UUID]) -> Mapping[UUID, str]:
    return {}


def _nobody(session: Session, people: Collection[UUID]) -> Mapping[UUID, str]:
    return {}


push: Pusher = _NotPluggedIn()
webpush: WebPusher = _NotPluggedIn()
line: LineSender = _NotPluggedIn()
sms: Mapping[str, TextSender] = {}
languages_of: LanguagesOf = _chinese
mobiles_of: MobilesOf = _nobody


def plug_in(
    *,
    pusher: Pusher | None = None,
    web_pusher: WebPusher | None = None,
    line_sender: LineSender | None = None,
    text_senders: Mapping[str, TextSender] | None = None,
    languages: LanguagesOf | None = None,
    mobiles: MobilesOf | None = None,
) -> None:
    """From now on, hand over through these; what is not named stays as it is. `text_senders` by provider's name."""
    global push, webpush, line, sms, languages_of, mobiles_of
    push = pusher or push
    webpush = web_pusher or webpush
    line = line_sender or line
    sms = text_senders if text_senders is not None else sms
    languages_of = languages or languages_of
    mobiles_of = mobiles or mobiles_of


def language_of(session: Session, person_id: UUID) -> str:
    """The language that this person reads: "zh-TW" or "en"."""
    return languages_of(session, [person_id]).get(person_id, "zh-TW")
