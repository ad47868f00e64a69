"""Distances by road between places, one call of OSRM's table service for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import urllib3

from partners.wire import AnswerNotTrusted, NoAnswer, NotReached, Refused

PARTNER = "osrm"
MOST_PLACES = 100
"""What osrm-routed takes in one table unless it is started with another `--max-table-size`."""
_LARGEST_ANSWER = 4 << 20


@dataclass(frozen=True, slots=True)
class OsrmClient:
    """The server at `url`, without a slash at the end, and the profile that its data was prepared with."""

    url: str
    profile: str = "driving"
    connect_timeout_seconds: float = 2.0
    read_timeout_seconds: float = 10.0

    def metres(self, places: Sequence[tuple[float, float]]) -> list[list[float | None]]:
        """By road from each of these (latitude, longitude) to each, in metres; None where no road leads.

        At most MOST_PLACES. Raises NotReached, NoAnswer, Refused and AnswerNotTrusted of `partners.wire`.
        """
        if not 2 <= len(places) <= MOST_PLACES:
            raise ValueError(f"two places at least and {MOST_PLACES} at most")
        written = ";".join(f"{longitude:.5f},{latitude:.5f}" for latitude, longitude in places)
        status, answer = self._get(f"/table/v1/{self.profile}/{written}?annotations=distance")
        if status != 200 or answer.get("code") != "Ok":
            raise Refused(PARTNER, str(answer.get("message", ""))[:200], status, str(answer.get("code", ""))[:60])
        return _table(answer.get("distances"), len(places))

    def _get(self, path: str) -> tuple[int, dict[str, Any]]:
        timeout = urllib3.Timeout(connect=self.connect_timeout_seconds, read=self.read_timeout_seconds)
        try:
            reply = _pool().request(
                "GET", self.url + path, timeout=timeout, redirect=False, retries=False, preload_content=False
            )
            content = reply.read(_LARGEST_ANSWER + 1, decode_content=True)
            reply.release_conn()
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise NotReached(PARTNER, type(error).__name__) from error
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(PARTNER, type(error).__name__) from error
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise AnswerNotTrusted(PARTNER, f"{reply.status} without JSON") from None
        if not isinstance(answer, dict):
            raise AnswerNotTrusted(PARTNER, "the answer is no object")
        return reply.status, answer


def _table(distances: Any, size: int) -> list[list[float | None]]:
    if not isinstance(distances, list) or len(distances) != size:
        raise AnswerNotTrusted(PARTNER, "the table has another size")
    for row in distances:
        if not isinstance(row, list) or len(row) != size:
            raise AnswerNotTrusted(PARTNER, "the table has another size")
        if not all(each is None or (isinstance(each, int | float) and 0 <= each < 1e7) for each in row):
            raise AnswerNotTrusted(PARTNER, "a distance is none")
    return distances


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=2, maxsize=4)
