"""Handing one message to the provider of its channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from notify import ports
from notify.channels.leases import Leased
from partners.fcm.messages import Push
from partners.line.messages import LineMessage
from partners.outcomes import Outcome
from partners.webpush.messages import WebPush


def hand_over(leased: Leased) -> Outcome:
    """Call the provider, with no transaction open."""
    match leased.message:
        case Push() as push:
            return ports.push.send(push)
        case WebPush() as web_push:
            return ports.webpush.send(web_push)
        case LineMessage() as line_message:
            return ports.line.send(line_message)
        case message:
            assert message is not None and leased.provider is not None
            return ports.sms[leased.provider].send(message)


def name_providers(session: Session, leased: Sequence[Leased], now: datetime) -> None:
    """Text messages choose below."""
