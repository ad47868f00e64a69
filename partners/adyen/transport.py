"""How requests of Adyen's library reach Adyen: connections are kept, redirects never followed, waiting has an end.

The library's own way opens a connection for every request and follows redirects with the API key in hand.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
import urllib3

Answered = tuple[str, Any, int, Mapping[str, str]]


class PooledTransport:
    """Stands where `Adyen.httpclient.HTTPClient` stands. Raises urllib3's errors as they come."""

    def __init__(self, user_agent: str, *, connect_timeout_seconds: float, read_timeout_seconds: float) -> None:
        self.user_agent = user_agent
        self._timeout = urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds)

    def request(
        self,
        method: str,
        url: str,
        json: Any = None,
        xapikey: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Sends one request; answers body, request, status and headers, as the library wants them."""
        more = {**(headers or {}), "User-Agent": self.user_agent, "x-api-key": xapikey}
        if json is not None:
            more["Content-Type"] = "application/json"
        response = _pool().request(
            method,
            url,
            body=None if json is None else orjson.dumps(json),
            headers=more,
            timeout=self._timeout,
            retries=False,
            redirect=False,
        )
        return response.data.decode("utf-8", "replace"), json, response.status, response.headers


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=4, maxsize=32, block=False)


# Connections must not be shared with a forked child (Celery's workers fork): each process opens its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
