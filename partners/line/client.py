"""LINE's Messaging API: one text for one person who follows the city's account.

`X-Line-Retry-Key` makes a repeat the same request: LINE answers 409 with the id of the one that it took
(developers.line.biz, Retrying a failed API request).
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import urllib3

from partners.line.messages import LineMessage
from partners.outcomes import Delivered, Outcome, Refused, RetryLater, Unregistered
from partners.wire import retry_after_seconds

_WAIT_SECONDS = 10
_LIMIT_WAIT_SECONDS = 60
_log = logging.getLogger("mykaohsiung.partners")
_MONTHLY_LIMIT = "You have reached your monthly limit."
_TO_IS_INVALID = "The property, 'to', in the request body is invalid"


@dataclass(frozen=True, slots=True)
class LineConfig:
    """Where LINE is (`https://api.line.me`) and the channel's access token."""

    url: str
    token: str
    timeout_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class LineClient:
    """Sends messages. Safe to use from several threads."""

    config: LineConfig

    def send(self, message: LineMessage) -> Outcome:
        """Hands `message` over. Never raises for what LINE or the network do; never waits to try again."""
        body = {"to": message.to, "messages": [{"type": "text", "text": message.text[:5000]}]}
        try:
            answer = _pool().request(
                "POST",
                f"{self.config.url}/v2/bot/message/push",
                body=orjson.dumps(body),
                headers={
                    "Authorization": f"Bearer {self.config.token}",
                    "Content-Type": "application/json",
                    "X-Line-Retry-Key": message.retry_key,
                },
                timeout=self.config.timeout_seconds,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return RetryLater(_WAIT_SECONDS, "connection")
        return _outcome(answer)


def _outcome(answer: urllib3.BaseHTTPResponse) -> Outcome:
    accepted = answer.headers.get("X-Line-Accepted-Request-Id")
    if answer.status == 200 or (answer.status == 409 and accepted):
        return Delivered(accepted or answer.headers.get("X-Line-Request-Id", "accepted"))
    detail = _message(answer.data)
    if answer.status == 429:
        if detail == _MONTHLY_LIMIT:
            return Refused("MONTHLY_LIMIT")
        wait = retry_after_seconds(answer.headers.get("Retry-After"), default=_LIMIT_WAIT_SECONDS)
        return RetryLater(wait, "provider")
    if answer.status == 503 and "Retry-After" in answer.headers:
        return RetryLater(retry_after_seconds(answer.headers["Retry-After"]), "provider")
    if answer.status in (401, 403):
        # Our own token or account: no message is at fault, and none is given up until somebody has mended it.
        _log.error("LINE does not take our token: %s", answer.status)
        return RetryLater(_LIMIT_WAIT_SECONDS, "provider")
    if answer.status >= 500:
        return RetryLater(_WAIT_SECONDS, "connection")
    if answer.status == 400 and detail.startswith(_TO_IS_INVALID):
        return Unregistered()
    return Refused(str(answer.status))


def _message(content: bytes) -> str:
    try:
        body: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    return str(body.get("message", "")) if isinstance(body, dict) else ""


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=2, maxsize=32, block=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
