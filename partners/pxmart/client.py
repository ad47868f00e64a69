"""PX Mart's file drop: the night's orders are put there, and the file that answers them is fetched in the morning.

Nothing is said about a single order: it stands as the last file says. Sending a file again under its name is sending it
once. All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote

from partners import wire
from partners.exchanging import Order, Result, Standing, Statement, ean13_holds
from partners.pxmart import files

LARGEST_FILE_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class PxMartClient:
    """PX Mart at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer
    takes_back = False
    works_by_file = True

    def is_account(self, number: str) -> bool:
        """Whether that can be a member's card: 13 digits, the last a check digit as GS1 has it."""
        return number.isascii() and number.isdigit() and ean13_holds(number)

    def begin(self, order: Order) -> Standing:
        """Not here: orders go with the night's file."""
        raise wire.NotReached(self.peer.name, "orders go with the night's file")

    def confirm(self, order: Order) -> Standing:
        """Not here: what the file says is final."""
        raise wire.NotReached(self.peer.name, "what the file says is final")

    def cancel(self, order: Order) -> Standing:
        """Not here: what has gone with a file is answered by a file."""
        raise wire.NotReached(self.peer.name, "what has gone with a file is answered by a file")

    def ask(self, order: Order) -> Standing | None:
        """Not here: nothing is said about a single order."""
        raise wire.NotReached(self.peer.name, "nothing is said about a single order")

    def write_orders(self, day: date, number: int, orders: Sequence[Order]) -> bytes:
        """The night's file."""
        return files.orders_file(day, number, orders)

    def read_results(self, content: bytes, day: date, number: int, orders: Sequence[Order]) -> list[Result]:
        """What became of every order of that file. Raises StatementWrong."""
        return files.read_results(content, day=day, number=number, orders=orders)

    def send_file(self, name: str, content: bytes) -> None:
        """Puts the night's orders into the drop; the same file again is the same. Refused 409 for another content."""
        body = {
            "name": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": base64.b64encode(content).decode(),
        }
        wire.call(self.peer, "POST", "/v1/inbox", body, idempotency_key=name)

    def result_of(self, name: str) -> bytes | None:
        """The file that answers the one of that name, or None while there is none."""
        into = io.BytesIO()
        try:
            wire.download(self.peer, f"/v1/outbox/{quote(name, safe='')}", into, most_bytes=LARGEST_FILE_BYTES)
        except wire.Refused as refusal:
            if refusal.code == "file_not_found":
                return None
            raise
        return into.getvalue()

    def statement(self, month: str) -> bytes:
        """The month's statement (YYYY-MM), fixed width in CP950."""
        into = io.BytesIO()
        wire.download(self.peer, f"/v1/statements/{month}.txt", into, most_bytes=LARGEST_FILE_BYTES)
        return into.getvalue()

    def read(self, content: bytes, month: str) -> Statement:
        """The statement in these bytes. Raises StatementWrong."""
        return files.read_statement(content, month)
