"""Handing committed events to Celery at once, without making anybody wait for the broker.

A background thread sends them: the first at once, and what is committed meanwhile together a moment later, so that many
events share a message, and at the worker a commit. It may lose them (a crash, the broker away): the relay finds every
event that nobody finished.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from uuid import UUID

_GATHER_SECONDS = 0.1
_LARGEST_BATCH = 40
_log = logging.getLogger("mykaohsiung.handover")


class Handover:
    """Gathers event ids and gives them to `send` in batches."""

    def __init__(self, send: Callable[[list[str]], None]) -> None:
        self._send = send
        self._waiting: queue.SimpleQueue[UUID] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start = threading.Lock()

    def offer(self, event_ids: list[UUID]) -> None:
        """Take the ids; never blocks, never raises."""
        for event_id in event_ids:
            self._waiting.put(event_id)
        if self._thread is None or not self._thread.is_alive():
            with self._start:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="handover", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [str(self._waiting.get())]
            while len(batch) < _LARGEST_BATCH:
                try:
                    batch.append(str(self._waiting.get_nowait()))
                except queue.Empty:
                    break
            try:
                self._send(batch)
            except Exception as error:
                _log.warning("the broker did not take %d events, the relay will: %s", len(batch), type(error).__name__)
                time.sleep(1)
            time.sleep(_GATHER_SECONDS)
