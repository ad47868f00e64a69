"""iPASS's top-up interface: a reservation on a card, confirmed or cancelled under our reference.

A confirmed top-up cannot be taken back: the card may have been used at a gate a second later. The interface, the form
of the card number (16 digits, the last a check digit after ISO/IEC 7812-1) and the statement are the sandbox's own:
the company's are in its contracts. All functions raise the failures of `partners.wire`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from partners import wire
from partners.exchanging import (
    Order,
    OrderState,
    Standing,
    Statement,
    StatementLine,
    StatementWrong,
    checked,
    luhn_holds,
)

LARGEST_STATEMENT_BYTES: Final = 64 << 20
HEADER: Final = ["reference", "top_up_id", "amount", "settlement_twd", "completed_on"]
_STATES: Mapping[str, OrderState] = {
    "RESERVED": "reserved", "COMPLETED": "done", "DECLINED": "refused", "CANCELLED": "cancelled",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IpassClient:
    """iPASS at `peer.url`, which shares `peer.secret` with us."""

    peer: wire.Peer
    takes_back = False
    works_by_file = False

    def is_account(self, number: str) -> bool:
        """Whether that can be the number of a card: 16 digits with a right check digit."""
        return len(number) == 16 and number.isascii() and number.isdigit() and luhn_holds(number)

    def begin(self, order: Order) -> Standing:
        """Reserves the top-up; the card must be read at a machine or with NFC after it is confirmed."""
        body = {
            "reference": order.reference, "card_no": order.account, "amount": order.value,
            "settlement_twd": order.charge_twd,
        }  # fmt: skip
        answer = wire.call(self.peer, "POST", "/v1/reservations", body, idempotency_key=order.reference).body
        return self._standing(order.reference, answer)

    def confirm(self, order: Order) -> Standing:
        """The reserved value goes onto the card, once."""
        return self._asked("POST", f"{_path(order)}/confirmation", order)

    def cancel(self, order: Order) -> Standing:
        """Gives the reservation up, or shuts the reference before it comes; what is on the card stays there."""
        return self._asked("POST", f"{_path(order)}/cancellation", order)

    def ask(self, order: Order) -> Standing | None:
        """How the order stands, or None when iPASS has never seen it."""
        try:
            return self._asked("GET", _path(order), order)
        except wire.Refused as refusal:
            if refusal.code == "order_not_found":
                return None
            raise

    def statement(self, month: str) -> bytes:
        """The month's statement (YYYY-MM), CSV in UTF-8."""
        into = io.BytesIO()
        wire.download(self.peer, f"/v1/statements/{month}.csv", into, most_bytes=LARGEST_STATEMENT_BYTES)
        return into.getvalue()

    def read(self, content: bytes, month: str) -> Statement:
        """The statement in these bytes. Raises StatementWrong."""
        return read(content, month)

    def _asked(self, method: str, path: str, order: Order) -> Standing:
        return self._standing(order.reference, wire.call(self.peer, method, path).body)

    def _standing(self, reference: str, answer: dict[str, Any]) -> Standing:
        if answer.get("reference") != reference:
            raise wire.AnswerNotTrusted(self.peer.name, "the answer is about another order")
        return wire.shaped(self.peer, answer, _standing)


def read(content: bytes, month: str) -> Statement:
    """A statement: a header, a line per top-up, and `TOTAL,month,count,net`. Raises StatementWrong."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError:
        raise StatementWrong("encoding", "it is not UTF-8") from None
    except csv.Error as problem:
        raise StatementWrong("form", str(problem)) from None
    if not rows or rows[0] != HEADER:
        is_wide = bool(rows) and "\x00" in "".join(rows[0])
        raise StatementWrong("encoding" if is_wide else "form", "its first line is not the header that was agreed")
    *details, last = rows[1:] or [[]]
    if len(last) != 4 or last[0] != "TOTAL":
        raise StatementWrong("truncated", "the line with the totals is missing")
    try:
        lines = [StatementLine(r[0], "out", int(r[2]), int(r[3]), date.fromisoformat(r[4])) for r in details]
        return checked(last[1], month, lines, count=int(last[2]), net_twd=int(last[3]))
    except (ValueError, IndexError):
        raise StatementWrong("form", "a line is not of the form that was agreed") from None


def _path(order: Order) -> str:
    return f"/v1/reservations/{quote(order.reference, safe='')}"


def _standing(answer: dict[str, Any]) -> Standing:
    return Standing(
        state=_STATES[answer["status"]],
        value=int(answer["amount"]),
        partner_reference=str(answer["top_up_id"]),
        reason=answer["reason"],
        at=datetime.fromisoformat(answer["at"]),
    )
