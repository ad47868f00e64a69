"""What a browser gives us to reach it: where its push service takes messages, and the keys to seal them with.

The address comes from whoever calls our API, so it is held to the push services that browsers really use: nobody makes
us call a machine of their choice.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

# Chrome, Edge, Samsung and Opera on Android; Firefox; Safari; Edge on Windows: each by the name of who runs it.
PUSH_SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "fcm.googleapis.com": "google",
        "updates.push.services.mozilla.com": "mozilla",
        "*.push.apple.com": "apple",
        "*.notify.windows.com": "microsoft",
    }
)
MOST_ENDPOINT_CHARACTERS = 2048
_POINT_BYTES = 65
_AUTH_BYTES = 16


class SubscriptionWrong(Exception):
    """What was given is no PushSubscription that we may send to; the message says which member and why."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser's subscription: `p256dh` is its public key (an uncompressed point), `auth` its secret."""

    endpoint: str
    p256dh: bytes
    auth: bytes

    @property
    def origin(self) -> str:
        """Scheme, host and port of the push service: whom a VAPID token is for (RFC 8292 §2)."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    def on_the_wire(self) -> str:
        """The same in one form, whatever else the browser wrote into it."""
        keys = {"auth": _text(self.auth), "p256dh": _text(self.p256dh)}
        return orjson.dumps({"endpoint": self.endpoint, "keys": keys}, option=orjson.OPT_SORT_KEYS).decode()


def read(text: str, *, sandbox_origin: str = "") -> Subscription:
    """The subscription in a PushSubscription's JSON (Push API §8). Raises SubscriptionWrong.

    `sandbox_origin` is the one origin that is allowed beside the push services; empty: none.
    """
    try:
        given = orjson.loads(text)
        endpoint, keys = given["endpoint"], given["keys"]
        found = Subscription(str(endpoint), _bytes(keys["p256dh"]), _bytes(keys["auth"]))
    except (binascii.Error, KeyError, TypeError, ValueError) as error:
        raise SubscriptionWrong("a PushSubscription has endpoint, keys.p256dh and keys.auth") from error
    if not is_allowed(found.endpoint, sandbox_origin):
        raise SubscriptionWrong("endpoint is none of a push service that browsers use")
    if len(found.p256dh) != _POINT_BYTES or not _is_point(found.p256dh):
        raise SubscriptionWrong("keys.p256dh is no uncompressed point on the curve P-256")
    if len(found.auth) != _AUTH_BYTES:
        raise SubscriptionWrong("keys.auth is not 16 bytes")
    return found


def endpoint_of(kept: str) -> str:
    """The endpoint in a subscription that was read before."""
    return str(orjson.loads(kept)["endpoint"])


def service_of(endpoint: str) -> str | None:
    """Who runs the push service of an endpoint that is allowed; None: the sandbox."""
    host = urlsplit(endpoint).hostname or ""
    return next((who for name, who in PUSH_SERVICES.items() if _is_named(host, name)), None)


def is_allowed(endpoint: str, sandbox_origin: str = "") -> bool:
    """Whether we may send to this address: https at a push service's own port, or the sandbox's origin."""
    if len(endpoint) > MOST_ENDPOINT_CHARACTERS or not (endpoint.isascii() and endpoint.isprintable()):
        return False
    if " " in endpoint or "\\" in endpoint:
        return False
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or not parts.hostname:
        return False
    if sandbox_origin and f"{parts.scheme}://{parts.netloc}" == sandbox_origin:
        return True
    is_service = any(_is_named(parts.hostname, name) for name in PUSH_SERVICES)
    return parts.scheme == "https" and port in (None, 443) and is_service


def _is_named(host: str, name: str) -> bool:
    return host == name or (name[0] == "*" and host.endswith(name[1:]))


def _is_point(point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return point[:1] == b"\x04"


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str) or not text.isascii():
        raise TypeError("keys are base64url")
    bare = text.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
