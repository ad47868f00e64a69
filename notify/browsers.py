"""Browsers as devices: the key with which they subscribe, and the one form of a subscription that is kept."""

from __future__ import annotations

from core.settings import settings
from partners.webpush import keys, subscriptions


def public_key() -> str | None:
    """Our public key in base64url; None where no browser is pushed to."""
    key = keys.of_settings(settings().web_push)
    return key.public_text if key else None


def address_of(subscription: str) -> str:
    """A PushSubscription's JSON in the form that is kept. Raises SubscriptionWrong (partners.webpush.subscriptions)."""
    if public_key() is None:
        raise subscriptions.SubscriptionWrong("browsers are not pushed to here")
    return subscriptions.read(subscription, sandbox_origin=settings().web_push.sandbox_origin).on_the_wire()


def endpoint_of(address: str) -> str:
    """Where the browser's push service takes messages: the part of an address by which it is known again."""
    return subscriptions.endpoint_of(address)


def service_of(address: str) -> str | None:
    """Who runs the browser's push service; None: nobody who has a gate of their own."""
    return subscriptions.service_of(subscriptions.endpoint_of(address))
