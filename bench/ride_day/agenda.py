"""What happens next on the simulated day: moments in their order, and a clock that everybody follows."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import datetime
from itertools import count


class Agenda:
    """Things to do at their moments. `put` sets the clock of the product; within a moment, first come first done."""

    def __init__(self, begins: datetime, put: Callable[[datetime], None] = lambda _: None) -> None:
        self.now = begins
        self._put = put
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._lock = threading.Lock()
        put(begins)

    def at(self, moment: datetime, do: Callable[[], None]) -> None:
        """Do this then; what is over is done next. May be called from any thread."""
        with self._lock:
            heapq.heappush(self._due, (max(moment, self.now), next(self._numbers), do))

    def run_until(self, last: datetime) -> None:
        """Live until that moment."""
        while self._due and self._due[0][0] <= last:
            moment, _, do = heapq.heappop(self._due)
            if moment != self.now:
                self.now = moment
                self._put(moment)
            do()
        self.now = last
        self._put(last)
