"""The providers of messages behind notify's ports: apart from the other rooms, so that a sender loads no more than it
needs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from core.settings import Settings, settings
from identity import people
from notify import ports
from partners import wire
from partners.fcm.messages import Push
from partners.line.client import LineClient, LineConfig
from partners.outcomes import Outcome, RetryLater
from partners.sms.client import SmsClient, SmsSender
from partners.webpush import keys
from partners.webpush.messages import WebPush

if TYPE_CHECKING:
    from partners.fcm.client import FcmClient
    from partners.webpush.client import WebPushClient


_NO_KEY_SECONDS = 60
"""How long messages for browsers wait where the settings name no key: they are not given up for that."""


def plug_in() -> None:
    """Connect notify with the providers that the settings name."""
    of = settings()
    ports.plug_in(
        pusher=_Pusher(),
        web_pusher=_WebPusher(),
        line_sender=LineClient(LineConfig(of.line_messaging_url, of.line_messaging_token)),
        text_senders=_text_senders(of),
        languages=people.languages_of,
        mobiles=people.mobiles_of,
    )


def make_ready() -> None:
    """Load what the first push needs, so that it does not wait for it."""
    _push_client()


def _text_senders(of: Settings) -> dict[str, SmsSender]:
    """The telephone companies by the names that notify.sms_provider weighs."""
    peers = [wire.Peer("sms", of.sms_url, of.sms_secret, read_timeout_seconds=5.0)]
    if of.sms_reserve_url:
        peers.append(wire.Peer("sms_reserve", of.sms_reserve_url, of.sms_reserve_secret, read_timeout_seconds=5.0))
    return {peer.name: SmsSender(SmsClient(peer)) for peer in peers}


class _Pusher:
    """The push client, made when the first push leaves: Google's SDK is heavy, and the API never pushes."""

    def send(self, push: Push) -> Outcome:
        return _push_client().send(push)


class _WebPusher:
    """The client of browsers' push services, made when the first message leaves."""

    def send(self, push: WebPush) -> Outcome:
        client = _web_push_client()
        return client.send(push) if client else RetryLater(_NO_KEY_SECONDS, "provider")


@cache
def _web_push_client() -> WebPushClient | None:
    from partners.webpush.client import WebPushClient, WebPushConfig

    of = settings().web_push
    key = keys.of_settings(of)
    return WebPushClient(WebPushConfig(key, of.contact, of.sandbox_origin)) if key else None


@cache
def _push_client() -> FcmClient:
    from partners.fcm.client import FcmClient, FcmConfig

    of = settings()
    return FcmClient(FcmConfig(project=of.fcm_project, url=of.fcm_url, credentials_file=of.fcm_credentials_file))
