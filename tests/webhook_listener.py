"""A small HTTP server that hears webhooks and remembers them."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One webhook as it came in."""

    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object in it."""
        body: dict[str, Any] = json.loads(self.content)
        return body


class Listener:
    """Listens on a free port; answers `status` to everything."""

    def __init__(self) -> None:
        listener = self
        self.status = 204
        self._heard: list[Heard] = []
        self._turn = threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with listener._turn:
                    listener._heard.append(Heard(self.path, headers, content))
                    listener._turn.notify_all()
                self.send_response(listener.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        """As if nothing had come yet, and answering 204."""
        with self._turn:
            self._heard.clear()
            self.status = 204

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Heard]:
        """What has come, once it is at least `count`; fails when it takes longer than `seconds`."""
        with self._turn:
            came = self._turn.wait_for(lambda: len(self._heard) >= count, timeout=seconds)
            assert came, f"{len(self._heard)} webhooks came, not {count}"
            return list(self._heard)

    def settled(self, *, seconds: float = 0.5) -> list[Heard]:
        """What has come after a while of waiting for more."""
        time.sleep(seconds)
        with self._turn:
            return list(self._heard)

    def stop(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
