"""Messages to browsers: sealed for the browser alone (RFC 8291), signed by us (RFC 8292), handed to its push service.

`pywebpush` seals and posts. As it comes it would give a message no time to live (the push service then drops it unless
the browser is there at that moment) and wait hours for an answer; both are said with every call. Redirects are not
followed, and no proxy or password file of the environment is used: a message goes where its subscription says, or
nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
import socket
import threading
import time
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
from py_vapid import Vapid02
from pywebpush import WebPusher
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.util import Retry

from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered
from partners.webpush.keys import VapidKey
from partners.webpush.messages import WebPush
from partners.webpush.subscriptions import Subscription, SubscriptionWrong, read

MOST_PAYLOAD_BYTES = 3993
"""What a push service must at least take (4,096 bytes, RFC 8030 §7.2) less what sealing adds (RFC 8291 §4)."""

CONNECTIONS = 100
QUOTA_WAIT_SECONDS = 60
OTHER_WAIT_SECONDS = 10
CREDENTIALS_WAIT_SECONDS = 60
_log = logging.getLogger("mykaohsiung.partners")
LONGEST_WAIT_SECONDS = 86_400
# At most a day (RFC 8292 §2); one signature serves for all messages to a push service meanwhile (§2.4).
_TOKEN_SECONDS = 12 * 3600
_TOKEN_RENEWED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class WebPushConfig:
    """Who we are to push services: our key and whom to ask; `sandbox_origin` is allowed beside the public ones."""

    key: VapidKey
    contact: str
    sandbox_origin: str = ""
    connect_timeout_seconds: float = 3.0
    read_timeout_seconds: float = 10.0


class WebPushClient:
    """Sends to browsers. Safe to use from several threads; make it after a fork, not before."""

    def __init__(self, config: WebPushConfig) -> None:
        self._config = config
        self._timeout = (config.connect_timeout_seconds, config.read_timeout_seconds)
        self._session = _session(config.sandbox_origin)
        self._tokens: dict[str, tuple[float, dict[str, str]]] = {}
        self._signing = threading.Lock()

    def send(self, push: WebPush) -> Outcome:
        """Sends one message. Never raises for what push service or network do; never waits to try again."""
        try:
            subscription = read(push.subscription, sandbox_origin=self._config.sandbox_origin)
        except SubscriptionWrong:
            return Refused("SUBSCRIPTION")
        sealed = WebPusher(orjson.loads(subscription.on_the_wire()), requests_session=self._session)
        headers = {
            **self._signed_for(subscription),
            "urgency": urgency(push.urgency),
            "topic": topic(push.tag or push.message_id),
        }
        try:
            answer = sealed.send(
                payload(push), headers, ttl=push.ttl_seconds, content_encoding="aes128gcm", timeout=self._timeout
            )
        except _NotPublic:
            return Refused("NOT_PUBLIC")
        except requests.RequestException:
            return RetryLater(OTHER_WAIT_SECONDS, "connection")
        assert isinstance(answer, requests.Response)
        return _outcome(answer, subscription)

    def close(self) -> None:
        """Gives the connections back."""
        self._session.close()

    def _signed_for(self, subscription: Subscription) -> dict[str, str]:
        """The Authorization header for a push service (RFC 8292 §3)."""
        with self._signing:
            signed_at, headers = self._tokens.get(subscription.origin, (0.0, {}))
            if time.time() - signed_at > _TOKEN_RENEWED_SECONDS:
                signed_at = time.time()
                # A dict of its own for each: signing writes into it.
                claims = {
                    "aud": subscription.origin,
                    "sub": self._config.contact,
                    "exp": int(signed_at) + _TOKEN_SECONDS,
                }
                headers = dict(Vapid02(self._config.key.private).sign(claims))
                self._tokens[subscription.origin] = (signed_at, headers)
            return dict(headers)


def payload(push: WebPush) -> bytes:
    """What the service worker reads, in at most `MOST_PAYLOAD_BYTES`: too long a body ends with an ellipsis."""
    body = push.body
    packed = _packed(push, body)
    while len(packed) > MOST_PAYLOAD_BYTES and body:
        # A character takes six bytes at most (a control character's escape), so this never cuts more than it must.
        body = body[: -max(1, (len(packed) - MOST_PAYLOAD_BYTES) // 6)]
        packed = _packed(push, body + "…")
    return packed


def _packed(push: WebPush, body: str) -> bytes:
    words: dict[str, object] = {
        "id": push.message_id,
        "device": push.device_id,
        "title": push.title,
        "body": body,
        "link": push.link,
        "urgency": push.urgency,
    }
    if push.tag:
        words["tag"] = push.tag
    if push.taken_back:
        words["withdrawn"] = push.taken_back
    return orjson.dumps(words)


def urgency(of: int) -> str:
    """How much of a phone's battery a message is worth (RFC 8030 §5.3)."""
    if of >= 8 or of == 4:
        return "high"
    return "normal" if of >= 2 else "low"


def topic(message_id: str) -> str:
    """What a newer copy of the same message replaces the older one by: 32 signs of base64url (RFC 8030 §5.4)."""
    return base64.urlsafe_b64encode(hashlib.sha256(message_id.encode()).digest()[:24]).decode()


_REFUSED = {
    400: "BAD_REQUEST",
    413: "PAYLOAD_TOO_LARGE",
}


def _outcome(answer: requests.Response, subscription: Subscription) -> Outcome:
    if answer.status_code in (200, 201, 202, 204):
        return Delivered(answer.headers.get("Location", "")[:500] or subscription.origin)
    if answer.status_code in (404, 410):
        return Unregistered()
    if answer.status_code == 429:
        return RetryLater(_wait_seconds(answer, QUOTA_WAIT_SECONDS), "provider")
    if answer.status_code in (401, 403):
        # Our key or clock, or a subscription made with another key than ours (RFC 8292 §4.2): which of them cannot be
        # told, and nobody is to close the channel for everybody by such a subscription. So this message alone waits.
        _log.error("%s does not take our VAPID token: %s", subscription.origin, answer.status_code)
        return RetryLater(CREDENTIALS_WAIT_SECONDS)
    if answer.status_code == 503:
        return RetryLater(_wait_seconds(answer, OTHER_WAIT_SECONDS), "provider")
    if answer.status_code >= 500 or answer.status_code == 408:
        return RetryLater(_wait_seconds(answer, OTHER_WAIT_SECONDS), "connection")
    return Refused(_REFUSED.get(answer.status_code, f"HTTP_{answer.status_code}"))


def _wait_seconds(answer: requests.Response, default: int) -> int:
    """Seconds in `Retry-After`, which is a number or a date (RFC 9110 §10.2.3)."""
    asked = answer.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit() and len(asked) <= 9:
        return min(int(asked), LONGEST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(asked)
    except ValueError:
        return default
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(1, int(at.timestamp() - time.time()) + 1), LONGEST_WAIT_SECONDS)


class _NotPublic(Exception):
    """A push service's name led to an address inside our own walls."""


class _PublicConnection(HTTPSConnection):
    """A connection that is given up before the first byte unless it leads to a public address."""

    def _new_conn(self) -> socket.socket:
        # The address that was really reached is looked at: a name asked twice may answer twice differently.
        reached = super()._new_conn()
        peer = ipaddress.ip_address(reached.getpeername()[0].partition("%")[0])
        if not peer.is_global:
            reached.close()
            raise _NotPublic(str(peer))
        return reached


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}


class _Straight(requests.Session):
    """A session that goes where it was told: no redirects."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _session(sandbox_origin: str) -> requests.Session:
    session = _Straight()
    session.trust_env = False
    # One try at connecting again is safe, since nothing was sent; everything else is our queue's business.
    retries = Retry(total=None, connect=1, read=0, status=0, other=0, redirect=0, respect_retry_after_header=False)
    session.mount("https://", _PublicAdapter(pool_connections=8, pool_maxsize=CONNECTIONS, max_retries=retries))
    session.adapters.pop("http://")
    if sandbox_origin:
        session.mount(f"{sandbox_origin}/", HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=retries))
    return session
