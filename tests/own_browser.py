"""A browser as web push needs one: its key pair and secret, which nobody else ever sees, and what it can open."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from typing import Any

import http_ece
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sandbox_process import SandboxBooks

from partners.outcomes import Delivered
from partners.webpush import keys
from partners.webpush.client import WebPushClient, WebPushConfig
from partners.webpush.messages import WebPush


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class OwnBrowser:
    """`endpoint` is where its push service takes messages."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def token(self) -> str:
        return self.endpoint.rsplit("/", 1)[1]

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, **changed: Any) -> str:
        """PushSubscription.toJSON(), as a browser writes it."""
        keys = {"p256dh": text_of(self.point), "auth": text_of(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys} | changed)

    def open(self, sealed: bytes) -> dict[str, Any]:
        """What the page's service worker is given."""
        opened = http_ece.decrypt(sealed, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        return dict(json.loads(opened))


def browser_at(books: SandboxBooks, *, key: str | None = None) -> OwnBrowser:
    """A browser that has subscribed at the sandbox; with `key`, for messages signed with that one alone."""
    answer = urllib3.request("POST", f"{books.url}/webpush/subscriptions", json={"key": key})
    assert answer.status == 201, answer.data
    return OwnBrowser(answer.json()["endpoint"])


def send_to_a_browser(books: SandboxBooks) -> None:
    """One message, sealed and signed, to a browser that waits nowhere."""
    key = keys.VapidKey.of(ec.generate_private_key(ec.SECP256R1()))
    client = WebPushClient(WebPushConfig(key, "mailto:web-push@example.org", books.url))
    subscription = browser_at(books).subscription()
    outcome = client.send(WebPush(subscription, "dev_1", "msg_1", "繳費完成", "NT$605", "/app", 60))
    assert isinstance(outcome, Delivered), outcome
