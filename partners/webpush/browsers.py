"""A push service as Firefox sees it: a WebSocket over which it subscribes and receives.

Firefox speaks JSON: it says hello (with the id that it was given before, if any), registers a channel for each
subscription and is told the endpoint, gets every message as a notification and acknowledges it. An empty object is its
way to ask whether anybody is there. Two settings of the browser lead it here: `dom.push.serverURL` and
`dom.push.testing.allowInsecureServerURL`.
"""

from __future__ import annotations

import logging
import threading
from typing import Any
from uuid import uuid4

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from partners.desk.books import Row
from partners.webpush.sandbox import endpoint
from partners.webpush.service import PushService

SUBPROTOCOL = Subprotocol("push-notification")
_MOST_FRAME_BYTES = 1 << 16


def start(service: PushService, own_url: str, address: str, port: int) -> Server:
    """Serve browsers on `port` from a thread of its own, until the process ends. Raises OSError for a port in use."""
    logger = logging.getLogger("partners.webpush")
    logger.setLevel(logging.CRITICAL)
    server = serve(
        lambda connection: _Browser(service, own_url, connection).listen(),
        address,
        port,
        subprotocols=[SUBPROTOCOL],
        max_size=_MOST_FRAME_BYTES,
        logger=logger,
    )
    threading.Thread(target=server.serve_forever, name="browsers", daemon=True).start()
    return server


class _Browser:
    """One connection of one browser."""

    def __init__(self, service: PushService, own_url: str, connection: ServerConnection) -> None:
        self._service = service
        self._own_url = own_url
        self._connection = connection
        self._id = ""

    def listen(self) -> None:
        """Answer everything that the browser says, until it leaves."""
        try:
            for frame in self._connection:
                self._answer(_object(frame))
        except (ConnectionClosed, KeyError, TypeError, ValueError):
            self._connection.close()
        finally:
            if self._id:
                self._service.left(self._id, self._notify)

    def _answer(self, said: dict[str, Any]) -> None:
        kind = said.get("messageType")
        if not said:
            self._say({})
        elif kind == "hello":
            self._hello(said)
        elif not self._id:
            raise ValueError("a browser says hello first")
        elif kind == "register":
            key = str(said["key"]).rstrip("=") if said.get("key") else None
            channel = str(said["channelID"])
            token = self._service.subscribe(self._id, channel, key)
            taken = {"channelID": channel, "status": 200, "pushEndpoint": endpoint(self._own_url, token)}
            self._say({"messageType": "register", **taken})
        elif kind == "unregister":
            self._service.unsubscribe(self._id, str(said["channelID"]))
            self._say({"messageType": "unregister", "channelID": said["channelID"], "status": 200})
        elif kind == "ack":
            for update in said["updates"]:
                self._service.acknowledge(str(update["version"]), int(update.get("code", 100)))

    def _hello(self, said: dict[str, Any]) -> None:
        known = str(said.get("uaid") or "")
        # A browser whose id we do not know gets another one, and with that learns that its subscriptions are lost.
        self._id = known if known and self._service.is_known(known) else uuid4().hex
        self._say({"messageType": "hello", "status": 200, "uaid": self._id, "use_webpush": True, "broadcasts": {}})
        self._service.arrived(self._id, self._notify)

    def _notify(self, row: Row) -> None:
        notification = {
            "messageType": "notification",
            "channelID": row["channel"],
            "version": row["id"],
            "ttl": row["ttl"],
            "data": row["body"],
            "headers": {"encoding": "aes128gcm"},
        }
        try:
            self._say(notification)
        except ConnectionClosed:
            # It waits for the browser's next hello.
            pass

    def _say(self, message: dict[str, Any]) -> None:
        self._connection.send(orjson.dumps(message).decode())


def _object(frame: str | bytes) -> dict[str, Any]:
    said = orjson.loads(frame)
    if not isinstance(said, dict):
        raise TypeError("a browser sends objects")
    return said
