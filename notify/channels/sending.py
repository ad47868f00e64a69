"""Handing one message to the provider of its channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from notify import ports
from notify.channels import providers
from notify.channels.leases import Leased
from partners.fcm.messages import Push
from partners.line.messages import LineMessage
from partners.outcomes import Outcome, RetryLater
from partners.sms.messages import TextMessage
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
        case TextMessage() as text_message if leased.provider is not None:
            return ports.sms[leased.provider].send(text_message)
        case _:
            raise AssertionError(f"delivery {leased.id} has nothing to send")


def with_providers(session: Session, leased: Sequence[Leased], now: datetime) -> list[Leased]:
    """The same, each text message with the company that it is given to, which is written down before it is."""
    undecided = [each for each in leased if isinstance(each.message, TextMessage) and each.provider is None]
    if not undecided:
        return list(leased)
    weights = [each for each in providers.read(session) if each.name in ports.sms]
    chosen = {each.id: providers.choose(weights, each.id, each.attempt, now) for each in undecided}
    providers.pin(session, chosen)
    return [replace(each, provider=chosen.get(each.id, each.provider)) for each in leased]


def heard_of_providers(results: Sequence[tuple[Leased, Outcome | None]]) -> dict[str, providers.Heard]:
    """What a batch heard of each company that it gave text messages to."""
    heard: dict[str, providers.Heard] = {}
    for leased, outcome in results:
        if leased.provider is not None and outcome is not None:
            each = heard.setdefault(leased.provider, providers.Heard())
            each.tried += 1
            each.failed += isinstance(outcome, RetryLater)
    return heard
