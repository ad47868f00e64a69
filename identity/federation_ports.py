"""The OpenID providers that this room asks. `api/wiring.py` plugs them in at start; never inside a transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from core.errors import NotFound, Unavailable
from identity import ports
from identity.federation_errors import FederationRefused
from partners.oidc.client import Identity, Request
from partners.oidc.documents import NotBelieved

_log = logging.getLogger("mykaohsiung.identity")


class IdentityProvider(Protocol):
    """Proves who somebody is. Raises the failures of `partners.wire`, and NotBelieved."""

    @property
    def name(self) -> str:
        """The provider's name in addresses."""

    @property
    def response_mode(self) -> str:
        """How its answer comes back: `query` or `form_post`."""

    def authorization_url(self, asked: Request, *, language: str) -> str:
        """Where to send the browser."""

    def identity(self, asked: Request, *, code: str, iss: str | None, now: datetime) -> Identity:
        """Who came back with this code."""


_providers: Mapping[str, IdentityProvider] = {}


def plug_in(providers: Mapping[str, IdentityProvider]) -> None:
    """From now on, these are offered, by name."""
    global _providers
    _providers = dict(providers)


def is_offered(name: str) -> bool:
    """Whether the city is registered at this provider."""
    return name in _providers


def provider(name: str) -> IdentityProvider:
    """The provider of that name. Raises NotFound."""
    if name not in _providers:
        raise NotFound
    return _providers[name]


@contextmanager
def being_sent_there() -> Iterator[None]:
    """Finding out where to send a browser: a provider whose description is wrong is as good as none."""
    with ports.asking_outside():
        try:
            yield
        except NotBelieved as refusal:
            _log.error("a provider cannot be used: %s", refusal.reason)
            raise Unavailable(retry_after_seconds=60) from refusal


@contextmanager
def being_answered(name: str) -> Iterator[None]:
    """Weighing a provider's answer: one that proves nothing is FederationRefused, and why is for our log."""
    with ports.asking_outside():
        try:
            yield
        except NotBelieved as refusal:
            _log.warning("an answer of %s was refused: %s", name, refusal.reason)
            raise FederationRefused from refusal
