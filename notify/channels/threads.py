"""The threads that wait for providers: the most urgent call first, and never all of them busy with campaigns."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from functools import cache
from itertools import count

THREADS = 32
THREADS_FOR_CAMPAIGNS = 24
_LEAST_URGENT = 5


class Threads:
    """A pool that starts its threads with the first call. Calls below `_LEAST_URGENT` may fill `for_campaigns` of them,
    so that a receipt or an emergency finds one that is free however slow the provider is."""

    def __init__(self, most: int = THREADS, for_campaigns: int = THREADS_FOR_CAMPAIGNS) -> None:
        self._most, self._for_campaigns = most, for_campaigns
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._turn = threading.Condition()
        self._idle = 0
        self._started = 0
        self._busy_with_campaigns = 0

    def submit(self, urgency: int, call: Callable[[], None]) -> None:
        """Run `call` as soon as a thread is free for this urgency. It must not raise."""
        with self._turn:
            heapq.heappush(self._waiting, (-urgency, next(self._order), call))
            if len(self._waiting) > self._idle and self._started < self._most:
                self._started += 1
                threading.Thread(target=self._work, name=f"send-{self._started}", daemon=True).start()
            else:
                self._turn.notify()

    def _work(self) -> None:
        while True:
            with self._turn:
                while not self._may_begin():
                    self._idle += 1
                    self._turn.wait()
                    self._idle -= 1
                urgency, _, call = heapq.heappop(self._waiting)
                is_campaign = -urgency < _LEAST_URGENT
                self._busy_with_campaigns += is_campaign
            try:
                call()
            finally:
                if is_campaign:
                    with self._turn:
                        self._busy_with_campaigns -= 1

    def _may_begin(self) -> bool:
        if not self._waiting:
            return False
        return -self._waiting[0][0] >= _LEAST_URGENT or self._busy_with_campaigns < self._for_campaigns


@cache
def threads() -> Threads:
    """This process's threads."""
    return Threads()
